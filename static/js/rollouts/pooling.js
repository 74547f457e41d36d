// Looks as fewer points, so that a curve of ratios does not jump with each single request. Pure.

/** @import { Point } from "./types.js" */

const RATES = /** @type {const} */ (["baseline_rate", "canary_rate"]);
const RATIOS = /** @type {const} */ ([["baseline_bad", "baseline_rate"], ["canary_bad", "canary_rate"], ["baseline_slow", "baseline_rate"], ["canary_slow", "canary_rate"]]); // prettier-ignore

/**
 * The looks of each so many seconds as one point: rates over all of that time, ratios over all of its requests.
 * @param {Point[]} points
 * @param {number} seconds
 * @returns {Point[]}
 */
export function pooled(points, seconds) {
  const found = [];
  for (let first = 0; first < points.length; ) {
    let end = first + 1;
    const before = points[first - 1]?.at ?? points[first]?.at ?? 0;
    while (end < points.length && (points[end]?.at ?? 0) - before <= seconds) end += 1;
    found.push(pool(points.slice(first, end), before));
    first = end;
  }
  return found;
}

/** @param {Point[]} looks one at least @param {number} before @returns {Point} */
function pool(looks, before) {
  const last = /** @type {Point} */ (looks.at(-1));
  const lasts = looks.map((look, index) => look.at - (looks[index - 1]?.at ?? before));
  const all = { ...last };
  for (const name of RATES) all[name] = mean(looks.map((look, index) => [look[name], lasts[index] ?? 0]));
  for (const [name, of] of RATIOS) {
    if (looks.some((look) => name in look)) all[name] = mean(looks.map((look, index) => [look[name] ?? null, (look[of] ?? 0) * (lasts[index] ?? 0)]));
  }
  return all;
}

/** A mean of what is known; where nothing weighs anything, the last that is. @param {[number | null, number][]} weighed */
function mean(weighed) {
  const known = weighed.filter(([value]) => value !== null);
  const weight = known.reduce((sum, [, each]) => sum + each, 0);
  return weight > 0 ? known.reduce((sum, [value, each]) => sum + (value ?? 0) * each, 0) / weight : (known.at(-1)?.[0] ?? null);
}
