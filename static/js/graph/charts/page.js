// The Figures page: one node, edge or version over time, live or between two moments, with what was done to it.

import { ApiError, get } from "../../api.js";
import { BASE } from "../../base.js";
import { byId, data, el, findAll, setText } from "../../dom.js";
import { GRAPH_TYPES } from "../address.js";
import { nodeTitle } from "../names.js";
import { Pill } from "../pill.js";
import { GLYPHS, named, spanOf } from "../time/marks.js";
import { iso, timeOf, typed } from "../time/moments.js";
import { figuresPath, marksPath } from "../time/query.js";
import { Chart } from "./chart.js";
import { configured, labelsOf, withSource } from "./links.js";
import { between, focusOf, nameOfId, rangeKey, rangeOf, RANGES, stretchFor } from "./range.js";
import { summary } from "./summary.js";
import { linksTo } from "./ways.js";

/** @import { Source } from "../../shapes.js" */
/** @import { Reading } from "../freshness.js" */
/** @import { FullFrame, GraphNode, GraphType } from "../types.js" */
/** @import { Mark } from "../time/marks.js" */
/** @import { Stretch } from "../time/moments.js" */
/** @import { Range } from "./range.js" */

/** A few ticks; of a long stretch one point in a hundred. */
const EVERY_MS = 5000;
const LATE_AFTER = 2;
const STALE_AFTER = 4;

const page = /** @type {{serverTime: number, links?: Record<string, string>}} */ (data("page"));
const loaded = /** @type {PerformanceNavigationTiming | undefined} */ (performance.getEntriesByType("navigation")[0]);
const clockAhead = performance.timeOrigin + (loaded?.responseStart ?? 0) - page.serverTime;
const now = () => Date.now() - clockAhead;

class FiguresPage {
  #query = new URLSearchParams(location.search);
  #id = this.#query.get("id") ?? "";
  #type = /** @type {GraphType} */ (GRAPH_TYPES.find((type) => type === this.#query.get("type")) ?? "versioned_app");
  /** @type {Range} */ #range = rangeOf(this.#query.get("range"));
  #pill = new Pill(byId("age", HTMLElement));
  #chart = new Chart(byId("chart", HTMLElement), byId("page-module", HTMLScriptElement).dataset.plotly ?? "", (zoom) => this.#zoomed(zoom));
  /** @type {Mark[]} */ #marks = [];
  /** @type {Stretch | null} */ #zoom = null;
  #abort = new AbortController();
  #namespaces = /** @type {string[]} */ ([]);
  #answeredAt = 0;
  #failedSince = "";

