// Which stretch of time the Figures page shows, as its address says. Pure: the clock is an argument.

import { iso, moment } from "../time/moments.js";

/** @import { Stretch } from "../time/moments.js" */
/** `seconds` back from now, and live; or two fixed moments (ISO). @typedef {{seconds: number, since: string, until: string}} Range */

/** @type {readonly {key: string, name: string, seconds: number}[]} */
export const RANGES = Object.freeze([
  { key: "5m", name: "5 min", seconds: 300 },
  { key: "15m", name: "15 min", seconds: 900 },
  { key: "1h", name: "1 h", seconds: 3600 },
  { key: "6h", name: "6 h", seconds: 21_600 },
  { key: "24h", name: "24 h", seconds: 86_400 },
  { key: "7d", name: "7 d", seconds: 604_800 },
]);
const FIRST = Object.freeze({ seconds: 900, since: "", until: "" });

/** @param {string | null} text "15m", or "<ISO>~<ISO>" @returns {Range} what cannot be read is the last quarter of an hour */
export function rangeOf(text) {
  const known = RANGES.find(({ key }) => key === text);
  if (known) return { seconds: known.seconds, since: "", until: "" };
  const [since, until] = (text ?? "").split("~").map(moment);
  return since && until && since < until ? { seconds: 0, since, until } : FIRST;
}

/** @param {Range} range @returns {string} as the address has it */
export function rangeKey(range) {
  if (range.seconds === 0) return `${range.since}~${range.until}`;
  return RANGES.find(({ seconds }) => seconds === range.seconds)?.key ?? "15m";
}

/** @param {number} from milliseconds @param {number} to milliseconds @returns {Range} of whole seconds, and never of none */
export function between(from, to) {
  return { seconds: 0, since: iso(from), until: iso(Math.max(to, from + 1000)) };
}

/** @param {Range} range @param {number} now @returns {Stretch} */
export function stretchFor({ seconds, since, until }, now) {
  return seconds ? { from: now - seconds * 1000, to: now } : { from: Date.parse(since), to: Date.parse(until) };
}

/** @param {string} id of a node or an edge @returns {string} a name for it, where the graph does not know it any more */
export function nameOfId(id) {
  const call = /^(.*)->(.*):(http|grpc|tcp)$/.exec(id);
  if (call) return `${nameOfId(call[1] ?? "")} → ${nameOfId(call[2] ?? "")}`;
  const [, ...parts] = id.slice(id.indexOf(":") + 1).split("/");
  return parts.join(" ") || id;
}

/** @param {string} id @returns {string} the node that the graph has to show for this id: of a call, its source */
export function focusOf(id) {
  return /^(.*)->.*:(http|grpc|tcp)$/.exec(id)?.[1] ?? id;
}
