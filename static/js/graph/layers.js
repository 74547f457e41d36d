// A plain layered layout for graphs that dagre takes seconds over, or gives up on: ranks by the longest path, each
// rank ordered by where its neighbours stand. Linear in nodes and edges. Pure.

/** @typedef {{key: string, width: number, height: number}} Block */
/** @typedef {{from: string, to: string}} Link */
/** @typedef {{x: number, y: number}} Point */

/** Each pass brings an order closer to that of its neighbours; after a few nothing changes that the eye sees. */
const SWEEPS = 6;

/**
 * @param {Block[]} blocks
 * @param {Link[]} links between two different blocks
 * @param {{rank: number, node: number}} gap
 * @returns {Map<string, Point>} the centre of each block
 */
export function layers(blocks, links, gap) {
  const ranks = ranksOf(blocks, links);
  /** @type {Block[][]} */
  const columns = [];
  for (const block of blocks) (columns[ranks.get(block.key) ?? 0] ??= []).push(block);
  /** @type {Map<string, Point>} */
  const centres = new Map();
  const pitch = Math.max(0, ...blocks.map((block) => block.width)) + gap.rank;
  columns.forEach((column, rank) => place(column, rank * pitch, gap.node, centres));
  const near = neighbours(links);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    columns.forEach((column, rank) => {
      const wish = new Map(column.map((block) => [block.key, wished(block, near, centres)]));
      column.sort((a, b) => (wish.get(a.key) ?? 0) - (wish.get(b.key) ?? 0) || (a.key < b.key ? -1 : 1));
      place(column, rank * pitch, gap.node, centres);
    });
  }
  return centres;
}

/** @param {Block[]} column @param {number} x @param {number} gap @param {Map<string, Point>} centres */
function place(column, x, gap, centres) {
  const height = column.reduce((sum, block) => sum + block.height + gap, -gap);
  let top = -height / 2;
  for (const block of column) {
    centres.set(block.key, { x, y: top + block.height / 2 });
    top += block.height + gap;
  }
}

/** @param {Block} block @param {Map<string, string[]>} near @param {Map<string, Point>} centres */
function wished(block, near, centres) {
  const places = (near.get(block.key) ?? []).map((key) => centres.get(key)?.y ?? 0);
  if (places.length === 0) return centres.get(block.key)?.y ?? 0;
  return places.reduce((sum, y) => sum + y, 0) / places.length;
}

/** @param {Link[]} links @returns {Map<string, string[]>} both ways */
function neighbours(links) {
  /** @type {Map<string, string[]>} */
  const near = new Map();
  const add = (/** @type {string} */ a, /** @type {string} */ b) => void near.set(a, [...(near.get(a) ?? []), b]);
  for (const { from, to } of links) {
    add(from, to);
    add(to, from);
  }
  return near;
}

/**
 * Kahn's order; where a circle leaves nobody without a caller, the one with the fewest callers left goes first.
 * @param {Block[]} blocks
 * @param {Link[]} links
 * @returns {Map<string, number>}
 */
function ranksOf(blocks, links) {
  const ranks = new Map(blocks.map((block) => [block.key, 0]));
  const waiting = new Map(blocks.map((block) => [block.key, 0]));
  /** @type {Map<string, string[]>} */
  const out = new Map();
  for (const { from, to } of links) {
    out.set(from, [...(out.get(from) ?? []), to]);
    waiting.set(to, (waiting.get(to) ?? 0) + 1);
  }
  while (waiting.size) {
    const key = leastWaiting(waiting);
    waiting.delete(key);
    for (const next of out.get(key) ?? []) {
      const left = waiting.get(next);
      if (left === undefined) continue;
      waiting.set(next, left - 1);
      ranks.set(next, Math.max(ranks.get(next) ?? 0, (ranks.get(key) ?? 0) + 1));
    }
  }
  return ranks;
}

/** @param {Map<string, number>} waiting not empty */
function leastWaiting(waiting) {
  let best = "";
  let least = Infinity;
  for (const [key, count] of waiting) {
    if (count === 0) return key;
    if (count < least) [best, least] = [key, count];
  }
  return best;
}
