import assert from "node:assert/strict";
import { test } from "node:test";

import { boxes } from "../../../static/js/graph/cells.js";
import { arrange, columnsOf, meet, rectOf } from "../../../static/js/graph/layout.js";
import { rearrange } from "../../../static/js/graph/rearrange.js";

function node(app, version, namespace = "bookinfo", kind = "app") {
  return { id: `${kind}:${namespace}/${app}/${version}`, kind, namespace, app, version, workload: "", service: "" };
}

function edge(source, target) {
  return { id: `${source.id}->${target.id}:http`, source: source.id, target: target.id };
}

const ingress = node("ingress", "latest", "istio-system");
const product = node("productpage", "v1");
const details = node("details", "v1");
const [v1, v2, v3] = ["v1", "v2", "v3"].map((version) => node("reviews", version));
const service = node("reviews", "", "bookinfo", "service");
const ratings = node("ratings", "v1");
const NODES = [ingress, product, details, v1, v2, v3, ratings];
const EDGES = [edge(ingress, product), edge(product, details), ...[v1, v2, v3].map((one) => edge(product, one)), edge(v2, ratings), edge(v3, ratings)];

function without(gone) {
  return [NODES.filter((one) => one !== gone), EDGES.filter((one) => one.source !== gone.id && one.target !== gone.id)];
}

function assertNothingOverlaps(nodes, positions) {
  const rects = [...columnsOf(nodes).values()].map((column) => rectOf(column, positions));
  rects.forEach((a, i) => rects.slice(i + 1).forEach((b) => assert.equal(meet(a, b), false)));
}

test("calls go from left to right", () => {
  const { positions } = arrange(NODES, EDGES);
  for (const { source, target } of EDGES) assert.ok(positions.get(source).x < positions.get(target).x);
});

test("the versions of an app stand in one column, in the order of their numbers", () => {
  const versions = ["v10", "v2", "v1"].map((version) => node("reviews", version));
  const { positions } = arrange([product, ...versions], versions.map((one) => edge(product, one)));
  const [ten, two, one] = versions.map((version) => positions.get(version.id));
  assert.equal(new Set([ten.x, two.x, one.x]).size, 1);
  assert.ok(one.y < two.y && two.y < ten.y);
});

test("a service stands over its versions, in the same box", () => {
  const nodes = [...NODES, service];
  const { positions } = arrange(nodes, [...EDGES, edge(product, service)]);
  assert.ok(positions.get(service.id).y < positions.get(v1.id).y);
  assert.equal(boxes(nodes).get(service.id), boxes(nodes).get(v1.id));
});

test("a single version has no box", () => {
  assert.equal(boxes(NODES).has(details.id), false);
});

test("nothing overlaps", () => {
  assertNothingOverlaps(NODES, arrange(NODES, EDGES).positions);
});

test("the same graph has the same layout, in whatever order it is told", () => {
  const turned = arrange([...NODES].reverse(), [...EDGES].reverse()).positions;
  assert.deepEqual(new Map([...arrange(NODES, EDGES).positions].sort()), new Map([...turned].sort()));
});

for (const joining of NODES.slice(1)) {
  test(`when ${joining.app} ${joining.version} joins, what it does not run into stays where it is`, () => {
    const [nodes, edges] = without(joining);
    const before = arrange(nodes, edges).positions;
    const after = rearrange(before, NODES, EDGES).positions;
    assertNothingOverlaps(NODES, after);
    const moved = nodes.filter((one) => before.get(one.id).x !== after.get(one.id).x || before.get(one.id).y !== after.get(one.id).y);
    assert.ok(moved.length <= 1, `${moved.map((one) => one.id)} moved`);
  });

  test(`when ${joining.app} ${joining.version} leaves, all others stay`, () => {
    const before = arrange(NODES, EDGES).positions;
    const [nodes, edges] = without(joining);
    const after = rearrange(before, nodes, edges).positions;
    for (const one of nodes) assert.deepEqual(after.get(one.id), before.get(one.id));
  });
}

test("a graph that is mostly new is laid out anew", () => {
  const before = arrange([ingress, product], [EDGES[0]]).positions;
  assert.deepEqual(rearrange(before, NODES, EDGES), arrange(NODES, EDGES));
});

test("two namespaces keep apart", () => {
  const outside = ["a", "b", "c"].map((app) => node(app, "v1", "other"));
  const nodes = [...NODES, ...outside];
  const edges = [...EDGES, edge(outside[0], product), edge(details, outside[1]), edge(ingress, outside[2])];
  const { positions } = arrange(nodes, edges);
  const frame = (namespace) => {
    const columns = [...columnsOf(nodes).values()].filter((column) => column.namespace === namespace);
    const rects = columns.map((column) => rectOf(column, positions));
    return {
      left: Math.min(...rects.map((rect) => rect.left)),
      right: Math.max(...rects.map((rect) => rect.right)),
      top: Math.min(...rects.map((rect) => rect.top)),
      bottom: Math.max(...rects.map((rect) => rect.bottom)),
    };
  };
  assert.equal(meet(frame("bookinfo"), frame("other")), false);
});

function ring(size, namespaces) {
  const nodes = Array.from({ length: size }, (_, i) => node(`app${i >> 1}`, `v${i % 2}`, `ns${i % namespaces}`));
  const edges = nodes.flatMap((one, i) => [edge(one, nodes[(i * 7 + 3) % size]), edge(one, nodes[(i * 13 + 5) % size])]);
  return [nodes, edges.filter((one) => one.source !== one.target)];
}

test("namespaces that call each other in circles are laid out too", () => {
  for (const size of [9, 24, 40]) {
    const [nodes, edges] = ring(size, 3);
    assertNothingOverlaps(nodes, arrange(nodes, edges).positions);
  }
});

test("a thousand nodes have their place within two seconds, and nothing overlaps", () => {
  const [nodes, edges] = ring(1000, 8);
  const before = performance.now();
  const { positions } = arrange(nodes, edges);
  assert.ok(performance.now() - before < 2000);
  assert.equal(positions.size, 1000);
  assertNothingOverlaps(nodes, positions);
});

test("a large graph without circles goes from left to right as well", () => {
  // A long chain with a boxed pair now and then, and a wide tree at its end.
  const chain = Array.from({ length: 60 }, (_, i) => node(`link${i}`, "v1"));
  const twins = chain.filter((_, i) => i % 4 === 1).map((one) => ({ ...one, id: `${one.id}b`, version: "v2" }));
  const tree = Array.from({ length: 200 }, (_, i) => node(`app${i}`, "v1"));
  const nodes = [...chain, ...twins, ...tree];
  const edges = [
    ...chain.slice(1).map((one, i) => edge(chain[i], one)),
    ...tree.map((one, i) => edge(i === 0 ? chain.at(-1) : tree[Math.floor((i - 1) / 3)], one)),
  ];
  const { positions } = arrange(nodes, edges);
  for (const { source, target } of edges) assert.ok(positions.get(source).x < positions.get(target).x);
});
