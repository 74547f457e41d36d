// What is hidden, found and lit; what completion offers; labels of edges, what acts, where hidden nodes come back to.

import assert from "node:assert/strict";
import { test } from "node:test";

import { Acting } from "../../../static/js/graph/acting.js";
import { format, parse } from "../../../static/js/graph/address.js";
import { complete } from "../../../static/js/graph/find/complete.js";
import { counted, Sight } from "../../../static/js/graph/find/sight.js";
import { labelOf } from "../../../static/js/graph/labels.js";
import { GraphModel } from "../../../static/js/graph/model.js";
import { Places } from "../../../static/js/graph/places.js";
import { edge, model, node } from "./elements.js";

function bookinfo() {
  const graph = new GraphModel();
  const nodes = [node("productpage-v1"), node("reviews-v1"), node("reviews-v3", { error_ratio: 0.2 }), node("ratings-v1")];
  const edges = [edge("productpage-v1", "reviews-v1"), edge("productpage-v1", "reviews-v3"), edge("reviews-v3", "ratings-v1")];
  const { nodes: byId, edges: edgesById } = model(nodes, edges);
  return Object.assign(graph, { nodes: byId, edges: edgesById, seq: 1 });
}

function sight(asked, graph = bookinfo()) {
  const made = new Sight(graph, () => new Set());
  made.ask({ find: "", hide: "", ...asked });
  return { made, changed: made.look(), graph };
}

test("an edge of a hidden node is hidden with it, and a node that has lost its edges stays", () => {
  const { made } = sight({ hide: "node and app = reviews" });
  assert.deepEqual([...made.seen.nodes.keys()], ["productpage-v1", "ratings-v1"]);
  assert.equal(made.seen.edges.size, 0);
  assert.equal(counted(made.hidden, "hidden"), "2 nodes and 3 edges hidden");
});

test("without a hide expression the very same graph is seen, and copied by nobody", () => {
  const { made, graph } = sight({});
  assert.equal(made.seen.edges, graph.edges);
  assert.equal(counted(made.hidden, "hidden"), "");
});

test("what is found is looked for in what is seen", () => {
  const { made } = sight({ find: "error_ratio > 1% or reviews", hide: "node and version = v1 and app = reviews" });
  assert.deepEqual([...made.found.nodes], ["reviews-v3"]);
  assert.equal(counted(made.found, "found"), "1 node found");
});

test("the ends of found edges, and the edges between found nodes, stay in the light", () => {
  assert.deepEqual([...sight({ find: "edge and target = ratings" }).made.lit()].sort(), ["ratings-v1", "reviews-v3", "reviews-v3->ratings-v1"]);
  assert.deepEqual([...sight({ find: "reviews" }).made.lit()].sort(), ["reviews-v1", "reviews-v3"]);
  assert.ok(sight({ find: "reviews or ratings" }).made.lit().has("reviews-v3->ratings-v1"));
  assert.equal(sight({ find: "nothing of this name" }).made.lit(), null);
});

test("numbers that change hide and show again", () => {
  const { made, graph } = sight({ hide: "node and error_ratio > 10%" });
  assert.equal(made.look(), false);
  graph.nodes.set("reviews-v3", node("reviews-v3"));
  assert.equal(made.look(), true);
  assert.equal(made.seen.nodes.size, 4);
});

test("of an expression that cannot be read the last good one stays in force, and the error is told", () => {
  const { made } = sight({ hide: "app = reviews" });
  made.ask({ find: "", hide: "app = reviews and" });
  made.look();
  assert.equal(made.hidden.nodes.size, 2);
  assert.equal(made.wrong.hide.at, 17);
  made.ask({ find: "", hide: "" });
  made.look();
  assert.deepEqual([made.hidden.nodes.size, made.wrong.hide], [0, null]);
});

test("find and hide are part of the address as they were typed, and so are two labels", () => {
  const state = { ...parse(""), find: 'name = "a&b" or p95 > 1 s', hide: "errorratio >", label: "errors", label2: "p95" };
  const { find, hide, label, label2 } = parse(format(state));
  assert.deepEqual({ find, hide, label, label2 }, { find: state.find, hide: state.hide, label: "errors", label2: "p95" });
  assert.equal(format(parse("")), "");
  assert.deepEqual([parse("?label=p95").label, parse("?label=p95").label2], ["p95", "none"]);
});

// Completion

/** What is offered at the end of a text, or where a | stands. */
function offered(text) {
  const caret = text.includes("|") ? text.indexOf("|") : text.length;
  const found = complete(text.replace("|", ""), caret, bookinfo());
  return found.options.map((option) => option.text);
}

