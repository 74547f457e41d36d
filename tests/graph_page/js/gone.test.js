import assert from "node:assert/strict";
import { test } from "node:test";

import { goneOf } from "../../../static/js/graph/gone.js";

const MODEL = /** @type {any} */ ({ graphType: "versioned_app", namespaces: [], folded: [], source: { window_seconds: 10 } });

test("what had no request is said to have had none", () => {
  const { title, words, elsewhere } = goneOf("app:bookinfo/reviews/v3", MODEL);
  assert.equal(title, "reviews v3");
  assert.match(words, /no request of it was seen in the last 10 s/);
  assert.equal(elsewhere, false);
});

test("of what this view does not hold nothing is said about its traffic", () => {
  for (const [id, model, words] of /** @type {[string, object, RegExp][]} */ ([
    ["service:bookinfo/reviews", {}, /shows apps by version. Choose the Service graph/],
    ["app:bookinfo/reviews/v3", { graphType: "service" }, /shows services. Choose the App graph/],
    ["app:bookinfo/reviews/v3", { folded: ["bookinfo"] }, /namespace bookinfo is folded/],
    ["app:bookinfo/reviews/v3", { namespaces: ["shop"] }, /namespace bookinfo is not among those/],
  ])) {
    const found = goneOf(id, { ...MODEL, ...model });
    assert.match(found.words, words);
    assert.doesNotMatch(found.words, /no request/);
    assert.equal(found.elsewhere, true);
  }
});
