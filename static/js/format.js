/** How numbers and times are written, on every page: three significant digits, always with a unit. Pure. */

/**
 * Up to three significant digits, without padding zeros and never in powers of ten.
 * @param {number} value
 * @returns {string}
 */
export function number(value) {
  if (!Number.isFinite(value)) return "–";
  const size = Math.abs(value);
  if (size > 0 && size < 0.01) return value < 0 ? "−<0.01" : "<0.01";
  const text = size >= 100 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
  return text.replace("-", "−");
}

/**
 * A number with a unit, shortened by k or M from a thousand on: "12.4 rps", "1.21 k rps".
 * @param {number | null | undefined} value
 * @param {string} unit
 * @returns {string}
 */
export function quantity(value, unit) {
  if (value === null || value === undefined) return "–";
  const size = Math.abs(value);
  if (size >= 999_500) return `${number(value / 1e6)} M ${unit}`.trim();
  if (size >= 999.5) return `${number(value / 1e3)} k ${unit}`.trim();
  return `${number(value)} ${unit}`.trim();
}

/** Requests per second. @param {number | null | undefined} value */
export function rate(value) {
  return quantity(value, "rps");
}

/** Bytes per second: "820 B/s", "1.2 MB/s". @param {number} value */
export function bytesPerSecond(value) {
  if (value >= 999.5e6) return `${number(value / 1e9)} GB/s`;
  if (value >= 999.5e3) return `${number(value / 1e6)} MB/s`;
  return value >= 999.5 ? `${number(value / 1e3)} KB/s` : `${number(value)} B/s`;
}

/** A ratio from 0 to 1 as a percentage. @param {number | null | undefined} value */
export function percent(value) {
  return value === null || value === undefined ? "–" : `${number(value * 100)} %`;
}

/** A share of traffic from 0 to 1, where no more than whole percents is worth reading. @param {number | null | undefined} value */
export function share(value) {
  return value === null || value === undefined ? "–" : `${Math.round(value * 100)} %`;
}

/** Milliseconds: "0.42 ms", "87 ms", "1.4 s", "2.5 min". @param {number | null | undefined} value */
export function duration(value) {
  if (value === null || value === undefined || !Number.isFinite(value)) return "–";
  if (value < 10) return `${number(value)} ms`;
  if (value < 999.5) return `${Math.round(value)} ms`;
  if (value < 59_950) return `${number(value / 1000)} s`;
  return `${number(value / 60_000)} min`;
}

/** An age in milliseconds, in whole units: "3 s", "4 min", "2 h". @param {number} milliseconds */
export function age(milliseconds) {
  const seconds = Math.max(0, Math.floor(milliseconds / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 48 * 3600) return `${Math.floor(seconds / 3600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

/** The time of day: "12:04:31". @param {Date} date */
export function clock(date) {
  return date.toLocaleTimeString("en-GB");
}

/**
 * A moment as one reads it: relative within the hour, else the time of day, with its date when it is not today.
 * @param {Date} date
 * @param {Date} now
 * @returns {string}
 */
export function moment(date, now) {
  const passed = now.getTime() - date.getTime();
  if (passed >= -3_600_000 && passed < 0) return `in ${age(-passed)}`;
  if (passed >= 0 && passed < 5_000) return "just now";
  if (passed >= 0 && passed < 3_600_000) return `${age(passed)} ago`;
  if (date.toDateString() === now.toDateString()) return `today ${clock(date)}`;
  const day = date.toLocaleDateString("en-GB", { day: "numeric", month: "short" });
  const year = date.getFullYear() === now.getFullYear() ? "" : ` ${date.getFullYear()}`;
  return `${day}${year} ${clock(date).slice(0, 5)}`;
}

/** The same moment in full, with its zone: for the tooltip. @param {Date} date */
export function fullMoment(date) {
  return date.toLocaleString("en-GB", { dateStyle: "full", timeStyle: "long" });
}

/** "1 pod", "3 pods". @param {number} count @param {string} one @param {string} [many] */
export function count(count, one, many = `${one}s`) {
  return `${quantity(count, "")} ${count === 1 ? one : many}`;
}
