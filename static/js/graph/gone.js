// Why the chosen node or edge is not in the graph, and only what is known of it. Pure.

import { nameOfId } from "./charts/range.js";

/** @import { GraphModel } from "./model.js" */
/** @import { GraphType } from "./types.js" */

/** Of what kind the ids of each graph are. @type {Record<GraphType, string>} */
const KIND = { versioned_app: "app", app: "app", workload: "workload", service: "service" };
/** @type {Record<GraphType, string>} */
const SHOWS = { versioned_app: "apps by version", app: "apps", workload: "workloads", service: "services" };

/**
 * `elsewhere`: it is not asked for in this view, so that nothing is known of its traffic.
 * @typedef {{title: string, words: string, elsewhere: boolean}} Gone
 */

/**
 * @param {string} id of a node or an edge that the model has not
 * @param {Pick<GraphModel, "graphType" | "namespaces" | "folded" | "source">} model
 * @returns {Gone}
 */
export function goneOf(id, { graphType, namespaces, folded, source }) {
  const title = nameOfId(id);
  const [kind = "", namespace = ""] = id.split(/[:/]/);
  const elsewhere = (/** @type {string} */ words) => ({ title, words, elsewhere: true });
  if (graphType && kind in KINDS && kind !== KIND[graphType]) return elsewhere(`Not in this graph: it shows ${SHOWS[graphType]}. Choose the ${KINDS[kind]} graph to see it.`);
  if (folded.includes(namespace)) return elsewhere(`Not in this graph: its namespace ${namespace} is folded. Unfold it to see this.`);
  if (namespaces.length && namespace && !namespaces.includes(namespace)) return elsewhere(`Not in this graph: the namespace ${namespace} is not among those that are chosen above.`);
  const seconds = source?.window_seconds ?? 0;
  return { title, words: seconds ? `Not in the graph: no request of it was seen in the last ${seconds} s.` : "Not in the graph.", elsewhere: false };
}

/** @type {Record<string, string>} */
const KINDS = { app: "App", workload: "Workload", service: "Service" };
