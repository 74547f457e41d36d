// The drawing with all that lies on it: dots, titles, tip. The page tells it what is chosen; it tells what is pointed at.

import { byId, setText } from "../dom.js";
import { count, duration, percent, rate, share } from "../format.js";
import { badgesFor } from "./acting.js";
import { Canvas } from "./canvas.js";
import { Dots } from "./dots.js";
import { boxes } from "./layout.js";
import { namespaceSum } from "./sums.js";
import { colours } from "./theme.js";
import { Tip } from "./tip.js";
import { Titles } from "./titles.js";

/** @import { EventObject } from "cytoscape" */
/** @import { Point } from "./layout.js" */
/** @import { GraphModel } from "./model.js" */
/** @import { Badge } from "./acting.js" */
/** @import { EdgeLabel, GraphEdge, GraphNode } from "./types.js" */

export class Stage {
  /** @type {Canvas} */ #canvas;
  /** @type {Dots} */ #dots;
  /** @type {Titles} */ #titles;
  /** @type {Tip} */ #tip;
  /** @type {GraphModel} */ #model;
  /** @type {(id: string) => void} */ #choose;
  #chosen = "";
  #hovered = "";
  #resized = true;
  /** @type {Map<string, Badge[]>} */ #badges = new Map();

  /** @param {GraphModel} model @param {EdgeLabel} label @param {(id: string) => void} choose */
  constructor(model, label, choose) {
    this.#model = model;
    this.#choose = choose;
    this.#canvas = new Canvas(byId("canvas", HTMLElement), labelOf(label));
    this.#dots = new Dots(byId("dots", HTMLCanvasElement), this.#canvas.cy, colours());
    this.#titles = new Titles(byId("titles", HTMLElement), this.#canvas.cy);
    this.#tip = new Tip(model);
    this.#listen();
    new ResizeObserver(() => this.#measure()).observe(byId("stage", HTMLElement));
  }

  /** A frame has been applied. @param {{shape: boolean, view: boolean}} outcome */
  frame({ shape, view }) {
    if (shape) this.#canvas.draw(this.#model, view);
    else this.#canvas.update(this.#model);
    if (shape) this.#canvas.choose(this.#chosen);
    this.#captions();
    this.#dots.feed(this.#model);
    setText(byId("dot-scale", HTMLElement), `1 dot = ${count(this.#dots.flow.scale, "request")}`);
    this.#tip.render();
  }

  /** @param {boolean} going whether dots may run: fresh numbers, and somebody looks */
  run(going) {
    this.#dots.run(going);
    byId("stage", HTMLElement).dataset.dots = this.#dots.running ? "running" : "still";
  }

  /** @param {string} id */
  choose(id) {
    this.#chosen = id;
    this.#canvas.choose(id);
  }

  /** @param {EdgeLabel} label */
  label(label) {
    this.#canvas.setLabel(labelOf(label), this.#model);
  }

  /** @param {Set<string>} ids */
  mark(ids) {
    this.#canvas.mark(ids);
  }

  restyle() {
    this.#canvas.restyle();
    this.#dots.restyle(colours());
  }

  fit() {
    this.#canvas.fit();
  }

  tidy() {
    this.#canvas.tidy(this.#model);
    this.#dots.feed(this.#model);
  }

  /** @returns {Map<string, Point>} */
  positions() {
    return this.#canvas.positions();
  }

  #measure() {
    const stage = byId("stage", HTMLElement);
    if (stage.clientWidth === 0) {
      this.#resized = true;
      return;
    }
    if (this.#resized) this.#canvas.show();
    else this.#canvas.resized();
    this.#resized = false;
  }

  /** @param {Map<string, Badge[]>} badges what acts on which service */
  setBadges(badges) {
    this.#badges = badges;
    this.#captions();
  }

  #captions() {
    const nodes = [...this.#model.nodes.values()];
    const box = boxes(nodes);
    const namespaces = new Set(nodes.map((node) => node.namespace).filter(Boolean));
    /** @type {Map<string, GraphNode[]>} */
    const groups = new Map();
    for (const node of nodes) {
      const key = box.get(node.id) ?? node.id;
      groups.set(key, [...(groups.get(key) ?? []), node]);
    }
    const apps = [...groups].map(([id, members]) => this.#caption(id, members));
    this.#titles.show([
      ...[...namespaces].map((name) => ({ id: `ns:${name}`, title: name, sum: this.#sum(name), badges: [] })),
      ...apps.filter((caption) => caption.title || caption.badges.length),
    ]);
  }

  /** @param {string} id of a box or of a lone node @param {GraphNode[]} members */
  #caption(id, members) {
    const title = id.startsWith("box:") ? (members[0]?.app ?? "") : "";
    return { id, title, sum: "", badges: badgesFor(this.#badges, members) };
  }

  /** @param {string} namespace */
  #sum(namespace) {
    const { requests, errorRatio, way } = namespaceSum(this.#model, namespace);
    return `${rate(requests)} ${way} · ${percent(errorRatio)} errors`;
  }

  #listen() {
    const { cy } = this.#canvas;
    cy.on("tap", (event) => {
      this.#choose(event.target === cy || !event.target.hasClass("item") ? "" : event.target.id());
    });
    cy.on("mouseover", ".item", (event) => this.#hover(event));
    cy.on("mousemove", ".item", (event) => this.#tip.show(event.target.id(), event.renderedPosition));
    cy.on("mouseout", ".item", () => this.#leave());
    cy.on("viewport grab", () => this.#tip.hide());
    byId("canvas", HTMLElement).addEventListener("mouseleave", () => this.#leave());
  }

  /** @param {EventObject} event */
  #hover(event) {
    this.#hovered = event.target.id();
    const path = this.#model.path(this.#hovered);
    this.#canvas.light(path);
    this.#dots.light(path);
    byId("canvas", HTMLElement).classList.add("pointing");
  }

  #leave() {
    this.#tip.hide();
    if (!this.#hovered) return;
    this.#hovered = "";
    this.#canvas.light(new Set());
    this.#dots.light(new Set());
    byId("canvas", HTMLElement).classList.remove("pointing");
  }
}

/** @type {Record<EdgeLabel, (edge: GraphEdge) => string>} */
const LABELS = {
  requests: (edge) => rate(edge.requests_per_second),
  share: (edge) => share(edge.share),
  errors: (edge) => percent(edge.error_ratio),
  p50: (edge) => duration(edge.latency_ms.p50),
  p95: (edge) => duration(edge.latency_ms.p95),
  p99: (edge) => duration(edge.latency_ms.p99),
  none: () => "",
};

/** @param {EdgeLabel} label @returns {(edge: GraphEdge) => string} "" for what is unknown: a dash on a line reads as a minus */
function labelOf(label) {
  return (edge) => edge.difference?.label ?? LABELS[label](edge).replace(/^–$/, "");
}
