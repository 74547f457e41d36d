/** The planned weight over time, as a figure. The geometry is pure; `draw` puts it on the page. */
import { inWords } from "./durations.js";

const SVG = "http://www.w3.org/2000/svg";
const HEIGHT = 96;
const TOP = 16;
const BOTTOM = 18;
/** After the last step all requests stay with the canary. */
const TAIL = 28;
const LEAST_WIDTH = 8;
/** Below this a label would run into the next. */
const LABEL = 30;

/**
 * @typedef {object} Bar
 * @property {number} x
 * @property {number} width
 * @property {number} y
 * @property {number} weight
 * @property {string} label "" where there is no room
 * @property {boolean} pause
 */

/**
 * Where each step stands; as wide as it lasts, and never too narrow to be seen.
 * @param {{weight: number, seconds: number, pause: boolean}[]} steps
 * @param {number} width
 * @returns {Bar[]}
 */
export function bars(steps, width) {
  const least = Math.min(LEAST_WIDTH, (width - TAIL) / Math.max(1, steps.length));
  const room = width - TAIL - least * steps.length;
  const total = steps.reduce((sum, { seconds }) => sum + seconds, 0) || 1;
  let x = 0;
  return steps.map(({ weight, seconds, pause }) => {
    const wide = least + (room * seconds) / total;
    const bar = { x, width: wide, y: height(weight), weight, label: wide >= LABEL ? `${weight} %` : "", pause };
    x += wide;
    return bar;
  });
}

/** @param {number} weight */
function height(weight) {
  return TOP + (1 - weight / 100) * (HEIGHT - TOP - BOTTOM);
}

/**
 * @param {SVGSVGElement} svg
 * @param {{weight: number, seconds: number, pause: boolean}[]} steps
 * @param {string} end what stands at the end of the axis
 */
export function draw(svg, steps, end) {
  const width = Math.max(240, svg.clientWidth || 480);
  const found = bars(steps, width);
  const floor = HEIGHT - BOTTOM;
  const last = found[found.length - 1];
  const edge = last ? last.x + last.width : 0;
  svg.setAttribute("viewBox", `0 0 ${width} ${HEIGHT}`);
  svg.setAttribute("aria-label", `Weight over time: ${steps.map((step) => `${step.weight} % for ${inWords(step.seconds)}`).join(", ")}, then all`);
  const line = found.map(({ x, y, width: wide }) => `L${x} ${y}H${x + wide}`).join("");
  svg.replaceChildren(
    shape("path", { class: "course-area", d: `M0 ${floor}${line}V${height(100)}H${width}V${floor}Z` }),
    shape("path", { class: "course-line", d: `M0 ${floor}${line}V${height(100)}H${width}` }),
    shape("path", { class: "course-axis", d: `M0 ${floor}H${width}` }),
    ...found.filter(({ pause }) => pause).map((bar) => shape("path", { class: "course-pause", d: `M${bar.x + bar.width} ${TOP}V${floor}` })),
    ...found.filter(({ label }) => label).map((bar) => text(bar.x + 4, bar.y - 4, bar.label)),
    text(0, HEIGHT - 4, "start"),
    text(Math.min(edge, width - 2), HEIGHT - 4, end, "end"),
    text(width, height(100) - 4, "all", "end"),
  );
}

/** @param {number} x @param {number} y @param {string} words @param {string} [anchor] */
function text(x, y, words, anchor = "start") {
  const found = shape("text", { x, y, "text-anchor": anchor });
  found.textContent = words;
  return found;
}

/** @param {string} tag @param {Record<string, string | number>} attributes */
function shape(tag, attributes) {
  const found = document.createElementNS(SVG, tag);
  for (const [name, value] of Object.entries(attributes)) found.setAttribute(name, String(value));
  return found;
}
