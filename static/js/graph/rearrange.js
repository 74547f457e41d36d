// The layout after nodes came or went: what stands stays, what is new finds a place near its neighbours. Pure.

import { CELL } from "./cells.js";
import { arrange, at, columnsOf, GAP, mean, meet, rectOf } from "./layout.js";

/** @import { Column, Layout, Point, Rect } from "./layout.js" */
/** @import { GraphEdge, GraphNode } from "./types.js" */

/** From this share of new nodes on, standing still would make a worse picture than a new layout. */
const MANY_NEW = 0.34;

/**
 * @param {Map<string, Point>} standing
 * @param {GraphNode[]} nodes
 * @param {GraphEdge[]} edges
 * @returns {Layout}
 */
export function rearrange(standing, nodes, edges) {
  const fresh = arrange(nodes, edges);
  const kept = nodes.filter((node) => standing.has(node.id));
  if (kept.length < nodes.length * (1 - MANY_NEW)) return fresh;
  const positions = new Map(kept.map((node) => [node.id, { ...at(standing, node.id) }]));
  const columns = [...columnsOf(nodes).values()];
  const old = columns.filter((column) => column.nodes.some((node) => standing.has(node.id)));
  for (const column of old) if (grow(column, positions)) makeRoom(column, old, positions);
  for (const column of columns) {
    if (old.includes(column)) continue;
    settle(column, beside(column, positions, fresh.positions, kept, edges), old, positions);
    old.push(column);
  }
  return { positions, routes: new Map() };
}

/** @param {Column} column @param {Map<string, Point>} positions @returns {boolean} whether it had a new member */
function grow(column, positions) {
  const placed = column.nodes.filter((node) => positions.has(node.id));
  const joining = column.nodes.filter((node) => !positions.has(node.id));
  const points = placed.map((node) => at(positions, node.id));
  const x = mean(points.map((point) => point.x));
  const bottom = Math.max(...points.map((point) => point.y));
  joining.forEach((node, i) => positions.set(node.id, { x, y: bottom + CELL.height * (i + 1) }));
  return joining.length > 0;
}

/**
 * Moves down, and only down, whole columns that the grown one has run into.
 * @param {Column} grown
 * @param {Column[]} columns
 * @param {Map<string, Point>} positions changed in place
 */
function makeRoom(grown, columns, positions) {
  const others = columns.filter((column) => column !== grown && column.nodes.every(({ id }) => positions.has(id)));
  others.sort((a, b) => rectOf(a, positions).top - rectOf(b, positions).top);
  const placed = [rectOf(grown, positions)];
  for (const column of others) {
    const rect = rectOf(column, positions);
    const hit = placed.filter((other) => meet(other, rect));
    if (hit.length) move(column, Math.max(...hit.map((other) => other.bottom)) + GAP.node - rect.top, positions);
    if (hit.length) placed.push(rectOf(column, positions));
  }
}

/** @param {Column} column @param {number} dy @param {Map<string, Point>} positions */
function move(column, dy, positions) {
  for (const node of column.nodes) positions.set(node.id, { x: at(positions, node.id).x, y: at(positions, node.id).y + dy });
}

/**
 * @param {Column} column
 * @param {Map<string, Point>} positions
 * @param {Map<string, Point>} fresh
 * @param {GraphNode[]} kept
 * @param {GraphEdge[]} edges
 * @returns {Map<string, Point>} where a new layout has it, moved as its neighbours are moved
 */
function beside(column, positions, fresh, kept, edges) {
  const ids = new Set(column.nodes.map((node) => node.id));
  const near = new Set(edges.flatMap(({ source, target }) => (ids.has(source) ? [target] : ids.has(target) ? [source] : [])));
  const neighbours = kept.filter((node) => near.has(node.id));
  const anchors = (neighbours.length ? neighbours : kept).map((node) => node.id);
  const dx = mean(anchors.map((id) => at(positions, id).x - at(fresh, id).x));
  const dy = mean(anchors.map((id) => at(positions, id).y - at(fresh, id).y));
  return new Map(
    [...ids].map((id) => [id, { x: Math.round(at(fresh, id).x + dx), y: Math.round(at(fresh, id).y + dy) }]),
  );
}

/**
 * Puts a column at the free place nearest to where it wants to be, so that nothing else has to move.
 * @param {Column} column
 * @param {Map<string, Point>} wish
 * @param {Column[]} standing
 * @param {Map<string, Point>} positions changed in place
 */
function settle(column, wish, standing, positions) {
  const rect = rectOf(column, wish);
  const inTheWay = standing.map((other) => rectOf(other, positions)).filter((r) => r.left < rect.right && rect.left < r.right);
  const candidates = inTheWay.flatMap((r) => [r.bottom + GAP.node - rect.top, r.top - GAP.node - rect.bottom]);
  const free = [0, ...candidates].filter((dy) => !inTheWay.some((r) => meet(r, shifted(rect, dy))));
  const dy = free.sort((a, b) => Math.abs(a) - Math.abs(b))[0] ?? 0;
  for (const [id, point] of wish) positions.set(id, { x: point.x, y: point.y + dy });
}

/** @param {Rect} rect @param {number} dy @returns {Rect} */
function shifted(rect, dy) {
  return { ...rect, top: rect.top + dy, bottom: rect.bottom + dy };
}
