// Titles of the boxes, and badges on the nodes, as real text above the canvas: sharp at every zoom, wrapped by CSS.

/** @import { Core, NodeSingular } from "cytoscape" */

/** @typedef {{id: string, title: string, sum: string, badges: string[]}} Caption `id`: of the box or the node */

export class Titles {
  /** @type {HTMLElement} */ #layer;
  /** @type {Core} */ #cy;
  /** @type {Map<string, HTMLElement>} */ #shown = new Map();

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
    this.#place();
  }

  /** @param {Caption} caption */
  #write({ id, title, sum, badges }) {
    const element = this.#shown.get(id) ?? this.#create(id);
    const [name, line, list] = element.children;
    if (!name || !line || !list) return;
    if (name.textContent !== title) name.textContent = title;
    if (line.textContent !== sum) line.textContent = sum;
    if (list.textContent === badges.join("")) return;
    list.replaceChildren(...badges.map(badge));
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

/** @param {HTMLElement} element @param {NodeSingular} node */
function place(element, node) {
  const box = node.renderedBoundingBox({ includeLabels: false, includeOverlays: false, includeUnderlays: false });
  const onNamespace = node.hasClass("namespace-box");
  element.classList.toggle("on-namespace", onNamespace);
  // A namespace's title stays readable from afar; an app's keeps to its box.
  const scale = onNamespace ? 1 : Math.min(1, node.cy().zoom());
  element.style.transform = `translate(${Math.round(box.x1)}px, ${Math.round(box.y1)}px) scale(${scale})`;
  element.style.maxWidth = `${Math.round(box.w / scale)}px`;
}

/** @param {string} text */
function badge(text) {
  const element = document.createElement("em");
  element.textContent = text;
  return element;
}
