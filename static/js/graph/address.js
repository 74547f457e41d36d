// The page's state as its address carries it: a link shows a colleague the same thing. Pure.

import { moment, speedOf } from "./time/moments.js";

/** @import { EdgeLabel, GraphType, PageState, View } from "./types.js" */

/** @type {readonly GraphType[]} */
export const GRAPH_TYPES = ["versioned_app", "app", "workload", "service"];
/** @type {readonly EdgeLabel[]} */
export const EDGE_LABELS = ["requests", "share", "errors", "p50", "p95", "p99", "none"];
/** @type {readonly View[]} */
const VIEWS = ["graph", "table"];

/**
 * @param {string} search the query of the address
 * @returns {PageState} what is unknown or missing takes its default
 */
export function parse(search) {
  const query = new URLSearchParams(search);
  return {
    type: oneOf(GRAPH_TYPES, query.get("type")) ?? "versioned_app",
    ns: [...new Set((query.get("ns") ?? "").split(",").filter(Boolean))].sort(),
    select: query.get("select") ?? "",
    label: oneOf(EDGE_LABELS, query.get("label")) ?? "requests",
    view: oneOf(VIEWS, query.get("view")) ?? "",
    at: moment(query.get("at")),
    vs: moment(query.get("vs")),
    speed: query.get("at") ? speedOf(query.get("speed")) : 0,
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
  if (state.label !== "requests") query.set("label", state.label);
  if (state.view) query.set("view", state.view);
  if (state.at) query.set("at", state.at);
  if (state.vs) query.set("vs", state.vs);
  if (state.speed) query.set("speed", String(state.speed));
  const text = query.toString();
  return text && `?${text}`;
}

/** @template {string} T @param {readonly T[]} known @param {string | null} word @returns {T | null} */
function oneOf(known, word) {
  return known.find((candidate) => candidate === word) ?? null;
}
