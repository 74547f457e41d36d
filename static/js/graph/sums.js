// One-line sums over the model, for the titles of boxes and for the panel. Pure.

/** @import { GraphModel } from "./model.js" */
/** @import { GraphEdge } from "./types.js" */

/** @typedef {{requests: number, errorRatio: number}} Sum requests per second, and how many of them failed */

/** @param {Iterable<GraphEdge>} edges @returns {Sum} */
export function sum(edges) {
  let requests = 0;
  let errors = 0;
  for (const edge of edges) {
    requests += edge.requests_per_second;
    errors += edge.requests_per_second * edge.error_ratio;
  }
  return { requests, errorRatio: requests > 0 ? errors / requests : 0 };
}

/**
 * @param {GraphModel} model
 * @param {string} namespace
 * @returns {Sum & {way: "received" | "sent"}} of all requests that end in it; of one that only calls (a gateway's), of
 *   those that it sends
 */
export function namespaceSum(model, namespace) {
  const at = (/** @type {string} */ id) => model.nodes.get(id)?.namespace === namespace;
  const edges = [...model.edges.values()];
  const received = edges.filter((edge) => at(edge.target));
  if (received.length) return { ...sum(received), way: "received" };
  return { ...sum(edges.filter((edge) => at(edge.source))), way: "sent" };
}
