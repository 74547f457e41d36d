// The line of an edge: an S that leaves to the right and arrives from the left, and points along it. Pure.

/** @typedef {{x: number, y: number}} Point */

/** How far a backward or vertical edge bows out, in the graph's own units. */
const BOW = 70;
const LANE = 12;

/**
 * Control points for a chain of quadratic curves, joined half way between each two.
 * @param {Point} from centre of the source
 * @param {Point} to centre of the target
 * @param {Point[]} bends points on the way, for an edge over several ranks
 * @param {number} lane 0 for the first edge between two nodes, 1 for the next
 * @returns {Point[]}
 */
export function controls(from, to, bends, lane) {
  const dx = to.x - from.x;
  const shift = lane * LANE;
  if (dx < 40) return [bow(from, to, shift)];
  const reach = bends.length ? 70 : dx * 0.42;
  const first = { x: from.x + reach, y: from.y + shift };
  const last = { x: to.x - reach, y: to.y + shift };
  return [first, ...bends, last];
}

/** @param {Point} from @param {Point} to @param {number} shift @returns {Point} */
function bow(from, to, shift) {
  const length = Math.hypot(to.x - from.x, to.y - from.y) || 1;
  const out = BOW + shift;
  const middle = { x: (from.x + to.x) / 2, y: (from.y + to.y) / 2 };
  return { x: middle.x + ((to.y - from.y) / length) * out, y: middle.y - ((to.x - from.x) / length) * out };
}

/** Points per quadratic piece: an edge of 200 units is then off by less than half a unit. */
const PIECES = 10;

/** A line as short straight pieces, to be asked for the point at a distance. */
export class Path {
  /** @type {Float32Array} */ #xs;
  /** @type {Float32Array} */ #ys;
  /** @type {Float32Array} */ #lengths;

  /**
   * @param {Point} start
   * @param {Point[]} middle control points of a chain of quadratic curves, joined half way between each two
   * @param {Point} end
   */
  constructor(start, middle, end) {
    const points = sample(start, middle, end);
    this.#xs = Float32Array.from(points, (point) => point.x);
    this.#ys = Float32Array.from(points, (point) => point.y);
    this.#lengths = new Float32Array(points.length);
    for (let i = 1; i < points.length; i += 1) this.#lengths[i] = this.#lengthTo(i);
  }

  /** @param {number} i */
  #lengthTo(i) {
    const dx = num(this.#xs, i) - num(this.#xs, i - 1);
    const dy = num(this.#ys, i) - num(this.#ys, i - 1);
    return num(this.#lengths, i - 1) + Math.hypot(dx, dy);
  }

  get length() {
    return num(this.#lengths, this.#lengths.length - 1);
  }

  /** @param {Point} point @returns {number} how far it is from the line */
  distance(point) {
    let least = Infinity;
    for (let i = 1; i < this.#xs.length; i += 1) least = Math.min(least, this.#toPiece(i, point));
    return least;
  }

  /** @param {number} i @param {Point} point */
  #toPiece(i, point) {
    const [x, y] = [num(this.#xs, i - 1), num(this.#ys, i - 1)];
    const [dx, dy] = [num(this.#xs, i) - x, num(this.#ys, i) - y];
    const part = Math.min(1, Math.max(0, ((point.x - x) * dx + (point.y - y) * dy) / (dx * dx + dy * dy || 1)));
    return Math.hypot(point.x - x - part * dx, point.y - y - part * dy);
  }

  /** @param {number} distance from the start @returns {Point} */
  at(distance) {
    const last = this.#lengths.length - 1;
    let i = 1;
    while (i < last && num(this.#lengths, i) < distance) i += 1;
    const before = num(this.#lengths, i - 1);
    const part = Math.min(1, Math.max(0, (distance - before) / (num(this.#lengths, i) - before || 1)));
    const x = num(this.#xs, i - 1);
    const y = num(this.#ys, i - 1);
    return { x: x + (num(this.#xs, i) - x) * part, y: y + (num(this.#ys, i) - y) * part };
  }
}

/** @param {Float32Array} values @param {number} i */
function num(values, i) {
  return values[i] ?? 0;
}

/** @param {Point} start @param {Point[]} middle @param {Point} end @returns {Point[]} */
function sample(start, middle, end) {
  if (middle.length === 0) return [start, end];
  const points = [start];
  let from = start;
  middle.forEach((control, i) => {
    const next = middle[i + 1];
    const to = next ? { x: (control.x + next.x) / 2, y: (control.y + next.y) / 2 } : end;
    for (let step = 1; step <= PIECES; step += 1) points.push(quadratic(from, control, to, step / PIECES));
    from = to;
  });
  return points;
}

/** @param {Point} a @param {Point} b @param {Point} c @param {number} t @returns {Point} */
function quadratic(a, b, c, t) {
  const u = 1 - t;
  return {
    x: u * u * a.x + 2 * u * t * b.x + t * t * c.x,
    y: u * u * a.y + 2 * u * t * b.y + t * t * c.y,
  };
}
