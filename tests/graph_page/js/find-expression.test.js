// Find and hide by an expression: what can be written, what it selects, and what is said of what cannot be read.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";

import { ExpressionError, OPERATORS_OF, parse, print } from "../../../static/js/graph/find/expression.js";
import { ALL_FIELDS } from "../../../static/js/graph/find/fields.js";
import { select } from "../../../static/js/graph/find/meaning.js";
import { isUnit } from "../../../static/js/graph/find/units.js";
import { edge, model, node } from "./elements.js";

const compare = (field, operator, value) => ({ op: "compare", field, operator, value });
const of = (amount, unit = "") => ({ amount, unit });

// Reading

test("comparisons are joined by and, or and not, of which not binds first and or last", () => {
  const [a, b, c] = ["idle", "fault", "split"].map((field) => ({ op: "yes", field }));
  assert.deepEqual(parse("idle or fault and not split"), { op: "or", left: a, right: { op: "and", left: b, right: { op: "not", of: c } } });
  assert.deepEqual(parse("(idle OR fault) && !split"), { op: "and", left: { op: "or", left: a, right: b }, right: { op: "not", of: c } });
});

test("amounts have units, with or without a space before them", () => {
  assert.deepEqual(parse("error_ratio > 1%"), compare("error_ratio", ">", of(1, "%")));
  assert.deepEqual(parse("error_ratio > 1 %"), parse("error_ratio>1%"));
  assert.deepEqual(parse("p95>=1.5 s"), compare("p95", ">=", of(1.5, "s")));
  assert.deepEqual(parse("bytes < 3 MB/s"), compare("bytes", "<", of(3, "mb/s")));
  assert.deepEqual(parse("requests_per_second > 10 and idle").left, compare("rps", ">", of(10)));
});

test("each operator can be written in several ways", () => {
  assert.deepEqual(parse("name contains view"), compare("name", "~", "view"));
  assert.deepEqual(parse("name *= view"), parse("name ~ view"));
  assert.deepEqual(parse("name not contains view"), parse("name !~ view"));
  assert.deepEqual(parse("name starts with re"), parse("name ^= re"));
  assert.deepEqual(parse("name endswith s"), parse("name $= s"));
  assert.deepEqual(parse("health is not failing"), parse("health != failing"));
  assert.deepEqual(parse("has fault"), parse("fault = yes"));
  assert.deepEqual(parse("fault = no"), parse("not fault"));
  assert.deepEqual(parse("p95 is empty"), compare("p95", "is", "empty"));
});

test("words without an operator are looked for in names, and so is what stands in quotes", () => {
  assert.deepEqual(parse("reviews v3"), { op: "name", text: "reviews v3" });
  assert.deepEqual(parse('"and \\"so\\" on"'), { op: "name", text: 'and "so" on' });
  assert.deepEqual(parse("reviews or idle").left, { op: "name", text: "reviews" });
  assert.equal(parse("  "), null);
});

/** Where an expression is wrong, and what is said of it. */
function wrong(text) {
  try {
    parse(text);
  } catch (error) {
    assert.ok(error instanceof ExpressionError, String(error));
    return { where: text.slice(error.at, error.end), at: error.at, message: error.message };
  }
  return assert.fail(`${text} is not wrong`);
}

test("what is wrong is said with its place", () => {
  assert.deepEqual(wrong("idle and errorratio > 1%"), { where: "errorratio", at: 9, message: "`errorratio` is no field; did you mean `error_ratio`?" });
  assert.deepEqual(wrong("xylophone = 3"), { where: "xylophone", at: 0, message: "`xylophone` is no field." });
  assert.match(wrong("p95 > fast").message, /`fast` is no number; write `200 ms` or `1 s`/);
  assert.equal(wrong("p95 > 3 and idle > 1").where, ">");
  assert.match(wrong("p95 > 3 furlongs").message, /Write `and` or `or` before `furlongs`/);
  assert.match(wrong("p95 > 3%").message, /`%` is no unit of `p95`/);
  assert.match(wrong("error_ratio > 5").message, /from 0 to 1, or in percent: `5 %`/);
  assert.match(wrong("health = bad").message, /`bad` is no health; it is one of idle, ok, degraded, failing/);
  assert.match(wrong("health ~ fail").message, /`health` is compared by/);
  assert.match(wrong("(idle and fault").message, /not closed/);
  assert.equal(wrong("(idle and fault").where, "(");
  assert.match(wrong("idle)").message, /never opened/);
  assert.match(wrong('name = "reviews').message, /no closing "/);
  assert.match(wrong("namespace").message, /is a field: compare it/);
  assert.match(wrong("> 3").message, /A field is missing before `>`/);
  assert.match(wrong("name = and idle").message, /A value is missing before `and`/);
  assert.match(wrong("is bookinfo").message, /nothing that something is/);
});

test("what only is not finished is wrong at its end", () => {
  for (const text of ["error_ratio >", "idle and", "idle and not", "p95 > 1 s or ", "name"]) {
    const { at } = wrong(text);
    assert.ok(at >= text.trimEnd().length || text === "name", text);
  }
});

test("an expression has its bounds: no depth and no length brings the page down", () => {
  assert.match(wrong(`${"(".repeat(300)}idle`).message, /nested too deep/);
  assert.match(wrong(`${"not ".repeat(200)}idle`).message, /nested too deep/);
  assert.match(wrong("a".repeat(5000)).message, /at most 1000/);
  assert.ok(wrong(`${"x".repeat(200)} = 1`).message.length < 100);
});

// Printing, for any tree

/** A number from 0 to 1 a call, the same on every run. */
function dice(seed) {
  let state = seed;
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 0x2c1b3c6d) + 0x9e3779b9) | 0;
    return ((state ^ (state >>> 13)) >>> 0) / 2 ** 32;
  };
}

