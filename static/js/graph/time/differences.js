// What is different between two moments, in words, shapes and order. Pure.

import { duration, number, percent, rate } from "../../format.js";

/** @import { GraphEdge, GraphNode, FullFrame, GraphType, Health } from "../types.js" */

/**
 * @typedef {object} Figures
 * @property {number} requests_per_second
 * @property {number} error_ratio 0 to 1
 * @property {number | null} p50 milliseconds
 * @property {number | null} p95
 * @property {number | null} p99
 * @property {number} bytes_per_second
 * @property {Health} health
 */
/** @typedef {{before: Figures | null, after: Figures | null}} Pair */
/** @typedef {Pair & Pick<GraphNode, "id" | "kind" | "namespace" | "app" | "version" | "workload" | "service">} NodePair */
/** @typedef {Pair & Pick<GraphEdge, "id" | "source" | "target" | "protocol">} EdgePair */
/** @typedef {{before: string, after: string, nodes: NodePair[], edges: EdgePair[]}} Comparison */
/** @typedef {"failing" | "slower" | "gone" | "new" | "fixed" | "faster" | "busier" | "quieter" | "same"} Kind */
/** @typedef {{kind: Kind, word: string, label: string}} Difference */

/** Errors differ when the ratio moved by a percentage point, and not by less than a quarter of what it was. */
const ERRORS = Object.freeze({ points: 0.01, part: 0.25 });
/** Latency differs when p95 moved by a quarter and by what one can notice. */
const LATENCY = Object.freeze({ part: 0.25, ms: 10 });
/** Requests differ when there is half as many again, and more than a few. */
const REQUESTS = Object.freeze({ part: 0.5, rps: 0.5 });

/** Worst first: this is also the order in the sentence and in the table. @type {readonly Kind[]} */
export const KINDS = Object.freeze(["failing", "slower", "gone", "new", "fixed", "faster", "busier", "quieter", "same"]);

/** @type {Record<Kind, {glyph: string, word: string, one: string, many: string}>} */
const WORDS = {
  failing: { glyph: "✕", word: "fails more", one: "fails more", many: "fail more" },
  slower: { glyph: "▲", word: "slower", one: "got slower", many: "got slower" },
  gone: { glyph: "−", word: "gone", one: "is gone", many: "are gone" },
  new: { glyph: "+", word: "new", one: "is new", many: "are new" },
  fixed: { glyph: "✓", word: "fails less", one: "fails less", many: "fail less" },
  faster: { glyph: "▼", word: "faster", one: "got faster", many: "got faster" },
  busier: { glyph: "↑", word: "more requests", one: "has more requests", many: "have more requests" },
  quieter: { glyph: "↓", word: "fewer requests", one: "has fewer requests", many: "have fewer requests" },
  same: { glyph: "", word: "same", one: "is the same", many: "are the same" },
};

/** @param {Pair} pair @returns {Difference} the worst that is different */
export function difference({ before, after }) {
  const kind = kindOf(before, after);
  const { glyph, word } = WORDS[kind];
  const amount = amountOf(kind, before, after);
  if (kind === "same") return { kind, word: "same", label: "" };
  return { kind, word: `${glyph} ${word}`, label: `${glyph} ${word}${amount && `, ${amount}`}` };
}

/** @param {Figures | null} before @param {Figures | null} after @returns {Kind} */
function kindOf(before, after) {
  if (before === null || after === null) return before === after ? "same" : before === null ? "new" : "gone";
  const requests = moved(before.requests_per_second, after.requests_per_second, REQUESTS.part, REQUESTS.rps);
  // A call that nobody made in one of the two moments is not faster for it.
  if (!before.requests_per_second || !after.requests_per_second) return byRequests(requests);
  const errors = moved(before.error_ratio, after.error_ratio, ERRORS.part, ERRORS.points);
  if (errors > 0) return "failing";
  const latency = before.p95 === null || after.p95 === null ? 0 : moved(before.p95, after.p95, LATENCY.part, LATENCY.ms);
  if (latency > 0) return "slower";
  if (errors < 0) return "fixed";
  return latency < 0 ? "faster" : byRequests(requests);
}

/** @param {number} requests -1, 0 or 1 @returns {Kind} */
function byRequests(requests) {
  if (requests === 0) return "same";
  return requests > 0 ? "busier" : "quieter";
}

/** @param {number} before @param {number} after @param {number} part of the smaller one @param {number} least @returns {-1 | 0 | 1} */
function moved(before, after, part, least) {
  const by = after - before;
  if (Math.abs(by) < least || Math.abs(by) < part * Math.min(before, after)) return 0;
  return by > 0 ? 1 : -1;
}

/** @param {Kind} kind @param {Figures | null} before @param {Figures | null} after */
function amountOf(kind, before, after) {
  if (kind === "new") return after ? rate(after.requests_per_second) : "";
  if (!before || !after) return "";
  if (kind === "failing" || kind === "fixed") return `${percent(before.error_ratio)} → ${percent(after.error_ratio)}`;
  if (kind === "slower" || kind === "faster") return `p95 ${duration(before.p95)} → ${duration(after.p95)}`;
  return `${rate(before.requests_per_second)} → ${rate(after.requests_per_second)}`;
}

