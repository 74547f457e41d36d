// What is different between two moments, drawn: a colour and a line of its own for each kind; the words are labels.

/** @import { CollectionReturnValue } from "cytoscape" */
/** @import { Look } from "../scene.js" */
/** @import { Colours } from "../theme.js" */
/** @import { Difference, Kind } from "./differences.js" */

/** How a call is drawn. @type {Record<Kind, Partial<Look>>} */
const LINES = {
  failing: { health: "failing", dash: "" },
  slower: { health: "degraded", dash: "tcp" },
  gone: { health: "idle", dash: "idle" },
  new: { health: "ok", tone: "info", dash: "" },
  fixed: { health: "ok", tone: "ok", dash: "" },
  faster: { health: "ok", tone: "ok", dash: "tcp" },
  busier: { health: "ok", dash: "" },
  quieter: { health: "ok", dash: "tcp" },
  same: { health: "ok", tone: "idle", dash: "" },
};

/** How a node is drawn. @type {Record<Exclude<Kind, "same">, {colour: keyof Colours, border: string}>} */
const RINGS = {
  failing: { colour: "failing", border: "double" },
  slower: { colour: "degraded", border: "dashed" },
  gone: { colour: "idle", border: "dotted" },
  new: { colour: "info", border: "double" },
  fixed: { colour: "ok", border: "solid" },
  faster: { colour: "ok", border: "dashed" },
  busier: { colour: "edge", border: "solid" },
  quieter: { colour: "edge", border: "dashed" },
};

/** @param {Difference | undefined} difference of a call @returns {Partial<Look>} what it changes of its look */
export function differing(difference) {
  return difference ? LINES[difference.kind] : {};
}

/**
 * Marks a node with its difference, or takes the mark off.
 * @param {CollectionReturnValue} element
 * @param {{difference?: Difference}} node
 */
export function showDifference(element, { difference }) {
  const kind = difference?.kind ?? "";
  const before = element.data("difference") ?? "";
  if (before === kind) return;
  element.data("difference", kind);
  if (before) element.removeClass(`compared diff-${before}`);
  if (kind) element.addClass(`compared diff-${kind}`);
}

/** @param {Colours} colour @returns {object[]} for cytoscape's sheet, after the rules for health, which they overrule */
export function differences(colour) {
  return [
    { selector: "node.compared", style: { "border-color": colour.idle, "border-width": 1.75, "background-image-opacity": [1, 0] } },
    { selector: "node.compared.diff-same", style: { opacity: 0.45 } },
    ...Object.entries(RINGS).map(([kind, ring]) => ({
      selector: `node.compared.diff-${kind}`,
      style: { "border-color": colour[ring.colour], "border-width": 4, "border-style": ring.border },
    })),
  ];
}
