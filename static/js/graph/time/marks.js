// Changes, reverts, steps of rollouts and faults on an axis of time: where they stand, what they are called, what lies around them. Pure.

/** @import { Stretch } from "./moments.js" */

/**
 * @typedef {object} Mark
 * @property {string} at ISO
 * @property {string | null} until ISO; null: a moment, or a fault that goes on
 * @property {"change" | "revert" | "fault" | "rollout"} kind
 * @property {string} title
 * @property {string} namespace
 * @property {string} service
 * @property {string} by
 * @property {string} url
 */
/** @typedef {{at: number, part: number, marks: Mark[]}} Spot `part`: 0 to 1 of the axis */

export const KIND_WORDS = Object.freeze({ change: "Change", revert: "Revert", fault: "Fault", rollout: "Rollout" });
/** Shapes, so that no kind is told by colour alone. */
export const GLYPHS = Object.freeze({ change: "◆", revert: "↺", fault: "⚡", rollout: "◔" });

/** A change shows in rates only when it has settled and the window over which they are taken has passed. */
const SETTLE_MS = 10_000;
const AROUND_MS = 60_000;

/**
 * @param {Mark[]} marks
 * @param {Stretch} stretch
 * @param {number} near which part of the axis (0 to 1) is too narrow for two
 * @returns {Spot[]} from left to right; what stands too close is one spot
 */
export function spots(marks, { from, to }, near = 0.012) {
  const inside = marks.map((mark) => ({ mark, at: Date.parse(mark.at) })).filter(({ at }) => at >= from && at <= to);
  /** @type {Spot[]} */
  const found = [];
  for (const { mark, at } of inside.sort((a, b) => a.at - b.at)) {
    const part = (at - from) / (to - from);
    const last = found.at(-1);
    if (last && part - last.part < near) last.marks.push(mark);
    else found.push({ at, part, marks: [mark] });
  }
  return found;
}

/** @param {Mark[]} marks @param {Stretch} stretch @param {number} now @returns {{left: number, width: number, mark: Mark}[]} faults as bands, in parts of the axis */
export function bands(marks, { from, to }, now) {
  return marks.flatMap((mark) => {
    const [start, end] = spanOf(mark, now);
    if (mark.kind !== "fault" || end < from || start > to) return [];
    const [left, right] = [Math.max(from, start), Math.min(to, end)];
    return [{ left: (left - from) / (to - from), width: (right - left) / (to - from), mark }];
  });
}

/** @param {Mark} mark @param {number} now @returns {[number, number]} a fault without an end goes on */
export function spanOf(mark, now) {
  const start = Date.parse(mark.at);
  if (mark.until) return [start, Date.parse(mark.until)];
  return [start, mark.kind === "fault" ? now : start];
}

/**
 * The two moments that show what a change did: one minute before it, and one after it has settled. Of a fault both lie
 * where it counts: before its start and, if it was shorter than that, at its end.
 * @param {Mark} mark
 * @param {Stretch} stretch
 * @returns {{before: number, after: number}} within history
 */
export function around(mark, { from, to }) {
  const [start, end] = spanOf(mark, to);
  const settled = start + SETTLE_MS + AROUND_MS;
  const after = mark.kind === "fault" && end > start ? Math.min(settled, end) : settled;
  return { before: Math.max(from, start - AROUND_MS), after: Math.min(to, after) };
}

/** @param {Mark} mark @returns {string} "Fault on reviews: 50 % delayed by 2s"; the title may begin with the service itself, or name the rollout */
export function named(mark) {
  if (mark.kind === "rollout" && mark.title) return mark.service ? `${mark.title} (${mark.service})` : mark.title;
  const where = mark.service && !mark.title.startsWith(mark.service) ? ` on ${mark.service}` : "";
  return mark.title ? `${KIND_WORDS[mark.kind]}${where}: ${mark.title}` : `${KIND_WORDS[mark.kind]}${where}`;
}

/** @param {Spot} spot @returns {string} what it is called where there is room for a line */
export function spotTitle({ marks }) {
  const [first] = marks;
  if (marks.length === 1 && first) return named(first);
  return `${marks.length} changes: ${marks.slice(0, 4).map(named).join("; ")}${marks.length > 4 ? "; …" : ""}`;
}
