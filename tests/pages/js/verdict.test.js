import assert from "node:assert/strict";
import { test } from "node:test";

import { verdict } from "../../../static/js/routing/verdict.js";

const version = (name, weight, observed) => ({
  version: name,
  subset: name,
  pods: 1,
  ready_pods: 1,
  weight,
  observed_share: observed,
});

test("shares within five points of the intended ones are in force", () => {
  const { status, word } = verdict({ v1: 80, v3: 20 }, [version("v1", 80, 0.76), version("v2", 0, 0), version("v3", 20, 0.24)]);
  assert.deepEqual([status, word], ["ok", "In force"]);
});

test("shares that are further off are converging, and the sentence names them", () => {
  const found = verdict({ v1: 80, v3: 20 }, [version("v1", 80, 0.92), version("v3", 20, 0.08)]);
  assert.equal(found.word, "Converging");
  assert.match(found.sentence, /v3 gets 8 %, intended are 20 %/);
});

test("without traffic nothing is confirmed", () => {
  const { status, word } = verdict({ v1: 100 }, [version("v1", 100, null)]);
  assert.deepEqual([status, word], ["idle", "No traffic"]);
});

test("weights that somebody changed since are superseded, whatever the traffic does", () => {
  const found = verdict({ v1: 80, v3: 20 }, [version("v1", 50, 0.8), version("v3", 50, 0.2)]);
  assert.equal(found.word, "Superseded");
  assert.match(found.sentence, /v3 is at 50 %, this change set 20 %/);
});

test("a version that no rule names counts as nothing", () => {
  const { word } = verdict({ v1: 100 }, [version("v1", 100, 1), version("v2", null, 0)]);
  assert.equal(word, "In force");
});
