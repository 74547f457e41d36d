// What things are called and in which words their state is said. Pure.

/** @import { EdgeLabel, GraphEdge, GraphNode, GraphType, Health } from "./types.js" */
/** @import { GraphModel } from "./model.js" */

/** @type {Record<GraphType, string>} */
export const GRAPH_TYPE_WORDS = {
  versioned_app: "Versioned app",
  app: "App",
  workload: "Workload",
  service: "Service",
};

/** @type {Record<EdgeLabel, string>} */
export const EDGE_LABEL_WORDS = {
  requests: "Requests per second",
  share: "Share of requests",
  errors: "Error ratio",
  p50: "Latency p50",
  p95: "Latency p95",
  p99: "Latency p99",
  throughput: "Throughput",
  connections: "TCP connections opened",
  messages: "gRPC messages",
  mtls: "Mutual TLS",
  none: "No label",
};

/** @type {Record<GraphNode["kind"], string>} */
const KIND_WORDS = {
  app: "app",
  workload: "workload",
  service: "service",
  namespace: "namespace",
  unknown: "outside the mesh",
  hidden: "not for you to see",
};

/** @type {Record<Health, string>} */
export const HEALTH_WORDS = {
  ok: "OK",
  degraded: "Degraded",
  failing: "Failing",
  idle: "Idle",
};

/** What Envoy's response flags mean, for the ones that a person meets. */
const FLAG_WORDS = new Map([
  ["FI", "fault injected: abort"],
  ["DI", "fault injected: delay"],
  ["UH", "no healthy endpoint"],
  ["NR", "no route"],
  ["NC", "no such cluster"],
  ["UF", "connection to the endpoint failed"],
  ["UC", "endpoint closed the connection"],
  ["UT", "timed out"],
  ["UO", "circuit breaker open"],
  ["URX", "retries used up"],
  ["DC", "caller hung up"],
  ["LR", "connection reset locally"],
  ["UR", "connection reset by the endpoint"],
  ["RL", "rate limited"],
  ["UAEX", "refused by external authorization"],
]);

/** The namespaces that are one node together. No Kubernetes name has a star in it. */
export const OTHERS = "*other";
const GROUPS = new Map([
  [OTHERS, "other namespaces"],
  ["*outside", "outside the mesh"],
]);

/** @param {GraphNode} node @returns {string} what it is folded with, or stands for: a namespace, or one of the groups above */
export function groupOf(node) {
  return node.kind === "namespace" ? node.id.replace(/^namespace:/, "") : node.namespace;
}

/** @param {GraphNode} node @returns {string} */
export function baseName(node) {
  if (node.kind === "hidden") return "another namespace";
  if (node.kind === "namespace") return GROUPS.get(groupOf(node)) ?? groupOf(node);
  if (node.kind === "workload") return node.workload || node.app || node.id;
  if (node.kind === "service") return node.service || node.app || node.id;
  return node.app || node.workload || node.service || (node.kind === "unknown" ? "unknown" : node.id);
}

/** @param {GraphNode} node @returns {string} "reviews v3" */
export function nodeTitle(node) {
  if (node.kind === "service") return `${baseName(node)} (service)`;
  if (node.kind === "namespace") return GROUPS.get(groupOf(node)) ?? `${node.namespace} (namespace)`;
  return node.version ? `${baseName(node)} ${node.version}` : baseName(node);
}

/**
 * @param {GraphNode} node
 * @param {boolean} boxed in a box that already carries the app's name
 * @returns {string} the name, and the version on a line of its own
 */
export function nodeLines(node, boxed) {
  const { difference } = node;
  return difference && difference.kind !== "same" ? `${ownLines(node, boxed)}\n${difference.word}` : ownLines(node, boxed);
}

/** @param {GraphNode} node @param {boolean} boxed */
function ownLines(node, boxed) {
  if (boxed && node.kind === "app" && node.version) return wrap(node.version);
  if (boxed && node.kind === "service") return "no workload";
  if (node.kind === "namespace") return `${cut(baseName(node), CARD_LINE)}\n${members(node)}`;
  const name = wrap(baseName(node));
  return node.version && node.kind === "app" ? `${name}\n${cut(node.version)}` : name;
}

const LINE = 18;
/** On the card of a folded namespace the letters are larger. */
const CARD_LINE = 15;

/** @param {string} name @returns {string} one line, or two that break after a hyphen or a dot; what is longer is cut */
export function wrap(name) {
  if (name.length <= LINE) return name;
  const at = Math.max(name.lastIndexOf("-", LINE - 1), name.lastIndexOf(".", LINE - 1)) + 1 || LINE;
  return `${name.slice(0, at)}\n${cut(name.slice(at))}`;
}

/** @param {string} line @param {number} most letters */
function cut(line, most = LINE) {
  return line.length > most ? `${line.slice(0, most - 1)}…` : line;
}

/** @param {GraphNode} node a folded namespace @returns {string} "12 inside" */
export function members(node) {
  return `${node.members.toLocaleString("en")} inside`;
}

/** @param {GraphNode} node @returns {string} */
export function kindWord(node) {
  return KIND_WORDS[node.kind];
}

/** @param {GraphEdge} edge @param {GraphModel} model @returns {string} "productpage v1 → reviews v3" */
export function edgeTitle(edge, model) {
  return `${titleOf(model, edge.source)} → ${titleOf(model, edge.target)}`;
}

/** @param {GraphModel} model @param {string} id @returns {string} the name of a node, or its id when it is not there */
export function titleOf(model, id) {
  const node = model.nodes.get(id);
  return node ? nodeTitle(node) : id;
}

/** @param {string} flag @returns {string} */
export function flagWords(flag) {
  const words = FLAG_WORDS.get(flag);
  return words ? `${flag}, ${words}` : flag;
}
