import assert from "node:assert/strict";
import { test } from "node:test";

import { addressOf } from "../../../static/js/rollouts/wizard/address.js";
import { missing, outside } from "../../../static/js/rollouts/wizard/checks.js";
import { counted, lines } from "../../../static/js/rollouts/wizard/diffing.js";
import { inWords, numeric, seconds, split } from "../../../static/js/rollouts/wizard/durations.js";
import { guardPaths, merged, places } from "../../../static/js/rollouts/wizard/fields.js";
import { queryRow, ratio, stepRow, toSpec } from "../../../static/js/rollouts/wizard/form.js";
import { Keys } from "../../../static/js/rollouts/wizard/key.js";
import { duplicated, fitted, following, presetOf, removed } from "../../../static/js/rollouts/wizard/steps.js";
import { summary } from "../../../static/js/rollouts/wizard/sentence.js";

const STEPS = [
  { weight: 5, seconds: 60, requests: 0, pause: false },
  { weight: 25, seconds: 90, requests: 300, pause: false },
  { weight: 50, seconds: 7200, requests: 0, pause: true },
];

function spec(more = {}) {
  return {
    namespace: "bookinfo",
    service: "reviews",
    baseline: "v1",
    canary: "v3",
    strategy: { kind: "weighted" },
    steps: STEPS,
    guards: [{ kind: "errors", margin: 0.25, tolerated: 0.005 }],
    on_harm: "rollback",
    on_no_verdict: "hold",
    on_no_traffic: "hold",
    alpha: 0.01,
    interval_seconds: 10,
    notify: [],
    gates: [],
    ...more,
  };
}

const FULL = spec({
  strategy: { kind: "header", name: "end-user", value: "jason" },
  guards: [
    { kind: "errors", margin: 0.29, tolerated: 0.007 },
    { kind: "latency", objective_ms: 250.5, margin: 0.1, tolerated: 0.01 },
    { kind: "promql", name: "queue", query: "sum(x)", least: 0, most: 10, looks: 3 },
    { kind: "promql", name: "cpu", query: "max(y)", most: 0.9, looks: 1 },
  ],
  on_harm: "hold",
  on_no_verdict: "hold_each_step",
  notify: [{ url: "https://hooks.example.com/a", format: "slack" }],
  gates: [{ stage: "before_weight", url: "https://gates.example.com/b" }],
});

const ROWS = [
  { weight: "5", amount: "1", unit: "min", requests: "", pause: false },
  { weight: "25", amount: "90", unit: "s", requests: "300", pause: false },
  { weight: "50", amount: "2", unit: "h", requests: "", pause: true },
];

/** FULL as it is typed. */
function typed() {
  return {
    ...FULL,
    strategy: { ...FULL.strategy },
    steps: ROWS.map((row) => ({ ...row })),
    errors: { on: true, margin: "29", tolerated: "0.7" },
    latency: { on: true, objective: "250.5", margin: "10", tolerated: "1" },
    queries: [
      { name: "queue", query: "sum(x)", least: "0", most: "10", looks: "3" },
      { name: "cpu", query: "max(y)", least: "", most: "0.9", looks: "1" },
    ],
    alpha: "1",
    interval: "10",
  };
}

test("what is typed goes as it is asked for", () => {
  assert.deepEqual(toSpec(typed()), FULL);
  const plain = typed();
  Object.assign(plain, { strategy: { kind: "weighted", name: "left", value: "over" }, queries: [] });
  plain.latency.on = false;
  const { strategy, guards } = toSpec(plain);
  assert.deepEqual([strategy, guards], [{ kind: "weighted" }, [FULL.guards[0]]]);
});

test("a step and a query are typed as they were asked for", () => {
  assert.deepEqual(STEPS.map(stepRow), ROWS);
  assert.deepEqual(FULL.guards.slice(2).map(queryRow), typed().queries);
});

