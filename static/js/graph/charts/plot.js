// The figures as plotly wants them: traces and a layout with one axis of time below all of them. Pure.

import { duration } from "../../format.js";
import { GLYPHS, named, spanOf } from "../time/marks.js";

/** @import { Colours } from "../theme.js" */
/** @import { Mark } from "../time/marks.js" */
/** @import { Stretch } from "../time/moments.js" */
/** @import { FigureColumns } from "./shapes.js" */

/** The rows from below, and the part of the height that each takes. */
const ROWS = /** @type {const} */ ([
  { axis: "yaxis", y: "y", domain: [0, 0.13], title: "Bytes, per second" },
  { axis: "yaxis2", y: "y2", domain: [0.19, 0.38], title: "Latency in buckets, rps" },
  { axis: "yaxis3", y: "y3", domain: [0.44, 0.6], title: "Latency, ms" },
  { axis: "yaxis4", y: "y4", domain: [0.66, 0.76], title: "Errors, % of requests" },
  { axis: "yaxis5", y: "y5", domain: [0.815, 0.95], title: "Requests by code, rps" },
]);
const MARK_AXIS = "y6";
const NARROW = 500;

/**
 * A step that is missing is unknown, not nought: a line and a colour must not bridge it.
 * @param {FigureColumns} columns
 * @returns {FigureColumns} with a moment without values in each gap
 */
export function withGaps(columns) {
  const { t, step_seconds: step } = columns;
  /** @type {number[]} */ const moments = [];
  /** @type {number[]} */ const from = [];
  t.forEach((at, i) => {
    const before = t[i - 1];
    if (before !== undefined && at - before > step * 1.8) {
      moments.push(before + step);
      from.push(-1);
    }
    moments.push(at);
    from.push(i);
  });
  if (moments.length === t.length) return columns;
  const spread = (/** @type {any[]} */ column) => from.map((i) => (i < 0 ? null : column[i]));
  return {
    ...columns,
    t: moments,
    codes: Object.fromEntries(Object.entries(columns.codes).map(([code, column]) => [code, spread(column)])),
    errors: spread(columns.errors),
    p50: spread(columns.p50),
    p95: spread(columns.p95),
    p99: spread(columns.p99),
    heat: { ...columns.heat, per_second: columns.heat.per_second.map(spread) },
    sent_bytes: spread(columns.sent_bytes),
    received_bytes: spread(columns.received_bytes),
  };
}

/** @param {FigureColumns} columns @returns {(number | null)[]} errors in percent of the requests; null without any */
export function errorPercent({ t, codes, errors }) {
  return t.map((_, i) => {
    const requests = Object.values(codes).reduce((sum, column) => sum + (column[i] ?? 0), 0);
    return requests > 0 ? (100 * (errors[i] ?? 0)) / requests : null;
  });
}

/** @param {FigureColumns} found @param {Mark[]} marks @param {Colours} colour @param {number} now @returns {object[]} */
export function traces(found, marks, colour, now) {
  const columns = withGaps(found);
  const x = columns.t.map((second) => new Date(second * 1000));
  return [
    ...codes(columns, x, colour),
    line({ name: "errors", x, y: errorPercent(columns), yaxis: "y4", ink: colour.failing, dash: "solid", unit: "%", fill: true, legend: "" }),
    ...quantiles(columns, x, colour),
    heat(columns, x, colour),
    ...bytes(columns, x, colour),
    ...markTrace(marks, colour, now),
  ];
}

/** @param {FigureColumns} columns @param {Date[]} x @param {Colours} colour */
function codes(columns, x, colour) {
  const width = columns.step_seconds * 1000;
  return Object.entries(columns.codes).sort(([a], [b]) => a.localeCompare(b)).map(([code, y]) => ({
    type: "bar", name: code, x, y, width, offset: -width, yaxis: "y5", legend: "legend", offsetgroup: "codes",
    marker: { color: codeColour(code, colour), line: { width: 0 }, pattern: { shape: PATTERNS[code[0] ?? ""] ?? "", size: 5, solidity: 0.3, fillmode: "overlay", fgcolor: colour.surface } },
    hovertemplate: `%{y:.3~r} rps<extra>${code}</extra>`,
  })); // prettier-ignore
}

/** A class of codes has a pattern besides its colour. @type {Record<string, string>} */
const PATTERNS = { 4: "/", 5: "x", 0: "." };

/** @param {string} code @param {Colours} colour */
function codeColour(code, colour) {
  const inks = { 2: colour.p50, 3: colour.p95, 4: colour.degraded, 5: colour.failing, 0: colour.failing };
  return inks[/** @type {keyof typeof inks} */ (Number(code[0]))] ?? colour.muted;
}

