// How much room a node takes, and which nodes share an app's box. Pure.

/** @import { GraphNode } from "./types.js" */

/** Room for one node with the two lines of its label, in the graph's own units. */
export const CELL = Object.freeze({ width: 104, height: 92 });
/** A folded namespace is a card with its name and numbers on it. */
export const CARD = Object.freeze({ width: 184, height: 66 });
const CARD_ROOM = Object.freeze({ width: CARD.width + 8, height: CARD.height + 14 });

/** @param {GraphNode} node @returns {{width: number, height: number}} the room that it needs */
export function cellOf(node) {
  return node.kind === "namespace" ? CARD_ROOM : CELL;
}

/**
 * The versions of an app (and the service that stands before them) share a box; a single one has none.
 * @param {Iterable<GraphNode>} nodes
 * @returns {Map<string, string>} node id to the key of its box
 */
export function boxes(nodes) {
  /** @type {Map<string, string[]>} */
  const members = new Map();
  for (const node of nodes) {
    if (!node.app || node.kind === "unknown") continue;
    const key = `box:${node.cluster ? `${node.cluster}/` : ""}${node.namespace}/${node.app}`;
    const ids = members.get(key);
    if (ids) ids.push(node.id);
    else members.set(key, [node.id]);
  }
  const shared = [...members].filter(([, ids]) => ids.length > 1);
  return new Map(shared.flatMap(([key, ids]) => ids.map((id) => /** @type {[string, string]} */ ([id, key]))));
}
