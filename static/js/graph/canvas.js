// The drawing: nodes by cytoscape, boxes and lines on the ground below them. It keeps the picture still while only
// numbers change, and while one moves it drops detail where there is too much of it.

import cytoscape from "cytoscape";

import { boxes } from "./cells.js";
import { Ground } from "./ground.js";
import { arrange } from "./layout.js";
import { nodeLines } from "./names.js";
import { Places } from "./places.js";
import { rearrange } from "./rearrange.js";
import { Scene } from "./scene.js";
import { stylesheet } from "./style.js";
import { showDifference } from "./time/paint.js";
import { colours, fontFamily } from "./theme.js";

/** @import { Core, ElementDefinition, NodeSingular } from "cytoscape" */
/** @import { Changed, GraphModel } from "./model.js" */
/** @import { Layout, Point } from "./layout.js" */
/** @import { GraphEdge, GraphNode } from "./types.js" */

/** Larger than this a small graph looks like a toy. */
const LARGEST_FIT = 1.3;
const FIT_PADDING = 40;
/** On a telephone the start of the graph, readable, says more than all of it as specks. */
const NARROW = Object.freeze({ width: 500, zoom: 0.62, padding: 12 });
const MOVE_MS = 250;
const HEALTHS = "ok degraded failing idle";
/** With more nodes than this, what moves is a picture of them. */
const MANY_NODES = 120;
/** A pointer this close to a line points at it, in pixels. */
const REACH = 7;

/** @typedef {(edge: GraphEdge) => string} LabelOf */

export class Canvas {
  /** @type {Core} */ cy;
  scene = new Scene();
  /** @type {Ground} */ ground;
  /** @type {LabelOf} */ #labelOf;
  /** The person has moved, zoomed or dragged: the picture is theirs. */
  #touched = false;
  #fontTurn = false;
  #places = new Places();
  /** @type {Set<string> | null} what find leaves in the light; null: all */ #lit = null;

