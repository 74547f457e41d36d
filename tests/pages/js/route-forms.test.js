import assert from "node:assert/strict";
import { test } from "node:test";

import { arranged, step, whyNot } from "../../../static/js/routing/forms/arrange.js";
import { conditionsOf, matchOf, pathOf, repeated } from "../../../static/js/routing/forms/conditions.js";
import { headersOf, namesOf, operationsOf } from "../../../static/js/routing/forms/operations.js";
import { format, getAt, parse, setAt } from "../../../static/js/routing/forms/values.js";
import { actionWords, matchWords, policyWords, question } from "../../../static/js/routing/forms/words.js";
import { unwrapped, wrapped } from "../../../static/js/routing/forms/wrapping.js";

const MATCHES = [
  { uri: { prefix: "/beta" }, ignore_uri_case: true, method: { exact: "GET" } },
  { headers: { "end-user": { exact: "jason" }, "x-trace": { present: true } }, without_headers: { a: { regex: "b+" } } },
  { query_params: { page: { exact: "1" } }, source_labels: { app: "shop" }, source_namespace: "shop" },
  { authority: { exact: "a.example:80" }, scheme: { exact: "https" }, port: 9080, gateways: ["mesh", "edge/main"] },
];

test("a match as conditions is the same match again", () => {
  for (const match of MATCHES) assert.deepEqual(matchOf(conditionsOf(match)), match);
});

test("a condition is named as the server names it in errors", () => {
  assert.equal(pathOf({ on: "headers", name: "end-user" }), "headers.end-user");
  assert.equal(pathOf({ on: "uri" }), "uri");
});

test("two conditions on the same are told, whatever the case of a header", () => {
  const twice = [
    { on: "headers", name: "A", how: "exact", value: "1" },
    { on: "headers", name: "a", how: "exact", value: "2" },
  ];
  assert.deepEqual(repeated(twice), [twice[1]]);
  assert.deepEqual(repeated([{ on: "uri" }, { on: "method" }]), []);
});

test("matches, actions and policies are told in words", () => {
  assert.equal(matchWords([MATCHES[0]]), "path /beta* (any case) and method GET");
  assert.equal(matchWords([]), "every request");
  assert.equal(matchWords([{ uri: { exact: "/a" } }, { uri: { regex: "b+" } }]), "path /a or path ~ b+");
  assert.equal(actionWords({ destinations: [{ version: "v1", weight: 80 }, { version: "v3", weight: 20 }] }), "80 % v1, 20 % v3");
  assert.equal(actionWords({ redirect: { uri: "/new" } }), "redirect 301 to /new");
  assert.equal(actionWords({ direct_response: { status: 503 } }), "answer 503");
  assert.deepEqual(policyWords({ timeout: "2s", retries: { attempts: 1 }, mirrors: [{ version: "v3" }] }), [
    "timeout 2s",
    "1 retry",
    "mirror 100 % to v3",
  ]);
});

test("the question about a route has what its match asks for, and no regex", () => {
  const asked = new URLSearchParams(question(MATCHES.slice(1), { namespace: "bookinfo", name: "reviews" }));
  assert.deepEqual(asked.getAll("header"), ["end-user: jason", "x-trace: 1"]);
  assert.equal(asked.get("host"), "reviews");
  const other = new URLSearchParams(question([MATCHES[2]], { namespace: "bookinfo", name: "reviews" }));
  assert.equal(other.get("path"), "/?page=1");
  assert.equal(other.get("caller_namespace"), "shop");
  const regex = new URLSearchParams(question([{ uri: { regex: "a+" } }], { namespace: "b", name: "r" }));
  assert.equal(regex.get("path"), null);
});

