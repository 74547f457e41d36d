// The drawing with all that lies on it: dots, titles, tip. The page tells it what is chosen; it tells what is pointed at.

import { byId, setText } from "../dom.js";
import { count, percent, rate } from "../format.js";
import { Canvas } from "./canvas.js";
import { Dots } from "./dots.js";
import { drawn } from "./export/picture.js";
import { labelOf } from "./labels.js";
import { boxes } from "./layout.js";
import { namespaceSum } from "./sums.js";
import { colours } from "./theme.js";
import { Tip } from "./tip.js";
import { Titles } from "./titles.js";

/** @import { EventObject } from "cytoscape" */
/** @import { Point } from "./layout.js" */
/** @import { GraphModel } from "./model.js" */
/** @import { Acting } from "./acting.js" */
/** @import { Drawn } from "./export/picture.js" */
/** @import { EdgeLabel, GraphNode } from "./types.js" */

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
  /** @type {Acting} */ #acting;

  /** @param {GraphModel} model @param {EdgeLabel[]} labels @param {Acting} acting @param {(id: string) => void} choose */
  constructor(model, labels, acting, choose) {
    this.#model = model;
    this.#acting = acting;
    this.#choose = choose;
    this.#canvas = new Canvas(byId("canvas", HTMLElement), labelOf(labels));
    this.#dots = new Dots(byId("dots", HTMLCanvasElement), this.#canvas.cy, colours());
    this.#titles = new Titles(byId("titles", HTMLElement), this.#canvas.cy);
    this.#tip = new Tip(model);
    this.#listen();
    new ResizeObserver(() => this.#measure()).observe(byId("stage", HTMLElement));
  }

  /** A frame has been applied. @param {{shape: boolean, view: boolean, still?: boolean}} outcome still: the window stays */
  frame({ shape, view, still = false }) {
    if (shape) this.#canvas.draw(this.#model, view, still);
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

  /** @param {EdgeLabel[]} labels */
  label(labels) {
    this.#canvas.setLabel(labelOf(labels), this.#model);
  }

  /** @param {Set<string>} found @param {Set<string> | null} lit what stays in the light; null: everything */
  mark(found, lit) {
    this.#canvas.mark(found, lit);
    this.#dots.dim(lit);
    this.#titles.dim(lit);
  }

  /** @returns {Drawn} what stands where, for a picture of it */
  drawn() {
    return drawn(this.#canvas.cy, this.#model, this.#titles.captions);
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

  /** What acts on services and workloads has been learnt anew. */
  showActing() {
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
    const apps = [...groups].flatMap(([id, members]) => this.#caption(id, members));
    this.#titles.show([
      ...[...namespaces].map((name) => ({ id: `ns:${name}`, title: name, sum: this.#sum(name), badges: [], members: [] })),
      ...apps.filter((caption) => caption.title || caption.badges.length),
    ]);
  }

  /** @param {string} id of a box or of a lone node @param {GraphNode[]} members what is about one of them stands at it */
  #caption(id, members) {
    if (!id.startsWith("box:")) return members.map((node) => ({ id, title: "", sum: "", badges: this.#acting.on(node), members: [node.id] }));
    const single = members.map((node) => ({ id: node.id, title: "", sum: "", badges: this.#acting.onWorkload(node), members: [node.id] }));
    const ids = members.map((node) => node.id);
    return [{ id, title: members[0]?.app ?? "", sum: "", badges: this.#acting.onServices(members), members: ids }, ...single];
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
