import assert from "node:assert/strict";
import { test } from "node:test";

import { format, parse } from "../../../static/js/graph/address.js";
import { configured, figuresQuery, filled, labelsOf, withSource } from "../../../static/js/graph/charts/links.js";
import { difference, frameOf, sentence, signed, sorted, value } from "../../../static/js/graph/time/differences.js";
import { around, bands, named, spots, spotTitle } from "../../../static/js/graph/time/marks.js";
import { ago, iso, keyStep, moment, spansFor, stepped, stretchOf, timeOf, typed, windowFor, within } from "../../../static/js/graph/time/moments.js";
import { comparisonPath, graphPath, marksPath } from "../../../static/js/graph/time/query.js";
import { Replay, strideOf } from "../../../static/js/graph/time/replay.js";

const NOON = new Date(2026, 10, 28, 12, 0, 0).getTime();
const MINUTE = 60_000;

test("a moment of the address comes back as UTC, and what is none as nothing", () => {
  assert.equal(moment("2026-11-28T12:04:31Z"), "2026-11-28T12:04:31Z");
  assert.equal(moment("2026-11-28T14:04:31.900+02:00"), "2026-11-28T12:04:31Z");
  assert.equal(moment("1795867471"), iso(1795867471_000));
  for (const wrong of [null, "", "now", "12:04", "2026-13-40T99:99:99Z", "2026-11-28T12:04:31", "<b>"]) assert.equal(moment(wrong), "");
});

test("the address carries the moment, the other one and the speed, and leaves out what is not there", () => {
  const query = "?at=2026-11-28T12%3A04%3A31Z&vs=2026-11-28T12%3A01%3A00Z&speed=20";
  assert.equal(format(parse(query)), query);
  assert.deepEqual([parse("").at, parse("").vs, parse("").speed, format(parse(""))], ["", "", 0, ""]);
  assert.equal(parse("?speed=20").speed, 0, "nothing plays without a moment to begin with");
  assert.equal(parse("?at=2026-11-28T12:04:31Z&speed=7").speed, 0);
});

test("typed times are read as people write them", () => {
  assert.equal(typed("11:30", NOON), NOON - 30 * MINUTE);
  assert.equal(typed(" 11:30:15 ", NOON), NOON - 30 * MINUTE + 15_000);
  assert.equal(typed("-5m", NOON), NOON - 5 * MINUTE);
  assert.equal(typed("- 90 s", NOON), NOON - 90_000);
  assert.equal(typed("2 h ago", NOON), NOON - 120 * MINUTE);
  assert.equal(typed("2026-11-27 12:00", NOON), NOON - 24 * 60 * MINUTE);
  assert.equal(typed(iso(NOON), NOON), NOON);
  for (const wrong of ["", "noon", "25:00", "12:61", "-5", "5m", "2026-02-31 12:00"]) assert.equal(typed(wrong, NOON), null, wrong);
});

test("a time of day that has not been yet is yesterday's", () => {
  assert.equal(typed("23:50", NOON), new Date(2026, 10, 27, 23, 50).getTime());
});

test("a moment is written with its day when that is another one, and its age is never nought", () => {
  assert.equal(timeOf(NOON - 30 * MINUTE, NOON), "11:30:00");
  assert.equal(timeOf(NOON - 24 * 60 * MINUTE, NOON), "27 Nov 12:00:00");
  assert.equal(ago(NOON - 14 * MINUTE, NOON), "14 min ago");
  assert.equal(ago(NOON, NOON), "1 s ago");
});

test("steps stay within the history, and a step past its end is live", () => {
  const stretch = { from: NOON - 10 * MINUTE, to: NOON };
  assert.equal(stepped(null, -MINUTE, stretch, NOON), NOON - MINUTE);
  assert.equal(stepped(NOON - MINUTE, -20 * MINUTE, stretch, NOON), stretch.from);
  assert.equal(stepped(NOON - MINUTE, MINUTE, stretch, NOON), NOON);
  assert.equal(stepped(NOON - MINUTE, 2 * MINUTE, stretch, NOON), null);
  assert.equal(within(0, stretch), stretch.from);
  assert.deepEqual([keyStep(1), keyStep(15)], [5000, 15_000]);
});

