// Dots that run along the edges: how many, how fast, and which of them are errors. Pure: time comes in as seconds,
// randomness as a function. One dot stands for the same number of requests on every edge, so that the eye can compare.

/** @typedef {{id: string, length: number, rps: number, errorRatio: number}} Lane length in the graph's own units */
/** @typedef {{edge: string, at: number, speed: number, failed: boolean}} Dot `at`: how far from the source */

export const MOST_DOTS = 120;
/** More a second on one edge run into each other and look like a line. */
const MOST_PER_SECOND = 8;
/** Requests per dot: the first of these under which everything fits. */
const SCALES = [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000, 10_000];
/** Only a scale that leaves this much room is worth going down to: the legend must not flicker. */
const ROOM = 0.7;

/**
 * @param {number} rps
 * @returns {number} units per second: from 55 for a trickle to 200
 */
export function speed(rps) {
  return Math.min(200, 55 + 45 * Math.log10(1 + rps));
}

export class Flow {
  /** @type {Dot[]} */ dots = [];
  /** How many requests one dot stands for. */
  scale = 1;
  /** @type {Map<string, {lane: Lane, due: number, failing: number}>} */ #lanes = new Map();
  /** @type {() => number} */ #random;

  /** @param {() => number} random from 0 to 1 */
  constructor(random) {
    this.#random = random;
  }

  /** @param {Lane[]} lanes takes the place of those before; the dots of an edge that is gone vanish with it */
  setLanes(lanes) {
    const next = new Map();
    for (const lane of lanes) {
      const before = this.#lanes.get(lane.id);
      next.set(lane.id, { lane, due: before?.due ?? this.#random(), failing: before?.failing ?? 0 });
    }
    this.#lanes = next;
    this.dots = this.dots.filter((dot) => next.has(dot.edge));
    this.#rescale(lanes);
  }

  /** @param {Lane[]} lanes */
  #rescale(lanes) {
    const alive = lanes.reduce((sum, lane) => sum + (lane.rps * lane.length) / speed(lane.rps), 0);
    const busiest = Math.max(0, ...lanes.map((lane) => lane.rps));
    const load = Math.max(alive / MOST_DOTS, busiest / MOST_PER_SECOND);
    const fits = (/** @type {number} */ room) => SCALES.find((scale) => load <= scale * room) ?? 10_000;
    const needed = fits(1);
    if (needed > this.scale) this.scale = needed;
    else this.scale = Math.min(this.scale, fits(ROOM));
  }

  /** @param {number} seconds since the last step */
  step(seconds) {
    for (const dot of this.dots) dot.at += dot.speed * seconds;
    this.dots = this.dots.filter((dot) => dot.at < (this.#lanes.get(dot.edge)?.lane.length ?? 0));
    for (const state of this.#lanes.values()) this.#emit(state, seconds);
  }

  /** @param {{lane: Lane, due: number, failing: number}} state @param {number} seconds */
  #emit(state, seconds) {
    const { lane } = state;
    state.due -= (lane.rps / this.scale) * seconds;
    while (state.due <= 0 && this.dots.length < MOST_DOTS) {
      // Between half and one and a half times the mean distance: even enough to read, not a picket fence.
      state.due += 0.5 + this.#random();
      state.failing += lane.errorRatio;
      const failed = state.failing >= 1;
      if (failed) state.failing -= 1;
      this.dots.push({ edge: lane.id, at: 0, speed: speed(lane.rps), failed });
    }
    state.due = Math.max(state.due, 0);
  }
}
