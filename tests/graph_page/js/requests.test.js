import assert from "node:assert/strict";
import { test } from "node:test";

import { lookAt, rateOf } from "../../../static/js/graph/requests/look.js";
import { codeWord, keyOf, levelOf, QUIET_MS, sampleWords, sideName, sourceWords, stateWords, targetName } from "../../../static/js/graph/requests/words.js";

const NODE = { kind: "app", namespace: "bookinfo", app: "reviews", version: "v1", workload: "reviews-v1", service: "reviews" };
const REVIEWS = { kind: "workload", namespace: "bookinfo", workload: "reviews-v1", app: "reviews", version: "v1" };
const NOBODY = { kind: "unknown", namespace: "", workload: "", app: "", version: "" };
const FRAME = { type: "requests", state: "following", message: "", side: "node", followed: 1, pods: 1, rows: [], left_out: 0, per_second: 5, requests: 3, connections: 0, unread: 0 };
const LOUD = { quietMs: 0, rate: 5, shown: 0 };

function model() {
  const page = { id: "b", ...NODE, app: "productpage", requests_per_second: 4 };
  const nodes = new Map([["a", { id: "a", ...NODE, requests_per_second: 2 }], ["b", page]]);
  const edges = new Map([["b->a", { id: "b->a", source: "b", target: "a", requests_per_second: 1 }]]);
  return { graphType: "versioned_app", nodes, edges };
}

test("a node is asked for by its own fields, an edge by those of both ends", () => {
  assert.deepEqual(lookAt(model(), "a", ""), { graph_type: "versioned_app", target: NODE, codes: [] });
  const edge = lookAt(model(), "b->a", "5xx");
  assert.deepEqual(edge.source, { ...NODE, app: "productpage" });
  assert.deepEqual(edge.codes, ["5xx", "none"]);
});

test("what the graph does not have is not asked for", () => {
  assert.equal(lookAt(model(), "gone", ""), null);
  assert.equal(lookAt({ ...model(), graphType: null }, "a", ""), null);
});

test("the rate there is the edge's own or the node's", () => {
  assert.deepEqual([rateOf(model(), "a"), rateOf(model(), "b->a"), rateOf(model(), "gone")], [2, 1, 0]);
});

test("ends are named by app and version, or by why they are not", () => {
  assert.equal(sideName(REVIEWS), "reviews v1");
  assert.equal(sideName({ ...REVIEWS, version: "latest" }), "reviews");
  assert.equal(sideName({ ...NOBODY, kind: "hidden" }), "another namespace");
  assert.equal(sideName({ ...NOBODY, kind: "forwarded" }), "client of a gateway");
  assert.equal(targetName({ target: NOBODY, service: "bookinfo/ratings" }), "ratings (no answer)");
  assert.equal(targetName({ target: REVIEWS, service: "bookinfo/reviews" }), "reviews v1");
});

test("a request without an answer is as bad as a failed one, and has no code", () => {
  assert.deepEqual([200, 302, 404, 503, 0].map(levelOf), ["ok", "ok", "degraded", "failing", "failing"]);
  assert.deepEqual([200, 0].map(codeWord), ["200", "none"]);
});

test("the same request is the same row", () => {
  const request = { at: "2026-01-01T12:00:00Z", direction: "in", method: "GET", path: "/", code: 200, duration_ms: 3, caller: NOBODY, target: REVIEWS };
  assert.equal(keyOf(request), keyOf({ ...request }));
  assert.notEqual(keyOf(request), keyOf({ ...request, duration_ms: 4 }));
});

test("a sample says of how many it is one", () => {
  assert.equal(sampleWords(FRAME, { shown: 0, leftOut: 0 }), "");
  assert.equal(sampleWords(FRAME, { shown: 3, leftOut: 0 }), "All are shown: about 5 a second.");
  assert.equal(sampleWords({ ...FRAME, per_second: 340 }, { shown: 100, leftOut: 1200 }), "Showing 20 of about 340 a second; 1200 left out so far.");
});

test("whose log it is is said, and how many of the pods", () => {
  assert.equal(sourceWords(FRAME), "From the access log of 1 pod.");
  assert.equal(sourceWords({ ...FRAME, side: "caller", followed: 2, pods: 3 }), "From the access log of 2 of 3 pods (callers).");
  assert.equal(sourceWords({ ...FRAME, pods: 0 }), "");
});

test("a log without a line, where the graph sees requests, is said to be off, and not before its time", () => {
  const silent = { ...FRAME, requests: 0 };
  assert.equal(stateWords(silent, { ...LOUD, quietMs: QUIET_MS + 1 }).kind, "off");
  assert.equal(stateWords(silent, LOUD).text, "No request has passed yet.");
  assert.equal(stateWords(silent, { quietMs: QUIET_MS + 1, rate: 0, shown: 0 }).kind, "note");
  assert.equal(stateWords({ ...silent, connections: 1 }, { ...LOUD, quietMs: QUIET_MS + 1 }).kind, "note");
  assert.equal(stateWords(FRAME, { ...LOUD, quietMs: QUIET_MS + 1 }).text, "No request of this sort has passed yet.");
});

test("every state has its words", () => {
  assert.equal(stateWords(null, LOUD).kind, "busy");
  const refused = stateWords({ ...FRAME, state: "refused", message: "User lena may not get pods/log in bookinfo." }, LOUD);
  assert.deepEqual(refused, { kind: "problem", text: "You may not see requests here. User lena may not get pods/log in bookinfo." });
  assert.equal(stateWords({ ...FRAME, state: "away", message: "The cluster does not answer." }, LOUD).kind, "problem");
  assert.equal(stateWords({ ...FRAME, state: "nothing", message: "No proxy." }, LOUD).text, "No proxy.");
  assert.equal(stateWords(FRAME, { ...LOUD, shown: 2 }).text, "");
});
