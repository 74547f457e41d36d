// The layout after nodes came or went: what stands stays, what is new finds a place near its neighbours, and what it
// runs into makes room. A namespace that unfolds does so where its one node stood. Pure.

import { CELL } from "./cells.js";
import { union } from "./frames.js";
import { arrange, at, blocksOf, columnsOf, frameOf, GAP, mean, meet, rectOf } from "./layout.js";

/** @import { Block, Column, Layout, Point, Rect } from "./layout.js" */
/** @import { GraphEdge, GraphNode } from "./types.js" */

/** From this share of new things on, standing still would make a worse picture than a new layout. */
const MANY_NEW = 0.34;

/**
 * @param {Map<string, Point>} standing
 * @param {GraphNode[]} nodes
 * @param {GraphEdge[]} edges
 * @param {(id: string) => string} namespaceOf a node that stands, also one that has left
 * @returns {Layout}
 */
export function rearrange(standing, nodes, edges, namespaceOf = () => "") {
  const fresh = arrange(nodes, edges);
  const blocks = [...blocksOf(columnsOf(nodes).values()).values()];
  const known = (/** @type {Column} */ column) => column.nodes.some((node) => standing.has(node.id));
  const old = blocks.filter((block) => block.columns.some(known));
  const joining = old.reduce((sum, block) => sum + block.columns.filter((column) => !known(column)).length, blocks.length - old.length);
  const staying = old.reduce((sum, block) => sum + block.columns.filter(known).length, 0);
  if (joining > (joining + staying) * MANY_NEW) return fresh;
  const kept = nodes.filter((node) => standing.has(node.id));
  const positions = new Map(kept.map((node) => [node.id, { ...at(standing, node.id) }]));
  growColumns(old, known, positions);
  for (const block of old) joinBlock(block, old, positions, { fresh: fresh.positions, kept, edges });
  const placed = [...old];
  for (const block of blocks) {
    if (old.includes(block)) continue;
    const home = homeOf(block, standing, namespaceOf);
    const wish = home ? centred(block, fresh.positions, home) : beside(block.columns, positions, { fresh: fresh.positions, kept, edges });
    if (home) for (const [id, point] of wish) positions.set(id, point);
    else settle(wish, frameOf(block, wish), placed.map((other) => frameOf(other, positions)), positions);
    makeRoom(block, placed, frameOf, positions);
    placed.push(block);
  }
  return { positions, routes: new Map() };
}

/** @typedef {{fresh: Map<string, Point>, kept: GraphNode[], edges: GraphEdge[]}} Facts a new layout, what stands, and all calls */

/** @param {Block[]} blocks @param {(column: Column) => boolean} known @param {Map<string, Point>} positions */
function growColumns(blocks, known, positions) {
  const columns = blocks.flatMap((block) => block.columns).filter(known);
  for (const column of columns) if (grow(column, positions)) makeRoom(column, columns, rectOf, positions);
}

/**
 * New columns of a namespace that stands already; then the box, which may have grown, gets its room.
 * @param {Block} block @param {Block[]} blocks @param {Map<string, Point>} positions @param {Facts} facts
 */
function joinBlock(block, blocks, positions, facts) {
  const stands = (/** @type {Column} */ column) => column.nodes.every(({ id }) => positions.has(id));
  const joining = block.columns.filter((column) => !stands(column));
  if (joining.length === 0) return;
  for (const column of joining) {
    const wish = beside([column], positions, facts);
    const own = block.columns.filter(stands).map((other) => rectOf(other, positions));
    settle(wish, rectOf(column, wish), own, positions, own);
  }
  makeRoom(block, blocks.filter((other) => other.columns.every(stands)), frameOf, positions);
}

/** @param {Column} column @param {Map<string, Point>} positions @returns {boolean} whether it had a new member */
function grow(column, positions) {
  const placed = column.nodes.filter((node) => positions.has(node.id));
  const joining = column.nodes.filter((node) => !positions.has(node.id));
  if (joining.length === 0) return false;
  const points = placed.map((node) => at(positions, node.id));
  const x = mean(points.map((point) => point.x));
  const bottom = Math.max(...points.map((point) => point.y));
  joining.forEach((node, i) => positions.set(node.id, { x, y: bottom + CELL.height * (i + 1) }));
  return true;
}

/**
 * Moves down, and only down, whole things that the grown one has run into.
 * @template {Column | Block} T
 * @param {T} grown
 * @param {T[]} things
 * @param {(thing: T, positions: Map<string, Point>) => Rect} rectAround
 * @param {Map<string, Point>} positions changed in place
 */
function makeRoom(grown, things, rectAround, positions) {
  const others = things.filter((thing) => thing !== grown && idsOf(thing).every((id) => positions.has(id)));
  const rects = new Map(others.map((thing) => [thing, rectAround(thing, positions)]));
  others.sort((a, b) => (rects.get(a)?.top ?? 0) - (rects.get(b)?.top ?? 0));
  const placed = [rectAround(grown, positions)];
  for (const thing of others) {
    const rect = /** @type {Rect} */ (rects.get(thing));
    const hit = placed.filter((other) => meet(other, rect));
    if (hit.length === 0) continue;
    const dy = Math.max(...hit.map((other) => other.bottom)) + GAP.node - rect.top;
    for (const id of idsOf(thing)) positions.set(id, { x: at(positions, id).x, y: at(positions, id).y + dy });
    placed.push(shifted(rect, 0, dy));
  }
}

