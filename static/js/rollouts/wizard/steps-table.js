/** The table of steps: edited in place, by the keyboard too, one row for each. */
import { byId, find, findAll, fromTemplate } from "../../dom.js";
import { duplicated, following } from "./steps.js";

/** @typedef {import("./types.js").StepRow} StepRow */

export class StepsTable {
  #table;
  #add;
  #most;
  #changed;

  /** @param {number} most so many steps are taken @param {() => void} changed */
  constructor(most, changed) {
    this.#table = byId("steps", HTMLTableElement);
    this.#add = byId("add-step", HTMLButtonElement);
    this.#most = most;
    this.#changed = changed;
    this.#add.addEventListener("click", () => this.#grow());
    this.#table.addEventListener("click", (event) => this.#pressed(event));
    this.#table.addEventListener("keydown", (event) => this.#typed(event));
    this.#number();
  }

  get #bodies() {
    return findAll(this.#table, ".step", HTMLTableSectionElement);
  }

  /** @returns {StepRow[]} */
  get rows() {
    return this.#bodies.map(read);
  }

  /** @param {StepRow[]} rows */
  show(rows) {
    for (const body of this.#bodies) body.remove();
    for (const row of rows) this.#table.append(made(row));
    this.#number();
  }

  /** One more, after the last. */
  #grow() {
    if (this.#bodies.length >= this.#most) return;
    const body = made(following(this.rows));
    this.#table.append(body);
    this.#number();
    focus(body, "[data-part=weight]");
    this.#changed();
  }

  /** @param {Element} body */
  #duplicate(body) {
    if (this.#bodies.length >= this.#most) return;
    const at = this.#bodies.findIndex((each) => each === body);
    const copy = made(duplicated(this.rows, at)[at + 1]);
    body.after(copy);
    this.#number();
    focus(copy, "[data-part=weight]");
    this.#changed();
  }

  /** @param {Element} body */
  #remove(body) {
    if (this.#bodies.length < 2) return;
    const next = body.nextElementSibling ?? body.previousElementSibling;
    body.remove();
    this.#number();
    if (next) focus(next, "[data-do=remove]");
    this.#changed();
  }

  /** @param {MouseEvent} event */
  #pressed({ target }) {
    const button = target instanceof Element ? target.closest("[data-do]") : null;
    const body = button?.closest(".step");
    if (!(button instanceof HTMLElement) || !body) return;
    if (button.dataset.do === "duplicate") this.#duplicate(body);
    else this.#remove(body);
  }

  /** @param {KeyboardEvent} event */
  #typed(event) {
    const input = event.target instanceof Element ? event.target.closest("input") : null;
    const body = input?.closest(".step");
    if (!input || !body) return;
    if (event.key.toLowerCase() === "d" && (event.ctrlKey || event.metaKey)) this.#duplicate(body);
    else if (event.key === "ArrowDown" || event.key === "ArrowUp") this.#walk(body, input, event.key === "ArrowDown" ? 1 : -1);
    else if (event.key === "Enter" && !this.#walk(body, input, 1)) this.#grow();
    else if (event.key !== "Enter") return;
    event.preventDefault();
  }

  /** To the same field of the step below or above. @param {Element} body @param {HTMLInputElement} input @param {1 | -1} by */
  #walk(body, input, by) {
    const bodies = this.#bodies;
    const to = bodies[bodies.findIndex((each) => each === body) + by];
    if (!to) return false;
    const at = findAll(body, "input", HTMLInputElement).indexOf(input);
    const next = findAll(to, "input", HTMLInputElement)[at];
    next.focus();
    if (next.type === "text") next.select();
    return true;
  }

  /** Names each row as the server does, and as it is read out. */
  #number() {
    const bodies = this.#bodies;
    bodies.forEach((body, at) => {
      body.dataset.field = `steps[${at}]`;
      find(body, "[data-number]", HTMLElement).textContent = String(at + 1);
      for (const node of findAll(body, "[data-label]", HTMLElement)) {
        node.setAttribute("aria-label", (node.dataset.label ?? "").replace("#", String(at + 1)));
      }
      find(body, "[data-do=remove]", HTMLButtonElement).disabled = bodies.length < 2;
      find(body, "[data-do=duplicate]", HTMLButtonElement).disabled = bodies.length >= this.#most;
    });
    this.#add.disabled = bodies.length >= this.#most;
  }
}

/** @param {StepRow} row */
function made(row) {
  const body = /** @type {HTMLElement} */ (fromTemplate("step-row"));
  find(body, "[data-part=weight]", HTMLInputElement).value = row.weight;
  find(body, "[data-amount]", HTMLInputElement).value = row.amount;
  find(body, "[data-unit]", HTMLSelectElement).value = row.unit;
  find(body, "[data-part=requests]", HTMLInputElement).value = row.requests;
  find(body, "[data-pause]", HTMLInputElement).checked = row.pause;
  return body;
}

/** @param {HTMLElement} body @returns {StepRow} */
function read(body) {
  return {
    weight: find(body, "[data-part=weight]", HTMLInputElement).value,
    amount: find(body, "[data-amount]", HTMLInputElement).value,
    unit: /** @type {import("./types.js").Unit} */ (find(body, "[data-unit]", HTMLSelectElement).value),
    requests: find(body, "[data-part=requests]", HTMLInputElement).value,
    pause: find(body, "[data-pause]", HTMLInputElement).checked,
  };
}

/** @param {Element} body @param {string} selector */
function focus(body, selector) {
  const found = body.querySelector(selector);
  if (!(found instanceof HTMLElement)) return;
  found.focus();
  if (found instanceof HTMLInputElement) found.select();
}
