import assert from "node:assert/strict";
import { test } from "node:test";

import { reading } from "../../../static/js/rollouts/age.js";
import { isOffered } from "../../../static/js/rollouts/commands.js";
import { worthTelling } from "../../../static/js/rollouts/log.js";
import { extent, marks, panels, standstills } from "../../../static/js/rollouts/panels.js";
import { pooled } from "../../../static/js/rollouts/pooling.js";
import { area, clamped, decades, interval, linear, logarithmic, nearest, niceMost, path, timeTicks } from "../../../static/js/rollouts/scales.js";
import { paceWords, secondsUntilNoWorse } from "../../../static/js/rollouts/pace.js";
import { reached, stairsPath } from "../../../static/js/rollouts/stairs.js";
import { advice, eValue, headline, judgeWords, nextEvent, ordered, progress, STATUS, stepStates, stepWords, willBeWritten } from "../../../static/js/rollouts/words.js";

const NOW = Date.parse("2026-11-28T07:50:00Z");
const STEPS = [5, 25, 50, 100].map((weight) => ({ weight, seconds: 60, requests: 0, pause: false }));
const rollout = (changed = {}) => ({
  id: 3, version: 7, namespace: "bookinfo", service: "reviews", baseline: "v1", canary: "v3", strategy: { kind: "weighted" },
  status: "running", why: null, step: 1, steps: STEPS, weight: 25, configured_share: 0.25, observed_share: 0.247, mirror: false, match: false,
  verdict: "not_known", sentence: "Not known yet by errors.", clock: { verified: true, seconds: 12.3, of_seconds: 60, requests: 300, of_requests: 0 },
  created_at: "2026-11-28T07:45:00Z", created_by: "ada", started_at: "2026-11-28T07:45:00Z", finished_at: null, note: "", expected_end: null,
  commands: [], needs_person: false, spec: { guards: [{ kind: "errors" }] },
  evidence: { at: NOW / 1000, sentence: "Not known yet by errors.", figures: [] }, share: {}, course: { points: [] }, log: [], cards: [],
  ...changed,
}); // prettier-ignore
const clock = (changed) => ({ verified: true, seconds: 60, of_seconds: 60, requests: 0, of_requests: 0, ...changed });
const at = (seconds) => new Date(NOW + seconds * 1000).toISOString();

test("each status has a word, a level and a shape, and no two look alike", () => {
  const looks = Object.values(STATUS).map(({ level, icon, word }) => `${level} ${icon} ${word}`);
  assert.equal(new Set(looks).size, 8);
});

test("what comes next is said from the clock of the step, and nothing is promised", () => {
  const next = (changed) => nextEvent(rollout(changed), NOW);
  assert.equal(next({}), "50 % in 48 s at the earliest");
  assert.equal(next({ clock: clock({ verified: false, seconds: 0 }) }), "verifies the share first");
  assert.equal(next({ clock: clock({ requests: 180, of_requests: 300 }) }), "50 % after 120 more requests");
  assert.equal(next({ clock: clock() }), "50 % at the next look");
  assert.equal(next({ step: 3, clock: clock() }), "promotes at the next look");
  assert.equal(next({ steps: STEPS.map((step) => ({ ...step, pause: true })) }), "pauses for a person in 48 s at the earliest");
  assert.equal(next({ step: -1, status: "planned" }), "5 % at the next look");
  assert.equal(next({ status: "paused" }), "waits for a person");
  assert.equal(next({ status: "held", why: { code: "no_traffic", words: "" } }), "goes on when the reason is gone");
  assert.equal(next({ status: "held", why: { code: "harm", words: "" } }), "waits for a person");
  assert.equal(next({ status: "promoted", finished_at: at(-120) }), "ended 2 min ago");
});

test("steps are done, now, to come, or the one that it ended in", () => {
  const states = (status, step) => stepStates({ status, step, steps: STEPS }).join(" ");
  assert.equal(states("planned", -1), "next next next next");
  assert.equal(states("running", 1), "done current next next");
  assert.equal(states("held", 1), "done current next next");
  assert.equal(states("rolled_back", 2), "done done stopped next");
  assert.equal(states("promoted", 3), "done done done done");
  assert.equal(states("promoted", 1), "done done done done", "promoted before its last step");
  assert.equal(stepWords({ weight: 5, seconds: 300, requests: 1, pause: true }), "5 min · 1 request · ends by a person");
});

test("whatever it stands still for, a person is told what he can do", () => {
  const codes = ["person", "step_pause", "weight_set", "foreign_edit", "rights", "api_away", "rights_unknown", "not_ready", "source_away", "share_differs",
    "share_not_measured", "no_traffic", "no_verdict", "harm", "gate_refused", "write_refused", "write_unknown"]; // prettier-ignore
  for (const code of codes) assert.match(advice(rollout({ status: "held", why: { code, words: "w" } })), /\.$/, code);
  assert.equal(advice(rollout()), "");
});

