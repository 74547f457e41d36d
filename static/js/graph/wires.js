// The lines of the edges in the graph's own units: where each begins, bends and ends, and which one is at a point. Pure.

import { CARD } from "./cells.js";
import { controls, Path } from "./curve.js";

/** @import { Point } from "./curve.js" */
/** @import { GraphEdge, GraphNode } from "./types.js" */

/** Of a node's symbol; an edge keeps a little off it. */
export const RADIUS = 21;
const OFF = Object.freeze({ start: 2, end: 3 });
/** How far a loop swings out, and where: up and to the left, where no edge arrives or leaves. */
const LOOP = Object.freeze({ out: 74, from: -1.75, to: -2.85, spread: 0.35 });

/** @typedef {{left: number, right: number, top: number, bottom: number}} Rect */

/**
 * @typedef {object} Wire
 * @property {string} id
 * @property {string} source
 * @property {string} target
 * @property {Point} start
 * @property {Point[]} middle control points of a chain of quadratic curves
 * @property {Point} end
 * @property {Rect} rect around all of these points
 * @property {Path | null} path made when it is first asked for
 */

/**
 * @typedef {object} World
 * @property {(id: string) => GraphNode | undefined} node
 * @property {(id: string) => Point | undefined} at
 * @property {(id: string) => Point[]} bends of an edge on its way over several ranks
 */

export class Wires {
  /** @type {Map<string, Wire>} */ #wires = new Map();
  /** @type {Map<string, Set<string>>} the wires of each node */ #ends = new Map();
  /** @type {Map<string, number>} 0 for the first wire between two nodes, 1 for the next */ #lanes = new Map();
  /** @type {World} */ #world;
  #straight = false;

  /** @param {World} world */
  constructor(world) {
    this.#world = world;
  }

  /** @param {Iterable<GraphEdge>} edges all that there are @param {boolean} straight whether they are too many to bend */
  shape(edges, straight) {
    this.#straight = straight;
    this.#wires = new Map();
    this.#ends = new Map();
    this.#lanes = new Map();
    /** @type {Map<string, number>} */
    const pairs = new Map();
    for (const { id, source, target } of edges) {
      const pair = `${source} ${target}`;
      const lane = pairs.get(pair) ?? 0;
      pairs.set(pair, lane + 1);
      this.#lanes.set(id, lane);
      this.#note(source, id);
      this.#note(target, id);
      this.#lay(id, source, target);
    }
  }

  /** @param {Iterable<string>} nodeIds that stand elsewhere now */
  follow(nodeIds) {
    const ids = new Set();
    for (const nodeId of nodeIds) for (const id of this.#ends.get(nodeId) ?? []) ids.add(id);
    for (const id of ids) {
      const wire = this.#wires.get(id);
      if (wire) this.#lay(id, wire.source, wire.target);
    }
  }

  /** @returns {Iterable<Wire>} */
  all() {
    return this.#wires.values();
  }

  /** @param {string} nodeId @returns {Iterable<string>} ids of the edges that begin or end there */
  of(nodeId) {
    return this.#ends.get(nodeId) ?? [];
  }

  get size() {
    return this.#wires.size;
  }

  /** @param {string} id @returns {Path | null} */
  path(id) {
    const wire = this.#wires.get(id);
    if (!wire) return null;
    wire.path ??= new Path(wire.start, wire.middle, wire.end);
    return wire.path;
  }

  /** @param {Point} point @param {number} reach @returns {string} id of the nearest edge within reach, or "" */
  near(point, reach) {
    let [found, least] = ["", reach];
    for (const { id, rect } of this.#wires.values()) {
      if (point.x < rect.left - reach || point.x > rect.right + reach || point.y < rect.top - reach || point.y > rect.bottom + reach) continue;
      const distance = this.path(id)?.distance(point) ?? Infinity;
      if (distance < least) [found, least] = [id, distance];
    }
    return found;
  }

  /** @param {string} nodeId @param {string} edgeId */
  #note(nodeId, edgeId) {
    const ids = this.#ends.get(nodeId) ?? new Set();
    this.#ends.set(nodeId, ids.add(edgeId));
  }

  /** @param {string} id @param {string} source @param {string} target */
  #lay(id, source, target) {
    const [from, to] = [this.#world.at(source), this.#world.at(target)];
    if (!from || !to) return;
    const line = source === target ? loop(from) : this.#line(id, from, to, source, target);
    this.#wires.set(id, { id, source, target, ...line, rect: around([line.start, ...line.middle, line.end]), path: null });
  }

  /** @param {string} id @param {Point} from @param {Point} to @param {string} source @param {string} target */
  #line(id, from, to, source, target) {
    const lane = this.#lanes.get(id) ?? 0;
    const bends = this.#world.bends(id);
    const middle = this.#straight && !bends.length && !lane ? [] : controls(from, to, bends, lane);
    const start = rim(from, middle[0] ?? to, this.#world.node(source), OFF.start);
    const end = rim(to, middle.at(-1) ?? from, this.#world.node(target), OFF.end);
    return { start, middle, end };
  }
}

/** @param {Point} centre @param {Point} toward @param {GraphNode | undefined} node @param {number} off @returns {Point} on the rim of a node */
function rim(centre, toward, node, off) {
  const [dx, dy] = [toward.x - centre.x, toward.y - centre.y];
  const length = Math.hypot(dx, dy) || 1;
  if (node?.kind !== "namespace") return { x: centre.x + (dx / length) * (RADIUS + off), y: centre.y + (dy / length) * (RADIUS + off) };
  const part = Math.min((CARD.width / 2 + off) / (Math.abs(dx) || 1e-6), (CARD.height / 2 + off) / (Math.abs(dy) || 1e-6), 1);
  return { x: centre.x + dx * part, y: centre.y + dy * part };
}

/** @param {Point} at @returns {{start: Point, middle: Point[], end: Point}} */
function loop(at) {
  const point = (/** @type {number} */ angle, /** @type {number} */ radius) => ({
    x: at.x + radius * Math.cos(angle),
    y: at.y + radius * Math.sin(angle),
  });
  const middle = [point(LOOP.from + LOOP.spread / 2, LOOP.out), point(LOOP.to - LOOP.spread / 2, LOOP.out)];
  return { start: point(LOOP.from, RADIUS + OFF.start), middle, end: point(LOOP.to, RADIUS + OFF.end) };
}

/** @param {Point[]} points @returns {Rect} */
function around(points) {
  const rect = { left: Infinity, right: -Infinity, top: Infinity, bottom: -Infinity };
  for (const { x, y } of points) {
    rect.left = Math.min(rect.left, x);
    rect.right = Math.max(rect.right, x);
    rect.top = Math.min(rect.top, y);
    rect.bottom = Math.max(rect.bottom, y);
  }
  return rect;
}
