// Titles of the boxes, and badges on the nodes, as real text above the canvas: sharp at every zoom, wrapped by CSS.

import { el, icon } from "../dom.js";

import { KINDS } from "./acting.js";

/** @import { Core, NodeSingular } from "cytoscape" */
/** @import { Badge } from "./acting.js" */

/**
 * @typedef {object} Caption
 * @property {string} id of the box or the node
 * @property {string} title
 * @property {string} sum
 * @property {Badge[]} badges
 * @property {string[]} members the nodes that it is about; none: it never steps back
 */

export class Titles {
  /** @type {HTMLElement} */ #layer;
  /** @type {Core} */ #cy;
  /** @type {Map<string, HTMLElement>} */ #shown = new Map();
  /** @type {Caption[]} */ #captions = [];

  /** @param {HTMLElement} layer @param {Core} cy */
  constructor(layer, cy) {
    this.#layer = layer;
    this.#cy = cy;
    let asked = 0;
    // Once per frame, after cytoscape has moved what it moves.
    cy.on("viewport position add remove resize", () => {
      asked ||= requestAnimationFrame(() => {
        asked = 0;
        this.#place();
      });
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
    this.#place();
  }

  /** @returns {Map<string, Caption>} by the id of the box or node */
  get captions() {
    return new Map(this.#captions.map((caption) => [caption.id, caption]));
  }

  /** @param {Set<string> | null} lit the nodes whose captions stay in the light; null: all */
  dim(lit) {
    for (const { id, members } of this.#captions) {
      this.#shown.get(id)?.classList.toggle("dimmed", lit !== null && members.length > 0 && !members.some((each) => lit.has(each)));
    }
  }

  /** @param {Caption} caption */
  #write({ id, title, sum, badges }) {
    const element = this.#shown.get(id) ?? this.#create(id);
    const [name, line, list] = element.children;
    if (!name || !line || !list) return;
    if (name.textContent !== title) name.textContent = title;
    if (line.textContent !== sum) line.textContent = sum;
    const key = badges.map((badge) => `${badge.kind} ${badge.short} ${badge.text}`).join("\n");
    if (element.dataset.badges === key) return;
    element.dataset.badges = key;
    list.replaceChildren(...badges.map(chip));
  }

  /** @param {string} id */
  #create(id) {
    const element = document.createElement("div");
    element.className = "graph-title";
    element.dataset.of = id;
    element.append(document.createElement("b"), document.createElement("span"), document.createElement("i"));
    this.#layer.append(element);
    this.#shown.set(id, element);
    return element;
  }

  #place() {
    for (const [id, element] of this.#shown) {
      const drawn = this.#cy.getElementById(id);
      if (drawn.empty()) continue;
      place(element, /** @type {NodeSingular} */ (drawn));
    }
  }
}

/** @param {Badge} badge @returns {HTMLElement} its words are told to who points at it */
function chip({ kind, short, text }) {
  const { word, icon: shape } = KINDS[kind];
  return el("em", { class: kind, title: `${word}: ${text}` }, icon(shape), short);
}

/** @param {HTMLElement} element @param {NodeSingular} node */
function place(element, node) {
  const box = node.renderedBoundingBox({ includeLabels: false, includeOverlays: false, includeUnderlays: false });
  const onNode = node.hasClass("item");
  const onNamespace = node.hasClass("namespace-box");
  element.classList.toggle("on-node", onNode);
  element.classList.toggle("on-namespace", onNamespace);
  // A namespace's title stays readable from afar; an app's keeps to its box.
  const scale = Math.min(1, onNamespace ? Math.max(0.72, node.cy().zoom()) : node.cy().zoom());
  // Badges of a lone node stand centred above it.
  const at = onNode ? { x: (box.x1 + box.x2) / 2, y: box.y1, back: " translate(-50%, -100%)" } : { x: box.x1, y: box.y1, back: "" };
  element.style.transform = `translate(${Math.round(at.x)}px, ${Math.round(at.y)}px) scale(${scale})${at.back}`;
  element.style.maxWidth = onNode ? "" : `${Math.round(box.w / scale)}px`;
}
