import assert from "node:assert/strict";
import { test } from "node:test";
import { placeAt } from "../../../static/js/yaml/path.js";

/** The place of the | in a text. @param {string} text */
function at(text) {
  const lines = text.split("\n");
  const line = lines.findIndex((one) => one.includes("|"));
  const column = lines[line].indexOf("|");
  lines[line] = lines[line].replace("|", "");
  return placeAt(lines, line, column);
}

const VIRTUAL_SERVICE = `apiVersion: networking.istio.io/v1
kind: VirtualService
metadata:
  name: reviews
spec:
  hosts:
  - reviews
  http:
  - match:
    - headers:
        end-user:
          exact: jason
    - uri:
        prefix: /a
    route:
    - destination:
        host: reviews
`;

test("a key at the top is of the whole object", () => {
  const place = at("apiVersion: v1\nki|\nmetadata:\n  name: a\n");
  assert.deepEqual(place?.path, []);
  assert.equal(place?.kind, "key");
  assert.equal(place?.typed, "ki");
  assert.deepEqual(place?.siblings, ["apiVersion", "metadata"]);
});

test("a key below another is of that one", () => {
  const place = at(VIRTUAL_SERVICE + "  tc|\n");
  assert.deepEqual(place?.path, ["spec"]);
  assert.deepEqual(place?.siblings.toSorted(), ["hosts", "http"]);
});

test("a key in an item is of the item, whether the dash is indented or not", () => {
  for (const indent of ["", "  "]) {
    const place = at(`spec:\n  http:\n${indent}  - route: []\n${indent}    time|\n`);
    assert.deepEqual(place?.path, ["spec", "http", 0]);
    assert.deepEqual(place?.siblings, ["route"]);
  }
});

test("the first key of an item is of the item, and knows what follows it", () => {
  const place = at("spec:\n  http:\n  - route: []\n  - na|\n    route: []\n");
  assert.deepEqual(place?.path, ["spec", "http", 1]);
  assert.deepEqual(place?.siblings, ["route"]);
  assert.equal(place?.typed, "na");
});

test("items are counted, in lists within lists too", () => {
  const place = at(VIRTUAL_SERVICE + "        su|\n");
  assert.deepEqual(place?.path, ["spec", "http", 0, "route", 0, "destination"]);
  const second = at(VIRTUAL_SERVICE.replace("        prefix: /a", "        pre|"));
  assert.deepEqual(second?.path, ["spec", "http", 0, "match", 1, "uri"]);
});

test("a value is of its key", () => {
  const place = at("spec:\n  redirect:\n    derivePort: FROM|\n");
  assert.deepEqual(place?.path, ["spec", "redirect", "derivePort"]);
  assert.equal(place?.kind, "value");
  assert.equal(place?.typed, "FROM");
  assert.equal(place?.from, 16);
});

test("a value that is not begun is empty", () => {
  const place = at("kind: |\n");
  assert.deepEqual(place, { path: ["kind"], kind: "value", typed: "", from: 6, siblings: [], indent: 0 });
});

test("quoted keys are what they say", () => {
  const place = at('metadata:\n  annotations:\n    "a.b/c": x|\n');
  assert.deepEqual(place?.path, ["metadata", "annotations", "a.b/c"]);
});

test("an empty line counts by where the cursor is", () => {
  assert.deepEqual(at(VIRTUAL_SERVICE + "    |\n")?.path, ["spec", "http", 0]);
  assert.deepEqual(at(VIRTUAL_SERVICE + "  |\n")?.path, ["spec"]);
  assert.deepEqual(at(VIRTUAL_SERVICE + "|\n")?.path, []);
});

test("comments and inline forms have no place", () => {
  assert.equal(at("spec: # abc|\n"), null);
  assert.equal(at("spec: {ho|}\n"), null);
  assert.equal(at("  [a|]\n"), null);
});
