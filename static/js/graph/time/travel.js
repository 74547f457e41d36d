// Where in time the page is: live, at a moment, replaying, or between two moments that are compared. It asks the
// server for the past and hands frames to the page; what the bar and the band show of it is theirs.

import { ApiError, get } from "../../api.js";
import { frameOf } from "./differences.js";
import { iso, timeOf } from "./moments.js";
import { comparisonPath, figuresPath, graphPath } from "./query.js";
import { Replay } from "./replay.js";

/** @import { Reading } from "../freshness.js" */
/** @import { GraphModel } from "../model.js" */
/** @import { Note } from "../notes.js" */
/** @import { FullFrame, PageState, SeriesFrame } from "../types.js" */
/** @import { Comparison } from "./differences.js" */
/** @import { Subscription } from "./query.js" */

/**
 * What the page does for whoever travels.
 * @typedef {object} Orders
 * @property {(change: Partial<PageState>, replace?: boolean) => void} go
 * @property {(frame: FullFrame) => void} frame a picture of the past
 * @property {(series: SeriesFrame) => void} series the figures up to that moment
 * @property {() => void} depart no live frame may come any more
 * @property {() => void} arrive live again
 * @property {() => void} changed something to show has changed
 * @property {() => number} now by the server's clock
 */

/** The address follows a replay no oftener than this: browsers limit how often it may change. */
const TELL_EVERY_MS = 1000;
/** The panel's figures during a replay. */
const FIGURES_EVERY_MS = 5000;
const FIGURES_MS = 300_000;

export class Travel {
  /** @type {Orders} */ #orders;
  /** @type {GraphModel} */ #model;
  /** @type {PageState | null} */ #state = null;
  /** @type {Subscription} */ #view = {};
  #viewKey = "";
  #shownKey = "";
  #abort = new AbortController();
  /** @type {Replay<FullFrame>} */ #replay;
  #tuned = "";
  #told = { at: "", when: -Infinity };
  /** The moment that the replay shows. */
  #playedAt = 0;
  #figures = { key: "", when: -Infinity };
  #returning = false;
  /** What the source of history is like, once known. */
  stepSeconds = 1;
  /** The newest moment of history in milliseconds. */
  newest = 0;
  loading = false;
  waiting = false;
  /** Why the moment cannot be shown, or "". */
  error = "";
  /** @type {Comparison | null} */ comparison = null;

