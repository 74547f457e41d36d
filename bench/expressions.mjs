// What find and hide cost a frame of 1,000 nodes and 5,000 edges: `node bench/expressions.mjs`.

import { Sight } from "../static/js/graph/find/sight.js";
import { GraphModel } from "../static/js/graph/model.js";

const NODES = 1000;
const EDGES = 5000;
const TIMES = 200;
const EXPRESSIONS = [
  { find: "", hide: "idle" },
  { find: "error_ratio > 1% and namespace = ns3", hide: "" },
  { find: "p95 > 1 s or fault", hide: "idle or rps < 1" },
  { find: "(name ~ svc9 or target.app starts svc1) and not (failing or p99 > 2 s) and callers > 2", hide: "node and not error_ratio < 5% and leaf" },
];

function numbers(i) {
  const latency = { p50: i % 300, p95: i % 1500, p99: i % 3000 };
  return { requests_per_second: i % 100, error_ratio: (i % 50) / 500, latency_ms: latency, health: i % 20 ? "ok" : "idle", bytes_per_second: i };
}

function graph() {
  const names = (i) => ({ app: `svc${i}`, version: "v1", workload: `svc${i}-v1`, service: `svc${i}`, namespace: `ns${i % 40}`, cluster: "" });
  const nodes = Array.from({ length: NODES }, (_, i) => ({ id: `svc${i}`, kind: "app", members: 0, ...names(i), ...numbers(i) }));
  const ends = (i) => ({ source: `svc${i % NODES}`, target: `svc${(i * 7 + 13) % NODES}` });
  const edges = Array.from({ length: EDGES }, (_, i) => ({ id: `e${i}`, protocol: "http", share: null, response_flags: {}, ...ends(i), ...numbers(i) }));
  const byId = (items) => new Map(items.map((item) => [item.id, item]));
  return Object.assign(new GraphModel(), { nodes: byId(nodes), edges: byId(edges) });
}

for (const asked of EXPRESSIONS) {
  const sight = new Sight(graph(), () => new Set());
  sight.ask(asked);
  for (let i = 0; i < TIMES; i += 1) sight.look();
  // Time of the processor: what else runs on the machine does not count.
  const before = process.cpuUsage();
  for (let i = 0; i < TIMES; i += 1) {
    sight.look();
    sight.lit();
  }
  const { user, system } = process.cpuUsage(before);
  console.log(`${((user + system) / 1000 / TIMES).toFixed(2)} ms  find: ${asked.find || "-"}  hide: ${asked.hide || "-"}`);
}
