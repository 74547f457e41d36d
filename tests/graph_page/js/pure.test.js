import assert from "node:assert/strict";
import { test } from "node:test";

import { format, parse } from "../../../static/js/graph/address.js";
import { controls, Path } from "../../../static/js/graph/curve.js";
import { Flow, MOST_DOTS } from "../../../static/js/graph/flow.js";
import { read } from "../../../static/js/graph/freshness.js";
import { kindWord, nodeLines, nodeTitle, wrap } from "../../../static/js/graph/names.js";
import { reorder, rows } from "../../../static/js/graph/rows.js";
import { extend, KEEP_SECONDS, noColumns } from "../../../static/js/graph/series.js";
import { step } from "../../../static/js/graph/walk.js";

const NOON = Date.parse("2026-01-01T12:00:00Z");
const SOURCE = { name: "direct", state: "ok", since: null, message: "", taken_at: "2026-01-01T12:00:00Z", window_seconds: 10 };

// Freshness

function at(seconds, facts = {}) {
  return read({ source: SOURCE, takenAt: SOURCE.taken_at, tickSeconds: 1, offlineSince: null, ...facts }, NOON + seconds * 1000);
}

test("numbers are live up to two ticks, late up to five, stale after", () => {
  assert.deepEqual([1, 2, 2.1, 5, 5.1].map((seconds) => at(seconds).state), ["live", "live", "late", "late", "stale"]);
});

test("a slower tick is given more time", () => {
  assert.equal(at(9, { tickSeconds: 5 }).state, "live");
});

test("a source that says it does not answer is stale at once, since then", () => {
  const reading = at(0, { source: { ...SOURCE, state: "stale", since: "2026-01-01T11:59:58Z" } });
  assert.deepEqual([reading.state, reading.since, reading.frozen], ["stale", "2026-01-01T11:59:58Z", true]);
});

test("without a websocket the page is offline, however young its numbers", () => {
  const reading = at(0, { offlineSince: "2026-01-01T12:00:00Z" });
  assert.deepEqual([reading.state, reading.frozen], ["offline", true]);
});

test("silence alone freezes the page too, since its last numbers", () => {
  assert.equal(at(60).since, SOURCE.taken_at);
});

test("before the first word the page is connecting, and without numbers the source is starting", () => {
  assert.equal(at(0, { source: null, takenAt: null }).state, "connecting");
  const starting = { ...SOURCE, state: "starting", taken_at: null };
  assert.equal(at(0, { source: starting, takenAt: null }).state, "starting");
});

// Address

test("an address gives back the state that it was made of", () => {
  const states = [
    { type: "versioned_app", ns: [], select: "", label: "requests", view: "" },
    { type: "workload", ns: ["a", "b"], select: "app:ns/x/v1->app:ns/y/v2:http", label: "p95", view: "table" },
    { type: "service", ns: [], select: "ä &=?#", label: "none", label2: "mtls", view: "graph", find: "a b", hide: "p95 > 1 s" },
  ];
  const scopes = [
    { fold: [], unfold: [], focus: "", depth: 1, idle: false },
    { fold: ["a", "b"], unfold: ["c"], focus: "app:ns/x/v1", depth: 3, idle: true },
  ];
  for (const state of states) for (const scope of scopes) assert.deepEqual(parse(format({ ...parse(""), ...state, ...scope })), { ...parse(""), ...state, ...scope });
});

test("the plainest state has an address without a query", () => {
  assert.equal(format(parse("")), "");
});

test("a neighbourhood has at least one step and not more than anybody can follow", () => {
  assert.deepEqual(["0", "-2", "x", "2.7", "99"].map((depth) => parse(`?focus=a&depth=${depth}`).depth), [1, 1, 1, 2, 5]);
});

test("what an address does not mean takes its default", () => {
  assert.deepEqual(parse("?type=nonsense&label=x&view=3d&ns=,b,a,b"), { ...parse(""), ns: ["a", "b"] });
  assert.deepEqual(parse(""), { type: "versioned_app", ns: [], select: "", label: "requests", label2: "none", view: "", find: "", hide: "", fold: [], unfold: [], focus: "", depth: 1, idle: false, at: "", vs: "", speed: 0 });
});

