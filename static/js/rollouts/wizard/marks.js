/** The server's words at the fields that they are about. */
import { find, findAll, fromTemplate } from "../../dom.js";
import { places } from "./fields.js";

/** @typedef {import("./types.js").FieldError} FieldError */

const TYPED = ":is(input:not([type=radio], [type=checkbox]), select, textarea)";
/** What several fields share one line of words for, by part. @type {Record<string, string>} */
const NAMES = {
  weight: "Weight",
  seconds: "Duration",
  requests: "Requests",
  pause: "Person",
  margin: "Margin",
  tolerated: "Tolerated",
  objective_ms: "Objective",
  name: "Figure",
  query: "PromQL",
  least: "Least",
  most: "Most",
  looks: "Looks in a row",
  url: "Address",
  format: "Form",
  stage: "Stage",
};

export class Marks {
  #root;
  /** What the person has left once: what is empty there is wrong, and not just not filled yet. @type {WeakSet<Element>} */
  #left = new WeakSet();
  /** Whether a start was tried: then everything is said. */
  #all = false;

  /** @param {HTMLElement} root */
  constructor(root) {
    this.#root = root;
    root.addEventListener("focusout", ({ target }) => target instanceof Element && this.#left.add(target));
  }

  /**
   * Says these and no others. What is empty and was never visited is left in peace until a start is tried.
   * @param {FieldError[]} errors
   * @returns {FieldError[]} those that have no place
   */
  show(errors) {
    this.clear();
    /** @type {FieldError[]} */
    const homeless = [];
    for (const error of errors) {
      const place = this.#placeOf(error.field);
      if (!place) homeless.push(error);
      else if (this.#isDue(place)) attach(place, error);
    }
    return homeless;
  }

  /** As `show`, of everything; and to the first field that is wrong. @param {FieldError[]} errors */
  insist(errors) {
    this.#all = true;
    const homeless = this.show(errors);
    const first = this.#root.querySelector("[aria-invalid=true]");
    if (first instanceof HTMLElement) first.focus();
    return homeless;
  }

  clear() {
    for (const node of findAll(this.#root, "[data-said]", HTMLElement)) node.remove();
    for (const input of findAll(this.#root, "[aria-invalid]", HTMLElement)) {
      input.removeAttribute("aria-invalid");
      input.removeAttribute("aria-describedby");
    }
  }

  /** @param {HTMLElement} place */
  #isDue(place) {
    const input = inputOf(place);
    if (this.#all) return true;
    if (!input || this.#left.has(input)) return Boolean(input);
    return input instanceof HTMLInputElement && input.type === "radio" ? input.checked : valueOf(input) !== "";
  }

  /** @param {string} path @returns {HTMLElement | null} */
  #placeOf(path) {
    for (const at of places(path)) {
      if (at === "") return null;
      const found = this.#root.querySelector(`[data-field=${JSON.stringify(at)}]`);
      if (found instanceof HTMLElement && !found.hidden) return found;
      const [, above, part] = /^(.+)\.([^.[\]]+)$/.exec(at) ?? [];
      const row = part && this.#root.querySelector(`[data-field=${JSON.stringify(above)}]`);
      const field = row && row.querySelector(`[data-part=${JSON.stringify(part)}]`);
      if (field instanceof HTMLElement) return field;
    }
    return null;
  }
}

/** @param {HTMLElement} place @param {FieldError} error */
function attach(place, { field, message }) {
  const node = fromTemplate("error-template");
  const shared = place.closest(".step, .guard, .address")?.querySelector("[data-errors]");
  const name = shared && place.dataset.part ? NAMES[place.dataset.part] : "";
  find(node, "[data-message]", HTMLElement).textContent = name ? `${name}: ${message}` : message;
  node.dataset.said = field;
  node.id = `error-${field.replace(/\W/g, "-")}`;
  (shared ?? place).append(node);
  for (let fold = place.closest("details"); fold; fold = fold.parentElement?.closest("details") ?? null) fold.open = true;
  const input = inputOf(place);
  input?.setAttribute("aria-invalid", "true");
  input?.setAttribute("aria-describedby", node.id);
}

/** What one types or chooses at a place. @param {HTMLElement} place @returns {HTMLElement | null} */
function inputOf(place) {
  if (place.matches(TYPED)) return place;
  const named = place.dataset.for ? document.querySelector(place.dataset.for) : null;
  const found = named ?? place.querySelector(TYPED) ?? place.querySelector("input");
  return found instanceof HTMLInputElement && found.type === "radio" ? chosenOf(found) : /** @type {HTMLElement | null} */ (found);
}

/** Of radio buttons the one that is chosen, or the field in which its value is typed; else the first. @param {HTMLInputElement} first */
function chosenOf(first) {
  const chosen = document.querySelector(`input[name=${first.name}]:checked`);
  if (!(chosen instanceof HTMLInputElement)) return first;
  const typed = chosen.dataset.typed ? document.getElementById(chosen.dataset.typed) : null;
  return typed ?? chosen;
}

/** @param {HTMLElement} input */
function valueOf(input) {
  return input instanceof HTMLInputElement || input instanceof HTMLSelectElement || input instanceof HTMLTextAreaElement ? input.value : "";
}
