// The drawing with all that lies on it: dots, titles, tip. The page tells it what is chosen; it tells what is pointed at.

import { byId, setText } from "../dom.js";
import { count, percent, rate } from "../format.js";
import { Canvas } from "./canvas.js";
import { boxes, CARD } from "./cells.js";
import { Dots } from "./dots.js";
import { drawn } from "./export/picture.js";
import { MANY_LINES } from "./ground.js";
import { labelOf } from "./labels.js";
import { namespaceSums } from "./sums.js";
import { colours } from "./theme.js";
import { groupOf } from "./names.js";
import { Tip } from "./tip.js";
import { Titles } from "./titles.js";

/** @import { EventObject } from "cytoscape" */
/** @import { Point } from "./layout.js" */
/** @import { GraphModel, Outcome } from "./model.js" */
/** @import { Acting } from "./acting.js" */
/** @import { Drawn } from "./export/picture.js" */
/** @import { EdgeLabel, GraphNode } from "./types.js" */

const DOUBLE_CLICK_MS = 400;
const LONGEST_DOUBLE_CLICK_MS = 2_000;
/** In pixels. */
const SAME_PLACE = 8;
/** How wide the plus of a folded namespace is, with the room around it, in the graph's units. */
const PLUS = 32;

/**
 * What a person does on the drawing.
 * @typedef {object} Acts
 * @property {(id: string) => void} choose a node or edge, or "" for none
 * @property {(namespace: string) => void} fold
 * @property {(namespace: string) => void} unfold
 * @property {(id: string) => void} focus on a node's neighbourhood
 */

export class Stage {
  /** @type {Canvas} */ #canvas;
  /** @type {Dots} */ #dots;
  /** @type {Titles} */ #titles;
  /** @type {Tip} */ #tip;
  /** @type {GraphModel} */ #model;
  /** @type {GraphModel} */ #whole;
  /** @type {Acts} */ #acts;
  #chosen = "";
  #hovered = "";
  #resized = true;
  #tappedAt = -Infinity;
  #tapped = "";
  #tappedOn = { x: 0, y: 0 };
  /** @type {Acting} */ #acting;
  /** @type {Set<string> | null} what find leaves in the light */ #lit = null;