// Series

function points(from, to, reset = false) {
  const t = Array.from({ length: to - from + 1 }, (_, i) => from + i);
  const column = t.map((second) => second * 10);
  return { type: "series", id: "x", reset, t, requests: column, errors: column, p50: column, p95: column, p99: column };
}

test("new points are appended, and those already there are not doubled", () => {
  const columns = extend(extend(noColumns(), points(1, 5, true)), points(4, 7));
  assert.deepEqual(columns.t, [1, 2, 3, 4, 5, 6, 7]);
  assert.deepEqual(columns.p99, [10, 20, 30, 40, 50, 60, 70]);
});

test("a reset begins anew", () => {
  assert.deepEqual(extend(extend(noColumns(), points(1, 5, true)), points(9, 9, true)).t, [9]);
});

test("no more is kept than the figures show", () => {
  const columns = extend(extend(noColumns(), points(1, 400, true)), points(401, 401));
  assert.equal(columns.t[0], 401 - KEEP_SECONDS);
  assert.equal(columns.requests.length, columns.t.length);
});

// Dots

function emitted(lanes, seconds) {
  const flow = new Flow(() => 0.5);
  flow.setLanes(lanes);
  const seen = new Map();
  const known = new Set();
  for (let i = 0; i < seconds * 20; i += 1) {
    flow.step(0.05);
    for (const dot of flow.dots) {
      if (known.has(dot)) continue;
      known.add(dot);
      const key = `${dot.edge}${dot.failed ? "!" : ""}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
    }
  }
  return { seen, scale: flow.scale };
}

test("dots come in proportion to the requests, and red ones to the errors", () => {
  const lane = { length: 150, errorRatio: 0 };
  const { seen, scale } = emitted([{ id: "a", rps: 6, ...lane }, { id: "b", rps: 2, ...lane, errorRatio: 0.25 }], 100);
  assert.equal(scale, 1);
  assert.ok(Math.abs(seen.get("a") - 600) < 10);
  assert.ok(Math.abs(seen.get("b") + seen.get("b!") - 200) < 10);
  assert.ok(Math.abs(seen.get("b!") - 50) <= 2);
});

test("never are there more dots than the cap, however many requests", () => {
  const flow = new Flow(() => 0.5);
  flow.setLanes(Array.from({ length: 300 }, (_, i) => ({ id: `e${i}`, length: 200, rps: 5000, errorRatio: 0 })));
  for (let i = 0; i < 200; i += 1) {
    flow.step(0.05);
    assert.ok(flow.dots.length <= MOST_DOTS);
  }
  assert.ok(flow.scale > 1000);
});

test("the scale does not flicker between two neighbours", () => {
  const flow = new Flow(() => 0.5);
  const lane = (rps) => [{ id: "a", length: 100, rps, errorRatio: 0 }];
  const scales = [8.1, 7.9, 8.1, 7.9].map((rps) => {
    flow.setLanes(lane(rps));
    return flow.scale;
  });
  assert.deepEqual(scales, [2, 2, 2, 2]);
  flow.setLanes(lane(3));
  assert.equal(flow.scale, 1);
});

test("the dots of an edge that is gone vanish with it", () => {
  const flow = new Flow(() => 0);
  flow.setLanes([{ id: "a", length: 100, rps: 5, errorRatio: 0 }]);
  flow.step(0.5);
  assert.ok(flow.dots.length > 0);
  flow.setLanes([]);
  assert.deepEqual(flow.dots, []);
});

// Curves

test("a point at no distance is the start, and at the whole length the end", () => {
  const path = new Path({ x: 0, y: 0 }, [{ x: 50, y: 0 }, { x: 50, y: 80 }], { x: 100, y: 80 });
  assert.deepEqual(path.at(0), { x: 0, y: 0 });
  assert.deepEqual(path.at(path.length), { x: 100, y: 80 });
  assert.ok(path.length > Math.hypot(100, 80));
});

test("the distance from a line is that from its nearest piece", () => {
  const path = new Path({ x: 0, y: 0 }, [], { x: 100, y: 0 });
  assert.deepEqual([path.distance({ x: 50, y: 7 }), path.distance({ x: -3, y: 4 }), path.distance({ x: 100, y: 0 })], [7, 5, 0]);
});

test("an S passes at no distance through the points that it is asked for", () => {
  const [from, to] = [{ x: 10, y: 20 }, { x: 210, y: 120 }];
  const path = new Path(from, controls(from, to, [], 0), to);
  for (const part of [0, 0.3, 0.5, 1]) assert.ok(path.distance(path.at(path.length * part)) < 0.01);
});

// Names

test("a long name breaks after a hyphen, and what is longer still is cut", () => {
  assert.equal(wrap("bookinfo-gateway-istio"), "bookinfo-gateway-\nistio");
  assert.ok(wrap("x".repeat(253)).split("\n").every((line) => line.length <= 18));
});

test("within the box of its app a version needs no name", () => {
  const version = { id: "x", kind: "app", namespace: "b", app: "reviews", version: "v3", workload: "", service: "" };
  assert.deepEqual([nodeLines(version, true), nodeLines(version, false)], ["v3", "reviews\nv3"]);
});

// Rows and walking

function modelOf(edges) {
  const all = edges.map(([source, target, rps, p95]) => ({ id: `${source}->${target}`, source, target, protocol: "http", requests_per_second: rps, error_ratio: 0, latency_ms: { p50: null, p95, p99: null }, share: null }));
  return {
    nodes: new Map([...new Set(edges.flatMap(([a, b]) => [a, b]))].map((id) => [id, { id, kind: "app", app: id, version: "" }])),
    edges: new Map(all.map((one) => [one.id, one])),
    outOf: (id) => all.filter((one) => one.source === id).sort((a, b) => b.requests_per_second - a.requests_per_second),
    into: (id) => all.filter((one) => one.target === id),
  };
}

test("rows are sorted by what was asked, unknown numbers last both ways", () => {
  const model = modelOf([["v2", "x", 1, 30], ["v10", "x", 2, null], ["v1", "x", 3, 4]]);
  const order = (column, descending) => rows(model, { column, descending }).map((row) => row.source);
  assert.deepEqual(order("p95", true), ["v2", "v1", "v10"]);
  assert.deepEqual(order("p95", false), ["v1", "v2", "v10"]);
  assert.deepEqual(order("source", false), ["v1", "v2", "v10"]);
});

test("a second click on the same head turns the order round, a first one on numbers begins with the largest", () => {
  assert.deepEqual(reorder({ column: "p95", descending: true }, "p95"), { column: "p95", descending: false });
  assert.deepEqual(reorder({ column: "p95", descending: true }, "requests"), { column: "requests", descending: true });
  assert.deepEqual(reorder({ column: "p95", descending: true }, "source"), { column: "source", descending: false });
});

test("right follows the busiest call, left goes back, up and down stay in the column", () => {
  const model = modelOf([["a", "b", 1, 1], ["a", "c", 5, 1]]);
  const places = new Map([["a", { x: 0, y: 0 }], ["b", { x: 200, y: -50 }], ["c", { x: 200, y: 50 }]]);
  assert.equal(step(model, places, "", "ArrowRight"), "a");
  assert.equal(step(model, places, "a", "ArrowRight"), "c");
  assert.equal(step(model, places, "c", "ArrowUp"), "b");
  assert.equal(step(model, places, "b", "ArrowUp"), "b");
  assert.equal(step(model, places, "b", "ArrowLeft"), "a");
});

test("what may not be seen is called another namespace", () => {
  const hidden = { id: "hidden", kind: "hidden", namespace: "", app: "", version: "", workload: "", service: "" };
  assert.deepEqual([nodeTitle(hidden), nodeLines(hidden, false), kindWord(hidden)], ["another namespace", "another namespace", "not for you to see"]);
});
