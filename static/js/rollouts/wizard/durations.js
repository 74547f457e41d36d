/** Seconds as they are typed with a unit, and as they are read. Pure. */

/** @typedef {import("./types.js").Unit} Unit */

/** @type {Record<Unit, number>} */
export const UNITS = { s: 1, min: 60, h: 3600 };
const DAY = 86_400;
/** From here on nobody reads the smaller unit. */
const COARSE = 10;

/**
 * The amount and the largest unit that says whole seconds without a fraction.
 * @param {number} seconds
 * @returns {{amount: string, unit: Unit}}
 */
export function split(seconds) {
  const unit = seconds > 0 && seconds % UNITS.h === 0 ? "h" : seconds > 0 && seconds % UNITS.min === 0 ? "min" : "s";
  return { amount: String(seconds / UNITS[unit]), unit };
}

/**
 * The seconds of an amount as it was typed; what cannot be read stays as it is.
 * @param {string} amount
 * @param {Unit} unit
 * @returns {number | string}
 */
export function seconds(amount, unit) {
  const number = numeric(amount);
  // 0.1 min are 6 s, and not 6.000000000000001.
  return typeof number === "number" ? Number((number * UNITS[unit]).toPrecision(12)) : number;
}

/**
 * A number as it was typed, with a point or a comma; what is none stays as it is.
 * @param {string} typed
 * @returns {number | string}
 */
export function numeric(typed) {
  const text = typed.trim();
  const plain = text.replace(",", ".");
  return /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?$/i.test(plain) ? Number(plain) : text;
}

/**
 * Seconds in words, in two units at most: "40 s", "1 min 30 s", "45 min", "2 h 5 min", "3 d".
 * @param {number} seconds
 * @returns {string}
 */
export function inWords(seconds) {
  const whole = Math.max(0, Math.round(seconds));
  if (whole < 60) return `${whole} s`;
  const minutes = Math.round(whole / 60);
  if (whole < COARSE * 60) return two(Math.floor(whole / 60), "min", whole % 60, "s");
  if (minutes < 60) return `${minutes} min`;
  if (whole < DAY - 30) return two(Math.floor(minutes / 60), "h", minutes % 60, "min");
  const hours = Math.round(whole / 3600);
  return two(Math.floor(hours / 24), "d", hours % 24, "h");
}

/** @param {number} large @param {string} unit @param {number} small @param {string} smaller */
function two(large, unit, small, smaller) {
  return small ? `${large} ${unit} ${small} ${smaller}` : `${large} ${unit}`;
}
