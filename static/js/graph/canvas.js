// The drawing: cytoscape on a canvas, fed from the model. It keeps the picture still while only numbers change.

import cytoscape from "cytoscape";

import { controls, relative } from "./curve.js";
import { arrange, boxes } from "./layout.js";
import { nodeLines } from "./names.js";
import { rearrange } from "./rearrange.js";
import { showDifference } from "./time/paint.js";
import { edgeHealth, edgeWidth, stylesheet } from "./style.js";
import { colours, fontFamily } from "./theme.js";

/** @import { Core, ElementDefinition, NodeSingular } from "cytoscape" */
/** @import { GraphModel } from "./model.js" */
/** @import { Layout, Point } from "./layout.js" */
/** @import { GraphEdge, GraphNode } from "./types.js" */

/** Larger than this a small graph looks like a toy. */
const LARGEST_FIT = 1.3;
const FIT_PADDING = 48;
/** On a telephone the start of the graph, readable, says more than all of it as specks. */
const NARROW = Object.freeze({ width: 500, zoom: 0.62, padding: 12 });
const MOVE_MS = 250;
const HEALTHS = "ok degraded failing idle";

/** @typedef {(edge: GraphEdge) => string} LabelOf */

export class Canvas {
  /** @type {Core} */ cy;
  /** @type {LabelOf} */ #labelOf;
  /** @type {Map<string, Point[]>} */ #routes = new Map();
  /** The person has moved, zoomed or dragged: the picture is theirs. */
  #touched = false;
  #fontTurn = false;

