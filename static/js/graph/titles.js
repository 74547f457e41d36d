// Titles of the boxes, and badges on the nodes, as real text above the canvas: sharp at every zoom, wrapped by CSS.

import { el, icon } from "../dom.js";
import { RADIUS } from "./wires.js";

import { KINDS } from "./acting.js";

/** @import { Core } from "cytoscape" */
/** @import { Badge } from "./acting.js" */
/** @import { Ground } from "./ground.js" */
/** @import { Scene } from "./scene.js" */

/**
 * @typedef {object} Caption
 * @property {string} id of the box or the node
 * @property {string} title
 * @property {string} sum
 * @property {Badge[]} badges
 * @property {string[]} members the nodes that it is about; none: it never steps back
 * @property {string} [folds] the namespace that its minus folds
 */

/** Below this zoom an app's name, and a badge, is a smear. */
const READABLE = 0.34;
/** Below this zoom a box has room for its name only. */
const FAR = 0.5;
/** A box of fewer pixels has no room for a word. */
const NARROWEST = 36;

export class Titles {
  /** @type {HTMLElement} */ #layer;
  /** @type {Core} */ #cy;
  /** @type {Scene} */ #scene;
  /** @type {Map<string, HTMLElement>} */ #shown = new Map();
  /** @type {Caption[]} */ #captions = [];
  /** @type {Set<string> | null} */ #lit = null;

  /**
   * @param {HTMLElement} layer @param {Core} cy @param {Scene} scene @param {Ground} ground
   * @param {(namespace: string) => void} fold
   */
  constructor(layer, cy, scene, ground, fold) {
    this.#layer = layer;
    this.#cy = cy;
    this.#scene = scene;
    let asked = 0;
    // Once per frame, after cytoscape has moved what it moves.
    cy.on("viewport position add remove resize", () => {
      if (ground.coarse) return;
      asked ||= requestAnimationFrame(() => {
        asked = 0;
        this.#place();
      });
    });
    ground.onMoving = () => {
      if (ground.coarse) layer.style.transform = ground.transform;
      else this.#place();
    };
    layer.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("button") : null;
      if (button?.dataset.folds) fold(button.dataset.folds);
    });
  }

  /** @param {Caption[]} captions */
  show(captions) {
    const wanted = new Map(captions.map((caption) => [caption.id, caption]));
    for (const [id, element] of this.#shown) {
      if (wanted.has(id)) continue;
      element.remove();
      this.#shown.delete(id);
    }
    for (const caption of captions) this.#write(caption);
    this.#captions = captions;
    this.dim(this.#lit);
    this.#place();
  }

  /** @returns {Map<string, Caption>} by the id of the box or node */
  get captions() {
    return new Map(this.#captions.map((caption) => [caption.id, caption]));
  }

  /** @param {Set<string> | null} lit the nodes whose captions stay in the light; null: all */
  dim(lit) {
    this.#lit = lit;
    for (const { id, members } of this.#captions) {
      this.#shown.get(id)?.classList.toggle("dimmed", lit !== null && members.length > 0 && !members.some((each) => lit.has(each)));
    }
  }

  /** @param {Caption} caption */
  #write({ id, title, sum, badges, folds }) {
    const element = this.#shown.get(id) ?? this.#create(id, folds);
    const [name, line, list] = element.children;
    if (!name || !line || !list) return;
    if (name.textContent !== title) name.textContent = title;
    if (line.textContent !== sum) line.textContent = sum;
    const key = badges.map((badge) => `${badge.kind} ${badge.short} ${badge.text}`).join("\n");
    if (element.dataset.badges === key) return;
    element.dataset.badges = key;
    list.replaceChildren(...badges.map(chip));
  }

  /** @param {string} id @param {string} [folds] */
  #create(id, folds) {
    const element = document.createElement("div");
    element.className = "graph-title";
    element.dataset.of = id;
    element.append(document.createElement("b"), document.createElement("span"), document.createElement("i"));
    // Keys and the panel do the same for whoever has no pointer.
    if (folds) element.append(el("button", { type: "button", tabindex: -1, "data-folds": folds, title: `Fold ${folds} into one node` }, "−"));
    this.#layer.append(element);
    this.#shown.set(id, element);
    return element;
  }

  #place() {
    this.#layer.style.transform = "";
    this.#scene.settle();
    const zoom = this.#cy.zoom();
    const pan = this.#cy.pan();
    for (const [id, element] of this.#shown) {
      const rect = this.#scene.rects.get(id);
      const kind = this.#scene.frames.get(id)?.kind ?? "node";
      const point = this.#scene.at.get(id);
      element.hidden = (kind === "app" || kind === "node") && zoom < READABLE;
      if (element.hidden) continue;
      if (rect) placeOnBox(element, kind, rect, zoom, pan);
      else if (point) placeOnNode(element, point, zoom, pan);
    }
  }
}

/** @param {Badge} badge @returns {HTMLElement} its words are told to who points at it */
function chip({ kind, short, text }) {
  const { word, icon: shape } = KINDS[kind];
  return el("em", { class: kind, title: `${word}: ${text}` }, icon(shape), short);
}

/**
 * @param {HTMLElement} element @param {string} kind @param {import("./wires.js").Rect} rect
 * @param {number} zoom @param {{x: number, y: number}} pan
 */
function placeOnBox(element, kind, rect, zoom, pan) {
  element.classList.toggle("on-namespace", kind !== "app");
  element.classList.toggle("on-cluster", kind === "cluster");
  const width = (rect.right - rect.left) * zoom;
  element.hidden = width < NARROWEST;
  // A namespace's title stays readable from afar; an app's keeps to its box.
  const scale = Math.min(1, kind === "app" ? zoom : Math.max(0.72, zoom));
  const at = { x: rect.left * zoom + pan.x, y: rect.top * zoom + pan.y };
  // A cluster's stands above its box: within are the titles of its namespaces.
  const above = kind === "cluster" ? " translateY(-100%)" : "";
  element.style.transform = `translate(${Math.round(at.x)}px, ${Math.round(at.y)}px) scale(${scale})${above}`;
  element.classList.toggle("far", zoom < FAR);
  // A namespace's fold button stands in the corner of its box; an app's title is as wide as its words.
  element.style[kind === "app" ? "maxWidth" : "width"] = `${Math.round(width / scale)}px`;
}

/** Badges of a lone node stand centred above it. @param {HTMLElement} element @param {{x: number, y: number}} point @param {number} zoom @param {{x: number, y: number}} pan */
function placeOnNode(element, point, zoom, pan) {
  element.classList.add("on-node");
  const at = { x: point.x * zoom + pan.x, y: (point.y - RADIUS) * zoom + pan.y };
  element.style.transform = `translate(${Math.round(at.x)}px, ${Math.round(at.y)}px) scale(${Math.min(1, zoom)}) translate(-50%, -100%)`;
}
