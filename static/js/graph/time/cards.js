// The card of a mark on the time bar: what was changed, by whom, and the ways to look at what it did.

import { byId, el } from "../../dom.js";
import { around, GLYPHS, named, spanOf } from "./marks.js";
import { ago, timeOf } from "./moments.js";

/** @import { Mark } from "./marks.js" */
/** @import { Stretch } from "./moments.js" */
/** @import { Travel } from "./travel.js" */

/** More than this are on the page of changes. */
const MOST = 6;

export class Cards {
  #root = byId("time-card", HTMLElement);
  /** @type {Travel} */ #travel;
  /** @type {() => Stretch | null} */ #stretch;
  /** @type {() => number} */ #now;
  /** @type {HTMLElement | null} */ #anchor = null;

  /** @param {Travel} travel @param {() => Stretch | null} stretch @param {() => number} now */
  constructor(travel, stretch, now) {
    this.#travel = travel;
    this.#stretch = stretch;
    this.#now = now;
    document.addEventListener("pointerdown", (event) => {
      const target = event.target instanceof Node ? event.target : null;
      if (!this.#root.contains(target) && !this.#anchor?.contains(target)) this.hide();
    });
    // Before the page's own Escape, which would close the panel behind the card.
    document.addEventListener("keydown", (event) => {
      if (event.key !== "Escape" || this.#root.hidden) return;
      event.stopImmediatePropagation();
      this.hide();
      this.#anchor?.focus();
    }, { capture: true }); // prettier-ignore
  }

  /** @param {Mark[]} marks @param {HTMLElement} anchor */
  show(marks, anchor) {
    if (!this.#root.hidden && this.#anchor === anchor) return this.hide();
    this.#anchor = anchor;
    const rest = marks.length - MOST;
    this.#root.replaceChildren(...marks.slice(0, MOST).map((mark) => this.#item(mark)), rest > 0 ? el("p", { class: "small muted" }, `and ${rest} more`) : "");
    this.#root.hidden = false;
    this.#place(anchor);
    this.#root.querySelector("button")?.focus();
  }

  hide() {
    this.#root.hidden = true;
  }

  /** Over its mark, within the bar. @param {HTMLElement} anchor */
  #place(anchor) {
    const bar = byId("time", HTMLElement).getBoundingClientRect();
    const mark = anchor.getBoundingClientRect();
    const centre = mark.left + mark.width / 2 - bar.left - this.#root.offsetWidth / 2;
    this.#root.style.left = `${Math.round(Math.min(Math.max(8, centre), bar.width - this.#root.offsetWidth - 8))}px`;
  }

  /** @param {Mark} mark */
  #item(mark) {
    const now = this.#now();
    const [start, end] = spanOf(mark, now);
    const until = mark.kind !== "fault" ? "" : mark.until ? ` to ${timeOf(end, now)}` : ", still on";
    const by = mark.by ? `, by ${mark.by}` : "";
    return el(
      "section",
      { class: `time-card-item ${mark.kind}` },
      el("h3", {}, el("span", { "aria-hidden": "true" }, `${GLYPHS[mark.kind]} `), named(mark)),
      el("p", { class: "small muted" }, `${timeOf(start, now)}${until}, ${ago(start, now)}${by}${mark.namespace ? `, in ${mark.namespace}` : ""}`),
      el(
        "div",
        { class: "actions" },
        this.#action("Before and after it", () => this.#around(mark)),
        this.#action("Go to this moment", () => this.#travel.goTo(start)),
        mark.url ? el("a", { class: "button button-small", href: mark.url }, mark.kind === "rollout" ? "Open the rollout" : "Open the change") : null,
      ),
    );
  }

  /** @param {string} word @param {() => void} act */
  #action(word, act) {
    const button = el("button", { type: "button", class: "button button-small" }, word);
    button.addEventListener("click", () => {
      this.hide();
      act();
    });
    return button;
  }

  /** @param {Mark} mark */
  #around(mark) {
    const stretch = this.#stretch();
    if (!stretch) return;
    const { before, after } = around(mark, stretch);
    this.#travel.compare(before, after);
  }
}
