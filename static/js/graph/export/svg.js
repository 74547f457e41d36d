// The drawing as an SVG file that opens anywhere: every text as text, every colour written out, nothing from outside.
// Pure: what is where comes from picture.js.

import { glyphShapes, markShapes } from "../marks.js";
import { escape } from "./escape.js";

/** @import { GraphNode, Health } from "../types.js" */
/** @import { Colours } from "../theme.js" */

/** @typedef {{x: number, y: number}} Point */
/** @typedef {{left: number, right: number, top: number, bottom: number}} Rect */
/** @typedef {{word: string, wrong: boolean}} Chip what acts there */

/**
 * @typedef {object} PictureNode
 * @property {number} x
 * @property {number} y
 * @property {GraphNode["kind"]} kind
 * @property {Health} health
 * @property {string[]} lines of its label
 * @property {string} title what is told to who points at it
 * @property {Chip[]} chips
 * @property {boolean} dimmed
 */
/**
 * @typedef {object} PictureWire
 * @property {Point} start
 * @property {Point[]} middle control points of a chain of quadratic curves, joined half way between each two
 * @property {Point} end
 * @property {number} width
 * @property {Health} health
 * @property {"" | "tcp" | "idle"} dash
 * @property {string} label
 * @property {string} title
 * @property {boolean} dimmed
 */
/** @typedef {{rect: Rect, kind: "app" | "namespace" | "cluster", title: string, sum: string, chips: Chip[]}} PictureBox */
/**
 * @typedef {object} Picture
 * @property {PictureBox[]} boxes the outer ones first
 * @property {PictureWire[]} wires
 * @property {PictureNode[]} nodes
 * @property {string} title
 * @property {string[]} footer lines
 * @property {Colours} colours
 * @property {string} font
 */

const RADIUS = 21;
const CARD = Object.freeze({ width: 168, height: 62 });
const MARGIN = 28;
const LINE = 15;
const FOOTER_LINE = 16;
/** How wide a letter is drawn, as a part of its size: no file knows the fonts of who opens it. */
const LETTER = 0.56;

/** @param {Picture} picture @returns {string} */
export function svg(picture) {
  const { font, title, footer } = picture;
  const colours = safe(picture.colours);
  const around = bounds(picture);
  const width = Math.max(around.right - around.left, ...footer.map((line) => textWidth(line, 11))) + 2 * MARGIN;
  const height = around.bottom - around.top + 2 * MARGIN + footer.length * FOOTER_LINE + 8;
  const [w, h] = [num(width), num(height)];
  const below = around.bottom + MARGIN + 8;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}" viewBox="${num(around.left - MARGIN)} ${num(around.top - MARGIN)} ${w} ${h}" role="img" font-family="${escape(font)}">`,
    `<title>${escape(title)}</title>`,
    `<rect x="${num(around.left - MARGIN)}" y="${num(around.top - MARGIN)}" width="${w}" height="${h}" fill="${colours.surface}"/>`,
    ...picture.boxes.map((box) => boxShapes(box, colours)),
    ...picture.wires.map((wire) => wireShapes(wire, colours)),
    ...picture.wires.map((wire) => labelShapes(wire, colours)),
    ...picture.nodes.map((node) => nodeShapes(node, colours)),
    ...picture.boxes.map((box) => chipRow(box.chips, box.rect.left + 4, box.rect.top - 4, colours, "start")),
    ...footer.map((line, i) => text(line, around.left, below + i * FOOTER_LINE, { size: 11, fill: colours.muted })),
    "</svg>",
    "",
  ].join("\n");
}

/** @param {Colours} colours @returns {Colours} that no attribute ends at */
function safe(colours) {
  return /** @type {Colours} */ (Object.fromEntries(Object.entries(colours).map(([name, colour]) => [name, escape(colour)])));
}

/** @param {Picture} picture @returns {Rect} */
function bounds({ boxes, nodes, wires }) {
  const rects = [
    ...boxes.map(({ rect, chips }) => ({ ...rect, top: rect.top - (chips.length ? 24 : 0) })),
    ...nodes.map((node) => nodeRect(node)),
    ...wires.flatMap(({ middle }) => middle.map(({ x, y }) => ({ left: x, right: x, top: y, bottom: y }))),
  ];
  if (!rects.length) return { left: 0, right: 320, top: 0, bottom: 40 };
  return {
    left: Math.min(...rects.map(({ left }) => left)),
    right: Math.max(...rects.map(({ right }) => right)),
    top: Math.min(...rects.map(({ top }) => top)),
    bottom: Math.max(...rects.map(({ bottom }) => bottom)),
  };
}

