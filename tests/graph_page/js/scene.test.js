import assert from "node:assert/strict";
import { test } from "node:test";

import { CELL } from "../../../static/js/graph/cells.js";
import { fold, foldAll, leftOutWords, namespaceOf, unfold, UNFOLD_ALL } from "../../../static/js/graph/folding.js";
import { framesOf, rectsOf } from "../../../static/js/graph/frames.js";
import { arrange, meet } from "../../../static/js/graph/layout.js";
import { GraphModel } from "../../../static/js/graph/model.js";
import { rearrange } from "../../../static/js/graph/rearrange.js";
import { Scene } from "../../../static/js/graph/scene.js";
import { namespaceSums } from "../../../static/js/graph/sums.js";

function node(app, namespace = "bookinfo", more = {}) {
  return { id: `app:${namespace}/${app}/v1`, kind: "app", namespace, app, version: "v1", workload: "", service: "", cluster: "", members: 0, health: "ok", ...more };
}

function folded(namespace) {
  return { ...node("", namespace), id: `namespace:${namespace}`, kind: "namespace", app: "", version: "", members: 9 };
}

function edge(source, target, more = {}) {
  const id = `${source.id}->${target.id}:${more.protocol ?? "http"}`;
  return { id, source: source.id, target: target.id, protocol: "http", requests_per_second: 1, error_ratio: 0, ...more };
}

/** Namespaces of so many apps, each of which calls the next two and, of another namespace, one. */
function mesh(namespaces, apps) {
  const nodes = Array.from({ length: namespaces * apps }, (_, i) => node(`app${i}`, `ns${Math.floor(i / apps)}`));
  const edges = nodes.flatMap((one, i) => [1, 2, apps + 3].filter((by) => i + by < nodes.length).map((by) => edge(one, nodes[i + by])));
  return [nodes, edges];
}

function rects(nodes, positions) {
  const byId = new Map(nodes.map((one) => [one.id, one]));
  return rectsOf(framesOf(nodes), (id) => ({ point: positions.get(id), node: byId.get(id) }));
}

function assertBoxesKeepApart(nodes, positions, kind) {
  const all = [...rects(nodes, positions)].filter(([id]) => id.startsWith(kind));
  all.forEach(([a, one], i) => all.slice(i + 1).forEach(([b, other]) => assert.equal(meet(one, other), false, `${a} meets ${b}`)));
  return all.length;
}

// Layout

for (const size of [4, 20, 40]) {
  test(`boxes of ${size} namespaces never meet`, () => {
    const [nodes, edges] = mesh(size, 12);
    assert.equal(assertBoxesKeepApart(nodes, arrange(nodes, edges).positions, "ns:"), size);
  });
}

test("two clusters have a box each, apart, around their namespaces", () => {
  const [plain, edges] = mesh(4, 3);
  const nodes = plain.map((one, i) => ({ ...one, cluster: i < 6 ? "east" : "west" }));
  const { positions } = arrange(nodes, edges);
  assert.equal(assertBoxesKeepApart(nodes, positions, "cluster:"), 2);
  const found = rects(nodes, positions);
  const [outer, inner] = [found.get("cluster:east"), found.get("ns:east/ns0")];
  assert.ok(outer.left < inner.left && outer.right > inner.right && outer.top < inner.top && outer.bottom > inner.bottom);
});

test("one cluster, or none, has no box", () => {
  const nodes = [node("a"), node("b")].map((one) => ({ ...one, cluster: "east" }));
  assert.deepEqual([...framesOf(nodes).keys()], ["ns:bookinfo"]);
});

test("a large picture is about as wide as a screen", () => {
  const nodes = Array.from({ length: 300 }, (_, i) => folded(`ns${i}`));
  const edges = nodes.flatMap((one, i) => [edge(one, nodes[(i * 7 + 11) % 300]), edge(one, nodes[(i * 13 + 5) % 300]), edge(one, nodes[(i * 31 + 2) % 300])]);
  const points = [...arrange(nodes, edges.filter((one) => one.source !== one.target)).positions.values()];
  const span = (axis) => Math.max(...points.map((point) => point[axis])) - Math.min(...points.map((point) => point[axis]));
  const aspect = span("x") / span("y");
  assert.ok(aspect > 1.1 && aspect < 2.8, `${aspect}`);
});

