// What a find or hide expression can ask about, and how each is read from a node or an edge. Pure.
// A field of nodes asked of an edge is that of its destination; `source.` and `target.` before it name the end.

import { baseName, nodeTitle } from "../names.js";

/** @import { GraphEdge, GraphNode, Health } from "../types.js" */
/** @import { Dimension } from "./units.js" */

/** @typedef {string | string[] | number | boolean | null | undefined} Value null: not known; undefined: no such thing here */
/**
 * What the graph around knows of a node.
 * @typedef {object} Facts
 * @property {(node: GraphNode) => ReadonlySet<string>} badges the kinds of what acts on it
 * @property {(id: string) => number} callers
 * @property {(id: string) => number} calls
 */
/** @typedef {(node: GraphNode, facts: Facts) => Value} OfNode */
/** @typedef {{edge: GraphEdge, source: GraphNode | undefined, target: GraphNode | undefined}} Ends */
/**
 * @typedef {object} Field
 * @property {string} name
 * @property {"text" | "word" | "level" | "number" | "yes"} kind word: one of `words`; level: so, in their order
 * @property {string} hint
 * @property {Dimension} [dimension] of a number
 * @property {readonly string[]} [words]
 * @property {OfNode} [node]
 * @property {(ends: Ends, facts: Facts) => Value} [edge]
 * @property {readonly string[]} [aliases]
 */

/** @type {readonly Health[]} from good to bad */
const HEALTHS = ["idle", "ok", "degraded", "failing"];
const KINDS = ["app", "workload", "service", "namespace", "unknown", "hidden"];

/** What can act on a node, with its words; the same as the badges. */
const ACTING = Object.freeze({
  split: "split over versions by weights",
  fault: "gets injected delays or aborts",
  mirror: "its requests are copied",
  timeout: "has a timeout",
  retries: "is tried again",
  breaker: "has a circuit breaker or limits",
  no_mtls: "mutual TLS is switched off",
  no_proxy: "pods without a sidecar",
});

/** @param {GraphNode | undefined} node @returns {string[]} */
const namesOf = (node) => (node ? [nodeTitle(node), baseName(node), node.app, node.workload, node.service] : []);

/** @type {Field[]} */
const FIELDS = [
  { name: "name", kind: "text", hint: "any of its names", node: namesOf },
  { name: "namespace", kind: "text", hint: "Kubernetes namespace", aliases: ["ns"], node: (node) => node.namespace },
  { name: "cluster", kind: "text", hint: "of a mesh of several", node: (node) => node.cluster ?? "" },
  { name: "app", kind: "text", hint: "app label", node: (node) => node.app },
  { name: "version", kind: "text", hint: "version label", node: (node) => node.version },
  { name: "workload", kind: "text", hint: "Deployment and others", aliases: ["wl"], node: (node) => node.workload },
  { name: "service", kind: "text", hint: "Kubernetes service", aliases: ["svc"], node: (node) => node.service },
  { name: "kind", kind: "word", hint: "app, workload, service, ...", words: KINDS, node: (node) => node.kind },
  { name: "health", kind: "level", hint: "idle < ok < degraded < failing", words: HEALTHS, node: (node) => node.health, edge: ({ edge }) => edge.health },
  { name: "members", kind: "number", hint: "nodes in a folded namespace", dimension: "count", node: (node) => node.members ?? 0 },
  { name: "callers", kind: "number", hint: "how many call it", dimension: "count", node: (node, facts) => facts.callers(node.id) },
  { name: "calls", kind: "number", hint: "how many it calls", dimension: "count", node: (node, facts) => facts.calls(node.id) },
  {
    name: "rps",
    kind: "number",
    hint: "requests per second",
    dimension: "rate",
    aliases: ["requests_per_second", "requests", "rate"],
    node: (node) => node.requests_per_second,
    edge: ({ edge }) => edge.requests_per_second,
  },
  {
    name: "error_ratio",
    kind: "number",
    hint: "failed requests, %",
    dimension: "ratio",
    aliases: ["errors", "error"],
    node: (node) => node.error_ratio,
    edge: ({ edge }) => edge.error_ratio,
  },
  latency("p50"),
  latency("p95"),
  latency("p99"),
  {
    name: "bytes",
    kind: "number",
    hint: "bytes per second, both ways",
    dimension: "bytes",
    aliases: ["throughput"],
    node: (node) => node.bytes_per_second ?? null,
    edge: ({ edge }) => known(edge.sent_bytes_per_second, edge.received_bytes_per_second),
  },
  { name: "sent", kind: "number", hint: "bytes per second, the way of the call", dimension: "bytes", edge: ({ edge }) => edge.sent_bytes_per_second ?? null },
  { name: "received", kind: "number", hint: "bytes per second, the way back", dimension: "bytes", edge: ({ edge }) => edge.received_bytes_per_second ?? null },
  { name: "messages", kind: "number", hint: "gRPC messages per second", dimension: "rate", edge: ({ edge }) => edge.messages_per_second ?? null },
  { name: "connections", kind: "number", hint: "TCP connections opened per second", dimension: "rate", edge: ({ edge }) => edge.connections_per_second ?? null },
  { name: "share", kind: "number", hint: "of the caller's requests, %", dimension: "ratio", edge: ({ edge }) => edge.share },
  { name: "mtls", kind: "number", hint: "over mutual TLS, %", dimension: "ratio", edge: ({ edge }) => edge.mtls ?? null },
  { name: "protocol", kind: "text", hint: "http, grpc, tcp", edge: ({ edge }) => edge.protocol },
  { name: "flag", kind: "text", hint: "Envoy's response flag", aliases: ["flags", "response_flag"], edge: ({ edge }) => Object.keys(edge.response_flags) },
  { name: "source", kind: "text", hint: "who calls", edge: ({ source }) => namesOf(source) },
  { name: "target", kind: "text", hint: "who is called", aliases: ["destination"], edge: ({ target }) => namesOf(target) },
  yes("idle", "without requests", (node) => node.health === "idle", ({ edge }) => edge.health === "idle"),
  yes("failing", "health is failing", (node) => node.health === "failing", ({ edge }) => edge.health === "failing"),
  yes("degraded", "health is degraded", (node) => node.health === "degraded", ({ edge }) => edge.health === "degraded"),
  { ...yes("healthy", "health is ok", (node) => node.health === "ok", ({ edge }) => edge.health === "ok"), aliases: ["ok"] },
  { ...yes("outside", "no workload of the mesh", (node) => node.kind === "unknown"), aliases: ["external"] },
  yes("hidden", "another namespace, not for you to see", (node) => node.kind === "hidden"),
  yes("folded", "a namespace folded into one", (node) => node.kind === "namespace"),
  yes("root", "nobody calls it", (node, facts) => facts.callers(node.id) === 0),
  yes("leaf", "it calls nobody", (node, facts) => facts.calls(node.id) === 0),
  ...Object.entries(ACTING).map(([name, hint]) => yes(name, hint, (node, facts) => facts.badges(node).has(name))),
  ...["http", "grpc", "tcp"].map((name) => yes(name, `protocol is ${name}`, undefined, ({ edge }) => edge.protocol === name)),
  yes("cross_namespace", "from one namespace to another", undefined, ({ source, target }) => differ(source?.namespace, target?.namespace)),
  yes("cross_cluster", "from one cluster to another", undefined, ({ source, target }) => differ(source?.cluster, target?.cluster)),
  yes("node", "nodes only", () => true, () => false),
  yes("edge", "edges only", () => false, () => true),
];

