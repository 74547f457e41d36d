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
 * @returns {Sum & {apps: number}} of all requests that end in it
 */
export function namespaceSum(model, namespace) {
  const ends = [...model.edges.values()].filter((edge) => model.nodes.get(edge.target)?.namespace === namespace);
  const inside = [...model.nodes.values()].filter((node) => node.namespace === namespace);
  const apps = new Set(inside.map((node) => node.app || node.workload || node.service));
  return { ...sum(ends), apps: apps.size };
}
