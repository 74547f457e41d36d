import assert from "node:assert/strict";
import { test } from "node:test";
import { optionsAt, schemaAt } from "../../../static/js/yaml/complete.js";
import { changedLines } from "../../../static/js/yaml/lines.js";

const SCHEMA = {
  type: "object",
  properties: {
    kind: { type: "string" },
    spec: {
      type: "object",
      properties: {
        hosts: { type: "array", items: { type: "string" }, description: "Whom it is for." },
        mode: { type: "string", enum: ["STRICT", "PERMISSIVE"], default: "PERMISSIVE" },
        strict: { type: "boolean" },
        labels: { type: "object", additionalProperties: { type: "object", properties: { exact: { type: "string" } } } },
      },
      required: ["hosts"],
    },
  },
};
const KINDS = [{ apiVersion: "networking.istio.io/v1", kind: "Gateway" }, { apiVersion: "gateway.networking.k8s.io/v1", kind: "Gateway" }];

/** The labels at the | of a text. @param {string} text */
function labels(text, schema = SCHEMA) {
  const lines = text.split("\n");
  const line = lines.findIndex((one) => one.includes("|"));
  const column = lines[line].indexOf("|");
  lines[line] = lines[line].replace("|", "");
  return optionsAt(lines, line, column, schema, KINDS)?.options.map(({ label }) => label) ?? null;
}

test("keys are those of the schema that are not there yet", () => {
  assert.deepEqual(labels("kind: A\nspec:\n  mode: STRICT\n  |\n"), ["hosts", "strict", "labels"]);
});

test("what goes on below a key is begun there", () => {
  const found = optionsAt(["spec:", "  h"], 1, 3, SCHEMA, KINDS)?.options ?? [];
  const hosts = found.find(({ label }) => label === "hosts");
  assert.equal(hosts?.apply, "hosts:\n    - ");
  assert.equal(hosts?.detail, "list of string, required");
  assert.equal(hosts?.info, "Whom it is for.");
  assert.equal(found.find(({ label }) => label === "mode")?.apply, "mode: ");
});

test("values are those of the enum, or true and false", () => {
  assert.deepEqual(labels("spec:\n  mode: |\n"), ["STRICT", "PERMISSIVE"]);
  assert.deepEqual(labels("spec:\n  strict: t|\n"), ["true", "false"]);
  assert.equal(labels("spec:\n  hosts: |\n"), null);
});

test("below keys that anybody may choose, the schema goes on", () => {
  assert.deepEqual(labels("spec:\n  labels:\n    x-anything:\n      |\n"), ["exact"]);
  assert.equal(schemaAt(SCHEMA, ["spec", "nothing", 0]), null);
});

test("kinds and versions are offered before any schema is known", () => {
  assert.deepEqual(labels("kind: |\n", undefined), ["Gateway"]);
  assert.deepEqual(labels("apiVersion: |\n", undefined), ["networking.istio.io/v1", "gateway.networking.k8s.io/v1"]);
});

test("without a schema only the parts of every resource are known", () => {
  const lines = ["", "metadata:", "  "];
  assert.deepEqual(optionsAt(lines, 0, 0, null, KINDS)?.options.map(({ label }) => label), ["apiVersion", "kind", "spec"]);
  assert.equal(optionsAt(lines, 2, 2, null, KINDS), null);
});

test("changed lines are those that the text before does not have", () => {
  assert.deepEqual(changedLines(["a", "b", "c"], ["a", "b", "c"]), []);
  assert.deepEqual(changedLines(["a", "b", "c"], ["a", "x", "c"]), [1]);
  assert.deepEqual(changedLines(["a", "c"], ["a", "b", "c", "d"]), [1, 3]);
  assert.deepEqual(changedLines(["a", "b", "c"], ["c"]), []);
  assert.deepEqual(changedLines([""], ["a", "b"]), [0, 1]);
  assert.deepEqual(changedLines(["x", "y", "z"], ["y", "z", "x"]), [2]);
});

test("two texts that have nothing in common are told apart at once, however long", () => {
  const began = performance.now();
  const long = Array.from({ length: 20_000 }, (_, at) => `a${at}`);
  assert.equal(changedLines(long, long.map((line) => `${line}!`)).length, 20_000);
  assert.ok(performance.now() - began < 1_000);
});
