/** The figures of a preview as they are read. Pure. */
import { clock, fullMoment, number, percent, quantity, rate } from "../../format.js";
import { inWords } from "./durations.js";

/** @typedef {import("./types.js").Preview} Preview */
/** @typedef {import("./types.js").StepAhead} StepAhead */
/** @typedef {import("./types.js").Sight} Sight */

/** For which part of bad requests it is told how soon they are found, where the baseline has none. */
const NONE = 0.05;
const BAD_WORDS = /** @type {Record<string, string>} */ ({ errors: "failed", latency: "slow" });
const BAD = /** @type {Record<string, string>} */ ({ errors: "failed now", latency: "slow now" });

/**
 * The figures at the top: name, value, what it means.
 * @param {Preview} preview
 * @param {Date} now
 * @returns {{name: string, value: string, title: string}[]}
 */
export function figures(preview, now) {
  const { traffic, seconds, seconds_to_verdict: verdict } = preview;
  const bad = Object.entries(traffic.bad_ratio ?? {}).map(([guard, ratio]) => ({
    name: BAD[guard] ?? guard,
    value: ratio === null ? "not measured" : percent(ratio),
    title: "Of the baseline's requests, now",
  }));
  return [
    {
      name: "traffic now",
      value: traffic.requests_per_second === null ? "not measured" : rate(traffic.requests_per_second),
      title: "Requests to the baseline and the canary together",
    },
    ...bad,
    {
      name: "until a verdict",
      value: verdict === null ? "none" : inWords(verdict),
      title: "Until a healthy canary is found no worse, with the traffic of now; half of all rollouts take longer",
    },
    {
      name: "expected end",
      value: seconds === null ? "would hold" : endOf(preview, now),
      title: seconds === null ? "With the traffic of now it would not end by itself" : `In ${inWords(seconds)}, without pauses and gates${inFullTime(preview)}`,
    },
  ];
}

/** With the zone. @param {Preview} preview */
function inFullTime({ expected_end: end }) {
  return end ? `: ${fullMoment(new Date(end))}` : "";
}

/**
 * The expected end as a time of day, with its date where that is another; "" where there is none.
 * @param {Preview} preview
 * @param {Date} now
 */
export function endOf({ expected_end: end }, now) {
  if (!end) return "";
  const date = new Date(end);
  const time = clock(date).slice(0, 5);
  if (date.toDateString() === now.toDateString()) return time;
  return `${date.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} ${time}`;
}

/**
 * What the judge could see in a step, by guard, and how soon: "errors 1.2 % (2.4×)", "3×: 40 s".
 * @param {StepAhead} step
 * @returns {{sees: string, found: string, title: string}[]}
 */
export function sights({ weight, sights: all }) {
  if (weight === 100) return [{ sees: "nothing to compare", found: "", title: "The baseline has no requests any more." }];
  if (weight === 0) return [{ sees: "not known", found: "", title: "What the canary gets at 0 % is not measured beforehand." }];
  return all.map((sight) => ({ sees: `${sight.guard} ${smallest(sight)}`, found: soon(sight), title: inFull(sight) }));
}

/** @param {Sight} sight */
function smallest({ smallest: times, smallest_ratio: ratio }) {
  if (ratio === null) return "nothing";
  return times === null ? percent(ratio) : `${percent(ratio)} (${number(times)}×)`;
}

/** @param {Sight} sight */
function soon({ smallest: times, example, seconds_to_harm: harm }) {
  return `${example === NONE && times === null ? percent(example) : "3×"}: ${harm === null ? "never" : inWords(harm)}`;
}

/** @param {Sight} sight */
function inFull({ guard, smallest: times, smallest_ratio: ratio, example, seconds_to_harm: harm }) {
  const bad = BAD_WORDS[guard] ?? "bad";
  const seen =
    ratio === null
      ? `Even if all of the canary's requests were ${bad}, it would not be found within this step`
      : `Found within this step from ${percent(ratio)} ${bad} requests on${times === null ? "" : `, ${number(times)} times the baseline's`}`;
  return `${seen}. ${percent(example)} ${bad} would be found ${harm === null ? "never" : `in about ${inWords(harm)}`}.`;
}

/** @param {StepAhead} step */
export function lasts({ seconds }) {
  return seconds === null ? "for ever" : inWords(seconds);
}

/** @param {Preview} preview */
export function callersWords({ traffic: { callers } }) {
  if (!callers.length) return "No caller is seen now";
  return `Called by ${quantity(callers.length, "")} workload${callers.length === 1 ? "" : "s"} now`;
}
