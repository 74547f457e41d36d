// The rows of the table twin, and their order. Pure.

import { titleOf } from "./names.js";

/** @import { GraphModel } from "./model.js" */
/** @import { GraphEdge } from "./types.js" */

/** @typedef {"source" | "target" | "protocol" | "requests" | "errors" | "p50" | "p95" | "p99" | "share"} Column */
/** @typedef {{column: Column, descending: boolean}} Order */
/** @typedef {{edge: GraphEdge, source: string, target: string}} Row */

/** @type {Order} */
export const FIRST_ORDER = Object.freeze({ column: "requests", descending: true });
const NATURAL = new Intl.Collator("en", { numeric: true });
/** @type {ReadonlySet<Column>} */
const WORDS = new Set(/** @type {const} */ (["source", "target", "protocol"]));

/**
 * @param {GraphModel} model
 * @param {Order} order
 * @returns {Row[]} unknown numbers last, whichever way the order goes
 */
export function rows(model, order) {
  const all = [...model.edges.values()].map((edge) => ({
    edge,
    source: titleOf(model, edge.source),
    target: titleOf(model, edge.target),
  }));
  return all.sort((a, b) => compare(a, b, order) || NATURAL.compare(a.edge.id, b.edge.id));
}

/** @param {Order} order @param {Column} column @returns {Order} the order after a click on a column's head */
export function reorder(order, column) {
  if (order.column === column) return { column, descending: !order.descending };
  return { column, descending: !WORDS.has(column) };
}

/** @param {Row} a @param {Row} b @param {Order} order */
function compare(a, b, { column, descending }) {
  const [left, right] = [value(a, column), value(b, column)];
  if (left === null || right === null) return Number(left === null) - Number(right === null);
  const up = typeof left === "string" ? NATURAL.compare(left, String(right)) : left - Number(right);
  return descending ? -up : up;
}

/** @param {Row} row @param {Column} column @returns {string | number | null} */
function value({ edge, source, target }, column) {
  switch (column) {
    case "source":
      return source;
    case "target":
      return target;
    case "protocol":
      return edge.protocol;
    case "requests":
      return edge.requests_per_second;
    case "errors":
      return edge.error_ratio;
    case "share":
      return edge.share;
    default:
      return edge.latency_ms[column];
  }
}
