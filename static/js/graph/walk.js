// Walking the graph by arrow keys. Pure.

/** @import { GraphModel } from "./model.js" */
/** @typedef {{x: number, y: number}} Point */
/** @typedef {"ArrowLeft" | "ArrowRight" | "ArrowUp" | "ArrowDown"} Arrow */

/** Nodes whose centres differ by less stand in one column. */
const SAME_COLUMN = 60;

/**
 * Right follows the busiest call, left goes back to the busiest caller, up and down stay in the column.
 * @param {GraphModel} model
 * @param {ReadonlyMap<string, Point>} positions
 * @param {string} from id of a node, of an edge, or ""
 * @param {Arrow} arrow
 * @returns {string} id of the next node; the same when there is none that way
 */
export function step(model, positions, from, arrow) {
  const edge = model.edges.get(from);
  if (edge) return arrow === "ArrowLeft" ? edge.source : edge.target;
  if (!model.nodes.has(from)) return first(positions);
  if (arrow === "ArrowRight") return model.outOf(from).find((out) => out.target !== from)?.target ?? from;
  if (arrow === "ArrowLeft") return model.into(from).find((into) => into.source !== from)?.source ?? from;
  return inColumn(positions, from, arrow === "ArrowDown" ? 1 : -1);
}

/** @param {ReadonlyMap<string, Point>} positions @returns {string} the leftmost, and of those the uppermost */
function first(positions) {
  return [...positions].sort(([, a], [, b]) => a.x - b.x || a.y - b.y)[0]?.[0] ?? "";
}

/** @param {ReadonlyMap<string, Point>} positions @param {string} from @param {1 | -1} direction */
function inColumn(positions, from, direction) {
  const here = positions.get(from);
  if (!here) return from;
  const onTheWay = [...positions].filter(([, { x, y }]) => Math.abs(x - here.x) < SAME_COLUMN && (y - here.y) * direction > 0);
  return onTheWay.sort(([, a], [, b]) => (a.y - b.y) * direction)[0]?.[0] ?? from;
}
