// The band across the page, the title of the window and the look of the page: none of them lets the past pass for now.

import { byId, setText } from "../../dom.js";
import { fullMoment } from "../../format.js";
import { sentence } from "./differences.js";
import { ago, timeOf } from "./moments.js";

/** @import { Reading } from "../freshness.js" */
/** @import { Travel } from "./travel.js" */

export class Band {
  #root = byId("graph", HTMLElement);
  #band = byId("past", HTMLElement);
  /** @type {Travel} */ #travel;
  #title = document.title;

  /** @param {Travel} travel */
  constructor(travel) {
    this.#travel = travel;
    byId("past-live", HTMLButtonElement).addEventListener("click", () => travel.live());
    byId("past-end-comparison", HTMLButtonElement).addEventListener("click", () => travel.goTo(travel.position ?? 0));
  }

  /** @param {Reading | null} reading of the past, or null @param {number} now @param {number} speed of a replay, or 0 */
  render(reading, now, speed) {
    const past = reading?.state === "past";
    const { comparison } = this.#travel;
    this.#band.hidden = !past;
    this.#root.classList.toggle("past", past);
    this.#root.classList.toggle("comparing", past && comparison !== null);
    this.#root.classList.toggle("in-between", this.#travel.loading);
    const title = past ? `◷ ${timeOf(Date.parse(reading.since), now)} · ${this.#title}` : this.#title;
    if (document.title !== title) document.title = title;
    if (!past) return;
    byId("past-end-comparison", HTMLElement).hidden = comparison === null;
    setText(byId("past-word", HTMLElement), this.#word(speed));
    setText(byId("past-when", HTMLElement), this.#when(Date.parse(reading.since), now));
    byId("past-when", HTMLElement).title = fullMoment(new Date(reading.since));
    setText(byId("past-what", HTMLElement), this.#what());
  }

  /** @param {number} speed */
  #word(speed) {
    if (this.#travel.comparison) return "Comparison, not live";
    return this.#travel.playing ? `Replay ${speed}×, not live` : "Not live";
  }

  /** @param {number} at @param {number} now */
  #when(at, now) {
    const { comparison } = this.#travel;
    if (!comparison) return `at ${timeOf(at, now)}, ${ago(at, now)}`;
    return `${timeOf(Date.parse(comparison.before), now)} → ${timeOf(Date.parse(comparison.after), now)}`;
  }

  #what() {
    const { comparison, loading, waiting, error } = this.#travel;
    if (error) return "Nothing is shown of this moment.";
    if (loading) return "Fetching this moment; what is drawn is not it yet.";
    if (waiting) return "Fetching the next moment…";
    return comparison ? sentence(comparison.edges) : "";
  }
}