test("the reach of history is what the server says, and nothing while it has none", () => {
  assert.equal(stretchOf(null, NOON), null);
  assert.equal(stretchOf({ earliest: null, latest: null, step_seconds: 1, source: "direct" }, NOON), null);
  const reach = { earliest: iso(NOON - MINUTE), latest: iso(NOON - 1000), step_seconds: 1, source: "direct" };
  assert.deepEqual(stretchOf(reach, NOON), { from: NOON - MINUTE, to: NOON - 1000 });
});

test("history that begins or ends within a second is asked for within it", () => {
  const reach = { earliest: new Date(NOON - MINUTE + 299).toISOString(), latest: new Date(NOON - 701).toISOString(), step_seconds: 5, source: "direct" };
  assert.deepEqual(stretchOf(reach, NOON), { from: NOON - MINUTE + 1000, to: NOON - 1000 });
});

test("the bar offers spans up to the first that holds all, and moves to a moment that lies before it", () => {
  const stretch = { from: NOON - 50 * MINUTE, to: NOON };
  assert.deepEqual(spansFor(stretch).map((span) => span.name), ["15 min", "1 h"]);
  assert.deepEqual(windowFor(stretch, 15 * MINUTE, null), { from: NOON - 15 * MINUTE, to: NOON });
  const shown = windowFor(stretch, 15 * MINUTE, NOON - 40 * MINUTE);
  assert.ok(shown.from < NOON - 40 * MINUTE && NOON - 40 * MINUTE < shown.to);
});

test("questions carry the whole view, and a comparison has the earlier moment first", () => {
  const view = { graph_type: "app", namespaces: ["a", "b"], fold: [], focus: "", depth: 2, idle: true };
  assert.equal(graphPath(view, "2026-11-28T12:00:00Z"), "graph?graph_type=app&namespaces=a%2Cb&depth=2&idle=true&at=2026-11-28T12%3A00%3A00Z");
  const path = comparisonPath({ graph_type: "app" }, "2026-11-28T12:05:00Z", "2026-11-28T12:00:00Z");
  assert.equal(path, "graph/comparison?graph_type=app&before=2026-11-28T12%3A00%3A00Z&after=2026-11-28T12%3A05%3A00Z");
  assert.match(marksPath("a", "b", ["x"]), /namespaces=x$/);
});

// Comparison

const FIGURES = { requests_per_second: 10, error_ratio: 0, p50: 10, p95: 20, p99: 30, bytes_per_second: 100, health: /** @type {const} */ ("ok") };
/** @param {Partial<typeof FIGURES> | null} before @param {Partial<typeof FIGURES> | null} after */
const pair = (before, after) => ({ before: before && { ...FIGURES, ...before }, after: after && { ...FIGURES, ...after } });
const edge = (/** @type {string} */ id, /** @type {ReturnType<typeof pair>} */ both) => ({ id, source: "a", target: id, protocol: "http", ...both });

test("the worst of what is different names the difference", () => {
  const kind = (/** @type {any} */ before, /** @type {any} */ after) => difference(pair(before, after)).kind;
  assert.equal(kind({}, {}), "same");
  assert.equal(kind(null, {}), "new");
  assert.equal(kind({}, null), "gone");
  assert.equal(kind({}, { error_ratio: 0.2, p95: 900 }), "failing");
  assert.equal(kind({}, { p95: 900 }), "slower");
  assert.equal(kind({ p95: 900 }, {}), "faster");
  assert.equal(kind({ error_ratio: 0.2 }, {}), "fixed");
  assert.equal(kind({}, { requests_per_second: 30 }), "busier");
  assert.equal(kind({}, { requests_per_second: 0, p95: null }), "quieter");
});

test("what nobody would notice is no difference", () => {
  for (const change of [{ p95: 24 }, { p95: 29 }, { error_ratio: 0.009 }, { requests_per_second: 12 }, { p95: null }]) {
    assert.equal(difference(pair({}, change)).kind, "same", JSON.stringify(change));
  }
});

