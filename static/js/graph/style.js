// How cytoscape draws what the page's theme and the elements' data say.

import { CARD } from "./cells.js";
import { glyph, mark, plus } from "./marks.js";
import { differences } from "./time/paint.js";

/** @import { StylesheetJson, NodeSingular } from "cytoscape" */
/** @import { Colours } from "./theme.js" */
/** @import { GraphEdge, GraphNode, Health } from "./types.js" */

export const NODE_SIZE = 42;
export const DEGRADED_OVER = 0.01;
export const FAILING_OVER = 0.05;
export const FADED = 0.14;
const DIMMED = 0.22;

/** @param {GraphEdge} edge @returns {number} width of the line, by the logarithm of requests, of TCP's kibibytes, per second */
export function edgeWidth(edge) {
  const amount = edge.protocol === "tcp" ? bytesOf(edge) / 1024 : edge.requests_per_second;
  return Math.min(8, 1.25 + 1.55 * Math.log10(1 + amount));
}

/** @param {GraphEdge} edge @returns {number} per second, both ways */
export function bytesOf(edge) {
  return (edge.sent_bytes_per_second ?? 0) + (edge.received_bytes_per_second ?? 0);
}

/** @param {GraphEdge} edge @returns {Health} what the colour of the line says, by the error ratio alone */
export function edgeHealth(edge) {
  if (edge.requests_per_second <= 0) return edge.protocol === "tcp" && bytesOf(edge) > 0 ? "ok" : "idle";
  if (edge.error_ratio > FAILING_OVER) return "failing";
  return edge.error_ratio > DEGRADED_OVER ? "degraded" : "ok";
}

/** @param {Colours} colour @param {string} font @returns {StylesheetJson} */
export function stylesheet(colour, font) {
  const sheet = [...nodes(colour, font), ...differences(colour), ...states(colour)];
  return /** @type {StylesheetJson} */ (/** @type {unknown} */ (sheet));
}

/** @param {Colours} colour @param {string} font */
function nodes(colour, font) {
  const kindOf = (/** @type {NodeSingular} */ node) => /** @type {GraphNode["kind"]} */ (node.data("kind"));
  const healthOf = (/** @type {NodeSingular} */ node) => /** @type {Health} */ (node.data("health"));
  return [
    {
      selector: "node.item",
      style: {
        width: NODE_SIZE,
        height: NODE_SIZE,
        shape: "ellipse",
        "background-color": colour.node,
        "background-image": (/** @type {NodeSingular} */ node) => [
          glyph(kindOf(node), colour.muted),
          mark(healthOf(node), colour),
        ],
        "background-width": ["22px", "18px"],
        "background-height": ["22px", "18px"],
        "background-position-x": ["50%", "100%"],
        "background-position-y": ["50%", "0%"],
        "background-offset-x": ["0px", "7px"],
        "background-offset-y": ["0px", "-7px"],
        "background-clip": ["none", "none"],
        "background-image-containment": ["over", "over"],
        "bounds-expansion": 8,
        "border-width": 1.75,
        "border-color": colour.ok,
        label: "data(label)",
        color: colour.text,
        "font-family": font,
        "font-size": 12,
        "line-height": 1.25,
        "text-wrap": "wrap",
        "text-max-width": "160px",
        "text-valign": "bottom",
        "text-margin-y": 8,
        "min-zoomed-font-size": 6,
      },
    },
    { selector: "node.app", style: { shape: "round-rectangle", "corner-radius": "10px" } },
    {
      selector: "node.service",
      style: { shape: "round-triangle", width: NODE_SIZE + 4, "background-position-y": ["70%", "0%"] },
    },
    { selector: "node.namespace", style: card(colour, healthOf) },
    { selector: "node.unknown, node.hidden", style: { "border-style": "dashed", "border-dash-pattern": [4, 3] } },
    { selector: "node.degraded", style: { "border-width": 3, "border-color": colour.degraded } },
    { selector: "node.failing", style: { "border-width": 4, "border-color": colour.failing } },
    { selector: "node.idle", style: { "border-color": colour.idle, color: colour.muted, "background-opacity": 0.5, "background-image-opacity": 0.6 } },
  ];
}

/**
 * A folded namespace: its name and what it holds are on it, and a plus to unfold it.
 * @param {Colours} colour @param {(node: NodeSingular) => Health} healthOf
 */
function card(colour, healthOf) {
  return {
    shape: "round-rectangle",
    "corner-radius": "9px",
    width: CARD.width,
    height: CARD.height,
    "background-image": (/** @type {NodeSingular} */ node) => [plus(colour.muted), mark(healthOf(node), colour)],
    "background-width": ["18px", "18px"],
    "background-height": ["18px", "18px"],
    "background-position-x": ["100%", "100%"],
    "background-position-y": ["50%", "0%"],
    "background-offset-x": ["-8px", "7px"],
    "font-size": 19,
    "text-valign": "center",
    "text-margin-y": 0,
    "text-margin-x": -9,
    "text-max-width": `${CARD.width - 34}px`,
  };
}

/** @param {Colours} colour */
function states(colour) {
  const ring = { "outline-width": 2.5, "outline-offset": 4, "outline-color": colour.accent, "outline-opacity": 1 };
  return [
    { selector: "node.item:active", style: { "overlay-opacity": 0 } },
    { selector: "core", style: { "active-bg-opacity": 0 } },
    { selector: ".faded", style: { opacity: FADED } },
    { selector: ".dimmed", style: { opacity: DIMMED } },
    { selector: "node.found", style: { ...ring, "outline-style": "dashed" } },
    { selector: "node.chosen", style: ring },
  ];
}
