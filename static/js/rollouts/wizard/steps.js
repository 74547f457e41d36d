/** Steps as they are edited: added, repeated, taken away, and fitted to a strategy. Pure. */

/** @typedef {import("./types.js").StepRow} StepRow */
/** @typedef {import("./types.js").Strategy} Strategy */
/** @typedef {import("./types.js").Preset} Preset */

/** Where people mostly go next. */
const LADDER = [1, 5, 10, 25, 50, 75, 100];
/** @type {StepRow} */
const FIRST = { weight: "5", amount: "5", unit: "min", requests: "", pause: false };
/** @type {StepRow} */
const COPIES = { weight: "0", amount: "5", unit: "min", requests: "", pause: false };
/** @type {StepRow} */
const WHOLE = { weight: "100", amount: "10", unit: "min", requests: "500", pause: false };

/**
 * The step that one would add after some: a rung higher, as long as the last.
 * @param {StepRow[]} rows
 * @returns {StepRow}
 */
export function following(rows) {
  const last = rows.at(-1);
  if (!last) return { ...FIRST };
  const weight = LADDER.find((rung) => rung > Number(last.weight)) ?? 100;
  return { ...last, weight: String(weight), pause: false };
}

/**
 * The steps with the one at a place twice.
 * @param {StepRow[]} rows
 * @param {number} at
 * @returns {StepRow[]}
 */
export function duplicated(rows, at) {
  return rows.toSpliced(at + 1, 0, { ...rows[at] });
}

/**
 * The steps without one; where it was the only one, as they were.
 * @param {StepRow[]} rows
 * @param {number} at
 * @returns {StepRow[]}
 */
export function removed(rows, at) {
  return rows.length > 1 ? rows.toSpliced(at, 1) : rows;
}

/**
 * The steps as a strategy can take them: copies come first when it mirrors, blue-green knows nothing between none
 * and all. `usual` stands in for steps that another strategy cannot use.
 * @param {Strategy["kind"]} kind
 * @param {StepRow[]} rows
 * @param {StepRow[]} usual
 * @returns {StepRow[]}
 */
export function fitted(kind, rows, usual) {
  if (kind === "blue_green") return rows.every(({ weight }) => ["0", "100"].includes(weight)) ? rows : [{ ...WHOLE }];
  const between = rows.some(({ weight }) => !["0", "100"].includes(weight));
  const steps = between ? rows : usual.map((row) => ({ ...row }));
  if (kind === "mirror") return Number(steps[0]?.weight) === 0 ? steps : [{ ...COPIES }, ...steps];
  const answered = steps.filter(({ weight }) => Number(weight) !== 0);
  return kind === "weighted" && answered.length ? answered : steps;
}

/**
 * The preset that these are, or "".
 * @param {Record<string, Preset>} presets
 * @param {Strategy["kind"]} kind
 * @param {import("./types.js").Step[]} steps as they are asked for
 * @returns {string}
 */
export function presetOf(presets, kind, steps) {
  const said = JSON.stringify(steps.map(plain));
  const found = Object.entries(presets).find(
    ([, preset]) => preset.strategy.kind === kind && JSON.stringify(preset.steps.map(plain)) === said,
  );
  return found?.[0] ?? "";
}

/** @param {import("./types.js").Step} step */
function plain({ weight, seconds, requests, pause }) {
  return [weight, seconds, requests, pause];
}