  /** @param {HTMLElement} container @param {LabelOf} labelOf */
  constructor(container, labelOf) {
    this.#labelOf = labelOf;
    this.cy = cytoscape({
      container,
      style: stylesheet(colours(), fontFamily()),
      minZoom: 0.15,
      maxZoom: 3,
      boxSelectionEnabled: false,
      autounselectify: true,
      pixelRatio: Math.min(2, window.devicePixelRatio),
    });
    this.cy.on("drag", "node.item", (event) => this.#dragged(event.target));
    this.cy.on("scrollzoom pinchzoom dragpan", () => {
      this.#touched = true;
    });
  }

  /** Reads the theme's colours and fonts anew. */
  restyle() {
    // Cytoscape keeps pictures of labels by the name of their font: a font that has come late needs another name.
    this.#fontTurn = !this.#fontTurn;
    const font = fontFamily() + (this.#fontTurn ? ", sans-serif" : "");
    this.cy.style(stylesheet(colours(), font));
  }

  /** @param {LabelOf} labelOf @param {GraphModel} model */
  setLabel(labelOf, model) {
    this.#labelOf = labelOf;
    this.update(model, false);
  }

  /**
   * @param {GraphModel} model
   * @param {boolean} view whether this is another view, which gets a layout of its own
   */
  draw(model, view) {
    const nodes = [...model.nodes.values()];
    const edges = [...model.edges.values()].filter((e) => model.nodes.has(e.source) && model.nodes.has(e.target));
    const standing = view ? new Map() : this.positions();
    const layout = standing.size ? rearrange(standing, nodes, edges) : arrange(nodes, edges);
    this.#routes = new Map([...(view ? [] : this.#routes), ...layout.routes]);
    this.cy.batch(() => this.#replace(nodes, edges, layout));
    this.update(model, false);
    this.#moveTo(layout, standing);
    if (view) this.#touched = false;
    if (!this.#touched) this.show();
  }

  /** The first look: all of it, or on a narrow window its beginning. */
  show() {
    this.fit();
    if (this.cy.width() >= NARROW.width || this.cy.zoom() >= NARROW.zoom || this.cy.nodes().empty()) return;
    this.cy.zoom(NARROW.zoom);
    this.cy.center(this.cy.nodes());
    const left = this.cy.nodes().renderedBoundingBox({}).x1;
    this.cy.panBy({ x: NARROW.padding - left, y: 0 });
  }

  /** A layout from nothing, at the person's wish. @param {GraphModel} model */
  tidy(model) {
    this.draw(model, true);
  }

  /** New numbers on what is drawn already. @param {GraphModel} model @param {boolean} batch */
  update(model, batch = true) {
    const box = boxes(model.nodes.values());
    const write = () => {
      for (const node of model.nodes.values()) this.#paintNode(node, box.has(node.id));
      for (const edge of model.edges.values()) this.#paintEdge(edge);
    };
    if (batch) this.cy.batch(write);
    else write();
  }

  fit() {
    const items = this.cy.nodes();
    if (items.empty()) return;
    this.cy.resize();
    this.cy.fit(items, FIT_PADDING);
    if (this.cy.zoom() > LARGEST_FIT) {
      this.cy.zoom(LARGEST_FIT);
      this.cy.center(items);
    }
    this.#touched = false;
  }

  /** After the window or the panel has changed its size. */
  resized() {
    if (this.#touched) this.cy.resize();
    else this.show();
  }

  /** @param {Set<string>} ids what stays lit; empty: everything */
  light(ids) {
    this.cy.batch(() => {
      const items = this.cy.elements(".item");
      items.removeClass("faded");
      if (ids.size) items.filter((item) => !ids.has(item.id())).addClass("faded");
    });
  }

  /** @param {string} id of the node or edge that the panel shows, or "" */
  choose(id) {
    this.cy.elements(".chosen").removeClass("chosen");
    if (id) this.cy.getElementById(id).addClass("chosen");
  }

  /** @param {Set<string>} ids of the nodes that a search found */
  mark(ids) {
    this.cy.batch(() => {
      this.cy.elements(".found").removeClass("found");
      for (const id of ids) this.cy.getElementById(id).addClass("found");
    });
  }

  /** @returns {Map<string, Point>} where each node stands */
  positions() {
    return new Map(this.cy.nodes(".item").map((node) => [node.id(), { ...node.position() }]));
  }

  /**
   * @param {GraphNode[]} nodes
   * @param {GraphEdge[]} edges
   * @param {Layout} layout
   */
  #replace(nodes, edges, layout) {
    const box = boxes(nodes);
    const wanted = [...frames(nodes, box), ...nodes.map((node) => nodeElement(node, box, layout)), ...edges.map(edgeElement)];
    const ids = new Set(wanted.map((element) => String(element.data.id)));
    for (const element of wanted) {
      const parent = /** @type {string | undefined} */ (element.data.parent);
      const present = this.cy.getElementById(String(element.data.id));
      if (present.empty()) this.cy.add(element);
      else if (present.isNode() && present.data("parent") !== parent) present.move({ parent: parent ?? null });
    }
    this.cy.remove(this.cy.elements().filter((element) => !ids.has(element.id())));
  }

  /** @param {Layout} layout @param {Map<string, Point>} standing */
  #moveTo(layout, standing) {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches || standing.size === 0;
    for (const node of this.cy.nodes(".item")) {
      const to = layout.positions.get(node.id());
      if (!to || (to.x === node.position("x") && to.y === node.position("y"))) continue;
      if (still || !standing.has(node.id())) node.position(to);
      else node.animate({ position: to }, { duration: MOVE_MS, step: () => this.#bend(node.connectedEdges()) });
    }
    this.#bend(this.cy.edges(), layout.positions);
  }

  /** @param {NodeSingular} node */
  #dragged(node) {
    this.#touched = true;
    node.connectedEdges().forEach((edge) => void this.#routes.delete(edge.id()));
    this.#bend(node.connectedEdges());
  }

  /**
   * @param {import("cytoscape").EdgeCollection} edges
   * @param {Map<string, Point>} positions of the nodes, where they differ from where they stand this moment
   */
  #bend(edges, positions = new Map()) {
    /** @type {Map<string, number>} */
    const lanes = new Map();
    edges.forEach((edge) => {
      const pair = `${edge.source().id()} ${edge.target().id()}`;
      const lane = lanes.get(pair) ?? 0;
      lanes.set(pair, lane + 1);
      const from = positions.get(edge.source().id()) ?? edge.source().position();
      const to = positions.get(edge.target().id()) ?? edge.target().position();
      edge.data(relative(from, to, controls(from, to, this.#routes.get(edge.id()) ?? [], lane)));
    });
  }

  /** @param {GraphNode} node @param {boolean} boxed */
  #paintNode(node, boxed) {
    const element = this.cy.getElementById(node.id);
    set(element, "label", nodeLines(node, boxed));
    set(element, "kind", node.kind);
    showDifference(element, node);
    if (element.data("health") === node.health) return;
    element.data("health", node.health).removeClass(HEALTHS).addClass(node.health);
  }

  /** @param {GraphEdge} edge */
  #paintEdge(edge) {
    const element = this.cy.getElementById(edge.id);
    if (element.empty()) return;
    set(element, "label", this.#labelOf(edge));
    // Steps of a tenth: a line that breathes with every digit would move without news.
    set(element, "width", Math.round(edgeWidth(edge.requests_per_second) * 10) / 10);
    showDifference(element, edge);
    const health = edgeHealth(edge);
    if (!element.hasClass(health)) element.removeClass(HEALTHS).addClass(health);
  }
}

/** @param {import("cytoscape").CollectionReturnValue} element @param {string} key @param {string | number} value */
function set(element, key, value) {
  if (element.data(key) !== value) element.data(key, value);
}

/** @param {GraphNode[]} nodes @param {Map<string, string>} box @returns {ElementDefinition[]} outer boxes first */
function frames(nodes, box) {
  const namespaces = new Set(nodes.map((node) => node.namespace).filter(Boolean));
  const apps = new Map(nodes.filter((node) => box.has(node.id)).map((node) => [box.get(node.id), node]));
  return [
    ...[...namespaces].map((name) => ({ data: { id: `ns:${name}` }, classes: "namespace-box" })),
    ...[...apps].map(([id, node]) => ({ data: { id: String(id), parent: parentNamespace(node) }, classes: "app-box" })),
  ];
}

/** @param {GraphNode} node @returns {string | undefined} */
function parentNamespace(node) {
  return node.namespace ? `ns:${node.namespace}` : undefined;
}

/** @param {GraphNode} node @param {Map<string, string>} box @param {Layout} layout @returns {ElementDefinition} */
function nodeElement(node, box, layout) {
  const parent = box.get(node.id) ?? parentNamespace(node);
  return {
    data: { id: node.id, parent, kind: node.kind, health: node.health, label: "" },
    position: { ...(layout.positions.get(node.id) ?? { x: 0, y: 0 }) },
    classes: `item ${node.kind} ${node.health}`,
  };
}

/** @param {GraphEdge} edge @returns {ElementDefinition} */
function edgeElement(edge) {
  const classes = ["item"];
  if (edge.protocol === "tcp") classes.push("tcp");
  if (edge.source === edge.target) classes.push("looped");
  const { id, source, target } = edge;
  return { data: { id, source, target, label: "", width: 1, weights: [0.5], distances: [0] }, classes: classes.join(" ") };
}
