// How old the numbers on the screen are, and in which words the page says so. Pure: the clock is an argument.

/** @import { Source } from "./types.js" */

export const LATE_TICKS = 2;
export const STALE_TICKS = 5;

/**
 * `connecting`: nothing has come yet. `live`, `late` (over 2 ticks), `stale` (over 5, or the source says so),
 * `starting`: the source has not been read yet. `offline`: the websocket is away. `past`: not of now, at the person's wish.
 * @typedef {"past" | "connecting" | "live" | "late" | "stale" | "starting" | "offline"} Freshness
 */

/**
 * @typedef {object} Reading
 * @property {Freshness} state
 * @property {number | null} ageSeconds null before the first numbers
 * @property {string} since ISO moment from which nothing newer has come, "" while live
 * @property {boolean} frozen whether the page has to look frozen
 */

/**
 * @param {object} facts
 * @param {Source | null} facts.source
 * @param {string | null} facts.takenAt
 * @param {number} facts.tickSeconds
 * @param {string | null} facts.offlineSince ISO moment, once the page has to say that the websocket is away
 * @param {number} now milliseconds since the epoch, by the server's clock
 * @returns {Reading}
 */
export function read({ source, takenAt, tickSeconds, offlineSince }, now) {
  const taken = takenAt ?? source?.taken_at ?? null;
  const age = taken === null ? null : Math.max(0, (now - Date.parse(taken)) / 1000);
  const state = stateOf(source, age, tickSeconds, offlineSince);
  const frozen = state === "stale" || state === "offline";
  return { state, ageSeconds: age, since: frozen ? sinceOf(source, taken, offlineSince) : "", frozen };
}

/**
 * @param {Source | null} source
 * @param {number | null} age
 * @param {number} tick
 * @param {string | null} offlineSince
 * @returns {Freshness}
 */
function stateOf(source, age, tick, offlineSince) {
  if (offlineSince !== null) return "offline";
  if (source === null) return "connecting";
  if (source.state === "stale") return "stale";
  if (age === null || source.state === "starting") return "starting";
  if (age > STALE_TICKS * tick) return "stale";
  return age > LATE_TICKS * tick ? "late" : "live";
}

/** @param {Source | null} source @param {string | null} taken @param {string | null} offlineSince */
function sinceOf(source, taken, offlineSince) {
  return offlineSince ?? source?.since ?? taken ?? "";
}
