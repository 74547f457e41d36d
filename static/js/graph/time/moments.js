// Moments and reaches of time: how they are read, written and stepped through. Pure: the clock is an argument.

import { age, clock } from "../../format.js";

/** What history offers, as `GET history` says. @typedef {{earliest: string | null, latest: string | null, step_seconds: number, source: string}} Reach */
/** A stretch of time in milliseconds since the epoch. @typedef {{from: number, to: number}} Stretch */

export const SPEEDS = Object.freeze([1, 5, 20, 60]);
const MINUTE = 60_000;
const DAY = 86_400_000;
/** What a typed word may stand for. @type {Record<string, number>} */
const UNITS = { s: 1000, m: MINUTE, min: MINUTE, h: 3_600_000, d: DAY };

/**
 * A moment in the one form that the address and the server use: UTC, whole seconds.
 * @param {number} milliseconds since the epoch
 */
export function iso(milliseconds) {
  return new Date(Math.floor(milliseconds / 1000) * 1000).toISOString().replace(".000", "");
}

/** @param {string | null} text ISO 8601 with its zone, or seconds since 1970 @returns {string} normalised; "" when it is no moment */
export function moment(text) {
  const found = text ?? "";
  if (/^\d{9,11}(\.\d+)?$/.test(found)) return iso(Number(found) * 1000);
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/.test(found)) return "";
  const read = Date.parse(found);
  return Number.isNaN(read) ? "" : iso(read);
}

/** @param {string | null} text @returns {number} one of SPEEDS, or 0: nothing plays */
export function speedOf(text) {
  return SPEEDS.find((known) => String(known) === text) ?? 0;
}

/**
 * What a person typed: "12:04", "12:04:31", "2026-11-28 12:04", "-5m", "90 s ago", or an ISO moment.
 * A bare time of day is the last one that has been: at 00:10, "23:50" is yesterday's.
 * @param {string} text
 * @param {number} now
 * @returns {number | null} milliseconds since the epoch, by this machine's zone; null when it cannot be read
 */
export function typed(text, now) {
  const words = text.trim().toLowerCase();
  const back = /^(?:-\s*(\d+(?:\.\d+)?)\s*(s|m|min|h|d)|(\d+(?:\.\d+)?)\s*(s|m|min|h|d)\s+ago)$/.exec(words);
  if (back) return now - Number(back[1] ?? back[3]) * (UNITS[back[2] ?? back[4] ?? ""] ?? 0);
  const whole = moment(text.trim());
  if (whole) return Date.parse(whole);
  const parts = /^(?:(\d{4})-(\d\d)-(\d\d)[ t])?(\d{1,2}):(\d\d)(?::(\d\d))?$/.exec(words);
  return parts ? localTime(parts, now) : null;
}

/** @param {RegExpExecArray} parts year, month, day, hours, minutes, seconds @param {number} now */
function localTime([, year, month, day, hours, minutes, seconds], now) {
  const [h, m, s] = [Number(hours), Number(minutes), Number(seconds ?? 0)];
  if (h > 23 || m > 59 || s > 59) return null;
  if (!year) {
    const today = new Date(now).setHours(h, m, s, 0);
    return today > now ? new Date(today).setDate(new Date(today).getDate() - 1) : today;
  }
  const date = new Date(Number(year), Number(month) - 1, Number(day), h, m, s);
  return date.getMonth() === Number(month) - 1 && date.getDate() === Number(day) ? date.getTime() : null;
}

/** @param {number} at @param {number} now @returns {string} "12:04:31", with its day when it is not today's */
export function timeOf(at, now) {
  const date = new Date(at);
  if (date.toDateString() === new Date(now).toDateString()) return clock(date);
  const other = date.getFullYear() === new Date(now).getFullYear() ? {} : { year: /** @type {const} */ ("numeric") };
  const day = date.toLocaleDateString("en-GB", { day: "numeric", month: "short", ...other });
  return `${day} ${clock(date)}`;
}

/** @param {number} at @param {number} now @returns {string} "14 min ago"; never "0 s ago" of what is over */
export function ago(at, now) {
  return `${age(Math.max(1000, now - at))} ago`;
}

/** @param {Reach | null} reach @param {number} now @returns {Stretch | null} where one can travel; null: nowhere */
export function stretchOf(reach, now) {
  if (!reach?.earliest) return null;
  // Moments are asked for in whole seconds: the first and the last of them that lie within.
  const from = Math.ceil(Date.parse(reach.earliest) / 1000) * 1000;
  const to = Math.floor((reach.latest ? Date.parse(reach.latest) : now) / 1000) * 1000;
  return { from, to: Math.max(from, to) };
}

/**
 * @param {number} at
 * @param {Stretch} stretch
 * @returns {number} the same moment, or the end of the stretch that is nearest
 */
export function within(at, { from, to }) {
  return Math.min(to, Math.max(from, at));
}

/** How much of the time the bar shows. @type {readonly {name: string, ms: number}[]} */
export const SPANS = Object.freeze([
  { name: "15 min", ms: 15 * MINUTE },
  { name: "1 h", ms: 60 * MINUTE },
  { name: "6 h", ms: 360 * MINUTE },
  { name: "24 h", ms: DAY },
  { name: "7 d", ms: 7 * DAY },
  { name: "30 d", ms: 30 * DAY },
]);

/** @param {Stretch} stretch @returns {{name: string, ms: number}[]} the spans worth offering: up to the first that holds all of it */
export function spansFor({ from, to }) {
  const enough = SPANS.findIndex((span) => span.ms >= to - from);
  return SPANS.slice(0, enough < 0 ? SPANS.length : enough + 1);
}

/**
 * The part of history that the bar shows: the newest, or the part around a moment that lies before it.
 * @param {Stretch} stretch
 * @param {number} span milliseconds
 * @param {number | null} at
 * @returns {Stretch}
 */
export function windowFor(stretch, span, at) {
  const newest = { from: stretch.to - span, to: stretch.to };
  if (at === null || at >= newest.from) return newest;
  return { from: at - span / 2, to: at + span / 2 };
}

/**
 * Where a step by a key leads.
 * @param {number | null} at null: live
 * @param {number} by milliseconds, negative: back
 * @param {Stretch} stretch
 * @param {number} now
 * @returns {number | null} null: live again
 */
export function stepped(at, by, stretch, now) {
  const to = (at ?? now) + by;
  if (to > stretch.to) return null;
  return within(to, stretch);
}

/** One step of the keys: the source's own, but no less than five seconds. @param {number} stepSeconds @returns {number} milliseconds */
export function keyStep(stepSeconds) {
  return Math.max(5, stepSeconds) * 1000;
}
