// The table twin of a comparison: before, after and difference of each call, sortable; and of one call in the panel.

import { byId, el, findAll, setText } from "../../dom.js";
import { number } from "../../format.js";
import { nodeTitle } from "../names.js";
import { difference, signed, sorted, value } from "./differences.js";

/** @import { GraphNode } from "../types.js" */
/** @import { Column, Comparison, Measure, Order, Pair, Row } from "./differences.js" */

const MEASURES = /** @type {const} */ (["requests", "errors", "p95"]);
const SIDES = /** @type {const} */ (["before", "after", "by"]);
/** @type {Record<Measure, string>} */
const NAMES = { requests: "Requests rps", errors: "Errors %", p95: "p95 ms" };
/** A difference for the worse; more requests are neither. @type {ReadonlySet<Measure>} */
const WORSE_UP = new Set(/** @type {const} */ (["errors", "p95"]));

export class ComparisonTable {
  #root = byId("differences", HTMLElement);
  #body = byId("difference-rows", HTMLElement);
  #beside = byId("panel-comparison", HTMLElement);
  /** @type {Order} */ #order = { column: "change", descending: true };
  /** @type {Comparison | null} */ #comparison = null;
  #drawn = "";

  /** @param {(id: string) => void} choose */
  constructor(choose) {
    for (const head of findAll(this.#root, "th[data-column]", HTMLElement)) {
      head.addEventListener("click", () => this.#sort(/** @type {Column} */ (head.dataset.column)));
    }
    this.#body.addEventListener("click", (event) => {
      const row = event.target instanceof Element ? event.target.closest("tr") : null;
      if (row?.dataset.edge) choose(row.dataset.edge);
    });
  }

  /** @param {Comparison | null} comparison @param {string} selected id of the node or edge in the panel */
  render(comparison, selected) {
    this.#root.hidden = comparison === null;
    const pair = comparison && [...comparison.edges, ...comparison.nodes].find((one) => one.id === selected);
    this.#beside.hidden = !pair;
    if (comparison !== this.#comparison || !comparison) this.#drawn = "";
    this.#comparison = comparison;
    if (!comparison) return;
    const key = `${selected} ${this.#order.column} ${this.#order.descending}`;
    if (key === this.#drawn) return;
    this.#drawn = key;
    this.#draw(comparison, selected);
    if (pair) this.#beside.replaceChildren(...besideOf(pair));
  }

  /** @param {Comparison} comparison @param {string} selected */
  #draw(comparison, selected) {
    const names = new Map(comparison.nodes.map((node) => [node.id, nodeTitle(/** @type {GraphNode} */ (/** @type {unknown} */ (node)))]));
    const rows = comparison.edges.map((edge) => ({
      edge,
      source: names.get(edge.source) ?? edge.source,
      target: names.get(edge.target) ?? edge.target,
      difference: difference(edge),
    }));
    this.#body.replaceChildren(...sorted(rows, this.#order).map((row) => rowOf(row, selected)));
    for (const head of findAll(this.#root, "th[data-column]", HTMLElement)) {
      if (head.dataset.column === this.#order.column) head.setAttribute("aria-sort", this.#order.descending ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  }

  /** @param {Column} column */
  #sort(column) {
    const words = column === "source" || column === "target";
    this.#order = this.#order.column === column ? { column, descending: !this.#order.descending } : { column, descending: !words };
    if (this.#comparison) this.render(this.#comparison, byId("panel", HTMLElement).dataset.id ?? "");
  }
}

/** @param {Row} row @param {string} selected */
function rowOf(row, selected) {
  const { edge, difference: found } = row;
  const name = el("button", { type: "button" }, row.source);
  const cells = MEASURES.flatMap((measure) => SIDES.map((side) => figure(edge, measure, side)));
  const about = { "data-edge": edge.id, "data-kind": found.kind, class: edge.id === selected ? "chosen" : null, role: "row" };
  const word = el("td", { role: "cell", class: `cell-change difference diff-${found.kind}` }, found.word);
  return el("tr", about, el("td", { role: "cell", class: "cell-source" }, name), el("td", { role: "cell", class: "cell-target" }, row.target), word, ...cells);
}

/** @param {Pair} pair @param {Measure} measure @param {"before" | "after" | "by"} side */
function figure(pair, measure, side) {
  const found = value(pair, measure, side);
  const text = side === "by" ? signed(found) : found === null ? "–" : number(found);
  const worse = side === "by" && found !== null && found > 0 && WORSE_UP.has(measure);
  const about = { role: "cell", "data-figure": `${measure}-${side}`, "data-value": found ?? "" };
  return el("td", { ...about, class: `number ${side === "by" ? "by" : ""} ${worse ? "worse" : ""}` }, text);
}

/** @param {Pair} pair @returns {Node[]} a small table for the panel */
function besideOf(pair) {
  const title = el("h3");
  setText(title, `Before and after: ${difference(pair).label || "the same"}`);
  const head = el("tr", {}, ...["", "Before", "After", "Difference"].map((word, i) => el("th", { class: i ? "number" : null, scope: "col" }, word)));
  const rows = MEASURES.map((measure) => el("tr", {}, el("th", { scope: "row" }, NAMES[measure]), ...SIDES.map((side) => figure(pair, measure, side))));
  return [title, el("table", { class: "table" }, el("thead", {}, head), el("tbody", {}, ...rows))];
}
