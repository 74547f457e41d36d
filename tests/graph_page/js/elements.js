// Nodes and edges as frames carry them, for tests.

const UNKNOWN = Object.freeze({ p50: null, p95: null, p99: null });

export function node(id, more = {}) {
  const [app, version = ""] = id.split("-");
  const names = { app, version, workload: id, service: app, namespace: "bookinfo", kind: "app" };
  return { id, ...names, requests_per_second: 10, error_ratio: 0, health: "ok", cluster: "", members: 0, latency_ms: UNKNOWN, ...more };
}

export function edge(source, target, more = {}) {
  const numbers = { requests_per_second: 10, error_ratio: 0, latency_ms: { p50: 1, p95: 2, p99: 3 }, share: null };
  return { id: `${source}->${target}`, source, target, protocol: "http", ...numbers, response_flags: {}, health: "ok", ...more };
}

export function model(nodes, edges) {
  return { nodes: new Map(nodes.map((each) => [each.id, each])), edges: new Map(edges.map((each) => [each.id, each])) };
}
