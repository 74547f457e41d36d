import assert from "node:assert/strict";
import { test } from "node:test";

import { matches, steady } from "../../../static/js/overview/order.js";
import { HEIGHT, pieces, WIDTH } from "../../../static/js/overview/spark.js";

const rows = (text) => text.split(" ").map((word) => ({ id: word.slice(0, -1), health: { f: "failing", d: "degraded", o: "ok", i: "idle" }[word.at(-1)] }));
const ids = (sorted) => sorted.map((row) => row.id).join(" ");
const byId = (row) => row.id;

test("at first, rows stand as the server has them", () => {
  assert.equal(ids(steady([], rows("bf ao ci"), byId)), "b a c");
});

test("rows of the same health stay where they stood, whatever their figures", () => {
  assert.equal(ids(steady(["a", "b", "c"], rows("co bo ao"), byId)), "a b c");
});

test("a row that fails goes up, and the others keep their order", () => {
  assert.equal(ids(steady(["a", "b", "c"], rows("cf bo ao"), byId)), "c a b");
});

test("a new row comes behind those of its like", () => {
  assert.equal(ids(steady(["a", "b"], rows("no ao bo xf"), byId)), "x a b n");
});

test("every part of what was typed must be in some word of the row", () => {
  assert.equal(matches("rev book", ["reviews", "bookinfo"]), true);
  assert.equal(matches("rev shop", ["reviews", "bookinfo"]), false);
  assert.equal(matches("", ["reviews"]), true);
});

test("a sparkline ends at the right, and its highest value is at the top", () => {
  const [line] = pieces([0, 5, 10], 10);
  const points = line.split(" ").map((pair) => pair.split(",").map(Number));
  assert.equal(points.at(-1)[0], WIDTH);
  assert.ok(points[2][1] < points[1][1] && points[1][1] < points[0][1]);
  assert.ok(points.every(([, y]) => y >= 0 && y <= HEIGHT));
});

test("where nothing is known there is a gap, no nought", () => {
  assert.equal(pieces([1, 1, null, null, 1], 1).length, 2);
  assert.deepEqual(pieces([null, null], 1), []);
});
