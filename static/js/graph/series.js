// The figures' columns, as they grow by a few points a tick. Pure.

/** @import { Columns, SeriesFrame } from "./types.js" */

export const KEEP_SECONDS = 300;
const NAMES = /** @type {const} */ (["t", "requests", "errors", "p50", "p95", "p99"]);

/** @returns {Columns} */
export function noColumns() {
  return { t: [], requests: [], errors: [], p50: [], p95: [], p99: [] };
}

/**
 * The columns after a frame: replaced or appended, without moments that are there already, and no older than the
 * figures show.
 * @param {Columns} held not changed
 * @param {SeriesFrame} frame
 * @returns {Columns}
 */
export function extend(held, frame) {
  const base = frame.reset ? noColumns() : held;
  const newest = base.t.at(-1) ?? -Infinity;
  const fresh = frame.t.findIndex((moment) => moment > newest);
  if (fresh < 0) return base;
  const last = frame.t[frame.t.length - 1] ?? newest;
  const old = base.t.filter((moment) => moment < last - KEEP_SECONDS).length;
  const joined = noColumns();
  for (const name of NAMES) {
    const column = /** @type {(number | null)[]} */ (joined[name]);
    column.push(...base[name].slice(old), ...frame[name].slice(fresh));
  }
  return joined;
}

/**
 * The last known value of a column, for the headline of a node (its frame carries no latency).
 * @param {(number | null)[]} column
 * @returns {number | null}
 */
export function latest(column) {
  return column.at(-1) ?? null;
}
