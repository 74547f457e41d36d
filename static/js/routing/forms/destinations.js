/** The destinations of a route: rows whose weights add up to 100. */
import { find } from "../../dom.js";
import { rebalance } from "../split.js";
import { fillPlace, readPlace } from "./places.js";
import { Rows } from "./rows.js";

/** @typedef {Record<string, any>} Json */

export class Destinations {
  #rows;
  #changed;
  /** @type {WeakMap<HTMLElement, number>} */ #weights = new WeakMap();

  /** @param {HTMLElement} box @param {string[]} versions @param {() => void} changed */
  constructor(box, versions, changed) {
    this.#changed = changed;
    this.#rows = new Rows(
      box,
      {
        template: "destination-row",
        path: "destinations",
        fill: (row, item) => this.#fill(row, item),
        read: (row, base) => this.#read(row, base),
        fresh: () => ({ ...next(versions, this.items), weight: this.#rows.rows.length ? 0 : 100 }),
      },
      () => {
        this.#settle();
        changed();
      },
    );
  }

  /** @returns {Json[]} */
  get items() {
    return this.#rows.items;
  }

  /** @param {Json[]} items */
  show(items) {
    this.#rows.show(items);
    this.#draw();
  }

  /** @param {HTMLElement} row @param {Json} item */
  #fill(row, item) {
    this.#weights.set(row, item.weight ?? 100);
    fillPlace(row, item, this.#changed);
    const slider = find(row, "[data-slider]", HTMLInputElement);
    const number = find(row, "[data-weight]", HTMLInputElement);
    slider.addEventListener("input", () => this.#set(row, slider.valueAsNumber));
    number.addEventListener("input", () => {
      if (/^\d{1,3}$/.test(number.value.trim())) this.#set(row, Math.min(100, Number(number.value)));
    });
    number.addEventListener("blur", () => this.#draw());
  }

  /** @param {HTMLElement} row @param {Json} base @returns {Json} */
  #read(row, base) {
    const { weight: _weight, ...place } = readPlace(row, base);
    return this.#rows.rows.length > 1 ? { ...place, weight: this.#weights.get(row) ?? 0 } : place;
  }

  /** @param {HTMLElement} row @param {number} wanted */
  #set(row, wanted) {
    const { rows } = this.#rows;
    const parts = rebalance(this.#parts(), rows.indexOf(row), wanted);
    rows.forEach((each, at) => this.#weights.set(each, parts[at].weight));
    this.#draw();
  }

  #parts() {
    return this.#rows.rows.map((row, at) => ({
      version: String(at),
      weight: this.#weights.get(row) ?? 0,
      locked: false,
      ready: true,
      touched: 0,
    }));
  }

  /** After a row came or went: what it had goes to the first of those that are left. */
  #settle() {
    const { rows } = this.#rows;
    const sum = this.#parts().reduce((total, { weight }) => total + weight, 0);
    if (rows.length) this.#weights.set(rows[0], (this.#weights.get(rows[0]) ?? 0) + 100 - sum);
    this.#draw();
  }

  #draw() {
    const { rows } = this.#rows;
    const alone = rows.length < 2;
    for (const row of rows) {
      const weight = this.#weights.get(row) ?? 0;
      const slider = find(row, "[data-slider]", HTMLInputElement);
      const number = find(row, "[data-weight]", HTMLInputElement);
      slider.value = String(weight);
      slider.style.setProperty("--fill", `${weight}%`);
      if (document.activeElement !== number) number.value = String(weight);
      slider.hidden = alone;
      find(row, "[data-weight-field]", HTMLElement).hidden = alone;
      find(row, "[data-alone]", HTMLElement).hidden = !alone;
      find(row, "[data-remove]", HTMLButtonElement).disabled = alone;
    }
  }
}

/** The first version that is no destination yet. @param {string[]} versions @param {Json[]} items @returns {Json} */
function next(versions, items) {
  const version = versions.find((each) => !items.some((item) => item.version === each));
  return version === undefined ? {} : { version };
}
