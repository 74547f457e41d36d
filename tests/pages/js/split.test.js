import assert from "node:assert/strict";
import { test } from "node:test";

import { apportion, configured, highest, inForce, lowest, rebalance } from "../../../static/js/routing/split.js";

const part = (version, weight, more = {}) => ({ version, weight, locked: false, ready: true, touched: 0, ...more });
const weights = (parts) => parts.map(({ weight }) => weight);

test("the others give in proportion to what they have", () => {
  const parts = [part("v1", 60), part("v2", 40), part("v3", 0)];
  assert.deepEqual(weights(rebalance(parts, 2, 50)), [30, 20, 50]);
});

test("a version that had all gives evenly to ready versions that had nothing", () => {
  const parts = [part("v1", 100), part("v2", 0), part("v3", 0, { ready: false })];
  assert.deepEqual(weights(rebalance(parts, 0, 80)), [80, 20, 0]);
});

test("where no other is ready, all others share evenly", () => {
  const parts = [part("v1", 100), part("v2", 0, { ready: false }), part("v3", 0, { ready: false })];
  assert.deepEqual(weights(rebalance(parts, 0, 90)), [90, 5, 5]);
});

test("a number that was just set stays while another is set, as long as a third can bear it", () => {
  const start = [part("v1", 34), part("v2", 33), part("v3", 33)];
  assert.deepEqual(weights(rebalance(rebalance(start, 2, 20), 1, 0)), [80, 0, 20]);
});

test("when all were set, the one set longest ago gives way", () => {
  const start = [part("v1", 100), part("v2", 0), part("v3", 0)];
  const all = rebalance(rebalance(rebalance(start, 0, 60), 1, 30), 2, 20);
  assert.deepEqual(weights(all), [50, 30, 20]);
});

test("a locked version neither gives nor takes", () => {
  const parts = [part("v1", 50), part("v2", 30, { locked: true }), part("v3", 20)];
  assert.deepEqual(weights(rebalance(parts, 2, 40)), [30, 30, 40]);
  assert.deepEqual(weights(rebalance(parts, 2, 100)), [0, 30, 70]);
});

test("alone among locked versions, a version can only keep what is left", () => {
  const parts = [part("v1", 50, { locked: true }), part("v2", 30, { locked: true }), part("v3", 20)];
  assert.equal(lowest(parts, 2), 20);
  assert.equal(highest(parts, 2), 20);
  assert.deepEqual(weights(rebalance(parts, 2, 90)), [50, 30, 20]);
});

test("a drag to 100 and back, from the same base, loses no ratio", () => {
  const base = [part("v1", 60), part("v2", 30), part("v3", 10)];
  rebalance(base, 2, 100);
  assert.deepEqual(weights(rebalance(base, 2, 10)), [60, 30, 10]);
});

test("for every start, wish and lock the sum stays 100 and nothing is negative", () => {
  let seed = 20_260_101;
  const random = (below) => {
    seed = (seed * 1_103_515_245 + 12_345) % 2_147_483_648;
    return Math.floor((seed / 2_147_483_648) * below);
  };
  for (let round = 0; round < 5_000; round += 1) {
    const ratios = Array.from({ length: 2 + random(6) }, () => random(10));
    const start = apportion(100, ratios.some(Boolean) ? ratios : ratios.map(() => 1));
    const parts = start.map((weight, at) => part(`v${at}`, weight, { locked: random(3) === 0, ready: random(2) === 0, touched: random(4) }));
    const at = random(parts.length);
    const after = rebalance(parts, at, random(140) - 20);
    assert.equal(weights(after).reduce((sum, weight) => sum + weight, 0), 100, JSON.stringify({ parts, at }));
    assert.ok(after.every(({ weight }) => Number.isInteger(weight) && weight >= 0 && weight <= 100));
    parts.forEach((before, other) => {
      if (before.locked && other !== at) assert.equal(after[other].weight, before.weight);
    });
  }
});

test("configured weights are in force as they are", () => {
  const versions = [
    { version: "v1", weight: 80, ready_pods: 1 },
    { version: "v2", weight: null, ready_pods: 1 },
    { version: "v3", weight: 20, ready_pods: 1 },
  ];
  assert.deepEqual(weights(inForce(versions)), [80, 0, 20]);
});

test("without a rule, shares follow the ready pods and add up to 100", () => {
  const versions = ["v1", "v2", "v3"].map((version) => ({ version, weight: null, ready_pods: 1 }));
  assert.deepEqual(weights(inForce(versions)), [34, 33, 33]);
});

test("with no rule and no ready pod there is still a split that adds up to 100", () => {
  const versions = ["v1", "v2"].map((version) => ({ version, weight: null, ready_pods: 0 }));
  assert.deepEqual(weights(inForce(versions)), [50, 50]);
});

test("a version that a rule leaves out is configured to nothing; without a rule nothing is configured", () => {
  const [v1, v2] = [{ version: "v1", weight: 100 }, { version: "v2", weight: null }];
  assert.equal(configured(v2, [v1, v2]), 0);
  assert.equal(configured(v2, [v2]), null);
});