test("a node that joins a large mesh moves what it runs into, down by the room that it takes", () => {
  const [nodes, edges] = mesh(12, 12);
  const before = arrange(nodes, edges).positions;
  const joining = node("new", "ns5");
  const all = [...nodes, joining];
  const after = rearrange(before, all, [...edges, edge(nodes[61], joining)]).positions;
  const moved = nodes.filter((one) => before.get(one.id).x !== after.get(one.id).x || before.get(one.id).y !== after.get(one.id).y);
  assert.ok(moved.length <= nodes.length / 3, `${moved.length} of ${nodes.length} moved`);
  for (const one of moved) {
    assert.equal(after.get(one.id).x, before.get(one.id).x);
    const down = after.get(one.id).y - before.get(one.id).y;
    assert.ok(down > 0 && down <= 2 * CELL.height, `${one.id} by ${down}`);
  }
  assertBoxesKeepApart(all, after, "ns:");
});

test("a namespace unfolds where its node stood, and folds to where its nodes stood", () => {
  const closed = Array.from({ length: 8 }, (_, i) => folded(`other${i}`));
  const [open] = mesh(1, 10);
  const card = folded("ns0");
  const calls = closed.map((one, i) => (i % 2 ? edge(one, card) : edge(card, one)));
  const before = arrange([...closed, card], calls).positions;
  const byId = new Map([...open, card, ...closed].map((one) => [one.id, one.namespace]));
  const inner = closed.map((one, i) => (i % 2 ? edge(one, open[0]) : edge(open[0], one)));
  const after = rearrange(before, [...closed, ...open], inner, (id) => byId.get(id)).positions;
  for (const one of closed) assert.equal(after.get(one.id).x, before.get(one.id).x);
  const box = rects([...closed, ...open], after).get("ns:ns0");
  const at = before.get(card.id);
  assert.ok(box.left < at.x && at.x < box.right && box.top < at.y && at.y < box.bottom);
  const again = rearrange(after, [...closed, card], calls, (id) => byId.get(id)).positions.get(card.id);
  assert.ok(box.left < again.x && again.x < box.right && box.top < again.y && again.y < box.bottom);
});

test("a node joins where its namespace has room, and then nothing moves", () => {
  const [plain, edges] = mesh(6, 12);
  // A namespace with a hub: one column of one, and one of eleven.
  const hub = plain.slice(0, 12);
  const calls = [...hub.slice(1).map((one) => edge(hub[0], one)), ...edges.filter((one) => !hub.some(({ id }) => id === one.source))];
  const nodes = plain.map((one, i) => ({ ...one, namespace: `ns${Math.floor(i / 12)}` }));
  const before = arrange(nodes, calls).positions;
  const joining = node("new", "ns0");
  const after = rearrange(before, [...nodes, joining], [...calls, edge(joining, hub[0])]).positions;
  for (const one of nodes) assert.deepEqual(after.get(one.id), before.get(one.id));
});

// Lines

function sceneOf(nodes, edges, positions) {
  const scene = new Scene();
  for (const [id, point] of positions) scene.at.set(id, point);
  scene.shape(new Map(nodes.map((one) => [one.id, one])), edges);
  for (const one of edges) scene.look(one, "label");
  return scene;
}

const [a, b] = [node("a"), node("b")];
const FAR = [[a.id, { x: 0, y: 0 }], [b.id, { x: 300, y: 0 }]];
const EVERYWHERE = { left: -1e6, right: 1e6, top: -1e6, bottom: 1e6 };

test("a line is found near itself and not beside it", () => {
  const scene = sceneOf([a, b], [edge(a, b)], FAR);
  assert.equal(scene.wires.near({ x: 150, y: 3 }, 7), edge(a, b).id);
  assert.equal(scene.wires.near({ x: 150, y: 9 }, 7), "");
});

test("a line begins and ends at the rims of its nodes, and follows them", () => {
  const scene = sceneOf([a, b], [edge(a, b)], FAR);
  const ends = () => [...scene.wires.all()].map(({ start, end }) => [Math.round(start.x), Math.round(end.x)])[0];
  assert.deepEqual(ends(), [23, 276]);
  scene.move(b.id, { x: 500, y: 0 });
  scene.settle();
  assert.deepEqual(ends(), [23, 476]);
});

test("a line to a folded namespace ends at its card", () => {
  const card = folded("shop");
  const scene = sceneOf([a, card], [edge(a, card)], [[a.id, { x: 0, y: 0 }], [card.id, { x: 400, y: 0 }]]);
  assert.equal([...scene.wires.all()][0].end.x, 400 - 92 - 3);
});

