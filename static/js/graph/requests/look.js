// What the requests of the chosen node or edge are asked for with. Pure.

/** @import { GraphModel } from "../model.js" */
/** @import { GraphNode, GraphType } from "../types.js" */

/** @typedef {Pick<GraphNode, "kind" | "namespace" | "app" | "version" | "workload" | "service">} End */
/** @typedef {{graph_type: GraphType, target: End, source?: End, codes: string[]}} Look */

/** The choices of the filter, in the words of the socket. @type {Readonly<Record<string, string[]>>} */
const CODES = Object.freeze({
  "": [],
  ok: ["1xx", "2xx", "3xx"],
  "4xx": ["4xx"],
  "5xx": ["5xx", "none"],
  errors: ["4xx", "5xx", "none"],
});

/**
 * @param {GraphModel} model
 * @param {string} id of a node or an edge
 * @param {string} filter one of the choices above
 * @returns {Look | null} null: the graph does not have it (yet)
 */
export function lookAt(model, id, filter) {
  const { graphType } = model;
  const edge = model.edges.get(id);
  const target = model.nodes.get(edge ? edge.target : id);
  const source = edge ? model.nodes.get(edge.source) : undefined;
  if (!graphType || !target || (edge && !source)) return null;
  return { graph_type: graphType, target: end(target), ...(source ? { source: end(source) } : {}), codes: CODES[filter] ?? [] };
}

/** @param {GraphNode} node @returns {End} */
function end({ kind, namespace, app, version, workload, service }) {
  return { kind, namespace, app, version, workload, service };
}

/**
 * The requests that the graph sees there, per second: what decides whether an empty log is a quiet one.
 * @param {GraphModel} model @param {string} id
 */
export function rateOf(model, id) {
  return (model.edges.get(id) ?? model.nodes.get(id))?.requests_per_second ?? 0;
}
