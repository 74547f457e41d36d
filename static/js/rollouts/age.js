// How old what a Rollouts page shows is. Pure: the clock is an argument.

/** @import { Reading } from "../graph/freshness.js" */

/** Looks come every few seconds; less than this is no delay that one has to see. */
const LEAST_SECONDS = 5;
const LATE = 2;
const STALE = 5;

/**
 * @param {object} facts
 * @param {number | null} facts.lookedAt milliseconds since the epoch: the engine's last look; null where none is awaited
 * @param {number} facts.heardAt milliseconds since the epoch: when the console said last that this is all
 * @param {number} facts.everySeconds how often something is to be expected
 * @param {string | null} facts.offlineSince ISO moment, once the line is away
 * @param {number} now milliseconds since the epoch, by the server's clock
 * @returns {Reading}
 */
export function reading({ lookedAt, heardAt, everySeconds, offlineSince }, now) {
  const taken = lookedAt ?? heardAt;
  const ageSeconds = Math.max(0, (now - taken) / 1000);
  if (offlineSince !== null) return { state: "offline", ageSeconds, since: offlineSince, frozen: true };
  const every = Math.max(LEAST_SECONDS, everySeconds);
  if (ageSeconds > STALE * every) return { state: "stale", ageSeconds, since: new Date(taken).toISOString(), frozen: true };
  return { state: ageSeconds > LATE * every ? "late" : "live", ageSeconds, since: "", frozen: false };
}
