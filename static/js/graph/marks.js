// Small pictures on the nodes: a glyph for the kind, a mark for the health. SVG as text, in the theme's colours.

/** @import { Colours } from "./theme.js" */
/** @import { GraphNode } from "./types.js" */

/** @type {Record<GraphNode["kind"], string>} */
const GLYPHS = {
  app: '<path d="M5 8.5 12 5l7 3.5L12 12zM5 12l7 3.5 7-3.5M5 15.5 12 19l7-3.5"/>',
  workload: '<path d="M12 4.5 18.5 8v8L12 19.5 5.5 16V8zM5.5 8l6.5 3.7L18.5 8M12 11.7v7.8"/>',
  service: '<path d="M12 10v4M12 14l-3 3M12 14l3 3"/><circle cx="12" cy="9" r="1.4"/>',
  namespace: '<path d="M5 7h5l1.5 2H19v8.5H5z"/>',
  hidden: '<path d="M5.5 12s2.4-4 6.5-4 6.5 4 6.5 4-2.4 4-6.5 4-6.5-4-6.5-4zM7 17 17 7"/>',
  unknown: '<path d="M9 9.5a3 3 0 1 1 4.6 2.6c-1 .6-1.6 1.2-1.6 2.4M12 17.4v.4"/>',
};

/** @param {GraphNode["kind"]} kind @param {string} colour @returns {string} data: address of a 24 by 24 picture */
export function glyph(kind, colour) {
  return picture(24, glyphShapes(kind, colour));
}

/** @param {GraphNode["kind"]} kind @param {string} colour @returns {string} SVG elements, 24 by 24 */
export function glyphShapes(kind, colour) {
  return `<g fill="none" stroke="${colour}" stroke-width="1.4" stroke-linecap="round" stroke-linejoin="round">${GLYPHS[kind]}</g>`;
}

/**
 * @param {GraphNode["health"]} health
 * @param {Colours} colour
 * @returns {string} data: address of an 18 by 18 picture: a notch, a cross, or nothing
 */
export function mark(health, colour) {
  return picture(18, markShapes(health, colour));
}

/** @param {GraphNode["health"]} health @param {Colours} colour @returns {string} SVG elements, 18 by 18; or "" */
export function markShapes(health, colour) {
  if (health === "degraded") {
    return `<path d="M9 1 17 16H1z" fill="${colour.degraded}" stroke="${colour.surface}" stroke-width="1.5" stroke-linejoin="round"/><path d="M9 6v4.6M9 12.8v.6" stroke="${colour.onMark}" stroke-width="1.9" stroke-linecap="round"/>`;
  }
  if (health === "failing") {
    return `<circle cx="9" cy="9" r="8" fill="${colour.failing}" stroke="${colour.surface}" stroke-width="1.5"/><path d="m6 6 6 6m0-6-6 6" stroke="${colour.onMark}" stroke-width="2" stroke-linecap="round"/>`;
  }
  return "";
}

/** @param {string} colour @returns {string} data: address of an 18 by 18 picture: what is folded can be unfolded */
export function plus(colour) {
  return picture(18, `<rect x="2" y="2" width="14" height="14" rx="3.5" fill="none" stroke="${colour}" stroke-width="1.3"/><path d="M9 5.6v6.8M5.6 9h6.8" stroke="${colour}" stroke-width="1.5" stroke-linecap="round"/>`);
}

/** @param {number} size @param {string} body */
function picture(size, body) {
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${size * 3}" height="${size * 3}" viewBox="0 0 ${size} ${size}">${body}</svg>`;
  return `data:image/svg+xml;utf8,${encodeURIComponent(svg)}`;
}
