// What stands where on the drawing, as the SVG writer takes it. Pure.

import { KINDS } from "../acting.js";
import { boxes } from "../cells.js";
import { edgeTitle, HEALTH_WORDS, nodeLines, nodeTitle } from "../names.js";

/** @import { Badge } from "../acting.js" */
/** @import { GraphModel } from "../model.js" */
/** @import { Scene } from "../scene.js" */
/** @import { Caption } from "../titles.js" */
/** @import { Chip, PictureBox, PictureNode, PictureWire } from "./svg.js" */

/** @typedef {{boxes: PictureBox[], wires: PictureWire[], nodes: PictureNode[]}} Drawn */
/** @typedef {ReadonlySet<string> | null} Lit ids of what find leaves in the light; null: all */

const EVERYWHERE = Object.freeze({ left: -Infinity, right: Infinity, top: -Infinity, bottom: Infinity });

/**
 * @param {Scene} scene
 * @param {GraphModel} model what is drawn
 * @param {Map<string, Caption>} captions by the id of the box or node
 * @param {Lit} lit
 * @returns {Drawn}
 */
export function drawn(scene, model, captions, lit) {
  const wires = scene.seen(EVERYWHERE).map(({ wire, look }) => ({
    ...look,
    start: wire.start,
    middle: wire.middle,
    end: wire.end,
    title: titleOfWire(wire.id, model),
    dimmed: isDimmed(wire.id, lit),
  }));
  return { boxes: boxesOf(scene, captions), wires, nodes: nodesOf(scene, model, captions, lit) };
}

/** @param {Scene} scene @param {Map<string, Caption>} captions @returns {PictureBox[]} */
function boxesOf(scene, captions) {
  return [...scene.frames.values()].flatMap(({ id, kind, title }) => {
    const rect = scene.rects.get(id);
    const caption = captions.get(id);
    return rect ? [{ rect, kind, title, sum: caption?.sum ?? "", chips: chips(caption?.badges) }] : [];
  });
}

/** @param {Scene} scene @param {GraphModel} model @param {Map<string, Caption>} captions @param {Lit} lit @returns {PictureNode[]} */
function nodesOf(scene, model, captions, lit) {
  const boxed = boxes(model.nodes.values());
  return [...model.nodes.values()].flatMap((node) => {
    const at = scene.at.get(node.id);
    const where = node.namespace && node.kind !== "namespace" ? ` in ${node.namespace}` : "";
    const title = `${nodeTitle(node)}${where}: ${HEALTH_WORDS[node.health]}`;
    const lines = nodeLines(node, boxed.has(node.id)).split("\n").filter(Boolean);
    const { kind, health } = node;
    return at ? [{ ...at, kind, health, lines, title, chips: chips(captions.get(node.id)?.badges), dimmed: isDimmed(node.id, lit) }] : [];
  });
}

/** @param {string} id @param {GraphModel} model */
function titleOfWire(id, model) {
  const edge = model.edges.get(id);
  return edge ? edgeTitle(edge, model) : "";
}

/** @param {string} id @param {Lit} lit */
function isDimmed(id, lit) {
  return lit !== null && !lit.has(id);
}

/** @param {Badge[]} [badges] @returns {Chip[]} in words: nobody can point at a picture */
function chips(badges = []) {
  return badges.map(({ kind, short }) => ({ word: `${KINDS[kind].word}${short ? ` ${short}` : ""}`, wrong: kind === "fault" || kind.startsWith("no_") }));
}