test("turned around, better is worse and new is gone", () => {
  const opposite = { failing: "fixed", slower: "faster", new: "gone", busier: "quieter", same: "same" };
  for (const change of [{ error_ratio: 0.3 }, { p95: 500 }, { requests_per_second: 100 }, {}]) {
    const there = difference(pair({}, change)).kind;
    assert.equal(difference(pair(change, {})).kind, opposite[/** @type {keyof typeof opposite} */ (there)]);
  }
});

test("a difference is a shape, a word and the two numbers", () => {
  assert.equal(difference(pair({}, { p95: 1400 })).label, "▲ slower, p95 20 ms → 1.4 s");
  assert.equal(difference(pair({}, { error_ratio: 0.081 })).label, "✕ fails more, 0 % → 8.1 %");
  assert.equal(difference(pair(null, {})).label, "+ new, 10 rps");
  assert.equal(difference(pair({}, {})).label, "");
});

test("the sentence counts the worst first", () => {
  const edges = [
    edge("1", pair({}, { p95: 500 })),
    edge("2", pair({}, { p95: 500 })),
    edge("3", pair({}, { error_ratio: 0.5 })),
    edge("4", pair(null, {})),
    edge("5", pair({}, {})),
  ];
  assert.equal(sentence(edges), "1 edge fails more, 2 got slower, 1 is new; 1 is the same.");
  assert.match(sentence([edge("1", pair({}, {}))]), /^No edge is different/);
  assert.match(sentence([]), /no traffic/);
});

test("the table is sorted by difference and by numbers, with the unknown last either way", () => {
  const edges = [edge("1", pair({}, {})), edge("2", pair({}, { p95: null })), edge("3", pair({}, { p95: 100 })), edge("4", pair(null, {}))];
  const rows = edges.map((one) => ({ edge: one, source: "a", target: one.id, difference: difference(one) }));
  const ids = (/** @type {any} */ order) => sorted(rows, order).map((row) => row.edge.id);
  assert.deepEqual(ids({ column: "change", descending: true }), ["3", "4", "1", "2"]);
  assert.deepEqual(ids({ column: "p95-by", descending: true }), ["3", "1", "2", "4"]);
  assert.deepEqual(ids({ column: "p95-by", descending: false }), ["1", "3", "2", "4"]);
  assert.equal(value(pair({}, { error_ratio: 0.5 }), "errors", "by"), 50);
  assert.deepEqual([signed(3), signed(-3), signed(0), signed(null)], ["+3", "−3", "0", "–"]);
});

test("a comparison is drawn as a frame: what is gone stands with what it was", () => {
  const node = { id: "n", kind: /** @type {const} */ ("app"), namespace: "x", app: "n", version: "v1", workload: "n-v1", service: "n" };
  const comparison = { before: "b", after: "c", nodes: [{ ...node, ...pair({ requests_per_second: 4 }, null) }], edges: [edge("e", pair(null, {}))] };
  const frame = frameOf(comparison, "app", []);
  assert.equal(frame.nodes[0]?.requests_per_second, 4);
  assert.equal(frame.nodes[0]?.difference?.kind, "gone");
  assert.equal(frame.edges[0]?.difference?.kind, "new");
  assert.equal(frame.taken_at, "c");
});

// Marks

const mark = (/** @type {number} */ minutesAgo, /** @type {object} */ rest = {}) => ({
  at: iso(NOON - minutesAgo * MINUTE), until: null, kind: /** @type {const} */ ("change"), title: "80/20", namespace: "bookinfo", service: "reviews", by: "ada", url: "/changes/1/", ...rest,
}); // prettier-ignore
const STRETCH = { from: NOON - 60 * MINUTE, to: NOON };