test("the sentence at the top is the reason, or what it does", () => {
  assert.equal(headline(rollout({ status: "held", why: { code: "no_verdict", words: "There is no verdict." } }), NOW), "There is no verdict.");
  assert.match(headline(rollout(), NOW), /^Step 2 of 4: v3 gets 25 %; next: 50 % in 48 s/);
  assert.match(headline(rollout({ why: { code: "verifying", words: "The share is not verified yet." } }), NOW), /not verified yet/);
  assert.equal(headline(rollout({ status: "promoted" }), NOW), "All requests go to v3.");
  const figure = { name: "errors", verdict: "harm", sentence: "33 of 1447 were bad." };
  const evidence = { sentence: "Harm by errors.", figures: [figure, { ...figure, name: "latency", verdict: "no_worse" }] };
  assert.equal(judgeWords({ verdict: "harm", evidence, why: null }), "errors: 33 of 1447 were bad.");
  const open = { sentence: "Not known yet by errors.", figures: [{ ...figure, verdict: "not_known" }] };
  assert.equal(judgeWords({ verdict: "not_known", evidence: open, why: { code: "no_verdict", words: "" } }), "errors: 33 of 1447 were bad.");
  assert.equal(judgeWords({ verdict: "not_known", evidence: open, why: null }), "The judge: Not known yet by errors.");
});

test("what an abort or a promotion writes is said before it is done", () => {
  assert.match(willBeWritten(rollout(), "abort"), /bookinfo\/reviews, in one write: v1 100 %, v3 0 %\./);
  assert.match(willBeWritten(rollout(), "promote"), /v3 100 %, v1 0 %\./);
  assert.match(willBeWritten(rollout({ step: -1, weight: 0 }), "abort"), /^Nothing was written yet/);
  assert.match(willBeWritten(rollout({ match: true, strategy: { kind: "header", name: "x-canary" } }), "abort"), /match on header x-canary goes/);
});

test("what needs a person stands first, what ended last", () => {
  const all = [rollout({ id: 1 }), rollout({ id: 2, status: "held" }), rollout({ id: 3, status: "promoted" }), rollout({ id: 4 }), rollout({ id: 5, status: "paused" })];
  assert.deepEqual(ordered(all).map(({ id }) => id), [5, 2, 4, 1, 3]); // prettier-ignore
});

test("evidence of any size can be read", () => {
  assert.deepEqual([null, 0, 0.0042, 0.5, 1, 144.2, 20_000, 1e12, 1e300].map(eValue), ["–", "<0.01", "<0.01", "0.5", "1", "144", "20 k", "10¹²", "10³⁰⁰"]);
  assert.deepEqual([progress(0.2, 100), progress(10, 100), progress(1e9, 100)], [0, 0.5, 1]);
});

test("when there is a verdict is told from the pace of the last looks, and only from enough of them", () => {
  const figure = (changed = {}) => {
    const over = Array.from({ length: 10 }, (_, i) => ({ at: i * 10, requests: i * 20, harm: 1, no_worse: 2 ** (i / 9) }));
    return { name: "errors", verdict: "not_known", bound: 128, e_value_no_worse: 2, over_time: over, samples: { needed: 0, canary: 180 }, ...changed };
  };
  // From 1 to 2 in 90 s; six more doublings to 128.
  assert.equal(Math.round(secondsUntilNoWorse(figure())), 540);
  assert.equal(secondsUntilNoWorse(figure({ e_value_no_worse: 500, samples: { needed: 500, canary: 180 } })), 160, "320 more at two a second");
  assert.equal(secondsUntilNoWorse(figure({ over_time: figure().over_time.map((each) => ({ ...each, no_worse: 1 / each.no_worse })) })), null);
  assert.equal(secondsUntilNoWorse(figure({ over_time: figure().over_time.slice(0, 3) })), undefined);
  assert.equal(secondsUntilNoWorse({ name: "cpu", verdict: "not_known", bound: { least: 1, most: null, looks: 3 }, samples: {} }), undefined);
  assert.match(paceWords({ figures: [figure(), figure({ name: "latency", verdict: "no_worse" })] }), /^At the pace of the last looks errors gets to “no worse” in about 9 min\.$/);
  assert.equal(paceWords({ figures: [] }), "");
});

