// The find and hide fields of the Graph page with their presets and counts.

import { byId, findAll, setText } from "../../dom.js";
import { ExpressionField } from "./field.js";
import { counted } from "./sight.js";

/** @import { PageState } from "../types.js" */
/** @import { Sight } from "./sight.js" */

/**
 * @typedef {object} Orders
 * @property {(change: Partial<PageState>, replace: boolean) => void} change
 */

export class FindBar {
  /** @type {Sight} */ #sight;
  /** @type {Orders} */ #orders;
  /** @type {ExpressionField} */ #find;
  /** @type {ExpressionField} */ #hide;

  /** @param {Sight} sight @param {Orders} orders */
  constructor(sight, orders) {
    this.#sight = sight;
    this.#orders = orders;
    this.#find = this.#field("find");
    this.#hide = this.#field("hide");
    byId("presets", HTMLDetailsElement).addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("button") : null;
      if (button) this.#preset(button);
    });
    byId("hidden-count", HTMLButtonElement).addEventListener("click", () => orders.change({ hide: "" }, false));
  }

  /** @param {Pick<PageState, "find" | "hide">} state */
  show({ find, hide }) {
    this.#find.show(find, this.#sight.wrong.find);
    this.#hide.show(hide, this.#sight.wrong.hide);
    for (const button of findAll(byId("presets", HTMLElement), "button", HTMLButtonElement)) {
      button.setAttribute("aria-checked", String(button.dataset.find ? button.dataset.find === find : button.dataset.hide === hide));
    }
  }

  /** Says how much was found and how much is hidden. */
  count() {
    const found = counted(this.#sight.found, "found") || (this.#sight.isFinding ? "Nothing found" : "");
    setText(byId("count", HTMLElement), found);
    const button = byId("hidden-count", HTMLButtonElement);
    const text = counted(this.#sight.hidden, "hidden");
    button.hidden = text === "";
    if (text) setText(button, text);
  }

  focusFind() {
    this.#find.focus();
  }

  focusHide() {
    this.#hide.focus();
  }

  /** Escape: what is looked for is cleared, a field is left. @returns {boolean} whether there was anything of it */
  escape() {
    if (this.#hide.leave()) return true;
    const had = this.#find.leave() || this.#find.value !== "";
    if (this.#find.value !== "") this.#orders.change({ find: "" }, false);
    return had;
  }

  /** @param {"find" | "hide"} which */
  #field(which) {
    return new ExpressionField(which, {
      // One step "back" for each visit to the field, not for each letter.
      typed: (text, first) => this.#orders.change({ [which]: text }, !first),
      graph: () => this.#sight.seen,
    });
  }

  /** @param {HTMLButtonElement} button an expression that is in force already is taken out */
  #preset(button) {
    const which = button.dataset.find ? "find" : "hide";
    const text = button.dataset[which] ?? "";
    const inForce = (which === "find" ? this.#find : this.#hide).value === text;
    byId("presets", HTMLDetailsElement).open = false;
    this.#orders.change({ [which]: inForce ? "" : text }, false);
  }
}
