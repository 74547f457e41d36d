// One figure of a rollout: draws a panel into its svg. The axis of time is given, so that all figures share it.

import { area, clamped, decades, linear, logarithmic, path } from "./scales.js";
import { svg } from "./svg.js";

/** @import { Mark, Panel } from "./panels.js" */
/** @import { Scale } from "./scales.js" */

export const LEFT = 52;
export const RIGHT = 10;
const TOP = 6;
const BOTTOM = 6;
/** Room for the marks above the first figure. */
export const MARKS = 18;

/** @typedef {{width: number, x: Scale, from: number, to: number, ticks: number[], marks: Mark[], still: [number, number][], first: boolean}} Frame */

/**
 * @param {SVGSVGElement} root
 * @param {Panel} panel
 * @param {Frame} frame
 * @returns {{x: Scale, y: Scale}}
 */
export function draw(root, panel, frame) {
  const top = frame.first ? TOP + MARKS : TOP;
  const height = panel.height + (frame.first ? MARKS : 0);
  const scale = panel.log ? logarithmic : linear;
  const y = clamped(scale(panel.least, panel.most, height - BOTTOM, top), panel.least, panel.most);
  root.setAttribute("width", String(frame.width));
  root.setAttribute("height", String(height));
  root.setAttribute("viewBox", `0 0 ${frame.width} ${height}`);
  root.replaceChildren(
    ...frame.still.map((each) => band(each, frame.x, top, height - BOTTOM)),
    ...frame.ticks.map((at) => svg("line", { class: "fig-grid", x1: frame.x(at), x2: frame.x(at), y1: top, y2: height - BOTTOM })),
    ...levels(panel).flatMap((value) => level(value, panel, frame.width, y)),
    ...frame.marks.map((mark) => svg("line", { class: `fig-mark is-${mark.look}`, x1: frame.x(mark.at), x2: frame.x(mark.at), y1: frame.first ? MARKS : 0, y2: height })),
    ...panel.lines.flatMap((line) => bound(line, frame.width, y)),
    ...panel.series.flatMap((series) => lines(series, frame.x, y)),
    ...(frame.first ? glyphs(frame.marks, frame.x) : []),
    svg("line", { class: "fig-cross", y1: top, y2: height - BOTTOM, visibility: "hidden" }),
  );
  return { x: frame.x, y };
}

/** @param {[number, number]} still @param {Scale} x @param {number} top @param {number} bottom */
function band([from, to], x, top, bottom) {
  return svg("rect", { class: "fig-still", x: x(from), width: Math.max(0, x(to) - x(from)), y: top, height: bottom - top });
}

/** @param {Panel} panel @returns {number[]} */
function levels({ log, least, most }) {
  return log ? decades(least, most) : [0, most / 2, most];
}

/** @param {number} value @param {Panel} panel @param {number} width @param {Scale} y */
function level(value, panel, width, y) {
  const at = y(value);
  const text = svg("text", { class: "fig-label", x: LEFT - 6, y: at + 4, "text-anchor": "end" }, labelOf(value, panel));
  return [svg("line", { class: "fig-grid", x1: LEFT, x2: width - RIGHT, y1: at, y2: at }), text];
}

/** The unit stands in the panel's numbers already. @param {number} value @param {Panel} panel */
function labelOf(value, panel) {
  return panel.log ? (value < 1 ? String(value) : panel.format(value)) : panel.format(value).replace(/ (rps|k rps|M rps)$/, (unit) => unit.replace(/ ?rps/, ""));
}

/** @param {import("./panels.js").Line} line @param {number} width @param {Scale} y */
function bound({ value, label, look }, width, y) {
  const at = y(value);
  const found = [svg("line", { class: `fig-line is-${look}`, x1: LEFT, x2: width - RIGHT, y1: at, y2: at })];
  const text = svg("text", { class: `fig-label is-${look}`, x: LEFT + 6, y: at - 4 }, label);
  return label ? [...found, text] : found;
}

/** @param {import("./panels.js").Series} series @param {Scale} x @param {Scale} y */
function lines({ look, samples, stairs, band: edges }, x, y) {
  const line = svg("path", { class: `fig-series of-${look}`, d: path(samples, x, y, stairs) });
  return edges ? [svg("path", { class: `fig-band of-${look}`, d: area(edges, x, y) }), line] : [line];
}

/** @type {Record<string, string>} */
const SHAPES = {
  write: "M0-4 4 0 0 4-4 0Z",
  command: "M-3.4 4C-3.4 1.6-1.6.8 0 .8S3.4 1.6 3.4 4ZM0-.4A2.1 2.1 0 1 0 0-4.6 2.1 2.1 0 0 0 0-.4Z",
  ok: "M-4 0-1 3.5 4-3.5",
  degraded: "M0-4.4 4.6 4-4.6 4Z",
  failing: "M-3.6-3.6 3.6 3.6M3.6-3.6-3.6 3.6",
  idle: "M-4 0H4",
  info: "M-2.6-4 4 0-2.6 4Z",
};

/** What happened, as signs above the first figure: each says in words what it was. @param {Mark[]} marks @param {Scale} x */
function glyphs(marks, x) {
  let free = -Infinity;
  return marks.flatMap((mark) => {
    const at = x(mark.at);
    const shape = svg("path", { d: SHAPES[mark.look] ?? "" });
    const title = svg("title", {}, mark.words);
    // Where two are at one moment, the later says what came of the earlier: it stands on top.
    const crowded = at < free;
    free = at + 10;
    const place = svg("rect", { class: "fig-glyph-place", x: -9, y: -9, width: 18, height: 18 });
    return [svg("g", { class: `fig-glyph is-${mark.look}${crowded ? " is-crowded" : ""}`, transform: `translate(${at.toFixed(1)} 9)` }, place, shape, title)];
  });
}

/** The axis below the last figure. @param {SVGSVGElement} root @param {Frame} frame @param {(at: number) => string} words */
export function drawAxis(root, frame, words) {
  root.setAttribute("width", String(frame.width));
  root.setAttribute("height", "20");
  root.replaceChildren(
    ...frame.ticks.map((at) => {
      const px = frame.x(at);
      const anchor = px > frame.width - 34 ? "end" : "middle";
      return svg("text", { class: "fig-label", x: px, y: 14, "text-anchor": anchor }, words(at));
    }),
  );
}
