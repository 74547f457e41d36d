// What a picture says of itself: of which mesh and moment it is, and what it leaves out. Pure.

/** @import { Source } from "../types.js" */

/**
 * @typedef {object} Facts
 * @property {string} cluster "" for the only one
 * @property {string[]} namespaces
 * @property {string | null} takenAt
 * @property {Source | null} source
 * @property {string} find
 * @property {string} hide
 * @property {string} hidden how much is hidden, in words
 * @property {string} address of the page
 */

const LONGEST = 160;

/** @param {Facts} facts @returns {string[]} lines */
export function footer({ cluster, namespaces, takenAt, source, find, hide, hidden, address }) {
  const named = namespaces.length ? `namespaces ${namespaces.join(", ")}` : "all namespaces";
  const where = [`Cluster ${cluster || "default"}`, named];
  const window = source ? `${source.name}, rates over ${source.window_seconds} s` : "";
  const stale = source && source.state !== "ok" ? "the source does not answer" : "";
  const when = [takenAt ? `Numbers of ${takenAt.replace("T", " ").replace(/\.\d+Z$/, "Z").replace("Z", " UTC")}` : "", window, stale];
  const asked = [hidden && `${hidden} by: ${hide}`, find && `found by: ${find}`];
  return [where, when, asked, [address]].map((parts) => parts.filter(Boolean).join(" · ")).filter(Boolean).map(cut);
}

/** @param {string} line */
function cut(line) {
  return line.length > LONGEST ? `${line.slice(0, LONGEST)}…` : line;
}