const WORDS = ["reviews", "v1.2", "and", "is", "empty", "a b", 'quo"te', "back\\slash", "<script>", "größe", "1%", "(x)", "", "x=1", "*.example.com", "a'b", "$=", "\n", "😀", "^", "=~"];
const SPELLED = ["", "%", "ms", "us", "s", "min", "rps", "/s", "/min", "krps", "b", "kb/s", "mb", "gibps", "kib", "mibps"];

function randomTree(random, depth) {
  const pick = (list) => list[Math.floor(random() * list.length)];
  const kind = depth > 0 ? pick(["and", "or", "not", "leaf", "and", "or"]) : "leaf";
  if (kind === "not") return { op: "not", of: randomTree(random, depth - 1) };
  if (kind !== "leaf") return { op: kind, left: randomTree(random, depth - 1), right: randomTree(random, depth - 1) };
  const field = pick(ALL_FIELDS);
  if (random() < 0.15) return { op: "name", text: pick(WORDS) };
  if (field.kind === "yes") return { op: "yes", field: field.name };
  if (random() < 0.1) return compare(field.name, pick(["is", "is not"]), "empty");
  const operator = pick(OPERATORS_OF[field.kind]);
  if (field.kind === "text") return compare(field.name, operator, pick(WORDS));
  if (field.kind !== "number") return compare(field.name, operator, pick(field.words));
  const unit = pick(SPELLED.filter((each) => isUnit(field.dimension, each)));
  const most = field.dimension === "ratio" && unit === "" ? 1 : 10 ** Math.floor(random() * 30);
  return compare(field.name, operator, of(pick([0, 1, random(), random() * 1e-9, most]) * Math.min(1, most) || 0, unit));
}

test("every tree that is printed is read back as it was", () => {
  for (let seed = 1; seed <= 3000; seed += 1) {
    const tree = randomTree(dice(seed), seed % 7);
    const text = print(tree);
    if (text.length <= 1000) assert.deepEqual(parse(text), tree, text);
  }
});

test("what is read and printed twice is the same text", () => {
  for (const text of ["idle or (fault and not split)", "a b c or p95 > 1 s", "((idle))", "not (idle or fault)", "idle and (fault and split)"]) {
    const once = print(parse(text));
    assert.equal(print(parse(once)), once);
  }
});

test("no text whatever does anything but parse or say where it is wrong", () => {
  const random = dice(7);
  const bits = ["idle", "(", ")", "and", "or", "not", "p95", ">", "1", "%", '"', "is", "empty", "=", "!", "~", " ", "name", "\\", "^=", "'"];
  for (let i = 0; i < 3000; i += 1) {
    const text = Array.from({ length: 1 + Math.floor(random() * 9) }, () => bits[Math.floor(random() * bits.length)] + (random() < 0.7 ? " " : "")).join("");
    try {
      parse(text);
    } catch (error) {
      assert.ok(error instanceof ExpressionError, `${text}: ${error}`);
      assert.ok(error.at >= 0 && error.at <= error.end && error.end <= text.length, text);
      assert.ok(error.message.length > 10, text);
    }
  }
});

// Meaning

