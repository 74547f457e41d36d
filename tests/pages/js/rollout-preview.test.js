import assert from "node:assert/strict";
import { test } from "node:test";

import { Asking, REST_MS, SLOW_MS } from "../../../static/js/rollouts/wizard/asking.js";
import { bars } from "../../../static/js/rollouts/wizard/course.js";
import { callersWords, endOf, figures, lasts, sights } from "../../../static/js/rollouts/wizard/preview-words.js";

/** Timers that go when they are told to. */
class Timers {
  now = 0;
  waiting = new Map();
  #number = 0;

  set = (work, ms) => {
    this.waiting.set((this.#number += 1), { work, at: this.now + ms });
    return this.#number;
  };

  clear = (timer) => this.waiting.delete(timer);

  pass(ms) {
    this.now += ms;
    for (const [number, { work, at }] of [...this.waiting]) {
      if (at > this.now || !this.waiting.delete(number)) continue;
      work();
    }
  }
}

function stage() {
  const timers = new Timers();
  const asked = [];
  const told = [];
  const ask = (body, signal) => new Promise((answer, fail) => asked.push({ body, signal, answer, fail }));
  const tell = (word) => (what) => told.push(what === undefined ? word : [word, what]);
  const asking = new Asking(ask, { slow: tell("slow"), shown: tell("shown"), failed: tell("failed"), cancelled: tell("cancelled") }, timers);
  return { timers, asked, told, asking };
}

const settled = () => new Promise((done) => setImmediate(done));

test("only what is typed last is asked for, once typing rests", () => {
  const { timers, asked, asking } = stage();
  for (const body of ["a", "ab", "abc"]) {
    asking.want(body);
    timers.pass(REST_MS - 1);
  }
  assert.equal(asked.length, 0);
  timers.pass(1);
  assert.deepEqual(asked.map(({ body }) => body), ["abc"]);
});

test("what takes its time says so, and not what is quick", async () => {
  const { timers, asked, told, asking } = stage();
  asking.want("a");
  timers.pass(REST_MS);
  timers.pass(SLOW_MS - 1);
  assert.deepEqual(told, []);
  timers.pass(1);
  assert.deepEqual(told, ["slow"]);
  asked[0].answer("quick");
  await settled();
  asking.again();
  asked[1].answer("quicker");
  await settled();
  timers.pass(SLOW_MS);
  assert.deepEqual(told, ["slow", ["shown", "quick"], ["shown", "quicker"]]);
});

test("an answer to an older question is never shown", async () => {
  const { timers, asked, told, asking } = stage();
  asking.want("old");
  timers.pass(REST_MS);
  asking.want("new");
  assert.ok(asked[0].signal.aborted);
  timers.pass(REST_MS);
  asked[1].answer("of the new");
  asked[0].answer("of the old");
  await settled();
  assert.deepEqual(told, [["shown", "of the new"]]);
});

test("who cancels is told once, and hears no answer", async () => {
  const { timers, asked, told, asking } = stage();
  asking.want("a");
  timers.pass(REST_MS);
  asking.cancel();
  asked[0].fail(new Error("aborted"));
  await settled();
  timers.pass(10_000);
  assert.deepEqual(told, ["cancelled"]);
  assert.equal(asking.isBusy, false);
  asking.again();
  assert.equal(asked.length, 2);
});

test("a failure is told", async () => {
  const { timers, asked, told, asking } = stage();
  asking.want("a");
  assert.ok(asking.isBusy);
  timers.pass(REST_MS);
  asked[0].fail("away");
  await settled();
  assert.deepEqual(told, [["failed", "away"]]);
  assert.equal(asking.isBusy, false);
});

const SIGHT = { guard: "errors", smallest: 2.4, smallest_ratio: 0.012, example: 0.015, seconds_to_harm: 40 };

test("what could be seen is told as a part of the requests, and as a multiple where there is one", () => {
  const told = (sight, weight = 5) => sights({ weight, sights: [{ ...SIGHT, ...sight }] })[0];
  assert.deepEqual([told({}).sees, told({}).found], ["errors 1.2 % (2.4×)", "3×: 40 s"]);
  const none = { smallest: null, smallest_ratio: 0.031, example: 0.05, seconds_to_harm: 90 };
  assert.deepEqual([told(none).sees, told(none).found], ["errors 3.1 %", "5 %: 1 min 30 s"]);
  const blind = { smallest: null, smallest_ratio: null, seconds_to_harm: null };
  assert.deepEqual([told(blind).sees, told(blind).found], ["errors nothing", "3×: never"]);
  assert.equal(told({}, 100).sees, "nothing to compare");
  assert.equal(told({}, 0).sees, "not known");
});

const PREVIEW = {
  traffic: { requests_per_second: 12.5, bad_ratio: { errors: 0.0043 }, callers: [] },
  steps: [],
  seconds: 312,
  seconds_to_verdict: 140,
  expected_end: "2026-11-28T14:32:10Z",
  warnings: [],
};

test("the figures at the top have units, and say what is not measured", () => {
  const now = new Date("2026-11-28T14:27:00Z");
  const said = (preview) => figures({ ...PREVIEW, ...preview }, now).map(({ name, value }) => `${name}: ${value}`);
  assert.deepEqual(said({}).slice(0, 3), ["traffic now: 12.5 rps", "failed now: 0.43 %", "until a verdict: 2 min 20 s"]);
  const nothing = { traffic: { requests_per_second: null, bad_ratio: {}, callers: [] }, seconds: null, seconds_to_verdict: null };
  assert.deepEqual(said(nothing), ["traffic now: not measured", "until a verdict: none", "expected end: would hold"]);
});

test("an end on another day has its date", () => {
  const end = new Date(2026, 10, 28, 14, 32);
  const preview = { ...PREVIEW, expected_end: end.toISOString() };
  assert.equal(endOf(preview, new Date(2026, 10, 28, 9)), "14:32");
  assert.equal(endOf(preview, new Date(2026, 10, 27, 9)), "28 Nov 14:32");
  assert.equal(endOf({ ...PREVIEW, expected_end: null }, end), "");
});

test("a step without an end and callers are put into words", () => {
  assert.equal(lasts({ seconds: null }), "for ever");
  const by = (count) => callersWords({ traffic: { callers: Array.from({ length: count }) } });
  assert.deepEqual([by(0), by(1), by(3)], ["No caller is seen now", "Called by 1 workload now", "Called by 3 workloads now"]);
});

test("the figure of the course gives each step its time, and none less than can be seen", () => {
  const steps = [1, 100_000, 50_000].map((seconds, at) => ({ weight: at * 50, seconds, pause: false }));
  const found = bars(steps, 480);
  assert.ok(found[0].width >= 8);
  assert.ok(found[1].width > 1.9 * found[2].width);
  found.slice(1).forEach((bar, at) => assert.ok(Math.abs(bar.x - found[at].x - found[at].width) < 1e-9));
  assert.ok(found[2].x + found[2].width < 480);
  assert.ok(found[0].y > found[1].y && found[1].y > found[2].y);
  assert.equal(found[0].label, "");
  const many = bars(Array.from({ length: 50 }, () => steps[0]), 240).at(-1);
  assert.ok(many && many.x + many.width < 240);
});
