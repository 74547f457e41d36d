// The drawing of the Figures page: plotly, fetched once, told anew with each answer; a zoom outlives it.

import { loadPlotly } from "../plotly-script.js";
import { colours, fontFamily } from "../theme.js";
import { layout, traces } from "./plot.js";

/** @import { Plotly } from "../plotly.js" */
/** @import { Mark } from "../time/marks.js" */
/** @import { Stretch } from "../time/moments.js" */
/** @import { FigureColumns } from "./shapes.js" */

const CONFIG = { displayModeBar: false, responsive: false, doubleClick: false, showTips: false, scrollZoom: false };
const HEIGHT = 860;

/** @typedef {{columns: FigureColumns, marks: Mark[], shown: Stretch, revision: string, now: number}} Picture */
/** @typedef {HTMLElement & {on?: (event: string, listener: (event: any) => void) => void}} Drawn */

export class Chart {
  /** @type {Drawn} */ #place;
  /** @type {string} */ #source;
  /** @type {Promise<Plotly> | null} */ #plotly = null;
  /** @type {Picture | null} */ #picture = null;
  /** Kept here: plotly keeps a zoom only as long as the range below it stays, and a live one moves. @type {Stretch | null} */ #zoom = null;
  /** @type {(zoom: Stretch | null) => void} */ #zoomed;
  #revision = 0;
  #listens = false;

  /** @param {HTMLElement} place @param {string} source address of plotly's script @param {(zoom: Stretch | null) => void} zoomed null: all of it */
  constructor(place, source, zoomed) {
    this.#place = place;
    this.#source = source;
    this.#zoomed = zoomed;
    new ResizeObserver(() => void (this.#plotly && this.draw())).observe(place);
  }

  /** @param {Picture} picture */
  async show(picture) {
    if (picture.revision !== this.#picture?.revision) this.#zoom = null;
    this.#picture = picture;
    await this.draw();
  }

  async draw() {
    const picture = this.#picture;
    if (!picture) return;
    const plotly = await this.#load();
    if (picture !== this.#picture || this.#place.clientWidth === 0) return;
    const { columns, marks, shown, revision, now } = picture;
    const colour = colours();
    this.#revision += 1;
    const look = { width: this.#place.clientWidth, height: HEIGHT, font: fontFamily(), revision, data: this.#revision };
    await plotly.react(this.#place, traces(columns, marks, colour, now), layout(look, columns, marks, this.#zoom ?? shown, colour, now), CONFIG);
    this.#listen();
  }

  /** All of the range again. */
  async reset() {
    this.#zoom = null;
    this.#zoomed(null);
    await this.draw();
  }

  #listen() {
    if (this.#listens || !this.#place.on) return;
    this.#listens = true;
    this.#place.on("plotly_relayout", (change) => this.#relayout(change));
    this.#place.on("plotly_doubleclick", () => void this.reset());
    this.#place.on("plotly_click", ({ points }) => {
      const url = points.find((/** @type {any} */ point) => point.data.name === "marks")?.customdata;
      if (url) location.assign(url);
    });
  }

  /** @param {Record<string, any>} change */
  #relayout(change) {
    const [from, to] = [change["xaxis.range[0]"], change["xaxis.range[1]"]];
    if (typeof from !== "string" || typeof to !== "string") return;
    this.#zoom = { from: localTime(from), to: localTime(to) };
    this.#zoomed(this.#zoom);
  }

  /** @returns {Promise<Plotly>} */
  #load() {
    this.#plotly ??= loadPlotly(this.#source);
    return this.#plotly;
  }
}

/** Plotly writes times of this machine's zone, without naming it. @param {string} text */
function localTime(text) {
  return new Date(text.replace(" ", "T")).getTime();
}