test("marks stand at their part of the axis, and those too close together are one spot", () => {
  const found = spots([mark(30), mark(90), mark(10), mark(29.9)], STRETCH);
  assert.deepEqual(found.map((spot) => [spot.part, spot.marks.length]), [[0.5, 2], [50 / 60, 1]]);
  assert.match(spotTitle(/** @type {any} */ (found[0])), /^2 changes: Change on reviews: 80\/20;/);
  assert.equal(named(mark(1, { service: "", title: "" })), "Change");
  assert.equal(named(mark(1, { kind: "rollout", title: "Rollout #3: 25 %" })), "Rollout #3: 25 % (reviews)");
  assert.equal(named(mark(1, { kind: "rollout", title: "Rollout #3: 25 %", service: "" })), "Rollout #3: 25 %");
});

test("a fault is a band from its start to its end, or on to now", () => {
  const over = mark(30, { kind: "fault", until: iso(NOON - 15 * MINUTE) });
  const on = mark(6, { kind: "fault" });
  const shown = bands([over, on, mark(20)], STRETCH, NOON).map(({ left, width }) => [left.toFixed(3), width.toFixed(3)]);
  assert.deepEqual(shown, [["0.500", "0.250"], ["0.900", "0.100"]]);
});

test("around a change lie a minute before it and a minute after it has settled, within history", () => {
  const at = NOON - 30 * MINUTE;
  const found = around(mark(30), STRETCH);
  assert.equal(found.before, at - MINUTE);
  assert.ok(found.after > at + MINUTE && found.after < at + 2 * MINUTE);
  assert.equal(around(mark(0.5), STRETCH).after, NOON);
  const short = mark(30, { kind: "fault", until: iso(at + 20_000) });
  assert.equal(around(short, STRETCH).after, at + 20_000);
});

// Links

const LINK = { name: "grafana", title: "Grafana", template: "https://grafana.example/d/x?var-namespace={namespace}&var-workload={workload}&from={from}&to={to}" };
const NODE = /** @type {any} */ ({ namespace: "book info", workload: "a&b=c", app: "a", version: "", service: "" });

test("labels are filled in encoded, so that none of them adds to the address", () => {
  const found = filled(LINK, labelsOf(NODE, { from: 1, to: 2 }));
  assert.equal(found?.href, "https://grafana.example/d/x?var-namespace=book%20info&var-workload=a%26b%3Dc&from=1&to=2");
});

test("a link whose label is not known here, or that is no web address, is not offered", () => {
  assert.equal(filled({ ...LINK, template: "https://g/{service}" }, labelsOf(NODE, { from: 1, to: 2 })), null);
  assert.equal(filled({ ...LINK, template: "https://g/{version}" }, labelsOf(NODE, { from: 1, to: 2 }))?.href, "https://g/");
  assert.equal(filled({ ...LINK, template: "https://g/{source_app}" }, labelsOf(NODE, { from: 1, to: 2 })), null);
  assert.equal(filled({ ...LINK, template: "javascript:alert(1)" }, labelsOf(NODE, { from: 1, to: 2 })), null);
  assert.equal(filled({ ...LINK, template: "https://g/{source_app}" }, withSource(labelsOf(NODE, { from: 1, to: 2 }), NODE))?.href, "https://g/a");
  assert.deepEqual(configured({ grafana: "", tracing: "https://t/{service}" }), [{ name: "tracing", title: "Tracing", template: "https://t/{service}" }]);
  assert.equal(figuresQuery("app", "a->b:http", "15m"), "?type=app&id=a-%3Eb%3Ahttp&range=15m");
});

// Replay

/** A clock that a test turns by hand, and a server whose answers it gives. */
class Theatre {
  time = 0;
  /** @type {{at: number, callback: () => void, id: number}[]} */ timers = [];
  /** @type {number[]} */ asked = [];
  /** @type {number[]} */ shown = [];
  /** @type {string[]} */ said = [];
  /** @type {(at: number) => Promise<string>} */ answer = (at) => Promise.resolve(`frame ${at}`);
  /** @type {Replay<string>} */ replay;
  #ids = 0;