/** @param {EdgePair[]} edges @returns {string} "3 edges got slower, 1 fails more, 2 are new." */
export function sentence(edges) {
  const counts = new Map(KINDS.map((kind) => [kind, 0]));
  for (const edge of edges) {
    const { kind } = difference(edge);
    counts.set(kind, (counts.get(kind) ?? 0) + 1);
  }
  const told = KINDS.filter((kind) => kind !== "same" && counts.get(kind));
  if (told.length === 0) return edges.length ? "No edge is different: same calls, errors and latency." : "There was no traffic at either moment.";
  const parts = told.map((kind, i) => {
    const count = counts.get(kind) ?? 0;
    const noun = i > 0 ? "" : count === 1 ? " edge" : " edges";
    return `${count}${noun} ${count === 1 ? WORDS[kind].one : WORDS[kind].many}`;
  });
  const same = counts.get("same") ?? 0;
  return `${parts.join(", ")}${same ? `; ${same} ${same === 1 ? "is" : "are"} the same` : ""}.`;
}

const NO_FIGURES = Object.freeze({ requests_per_second: 0, error_ratio: 0, p50: null, p95: null, p99: null, bytes_per_second: 0, health: "idle" });

/**
 * The comparison as a frame that the graph draws: the figures of the later moment, of what is gone those before.
 * @param {Comparison} comparison
 * @param {GraphType} graphType
 * @param {string[]} namespaces
 * @returns {FullFrame}
 */
export function frameOf(comparison, graphType, namespaces) {
  return {
    type: "full",
    notice: "",
    seq: 0,
    taken_at: comparison.after,
    graph_type: graphType,
    namespaces,
    tick_seconds: 1,
    source: { name: "history", state: "ok", since: null, message: "", taken_at: comparison.after, window_seconds: 0 },
    nodes: comparison.nodes.map(nodeOf),
    edges: comparison.edges.map(edgeOf),
  };
}

/** @param {NodePair} pair @returns {GraphNode} */
function nodeOf({ before, after, ...node }) {
  const figures = after ?? before ?? NO_FIGURES;
  const { requests_per_second, error_ratio, health, bytes_per_second, p50, p95, p99 } = /** @type {Figures} */ (figures);
  const rest = { cluster: "", members: 0, latency_ms: { p50, p95, p99 } };
  return { ...rest, ...node, requests_per_second, error_ratio, health, bytes_per_second, difference: difference({ before, after }) };
}

/** @param {EdgePair} pair @returns {GraphEdge} */
function edgeOf({ before, after, ...edge }) {
  const { requests_per_second, error_ratio, health, p50, p95, p99 } = /** @type {Figures} */ (after ?? before ?? NO_FIGURES);
  const rest = { sent_bytes_per_second: 0, received_bytes_per_second: 0, messages_per_second: 0, connections_per_second: 0, mtls: null };
  const shown = { requests_per_second, error_ratio, health, latency_ms: { p50, p95, p99 }, share: null, response_flags: {} };
  return { ...edge, ...rest, ...shown, difference: difference({ before, after }) };
}

/** @typedef {"requests" | "errors" | "p95"} Measure */
/** @typedef {"source" | "target" | "change" | `${Measure}-${"before" | "after" | "by"}`} Column */
/** @typedef {{column: Column, descending: boolean}} Order */
/** @typedef {{edge: EdgePair, source: string, target: string, difference: Difference}} Row */

/** @type {Record<Measure, (figures: Figures) => number | null>} */
const MEASURES = {
  requests: (figures) => figures.requests_per_second,
  errors: (figures) => figures.error_ratio * 100,
  p95: (figures) => figures.p95,
};
const NATURAL = new Intl.Collator("en", { numeric: true });

/** @param {Pair} pair @param {Measure} measure @param {string} which @returns {number | null} null: not known, or not there */
export function value({ before, after }, measure, which) {
  const read = MEASURES[measure];
  const [was, is] = [before && read(before), after && read(after)];
  if (which === "before") return was;
  if (which === "after") return is;
  return was === null || is === null ? null : is - was;
}

/** @param {number | null} by @returns {string} a difference always carries its sign */
export function signed(by) {
  if (by === null) return "–";
  return by > 0 ? `+${number(by)}` : number(by);
}

/** @param {Row[]} rows @param {Order} order @returns {Row[]} unknown numbers last, whichever way the order goes */
export function sorted(rows, { column, descending }) {
  const compared = (/** @type {Row} */ a, /** @type {Row} */ b) => {
    const [left, right] = [key(a, column), key(b, column)];
    if (left === null || right === null) return Number(left === null) - Number(right === null);
    const up = typeof left === "string" ? NATURAL.compare(left, String(right)) : left - Number(right);
    return (descending ? -up : up) || NATURAL.compare(a.edge.id, b.edge.id);
  };
  return [...rows].sort(compared);
}

/** @param {Row} row @param {Column} column @returns {string | number | null} */
function key(row, column) {
  if (column === "source" || column === "target") return row[column];
  if (column === "change") return -KINDS.indexOf(row.difference.kind);
  const [measure, which] = column.split("-");
  return value(row.edge, /** @type {Measure} */ (measure), which ?? "");
}
