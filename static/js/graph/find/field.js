// One field for an expression: it completes by keyboard, and says under itself what is wrong and where.

import { byId, el, find } from "../../dom.js";
import { complete } from "./complete.js";

/** @import { Completion } from "./complete.js" */
/** @import { Elements } from "./meaning.js" */
/** @import { ExpressionError } from "./tokens.js" */

/**
 * @typedef {object} Listener
 * @property {(text: string, first: boolean) => void} typed first: of this visit to the field
 * @property {() => Elements} graph what values are offered from
 */

/** Characters of the expression that are shown before the place that is wrong. */
const CONTEXT = 24;

export class ExpressionField {
  /** @type {HTMLInputElement} */ #input;
  /** @type {HTMLElement} */ #list;
  /** @type {HTMLElement} */ #error;
  /** @type {Listener} */ #listener;
  /** @type {Completion} */ #completion = { from: 0, to: 0, options: [] };
  #active = -1;
  #typed = false;
  /** @type {ExpressionError | null} */ #wrong = null;

  /** @param {string} id of the input @param {Listener} listener */
  constructor(id, listener) {
    this.#input = byId(id, HTMLInputElement);
    this.#list = byId(`${id}-options`, HTMLElement);
    this.#error = byId(`${id}-error`, HTMLElement);
    this.#listener = listener;
    this.#input.addEventListener("input", () => this.#changed());
    this.#input.addEventListener("keydown", (event) => this.#pressed(event));
    this.#input.addEventListener("blur", () => this.#leave());
    this.#input.addEventListener("focus", () => this.#showError());
    // Before the field would lose its focus by it.
    this.#list.addEventListener("pointerdown", (event) => {
      event.preventDefault();
      const option = event.target instanceof Element ? event.target.closest("li") : null;
      if (option) this.#accept(Number(option.dataset.at));
    });
  }

  get value() {
    return this.#input.value;
  }

  focus() {
    this.#input.focus();
    this.#input.select();
  }

  /** @returns {boolean} whether there was anything to leave */
  leave() {
    const had = document.activeElement === this.#input;
    if (had) this.#input.blur();
    return had;
  }

  /** @param {string} text as the address has it; what somebody is typing stays @param {ExpressionError | null} wrong */
  show(text, wrong) {
    if (this.#input.value !== text) this.#input.value = text;
    this.#wrong = wrong;
    this.#showError();
  }

  #changed() {
    const first = !this.#typed;
    this.#typed = true;
    this.#listener.typed(this.#input.value, first);
    this.#offer();
  }

  #leave() {
    this.#typed = false;
    this.#close();
    this.#showError();
  }

  /** @param {KeyboardEvent} event */
  #pressed(event) {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    if (this.#key(event)) event.preventDefault();
  }

  /** @param {KeyboardEvent} event @returns {boolean} whether the key was used */
  #key({ key, shiftKey }) {
    const open = !this.#list.hidden;
    if (key === "ArrowDown" || key === "ArrowUp") return open ? this.#move(key === "ArrowDown" ? 1 : -1) : this.#offer();
    if (key === "Enter" || (key === "Tab" && !shiftKey)) {
      if (open && this.#active >= 0) return this.#accept(this.#active);
      if (key === "Enter") this.#confirm();
      return key === "Enter";
    }
    if (key !== "Escape" || !open) return false;
    this.#close();
    return true;
  }

  /** Enter: what is unfinished is told, too, and its place is where the cursor goes. */
  #confirm() {
    this.#typed = false;
    this.#close();
    this.#showError(true);
    if (this.#wrong) this.#input.setSelectionRange(this.#wrong.at, this.#wrong.end);
  }

  /** @returns {boolean} whether there is anything to offer */
  #offer() {
    const caret = this.#input.selectionStart ?? this.#input.value.length;
    this.#completion = complete(this.#input.value, caret, this.#listener.graph());
    const { options } = this.#completion;
    this.#list.replaceChildren(...options.map(({ text, hint }, at) => el("li", { role: "option", id: `${this.#input.id}-option-${at}`, "data-at": at }, el("b", {}, text), el("span", {}, hint))));
    this.#activate(-1);
    this.#list.hidden = options.length === 0;
    this.#input.setAttribute("aria-expanded", String(!this.#list.hidden));
    return options.length > 0;
  }

  /** @param {number} by @returns {true} */
  #move(by) {
    const count = this.#completion.options.length;
    // From none upwards is the last.
    this.#activate(this.#active < 0 && by < 0 ? count - 1 : (this.#active + by + count) % count);
    return true;
  }

  /** @param {number} at or -1 for none */
  #activate(at) {
    this.#active = at;
    [...this.#list.children].forEach((option, i) => option.setAttribute("aria-selected", String(i === at)));
    const chosen = this.#list.children[at];
    if (chosen) this.#input.setAttribute("aria-activedescendant", chosen.id);
    else this.#input.removeAttribute("aria-activedescendant");
    chosen?.scrollIntoView({ block: "nearest" });
  }

  /** @param {number} at @returns {true} */
  #accept(at) {
    const { from, to, options } = this.#completion;
    const before = this.#input.value.slice(0, from);
    const text = `${/[^\s(]$/.test(before) ? " " : ""}${options[at]?.text ?? ""}`;
    const after = this.#input.value.slice(to);
    const caret = from + text.length + 1;
    this.#input.value = `${before}${text}${after.startsWith(" ") ? "" : " "}${after}`;
    this.#input.setSelectionRange(caret, caret);
    this.#changed();
    return true;
  }

  #close() {
    this.#list.hidden = true;
    this.#activate(-1);
    this.#input.setAttribute("aria-expanded", "false");
  }

  /** @param {boolean} whole whether what is only unfinished counts while somebody is typing */
  #showError(whole = false) {
    const wrong = this.#wrong;
    const typing = document.activeElement === this.#input && !whole;
    const shown = wrong !== null && !(typing && wrong.at >= this.#input.value.trimEnd().length);
    this.#input.setAttribute("aria-invalid", String(shown));
    this.#error.hidden = !shown;
    if (!shown) return;
    const text = this.#input.value;
    const start = Math.max(0, wrong.at - CONTEXT);
    const place = find(this.#error, ".expression-place", HTMLElement);
    place.replaceChildren(start > 0 ? "…" : "", text.slice(start, wrong.at), el("mark", {}, text.slice(wrong.at, wrong.end).slice(0, CONTEXT) || " "), text.slice(wrong.end, wrong.end + CONTEXT));
    // What stands between backticks is of the language.
    const parts = wrong.message.split("`").map((part, i) => (i % 2 ? el("b", {}, part) : part));
    find(this.#error, ".expression-words", HTMLElement).replaceChildren(...parts);
  }
}