test("only what crosses the window is drawn", () => {
  const scene = sceneOf([a, b], [edge(a, b)], FAR);
  assert.equal(scene.seen(EVERYWHERE).length, 1);
  assert.equal(scene.seen({ left: 400, right: 900, top: -50, bottom: 50 }).length, 0);
});

test("TCP is dashed and as wide as its bytes, and with bytes alone it is not idle", () => {
  const look = (more) => sceneOf([a, b], [edge(a, b, more)], FAR).seen(EVERYWHERE)[0].look;
  const tcp = look({ protocol: "tcp", requests_per_second: 0, sent_bytes_per_second: 1e6, received_bytes_per_second: 0 });
  assert.deepEqual([tcp.dash, tcp.health], ["tcp", "ok"]);
  assert.ok(tcp.width > look({ protocol: "tcp", requests_per_second: 0, sent_bytes_per_second: 1e4 }).width);
  assert.equal(look({ requests_per_second: 0 }).dash, "idle");
  assert.equal(look({ protocol: "grpc" }).grpc, true);
});

test("a lock stands open only where somebody reports less than all over mutual TLS", () => {
  const open = (mtls) => sceneOf([a, b], [edge(a, b, { mtls })], FAR).seen(EVERYWHERE)[0].look.open;
  assert.deepEqual([open(0), open(0.99), open(1), open(null), open(undefined)], [true, true, false, false, false]);
});

// Folding

const model = new GraphModel();
const SOURCE = { name: "direct", state: "ok", since: null, message: "", taken_at: null, window_seconds: 10 };
model.apply({ type: "full", notice: "", seq: 1, taken_at: "", graph_type: "app", namespaces: [], source: SOURCE, tick_seconds: 1, nodes: [a, b, folded("shop")], edges: [edge(a, b)], folded: ["shop"], left_out: { nodes: 0, edges: 1200 } });

test("who folds a namespace no longer unfolds it, and the other way round", () => {
  const state = fold({ fold: ["b"], unfold: ["a"] }, "a");
  assert.deepEqual(state, { fold: ["a", "b"], unfold: [] });
  assert.deepEqual(unfold(state, "b"), { fold: ["a"], unfold: ["b"] });
});

test("all are folded, or none", () => {
  assert.deepEqual(foldAll(model), { fold: ["bookinfo", "shop"], unfold: [] });
  assert.deepEqual(UNFOLD_ALL, { fold: [], unfold: ["*"] });
  const many = new GraphModel();
  for (let i = 0; i < 101; i += 1) many.nodes.set(`n${i}`, node("a", `ns${i}`));
  assert.deepEqual(foldAll(many).fold, []);
});

test("namespaces that are one node together are not unfolded by a name", () => {
  assert.deepEqual(unfold({ fold: ["a"], unfold: [] }, "*other"), { fold: ["a"], unfold: [] });
  assert.deepEqual(unfold({ fold: [], unfold: [] }, "*outside"), { fold: [], unfold: ["*outside"] });
});

test("not more names are asked for than the server takes, and the last one always", () => {
  const many = Array.from({ length: 100 }, (_, i) => `ns${i}`);
  const { fold: folded } = fold({ fold: many, unfold: [] }, "zz");
  assert.equal(folded.length, 100);
  assert.ok(folded.includes("zz"));
});

test("an edge stands in the namespace of its target", () => {
  assert.deepEqual([namespaceOf(model, "namespace:shop"), namespaceOf(model, edge(a, b).id), namespaceOf(model, "")], ["shop", "bookinfo", ""]);
});

test("what is left out is counted in words", () => {
  assert.equal(leftOutWords(model), "1,200 quieter edges not drawn");
  assert.equal(leftOutWords({ leftOut: { nodes: 1, edges: 1 } }), "1 quieter node and 1 quieter edge not drawn");
  assert.equal(leftOutWords({ leftOut: { nodes: 0, edges: 0 } }), "");
});

test("a namespace's sum is of what it receives, of one that only calls of what it sends", () => {
  const sums = namespaceSums({ nodes: new Map([a, node("gate", "edge")].map((one) => [one.id, one])), edges: new Map([["e", edge(node("gate", "edge"), a, { requests_per_second: 8, error_ratio: 0.5 })]]) });
  assert.deepEqual(sums.get("bookinfo"), { requests: 8, errorRatio: 0.5, way: "received" });
  assert.equal(sums.get("edge").way, "sent");
});
