import assert from "node:assert/strict";
import { test } from "node:test";

import { bucketNames, errorPercent, escaped, markShapes, traces, usedBuckets, withGaps } from "../../../static/js/graph/charts/plot.js";
import { between, beyond, focusOf, nameOfId, rangeKey, rangeOf, stretchFor } from "../../../static/js/graph/charts/range.js";
import { summary } from "../../../static/js/graph/charts/summary.js";

const NOON = Date.parse("2026-11-28T12:00:00Z");
const COLOURS = /** @type {any} */ (new Proxy({}, { get: () => "rgb(1, 2, 3)" }));

/** @param {object} [change] */
function columns(change = {}) {
  return {
    id: "x", since: "", until: "", step_seconds: 5, t: [0, 5, 10],
    codes: { 503: [0, 0, 1], 200: [4, 4, 3] }, errors: [0, 0, 1], p50: [1, 1, 1], p95: [2, null, 20], p99: [3, 3, 3],
    heat: { edges_ms: [1, 5, 10, 25, null], per_second: [[0, 0, 0], [0, 0, 0], [0, 2, 0], [0, 0, 0], [0, 0, 0]] },
    sent_bytes: [10, 10, 10], received_bytes: [20, 20, 20], ...change,
  }; // prettier-ignore
}

test("a range is written as it is read, and nonsense is the last quarter of an hour", () => {
  for (const key of ["5m", "15m", "1h", "6h", "24h", "7d", "2026-11-28T11:00:00Z~2026-11-28T12:00:00Z"]) assert.equal(rangeKey(rangeOf(key)), key);
  for (const wrong of [null, "", "9m", "~", "2026-11-28T12:00:00Z~2026-11-28T11:00:00Z", "a~b"]) assert.equal(rangeKey(rangeOf(wrong)), "15m");
  assert.deepEqual(stretchFor(rangeOf("5m"), NOON), { from: NOON - 300_000, to: NOON });
  assert.equal(rangeKey(between(NOON, NOON)), "2026-11-28T12:00:00Z~2026-11-28T12:00:01Z");
});

test("a range is offered while it shows more than a shorter one", () => {
  assert.deepEqual([...beyond(600)], ["1h", "6h", "24h", "7d"]);
  assert.deepEqual([...beyond(3600)], ["6h", "24h", "7d"]);
  assert.deepEqual([...beyond(30 * 86_400)], []);
  assert.ok(!beyond(0).has("5m"));
});

test("an id is a name where nothing better is known", () => {
  assert.equal(nameOfId("app:bookinfo/reviews/v3"), "reviews v3");
  assert.equal(nameOfId("app:a/x/v1->service:b/y:http"), "x v1 → y");
  assert.equal(nameOfId("unknown"), "unknown");
  assert.equal(focusOf("app:a/x/v1->service:b/y:tcp"), "app:a/x/v1");
  assert.equal(focusOf("app:a/x/v1"), "app:a/x/v1");
});

test("a step that is missing is a gap in every column, and none is added without need", () => {
  const whole = columns();
  assert.equal(withGaps(whole), whole);
  const torn = withGaps(columns({ t: [0, 5, 60] }));
  assert.deepEqual(torn.t, [0, 5, 10, 60]);
  assert.deepEqual(torn.p95, [2, null, null, 20]);
  assert.deepEqual(torn.codes[200], [4, 4, null, 3]);
  assert.deepEqual(torn.heat.per_second[2], [0, 2, null, 0]);
  assert.equal(errorPercent(torn)[2], null, "unknown is not free of errors");
});

test("errors are a part of the requests, and of none there is no part", () => {
  assert.deepEqual(errorPercent(columns()), [0, 0, 25]);
  assert.deepEqual(errorPercent(columns({ codes: {}, errors: [0, 0, 0] })), [null, null, null]);
});

test("of the buckets only those in use are drawn, with a neighbour on either side", () => {
  assert.deepEqual(usedBuckets(columns().heat).edges_ms, [5, 10, 25]);
  const none = { edges_ms: [1, null], per_second: [[0], [0]] };
  assert.deepEqual(usedBuckets(none), none);
  assert.deepEqual(bucketNames([5, 2500, null]), ["up to 5 ms", "5 ms to 2.5 s", "over 2.5 s"]);
});

test("codes are stacked in their order, and marks are text that plotly does not read as markup", () => {
  const mark = /** @type {any} */ ({ at: "2026-11-28T12:00:00Z", until: null, kind: "change", title: "<b>x</b>", namespace: "n", service: "s", by: "", url: "/changes/1/" });
  const drawn = /** @type {any[]} */ (traces(columns(), [mark], COLOURS, NOON));
  assert.deepEqual(drawn.filter((one) => one.type === "bar").map((one) => one.name), ["200", "503"]);
  assert.match(drawn.at(-1).hovertext[0], /&lt;b&gt;/);
  assert.equal(escaped("a & <i>"), "a &amp; &lt;i&gt;");
  assert.deepEqual(drawn.at(-1).customdata, ["/changes/1/"]);
});

test("a fault is a band with a line at its start, everything else a line", () => {
  const mark = (/** @type {string} */ kind, /** @type {string | null} */ until) => /** @type {any} */ ({ at: "2026-11-28T11:50:00Z", until, kind, title: "", service: "", by: "" });
  const shapes = /** @type {any[]} */ (markShapes([mark("change", null), mark("fault", null)], COLOURS, NOON));
  assert.deepEqual(shapes.map((shape) => shape.type), ["line", "rect", "line"]);
  assert.equal(shapes[1].x1.getTime(), NOON, "a fault that nobody ended goes on");
});

test("each kind of mark has a glyph and a line of its own", () => {
  const inks = /** @type {any} */ (new Proxy({}, { get: (_, name) => `rgb(${String(name).length}, 2, 3)` }));
  const mark = (/** @type {string} */ kind) => /** @type {any} */ ({ at: "2026-11-28T11:50:00Z", until: null, kind, title: "x", service: "", by: "", url: "/x/" });
  const all = ["change", "revert", "fault", "rollout"].map(mark);
  const lines = /** @type {any[]} */ (markShapes(all, inks, NOON)).filter((shape) => shape.type === "line");
  assert.equal(new Set(lines.map((shape) => `${shape.line.color} ${shape.line.dash}`)).size, 4);
  const glyphs = /** @type {any[]} */ (traces(columns(), all, COLOURS, NOON)).at(-1).text;
  assert.equal(new Set(glyphs).size, 4);
  assert.ok(glyphs.every((/** @type {unknown} */ glyph) => typeof glyph === "string" && glyph.length > 0));
});

test("the sentence has the mean, the most, the errors and the worst latency", () => {
  assert.equal(summary(columns()), "4 rps on average, 4 rps at most; 8.33 % errors; p95 up to 20 ms; 30 B/s both ways.");
  assert.equal(summary(columns({ t: [] })), "Nothing was seen of it in this time.");
});
