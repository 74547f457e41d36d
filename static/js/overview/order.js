// In which order the rows stand: the worst first, but none moves for a figure that only flickers. Pure.

/** @import { Health } from "../graph/types.js" */

/** @type {Record<Health, number>} */
const RANK = { failing: 0, degraded: 1, ok: 2, idle: 3 };

/**
 * Rows as they stood, sorted anew only by health; rows that are new come where the server has them, behind those that stood.
 * @template {{health: Health}} T
 * @param {readonly string[]} before the ids as they stood
 * @param {readonly T[]} rows the worst first, as the server has them
 * @param {(row: T) => string} idOf
 * @returns {T[]}
 */
export function steady(before, rows, idOf) {
  const stood = new Map(before.map((id, place) => [id, place]));
  const placed = rows.map((row, server) => ({ row, place: stood.get(idOf(row)) ?? before.length + server }));
  return placed.sort((a, b) => RANK[a.row.health] - RANK[b.row.health] || a.place - b.place).map(({ row }) => row);
}

/**
 * @param {string} text what was typed
 * @param {readonly string[]} words of one row
 * @returns {boolean} whether each part of the text is in one of the words
 */
export function matches(text, words) {
  const row = words.join(" ").toLowerCase();
  return text.toLowerCase().split(/\s+/).every((part) => row.includes(part));
}
