// The figures of a rollout: panels under one another on one axis of time, with one pointer through all of them.

import { byId, el, setText } from "../dom.js";
import { clock } from "../format.js";
import { draw, drawAxis, LEFT, RIGHT } from "./chart.js";
import { extent, marks, panels, standstills } from "./panels.js";
import { linear, nearest, timeTicks } from "./scales.js";
import { svg } from "./svg.js";

/** @import { Frame } from "./chart.js" */
/** @import { Panel } from "./panels.js" */
/** @import { Scale } from "./scales.js" */
/** @import { Detail } from "./types.js" */

const TICK_WIDTH = 90;
const WIDE_ENOUGH = 160;

/** @typedef {{figure: HTMLElement, title: HTMLElement, hint: HTMLElement, legend: HTMLElement, root: SVGSVGElement}} Drawn */

export class Charts {
  #root = byId("figures", HTMLElement);
  #axis = svg("svg", { class: "fig-axis", "aria-hidden": "true" });
  /** @type {Map<string, Drawn>} */ #drawn = new Map();
  /** @type {Panel[]} */ #panels = [];
  /** @type {Detail | null} */ #detail = null;
  #now = 0;
  #width = 0;
  /** @type {Scale} */ #x = (at) => at;
  /** The moment under the pointer, or null. @type {number | null} */ #at = null;
  #from = 0;
  #to = 0;

