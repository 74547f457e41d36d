// Amounts as people write them: "1 %", "200 ms", "3 MB/s". Pure.

/** @typedef {"ratio" | "duration" | "rate" | "bytes" | "count"} Dimension */
/** @typedef {{amount: number, unit: string}} Amount the unit as it was written, in lower case; "" for none */

/**
 * What one of a unit is in the page's own: ratios from 0 to 1, milliseconds, per second, bytes per second.
 * @type {Record<Dimension, ReadonlyMap<string, number>>}
 */
const FACTORS = {
  ratio: new Map([["", 1], ["%", 0.01]]),
  duration: new Map([["", 1], ["ms", 1], ["us", 0.001], ["s", 1000], ["min", 60_000]]),
  rate: new Map([["", 1], ["rps", 1], ["/s", 1], ["/min", 1 / 60], ["krps", 1000]]),
  bytes: new Map([["", 1], ...bytes("b", 1), ...bytes("kb", 1e3), ...bytes("mb", 1e6), ...bytes("gb", 1e9), ...bytes("kib", 1024), ...bytes("mib", 1024 ** 2)]),
  count: new Map([["", 1]]),
};

/** Units that completion offers, one spelling of each. @type {Record<Dimension, string[]>} */
export const UNITS = { ratio: ["%"], duration: ["ms", "s"], rate: ["rps"], bytes: ["KB/s", "MB/s"], count: [] };

/** How an amount of a dimension is written, for messages. @type {Record<Dimension, string>} */
export const EXAMPLES = { ratio: "5 %", duration: "200 ms or 1 s", rate: "10 or 10 rps", bytes: "100 KB/s", count: "3" };

const NUMBER = /^(\d+(?:\.\d+)?(?:e[+-]?\d+)?)(.*)$/i;

/** @param {string} unit @param {number} factor @returns {[string, number][]} */
function bytes(unit, factor) {
  return [
    [unit, factor],
    [`${unit}/s`, factor],
    [`${unit}ps`, factor],
  ];
}

/** @param {string} word @returns {Amount | null} null where it does not begin with a number */
export function amountOf(word) {
  const [, digits, unit] = NUMBER.exec(word) ?? [];
  if (digits === undefined || !Number.isFinite(Number(digits))) return null;
  return { amount: Number(digits), unit: (unit ?? "").toLowerCase() };
}

/** @param {Dimension} dimension @param {string} word @returns {boolean} */
export function isUnit(dimension, word) {
  return FACTORS[dimension].has(word.toLowerCase());
}

/** @param {Dimension} dimension @param {Amount} amount of a known unit @returns {number} in the page's own unit */
export function valueOf(dimension, { amount, unit }) {
  // Percent by division: 0.3 % is then the same number as 0.003.
  if (unit === "%") return amount / 100;
  return amount * (FACTORS[dimension].get(unit) ?? 1);
}
