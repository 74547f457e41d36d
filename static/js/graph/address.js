// The page's state as its address carries it: a link shows a colleague the same thing. Pure.

/** @import { EdgeLabel, GraphType, PageState, View } from "./types.js" */

/** @type {readonly GraphType[]} */
export const GRAPH_TYPES = ["versioned_app", "app", "workload", "service"];
/** @type {readonly EdgeLabel[]} */
export const EDGE_LABELS = ["requests", "share", "errors", "p50", "p95", "p99", "throughput", "connections", "messages", "mtls", "none"];
/** @type {readonly View[]} */
const VIEWS = ["graph", "table"];

/**
 * @param {string} search the query of the address
 * @returns {PageState} what is unknown or missing takes its default
 */
export function parse(search) {
  const query = new URLSearchParams(search);
  const [label, label2] = (query.get("label") ?? "").split(",");
  return {
    type: oneOf(GRAPH_TYPES, query.get("type")) ?? "versioned_app",
    ns: [...new Set((query.get("ns") ?? "").split(",").filter(Boolean))].sort(),
    select: query.get("select") ?? "",
    label: oneOf(EDGE_LABELS, label) ?? "requests",
    label2: oneOf(EDGE_LABELS, label2) ?? "none",
    find: query.get("find") ?? "",
    hide: query.get("hide") ?? "",
    view: oneOf(VIEWS, query.get("view")) ?? "",
  };
}

/**
 * @param {PageState} state
 * @returns {string} "" or a query with its question mark; defaults are left out
 */
export function format(state) {
  const query = new URLSearchParams();
  if (state.type !== "versioned_app") query.set("type", state.type);
  if (state.ns.length) query.set("ns", state.ns.join(","));
  if (state.select) query.set("select", state.select);
  if (state.label2 !== "none") query.set("label", `${state.label},${state.label2}`);
  else if (state.label !== "requests") query.set("label", state.label);
  if (state.find) query.set("find", state.find);
  if (state.hide) query.set("hide", state.hide);
  if (state.view) query.set("view", state.view);
  const text = query.toString();
  return text && `?${text}`;
}

/** @template {string} T @param {readonly T[]} known @param {string | null | undefined} word @returns {T | null} */
function oneOf(known, word) {
  return known.find((candidate) => candidate === word) ?? null;
}