test("what is empty goes as missing, and what is no number as it was typed", () => {
  const form = typed();
  Object.assign(form.latency, { objective: "" });
  Object.assign(form.steps[0], { weight: "five", requests: "" });
  Object.assign(form.queries[0], { least: "", looks: "many" });
  const { steps, guards } = toSpec(form);
  assert.equal(guards[1].objective_ms, null);
  assert.deepEqual([steps[0].weight, steps[0].requests], ["five", 0]);
  assert.deepEqual(["least" in guards[2], guards[2].looks], [false, "many"]);
});

test("every duration and every percentage comes back as it was", () => {
  for (let at = 1; at <= 8000; at += 1) {
    const { amount, unit } = split(at);
    assert.equal(seconds(amount, unit), at);
    assert.equal(ratio(String(Number((at / 100).toPrecision(12)))), at / 10_000);
  }
});

test("a duration is typed with the largest unit that says it whole", () => {
  const cases = [[45, "45", "s"], [60, "1", "min"], [90, "90", "s"], [5400, "90", "min"], [7200, "2", "h"], [0, "0", "s"]];
  for (const [given, amount, unit] of cases) assert.deepEqual(split(given), { amount, unit });
});

test("fractions are typed with a point or a comma, and are whole seconds where they can be", () => {
  assert.equal(seconds("1.5", "min"), 90);
  assert.equal(seconds("1,5", "h"), 5400);
  assert.equal(seconds("0.1", "min"), 6);
  assert.equal(seconds("1.1", "min"), 66);
});

test("what is no number goes as it was typed", () => {
  for (const typed of ["", "five", "1e", "0x10", "1 2", "--1", "Infinity", "NaN", "1_000"]) {
    assert.equal(numeric(typed), typed);
    assert.equal(seconds(typed, "min"), typed);
  }
  assert.equal(numeric(" 2e3 "), 2000);
});

test("durations are read in two units at most", () => {
  const cases = [
    [0.4, "0 s"], [40, "40 s"], [60, "1 min"], [90, "1 min 30 s"], [599, "9 min 59 s"], [2700, "45 min"], [3599, "1 h"],
    [3660, "1 h 1 min"], [7500, "2 h 5 min"], [86_399, "1 d"], [86_400, "1 d"], [90_000, "1 d 1 h"], [-5, "0 s"],
  ];
  for (const [given, words] of cases) assert.equal(inWords(given), words, String(given));
});

test("a step that is added goes a rung up the ladder, and stays at all", () => {
  const [five] = ROWS;
  assert.equal(following([]).weight, "5");
  assert.deepEqual(following([five]), { ...five, weight: "10" });
  assert.equal(following([{ ...five, weight: "60", pause: true }]).weight, "75");
  assert.equal(following([{ ...five, weight: "60", pause: true }]).pause, false);
  assert.equal(following([{ ...five, weight: "100" }]).weight, "100");
});

test("a step is repeated behind itself; the last one cannot be taken away", () => {
  const rows = STEPS.map(stepRow);
  assert.deepEqual(duplicated(rows, 1).map((row) => row.weight), ["5", "25", "25", "50"]);
  assert.notEqual(duplicated(rows, 1)[1], duplicated(rows, 1)[2]);
  assert.deepEqual(removed(rows, 0).map((row) => row.weight), ["25", "50"]);
  assert.deepEqual(removed([rows[0]], 0), [rows[0]]);
});

test("steps follow the strategy, and come back from it", () => {
  const rows = STEPS.map(stepRow);
  const weights = (/** @type {string} */ kind, from = rows) => fitted(kind, from, rows).map((row) => row.weight);
  assert.deepEqual(weights("mirror"), ["0", "5", "25", "50"]);
  assert.deepEqual(weights("mirror", fitted("mirror", rows, rows)), ["0", "5", "25", "50"]);
  assert.deepEqual(weights("weighted", fitted("mirror", rows, rows)), ["5", "25", "50"]);
  assert.deepEqual(weights("blue_green"), ["100"]);
  assert.deepEqual(weights("weighted", fitted("blue_green", rows, rows)), ["5", "25", "50"]);
  assert.deepEqual(weights("header"), ["5", "25", "50"]);
});