  constructor() {
    this.replay = new Replay(
      {
        fetch: (at) => {
          this.asked.push(at);
          return this.answer(at);
        },
        show: (_, at) => this.shown.push(at),
        waits: (at) => this.said.push(`waits ${at}`),
        failed: (error) => String(error).includes("gap"),
        ended: () => this.said.push("ended"),
      },
      {
        now: () => this.time,
        later: (callback, ms) => {
          this.#ids += 1;
          this.timers.push({ at: this.time + ms, callback, id: this.#ids });
          return this.#ids;
        },
        forget: (id) => {
          this.timers = this.timers.filter((timer) => timer.id !== id);
        },
      },
    );
  }

  /** @param {number} ms */
  async pass(ms) {
    const end = this.time + ms;
    await settle();
    for (;;) {
      const next = this.timers.filter((timer) => timer.at <= end).sort((a, b) => a.at - b.at)[0];
      if (!next) break;
      this.time = next.at;
      this.timers = this.timers.filter((timer) => timer !== next);
      next.callback();
      await settle();
    }
    this.time = end;
  }
}

async function settle() {
  for (let i = 0; i < 20; i += 1) await Promise.resolve();
}

test("a stride is whole steps of history, and no more than two frames a second", () => {
  assert.deepEqual([strideOf(1, 1), strideOf(5, 1), strideOf(20, 1), strideOf(60, 15)], [1000, 3000, 10_000, 30_000]);
});

test("a replay shows each moment when it is due, having asked for it before, and ends with the newest", async () => {
  const theatre = new Theatre();
  theatre.replay.start(0, 20, 1, 45_000);
  await theatre.pass(0);
  assert.deepEqual(theatre.shown, [0]);
  assert.deepEqual(theatre.asked, [0, 10_000, 20_000, 30_000, 40_000]);
  await theatre.pass(500);
  assert.deepEqual(theatre.shown, [0, 10_000]);
  await theatre.pass(1600);
  assert.deepEqual(theatre.shown, [0, 10_000, 20_000, 30_000, 40_000]);
  await theatre.pass(500);
  assert.deepEqual(theatre.said, ["ended"]);
  assert.equal(theatre.replay.playing, false);
});

test("a frame that is late holds the clock up, and none is skipped for it", async () => {
  const theatre = new Theatre();
  /** @type {(frame: string) => void} */
  let arrive = () => {};
  theatre.answer = (at) => (at === 1000 ? new Promise((resolve) => { arrive = resolve; }) : Promise.resolve("")); // prettier-ignore
  theatre.replay.start(0, 1, 1, 5000);
  await theatre.pass(4000);
  assert.deepEqual(theatre.shown, [0]);
  assert.deepEqual(theatre.said, ["waits 1000"]);
  arrive("");
  await theatre.pass(0);
  assert.deepEqual(theatre.shown, [0, 1000]);
  await theatre.pass(999);
  assert.deepEqual(theatre.shown, [0, 1000]);
  await theatre.pass(1);
  assert.deepEqual(theatre.shown, [0, 1000, 2000]);
});

test("a gap is passed over, any other error stops the replay", async () => {
  const theatre = new Theatre();
  theatre.answer = (at) => (at === 1000 ? Promise.reject(new Error("gap")) : at === 3000 ? Promise.reject(new Error("away")) : Promise.resolve(""));
  theatre.replay.start(0, 1, 1, 10_000);
  await theatre.pass(6000);
  assert.deepEqual(theatre.shown, [0, 2000]);
  assert.equal(theatre.replay.playing, false);
});

test("nothing is shown after stop, not even what was on its way", async () => {
  const theatre = new Theatre();
  theatre.replay.start(0, 1, 1, 10_000);
  await theatre.pass(1000);
  theatre.replay.stop();
  await theatre.pass(10_000);
  assert.deepEqual(theatre.shown, [0, 1000]);
  assert.deepEqual(theatre.said, []);
});

test("history that grows while it is played is played, too", async () => {
  const theatre = new Theatre();
  theatre.replay.start(0, 1, 1, 1000);
  await theatre.pass(500);
  theatre.replay.extend(2000);
  await theatre.pass(3000);
  assert.deepEqual(theatre.shown, [0, 1000, 2000]);
});