  /**
   * @param {GraphModel} model what is drawn
   * @param {GraphModel} whole with what is hidden: a sum is of all that there is
   * @param {EdgeLabel[]} labels
   * @param {Acting} acting
   * @param {Acts} acts
   */
  constructor(model, whole, labels, acting, acts) {
    this.#model = model;
    this.#whole = whole;
    this.#acting = acting;
    this.#acts = acts;
    this.#canvas = new Canvas(byId("canvas", HTMLElement), byId("ground", HTMLCanvasElement), labelOf(labels));
    const { cy, scene, ground } = this.#canvas;
    this.#dots = new Dots(byId("dots", HTMLCanvasElement), cy, scene, ground, colours());
    this.#titles = new Titles(byId("titles", HTMLElement), cy, scene, ground, (namespace) => acts.fold(namespace));
    this.#tip = new Tip(model);
    this.#listen();
    new ResizeObserver(() => this.#measure()).observe(byId("stage", HTMLElement));
  }

  /** A frame has been applied. @param {Outcome} outcome @param {boolean} still whether the window stays where it is */
  frame({ shape, view, changed }, still = false) {
    if (shape) this.#canvas.draw(this.#model, view, still);
    else this.#canvas.update(this.#model, changed);
    if (shape) this.#canvas.choose(this.#chosen);
    this.#captions();
    this.#dots.feed(this.#model);
    const scale = this.#dots.tooMany ? "no dots on so many lines" : `1 dot = ${count(this.#dots.flow.scale, "request")}`;
    setText(byId("dot-scale", HTMLElement), scale);
    this.#showLocks();
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
    this.#lit = lit;
    this.#canvas.mark(found, lit);
    this.#dots.dim(lit);
    this.#titles.dim(lit);
  }

  /** @returns {Drawn} what stands where, for a picture of it */
  drawn() {
    return drawn(this.#canvas.scene, this.#model, this.#titles.captions, this.#lit);
  }

  /** Where destinations report mutual TLS, calls without it can be marked. */
  #showLocks() {
    const reports = [...this.#model.edges.values()].some((edge) => typeof edge.mtls === "number");
    byId("locks-choice", HTMLElement).hidden = !reports;
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
    // A click opens the panel; what was clicked has to stay under the pointer, in case it was the first of two.
    const wait = this.#tappedAt + DOUBLE_CLICK_MS - performance.now();
    if (wait > 0) window.setTimeout(() => this.#measure(), wait);
    else if (this.#resized) this.#canvas.show();
    else this.#canvas.resized();
    if (wait <= 0) this.#resized = false;
  }

  /** What acts on services and workloads has been learnt anew. */
  showActing() {
    this.#captions();
  }

  #captions() {
    const box = boxes(this.#model.nodes.values());
    const sums = namespaceSums(this.#whole);
    /** @type {Map<string, GraphNode[]>} */
    const groups = new Map();
    for (const node of this.#model.nodes.values()) {
      const key = box.get(node.id) ?? node.id;
      const members = groups.get(key);
      if (members) members.push(node);
      else groups.set(key, [node]);
    }
    const outer = [...this.#canvas.scene.frames.values()].filter((frame) => frame.kind !== "app");
    const apps = [...groups].flatMap(([id, members]) => this.#caption(id, members));
    this.#titles.show([
      ...outer.map(({ id, title, namespace }) => ({ id, title, sum: sumText(sums.get(namespace)), badges: [], members: [], ...(namespace && { folds: namespace }) })),
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

  #listen() {
    const { cy } = this.#canvas;
    const at = (/** @type {EventObject} */ event) => (event.target === cy ? this.#canvas.edgeAt(event.position) : String(event.target.id()));
    cy.on("tap", (event) => {
      this.#tappedAt = performance.now();
      this.#tapped = at(event);
      this.#tappedOn = { x: event.originalEvent.clientX, y: event.originalEvent.clientY };
      const folded = event.target === cy ? "" : onPlus(event);
      if (folded) this.#acts.unfold(folded);
      else this.#acts.choose(this.#tapped);
    });
    document.addEventListener("click", (event) => this.#clickAgain(event), { capture: true });
    cy.on("mousemove", (event) => this.#point(at(event), event));
    cy.on("grab", () => this.#tip.hide());
    cy.on("viewport", () => this.#tip.hide());
    byId("canvas", HTMLElement).addEventListener("mouseleave", () => this.#leave());
    byId("locks", HTMLInputElement).addEventListener("change", (event) => {
      this.#canvas.scene.locks = /** @type {HTMLInputElement} */ (event.target).checked;
      this.#canvas.ground.ask();
    });
  }

  /**
   * The second click of two. The browser knows how fast that is on this machine; and what the first one opened may by
   * now lie under the pointer, to which this one was not meant.
   * @param {MouseEvent} event
   */
  #clickAgain(event) {
    const { x, y } = this.#tappedOn;
    const late = performance.now() - this.#tappedAt > LONGEST_DOUBLE_CLICK_MS;
    if (event.detail !== 2 || late || Math.hypot(event.clientX - x, event.clientY - y) > SAME_PLACE) return;
    event.stopPropagation();
    event.preventDefault();
    this.#open(this.#tapped);
  }

  /** What a double click does: a folded namespace opens, of another node the neighbourhood. @param {string} id */
  #open(id) {
    const node = this.#model.nodes.get(id);
    if (node?.kind === "namespace") this.#acts.unfold(groupOf(node));
    else if (node && node.kind !== "hidden") this.#acts.focus(id);
  }

  /** @param {string} id of what is under the pointer, or "" @param {EventObject} event */
  #point(id, event) {
    if (!id) {
      this.#leave();
      return;
    }
    if (id !== this.#hovered) this.#hover(id);
    this.#tip.show(id, event.renderedPosition);
  }

  /** @param {string} id */
  #hover(id) {
    this.#hovered = id;
    // In a large graph nearly everything is on some path through a node.
    const lit = this.#model.edges.size > MANY_LINES / 4 ? this.#model.around(id) : this.#model.path(id);
    this.#canvas.light(lit);
    this.#dots.light(lit);
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

/** @param {EventObject} event @returns {string} the folded namespace on whose plus it was, or "" */
function onPlus({ target, position }) {
  if (target.data("kind") !== "namespace") return "";
  const right = target.position("x") + CARD.width / 2;
  return position.x > right - PLUS ? String(target.id()).replace(/^namespace:/, "") : "";
}

/** @param {import("./sums.js").Sum & {way: string} | undefined} sum */
function sumText(sum) {
  return sum ? `${rate(sum.requests)} ${sum.way} · ${percent(sum.errorRatio)} errors` : "";
}