test("a preset is known by its strategy and steps, and no more once one is edited", () => {
  const presets = { quick: { title: "Quick", strategy: { kind: "weighted" }, steps: STEPS } };
  assert.equal(presetOf(presets, "weighted", STEPS), "quick");
  assert.equal(presetOf(presets, "mirror", STEPS), "");
  assert.equal(presetOf(presets, "weighted", [{ ...STEPS[0], requests: 1 }, ...STEPS.slice(1)]), "");
  assert.equal(presetOf(presets, "weighted", STEPS.slice(1)), "");
});

test("an error leads to its field, or to the nearest one around it", () => {
  assert.deepEqual(places("steps[1].weight"), ["steps[1].weight", "steps[1]", "steps", ""]);
  assert.deepEqual(places("strategy.name"), ["strategy.name", "strategy", ""]);
  assert.deepEqual(places(""), [""]);
});

test("guards are counted as they are sent, whichever are chosen", () => {
  const { errors, latency, queries } = typed();
  const off = { ...errors, on: false };
  assert.deepEqual(guardPaths({ errors, latency, queries }).queries, ["guards[2]", "guards[3]"]);
  assert.deepEqual(guardPaths({ errors: off, latency, queries }), { errors: "", latency: "guards[0]", queries: ["guards[1]", "guards[2]"] });
  assert.deepEqual(guardPaths({ errors: off, latency: { ...latency, on: false }, queries }).queries, ["guards[0]", "guards[1]"]);
});

test("where the page and the server speak of one field, the page's words stand, in the units that were typed", () => {
  const own = [{ field: "alpha", message: "Percent." }];
  const server = [{ field: "alpha", message: "A ratio." }, { field: "steps", message: "None." }];
  assert.deepEqual(merged(own, server), [own[0], server[1]]);
});

/** @param {(form: any) => void} change */
function changed(change) {
  const form = typed();
  change(form);
  return form;
}

test("what is missing is told by its field", () => {
  assert.deepEqual(missing(typed()), []);
  const none = changed((form) => {
    form.errors.on = form.latency.on = false;
    form.queries = [];
    form.canary = " ";
  });
  assert.deepEqual(missing(none).map(({ field }) => field), ["canary", "guards"]);
});

test("ranges are told in the unit that was typed", () => {
  assert.deepEqual(outside(typed()), []);
  const cases = [
    [(form) => (form.steps[1].amount = "0"), "steps[1].seconds"],
    [(form) => (form.steps[1].amount = "1.5"), "steps[1].seconds"],
    [(form) => (form.steps[0].amount = "-1"), "steps[0].seconds"],
    [(form) => (form.steps[2].amount = "169"), "steps[2].seconds"],
    [(form) => (form.steps[0].amount = ""), "steps[0].seconds"],
    [(form) => (form.errors.margin = "1001"), "guards[0].margin"],
    [(form) => (form.latency.tolerated = "99.5"), "guards[1].tolerated"],
    [(form) => (form.alpha = "30"), "alpha"],
    [(form) => (form.alpha = "x"), "alpha"],
  ];
  for (const [change, field] of cases) assert.deepEqual(outside(changed(change)).map((each) => each.field), [field], String(change));
});

test("the ranges of a guard that is not chosen do not matter", () => {
  assert.deepEqual(outside(changed((form) => Object.assign(form.errors, { on: false, margin: "x" }))), []);
});

test("one sentence says what will happen", () => {
  assert.equal(
    summary(spec(), "14:32"),
    "v3 gets 5 % of the requests to reviews for at least 1 min, then 25 % for 1 min 30 s and 300 requests, 50 % for 2 h " +
      "and until a person says so, and at last all of them. It goes back by itself if errors are worse than allowed. Expected end 14:32, if nobody is waited for.",
  );
});

