// The controls above the graph: what they show follows the page's state, what they are told goes to the page.

import { byId, find, findAll } from "../dom.js";

/** @import { EdgeLabel, GraphType, PageState, View } from "./types.js" */

/**
 * @typedef {object} Orders
 * @property {(change: Partial<PageState>) => void} change
 * @property {() => void} fit
 * @property {() => void} tidy
 */

export class Toolbar {
  #type = byId("type", HTMLSelectElement);
  #label = byId("label", HTMLSelectElement);
  #label2 = byId("label2", HTMLSelectElement);

  /** @param {Orders} orders */
  constructor(orders) {
    this.#type.addEventListener("change", () => orders.change({ type: /** @type {GraphType} */ (this.#type.value), select: "" }));
    this.#label.addEventListener("change", () => orders.change({ label: /** @type {EdgeLabel} */ (this.#label.value) }));
    this.#label2.addEventListener("change", () => orders.change({ label2: /** @type {EdgeLabel} */ (this.#label2.value) }));
    byId("view", HTMLElement).addEventListener("change", (event) => {
      if (event.target instanceof HTMLInputElement) orders.change({ view: /** @type {View} */ (event.target.value) });
    });
    byId("fit", HTMLButtonElement).addEventListener("click", orders.fit);
    byId("tidy", HTMLButtonElement).addEventListener("click", orders.tidy);
  }

  /** @param {PageState} state @param {View} view */
  show(state, view) {
    this.#type.value = state.type;
    this.#label.value = state.label;
    this.#label2.value = state.label2;
    for (const radio of findAll(byId("view", HTMLElement), "input", HTMLInputElement)) radio.checked = radio.value === view;
  }
}

/** Fills the top bar's chooser once it is known which namespaces there are. @param {string[]} names @param {string[]} chosen */
export function fillNamespaces(names, chosen) {
  const menu = byId("namespaces", HTMLElement);
  const list = find(menu, "[data-list]", HTMLElement);
  const all = [...new Set([...names, ...chosen])].sort();
  const boxes = new Map(findAll(list, "input", HTMLInputElement).map((box) => [box.value, box]));
  for (const [name, box] of boxes) box.checked = chosen.includes(name);
  find(menu, "[data-chosen]", HTMLElement).textContent = chosen.join(", ") || "all";
  if (all.every((name) => boxes.has(name))) return;
  const hint = list.lastElementChild;
  list.replaceChildren(...all.map((name) => choice(name, chosen.includes(name))), ...(hint ? [hint] : []));
}

/** @param {string} name @param {boolean} checked */
function choice(name, checked) {
  const label = document.createElement("label");
  label.className = "menu-item choice";
  const box = document.createElement("input");
  Object.assign(box, { type: "checkbox", name: "ns", value: name, checked });
  const text = document.createElement("span");
  text.className = "truncate";
  text.textContent = name;
  label.append(box, text);
  return label;
}
