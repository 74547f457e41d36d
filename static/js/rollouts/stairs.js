// The weights of a rollout as a line of stairs: the steps to come faint, those that were reached drawn out.

import { svg } from "./svg.js";

/** @import { Summary } from "./types.js" */

export const WIDTH = 112;
export const HEIGHT = 26;
const FLOOR = HEIGHT - 2;

/**
 * The path of a line of stairs. Pure.
 * @param {readonly number[]} weights in percent, one for each step
 * @param {number} steps among which the width is shared
 */
export function stairsPath(weights, steps) {
  const each = WIDTH / Math.max(1, steps);
  const height = (/** @type {number} */ weight) => (FLOOR - (weight / 100) * (HEIGHT - 4)).toFixed(1);
  return weights.map((weight, index) => `${index ? "" : `M0 ${FLOOR}`}V${height(weight)}H${((index + 1) * each).toFixed(1)}`).join("");
}

/** Which weights stood, step by step; the last is what is intended now. Pure. @param {Pick<Summary, "steps" | "step" | "weight" | "status">} rollout */
export function reached({ steps, step, weight, status }) {
  if (step < 0) return [];
  const found = steps.slice(0, step + 1).map((each) => each.weight);
  const last = found.length - 1;
  // Where it was taken back, the stairs lead up to its last step: the fall is drawn beyond it.
  if (status !== "rolled_back" && status !== "aborted" && status !== "gone") found[last] = weight;
  return found;
}

/** @param {Summary} rollout @returns {SVGSVGElement} */
export function stairs(rollout) {
  const { steps, status } = rollout;
  const all = steps.map((each) => each.weight);
  const done = reached(rollout);
  const fell = ["rolled_back", "aborted", "gone"].includes(status) && done.length > 0;
  const line = `${stairsPath(done, all.length)}${fell ? `V${FLOOR}` : ""}`;
  const end = (done.length / Math.max(1, all.length)) * WIDTH;
  return svg(
    "svg", { class: "stairs", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, width: WIDTH, height: HEIGHT, role: "img", "aria-label": `Weights ${all.join(", ")} %; now ${rollout.weight} %` },
    svg("path", { class: "stairs-plan", d: stairsPath(all, all.length) }),
    ...(done.length ? [svg("path", { class: "stairs-area", d: `${line}${fell ? "" : `V${FLOOR}`}H0Z` }), svg("path", { class: `stairs-done${fell ? " is-fallen" : ""}`, d: line })] : []),
    ...(fell ? [svg("circle", { class: "stairs-end is-fallen", cx: end.toFixed(1), cy: FLOOR, r: 2.5 })] : []),
  ); // prettier-ignore
}