/** @param {"p50" | "p95" | "p99"} name @returns {Field} */
function latency(name) {
  return {
    name,
    kind: "number",
    hint: `latency ${name}, ms`,
    dimension: "duration",
    node: (node) => node.latency_ms?.[name] ?? null,
    edge: ({ edge }) => edge.latency_ms[name],
  };
}

/**
 * @param {string} name
 * @param {string} hint
 * @param {OfNode} [node]
 * @param {Field["edge"]} [edge]
 * @returns {Field}
 */
function yes(name, hint, node, edge) {
  return { name, kind: "yes", hint, node, edge };
}

/** @param {...(number | undefined)} parts @returns {number | null} their sum */
function known(...parts) {
  return parts.includes(undefined) ? null : parts.reduce((/** @type {number} */ sum, part) => sum + (part ?? 0), 0);
}

/** @param {string | undefined} one @param {string | undefined} other */
function differ(one, other) {
  return Boolean(one) && Boolean(other) && one !== other;
}

/** @param {"source" | "target"} end @param {Field} field @returns {Field} */
function ofEnd(end, field) {
  const read = /** @type {OfNode} */ (field.node);
  return {
    ...field,
    name: `${end}.${field.name}`,
    node: undefined,
    edge: (ends, facts) => {
      const node = ends[end];
      return node && read(node, facts);
    },
    aliases: undefined,
  };
}

const ABOUT_NODES = FIELDS.filter((field) => field.node && field.name !== "node" && field.name !== "edge");
const ENDS = /** @type {const} */ (["source", "target"]).flatMap((end) => ABOUT_NODES.map((field) => ofEnd(end, field)));

/** Every field, those of an edge's ends last. @type {readonly Field[]} */
export const ALL_FIELDS = [...FIELDS, ...ENDS];

const BY_NAME = new Map(ALL_FIELDS.flatMap((field) => [field.name, ...(field.aliases ?? [])].map((name) => [name, field])));

/** @param {string} word as it was written @returns {Field | undefined} */
export function fieldOf(word) {
  return BY_NAME.get(word.toLowerCase());
}

/** @param {string} word that is no field @returns {string} the name of a field that is written much like it, or "" */
export function likest(word) {
  const plain = bare(word);
  let [best, least] = ["", Math.max(1, Math.floor(plain.length / 3)) + 1];
  for (const [name, field] of BY_NAME) {
    const far = distance(plain, bare(name), least);
    if (far < least) [best, least] = [field.name, far];
  }
  return best;
}

/** @param {string} word */
function bare(word) {
  return word.toLowerCase().replace(/[_-]/g, "").slice(0, 40);
}

/** @param {string} a @param {string} b @param {number} most from here on it does not matter @returns {number} letters to change */
function distance(a, b, most) {
  if (Math.abs(a.length - b.length) >= most) return most;
  let before = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i += 1) {
    const row = [i];
    for (let j = 1; j <= b.length; j += 1) {
      const swapped = (before[j - 1] ?? 0) + Number(a[i - 1] !== b[j - 1]);
      row.push(Math.min(swapped, (before[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    before = row;
  }
  return before[b.length] ?? most;
}
