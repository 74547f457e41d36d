// The time bar: it shows where in time the page is, and tells the traveller where to go.

import { byId, el, findAll, setText } from "../../dom.js";
import { Cards } from "./cards.js";
import { bands, spots, spotTitle, GLYPHS } from "./marks.js";
import { ago, keyStep, spansFor, stepped, stretchOf, timeOf, typed, windowFor, within } from "./moments.js";

/** @import { Mark } from "./marks.js" */
/** @import { Reach, Stretch } from "./moments.js" */
/** @import { Travel } from "./travel.js" */

/** A replay that is begun from live starts this far back. */
const REPLAY_BACK_MS = 300_000;

export class TimeBar {
  #root = byId("time", HTMLElement);
  #slider = byId("time-slider", HTMLInputElement);
  #speed = byId("time-speed", HTMLSelectElement);
  #span = byId("time-span", HTMLSelectElement);
  #hint = byId("time-hint", HTMLElement);
  /** @type {Travel} */ #travel;
  /** @type {() => number} */ #now;
  /** @type {Reach | null} */ #reach = null;
  /** Why there is no history, or "". */
  #away = "";
  /** @type {Mark[]} */ #marks = [];
  #marksDrawn = "";
  #dragging = false;
  /** @type {Cards} */ #cards;

