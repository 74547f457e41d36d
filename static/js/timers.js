// Timers by name, of which each runs once at a time.

/**
 * What they need of the browser, so that a test can stand in for it.
 * @typedef {object} Clockwork
 * @property {(callback: () => void, ms: number) => number} later
 * @property {(timer: number) => void} forget
 */

/** @template {string} Name */
export class Timers {
  /** @type {Clockwork} */ #world;
  /** @type {Map<Name, number>} */ #running = new Map();

  /** @param {Clockwork} world */
  constructor(world) {
    this.#world = world;
  }

  /** Calls back after so many ms, instead of what the name stood for. @param {Name} name @param {number} ms @param {() => void} callback */
  later(name, ms, callback) {
    this.forget(name);
    this.#running.set(name, this.#world.later(callback, ms));
  }

  /** @param {Name[]} names */
  forget(...names) {
    for (const name of names) {
      const timer = this.#running.get(name);
      if (timer !== undefined) this.#world.forget(timer);
      this.#running.delete(name);
    }
  }
}
