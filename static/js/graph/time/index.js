// Time on the Graph page: joins the traveller, the bar, the band, the comparison and the links to elsewhere.

import { ApiError, get } from "../../api.js";
import { byId } from "../../dom.js";
import { Ways } from "../charts/ways.js";
import { Band } from "./band.js";
import { TimeBar } from "./bar.js";
import { ComparisonTable } from "./comparison-table.js";
import { iso } from "./moments.js";
import { marksPath } from "./query.js";
import { Travel } from "./travel.js";

/** @import { GraphModel } from "../model.js" */
/** @import { PageState } from "../types.js" */
/** @import { Template } from "../charts/links.js" */
/** @import { Subscription } from "./query.js" */
/** @import { Orders } from "./travel.js" */

/** How far history reaches changes with each second; how often we ask is another matter. */
const HISTORY_EVERY_MS = 15_000;
/** A change made on another page is a mark here within this time. */
const MARKS_EVERY_MS = 10_000;
/** Marks further back are on the page of changes. */
const MARKS_MS = 7 * 86_400_000;

export class Time {
  /** @type {Travel} */ travel;
  /** @type {Orders} */ #orders;
  /** @type {TimeBar} */ #bar;
  /** @type {Band} */ #band;
  /** @type {ComparisonTable} */ #table;
  /** @type {Ways} */ #ways;
  /** @type {PageState | null} */ #state = null;
  #earliest = 0;

  /**
   * @param {GraphModel} model
   * @param {Template[]} links to Grafana and tracing, as configured
   * @param {(id: string) => void} choose
   * @param {Orders} orders
   */
  constructor(model, links, choose, orders) {
    this.#orders = orders;
    this.travel = new Travel(model, orders);
    this.#bar = new TimeBar(this.travel, orders.now);
    this.#band = new Band(this.travel);
    this.#table = new ComparisonTable(choose);
    this.#ways = new Ways(byId("panel-ways", HTMLElement), model, links);
  }

  /** Asks for the reach of history and for the marks, from now on. */
  start() {
    this.#often(() => this.#askHistory(), HISTORY_EVERY_MS);
    this.#often(() => this.#askMarks(), MARKS_EVERY_MS);
  }

  /** @param {PageState} state @param {Subscription} subscription */
  follow(state, subscription) {
    const namespaces = this.#state?.ns.join();
    this.#state = state;
    this.#bar.showSpeed(state.speed);
    this.travel.follow(state, subscription);
    if (namespaces !== undefined && namespaces !== state.ns.join()) void this.#askMarks();
    this.render();
  }

  /** Shows how old the picture is; called a few times a second, and with each frame. */
  render() {
    const now = this.#orders.now();
    this.#band.render(this.travel.reading(now), now, this.#state?.speed ?? 0);
    this.#bar.render();
    if (!this.#state) return;
    this.#table.render(this.travel.comparison, this.#state.select);
    this.#ways.show(this.#state.select, this.#state.type, this.travel.position, now);
  }

  /** @param {string} key of the keyboard */
  key(key) {
    if (key === "l") this.travel.live();
    else this.#bar.step(key === "[" ? -1 : 1);
  }

  /** @param {() => Promise<void>} ask @param {number} ms */
  #often(ask, ms) {
    void ask();
    window.setInterval(() => document.hidden || void ask(), ms);
  }

  async #askHistory() {
    try {
      const reach = await get("history");
      this.#earliest = reach.earliest ? Date.parse(reach.earliest) : 0;
      this.#bar.know(reach, "");
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      this.#bar.know(null, error.message);
    }
  }

  async #askMarks() {
    const now = this.#orders.now();
    try {
      const since = iso(Math.max(this.#earliest, now - MARKS_MS));
      const { marks } = await get(marksPath(since, iso(now + 1000), this.#state?.ns ?? []));
      this.#bar.mark(marks);
    } catch (error) {
      // The bar keeps the marks that it has; history itself is not touched by it.
      if (!(error instanceof ApiError)) throw error;
    }
  }
}
