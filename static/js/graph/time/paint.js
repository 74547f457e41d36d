// What is different between two moments, drawn: a colour and a line of its own for each kind; the words are labels.

/** @import { CollectionReturnValue } from "cytoscape" */
/** @import { Colours } from "../theme.js" */
/** @import { Difference, Kind } from "./differences.js" */

/**
 * Marks what is drawn with its difference, or takes the mark off.
 * @param {CollectionReturnValue} element
 * @param {{difference?: Difference}} item
 */
export function showDifference(element, { difference }) {
  const kind = difference?.kind ?? "";
  if ((element.data("difference") ?? "") === kind) return;
  const before = element.data("difference");
  element.data("difference", kind);
  if (before) element.removeClass(`compared diff-${before}`);
  if (kind) element.addClass(`compared diff-${kind}`);
}

/** The way a line is drawn. @type {Record<Exclude<Kind, "same">, {colour: keyof Colours, line: "solid" | "dashed" | "dotted", arrow: string, border: string}>} */
const LOOKS = {
  failing: { colour: "failing", line: "solid", arrow: "tee", border: "double" },
  slower: { colour: "degraded", line: "dashed", arrow: "triangle-tee", border: "dashed" },
  gone: { colour: "idle", line: "dotted", arrow: "none", border: "dotted" },
  new: { colour: "info", line: "solid", arrow: "diamond", border: "double" },
  fixed: { colour: "ok", line: "solid", arrow: "circle", border: "solid" },
  faster: { colour: "ok", line: "dashed", arrow: "chevron", border: "dashed" },
  busier: { colour: "edge", line: "solid", arrow: "triangle", border: "solid" },
  quieter: { colour: "edge", line: "dashed", arrow: "triangle", border: "solid" },
};

/** @param {Colours} colour @returns {object[]} for cytoscape's sheet, after the rules for health, which they overrule */
export function differences(colour) {
  const plain = { "line-color": colour.idle, "target-arrow-color": colour.idle, "line-style": "solid", "font-size": 12 };
  return [
    { selector: "edge.compared", style: plain },
    { selector: "node.compared", style: { "border-color": colour.idle, "border-width": 1.75, "background-image-opacity": [1, 0] } },
    { selector: "node.compared.diff-same, edge.compared.diff-same", style: { opacity: 0.45 } },
    ...Object.entries(LOOKS).flatMap(([kind, look]) => {
      const ink = colour[look.colour];
      const edge = { "line-color": ink, "target-arrow-color": ink, "line-style": look.line, "target-arrow-shape": look.arrow, "arrow-scale": 1.1 };
      const node = { "border-color": ink, "border-width": 4, "border-style": look.border };
      return [
        { selector: `edge.compared.diff-${kind}`, style: edge },
        { selector: `node.compared.diff-${kind}`, style: node },
      ];
    }),
  ];
}
