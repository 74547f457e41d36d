// How cytoscape draws what the page's theme and the elements' data say.

import { glyph, mark } from "./marks.js";
import { differences } from "./time/paint.js";

/** @import { StylesheetJson, NodeSingular } from "cytoscape" */
/** @import { Colours } from "./theme.js" */
/** @import { GraphEdge, GraphNode, Health } from "./types.js" */

export const NODE_SIZE = 42;
export const DEGRADED_OVER = 0.01;
export const FAILING_OVER = 0.05;
const FADED = 0.14;

/** @param {number} rps @returns {number} width of the line, by the logarithm of the rate */
export function edgeWidth(rps) {
  return Math.min(8, 1.25 + 1.55 * Math.log10(1 + rps));
}

/** @param {GraphEdge} edge @returns {Health} what the colour of the line says, by the error ratio alone */
export function edgeHealth(edge) {
  if (edge.requests_per_second <= 0) return "idle";
  if (edge.error_ratio > FAILING_OVER) return "failing";
  return edge.error_ratio > DEGRADED_OVER ? "degraded" : "ok";
}

/** @param {Colours} colour @param {string} font @returns {StylesheetJson} */
export function stylesheet(colour, font) {
  const sheet = [...nodes(colour, font), ...boxes(colour), ...edges(colour, font), ...differences(colour), ...states(colour)];
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
    { selector: "node.unknown, node.hidden", style: { "border-style": "dashed", "border-dash-pattern": [4, 3] } },
    { selector: "node.degraded", style: { "border-width": 3, "border-color": colour.degraded } },
    { selector: "node.failing", style: { "border-width": 4, "border-color": colour.failing } },
    { selector: "node.idle", style: { "border-color": colour.idle, color: colour.muted } },
  ];
}

/** @param {Colours} colour */
function boxes(colour) {
  const box = {
    shape: "round-rectangle",
    "corner-radius": "10px",
    "background-color": colour.box,
    "background-opacity": 1,
    "border-width": 1,
    "border-color": colour.boxBorder,
    "compound-sizing-wrt-labels": "include",
    events: "no",
  };
  return [
    { selector: "node.app-box", style: { ...box, padding: "12px", "min-height": "0px" } },
    {
      selector: "node.namespace-box",
      style: {
        ...box,
        "background-opacity": 0,
        "border-color": colour.namespaceBorder,
        "border-style": "dashed",
        "border-dash-pattern": [2, 4],
        padding: "40px",
      },
    },
  ];
}

/** @param {Colours} colour @param {string} font */
function edges(colour, font) {
  return [
    {
      selector: "edge",
      style: {
        "curve-style": "unbundled-bezier",
        "control-point-weights": "data(weights)",
        "control-point-distances": "data(distances)",
        "edge-distances": "node-position",
        width: "data(width)",
        "line-color": colour.edge,
        "target-arrow-color": colour.edge,
        "target-arrow-shape": "triangle",
        "arrow-scale": 0.8,
        "target-distance-from-node": 3,
        "source-distance-from-node": 2,
        label: "data(label)",
        color: colour.text,
        "font-family": font,
        "font-size": 11,
        "text-background-color": colour.surface,
        "text-background-opacity": 0.92,
        "text-background-padding": "2px",
        "text-background-shape": "round-rectangle",
        "min-zoomed-font-size": 6,
        "overlay-opacity": 0,
      },
    },
    { selector: "edge.looped", style: { "curve-style": "bezier", "loop-direction": "-45deg", "loop-sweep": "60deg" } },
    { selector: "edge.tcp", style: { "line-style": "dashed", "line-dash-pattern": [7, 4] } },
    { selector: "edge.degraded", style: tinted(colour.degraded) },
    { selector: "edge.failing", style: tinted(colour.failing) },
    { selector: "edge.idle", style: { ...tinted(colour.idle), "line-style": "dotted", color: colour.muted } },
  ];
}

/** @param {string} colour */
function tinted(colour) {
  return { "line-color": colour, "target-arrow-color": colour };
}

/** @param {Colours} colour */
function states(colour) {
  const ring = { "outline-width": 2.5, "outline-offset": 4, "outline-color": colour.accent, "outline-opacity": 1 };
  return [
    { selector: "node.item:active", style: { "overlay-opacity": 0 } },
    { selector: "core", style: { "active-bg-opacity": 0 } },
    { selector: ".faded", style: { opacity: FADED } },
    { selector: "node.found", style: { ...ring, "outline-style": "dashed" } },
    { selector: "node.chosen", style: ring },
    {
      selector: "edge.chosen",
      style: { "underlay-color": colour.accent, "underlay-opacity": 0.3, "underlay-padding": 5, "z-index": 10 },
    },
  ];
}
