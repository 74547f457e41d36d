// Which namespaces are folded into one node, and whose neighbourhood is shown: what a person asks for. Pure.

import { groupOf, OTHERS } from "./names.js";

/** @import { GraphModel } from "./model.js" */
/** @import { PageState } from "./types.js" */

/** How many names a view may be asked for by. */
const MOST_NAMES = 100;

/** @typedef {Pick<PageState, "fold" | "unfold">} Folding */

/** @param {Folding} state @param {string} namespace @returns {Folding} */
export function fold({ fold: folded, unfold }, namespace) {
  return { fold: joined(folded, namespace), unfold: unfold.filter((name) => name !== namespace) };
}

/** @param {Folding} state @param {string} namespace @returns {Folding} */
export function unfold({ fold: folded, unfold: open }, namespace) {
  // Those that are one node together are too many for a node each: there is nothing to unfold them by.
  if (namespace === OTHERS) return { fold: folded, unfold: open };
  return { fold: folded.filter((name) => name !== namespace), unfold: joined(open, namespace) };
}

/** @param {GraphModel} model @returns {string[]} every namespace in the view */
export function namespacesOf(model) {
  return [...new Set([...model.nodes.values()].map((node) => node.namespace).filter(Boolean))].sort();
}

/** @param {GraphModel} model @returns {Folding} */
export function foldAll(model) {
  const names = namespacesOf(model);
  // Of more than can be named the server folds all by itself.
  return { fold: names.length > MOST_NAMES ? [] : names, unfold: [] };
}

/** @type {Folding} */
export const UNFOLD_ALL = Object.freeze({ fold: [], unfold: ["*"] });

/**
 * @param {GraphModel} model
 * @param {string} id of a node, of an edge, or ""
 * @returns {string} the namespace that it stands in, or stands for; "" for none
 */
export function namespaceOf(model, id) {
  const edge = model.edges.get(id);
  const node = model.nodes.get(edge ? edge.target : id);
  return node ? groupOf(node) : "";
}

/** @param {GraphModel} model @returns {string} what the server did not send, in words; "" when it sent all */
export function leftOutWords({ leftOut: { nodes, edges } }) {
  const parts = [];
  if (nodes) parts.push(`${nodes.toLocaleString("en")} quieter ${nodes === 1 ? "node" : "nodes"}`);
  if (edges) parts.push(`${edges.toLocaleString("en")} quieter ${edges === 1 ? "edge" : "edges"}`);
  return parts.length ? `${parts.join(" and ")} not drawn` : "";
}

/** @param {string[]} names @param {string} name @returns {string[]} at most as many as the server takes */
function joined(names, name) {
  return [...new Set([name, ...names])].slice(0, MOST_NAMES).sort();
}
