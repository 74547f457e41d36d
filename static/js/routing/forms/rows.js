/** A list of rows that are added and taken away, each cloned from a template. */
import { find, findAll, fromTemplate } from "../../dom.js";

/** @typedef {Record<string, any>} Json */
/**
 * @typedef {object} Shape
 * @property {string} template the id of one row's
 * @property {string} path of the list in the rule
 * @property {(row: HTMLElement, item: Json) => void} fill
 * @property {(row: HTMLElement, base: Json) => Json} read what the row says, over what it was filled with
 * @property {() => Json} fresh what a new row says
 * @property {(items: Json[]) => string[]} [names] what the server calls each row in errors; its place in the list, if not given
 */

export class Rows {
  #list;
  #shape;
  #changed;
  /** @type {WeakMap<HTMLElement, Json>} */ #bases = new WeakMap();

  /** @param {HTMLElement} box @param {Shape} shape @param {() => void} changed */
  constructor(box, shape, changed) {
    this.#list = find(box, ".rows-list", HTMLElement);
    this.#shape = shape;
    this.#changed = changed;
    box.addEventListener("input", () => this.#name());
    find(box, "[data-add]", HTMLButtonElement).addEventListener("click", () => {
      const row = this.add(shape.fresh());
      focusFirst(row);
      changed();
    });
  }

  get rows() {
    return findAll(this.#list, ":scope > *", HTMLElement);
  }

  /** @returns {Json[]} */
  get items() {
    return this.rows.map((row) => this.#shape.read(row, this.#bases.get(row) ?? {}));
  }

  /** @param {Json[]} items */
  show(items) {
    this.#list.replaceChildren();
    for (const item of items) this.add(item);
  }

  /** @param {Json} item */
  add(item) {
    const row = fromTemplate(this.#shape.template);
    this.#bases.set(row, item);
    this.#list.append(row);
    this.#shape.fill(row, item);
    find(row, "[data-remove]", HTMLButtonElement).addEventListener("click", () => {
      const next = row.nextElementSibling ?? row.previousElementSibling;
      row.remove();
      this.#name();
      if (next instanceof HTMLElement) focusFirst(next);
      this.#changed();
    });
    this.#name();
    return row;
  }

  /** Names each row as the server names it in errors. */
  #name() {
    const names = this.#shape.names?.(this.items);
    this.rows.forEach((row, at) => {
      row.dataset.field = names ? names[at] : `${this.#shape.path}[${at}]`;
    });
  }
}

/** @param {HTMLElement} row */
export function focusFirst(row) {
  const first = row.querySelector("select, input");
  if (first instanceof HTMLElement) first.focus();
}
