// When there will be a verdict, if the evidence goes on as it did at the last looks: no promise, but with little traffic
// the difference between minutes and days. Pure.

import { span } from "./words.js";

/** @import { Card, Figure } from "./types.js" */

const LOOKS = 20;
const LEAST_LOOKS = 6;
const LONGEST_SECONDS = 7 * 86_400;

/**
 * Seconds until a guard says "no worse" at the pace of its last looks.
 * @param {Figure} figure
 * @returns {number | null | undefined} null: never, at this pace; undefined: nothing to tell it from
 */
export function secondsUntilNoWorse({ over_time: all, bound, e_value_no_worse: value, samples }) {
  const [first, last] = [(all ?? []).slice(-LOOKS)[0], all?.at(-1)];
  if (!first || !last || value === undefined || typeof bound !== "number" || (all?.length ?? 0) < LEAST_LOOKS) return undefined;
  const seconds = last.at - first.at;
  if (!(seconds > 0) || !(first.no_worse > 0) || !(value > 0)) return undefined;
  const lacking = Math.max(0, Math.log(bound) - Math.log(value));
  const requests = Math.max(0, (samples["needed"] ?? 0) - (samples["canary"] ?? 0));
  const grown = Math.log(last.no_worse) - Math.log(first.no_worse);
  const came = last.requests - first.requests;
  if ((lacking && !(grown > 0)) || (requests && !(came > 0))) return null;
  const until = Math.max(lacking ? (lacking / grown) * seconds : 0, requests ? (requests / came) * seconds : 0);
  return until > LONGEST_SECONDS ? null : until;
}

/** Of the guards that lack a verdict, when each has one. @param {Card} card @returns {string} "" where nothing can be told */
export function paceWords(card) {
  const parts = card.figures.flatMap((figure) => {
    const seconds = figure.verdict === "not_known" ? secondsUntilNoWorse(figure) : undefined;
    if (seconds === undefined) return [];
    return [`${figure.name} ${seconds === null ? "never gets to “no worse”" : `gets to “no worse” in about ${span(Math.max(1, seconds))}`}`];
  });
  return parts.length ? `At the pace of the last looks ${parts.join(", ")}.` : "";
}