  /** @param {GraphModel} model @param {Orders} orders */
  constructor(model, orders) {
    this.#model = model;
    this.#orders = orders;
    this.#replay = new Replay({
      fetch: (at, signal) => this.#fetch(iso(at), signal),
      show: (frame, at) => this.#played(frame, at),
      waits: () => this.#set({ waiting: true }),
      failed: (error, at) => this.#missing(error, at),
      ended: () => this.live(),
    });
  }

  get isLive() {
    return !this.#state?.at;
  }

  get playing() {
    return this.#replay.playing;
  }

  /** The moment on the screen, in milliseconds; null: live. */
  get position() {
    if (this.#replay.playing) return this.#playedAt;
    return this.#state?.at ? Date.parse(this.#state.at) : null;
  }

  /** The other moment of a comparison, in milliseconds. */
  get comparedWith() {
    return this.#state?.vs ? Date.parse(this.#state.vs) : null;
  }

  /** Brings the picture in line with the address. @param {PageState} state @param {Subscription} view what the page subscribes to */
  follow(state, view) {
    const wasLive = this.isLive;
    this.#state = state;
    this.#view = view;
    this.#viewKey = JSON.stringify(view);
    if (!state.at) {
      if (!wasLive) this.#arrive();
      return;
    }
    if (wasLive) this.#orders.depart();
    if (state.speed) this.#play(state);
    else this.#stand(state);
    void this.#askFigures();
  }

  /** Holds the picture as it stands: nothing is asked for. */
  pause() {
    if (this.isLive && this.#model.takenAt) {
      const at = iso(Date.parse(this.#model.takenAt));
      this.#shownKey = `${at}  ${this.#viewKey}`;
      this.#orders.go({ at, vs: "", speed: 0 });
    } else if (this.#replay.playing) {
      const at = iso(this.#playedAt);
      this.#shownKey = `${at}  ${this.#viewKey}`;
      this.#orders.go({ at, speed: 0 }, true);
    }
  }

  /** @param {number} at milliseconds @param {boolean} [replace] */
  goTo(at, replace = false) {
    this.#orders.go({ at: iso(at), vs: "", speed: 0 }, replace);
  }

  live() {
    this.#orders.go({ at: "", vs: "", speed: 0 });
  }

  /** @param {number} speed @param {number} [from] milliseconds; without it from where we are */
  play(speed, from) {
    const at = from === undefined ? (this.#state?.at ?? "") : iso(from);
    if (at) this.#orders.go({ at, vs: "", speed }, !this.isLive && from === undefined);
  }

  /** @param {number} one milliseconds @param {number} other milliseconds */
  compare(one, other) {
    this.#orders.go({ at: iso(Math.max(one, other)), vs: iso(Math.min(one, other)), speed: 0 });
  }

  /** A live frame is there: what is on the screen is of now. */
  arrived() {
    this.#returning = false;
  }

  /**
   * @param {number} now
   * @returns {Reading | null} how old what is shown is, where that is not for the socket to say
   */
  reading(now) {
    if (this.isLive) return this.#returning ? { state: "connecting", ageSeconds: null, since: "", frozen: true } : null;
    const shown = this.#taken();
    return { state: "past", ageSeconds: Math.max(0, (now - Date.parse(shown)) / 1000), since: shown, frozen: true };
  }

  /** @returns {string} the moment of the picture itself where one is there; else the one that was asked for */
  #taken() {
    const there = !this.loading && !this.error && this.#model.takenAt;
    return there || (this.#state?.at ?? "");
  }

  /** @param {number} now @returns {Note | null} what stands in the place of a picture of the past */
  note(now) {
    const when = timeOf(this.position ?? now, now);
    const action = "Back to live";
    if (this.error) return { kind: "error", title: `${when} cannot be shown`, text: this.error, action };
    if (this.#model.nodes.size > 0) return null;
    if (this.loading || this.waiting) return { kind: "loading", title: "", text: "", action: "" };
    const { namespaces } = this.#model;
    const where = namespaces.length ? ` in ${namespaces.join(", ")}` : "";
    return { kind: "empty", title: `No traffic${where} at ${when}`, text: "This moment is part of the history: nobody called anybody then.", action };
  }

  #arrive() {
    this.#replay.stop();
    this.#abort.abort();
    this.#shownKey = this.#tuned = "";
    this.#returning = true;
    this.#figures = { key: "", when: -Infinity };
    this.#set({ loading: false, waiting: false, error: "", comparison: null });
    this.#orders.arrive();
  }

  /** @param {PageState} state */
  #stand(state) {
    this.#replay.stop();
    this.#tuned = "";
    const key = `${state.at} ${state.vs} ${this.#viewKey}`;
    if (key === this.#shownKey) {
      if (!state.vs) this.#set({ comparison: null, waiting: false });
      return;
    }
    this.#shownKey = key;
    void this.#load(state);
  }

  /** @param {PageState} state */
  async #load(state) {
    this.#abort.abort();
    const abort = (this.#abort = new AbortController());
    this.#set({ loading: true, waiting: false });
    try {
      const { frame, comparison } = state.vs ? await this.#fetchComparison(state, abort.signal) : { frame: await this.#fetch(state.at, abort.signal), comparison: null };
      if (abort.signal.aborted) return;
      this.#set({ loading: false, error: "", comparison });
      this.#orders.frame(frame);
    } catch (error) {
      if (abort.signal.aborted) return;
      this.#fail(error);
    }
  }

  /** @param {unknown} error */
  #fail(error) {
    if (!(error instanceof ApiError)) throw error;
    // The next look at this moment asks again.
    this.#shownKey = "";
    this.#set({ loading: false, waiting: false, error: error.message, comparison: null });
    // Nothing of another moment may stand under this one's name.
    this.#orders.frame(this.#nothing());
  }

  /** @returns {FullFrame} */
  #nothing() {
    const { graphType, namespaces, source, tickSeconds } = this.#model;
    const empty = { name: "history", state: "ok", since: null, message: "", taken_at: null, window_seconds: 0 };
    return {
      type: "full", notice: "", seq: 0, taken_at: this.#state?.at ?? "", graph_type: graphType ?? "versioned_app", namespaces,
      tick_seconds: tickSeconds, source: source ?? /** @type {import("../types.js").Source} */ (empty), nodes: [], edges: [],
    }; // prettier-ignore
  }

  /** @param {string} at @param {AbortSignal} signal @returns {Promise<FullFrame>} */
  async #fetch(at, signal) {
    const graph = await get(graphPath(this.#view, at), signal);
    return { notice: "", ...graph, type: "full" };
  }

  /** @param {PageState} state @param {AbortSignal} signal */
  async #fetchComparison(state, signal) {
    const comparison = /** @type {Comparison} */ (await get(comparisonPath(this.#view, state.vs, state.at), signal));
    return { comparison, frame: frameOf(comparison, state.type, state.ns) };
  }

  /** @param {PageState} state */
  #play(state) {
    const tuned = `${state.speed} ${this.#viewKey}`;
    if (this.#replay.playing && tuned === this.#tuned && state.at === this.#told.at) return;
    this.#abort.abort();
    this.#tuned = tuned;
    this.#told = { at: state.at, when: performance.now() };
    this.#playedAt = Date.parse(state.at);
    this.#set({ comparison: null, error: "", loading: false, waiting: true });
    this.#replay.start(Date.parse(state.at), state.speed, this.stepSeconds, this.newest || this.#orders.now());
  }

  /** @param {FullFrame} frame @param {number} at */
  #played(frame, at) {
    this.#playedAt = at;
    this.#set({ waiting: false, error: "" });
    this.#orders.frame(frame);
    this.#tell(at);
    void this.#askFigures();
  }

  /** @param {number} at */
  #tell(at) {
    this.#playedAt = at;
    const now = performance.now();
    if (now - this.#told.when <= TELL_EVERY_MS) return;
    this.#told = { at: iso(at), when: now };
    this.#orders.go({ at: iso(at) }, true);
  }

  /** A gap in the history is passed over; anything else ends the replay where it stands. @param {unknown} error @param {number} at */
  #missing(error, at) {
    if (error instanceof ApiError && error.status === 404) {
      this.#fail(error);
      this.#tell(at);
      return true;
    }
    this.#orders.go({ at: iso(at), speed: 0 }, true);
    return false;
  }

  /** History has grown. @param {number} stepSeconds @param {number} newest milliseconds */
  learn(stepSeconds, newest) {
    this.stepSeconds = stepSeconds;
    this.newest = newest;
    this.#replay.extend(newest);
  }

  /** The panel's five minutes, up to the moment that is shown. */
  async #askFigures() {
    const state = this.#state;
    if (!state?.at || !state.select) return;
    const key = `${state.select} ${state.type} ${this.playing ? "" : state.at}`;
    const now = performance.now();
    if (key === this.#figures.key && (!this.playing || now - this.#figures.when < FIGURES_EVERY_MS)) return;
    this.#figures = { key, when: now };
    const since = iso(Date.parse(state.at) - FIGURES_MS);
    try {
      const found = await get(figuresPath(state.type, state.select, since, state.at));
      if (this.#figures.key !== key || this.isLive) return;
      this.#orders.series(columnsOf(found));
    } catch (error) {
      // The panel then says that it has no figures; the picture stands by itself.
      if (!(error instanceof ApiError)) throw error;
    }
  }

  /** @param {Partial<Pick<Travel, "loading" | "waiting" | "error" | "comparison">>} change */
  #set(change) {
    Object.assign(this, change);
    this.#orders.changed();
  }
}

/** @param {import("../charts/shapes.js").FigureColumns} found @returns {SeriesFrame} */
function columnsOf({ id, t, codes, errors, p50, p95, p99 }) {
  const requests = t.map((_, i) => Object.values(codes).reduce((sum, column) => sum + (column[i] ?? 0), 0));
  return { type: "series", id, reset: true, t, requests, errors, p50, p95, p99 };
}