  /** @param {Travel} travel @param {() => number} now by the server's clock */
  constructor(travel, now) {
    this.#travel = travel;
    this.#now = now;
    this.#cards = new Cards(travel, () => this.#stretch(), now);
    this.#listenToModes();
    this.#listenToSlider();
    this.#listenToWords();
    for (const button of findAll(this.#root, "[data-by]", HTMLButtonElement)) {
      button.addEventListener("click", () => this.#step(Number(button.dataset.by) * 1000));
    }
    for (const button of findAll(this.#root, "[data-step]", HTMLButtonElement)) {
      button.addEventListener("click", () => this.step(Number(button.dataset.step)));
    }
  }

  /** @param {Reach | null} reach @param {string} away why it is not known, or "" */
  know(reach, away) {
    this.#reach = reach ?? this.#reach;
    this.#away = away;
    const stretch = this.#stretch();
    if (stretch) {
      this.#travel.learn(this.#reach?.step_seconds ?? 1, stretch.to);
      this.#offerSpans(stretch);
    }
    this.render();
  }

  /** @param {Mark[]} marks */
  mark(marks) {
    this.#marks = marks;
    this.render();
  }

  /** @param {number} direction -1 or 1: one step of the keys */
  step(direction) {
    this.#step(direction * keyStep(this.#reach?.step_seconds ?? 1));
  }

  /** Shows where in time we are. Called a few times a second. */
  render() {
    const at = this.#travel.position;
    const mode = at === null ? "live" : this.#travel.playing ? "replay" : "paused";
    this.#root.dataset.mode = mode;
    for (const radio of findAll(this.#root, "#time-mode input", HTMLInputElement)) radio.checked = radio.value === mode;
    const stretch = this.#stretch();
    const usable = stretch !== null;
    this.#root.classList.toggle("no-history", !usable);
    for (const control of findAll(this.#root, "button, #time-text, #compare-text", HTMLElement)) control.toggleAttribute("disabled", !usable);
    this.#slider.disabled = !usable;
    if (!stretch) {
      setText(this.#hint, this.#away || "There is no history yet.");
      return;
    }
    this.#renderLine(stretch, at);
  }

  /** @param {Stretch} stretch @param {number | null} at */
  #renderLine(stretch, at) {
    const shown = this.#window(stretch);
    const now = this.#now();
    this.#slider.min = String(Math.floor(shown.from / 1000));
    this.#slider.max = String(Math.ceil(shown.to / 1000));
    if (!this.#dragging) this.#slider.value = String(Math.round((at ?? shown.to) / 1000));
    this.#slider.setAttribute("aria-valuetext", at === null ? "live" : `${timeOf(at, now)}, ${ago(at, now)}`);
    setText(byId("time-from", HTMLElement), timeOf(shown.from, now).slice(0, -3));
    setText(byId("time-to", HTMLElement), shown.to >= stretch.to ? "now" : timeOf(shown.to, now).slice(0, -3));
    if (!this.#dragging) setText(this.#hint, this.#away);
    const reached = Math.max(0, (stretch.from - shown.from) / (shown.to - shown.from));
    byId("time-line", HTMLElement).style.setProperty("--unknown", `${Math.min(1, reached) * 100}%`);
    this.#renderOther(shown);
    this.#renderMarks(shown, now);
  }

  /** The moment that is compared with the one of the slider. @param {Stretch} shown */
  #renderOther({ from, to }) {
    const other = this.#travel.comparedWith;
    const tick = byId("time-other", HTMLElement);
    tick.hidden = other === null || other < from || other > to;
    if (other !== null) tick.style.setProperty("--at", `${((other - from) / (to - from)) * 100}%`);
  }

  /** @param {Stretch} shown @param {number} now */
  #renderMarks(shown, now) {
    const found = spots(this.#marks, shown);
    const faults = bands(this.#marks, shown, now);
    const places = new Map(found.map((spot) => [spot.marks.map((mark) => mark.at + mark.title).join(), spot]));
    const key = [...places.keys()].join("|");
    const list = byId("time-marks", HTMLElement);
    if (key !== this.#marksDrawn) {
      this.#marksDrawn = key;
      list.replaceChildren(...found.map((spot) => el("li", {}, this.#button(spot))));
    }
    found.forEach((spot, i) => /** @type {HTMLElement} */ (list.children[i]).style.setProperty("--at", `${spot.part * 100}%`));
    const layer = byId("time-bands", HTMLElement);
    if (layer.childElementCount !== faults.length) layer.replaceChildren(...faults.map(() => el("i")));
    faults.forEach(({ left, width }, i) => {
      const band = /** @type {HTMLElement} */ (layer.children[i]);
      band.style.setProperty("--at", `${left * 100}%`);
      band.style.setProperty("--wide", `${width * 100}%`);
    });
  }

  /** @param {import("./marks.js").Spot} spot */
  #button(spot) {
    const title = spotTitle(spot);
    const kind = spot.marks.length > 1 ? "several" : (spot.marks[0]?.kind ?? "change");
    const glyph = kind === "several" ? String(spot.marks.length) : GLYPHS[/** @type {Mark["kind"]} */ (kind)];
    const button = el("button", { type: "button", class: `time-mark ${kind}`, title, "aria-label": title }, glyph);
    button.addEventListener("click", () => this.#cards.show(spot.marks, button));
    return button;
  }

  #listenToModes() {
    byId("time-mode", HTMLElement).addEventListener("change", (event) => {
      const mode = event.target instanceof HTMLInputElement ? event.target.value : "";
      if (mode === "live") this.#travel.live();
      if (mode === "paused") this.#travel.pause();
      if (mode === "replay") this.#play();
    });
    this.#speed.addEventListener("change", () => this.#travel.playing && this.#play());
  }

  #play() {
    const stretch = this.#stretch();
    if (!stretch) return this.render();
    const from = this.#travel.isLive ? within(this.#now() - REPLAY_BACK_MS, stretch) : undefined;
    this.#travel.play(Number(this.#speed.value), from);
  }

  /** A link may name the speed. @param {number} speed */
  showSpeed(speed) {
    if (speed) this.#speed.value = String(speed);
  }

  #listenToSlider() {
    this.#slider.addEventListener("input", () => {
      this.#dragging = true;
      const at = Number(this.#slider.value) * 1000;
      setText(this.#hint, `${timeOf(at, this.#now())}, ${ago(at, this.#now())}`);
    });
    this.#slider.addEventListener("change", () => {
      this.#dragging = false;
      const [at, stretch] = [Number(this.#slider.value) * 1000, this.#stretch()];
      if (!stretch) return;
      if (at >= stretch.to - 1000) this.#travel.live();
      else this.#travel.goTo(within(at, stretch));
    });
    this.#span.addEventListener("change", () => this.render());
  }

  #listenToWords() {
    this.#obey("time-typed", "time-text", (at) => this.#travel.goTo(at));
    this.#obey("compare-typed", "compare-text", (at) => this.#compare(at));
    for (const button of findAll(byId("time-compare", HTMLElement), "[data-before]", HTMLButtonElement)) {
      button.addEventListener("click", () => {
        const here = this.#here();
        this.#compare(button.dataset.before === "now" ? this.#newest() : here - Number(button.dataset.before) * 1000);
      });
    }
  }

  /** @param {string} form @param {string} input @param {(at: number) => void} use */
  #obey(form, input, use) {
    byId(form, HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      const field = byId(input, HTMLInputElement);
      const at = typed(field.value, this.#now());
      const wrong = this.#wrong(at, field.value);
      this.#complain(field, wrong);
      if (at === null || wrong) return;
      field.value = "";
      field.blur();
      use(at);
    });
    byId(input, HTMLInputElement).addEventListener("input", (event) => this.#complain(/** @type {HTMLInputElement} */ (event.target), ""));
  }

  /** @param {number | null} at @param {string} text @returns {string} */
  #wrong(at, text) {
    const stretch = this.#stretch();
    const now = this.#now();
    if (at === null) return `“${text.slice(0, 40)}” is no time: write 12:04, 12:04:31, 2026-11-28 12:04 or -5m.`;
    if (at > now) return `${timeOf(at, now)} has not been yet.`;
    if (stretch && at < stretch.from - 1000) return `The history begins at ${timeOf(stretch.from, now)}.`;
    return "";
  }

  /** @param {HTMLInputElement} field @param {string} wrong */
  #complain(field, wrong) {
    field.toggleAttribute("aria-invalid", wrong !== "");
    if (wrong) field.setAttribute("aria-invalid", "true");
    const place = byId("time-wrong", HTMLElement);
    place.hidden = wrong === "";
    setText(place, wrong);
  }

  /** @param {number} other */
  #compare(other) {
    const stretch = this.#stretch();
    byId("time-compare", HTMLDetailsElement).open = false;
    if (stretch) this.#travel.compare(within(this.#here(), stretch), within(other, stretch));
  }

  /** @param {number} by milliseconds */
  #step(by) {
    const stretch = this.#stretch();
    if (!stretch) return;
    const to = stepped(this.#travel.position, by, stretch, this.#now());
    if (to === null) this.#travel.live();
    else this.#travel.goTo(to, !this.#travel.isLive);
  }

  #here() {
    return this.#travel.position ?? this.#newest();
  }

  #newest() {
    return this.#stretch()?.to ?? this.#now();
  }

  /** @returns {Stretch | null} history grows between two questions about it, as long as the source answers */
  #stretch() {
    return stretchOf(this.#reach, this.#now());
  }

  /** @param {Stretch} stretch */
  #window(stretch) {
    return windowFor(stretch, Number(this.#span.value) || stretch.to - stretch.from, this.#travel.position);
  }

  /** @param {Stretch} stretch */
  #offerSpans(stretch) {
    const spans = spansFor(stretch);
    const offered = [...this.#span.options].map((option) => option.value).join();
    if (offered === spans.map((span) => span.ms).join()) return;
    const chosen = Number(this.#span.value) || 3_600_000;
    this.#span.replaceChildren(...spans.map(({ name, ms }) => el("option", { value: ms }, name)));
    const kept = spans.filter((span) => span.ms <= chosen).at(-1) ?? spans[0];
    if (kept) this.#span.value = String(kept.ms);
  }
}