/** @param {PictureNode} node @returns {Rect} with its label and its chips */
function nodeRect({ x, y, kind, lines, chips }) {
  const half = Math.max(kind === "namespace" ? CARD.width / 2 : RADIUS, ...lines.map((line) => textWidth(line, 12) / 2), rowWidth(chips) / 2);
  return { left: x - half, right: x + half, top: y - RADIUS - (chips.length ? 30 : 6), bottom: y + RADIUS + 10 + lines.length * LINE };
}

/** @param {PictureBox} box @param {Colours} colours */
function boxShapes({ rect, kind, title, sum }, colours) {
  const look = kind === "app" ? `fill="${colours.box}" stroke="${colours.boxBorder}"` : `fill="none" stroke="${colours.namespaceBorder}" stroke-dasharray="${kind === "cluster" ? "8 4" : "2 4"}"`;
  const size = kind === "app" ? 12 : 13;
  return [
    `<rect x="${num(rect.left)}" y="${num(rect.top)}" width="${num(rect.right - rect.left)}" height="${num(rect.bottom - rect.top)}" rx="10" ${look}/>`,
    text(title, rect.left + 10, rect.top + 18, { size, fill: colours.text, weight: 600 }),
    sum ? text(sum, rect.left + 10, rect.top + 34, { size: 12, fill: colours.muted }) : "",
  ].join("");
}

/** @param {PictureWire} wire @param {Colours} colours */
function wireShapes(wire, colours) {
  const stroke = colourOf(wire.health, colours.edge, colours);
  const dash = wire.dash && ` stroke-dasharray="${wire.dash === "tcp" ? "7 4" : "1 4"}"`;
  return `<g${faded(wire.dimmed)}><title>${escape(wire.title)}</title><path d="${path(wire)}" fill="none" stroke="${stroke}" stroke-width="${num(wire.width)}"${dash}/>${arrowhead(wire, stroke)}</g>`;
}

/** @param {PictureWire} wire @returns {string} */
function path({ start, middle, end }) {
  const parts = [`M${num(start.x)} ${num(start.y)}`];
  middle.forEach((control, i) => {
    const next = middle[i + 1];
    const to = next ? { x: (control.x + next.x) / 2, y: (control.y + next.y) / 2 } : end;
    parts.push(`Q${num(control.x)} ${num(control.y)} ${num(to.x)} ${num(to.y)}`);
  });
  if (!middle.length) parts.push(`L${num(end.x)} ${num(end.y)}`);
  return parts.join("");
}

/** @param {PictureWire} wire @param {string} fill */
function arrowhead({ start, middle, end, width }, fill) {
  const from = middle.at(-1) ?? start;
  const angle = Math.atan2(end.y - from.y, end.x - from.x);
  const [long, wide] = [5 + 2 * width, 2.5 + width];
  const back = { x: end.x - long * Math.cos(angle), y: end.y - long * Math.sin(angle) };
  const side = { x: wide * Math.sin(angle), y: -wide * Math.cos(angle) };
  return `<path d="M${num(end.x)} ${num(end.y)}L${num(back.x + side.x)} ${num(back.y + side.y)}L${num(back.x - side.x)} ${num(back.y - side.y)}Z" fill="${fill}"/>`;
}

/** @param {PictureWire} wire @param {Colours} colours */
function labelShapes(wire, colours) {
  if (!wire.label) return "";
  const { x, y } = halfWay(wire);
  const width = textWidth(wire.label, 11) + 6;
  const ground = `<rect x="${num(x - width / 2)}" y="${num(y - 8)}" width="${num(width)}" height="16" rx="3" fill="${colours.surface}" fill-opacity="0.92"/>`;
  return `<g${faded(wire.dimmed)}>${ground}${text(wire.label, x, y + 4, { size: 11, fill: colours.text, anchor: "middle" })}</g>`;
}

/** @param {PictureWire} wire @returns {Point} */
function halfWay({ start, middle, end }) {
  const [first, last] = [middle[0], middle.at(-1)];
  if (!first || !last) return { x: (start.x + end.x) / 2, y: (start.y + end.y) / 2 };
  // Of one curve its middle; of a chain, where its inner two meet.
  if (middle.length === 1) return { x: (start.x + 2 * first.x + end.x) / 4, y: (start.y + 2 * first.y + end.y) / 4 };
  const at = Math.floor(middle.length / 2);
  const [one, other] = [middle[at - 1] ?? first, middle[at] ?? last];
  return { x: (one.x + other.x) / 2, y: (one.y + other.y) / 2 };
}