/** @param {FigureColumns} columns @param {Date[]} x @param {Colours} colour */
function quantiles(columns, x, colour) {
  const dashes = /** @type {const} */ ({ p50: "solid", p95: "6px,2px", p99: "2px,2px" });
  return /** @type {const} */ (["p50", "p95", "p99"]).map((name) =>
    line({ name, x, y: columns[name], yaxis: "y3", ink: colour[name], dash: dashes[name], unit: "ms", fill: false, legend: "legend2" }),
  );
}

/** @param {FigureColumns} columns @param {Date[]} x @param {Colours} colour */
function bytes(columns, x, colour) {
  const both = /** @type {const} */ ([["sent", columns.sent_bytes, colour.p50, "solid"], ["received", columns.received_bytes, colour.p95, "6px,2px"]]); // prettier-ignore
  return both.map(([name, y, ink, dash]) => line({ name, x, y, yaxis: "y", ink, dash, unit: "B/s", fill: false, legend: "legend3" }));
}

/** @param {{name: string, x: Date[], y: (number | null)[], yaxis: string, ink: string, dash: string, unit: string, fill: boolean, legend: string}} of */
function line({ name, x, y, yaxis, ink, dash, unit, fill, legend }) {
  return {
    type: "scatter", mode: "lines", name, x, y, yaxis, connectgaps: false, line: { color: ink, width: 1.75, dash },
    fill: fill ? "tozeroy" : "none", fillcolor: faint(ink, 0.14), showlegend: legend !== "", legend: legend || "legend",
    hovertemplate: `%{y:.3~s} ${unit}<extra>${name}</extra>`,
  }; // prettier-ignore
}

/**
 * The gap between its rows also keeps plotly from a shortcut that sets a style attribute, which the page's policy forbids.
 * @param {FigureColumns} columns
 * @param {Date[]} x
 * @param {Colours} colour
 */
function heat(columns, x, colour) {
  const { edges_ms: edges, per_second: z } = usedBuckets(columns.heat);
  const y = edges.map((_, i) => i);
  const text = bucketNames(edges);
  return {
    type: "heatmap", name: "latency", x, y, z: z.map((row) => row.map((value) => value || null)), yaxis: "y2", showscale: false, hoverongaps: false, zmin: 0, ygap: 1,
    colorscale: [[0, faint(colour.p50, 0.08)], [0.5, faint(colour.p50, 0.6)], [1, colour.p99]],
    customdata: z.map((row, bucket) => row.map(() => text[bucket])),
    hovertemplate: "%{z:.3~r} rps %{customdata}<extra></extra>",
  }; // prettier-ignore
}

/**
 * Histograms reach from half a millisecond to an hour: only what was used is worth its height, with a bucket on either side.
 * @param {FigureColumns["heat"]} heat
 * @returns {FigureColumns["heat"]}
 */
export function usedBuckets({ edges_ms: edges, per_second: rows }) {
  const used = rows.flatMap((row, i) => (row.some((value) => value > 0) ? [i] : []));
  const [first, last] = used.length ? [Math.max(0, Number(used[0]) - 1), Number(used.at(-1)) + 2] : [0, edges.length];
  return { edges_ms: edges.slice(first, last), per_second: rows.slice(first, last) };
}

/** @param {(number | null)[]} edges upper edges in milliseconds, null: infinity @returns {string[]} "25 ms to 50 ms" */
export function bucketNames(edges) {
  return edges.map((edge, i) => {
    const below = i > 0 ? `${duration(edges[i - 1])} to ` : "up to ";
    return edge === null ? `over ${duration(edges[i - 1])}` : `${below}${duration(edge)}`;
  });
}

/** @param {Mark[]} marks @param {Colours} colour @param {number} now */
function markTrace(marks, colour, now) {
  if (marks.length === 0) return [];
  return [{
    type: "scatter", mode: "text", name: "marks", yaxis: MARK_AXIS, showlegend: false,
    x: marks.map((mark) => new Date(mark.at)), y: marks.map(() => 0.5), text: marks.map((mark) => GLYPHS[mark.kind]),
    textfont: { size: 16, color: marks.map((mark) => markColour(mark, colour)) },
    customdata: marks.map((mark) => mark.url), hoverlabel: { align: "left" },
    hovertext: marks.map((mark) => escaped(`${named(mark)}${mark.by ? `, by ${mark.by}` : ""}${lasting(mark, now)}`)),
    hovertemplate: "%{hovertext}<extra></extra>",
  }]; // prettier-ignore
}

