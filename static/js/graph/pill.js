// The pill in the top bar: whether the numbers are live, from which source, and how old. Knows nothing of the graph.

import { el, icon } from "../dom.js";
import { age, clock } from "../format.js";
import { ago, timeOf } from "./time/moments.js";

/** @import { Source } from "./types.js" */
/** @import { Freshness, Reading } from "./freshness.js" */

/** The style sheet's three looks. @type {Record<Freshness, "ok" | "late" | "away" | "past">} */
const LOOKS = { past: "past", connecting: "late", starting: "late", live: "ok", late: "late", stale: "away", offline: "away" };
const ICONS = { past: "clock", ok: "ok", late: "degraded", away: "failing" };

export class Pill {
  /** @type {HTMLElement} */ #element;
  /** @type {(reading: Reading) => string} */ #say;
  #shown = "";

  /** @param {HTMLElement} element @param {(reading: Reading) => string} say what it says, without the age */
  constructor(element, say = words) {
    this.#element = element;
    this.#say = say;
    // Words come from the announcer, when the state changes; this one ticks each second.
    element.setAttribute("role", "presentation");
    element.hidden = false;
  }

  /** @param {Reading} reading @param {Source | null} source */
  show(reading, source) {
    const text = this.#say(reading);
    const name = source?.name ?? "";
    const seconds = reading.ageSeconds === null ? "" : String(Math.floor(reading.ageSeconds));
    const key = `${reading.state} ${reading.since} ${name} ${text} ${seconds}`;
    if (key === this.#shown) return;
    this.#shown = key;
    const look = LOOKS[reading.state];
    this.#element.dataset.state = look;
    this.#element.dataset.freshness = reading.state;
    this.#element.dataset.age = seconds;
    this.#element.title = source?.message ?? "";
    if (reading.state === "past") {
      this.#element.replaceChildren(icon(ICONS[look]), ...pastWords(reading));
      return;
    }
    const where = name && reading.state !== "offline" ? el("span", { class: "age-source" }, name) : null;
    this.#element.replaceChildren(icon(ICONS[look]), el("strong", {}, text), where ?? "", ageText(reading));
  }
}

/** @param {Reading} reading @returns {string} "Live", or what is wrong and since when */
export function words({ state, since }) {
  const from = since ? ` since ${clock(new Date(since))}` : "";
  switch (state) {
    case "past":
      return "Not live: what is shown is of the past";
    case "connecting":
      return "Connecting";
    case "starting":
      return "Starting";
    case "offline":
      return `Offline${from}`;
    case "stale":
      return `Source not answering${from}`;
    case "late":
      return "Late";
    default:
      return "Live";
  }
}

/** @param {Reading} reading @returns {HTMLElement[]} "at 12:04:31, 14 min ago": how long ago where there is room */
function pastWords({ since, ageSeconds }) {
  const at = Date.parse(since);
  const now = at + (ageSeconds ?? 0) * 1000;
  return [el("strong", {}, `at ${timeOf(at, now)}`), el("strong", { class: "age-ago" }, `, ${ago(at, now)}`)];
}

/** @param {Reading} reading */
function ageText({ ageSeconds }) {
  return ageSeconds === null ? "" : el("span", { class: "age-seconds" }, `${age(ageSeconds * 1000)} old`);
}
