// What stands where on the drawing, as the SVG writer takes it.

import { KINDS } from "../acting.js";
import { edgeTitle, HEALTH_WORDS, nodeTitle } from "../names.js";
import { edgeHealth } from "../style.js";

/** @import { Core, EdgeSingular, NodeSingular } from "cytoscape" */
/** @import { Badge } from "../acting.js" */
/** @import { GraphModel } from "../model.js" */
/** @import { Caption } from "../titles.js" */
/** @import { Chip, PictureBox, PictureNode, PictureWire } from "./svg.js" */

/** @typedef {{boxes: PictureBox[], wires: PictureWire[], nodes: PictureNode[]}} Drawn */

/**
 * @param {Core} cy
 * @param {GraphModel} model what is drawn
 * @param {Map<string, Caption>} captions by the id of the box or node
 * @returns {Drawn}
 */
export function drawn(cy, model, captions) {
  const frames = [...cy.nodes(".namespace-box").toArray(), ...cy.nodes(".app-box").toArray()];
  return {
    boxes: frames.map((box) => boxOf(/** @type {NodeSingular} */ (box), captions)),
    wires: cy.edges(".item").toArray().flatMap((edge) => wireOf(/** @type {EdgeSingular} */ (edge), model)),
    nodes: cy.nodes(".item").toArray().flatMap((node) => nodeOf(/** @type {NodeSingular} */ (node), model, captions)),
  };
}

/** @param {NodeSingular} box @param {Map<string, Caption>} captions @returns {PictureBox} */
function boxOf(box, captions) {
  const { x1, x2, y1, y2 } = box.boundingBox({ includeLabels: false, includeOverlays: false });
  const caption = captions.get(box.id());
  const kind = box.hasClass("app-box") ? "app" : "namespace";
  return { rect: { left: x1, right: x2, top: y1, bottom: y2 }, kind, title: caption?.title ?? "", sum: caption?.sum ?? "", chips: chips(caption?.badges) };
}

/** @param {EdgeSingular} element @param {GraphModel} model @returns {PictureWire[]} none for one that is not drawn */
function wireOf(element, model) {
  const edge = model.edges.get(element.id());
  const [start, end] = [element.sourceEndpoint(), element.targetEndpoint()];
  if (!edge || !start || !end || !Number.isFinite(start.x) || !Number.isFinite(end.x)) return [];
  const health = edgeHealth(edge);
  return [
    {
      start,
      middle: element.controlPoints() ?? [],
      end,
      width: Number(element.data("width")),
      health,
      dash: health === "idle" ? "idle" : edge.protocol === "tcp" ? "tcp" : "",
      label: String(element.data("label")),
      title: edgeTitle(edge, model),
      dimmed: element.hasClass("dimmed"),
    },
  ];
}

/** @param {NodeSingular} element @param {GraphModel} model @param {Map<string, Caption>} captions @returns {PictureNode[]} */
function nodeOf(element, model, captions) {
  const node = model.nodes.get(element.id());
  if (!node) return [];
  const { x, y } = element.position();
  const where = node.namespace ? ` in ${node.namespace}` : "";
  return [
    {
      x,
      y,
      kind: node.kind,
      health: node.health,
      lines: String(element.data("label")).split("\n").filter(Boolean),
      title: `${nodeTitle(node)}${where}: ${HEALTH_WORDS[node.health]}`,
      chips: chips(captions.get(node.id)?.badges),
      dimmed: element.hasClass("dimmed"),
    },
  ];
}

/** @param {Badge[]} [badges] @returns {Chip[]} in words: nobody can point at a picture */
function chips(badges = []) {
  return badges.map(({ kind, short }) => ({ word: `${KINDS[kind].word}${short ? ` ${short}` : ""}`, wrong: kind === "fault" || kind.startsWith("no_") }));
}