  /** @param {HTMLElement} container @param {HTMLCanvasElement} ground @param {LabelOf} labelOf */
  constructor(container, ground, labelOf) {
    this.#labelOf = labelOf;
    this.cy = cytoscape({
      container,
      style: stylesheet(colours(), fontFamily()),
      minZoom: 0.05,
      maxZoom: 3,
      boxSelectionEnabled: false,
      autounselectify: true,
      pixelRatio: Math.min(2, window.devicePixelRatio),
    });
    this.ground = new Ground(ground, this.cy, this.scene, colours(), fontFamily());
    this.cy.on("position", "node", (event) => {
      this.scene.move(event.target.id(), { ...event.target.position() });
      this.ground.ask();
    });
    this.cy.on("drag", "node", (event) => this.#dragged(event.target));
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
    this.ground.restyle(colours(), fontFamily());
  }

  /** @param {LabelOf} labelOf @param {GraphModel} model */
  setLabel(labelOf, model) {
    this.#labelOf = labelOf;
    this.update(model);
  }

  /**
   * @param {GraphModel} model
   * @param {boolean} view whether this is another view, which gets a layout of its own
   * @param {boolean} still whether the window stays where it is
   */
  draw(model, view, still = false) {
    const nodes = [...model.nodes.values()];
    const edges = [...model.edges.values()].filter((e) => model.nodes.has(e.source) && model.nodes.has(e.target));
    const standing = this.#places.standing(view ? new Map() : this.positions(), nodes);
    const layout = standing.size ? rearrange(standing, nodes, edges, (id) => this.scene.namespaceOf(id)) : arrange(nodes, edges);
    this.scene.routes = new Map([...(view ? [] : this.scene.routes), ...layout.routes]);
    this.cy.batch(() => this.#replace(nodes, layout));
    this.#drawPicturesOf(nodes.length);
    this.scene.shape(new Map(model.nodes), edges);
    this.update(model);
    this.#moveTo(layout, standing);
    if (view) this.#touched = false;
    if (!this.#touched && !still) this.show();
  }

  /** Cytoscape has the switch, but only when it starts, when nobody knows how many nodes there will be. @param {number} count */
  #drawPicturesOf(count) {
    const core = /** @type {{renderer(): {textureOnViewport: boolean}}} */ (/** @type {unknown} */ (this.cy));
    core.renderer().textureOnViewport = count > MANY_NODES;
  }

  /** The first look: all of it, or on a narrow window its beginning. */
  show() {
    this.fit();
    const bounds = this.#bounds();
    if (!bounds || this.cy.width() >= NARROW.width || this.cy.zoom() >= NARROW.zoom) return;
    const middle = (bounds.top + bounds.bottom) / 2;
    const pan = { x: NARROW.padding - bounds.left * NARROW.zoom, y: this.cy.height() / 2 - middle * NARROW.zoom };
    this.cy.viewport({ zoom: NARROW.zoom, pan });
  }

  /** A layout from nothing, at the person's wish. @param {GraphModel} model */
  tidy(model) {
    this.draw(model, true);
  }

  /** New numbers on what is drawn already. @param {GraphModel} model @param {Changed | null} changed null: any of it */
  update(model, changed = null) {
    const box = boxes(model.nodes.values());
    const nodes = changed ? changed.nodes : model.nodes.values();
    const edges = changed ? changed.edges : model.edges.values();
    this.cy.batch(() => {
      for (const node of nodes) this.#paintNode(node, box.has(node.id));
    });
    for (const edge of edges) this.scene.look(edge, this.#labelOf(edge));
    this.ground.ask();
  }

  fit() {
    const bounds = this.#bounds();
    if (!bounds) return;
    this.cy.resize();
    const [width, height] = [bounds.right - bounds.left, bounds.bottom - bounds.top];
    const room = { x: this.cy.width() - 2 * FIT_PADDING, y: this.cy.height() - 2 * FIT_PADDING };
    const zoom = Math.max(this.cy.minZoom(), Math.min(LARGEST_FIT, room.x / width, room.y / height));
    const pan = {
      x: this.cy.width() / 2 - ((bounds.left + bounds.right) / 2) * zoom,
      y: this.cy.height() / 2 - ((bounds.top + bounds.bottom) / 2) * zoom,
    };
    this.cy.viewport({ zoom, pan });
    this.#touched = false;
  }

  #bounds() {
    return this.cy.nodes().empty() ? null : this.scene.bounds();
  }

  /** After the window or the panel has changed its size. */
  resized() {
    if (this.#touched) this.cy.resize();
    else this.show();
  }

  /** @param {Set<string>} ids what stays lit while one points at something; empty: what find has found, or all */
  light(ids) {
    this.ground.lit = ids.size ? ids : (this.#lit ?? ids);
    this.ground.ask();
    this.cy.batch(() => {
      this.cy.nodes(".faded").forEach((node) => {
        if (!ids.size || ids.has(node.id())) node.removeClass("faded");
      });
      if (ids.size) this.cy.nodes().forEach((node) => void (ids.has(node.id()) || node.hasClass("faded") || node.addClass("faded")));
    });
  }

  /** @param {string} id of the node or edge that the panel shows, or "" */
  choose(id) {
    this.cy.elements(".chosen").removeClass("chosen");
    if (id) this.cy.getElementById(id).addClass("chosen");
    if (this.ground.chosen === id) return;
    this.ground.chosen = id;
    this.ground.ask();
  }

  /** @param {Set<string>} found ids @param {Set<string> | null} lit the rest steps back; null: nothing does */
  mark(found, lit) {
    this.#lit = lit;
    this.ground.found = found;
    this.light(new Set());
    this.cy.batch(() => {
      this.cy.nodes().forEach((node) => {
        node.toggleClass("found", found.has(node.id()));
        node.toggleClass("dimmed", lit !== null && !lit.has(node.id()));
      });
    });
  }

  /** @param {Point} point in the graph's units @returns {string} id of the edge there, or "" */
  edgeAt(point) {
    this.scene.settle();
    return this.scene.wires.near(point, REACH / this.cy.zoom());
  }

  /** @returns {Map<string, Point>} where each node stands */
  positions() {
    return new Map(this.scene.at);
  }

  /** @param {GraphNode[]} nodes @param {Layout} layout */
  #replace(nodes, layout) {
    const ids = new Set(nodes.map((node) => node.id));
    const gone = [...this.scene.at.keys()].filter((id) => !ids.has(id));
    for (const id of gone) {
      this.cy.remove(this.cy.getElementById(id));
      this.scene.at.delete(id);
    }
    const joining = nodes.filter((node) => !this.scene.at.has(node.id)).map((node) => nodeElement(node, layout));
    this.cy.add(joining);
    for (const { data, position } of joining) this.scene.at.set(String(data.id), { x: 0, y: 0, ...position });
  }

  /** @param {Layout} layout @param {Map<string, Point>} standing */
  #moveTo(layout, standing) {
    const still = matchMedia("(prefers-reduced-motion: reduce)").matches || standing.size === 0 || standing.size > MANY_NODES;
    this.cy.batch(() => {
      for (const [id, to] of layout.positions) {
        const from = this.scene.at.get(id);
        if (!from || (to.x === from.x && to.y === from.y)) continue;
        const node = this.cy.getElementById(id);
        if (still || !standing.has(id)) node.position(to);
        else node.animate({ position: to }, { duration: MOVE_MS });
      }
    });
  }

  /** @param {NodeSingular} node */
  #dragged(node) {
    this.#touched = true;
    for (const wire of this.scene.wires.of(node.id())) this.scene.routes.delete(wire);
  }

  /** @param {GraphNode} node @param {boolean} boxed */
  #paintNode(node, boxed) {
    const element = this.cy.getElementById(node.id);
    if (element.empty()) return;
    const label = nodeLines(node, boxed);
    if (element.data("label") !== label) element.data("label", label);
    showDifference(element, node);
    if (element.data("health") === node.health) return;
    element.data("health", node.health).removeClass(HEALTHS).addClass(node.health);
  }
}

/** @param {GraphNode} node @param {Layout} layout @returns {ElementDefinition} */
function nodeElement(node, layout) {
  return {
    data: { id: node.id, kind: node.kind, health: node.health, label: "" },
    position: { ...(layout.positions.get(node.id) ?? { x: 0, y: 0 }) },
    classes: `item ${node.kind} ${node.health}`,
  };
}
