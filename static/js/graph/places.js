// Where nodes stood that are not drawn now: what is hidden and shown again comes back to its place. Pure.

import { CELL } from "./cells.js";

/** @import { Point } from "./layout.js" */

/** Of a mesh in which pods' names come and go, not all are remembered. */
const MOST = 5_000;

export class Places {
  /** @type {Map<string, Point>} */ #left = new Map();

  /**
   * @param {Map<string, Point>} drawn where each node stands this moment; empty for another view, which forgets all
   * @param {{id: string}[]} wanted the nodes that are to be drawn
   * @returns {Map<string, Point>} the same, and the old place of each node that comes back and finds it free
   */
  standing(drawn, wanted) {
    if (drawn.size === 0 && wanted.every(({ id }) => !this.#left.has(id))) this.#left.clear();
    const ids = new Set(wanted.map(({ id }) => id));
    const taken = [...drawn].filter(([id]) => ids.has(id)).map(([, point]) => point);
    const standing = new Map(drawn);
    for (const { id } of wanted) {
      const place = drawn.has(id) ? undefined : this.#left.get(id);
      this.#left.delete(id);
      if (place && !taken.some((other) => meets(place, other))) standing.set(id, place);
    }
    for (const [id, point] of drawn) if (!ids.has(id) && this.#left.size < MOST) this.#left.set(id, point);
    return standing;
  }
}

/** @param {Point} a @param {Point} b */
function meets(a, b) {
  return Math.abs(a.x - b.x) < CELL.width && Math.abs(a.y - b.y) < CELL.height;
}
