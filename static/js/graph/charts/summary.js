// The figures in a sentence: for whoever does not see them, and for the first glance. Pure.

import { duration, percent, quantity, rate } from "../../format.js";

/** @import { FigureColumns } from "./shapes.js" */

/** @param {FigureColumns} columns @returns {string} */
export function summary({ t, codes, errors, p95, sent_bytes: sent, received_bytes: received }) {
  const last = t.length - 1;
  if (last < 0) return "Nothing was seen of it in this time.";
  const total = t.map((_, i) => Object.values(codes).reduce((sum, column) => sum + (column[i] ?? 0), 0));
  const requests = mean(total);
  const failed = mean(errors);
  const ratio = requests > 0 ? failed / requests : 0;
  const worst = Math.max(...p95.map((value) => value ?? 0));
  const parts = [`${rate(requests)} on average, ${rate(Math.max(...total))} at most`, `${percent(ratio)} errors`];
  if (worst > 0) parts.push(`p95 up to ${duration(worst)}`);
  const moved = mean(sent) + mean(received);
  if (moved > 0) parts.push(`${quantity(moved, "B/s")} both ways`);
  return `${parts.join("; ")}.`;
}

/** @param {number[]} values */
function mean(values) {
  return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : 0;
}