/** @param {Column | Block} thing @returns {string[]} */
function idsOf(thing) {
  const columns = "columns" in thing ? thing.columns : [thing];
  return columns.flatMap((column) => column.nodes.map((node) => node.id));
}

/**
 * @param {Block} block a namespace none of whose nodes stands
 * @param {Map<string, Point>} standing
 * @param {(id: string) => string} namespaceOf
 * @returns {Point | null} the middle of what stood for it: its one node, or those that are one node now
 */
function homeOf(block, standing, namespaceOf) {
  const namespace = block.columns[0]?.nodes[0]?.namespace ?? "";
  const points = namespace ? [...standing].filter(([id]) => namespaceOf(id) === namespace).map(([, point]) => point) : [];
  if (points.length === 0) return null;
  return { x: Math.round(mean(points.map((point) => point.x))), y: Math.round(mean(points.map((point) => point.y))) };
}

/** @param {Block} block @param {Map<string, Point>} fresh @param {Point} home @returns {Map<string, Point>} */
function centred(block, fresh, home) {
  const frame = frameOf(block, fresh);
  const dx = Math.round(home.x - (frame.left + frame.right) / 2);
  const dy = Math.round(home.y - (frame.top + frame.bottom) / 2);
  return new Map(idsOf(block).map((id) => [id, { x: at(fresh, id).x + dx, y: at(fresh, id).y + dy }]));
}

/**
 * @param {Column[]} columns
 * @param {Map<string, Point>} positions
 * @param {Facts} facts
 * @returns {Map<string, Point>} where a new layout has it, moved as its neighbours are moved
 */
function beside(columns, positions, { fresh, kept, edges }) {
  const ids = new Set(columns.flatMap(idsOf));
  const near = new Set(edges.flatMap(({ source, target }) => (ids.has(source) ? [target] : ids.has(target) ? [source] : [])));
  const neighbours = kept.filter((node) => near.has(node.id));
  const anchors = (neighbours.length ? neighbours : kept).map((node) => node.id);
  const dx = mean(anchors.map((id) => at(positions, id).x - at(fresh, id).x));
  const dy = mean(anchors.map((id) => at(positions, id).y - at(fresh, id).y));
  return new Map(
    [...ids].map((id) => [id, { x: Math.round(at(fresh, id).x + dx), y: Math.round(at(fresh, id).y + dy) }]),
  );
}

/** Farther than this from its neighbours a place inside the box is no better than one for which the box has to grow. */
const OUTSIDE = 700;

/**
 * Puts something at the free place nearest to where it wants to be, so that nothing else has to move.
 * @param {Map<string, Point>} wish
 * @param {Rect} rect around the wish
 * @param {Rect[]} standing
 * @param {Map<string, Point>} positions changed in place
 * @param {Rect[]} own what stands in the box that it joins: a place that leaves the box as it is comes first
 */
function settle(wish, rect, standing, positions, own = []) {
  const middle = (/** @type {Rect} */ r) => (r.left + r.right) / 2;
  const columns = new Set([0, ...own.map((r) => Math.round(middle(r) - middle(rect)))]);
  const inner = own.length ? own.reduce(union) : null;
  let best = { dx: 0, dy: 0, cost: Infinity };
  for (const dx of columns) {
    for (const dy of freePlaces(shifted(rect, dx, 0), standing)) {
      const grows = inner !== null && !holds(inner, shifted(rect, dx, dy));
      const cost = Math.hypot(dx, dy) + (grows ? OUTSIDE : 0);
      if (cost < best.cost) best = { dx, dy, cost };
    }
  }
  for (const [id, point] of wish) positions.set(id, { x: point.x + best.dx, y: point.y + best.dy });
}

/** @param {Rect} rect @param {Rect[]} standing @returns {number[]} how far up or down it is free */
function freePlaces(rect, standing) {
  const inTheWay = standing.filter((r) => r.left < rect.right && rect.left < r.right);
  const candidates = inTheWay.flatMap((r) => [r.bottom + GAP.node - rect.top, r.top - GAP.node - rect.bottom]);
  return [0, ...candidates].filter((dy) => !inTheWay.some((r) => meet(r, shifted(rect, 0, dy))));
}

/** @param {Rect} outer @param {Rect} inner */
function holds(outer, inner) {
  return outer.left <= inner.left && outer.right >= inner.right && outer.top <= inner.top && outer.bottom >= inner.bottom;
}

/** @param {Rect} rect @param {number} dx @param {number} dy @returns {Rect} */
function shifted(rect, dx, dy) {
  return { left: rect.left + dx, right: rect.right + dx, top: rect.top + dy, bottom: rect.bottom + dy };
}
