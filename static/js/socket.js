// The live websocket: comes back by itself, subscribes again, and says "offline" only when it has been away a while.
// It knows frames only as objects with a type; what is in them is the page's business.

import { Timers } from "./timers.js";
import { UNPACKS, unpack } from "./unpack.js";

/** What to send, besides its type, which is "subscribe" unless it says otherwise. @typedef {Record<string, unknown>} Subscription */

/** Away for less than this is a hiccup, not news. */
export const OFFLINE_AFTER_MS = 5_000;
export const FIRST_WAIT_MS = 400;
export const LONGEST_WAIT_MS = 15_000;
/** The server speaks at least once a tick; a longer silence is a line that died without a word. */
const SILENCE_MS = 15_000;
/** A quick look at another tab costs no reconnect. */
export const HIDDEN_GRACE_MS = 10_000;
const SIGNED_OUT = 4401;
const TOO_SLOW = 4408;

/**
 * What the socket needs of the browser, so that a test can stand in for it.
 * @typedef {object} World
 * @property {(url: string) => WebSocket} open
 * @property {() => number} now
 * @property {() => number} random
 * @property {(callback: () => void, ms: number) => number} later
 * @property {(timer: number) => void} forget
 */

/** @type {World} */
const BROWSER = {
  open: (url) => {
    const line = new WebSocket(UNPACKS ? `${url}?packed=deflate` : url);
    line.binaryType = "arraybuffer";
    return line;
  },
  now: () => Date.now(),
  random: () => Math.random(),
  later: (callback, ms) => window.setTimeout(callback, ms),
  forget: (timer) => window.clearTimeout(timer),
};

/**
 * @typedef {object} Listener
 * @property {(frame: {type: string}) => void} frame
 * @property {(since: string | null) => void} offline the moment the line went, or null when it is back
 * @property {() => void} opened a new line is up: the next frame is a full one
 * @property {() => void} signedOut
 */

export class LiveSocket {
  /** @type {string} */ #url;
  /** @type {Listener} */ #listener;
  /** @type {World} */ #world;
  /** @type {WebSocket | null} */ #line = null;
  /** @type {Subscription | object | null} */ #subscription = null;
  /** @type {string | null} */ #watched = null;
  /** @type {Timers<"retry" | "offline" | "silence" | "hidden">} */ #timers;
  #failures = 0;
  #paused = false;
  #resting = false;
  /** @type {number | null} */ #lostAt = null;
  /** What is still being unpacked: later frames wait for it. @type {Promise<void> | null} */ #unpacking = null;

  /** @param {string} url @param {Listener} listener @param {World} world */
  constructor(url, listener, world = BROWSER) {
    this.#url = url;
    this.#listener = listener;
    this.#world = world;
    this.#timers = new Timers(world);
  }

  /** Opens the line; from here on it comes back by itself. */
  connect() {
    this.#paused = this.#resting = false;
    this.#lose();
    this.#open();
  }

  /** Lets the line go until `connect` takes it up again. */
  stop() {
    this.#pause();
    this.#paused = false;
  }

  /** @param {Subscription | object} subscription the view to send frames of, from now on and after each reconnect */
  subscribe(subscription) {
    this.#subscription = subscription;
    this.#greet();
  }

  /** @param {string | null} id node or edge whose series to send, or null for none */
  watch(id) {
    if (this.#watched === id) return;
    this.#watched = id;
    this.#send({ type: "watch", id });
  }

  /** Asks for a full frame. */
  resync() {
    this.#send({ type: "resync" });
  }

  /** Lets the line go, until `connect` takes it up again: whoever looks at the past needs no frames of now. */
  rest() {
    this.#resting = true;
    this.#timers.forget("hidden");
    this.#pause();
  }

  /** @param {boolean} hidden whether nobody can see the page: the line is let go, and taken up again with a full frame */
  setHidden(hidden) {
    if (this.#resting) return;
    this.#timers.forget("hidden");
    if (hidden) this.#timers.later("hidden", HIDDEN_GRACE_MS, () => this.#pause());
    else if (this.#paused) this.connect();
  }

  #pause() {
    this.#paused = true;
    this.#drop();
    this.#timers.forget("retry", "offline", "silence");
    this.#lostAt = null;
  }

  #open() {
    const line = this.#world.open(this.#url);
    this.#line = line;
    line.onopen = () => {
      this.#listener.opened();
      this.#greet();
    };
    this.#unpacking = null;
    line.onmessage = (event) => this.#hear(line, event.data);
    line.onclose = (event) => this.#closed(event.code);
    this.#listenForSilence();
  }

  /** The server forgets what was watched whenever it is told of a view. */
  #greet() {
    if (this.#subscription) this.#send({ type: "subscribe", ...this.#subscription });
    if (this.#watched !== null) this.#send({ type: "watch", id: this.#watched });
  }

  /** Takes frames in their order, though unpacking takes its time. @param {WebSocket} line @param {string | ArrayBuffer} data */
  #hear(line, data) {
    this.#listenForSilence();
    if (typeof data === "string" && !this.#unpacking) {
      this.#receive(data);
      return;
    }
    const before = this.#unpacking ?? Promise.resolve();
    const unpacked = Promise.all([typeof data === "string" ? data : unpack(data), before]);
    const done = unpacked.then(
      ([text]) => {
        if (this.#line === line) this.#receive(text);
      },
      () => this.#spoil(line),
    );
    this.#unpacking = done;
    void done.then(() => {
      if (this.#unpacking === done) this.#unpacking = null;
    });
  }

  /** What came cannot be read: a new line begins with a whole picture. @param {WebSocket} line */
  #spoil(line) {
    if (this.#line !== line) return;
    this.#drop();
    this.#closed(1006);
  }

  /** @param {string} text */
  #receive(text) {
    this.#failures = 0;
    this.#timers.forget("offline");
    if (this.#lostAt !== null) this.#listener.offline(null);
    this.#lostAt = null;
    this.#listener.frame(JSON.parse(text));
  }

  /** @param {number} code */
  #closed(code) {
    this.#line = null;
    this.#timers.forget("silence");
    if (code === SIGNED_OUT) {
      this.#pause();
      this.#listener.signedOut();
      return;
    }
    this.#lose();
    // A line that was too slow a moment ago still is.
    const longest = code === TOO_SLOW ? LONGEST_WAIT_MS : Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** this.#failures);
    this.#failures += 1;
    // Half fixed, half random: a restarted server is not met by all its pages in one moment.
    this.#timers.later("retry", longest * (0.5 + 0.5 * this.#world.random()), () => this.#open());
  }

  #lose() {
    if (this.#lostAt !== null) return;
    const lostAt = this.#world.now();
    this.#lostAt = lostAt;
    this.#timers.later("offline", OFFLINE_AFTER_MS, () => this.#listener.offline(new Date(lostAt).toISOString()));
  }

  #listenForSilence() {
    this.#timers.later("silence", SILENCE_MS, () => {
      this.#drop();
      this.#closed(1006);
    });
  }

  /** Closes the line without hearing from it again. */
  #drop() {
    const line = this.#line;
    this.#line = null;
    if (!line) return;
    line.onopen = line.onmessage = line.onclose = null;
    line.close();
  }

  /** @param {object} message */
  #send(message) {
    if (this.#line?.readyState === 1) this.#line.send(JSON.stringify(message));
  }
}