  constructor() {
    new ResizeObserver(() => this.#resized()).observe(this.#root);
    this.#root.addEventListener("pointermove", (event) => this.#point(event.clientX - this.#root.getBoundingClientRect().left));
    this.#root.addEventListener("pointerleave", () => this.#show(null));
    this.#root.addEventListener("keydown", (event) => this.#key(event));
    this.#root.addEventListener("blur", () => this.#show(null));
  }

  /** @param {Detail} detail @param {number} now seconds since the epoch: of the last thing heard */
  show(detail, now) {
    this.#detail = detail;
    this.#now = now;
    this.#draw();
  }

  #resized() {
    if (Math.abs(this.#root.clientWidth - this.#width) >= 1) this.#draw();
  }

  #draw() {
    const detail = this.#detail;
    this.#width = this.#root.clientWidth;
    if (!detail || this.#width < WIDE_ENOUGH) return;
    this.#panels = panels(detail);
    const frame = this.#frame(detail);
    const kept = this.#panels.map((panel) => this.#figure(panel));
    const wanted = [...kept.map(({ figure }) => figure), this.#axis];
    if (wanted.some((node, index) => this.#root.children[index] !== node) || this.#root.childElementCount !== wanted.length) this.#root.replaceChildren(...wanted);
    this.#panels.forEach((panel, index) => {
      const drawn = kept[index];
      if (!drawn) return;
      setText(drawn.title, panel.title);
      setText(drawn.hint, panel.hint);
      draw(drawn.root, panel, { ...frame, first: index === 0 });
    });
    drawAxis(this.#axis, frame, (at) => axisWords(at, this.#to - this.#from));
    this.#show(this.#at);
  }

  /** @param {Detail} detail @returns {Frame} */
  #frame(detail) {
    [this.#from, this.#to] = extent(detail, this.#now);
    this.#x = linear(this.#from, this.#to, LEFT, this.#width - RIGHT);
    const most = Math.max(2, Math.floor((this.#width - LEFT - RIGHT) / TICK_WIDTH));
    const shown = marks(detail.log).filter(({ at }) => at >= this.#from - 1 && at <= this.#to + 1);
    const still = standstills(detail.log, this.#to);
    return { width: this.#width, x: this.#x, from: this.#from, to: this.#to, ticks: timeTicks(this.#from, this.#to, most), marks: shown, still, first: false };
  }

  /** @param {Panel} panel @returns {Drawn} */
  #figure(panel) {
    const known = this.#drawn.get(panel.id);
    if (known) return known;
    const title = el("span", { class: "fig-title" });
    const hint = el("span", { class: "fig-hint" });
    const legend = el("span", { class: "fig-legend" });
    const root = svg("svg", { class: "fig-plot", role: "img" });
    const figure = el("figure", { class: "fig", "data-panel": panel.id }, el("figcaption", {}, title, hint, legend), root);
    const drawn = { figure, title, hint, legend, root };
    this.#drawn.set(panel.id, drawn);
    return drawn;
  }

  /** @param {number} px */
  #point(px) {
    if (px < LEFT - 4 || px > this.#width - RIGHT + 4) this.#show(null);
    else this.#show(this.#from + ((px - LEFT) / (this.#width - LEFT - RIGHT)) * (this.#to - this.#from));
  }

  /** @param {KeyboardEvent} event */
  #key(event) {
    const times = (this.#detail?.course.points ?? []).map(({ at }) => at);
    const here = this.#at === null ? times.length : nearest(times, this.#at);
    const places = { ArrowLeft: here - 1, ArrowRight: here + 1, Home: 0, End: times.length - 1 };
    const place = places[/** @type {keyof typeof places} */ (event.key)];
    if (event.key === "Escape") this.#show(null);
    if (place === undefined) return;
    event.preventDefault();
    this.#show(times[Math.min(times.length - 1, Math.max(0, place))] ?? null);
    setText(byId("figures-said", HTMLElement), this.#sentence());
  }

  /** @param {number | null} at */
  #show(at) {
    this.#at = at;
    const times = (this.#detail?.course.points ?? []).map((point) => point.at);
    const near = at === null ? -1 : nearest(times, at);
    const moment = near < 0 ? null : Number(times[near]);
    setText(byId("figures-at", HTMLElement), moment === null ? "" : `at ${clock(new Date(moment * 1000))}`);
    for (const panel of this.#panels) {
      const drawn = this.#drawn.get(panel.id);
      if (!drawn) continue;
      const values = valuesAt(panel, moment);
      this.#legend(drawn, panel, values);
      drawn.root.setAttribute("aria-label", `${panel.title}: ${said(panel, values)}`);
      const cross = drawn.root.lastElementChild;
      cross?.setAttribute("visibility", moment === null ? "hidden" : "visible");
      if (moment !== null) for (const name of ["x1", "x2"]) cross?.setAttribute(name, this.#x(moment).toFixed(1));
    }
  }

  /** @param {Drawn} drawn @param {Panel} panel @param {(number | null)[]} values */
  #legend({ legend }, panel, values) {
    if (legend.childElementCount !== panel.series.length) {
      legend.replaceChildren(...panel.series.map(({ name, look }) => el("span", {}, el("i", { class: `of-${look}` }), `${name} `, el("b"))));
    }
    values.forEach((value, index) => {
      const number = legend.children[index]?.querySelector("b");
      if (number) setText(number, panel.format(value));
    });
  }

  /** What the pointer shows, for whoever moves it by the keyboard and does not see it. */
  #sentence() {
    const at = byId("figures-at", HTMLElement).textContent ?? "";
    return `${at}. ${this.#panels.map((panel) => `${panel.title}: ${said(panel, valuesAt(panel, this.#at))}`).join(". ")}`;
  }
}

/** @param {Panel} panel @param {number | null} at null: the last @returns {(number | null)[]} */
function valuesAt(panel, at) {
  return panel.series.map(({ samples }) => {
    const times = samples.map(([time]) => time);
    const index = at === null ? samples.length - 1 : nearest(times, at);
    return samples[index]?.[1] ?? null;
  });
}

/** @param {Panel} panel @param {(number | null)[]} values */
function said(panel, values) {
  return panel.series.map(({ name }, index) => `${name} ${panel.format(values[index] ?? null)}`).join(", ");
}

/** @param {number} at @param {number} length both in seconds */
function axisWords(at, length) {
  const date = new Date(at * 1000);
  const time = clock(date);
  if (length > 2 * 86_400) return `${date.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} ${time.slice(0, 5)}`;
  return at % 60 ? time : time.slice(0, 5);
}