/** @param {Mark} mark @param {number} now */
function lasting(mark, now) {
  if (mark.kind !== "fault") return "";
  const [start, end] = spanOf(mark, now);
  return mark.until ? `, for ${Math.round((end - start) / 1000)} s` : ", still on";
}

/** Plotly reads a little HTML in its texts. @param {string} text */
export function escaped(text) {
  return text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

/** @param {Mark} mark @param {Colours} colour */
function markColour(mark, colour) {
  return { change: colour.info, revert: colour.muted, fault: colour.degraded, rollout: colour.info }[mark.kind];
}

/** @param {Mark[]} marks @param {Colours} colour @param {number} now @returns {object[]} a line through all figures for each, a band for a fault */
export function markShapes(marks, colour, now) {
  return marks.flatMap((mark) => {
    const ink = markColour(mark, colour);
    const [start, end] = spanOf(mark, now).map((at) => new Date(at));
    const across = { xref: "x", yref: "paper", y0: 0, y1: 0.983 };
    const dash = { change: "dash", revert: "dot", fault: "dash", rollout: "dashdot" }[mark.kind];
    const at = { ...across, type: "line", x0: start, x1: start, line: { color: ink, width: 1.25, dash } };
    if (mark.kind !== "fault") return [at];
    const band = { ...across, type: "rect", x0: start, x1: end, layer: "below", line: { width: 0 }, fillcolor: faint(ink, 0.14) };
    return [band, at];
  });
}

/**
 * @param {{width: number, height: number, font: string, revision: string, data: number}} look `revision`: zoom is kept while it stays
 * @param {FigureColumns} columns
 * @param {Mark[]} marks
 * @param {Stretch} shown
 * @param {Colours} colour
 * @param {number} now
 */
export function layout(look, columns, marks, shown, colour, now) {
  const axis = { color: colour.muted, gridcolor: colour.grid, zeroline: false, fixedrange: true, exponentformat: "SI", nticks: 4, rangemode: "tozero" };
  const rows = Object.fromEntries(ROWS.map(({ axis: name, domain }) => [name, { ...axis, domain: [...domain] }]));
  const legend = { orientation: "h", x: 1, xanchor: "right", yanchor: "bottom", bgcolor: "rgba(0,0,0,0)", font: { size: 11, color: colour.muted }, traceorder: "normal", itemclick: "toggle" };
  return {
    width: look.width, height: look.height, margin: { l: 64, r: 12, t: 8, b: 40 },
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { family: look.font, size: 11, color: colour.muted },
    barmode: "stack", bargap: 0, dragmode: "zoom", hovermode: "x unified", hoversubplots: "axis",
    hoverlabel: { bgcolor: colour.surface, bordercolor: colour.boxBorder, font: { color: colour.text, size: 11 } },
    xaxis: { ...axis, type: "date", anchor: "y", fixedrange: false, range: [new Date(shown.from), new Date(shown.to)], rangemode: "normal", nticks: look.width < NARROW ? 4 : 9, tickangle: 0, hoverformat: "%H:%M:%S", spikethickness: 1, spikecolor: colour.muted },
    ...rows,
    yaxis2: { ...rows.yaxis2, rangemode: "normal", showgrid: false, ...bucketTicks(usedBuckets(columns.heat).edges_ms) },
    [`yaxis${MARK_AXIS.slice(1)}`]: { domain: [0.983, 1], range: [0, 1], fixedrange: true, visible: false },
    legend: { ...legend, y: 0.95 }, legend2: { ...legend, y: 0.6 }, legend3: { ...legend, y: 0.13 },
    annotations: ROWS.map(({ domain, title }) => ({ text: title, xref: "paper", yref: "paper", x: 0, y: domain[1], xanchor: "left", yanchor: "bottom", yshift: 5, showarrow: false, font: { size: 12, color: colour.text } })),
    shapes: markShapes(marks, colour, now),
    uirevision: look.revision, datarevision: look.data,
  }; // prettier-ignore
}

/** At most seven names beside the map. @param {(number | null)[]} edges */
function bucketTicks(edges) {
  const every = Math.max(1, Math.ceil(edges.length / 7));
  const kept = edges.flatMap((edge, i) => (i % every === 0 || edge === null ? [i] : []));
  return { tickmode: "array", tickvals: kept, ticktext: kept.map((i) => (edges[i] === null ? "∞" : `≤ ${duration(edges[i])}`)) };
}

/** @param {string} rgb @param {number} alpha */
function faint(rgb, alpha) {
  return rgb.replace(/^rgba?\((\d+), (\d+), (\d+).*$/, `rgba($1, $2, $3, ${alpha})`);
}