test("an end that waits for people is told as such", () => {
  assert.match(summary(spec(), "14:32"), /Expected end 14:32, if nobody is waited for\.$/);
  const steps = [{ ...STEPS[0], weight: 100 }];
  assert.match(summary(spec({ steps }), "14:32"), /Expected end 14:32\.$/);
  const gates = [{ stage: "before_start", url: "https://gates.example.com/" }];
  assert.match(summary(spec({ steps, gates }), "14:32"), /, if nobody is waited for\.$/);
});

test("each strategy is told as it is", () => {
  const whole = [{ weight: 100, seconds: 600, requests: 500, pause: false }];
  assert.match(summary(spec({ strategy: { kind: "blue_green" }, steps: whole })), /^v3 gets all requests to reviews at once for at least 10 min and 500 requests\. /);
  const copies = [{ ...STEPS[0], weight: 0 }, STEPS[0]];
  assert.match(summary(spec({ strategy: { kind: "mirror" }, steps: copies })), /^v3 gets copies of the requests, whose answers nobody gets, for at least 1 min, then 5 % for 1 min, and at last all of them\./);
  assert.match(summary(FULL), /^Requests to reviews with the header end-user: jason go to v3 from the first step on\. Of the others, v3 gets 5 % for/);
  assert.match(summary(FULL), /It holds for a person if errors, slow requests, queue or cpu are worse than allowed\.$/);
});

test("many steps are not told one by one", () => {
  const many = Array.from({ length: 8 }, (_, at) => ({ weight: 5 + at * 5, seconds: 60, requests: 0, pause: false }));
  assert.match(summary(spec({ steps: many })), /, then 10 % for 1 min, 15 % for 1 min, 5 more steps up to 40 % for 1 min, and at last all of them\./);
});

test("nothing is told before there is somebody to tell of", () => {
  assert.equal(summary(spec({ canary: "" })), "");
});

test("a difference is told line by line", () => {
  const unified = "--- now\n+++ then\n@@ -1,2 +1,2 @@\n same\n-old\n+new\n+more\n";
  assert.deepEqual(lines(unified).map(({ kind }) => kind), ["hunk", "hunk", "hunk", "same", "remove", "add", "add"]);
  assert.equal(counted([unified, "+++ then\n+one\n"]), "+3 −1");
  assert.equal(counted([]), "");
  assert.deepEqual(lines(""), []);
});

test("a start keeps its key over retries, and another body has another", () => {
  let made = 0;
  const keys = new Keys(() => `key-${(made += 1)}`);
  assert.equal(keys.of({ a: 1 }), keys.of({ a: 1 }));
  assert.notEqual(keys.of({ a: 1 }), keys.of({ a: 2 }));
});

test("the address says service, versions and preset by name, and the rest only where it is one's own", () => {
  const { guards, on_harm, on_no_verdict, on_no_traffic, alpha, interval_seconds } = spec();
  const usual = { guards, on_harm, on_no_verdict, on_no_traffic, alpha, interval_seconds };
  const names = "namespace=bookinfo&service=reviews&baseline=v1&canary=v3";
  assert.equal(addressOf(spec(), "quick", usual), `${names}&preset=quick`);
  const own = Object.fromEntries(new URLSearchParams(addressOf(spec({ alpha: 0.05 }), "", usual)));
  assert.deepEqual(JSON.parse(own.spec), { strategy: { kind: "weighted" }, steps: STEPS, alpha: 0.05 });
  assert.doesNotMatch(addressOf(FULL, "", usual), /hooks|gates|notify/);
  assert.equal(addressOf(spec({ baseline: "", canary: "" }), "quick", usual), "namespace=bookinfo&service=reviews&preset=quick");
});