  start() {
    setText(byId("title", HTMLElement), nameOfId(this.#id) || "No node or edge is chosen");
    this.#listen();
    if (!this.#id) return this.#say("This page shows one node or edge over time: open it from the graph's side panel.");
    this.#follow();
    void this.#askWho();
    window.setInterval(() => this.#range.seconds && !document.hidden && void this.#ask(), EVERY_MS);
    window.setInterval(() => this.#tick(), 500);
  }

  #listen() {
    byId("ranges", HTMLElement).addEventListener("change", (event) => {
      if (event.target instanceof HTMLInputElement) this.#go(rangeOf(event.target.value));
    });
    byId("custom", HTMLFormElement).addEventListener("submit", (event) => {
      event.preventDefault();
      this.#custom();
    });
    byId("zoom-reset", HTMLButtonElement).addEventListener("click", () => void this.#chart.reset());
    byId("zoom-keep", HTMLButtonElement).addEventListener("click", () => this.#zoom && this.#go(between(this.#zoom.from, this.#zoom.to)));
    window.addEventListener("popstate", () => {
      this.#range = rangeOf(new URLSearchParams(location.search).get("range"));
      this.#follow();
    });
    document.addEventListener("meshui:theme", () => void this.#chart.draw());
    document.addEventListener("visibilitychange", () => document.hidden || void this.#ask());
  }

  #custom() {
    const [from, to] = [byId("since", HTMLInputElement), byId("until", HTMLInputElement)].map((field) => typed(field.value || "-0s", now()));
    const wrong = from === null || to === null ? "Write both times as 12:04, 2026-11-28 12:04 or -30m." : from === undefined || to === undefined || from >= to ? "The first time has to be before the second." : "";
    setText(byId("custom-wrong", HTMLElement), wrong);
    if (!wrong && from && to) this.#go(between(from, to));
  }

  /** @param {Range} range */
  #go(range) {
    this.#range = range;
    const query = new URLSearchParams({ type: this.#type, id: this.#id, range: rangeKey(range) });
    history.pushState(null, "", `${location.pathname}?${query}`);
    this.#follow();
  }

  #follow() {
    const key = rangeKey(this.#range);
    for (const radio of findAll(byId("ranges", HTMLElement), "input", HTMLInputElement)) radio.checked = radio.value === key;
    const fixed = this.#range.seconds === 0;
    byId("since", HTMLInputElement).value = fixed ? local(this.#range.since) : "";
    byId("until", HTMLInputElement).value = fixed ? local(this.#range.until) : "";
    byId("figures", HTMLElement).classList.toggle("past", fixed);
    this.#zoomed(null);
    void this.#ask();
  }

  /** @param {Stretch | null} zoom */
  #zoomed(zoom) {
    this.#zoom = zoom;
    for (const id of ["zoom-reset", "zoom-keep"]) byId(id, HTMLElement).hidden = zoom === null;
  }

  async #ask() {
    this.#abort.abort();
    const { signal } = (this.#abort = new AbortController());
    const shown = stretchFor(this.#range, now());
    const [since, until] = [iso(shown.from), iso(shown.to)];
    try {
      const [found] = await Promise.all([get(figuresPath(this.#type, this.#id, since, until), signal), this.#askMarks(since, until, signal)]);
      if (signal.aborted) return;
      this.#answeredAt = now();
      this.#failedSince = "";
      this.#say("");
      setText(byId("summary", HTMLElement), summary(found));
      await this.#chart.show({ columns: found, marks: this.#marks, shown, revision: `${this.#id} ${rangeKey(this.#range)}`, now: now() });
      byId("figures", HTMLElement).dataset.points = String(found.t.length);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      this.#failedSince ||= iso(now());
      this.#say(error.message);
    }
    this.#tick();
  }

  /** @param {string} since @param {string} until @param {AbortSignal} signal */
  async #askMarks(since, until, signal) {
    try {
      this.#marks = (await get(marksPath(since, until, this.#namespaces), signal)).marks;
      this.#listMarks();
    } catch (error) {
      // Figures without marks are worth showing; marks that were known stay.
      if (!(error instanceof ApiError)) throw error;
    }
  }

  #listMarks() {
    const items = this.#marks.map((mark) => {
      const [start] = spanOf(mark, now());
      const name = `${GLYPHS[mark.kind]} ${named(mark)}`;
      const link = mark.url ? el("a", { href: mark.url }, name) : name;
      return el("li", {}, el("time", { class: "number" }, timeOf(start, now())), " ", link, mark.by ? `, by ${mark.by}` : "");
    });
    const list = byId("marks", HTMLElement);
    if (list.textContent !== items.map((item) => item.textContent).join("")) list.replaceChildren(...items);
    byId("marks-none", HTMLElement).hidden = items.length > 0;
  }

  /** Its real name and its labels; without them the page works by the id alone. */
  async #askWho() {
    const query = new URLSearchParams({ graph_type: this.#type, focus: focusOf(this.#id), depth: "1" });
    try {
      const graph = /** @type {FullFrame} */ (await get(`graph?${query}`));
      const nodes = new Map(graph.nodes.map((node) => [node.id, node]));
      const edge = graph.edges.find(({ id }) => id === this.#id);
      this.#name(nodes.get(edge?.target ?? this.#id), edge && nodes.get(edge.source));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#name(undefined, undefined);
    }
  }

  /** @param {GraphNode | undefined} node @param {GraphNode | undefined} source of a call */
  #name(node, source) {
    const title = node ? (source ? `${nodeTitle(source)} → ${nodeTitle(node)}` : nodeTitle(node)) : nameOfId(this.#id);
    setText(byId("title", HTMLElement), title);
    document.title = `${title} · Figures · meshui`;
    if (node?.namespace) this.#namespaces = [...new Set([node.namespace, source?.namespace ?? node.namespace])];
    setText(byId("where", HTMLElement), node?.namespace ? `in ${node.namespace}` : "");
    const labels = labelsOf(node, stretchFor(this.#range, now()));
    const graph = new URLSearchParams({ type: this.#type, select: this.#id });
    if (this.#range.seconds === 0) graph.set("at", this.#range.until);
    const back = el("a", { class: "button button-small", href: `${BASE}graph/?${graph}` }, "In the graph");
    byId("ways", HTMLElement).replaceChildren(back, ...linksTo(configured(page.links), source ? withSource(labels, source) : labels));
  }

  /** @param {string} problem "" for none */
  #say(problem) {
    const note = byId("figures-note", HTMLElement);
    note.hidden = problem === "";
    setText(note, problem);
    byId("figures", HTMLElement).classList.toggle("stale", problem !== "");
  }

  #tick() {
    this.#pill.show(this.#reading(), /** @type {Source | null} */ (null));
  }

  /** @returns {Reading} */
  #reading() {
    const fixed = this.#range.seconds === 0;
    const last = fixed ? Date.parse(this.#range.until) : this.#answeredAt;
    const age = last ? Math.max(0, (now() - last) / 1000) : null;
    if (this.#failedSince) return { state: "stale", ageSeconds: age, since: this.#failedSince, frozen: true };
    if (age === null) return { state: "connecting", ageSeconds: null, since: "", frozen: false };
    if (fixed) return { state: "past", ageSeconds: age, since: this.#range.until, frozen: true };
    const ticks = (age * 1000) / EVERY_MS;
    const since = ticks > STALE_AFTER ? iso(last) : "";
    return { state: ticks > STALE_AFTER ? "stale" : ticks > LATE_AFTER ? "late" : "live", ageSeconds: age, since, frozen: since !== "" };
  }
}

/** @param {string} moment ISO @returns {string} as one types it */
function local(moment) {
  const date = new Date(moment);
  const two = (/** @type {number} */ part) => String(part).padStart(2, "0");
  return `${date.getFullYear()}-${two(date.getMonth() + 1)}-${two(date.getDate())} ${two(date.getHours())}:${two(date.getMinutes())}:${two(date.getSeconds())}`;
}

byId("ranges", HTMLElement).append(...RANGES.map(({ key, name }) => el("label", {}, el("input", { type: "radio", name: "range", value: key }), name)));
new FiguresPage().start();
