import assert from "node:assert/strict";
import { test } from "node:test";

import { age, count, duration, moment, number, percent, rate, share } from "../../../static/js/format.js";

test("numbers have at most three significant digits and no padding", () => {
  const cases = [[0, "0"], [12.44, "12.4"], [0.3, "0.3"], [99.95, "100"], [123.4, "123"], [0.0144, "0.0144"], [-3.14159, "−3.14"]];
  for (const [value, text] of cases) assert.equal(number(value), text);
});

test("what is too small to read says so instead of reading as nothing", () => {
  assert.equal(number(0.0004), "<0.01");
  assert.equal(percent(0.00001), "<0.01 %");
});

test("rates shorten from a thousand on", () => {
  assert.equal(rate(12.4), "12.4 rps");
  assert.equal(rate(999.4), "999 rps");
  assert.equal(rate(999.6), "1 k rps");
  assert.equal(rate(1210), "1.21 k rps");
  assert.equal(rate(2_500_000), "2.5 M rps");
});

test("shares are whole percents, error ratios are not", () => {
  assert.equal(share(0.196), "20 %");
  assert.equal(percent(0.003), "0.3 %");
});

test("durations change their unit where one would", () => {
  const cases = [[0.42, "0.42 ms"], [4.21, "4.21 ms"], [87.3, "87 ms"], [999.6, "1 s"], [1400, "1.4 s"], [150_000, "2.5 min"]];
  for (const [value, text] of cases) assert.equal(duration(value), text);
});

test("what is not known is a dash, never a zero", () => {
  for (const form of [rate, percent, share, duration]) {
    assert.equal(form(null), "–");
    assert.equal(form(undefined), "–");
  }
  assert.equal(number(NaN), "–");
});

test("ages are whole units", () => {
  assert.equal(age(-5), "0 s");
  assert.equal(age(59_999), "59 s");
  assert.equal(age(3_599_999), "59 min");
  assert.equal(age(47 * 3_600_000), "47 h");
  assert.equal(age(72 * 3_600_000), "3 d");
});

test("moments are relative within the hour and dated beyond the day", () => {
  const now = new Date(2026, 4, 6, 12, 0, 0);
  const before = (seconds) => moment(new Date(now.getTime() - seconds * 1000), now);
  assert.equal(before(2), "just now");
  assert.equal(before(90), "1 min ago");
  assert.equal(before(2 * 3600), "today 10:00:00");
  assert.equal(before(24 * 3600), "5 May 12:00");
  assert.equal(before(366 * 24 * 3600), "5 May 2025 12:00");
  assert.equal(before(-120), "in 2 min");
});

test("counts know their plural", () => {
  assert.equal(count(1, "pod"), "1 pod");
  assert.equal(count(3, "pod"), "3 pods");
});
