// Replay: shows one moment after the other, at a speed, and has the next ones fetched before they are due.
// Knows neither page nor server: both come in as functions, so that `node --test` runs it with a clock of its own.

/**
 * @typedef {object} World
 * @property {() => number} now milliseconds of any clock that does not jump
 * @property {(callback: () => void, ms: number) => number} later
 * @property {(timer: number) => void} forget
 */

/**
 * @template Frame
 * @typedef {object} Parts
 * @property {(at: number, signal: AbortSignal) => Promise<Frame>} fetch the frame of a moment
 * @property {(frame: Frame, at: number) => void} show
 * @property {(at: number) => void} waits the frame of this moment is due and not there yet
 * @property {(error: unknown, at: number) => boolean} failed whether to go on with the next moment all the same
 * @property {() => void} ended the newest moment has been shown
 */

/** @type {World} */
const BROWSER = {
  now: () => performance.now(),
  later: (callback, ms) => window.setTimeout(callback, ms),
  forget: (timer) => window.clearTimeout(timer),
};

/** Faster than this nobody reads, and each frame is a request. */
export const FRAME_EVERY_MS = 500;
/** How many frames are asked for before they are due. */
const AHEAD = 3;

/**
 * @param {number} speed
 * @param {number} stepSeconds of history
 * @returns {number} milliseconds of history between two frames: whole steps of it
 */
export function strideOf(speed, stepSeconds) {
  const step = Math.max(0.2, stepSeconds) * 1000;
  return Math.ceil((speed * FRAME_EVERY_MS) / step) * step;
}

/** @template Frame */
export class Replay {
  /** @type {Parts<Frame>} */ #parts;
  /** @type {World} */ #world;
  /** @type {Map<number, Promise<Frame>>} */ #asked = new Map();
  #abort = new AbortController();
  #timer = 0;
  #next = 0;
  #stride = 1000;
  #every = FRAME_EVERY_MS;
  #end = 0;
  #due = 0;
  /** Which run a late answer belongs to. */
  #run = 0;
  playing = false;

  /** @param {Parts<Frame>} parts @param {World} world */
  constructor(parts, world = BROWSER) {
    this.#parts = parts;
    this.#world = world;
  }

  /**
   * @param {number} from the moment to begin with
   * @param {number} speed how many seconds of history pass in one
   * @param {number} stepSeconds of history
   * @param {number} end the newest moment: a run ends there
   */
  start(from, speed, stepSeconds, end) {
    this.stop();
    this.playing = true;
    this.#run += 1;
    this.#abort = new AbortController();
    this.#stride = strideOf(speed, stepSeconds);
    this.#every = this.#stride / speed;
    this.#next = from;
    this.#end = end;
    this.#due = this.#world.now();
    void this.#advance(this.#run);
  }

  /** History has grown while we played. @param {number} end */
  extend(end) {
    this.#end = Math.max(this.#end, end);
  }

  stop() {
    if (!this.playing) return;
    this.playing = false;
    this.#abort.abort();
    this.#asked.clear();
    this.#world.forget(this.#timer);
  }

  /** @param {number} run */
  async #advance(run) {
    const at = this.#next;
    if (at > this.#end) {
      this.stop();
      this.#parts.ended();
      return;
    }
    this.#fetchAhead(at);
    let there = false;
    const frame = /** @type {Promise<Frame>} */ (this.#asked.get(at));
    const patience = this.#world.later(() => there || run !== this.#run || !this.playing || this.#parts.waits(at), FRAME_EVERY_MS);
    const goOn = await this.#settle(frame, at, run);
    there = true;
    this.#world.forget(patience);
    if (!goOn || run !== this.#run || !this.playing) return;
    this.#asked.delete(at);
    this.#next = at + this.#stride;
    this.#fetchAhead(this.#next);
    this.#wait(run);
  }

  /** Waiting for a frame holds the clock up: what is due after it is not rushed through. @param {number} run */
  #wait(run) {
    const now = this.#world.now();
    this.#due = Math.max(this.#due, now) + this.#every;
    this.#timer = this.#world.later(() => void this.#advance(run), this.#due - now);
  }

  /** @param {Promise<Frame>} frame @param {number} at @param {number} run @returns {Promise<boolean>} */
  async #settle(frame, at, run) {
    const current = () => run === this.#run && this.playing;
    try {
      const shown = await frame;
      if (current()) this.#parts.show(shown, at);
      return true;
    } catch (error) {
      if (!current()) return false;
      if (this.#parts.failed(error, at)) return true;
      this.stop();
      return false;
    }
  }

  /** @param {number} from */
  #fetchAhead(from) {
    for (let i = 0; i <= AHEAD; i += 1) {
      const at = from + i * this.#stride;
      if (at > this.#end || this.#asked.has(at)) continue;
      const frame = this.#parts.fetch(at, this.#abort.signal);
      // Whoever waits for it hears of the error; one fetched ahead may never be waited for.
      frame.catch(() => {});
      this.#asked.set(at, frame);
    }
  }
}
