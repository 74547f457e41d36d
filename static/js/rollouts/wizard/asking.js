/**
 * Asks for a preview of what is typed: once typing rests, one question at a time, and the newest one wins.
 * No page: how an answer is shown is told.
 */

/** @typedef {import("./types.js").Preview} Preview */

/** Typing rests when nothing came for so long. */
export const REST_MS = 350;
/** What is answered sooner needs no sign that it is awaited. */
export const SLOW_MS = 150;

/**
 * @typedef {object} Told
 * @property {() => void} slow the answer takes its time
 * @property {(preview: Preview) => void} shown
 * @property {(error: unknown) => void} failed
 * @property {() => void} cancelled
 */

/** @typedef {{set: (work: () => void, ms: number) => number, clear: (timer: number) => void}} Timers */

/** @type {Timers} */
const WINDOW = { set: (work, ms) => window.setTimeout(work, ms), clear: (timer) => window.clearTimeout(timer) };

export class Asking {
  #ask;
  #told;
  #timers;
  #rest = 0;
  #slow = 0;
  /** @type {AbortController | null} */ #open = null;
  /** @type {unknown} */ #last = null;

  /**
   * @param {(body: unknown, signal: AbortSignal) => Promise<Preview>} ask
   * @param {Told} told
   * @param {Timers} [timers]
   */
  constructor(ask, told, timers = WINDOW) {
    this.#ask = ask;
    this.#told = told;
    this.#timers = timers;
  }

  /** Whether an answer is awaited, or typing has not come to rest. */
  get isBusy() {
    return this.#open !== null || this.#rest !== 0;
  }

  /** Asks for this once typing rests; what was asked before is of no interest any more. @param {unknown} body */
  want(body) {
    this.stop();
    this.#last = body;
    this.#rest = this.#timers.set(() => this.#send(body), REST_MS);
  }

  /** Asks for the same again, now. */
  again() {
    this.stop();
    if (this.#last !== null) this.#send(this.#last);
  }

  /** The person does not want to wait. */
  cancel() {
    this.stop();
    this.#told.cancelled();
  }

  /** Nothing is asked any more, and nobody is told. */
  stop() {
    this.#timers.clear(this.#rest);
    this.#timers.clear(this.#slow);
    this.#rest = 0;
    this.#open?.abort();
    this.#open = null;
  }

  /** @param {unknown} body */
  async #send(body) {
    this.#rest = 0;
    const open = (this.#open = new AbortController());
    this.#slow = this.#timers.set(() => this.#told.slow(), SLOW_MS);
    try {
      const preview = await this.#ask(body, open.signal);
      if (this.#ended(open)) this.#told.shown(preview);
    } catch (error) {
      if (this.#ended(open)) this.#told.failed(error);
    }
  }

  /** Whether this was still the question. @param {AbortController} open */
  #ended(open) {
    if (this.#open !== open) return false;
    this.#timers.clear(this.#slow);
    this.#open = null;
    return true;
  }
}
