// The panel's figures: requests, errors and latency of the last five minutes, drawn by plotly.
// The library is 1.2 MB, so it is fetched with the first panel that opens, not with the page.

import { findAll } from "../dom.js";
import { duration, rate } from "../format.js";
import { loadPlotly } from "./plotly-script.js";
import { KEEP_SECONDS, latest } from "./series.js";
import { colours, fontFamily } from "./theme.js";

/** @import { Plotly } from "./plotly.js" */
/** @import { Colours } from "./theme.js" */
/** @import { Columns } from "./types.js" */

const HEIGHT = 116;
const CONFIG = { displayModeBar: false, responsive: false, doubleClick: false, showTips: false };

/** @typedef {{name: keyof Columns, colour: keyof Colours, dash: string, fill: boolean}} Line */
/** @typedef {{title: string, unit: string, write: (value: number | null) => string, lines: Line[]}} Figure */

/** @type {Record<string, Figure>} */
const FIGURES = {
  requests: {
    title: "Requests per second",
    unit: "rps",
    write: rate,
    lines: [{ name: "requests", colour: "p50", dash: "solid", fill: true }],
  },
  errors: {
    title: "Errors per second",
    unit: "rps",
    write: rate,
    lines: [{ name: "errors", colour: "failing", dash: "solid", fill: true }],
  },
  latency: {
    title: "Latency",
    unit: "ms",
    write: duration,
    lines: [
      { name: "p50", colour: "p50", dash: "solid", fill: false },
      { name: "p95", colour: "p95", dash: "6px,2px", fill: false },
      { name: "p99", colour: "p99", dash: "2px,2px", fill: false },
    ],
  },
};

export class Figures {
  /** @type {Map<string, HTMLElement>} */ #places;
  /** @type {string} */ #source;
  /** @type {Promise<Plotly> | null} */ #plotly = null;
  /** @type {Columns | null} */ #columns = null;
  #revision = 0;
  #subject = "";

  /** @param {HTMLElement} root @param {string} source address of plotly's script */
  constructor(root, source) {
    this.#source = source;
    this.#places = new Map(
      findAll(root, "figure", HTMLElement).map((figure) => [
        figure.dataset.figure ?? "",
        /** @type {HTMLElement} */ (figure.querySelector("div")),
      ]),
    );
    new ResizeObserver(() => void this.#resize()).observe(root);
  }

  /** @param {string} subject whose numbers these are: zoom and hover start anew with another @param {Columns} columns */
  async show(subject, columns) {
    this.#subject = subject;
    this.#columns = columns;
    await this.draw();
  }

  /** Draws what is known, in the theme of this moment. */
  async draw() {
    const columns = this.#columns;
    if (!columns || columns.t.length === 0) return;
    const plotly = await this.#load();
    // Another selection may have come while the library was on its way.
    if (columns !== this.#columns) return;
    this.#revision += 1;
    const colour = colours();
    for (const [key, place] of this.#places) this.#drawOne(plotly, key, place, columns, colour);
  }

  /** @param {Plotly} plotly @param {string} key @param {HTMLElement} place @param {Columns} columns @param {Colours} colour */
  #drawOne(plotly, key, place, columns, colour) {
    const figure = FIGURES[key];
    if (!figure || place.clientWidth === 0) return;
    const moments = columns.t.map((second) => new Date(second * 1000));
    const data = figure.lines.map((line) => trace(line, moments, columns, colour, figure.unit));
    void plotly.react(place, data, this.#layout(figure, place, columns, colour), CONFIG);
    place.setAttribute("role", "img");
    place.setAttribute("aria-label", summary(figure, columns));
  }

  /** @param {Figure} figure @param {HTMLElement} place @param {Columns} columns @param {Colours} colour */
  #layout(figure, place, columns, colour) {
    const end = (columns.t.at(-1) ?? 0) * 1000;
    const most = Math.max(0, ...figure.lines.flatMap((line) => columns[line.name].map((value) => value ?? 0)));
    const axis = { color: colour.muted, gridcolor: colour.grid, zeroline: false, fixedrange: true };
    return {
      width: place.clientWidth,
      height: HEIGHT,
      margin: { l: 44, r: 10, t: 6, b: 22 },
      paper_bgcolor: "rgba(0,0,0,0)",
      plot_bgcolor: "rgba(0,0,0,0)",
      font: { family: fontFamily(), size: 11, color: colour.muted },
      showlegend: false,
      hovermode: "x unified",
      hoverlabel: { bgcolor: colour.surface, bordercolor: colour.boxBorder, font: { color: colour.text, size: 11 } },
      xaxis: { ...axis, type: "date", range: [new Date(end - KEEP_SECONDS * 1000), new Date(end)], showgrid: false, nticks: 4, tickformat: "%H:%M", hoverformat: "%H:%M:%S" },
      // An axis over noughts only would be drawn from -1 to 1.
      yaxis: { ...axis, range: [0, most * 1.12 || 1], nticks: 4, tickformat: most >= 10_000 ? "~s" : "", exponentformat: "none" },
      uirevision: this.#subject,
      datarevision: this.#revision,
    };
  }

  async #resize() {
    if (this.#plotly) await this.draw();
  }

  /** @returns {Promise<Plotly>} */
  #load() {
    this.#plotly ??= loadPlotly(this.#source);
    return this.#plotly;
  }
}

/** @param {Line} line @param {Date[]} moments @param {Columns} columns @param {Colours} colour @param {string} unit */
function trace(line, moments, columns, colour, unit) {
  const ink = colour[line.colour];
  return {
    type: "scatter",
    mode: "lines",
    name: line.name,
    x: moments,
    y: columns[line.name],
    connectgaps: false,
    line: { color: ink, width: 1.75, dash: line.dash },
    fill: line.fill ? "tozeroy" : "none",
    fillcolor: transparent(ink, 0.14),
    hovertemplate: `%{y:.3~r} ${unit}<extra>${line.name}</extra>`,
  };
}

/** @param {string} rgb @param {number} alpha */
function transparent(rgb, alpha) {
  return rgb.replace(/^rgba?\((\d+), (\d+), (\d+).*$/, `rgba($1, $2, $3, ${alpha})`);
}

/** @param {Figure} figure @param {Columns} columns @returns {string} the figure in a sentence */
function summary(figure, columns) {
  const now = figure.lines.map((line) => {
    const name = figure.lines.length > 1 ? `${line.name} ` : "";
    return `${name}${figure.write(latest(columns[line.name]))}`;
  });
  return `${figure.title} over the last five minutes; now ${now.join(", ")}`;
}
