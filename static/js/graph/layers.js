// A plain layered layout for graphs that dagre takes seconds over, or gives up on: ranks by the longest path, each
// column ordered by where its neighbours stand, the whole about as wide as a screen. Linear in blocks and links. Pure.

/** @typedef {{key: string, width: number, height: number}} Block */
/** @typedef {{from: string, to: string}} Link */
/** @typedef {{x: number, y: number}} Point */
/** @typedef {{rank: number, node: number}} Gap */
/** @typedef {{blocks: Block[], width: number, gap: number}} Stack a column; `gap`: the room before it */

/** Each pass brings an order closer to that of its neighbours; after a few nothing changes that the eye sees. */
const SWEEPS = 6;
/** Width by height of the page's stage. */
const ASPECT = 1.7;
/** From so many calls for each block on, strict ranks mean nothing to the eye, and make a ribbon of the picture. */
const TANGLED = 2;
/** The part of the gap between ranks that columns of one rank keep between them. */
const WITHIN = 0.5;

/**
 * @param {Block[]} blocks
 * @param {Link[]} links between two different blocks
 * @param {Gap} gap
 * @returns {Map<string, Point>} the centre of each block
 */
export function layers(blocks, links, gap) {
  const ranks = ranksOf(blocks, links);
  /** @type {Block[][]} */
  const ranked = [];
  for (const block of blocks) (ranked[ranks.get(block.key) ?? 0] ??= []).push(block);
  const columns = shaped(ranked.filter(Boolean), gap, links.length > TANGLED * blocks.length);
  /** @type {Map<string, Point>} */
  const centres = new Map();
  placeAll(columns, gap, centres);
  const near = neighbours(links);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    for (const column of columns) {
      const wish = new Map(column.blocks.map((block) => [block.key, wished(block, near, centres)]));
      column.blocks.sort((a, b) => (wish.get(a.key) ?? 0) - (wish.get(b.key) ?? 0) || (a.key < b.key ? -1 : 1));
      placeColumn(column, gap, centres, centres.get(column.blocks[0]?.key ?? "")?.x ?? 0);
    }
  }
  return centres;
}

/**
 * The columns of the height with which the whole comes closest to the shape of a screen.
 * @param {Block[][]} ranked @param {Gap} gap @param {boolean} tangled
 */
function shaped(ranked, gap, tangled) {
  let [low, high] = [1, ranked.reduce((sum, rank) => sum + heightOf(rank, gap), 0)];
  for (let i = 0; i < 12; i += 1) {
    const height = (low + high) / 2;
    if (widthOf(filled(ranked, height, gap, tangled)) > height * ASPECT) low = height;
    else high = height;
  }
  return filled(ranked, high, gap, tangled);
}

/**
 * @param {Block[][]} ranked @param {number} most height of a column @param {Gap} gap
 * @param {boolean} tangled whether ranks may share a column
 * @returns {Stack[]}
 */
function filled(ranked, most, gap, tangled) {
  /** @type {Stack[]} */
  const columns = [];
  let height = Infinity;
  for (const rank of ranked) {
    const fits = tangled && height + heightOf(rank, gap) <= most;
    if (!fits) height = Infinity;
    let before = gap.rank;
    for (const block of rank) {
      if (height + block.height > most) {
        columns.push({ blocks: [], width: 0, gap: before });
        before = gap.rank * WITHIN;
        height = 0;
      }
      const column = /** @type {Stack} */ (columns.at(-1));
      column.blocks.push(block);
      column.width = Math.max(column.width, block.width);
      height += block.height + gap.node;
    }
  }
  return columns;
}

/** @param {Block[]} blocks @param {Gap} gap */
function heightOf(blocks, gap) {
  return blocks.reduce((sum, block) => sum + block.height + gap.node, -gap.node);
}

/** @param {Stack[]} columns */
function widthOf(columns) {
  return columns.reduce((sum, column) => sum + column.width + column.gap, 0);
}

/** @param {Stack[]} columns @param {Gap} gap @param {Map<string, Point>} centres */
function placeAll(columns, gap, centres) {
  let left = 0;
  for (const column of columns) {
    left += column.gap;
    placeColumn(column, gap, centres, left + column.width / 2);
    left += column.width;
  }
}

/** @param {Stack} column @param {Gap} gap @param {Map<string, Point>} centres @param {number} x */
function placeColumn(column, gap, centres, x) {
  let top = -heightOf(column.blocks, gap) / 2;
  for (const block of column.blocks) {
    centres.set(block.key, { x, y: top + block.height / 2 });
    top += block.height + gap.node;
  }
}

/** @param {Block} block @param {Map<string, string[]>} near @param {Map<string, Point>} centres */
function wished(block, near, centres) {
  const keys = near.get(block.key);
  if (!keys) return centres.get(block.key)?.y ?? 0;
  let sum = 0;
  for (const key of keys) sum += centres.get(key)?.y ?? 0;
  return sum / keys.length;
}

/** @param {Link[]} links @returns {Map<string, string[]>} both ways */
function neighbours(links) {
  /** @type {Map<string, string[]>} */
  const near = new Map();
  for (const { from, to } of links) {
    listed(near, from).push(to);
    listed(near, to).push(from);
  }
  return near;
}

/** @param {Map<string, string[]>} lists @param {string} key */
function listed(lists, key) {
  const list = lists.get(key) ?? [];
  if (list.length === 0) lists.set(key, list);
  return list;
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
    listed(out, from).push(to);
    waiting.set(to, (waiting.get(to) ?? 0) + 1);
  }
  const queue = new Queue(waiting);
  for (let key = queue.next(); key !== undefined; key = queue.next()) {
    for (const next of out.get(key) ?? []) {
      if (!queue.release(next)) continue;
      ranks.set(next, Math.max(ranks.get(next) ?? 0, (ranks.get(key) ?? 0) + 1));
    }
  }
  return ranks;
}

/** Who waits for the fewest goes first: one set for each count, so that nothing is ever searched. */
class Queue {
  /** @type {Set<string>[]} */ #byCount = [];
  /** @type {Map<string, number>} */ #waiting;
  #least = 0;

  /** @param {Map<string, number>} waiting for how many each key waits; taken over */
  constructor(waiting) {
    this.#waiting = waiting;
    for (const [key, count] of waiting) (this.#byCount[count] ??= new Set()).add(key);
  }

  /** @returns {string | undefined} none: everybody has gone */
  next() {
    while (this.#least < this.#byCount.length && !this.#byCount[this.#least]?.size) this.#least += 1;
    const [key] = this.#byCount[this.#least] ?? [];
    if (key === undefined) return undefined;
    this.#byCount[this.#least]?.delete(key);
    this.#waiting.delete(key);
    return key;
  }

  /** One that it waited for has gone. @param {string} key @returns {boolean} whether it still waits itself */
  release(key) {
    const count = this.#waiting.get(key);
    if (count === undefined) return false;
    this.#byCount[count]?.delete(key);
    (this.#byCount[count - 1] ??= new Set()).add(key);
    this.#waiting.set(key, count - 1);
    this.#least = Math.min(this.#least, count - 1);
    return true;
  }
}