/** @param {PictureNode} node @param {Colours} colours */
function nodeShapes(node, colours) {
  const { x, y, kind, health, lines, title, chips, dimmed } = node;
  const card = kind === "namespace";
  const first = card ? y - 4 : y + RADIUS + 19;
  return [
    `<g${faded(dimmed)}><title>${escape(title)}</title>`,
    outline(node, colours),
    card ? "" : `<g transform="translate(${num(x - 11)} ${num(y - 11)}) scale(0.917)">${glyphShapes(kind, colours.muted)}</g>`,
    `<g transform="translate(${num(x + (card ? CARD.width / 2 : RADIUS) - 11)} ${num(y - (card ? CARD.height / 2 : RADIUS) - 7)})">${markShapes(health, colours)}</g>`,
    ...lines.map((line, i) => text(line, x, first + i * LINE, { size: 12, fill: health === "idle" ? colours.muted : colours.text, anchor: "middle" })),
    chipRow(chips, x, y - RADIUS - 8, colours, "middle"),
    "</g>",
  ].join("");
}

/** @param {PictureNode} node @param {Colours} colours */
function outline({ x, y, kind, health }, colours) {
  const width = { ok: 1.75, idle: 1.75, degraded: 3, failing: 4 }[health];
  const dash = kind === "unknown" || kind === "hidden" ? ' stroke-dasharray="4 3"' : "";
  const look = `fill="${colours.node}" stroke="${colourOf(health, colours.ok, colours)}" stroke-width="${width}"${dash}`;
  if (kind === "namespace") return `<rect x="${num(x - CARD.width / 2)}" y="${num(y - CARD.height / 2)}" width="${CARD.width}" height="${CARD.height}" rx="10" ${look}/>`;
  if (kind === "app") return `<rect x="${num(x - RADIUS)}" y="${num(y - RADIUS)}" width="${2 * RADIUS}" height="${2 * RADIUS}" rx="10" ${look}/>`;
  if (kind === "service") return `<path d="M${num(x)} ${num(y - RADIUS - 2)}L${num(x + RADIUS + 2)} ${num(y + RADIUS)}H${num(x - RADIUS - 2)}Z" stroke-linejoin="round" ${look}/>`;
  return `<circle cx="${num(x)}" cy="${num(y)}" r="${RADIUS}" ${look}/>`;
}

/** @param {Chip[]} chips @param {number} x @param {number} bottom @param {Colours} colours @param {"start" | "middle"} anchor */
function chipRow(chips, x, bottom, colours, anchor) {
  let left = anchor === "middle" ? x - rowWidth(chips) / 2 : x;
  return chips
    .map(({ word, wrong }) => {
      const width = chipWidth(word);
      const colour = wrong ? colours.degraded : colours.namespaceBorder;
      const pill = `<rect x="${num(left)}" y="${num(bottom - 16)}" width="${num(width)}" height="16" rx="8" fill="${colours.node}" stroke="${colour}"/>`;
      const shape = pill + text(word, left + width / 2, bottom - 4.5, { size: 10, fill: wrong ? colours.degraded : colours.text, anchor: "middle" });
      left += width + 4;
      return shape;
    })
    .join("");
}

/** @param {Chip[]} chips */
function rowWidth(chips) {
  return chips.reduce((sum, { word }) => sum + chipWidth(word) + 4, -4);
}

/** @param {string} word */
function chipWidth(word) {
  return textWidth(word, 10) + 14;
}

/** @param {string} content @param {number} size */
function textWidth(content, size) {
  return [...content].length * size * LETTER;
}

/**
 * @param {string} content
 * @param {number} x
 * @param {number} y of the line it stands on
 * @param {{size: number, fill: string, weight?: number, anchor?: "middle"}} look
 */
function text(content, x, y, { size, fill, weight, anchor }) {
  const more = (weight ? ` font-weight="${weight}"` : "") + (anchor ? ` text-anchor="${anchor}"` : "");
  return `<text x="${num(x)}" y="${num(y)}" font-size="${size}" fill="${fill}"${more}>${escape(content)}</text>`;
}

/** @param {Health} health @param {string} ok @param {Colours} colours */
function colourOf(health, ok, colours) {
  return health === "ok" ? ok : colours[health];
}

/** @param {boolean} dimmed */
function faded(dimmed) {
  return dimmed ? ' opacity="0.25"' : "";
}

/** @param {number} value @returns {string} with as many digits as one can see */
function num(value) {
  return Number.isFinite(value) ? String(Math.round(value * 100) / 100) : "0";
}