test("fields are offered, then operators, then values of the present graph, then and and or", () => {
  assert.deepEqual(offered("name"), ["name", "namespace"]);
  assert.deepEqual(offered("namespace "), ["=", "!=", "~", "!~", "starts", "ends", "is empty"]);
  assert.deepEqual(offered("namespace = "), ["bookinfo"]);
  assert.deepEqual(offered("app = r"), ["ratings", "reviews", "productpage"]);
  assert.deepEqual(offered("app = reviews "), ["and", "or"]);
  assert.deepEqual(offered("(app = reviews "), ["and", "or", ")"]);
  assert.deepEqual(offered("health >= d"), ["degraded"]);
  assert.deepEqual(offered("fault = "), ["yes", "no"]);
  assert.deepEqual(offered("p95 > 200"), ["200ms", "200s"]);
  assert.deepEqual(offered("p95 > "), ["200ms"]);
  assert.deepEqual(offered("edge and prot"), ["protocol"]);
  assert.deepEqual(offered("is id"), ["idle"]);
  assert.deepEqual(offered("target.ap"), ["target.app"]);
});

test("names of the graph are offered to who has begun one", () => {
  assert.deepEqual(offered("revi"), ["reviews", "reviews-v1", "reviews-v3"]);
  assert.ok(!offered("").includes("reviews"));
});

test("completion takes the place of the word at the cursor only", () => {
  const found = complete("idle and nam = x", 12, bookinfo());
  assert.deepEqual([found.from, found.to], [9, 12]);
});

test("completion never fails, whatever is typed", () => {
  for (const text of ['"', "'", '"rev', ")", "= =", "&& ||", "not not", "((", "is is", "name = ", "\\", "p95 > x"]) assert.ok(Array.isArray(offered(text)), text);
});

test("a value that the language would misread is offered in quotes", () => {
  const graph = model([node("a", { app: "a b" }), node("b", { app: "and" })], []);
  assert.deepEqual(complete("app = ", 6, graph).options.map(({ text }) => text), ['"a b"', '"and"']);
});

// Labels

test("a line carries one number or two, each once, and nothing of what is unknown", () => {
  const line = edge("a", "b", { latency_ms: { p50: null, p95: 20, p99: null } });
  assert.equal(labelOf(["requests", "p95"])(line), "10 rps · 20 ms");
  assert.equal(labelOf(["requests", "requests"])(line), "10 rps");
  assert.equal(labelOf(["requests", "p50"])(line), "10 rps");
  assert.equal(labelOf(["none", "none"])(line), "");
});

test("a TCP line shows its bytes where others show requests", () => {
  const line = edge("a", "b", { protocol: "tcp", requests_per_second: 0, sent_bytes_per_second: 1_200_000, received_bytes_per_second: 300_000, connections_per_second: 2.5, mtls: 0.5 });
  assert.equal(labelOf(["requests", "connections"])(line), "1.5 MB/s · 2.5 conn/s");
  assert.equal(labelOf(["mtls", "errors"])(line), "50 % mTLS");
  assert.equal(labelOf(["throughput", "messages"])(edge("a", "b")), "");
});

// What acts

const badge = (more) => ({ namespace: "bookinfo", service: "", workload: "", app: "", version: "", kind: "split", short: "", text: "", ...more });

test("what acts on a service is on its nodes, on a workload on that one alone, and what is wrong comes first", () => {
  const acting = new Acting();
  acting.know([
    badge({ service: "reviews", kind: "split" }),
    badge({ workload: "reviews-v3", app: "reviews", version: "v3", kind: "no_proxy" }),
    badge({ service: "reviews", kind: "fault" }),
    badge({ service: "reviews", kind: "unheard_of" }),
    badge({ namespace: "shop", service: "reviews", kind: "timeout" }),
  ]);
  assert.deepEqual([...acting.kinds(node("reviews-v1"))], ["fault", "split"]);
  assert.deepEqual([...acting.kinds(node("reviews-v3"))], ["fault", "no_proxy", "split"]);
  assert.deepEqual([...acting.kinds(node("reviews", { workload: "", kind: "app" }))], ["fault", "no_proxy", "split"]);
  assert.deepEqual([...acting.kinds(node("reviews", { workload: "", kind: "service" }))], ["fault", "split"]);
  assert.deepEqual(acting.onServices([node("reviews-v1"), node("reviews-v3")]).map(({ kind }) => kind), ["fault", "split"]);
});

test("several of one kind are one badge with all their words", () => {
  const acting = new Acting();
  acting.know([badge({ service: "reviews", kind: "breaker", text: "at most 100 connections" }), badge({ service: "reviews", kind: "breaker", text: "of v3" })]);
  assert.deepEqual(acting.on(node("reviews-v1")).map(({ text }) => text), ["at most 100 connections; of v3"]);
});

// Places

test("what is hidden and shown again stands where it stood, unless something else stands there by now", () => {
  const places = new Places();
  const [a, b] = [{ id: "a" }, { id: "b" }];
  const both = new Map([["a", { x: 0, y: 0 }], ["b", { x: 300, y: 0 }]]);
  assert.deepEqual([...places.standing(both, [a]).keys()], ["a", "b"]);
  const one = new Map([["a", { x: 0, y: 0 }]]);
  assert.deepEqual(places.standing(one, [a, b]).get("b"), { x: 300, y: 0 });
  places.standing(both, [a]);
  const moved = new Map([["a", { x: 290, y: 10 }]]);
  assert.equal(places.standing(moved, [a, b]).has("b"), false);
});
