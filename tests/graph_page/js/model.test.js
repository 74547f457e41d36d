import assert from "node:assert/strict";
import { test } from "node:test";

import { GraphModel } from "../../../static/js/graph/model.js";

const SOURCE = { name: "direct", state: "ok", since: null, message: "", taken_at: "2026-01-01T12:00:00Z", window_seconds: 10 };

function node(id, requests = 1) {
  return { id, kind: "app", namespace: "bookinfo", app: id, version: "v1", workload: "", service: "", requests_per_second: requests, error_ratio: 0, health: "ok" };
}

function edge(source, target, requests = 1) {
  return { id: `${source}->${target}:http`, source, target, protocol: "http", requests_per_second: requests, error_ratio: 0, latency_ms: { p50: 1, p95: 2, p99: 3 }, share: 1, response_flags: {}, health: "ok" };
}

function full(seq, nodes, edges, namespaces = []) {
  return { type: "full", notice: "", seq, taken_at: "2026-01-01T12:00:00Z", graph_type: "versioned_app", namespaces, source: SOURCE, tick_seconds: 1, nodes, edges };
}

function delta(seq, base, nodes = {}, edges = {}) {
  const empty = { set: [], remove: [] };
  return { type: "delta", seq, base, taken_at: "2026-01-01T12:00:01Z", source: SOURCE, nodes: { ...empty, ...nodes }, edges: { ...empty, ...edges } };
}

function chain() {
  const model = new GraphModel();
  model.apply(full(7, [node("a"), node("b"), node("c"), node("d")], [edge("a", "b", 5), edge("b", "c", 3), edge("b", "d", 4)]));
  return model;
}

test("a full frame is the graph from then on", () => {
  const model = chain();
  assert.deepEqual([...model.nodes.keys()], ["a", "b", "c", "d"]);
  assert.equal(model.seq, 7);
});

test("what a person has to know about rights comes with a full frame or a status, and stays until the next", () => {
  const model = chain();
  model.apply({ ...full(8, [], []), notice: "You may not." });
  model.apply(delta(9, 8));
  assert.equal(model.notice, "You may not.");
  model.apply({ type: "status", notice: "", source: SOURCE });
  assert.equal(model.notice, "");
});

test("a delta that follows changes what it sets and removes what it removes", () => {
  const model = chain();
  const outcome = model.apply(delta(8, 7, { remove: ["d"] }, { set: [edge("a", "b", 6)], remove: ["b->d:http"] }));
  assert.deepEqual([outcome.gap, outcome.shape, outcome.view], [false, true, false]);
  assert.deepEqual(outcome.changed, { nodes: [], edges: [edge("a", "b", 6)] });
  assert.equal(model.edges.get("a->b:http").requests_per_second, 6);
  assert.equal(model.nodes.has("d"), false);
  assert.equal(model.takenAt, "2026-01-01T12:00:01Z");
});

test("a delta of numbers alone leaves the shape", () => {
  const outcome = chain().apply(delta(8, 7, { set: [node("a", 9)] }, { set: [edge("a", "b", 9)] }));
  assert.equal(outcome.shape, false);
});

test("a delta after a gap changes nothing, and says so", () => {
  const model = chain();
  const outcome = model.apply(delta(10, 9, { remove: ["a"] }));
  assert.equal(outcome.gap, true);
  assert.equal(model.seq, 7);
  assert.equal(model.nodes.has("a"), true);
  assert.equal(model.takenAt, "2026-01-01T12:00:00Z");
});

test("a delta before any full frame is a gap", () => {
  assert.equal(new GraphModel().apply(delta(1, 0)).gap, true);
});

test("after expectFull even the next number is a gap, until a full frame comes", () => {
  const model = chain();
  model.expectFull();
  assert.equal(model.apply(delta(8, 7)).gap, true);
  model.apply(full(9, [node("a")], []));
  assert.equal(model.apply(delta(10, 9)).gap, false);
});

test("a full frame of the same nodes and edges leaves the picture as it stands", () => {
  const model = chain();
  const again = full(20, [...model.nodes.values()], [...model.edges.values()]);
  assert.deepEqual(model.apply(again), { gap: false, shape: false, view: false, changed: null });
});

test("a full frame of other namespaces is another view", () => {
  assert.equal(chain().apply(full(8, [node("a")], [], ["bookinfo"])).view, true);
});

test("a status frame changes the source's word and not the age of the numbers", () => {
  const model = chain();
  model.apply({ type: "status", source: { ...SOURCE, state: "stale", since: "2026-01-01T12:00:09Z" } });
  assert.equal(model.source.state, "stale");
  assert.equal(model.takenAt, "2026-01-01T12:00:00Z");
});

test("the path through a node is all that leads there and all that it leads to", () => {
  assert.deepEqual([...chain().path("c")].sort(), ["a", "a->b:http", "b", "b->c:http", "c"]);
});

test("the path through an edge leaves out the other branches", () => {
  assert.equal(chain().path("b->d:http").has("c"), false);
});

test("a path in a circle comes to an end", () => {
  const model = new GraphModel();
  model.apply(full(1, [node("a"), node("b")], [edge("a", "b"), edge("b", "a")]));
  assert.equal(model.path("a").size, 4);
});

test("edges of a node come busiest first", () => {
  assert.deepEqual(chain().outOf("b").map((one) => one.target), ["d", "c"]);
});

test("around a node are its calls and their ends, and nothing further", () => {
  assert.deepEqual([...chain().around("c")].sort(), ["b", "b->c:http", "c"]);
  assert.deepEqual([...chain().around("a->b:http")].sort(), ["a", "a->b:http", "b"]);
  assert.equal(chain().around("nothing").size, 0);
});

test("an edge that comes with a delta is on the paths from then on", () => {
  const model = chain();
  model.path("a");
  model.apply(delta(8, 7, { set: [node("e")] }, { set: [edge("d", "e")] }));
  assert.ok(model.path("a").has("e"));
});

test("what is folded and left out holds until a frame says otherwise", () => {
  const model = chain();
  model.apply({ ...full(8, [node("a")], []), folded: ["shop"], left_out: { nodes: 0, edges: 120 } });
  model.apply(delta(9, 8));
  assert.deepEqual([model.folded, model.leftOut.edges], [["shop"], 120]);
  model.apply({ ...delta(10, 9), folded: [], left_out: { nodes: 0, edges: 3 } });
  assert.deepEqual([model.folded, model.leftOut.edges], [[], 3]);
  model.apply(full(11, [node("a")], []));
  assert.equal(model.leftOut.edges, 0);
});

test("another part of the mesh is a view of its own, once", () => {
  const model = chain();
  model.expectView();
  assert.equal(model.apply(full(8, [node("a")], [])).view, true);
  assert.equal(model.apply(full(9, [node("a")], [])).view, false);
});