test("what is typed is read by its type, and what cannot be is left to the server", () => {
  const cases = [
    ["number", "1,5", 1.5],
    ["number", "many", "many"],
    ["words", "5xx, reset 503", ["5xx", "reset", "503"]],
    ["choice-flag", "false", false],
    ["pairs", "us-east: us-west", [{ from: "us-east", to: "us-west" }]],
    ["shares", "a/*: a/*=80, b/*=20", [{ from: "a/*", to: { "a/*": 80, "b/*": 20 } }]],
    ["origins", "https://a\nregex https://.*", [{ exact: "https://a" }, { regex: "https://.*" }]],
    ["text", "   ", undefined],
  ];
  for (const [type, text, value] of cases) {
    assert.deepEqual(parse(type, text), value);
    if (Array.isArray(value)) assert.deepEqual(parse(type, format(type, value)), value);
  }
});

test("a value is set at its path, and what holds nothing goes with it", () => {
  assert.deepEqual(setAt({}, "retries.attempts", 3), { retries: { attempts: 3 } });
  assert.deepEqual(setAt({ retries: { attempts: 3 }, timeout: "2s" }, "retries.attempts", undefined), { timeout: "2s" });
  assert.equal(getAt({ a: { b: 1 } }, "a.b"), 1);
  assert.equal(getAt(undefined, "a.b"), undefined);
});

const route = (name, changed = {}) => ({
  name,
  default: name === "",
  rule: name === "" ? { kind: "route", default: true } : { kind: "route", name },
  ...changed,
});
const names = (rows) => rows.map(({ name, state }) => [name || "default", state]);

test("new routes stand before the default one, and those that go are still shown", () => {
  const [a, last] = [route("a"), route("")];
  const rows = arranged([a, last], [
    { route: null, rule: { kind: "route", name: "b" } },
    { route: a, rule: null },
  ]);
  assert.deepEqual(names(rows), [["a", "removed"], ["b", "new"], ["default", ""]]);
});

test("a route moves by the name of its neighbour, and never behind the default one", () => {
  const [a, b, c, last] = [route("a"), route("b"), route("c"), route("")];
  const rows = arranged([a, b, c, last], []);
  assert.deepEqual(step(rows, 2, -1), { before: "b" });
  assert.equal(step(rows, 1, -1), "first");
  assert.deepEqual(step(rows, 0, 1), { after: "b" });
  assert.equal(step(rows, 2, 1), null);
  assert.equal(step(rows, 0, -1), null);
  const moved = arranged([a, b, c, last], [{ route: c, rule: { ...c.rule, position: { before: "b" } } }]);
  assert.deepEqual(names(moved), [["a", ""], ["c", "moved"], ["b", ""], ["default", ""]]);
});

test("a route that no form can say is left to the YAML, with the reason", () => {
  assert.match(whyNot(arranged([route("a", { rule: null })], [])[0]), /YAML/);
  assert.equal(whyNot(arranged([route("a")], [])[0]), "");
});

test("operations on headers as rows are the same operations again", () => {
  const headers = { request: { set: { a: "1" }, add: { b: "2" }, remove: ["c"] }, response: { remove: ["server"] } };
  assert.deepEqual(headersOf(operationsOf(headers)), headers);
  assert.equal(headersOf(operationsOf(undefined)), undefined);
  assert.deepEqual(namesOf(operationsOf(headers)), [
    "headers.request.set.a",
    "headers.request.add.b",
    "headers.request.remove[0]",
    "headers.response.remove[0]",
  ]);
});

test("only routes and splits are written in the Gateway API's words", () => {
  const split = { kind: "split", weights: {} };
  assert.deepEqual(wrapped(split, "HTTPRoute", "shop"), { kind: "gateway_route", as: "HTTPRoute", consumer: "shop", rule: split });
  assert.equal("consumer" in wrapped(split, "HTTPRoute", null), false);
  assert.equal(wrapped({ kind: "fault" }, "HTTPRoute", null).kind, "fault");
});

test("an error about a wrapped rule stands at its own field, or at the choice of how it is written", () => {
  const rules = [{ kind: "fault" }, { kind: "gateway_route" }];
  const of = (field) => unwrapped({ field, message: "" }, rules);
  assert.deepEqual(of("rules[1].rule.weights.v1").error.field, "rules[1].weights.v1");
  assert.equal(of("rules[1].rule").outside, true);
  assert.equal(of("rules[1].consumer").outside, true);
  assert.equal(of("rules[0].delay").outside, false);
});