test("buttons: pause and resume share a place, and what ended offers a retry only", () => {
  const offered = (status, refusals = {}) =>
    ["pause", "resume", "step-back", "weight", "promote", "retry", "abort"].filter((name) => isOffered(name, rollout({ status }), refusals[name] ?? ""));
  assert.deepEqual(offered("running", { retry: "Nothing failed." }), ["pause", "step-back", "weight", "promote", "abort"]);
  assert.deepEqual(offered("paused", { retry: "No." }), ["resume", "step-back", "weight", "promote", "abort"]);
  assert.deepEqual(offered("rolled_back"), ["retry"]);
  assert.deepEqual(offered("promoted", { retry: "It has ended." }), []);
});

test("a page that hears nothing, and one that nobody looks for, say since when", () => {
  const facts = { lookedAt: NOW - 4000, heardAt: NOW, everySeconds: 10, offlineSince: null };
  assert.deepEqual(reading(facts, NOW), { state: "live", ageSeconds: 4, since: "", frozen: false });
  assert.equal(reading({ ...facts, lookedAt: NOW - 25_000 }, NOW).state, "late");
  const stale = reading({ ...facts, lookedAt: NOW - 51_000 }, NOW);
  assert.deepEqual([stale.state, stale.since, stale.frozen], ["stale", at(-51), true]);
  const offline = reading({ ...facts, offlineSince: at(-9) }, NOW);
  assert.deepEqual([offline.state, offline.since, offline.frozen], ["offline", at(-9), true]);
  assert.equal(reading({ ...facts, lookedAt: null, heardAt: NOW - 16_000, everySeconds: 15 }, NOW).state, "live", "an ended one is not looked at");
});

test("the scales keep to their ends, and a gap in the samples is a gap in the line", () => {
  const [x, y] = [linear(0, 10, 100, 200), clamped(linear(0, 1, 50, 0), 0, 1)];
  assert.equal(path([[0, 0], [5, 1], [6, null], [10, 7]], x, y), "M100 50H100L150 0M200 0H200"); // prettier-ignore
  assert.equal(path([[0, 0], [5, 1], [10, 1]], x, y, true), "M100 50H100H150V0H200"); // prettier-ignore
  assert.equal(area([[0, 0, 1], [5, NaN, NaN], [6, 0, 1], [10, 0, 1]], x, y), "M160 0L200 0L200 50L160 50Z"); // prettier-ignore
  const log = clamped(logarithmic(0.01, 100, 40, 0), 0.01, 100);
  assert.deepEqual([0, 0.01, 1, 1e300].map((value) => Math.round(log(value))), [40, 40, 20, 0]);
  assert.deepEqual(decades(0.01, 3000), [0.01, 1, 100]);
  assert.deepEqual([0, 0.0031, 26.3, 51, 100].map(niceMost), [1, 0.005, 50, 100, 100]);
});

test("ticks stand at round moments, and no more of them than have room", () => {
  const from = NOW / 1000 + 7;
  assert.deepEqual(timeTicks(from, from + 120, 5).map((tick) => tick - NOW / 1000), [30, 60, 90, 120]); // prettier-ignore
  for (const length of [60, 600, 7200, 86_400 * 3, 86_400 * 90]) {
    const found = timeTicks(from, from + length, 6);
    assert.ok(found.length > 1 && found.length <= 7, `${length}: ${found.length}`);
  }
});

test("the interval of chance is wide for few requests, and holds the ratio", () => {
  assert.deepEqual(interval(0, 0), [0, 1]);
  for (const [ratio, samples] of [[0, 20], [0.05, 200], [1, 3]]) { // prettier-ignore
    const [low, high] = interval(ratio, samples);
    assert.ok(low <= ratio + 1e-12 && ratio <= high + 1e-12 && high <= 1);
  }
  const width = (samples) => interval(0.05, samples)[1] - interval(0.05, samples)[0];
  assert.ok(width(20) > 3 * width(400));
});

const point = (seconds, changed = {}) => ({
  at: NOW / 1000 + seconds, looks: 1, intended: 25, configured: 0.25, observed: 0.24, baseline_rate: 30, canary_rate: 10, baseline_bad: 0.01, canary_bad: 0.02, ...changed,
}); // prettier-ignore

test("the figures: weights, failures, requests and evidence, and slow requests where they are judged", () => {
  const judged = { name: "errors", bound: 200, over_time: [{ at: 1, requests: 5, harm: 2, no_worse: 0.5 }], verdict: "not_known" };
  const evidence = { at: 0, sentence: "", figures: [judged, { name: "cpu", bound: { least: null, most: 1, looks: 3 } }] };
  const shown = panels(rollout({ evidence, course: { points: [point(0), point(10)] } }));
  assert.deepEqual(shown.map(({ id }) => id), ["weight", "errors", "requests", "evidence-errors"]); // prettier-ignore
  assert.equal(shown.at(-1).lines[0].value, 200);
  assert.ok(shown.at(-1).most > 200, "the bound lies within the figure");
  assert.equal(shown[0].most, 25);
  const slow = panels(rollout({ spec: { guards: [{ kind: "latency", objective_ms: 250 }] }, course: { points: [point(0, { baseline_slow: 0.1, canary_slow: 0.2, canary_bad: null })] } }));
  assert.equal(slow.find(({ id }) => id === "slow").title, "Requests slower than 250 ms");
});

