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

/** @typedef {Sum & {way: "received" | "sent"}} NamespaceSum */

/**
 * @param {GraphModel} model
 * @returns {Map<string, NamespaceSum>} by namespace, of all requests that end in it; of one that only calls (a
 *   gateway's), of those that it sends
 */
export function namespaceSums(model) {
  /** @type {{received: Map<string, GraphEdge[]>, sent: Map<string, GraphEdge[]>}} */
  const edges = { received: new Map(), sent: new Map() };
  for (const edge of model.edges.values()) {
    note(edges.received, model.nodes.get(edge.target)?.namespace, edge);
    note(edges.sent, model.nodes.get(edge.source)?.namespace, edge);
  }
  const names = new Set([...model.nodes.values()].map((node) => node.namespace).filter(Boolean));
  return new Map([...names].map((name) => [name, sumOf(edges.received.get(name), edges.sent.get(name))]));
}

/** @param {Map<string, GraphEdge[]>} lists @param {string | undefined} name @param {GraphEdge} edge */
function note(lists, name, edge) {
  if (!name) return;
  const list = lists.get(name);
  if (list) list.push(edge);
  else lists.set(name, [edge]);
}

/** @param {GraphEdge[] | undefined} received @param {GraphEdge[]} sent @returns {NamespaceSum} */
function sumOf(received, sent = []) {
  return received ? { ...sum(received), way: "received" } : { ...sum(sent), way: "sent" };
}