const GRAPH = model(
  [
    node("ingress", { kind: "unknown", namespace: "", requests_per_second: 20 }),
    node("reviews-v1", { app: "reviews", version: "v1", latency_ms: { p50: 5, p95: 20, p99: 30 } }),
    node("reviews-v3", { app: "reviews", version: "v3", health: "degraded", error_ratio: 0.02, latency_ms: { p50: 5, p95: 1200, p99: 3000 } }),
    node("ratings-v1", { app: "ratings", version: "v1", health: "failing", error_ratio: 0.12, namespace: "shop" }),
    node("mongo", { app: "mongo", health: "idle", requests_per_second: 0 }),
  ],
  [
    edge("ingress", "reviews-v1", { share: 0.8, mtls: 1 }),
    edge("ingress", "reviews-v3", { share: 0.2, mtls: 0.5, error_ratio: 0.02 }),
    edge("reviews-v3", "ratings-v1", { error_ratio: 0.12, response_flags: { FI: 0.5 }, health: "failing" }),
    edge("ratings-v1", "mongo", { protocol: "tcp", requests_per_second: 0, health: "idle", sent_bytes_per_second: 2e6, received_bytes_per_second: 1e6, latency_ms: { p50: null, p95: null, p99: null } }),
  ],
);
const BADGES = new Map([["ratings-v1", new Set(["fault"])]]);

/** Ids that an expression selects, nodes first. */
function found(text) {
  const { nodes, edges } = select(parse(text), GRAPH, (each) => BADGES.get(each.id) ?? new Set());
  return [...nodes, ...edges].join(" ");
}

test("a comparison selects nodes and edges, of edges by the destination where only nodes have the field", () => {
  assert.equal(found("error_ratio > 1%"), "reviews-v3 ratings-v1 ingress->reviews-v3 reviews-v3->ratings-v1");
  assert.equal(found("error_ratio > 1% and namespace = shop"), "ratings-v1 reviews-v3->ratings-v1");
  assert.equal(found("node and app = reviews"), "reviews-v1 reviews-v3");
  assert.equal(found("edge and source.app = reviews"), "reviews-v3->ratings-v1");
  assert.equal(found("source = ingress and target = reviews"), "ingress->reviews-v1 ingress->reviews-v3");
});

test("a plain word finds nodes by their names", () => {
  assert.equal(found("reviews"), "reviews-v1 reviews-v3");
  assert.equal(found("Reviews V3"), "reviews-v3");
});

test("units are heeded", () => {
  assert.equal(found("node and p95 > 1 s"), "reviews-v3");
  assert.equal(found("node and p95 >= 1200ms"), "reviews-v3");
  assert.equal(found("bytes = 3 MB/s"), "ratings-v1->mongo");
  assert.equal(found("edge and error_ratio = 12%"), "reviews-v3->ratings-v1");
});

test("not selects nothing that a field does not concern or whose value is not known", () => {
  assert.equal(found("not protocol = tcp"), "ingress->reviews-v1 ingress->reviews-v3 reviews-v3->ratings-v1");
  assert.equal(found("not mtls = 100%"), "ingress->reviews-v3");
  assert.equal(found("edge and not p95 > 1 ms"), "");
  assert.equal(found("edge and p95 is empty"), "ratings-v1->mongo");
  assert.equal(found("node and not fault"), "ingress reviews-v1 reviews-v3 mongo");
});

test("health has an order, flags and badges are asked by their names", () => {
  assert.equal(found("node and health >= degraded"), "reviews-v3 ratings-v1");
  assert.equal(found("flag = fi"), "reviews-v3->ratings-v1");
  assert.equal(found("flag is empty and tcp"), "ratings-v1->mongo");
  assert.equal(found("fault"), "ratings-v1 reviews-v3->ratings-v1");
  assert.equal(found("target.fault"), "reviews-v3->ratings-v1");
  assert.equal(found("node and root"), "ingress");
  assert.equal(found("leaf and node"), "reviews-v1 mongo");
  assert.equal(found("calls >= 2 and node"), "ingress");
  assert.equal(found("cross_namespace"), "reviews-v3->ratings-v1 ratings-v1->mongo");
});

test("fields of a frame without bytes are not known, and no error", () => {
  const old = model([node("a"), node("b")], [edge("a", "b")]);
  assert.equal(select(parse("bytes > 0 or mtls < 1 or messages >= 0"), old, () => new Set()).edges.size, 0);
});

test("every field is told in the documents", () => {
  const docs = readFileSync(new URL("../../../docs/graph.md", import.meta.url), "utf8");
  const [, told] = docs.split("## Find and hide");
  const rows = told.split("## Badges")[0].split("\n").filter((line) => line.startsWith("|"));
  const names = new Set(rows.flatMap((line) => [...line.split("|")[1].matchAll(/`(\w+)`/g)].map(([, name]) => name)));
  const fields = ALL_FIELDS.filter(({ name }) => !name.includes("."));
  const known = fields.flatMap(({ name, aliases = [] }) => [name, ...aliases]);
  assert.deepEqual([...names].sort(), known.sort());
});