test("a write is where the weights change, and no gap in what was seen", () => {
  const write = point(30, { looks: 0, intended: 0, configured: 0, observed: null, baseline_rate: null, canary_rate: null, canary_bad: null });
  const [weight, ...others] = panels(rollout({ course: { points: [point(0), point(15), write, point(60)] } }));
  assert.deepEqual(weight.series.find(({ name }) => name === "configured").samples.map(([, value]) => value), [25, 25, 0, 25]); // prettier-ignore
  for (const { samples } of others.flatMap(({ series }) => series)) assert.equal(samples.length, 3);
});

test("looks every two seconds are drawn as one point for ten, and no request counts twice", () => {
  const looks = [0, 2, 4, 6, 8, 10, 12].map((seconds) => point(seconds, { canary_rate: seconds === 4 ? 10 : 1, canary_bad: seconds === 4 ? 0.1 : 0 }));
  const [first, rest] = pooled(looks, 10);
  assert.equal(pooled(looks, 10).length, 2);
  assert.equal(first.at, looks[5].at);
  assert.ok(Math.abs(first.canary_rate - (10 + 4) / 5) < 1e-9);
  assert.ok(Math.abs(first.canary_bad - 2 / 28) < 1e-9, "2 of 28 requests");
  assert.equal(rest.canary_bad, 0);
});

test("what is not known stays so when looks are pooled, and a look of its own stays as it is", () => {
  const unknown = pooled([point(0, { canary_bad: null }), point(5, { canary_bad: null, canary_rate: null })], 10);
  assert.deepEqual([unknown.length, unknown[0].canary_bad], [1, null]);
  const seldom = [point(0), point(60, { canary_bad: 0.5 }), point(120)];
  assert.deepEqual(pooled(seldom, 10), seldom);
  assert.deepEqual(pooled([], 10), []);
});

test("without a single look there are figures still", () => {
  const shown = panels(rollout({ step: -1, weight: 0 }));
  assert.deepEqual(shown.map(({ id }) => id), ["weight", "errors", "requests"]); // prettier-ignore
  assert.deepEqual(extent(rollout(), NOW / 1000), [NOW / 1000 - 300, NOW / 1000]);
  assert.equal(nearest([], 5), -1);
  assert.equal(nearest([1, 4, 9], 6), 1);
});

test("marks tell what was written, commanded and decided; standstills last until the next status", () => {
  const entry = (seconds, kind, code, by = "") => ({ at: at(seconds), kind, code, words: code, by, change: null });
  const log = [entry(90, "status", "running"), entry(80, "command", "resume", "ada"), entry(40, "status", "paused"), entry(2, "write", "done"),
    entry(1, "write", "intended"), entry(0, "status", "running"), entry(0, "card", "running")]; // prettier-ignore
  assert.deepEqual(marks(log).map(({ look, words }) => [look, words]), [["write", "done"], ["degraded", "paused"], ["command", "resume (ada)"]]); // prettier-ignore
  const from = NOW / 1000;
  assert.deepEqual(standstills(log, from + 200), [[from + 40, from + 90]]);
  assert.deepEqual(standstills(log.slice(2), from + 200), [[from + 40, from + 200]]);
});

test("the log says once what was written; what is still to be written stays", () => {
  const entry = (kind, code) => ({ at: at(0), kind, code, words: "", by: "", change: null });
  const kept = (log) => worthTelling(log).map(({ code }) => code);
  assert.deepEqual(kept([entry("write", "done"), entry("write", "intended"), entry("card", "x"), entry("status", "running")]), ["done", "running"]);
  assert.deepEqual(kept([entry("write", "intended"), entry("write", "done"), entry("write", "intended")]), ["intended", "done"]);
});

test("the stairs in the list go up to what was reached", () => {
  assert.equal(stairsPath([50, 100], 2), "M0 24V13.0H56.0V2.0H112.0");
  assert.deepEqual(reached(rollout()), [5, 25]);
  assert.deepEqual(reached(rollout({ weight: 33 })), [5, 33], "a weight that a person set");
  assert.deepEqual(reached(rollout({ status: "rolled_back", weight: 0 })), [5, 25]);
  assert.deepEqual(reached(rollout({ step: -1 })), []);
});
