// The live line of the Rollouts pages: server-sent events, which come back by themselves with growing pauses, and a question
// by REST whenever nothing was heard for a while: a line can die without a word, and nothing old may look new.

import { ApiError, get } from "../api.js";
import { BASE } from "../base.js";
import { FIRST_WAIT_MS, HIDDEN_GRACE_MS, LONGEST_WAIT_MS, OFFLINE_AFTER_MS } from "../socket.js";
import { Timers } from "../timers.js";

/** So long may the line be silent before the server is asked whether there is anything new. */
export const SILENCE_MS = 15_000;
const CLOSED = 2;

/**
 * What the feed needs of the browser, so that a test can stand in for it.
 * @typedef {object} World
 * @property {(url: string) => EventSource} open
 * @property {(path: string, signal: AbortSignal) => Promise<any>} ask
 * @property {() => number} now
 * @property {() => number} random
 * @property {(callback: () => void, ms: number) => number} later
 * @property {(timer: number) => void} forget
 */

/** @type {World} */
const BROWSER = {
  open: (url) => new EventSource(url),
  ask: get,
  now: () => Date.now(),
  random: () => Math.random(),
  later: (callback, ms) => window.setTimeout(callback, ms),
  forget: (timer) => window.clearTimeout(timer),
};

/**
 * @typedef {object} Listener
 * @property {(rollout: any) => void} rollout one, as it is now
 * @property {(answer: any) => void} answer what the question by REST brought
 * @property {() => void} heard the server said something, if only that it lives
 * @property {(since: string | null) => void} offline the moment the line went, or null when it is back
 * @property {(error: ApiError) => void} refused nothing comes any more: signed out, or not to be seen
 */

export class Feed {
  #paths;
  /** @type {Listener} */ #listener;
  /** @type {World} */ #world;
  /** @type {EventSource | null} */ #line = null;
  /** @type {Timers<"retry" | "offline" | "silence" | "hidden">} */ #timers;
  #abort = new AbortController();
  #failures = 0;
  #stopped = false;
  #resting = false;
  /** @type {number | null} */ #lostAt = null;

  /** @param {{events: string, question: string}} paths both below /api/v1/ @param {Listener} listener @param {World} world */
  constructor(paths, listener, world = BROWSER) {
    this.#paths = paths;
    this.#listener = listener;
    this.#world = world;
    this.#timers = new Timers(world);
  }

  connect() {
    this.#resting = false;
    this.#open();
  }

  /** @param {boolean} hidden whether nobody can see the page */
  setHidden(hidden) {
    if (this.#stopped) return;
    this.#timers.forget("hidden");
    if (hidden) this.#timers.later("hidden", HIDDEN_GRACE_MS, () => this.#rest());
    else if (this.#resting) this.connect();
  }

  stop() {
    this.#stopped = true;
    this.#rest();
  }

  #rest() {
    this.#resting = true;
    this.#drop();
    this.#timers.forget("retry", "offline", "silence", "hidden");
    this.#abort.abort();
    this.#abort = new AbortController();
  }

  #open() {
    const line = this.#world.open(`${BASE}api/v1/${this.#paths.events}`);
    this.#line = line;
    line.addEventListener("open", () => this.#spoke());
    line.addEventListener("rollout", (event) => {
      this.#spoke();
      this.#listener.rollout(JSON.parse(/** @type {MessageEvent} */ (event).data));
    });
    for (const name of ["beat", "ping", "message"]) line.addEventListener(name, () => this.#spoke());
    // The server ends the line for good reasons, which the question brings to light.
    line.addEventListener("end", () => this.#broke(line, true));
    line.addEventListener("error", () => this.#broke(line));
    this.#listenForSilence();
  }

  #spoke() {
    this.#failures = 0;
    this.#heard();
  }

  #heard() {
    this.#timers.forget("offline");
    if (this.#lostAt !== null) this.#listener.offline(null);
    this.#lostAt = null;
    this.#listener.heard();
    this.#listenForSilence();
  }

  /** @param {EventSource} line @param {boolean} ended */
  #broke(line, ended = false) {
    if (this.#line !== line) return;
    const refused = ended || line.readyState === CLOSED;
    this.#drop();
    this.#lose();
    this.#failures += 1;
    // The line does not say what was refused, or why; the question does.
    if (refused || this.#failures > 1) void this.#ask();
    const longest = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures);
    this.#timers.later("retry", longest * (0.5 + 0.5 * this.#world.random()), () => this.#open());
  }

  #lose() {
    if (this.#lostAt !== null) return;
    const lostAt = this.#world.now();
    this.#lostAt = lostAt;
    this.#timers.later("offline", OFFLINE_AFTER_MS, () => this.#listener.offline(new Date(lostAt).toISOString()));
  }

  #listenForSilence() {
    this.#timers.later("silence", SILENCE_MS, () => void this.#ask());
  }

  async #ask() {
    const { signal } = this.#abort;
    try {
      const answer = await this.#world.ask(this.#paths.question, signal);
      if (signal.aborted) return;
      this.#heard();
      this.#listener.answer(answer);
    } catch (error) {
      if (signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      this.#failed(error);
    }
  }

  /** @param {ApiError} error */
  #failed(error) {
    if ([401, 403, 404].includes(error.status)) {
      this.stop();
      this.#listener.refused(error);
      return;
    }
    this.#lose();
    this.#listenForSilence();
  }

  #drop() {
    this.#line?.close();
    this.#line = null;
  }
}
