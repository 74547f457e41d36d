// The page's state as its address carries it: a link shows a colleague the same thing. Pure.

import { moment, speedOf } from "./time/moments.js";

/** @import { EdgeLabel, GraphType, PageState, View } from "./types.js" */

/** @type {readonly GraphType[]} */
export const GRAPH_TYPES = ["versioned_app", "app", "workload", "service"];
/** @type {readonly EdgeLabel[]} */
export const EDGE_LABELS = ["requests", "share", "errors", "p50", "p95", "p99", "throughput", "connections", "messages", "mtls", "none"];
/** @type {readonly View[]} */
const VIEWS = ["graph", "table"];
/** Steps around a node after which nearly every mesh is there as a whole. */
export const DEEPEST = 5;

/**
 * @param {string} search the query of the address
 * @returns {PageState} what is unknown or missing takes its default
 */
export function parse(search) {
  const query = new URLSearchParams(search);
  const [label, label2] = (query.get("label") ?? "").split(",");
  return {
    type: oneOf(GRAPH_TYPES, query.get("type")) ?? "versioned_app",
    ns: words(query.get("ns")),
    select: query.get("select") ?? "",
    label: oneOf(EDGE_LABELS, label) ?? "requests",
    label2: oneOf(EDGE_LABELS, label2) ?? "none",
    find: query.get("find") ?? "",
    hide: query.get("hide") ?? "",
    view: oneOf(VIEWS, query.get("view")) ?? "",
    at: moment(query.get("at")),
    vs: moment(query.get("vs")),
    speed: query.get("at") ? speedOf(query.get("speed")) : 0,
    fold: words(query.get("fold")),
    unfold: words(query.get("unfold")),
    focus: query.get("focus") ?? "",
    depth: Math.min(DEEPEST, Math.max(1, Math.floor(Number(query.get("depth"))) || 1)),
    idle: query.get("idle") === "1",
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
  if (state.at) query.set("at", state.at);
  if (state.vs) query.set("vs", state.vs);
  if (state.speed) query.set("speed", String(state.speed));
  if (state.fold.length) query.set("fold", state.fold.join(","));
  if (state.unfold.length) query.set("unfold", state.unfold.join(","));
  if (state.focus) query.set("focus", state.focus);
  if (state.focus && state.depth !== 1) query.set("depth", String(state.depth));
  if (state.idle) query.set("idle", "1");
  const text = query.toString();
  return text && `?${text}`;
}

/** @param {string | null} list @returns {string[]} what stands between its commas, each once */
function words(list) {
  return [...new Set((list ?? "").split(",").filter(Boolean))].sort();
}

/** @template {string} T @param {readonly T[]} known @param {string | null | undefined} word @returns {T | null} */
function oneOf(known, word) {
  return known.find((candidate) => candidate === word) ?? null;
}
