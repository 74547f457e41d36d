import assert from "node:assert/strict";
import { test } from "node:test";

import { evidence, verdict } from "../../../static/js/routing/verdict.js";

const found = (changed) => ({
  service: "bookinfo/reviews",
  verdict: "as_intended",
  sentence: "Traffic follows the weights.",
  versions: [
    { version: "v1", intended: 80, configured: 80, observed: 76, share: 79, requests: 790 },
    { version: "v3", intended: 20, configured: 20, observed: 24, share: 21, requests: 210 },
  ],
  e_value: 0.031,
  alpha: 0.001,
  diagnosis: [],
  seconds_until_enough: null,
  ...changed,
});

test("each verdict has a word and a shape", () => {
  const shown = ["as_intended", "differs", "not_yet_known", "not_measured"].map((each) => verdict(found({ verdict: each })));
  assert.deepEqual(
    shown.map(({ status, word }) => [status, word]),
    [
      ["ok", "In force"],
      ["degraded", "Differs"],
      ["info", "Not yet known"],
      ["idle", "Not measured"],
    ],
  );
});

test("what somebody changed since is superseded", () => {
  const { word } = verdict(found({ verdict: "differs", diagnosis: [{ code: "SUPERSEDED", message: "Changed." }] }));
  assert.equal(word, "Superseded");
});

test("the evidence says what it is tested against, and is silent where nothing was tested", () => {
  assert.match(evidence(found({})), /^1000 requests counted since the change. .*: 0.031; from 1000 on/);
  assert.match(evidence(found({ e_value: 5e9 })), /: over 1000;/);
  assert.equal(evidence(found({ e_value: null })), "");
});
