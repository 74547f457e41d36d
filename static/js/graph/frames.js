// The boxes around nodes: an app's versions, a namespace, a cluster. Where they stand follows from their nodes. Pure.

import { boxes, CELL, cellOf } from "./cells.js";

/** @import { Point, Rect } from "./layout.js" */
/** @import { GraphNode } from "./types.js" */

/**
 * @typedef {object} Frame
 * @property {string} id "box:", "ns:" or "cluster:" and a name
 * @property {"app" | "namespace" | "cluster"} kind
 * @property {string} title
 * @property {string} parent id of the box around it, or ""
 * @property {string} namespace "" for a cluster
 * @property {string} cluster "" in a mesh of one cluster
 * @property {string[]} members ids of its nodes
 */

/** Room around what a box holds. */
export const PADDING = Object.freeze({
  namespace: { left: 22, right: 22, top: 44, bottom: 18 },
  cluster: { left: 26, right: 26, top: 44, bottom: 26 },
});
/** An app's box around the centres of its nodes. */
const APP = Object.freeze({ half: CELL.width / 2, above: 50, below: 50 });

/** @param {Iterable<GraphNode>} nodes @returns {boolean} whether they stand in more than one cluster */
export function severalClusters(nodes) {
  const names = new Set();
  for (const node of nodes) if (node.cluster) names.add(node.cluster);
  return names.size > 1;
}

/** @param {GraphNode} node @param {boolean} clustered @returns {string} id of the namespace's box around a node, or "" */
export function namespaceFrame(node, clustered) {
  if (!node.namespace || node.kind === "namespace") return "";
  return clustered && node.cluster ? `ns:${node.cluster}/${node.namespace}` : `ns:${node.namespace}`;
}

/** @param {GraphNode[]} nodes @returns {Map<string, Frame>} by id, outer ones first */
export function framesOf(nodes) {
  const clustered = severalClusters(nodes);
  const box = boxes(nodes);
  /** @type {Map<string, Frame>[]} */
  const [clusters, namespaces, apps] = [new Map(), new Map(), new Map()];
  for (const node of nodes) {
    const { namespace } = node;
    const cluster = clustered ? (node.cluster ?? "") : "";
    const outer = cluster && `cluster:${cluster}`;
    const middle = namespaceFrame(node, clustered);
    const inner = box.get(node.id) ?? "";
    if (outer) join(clusters, outer, { kind: "cluster", title: cluster, parent: "", namespace: "", cluster }, node.id);
    if (middle) join(namespaces, middle, { kind: "namespace", title: namespace, parent: outer, namespace, cluster }, node.id);
    if (inner) join(apps, inner, { kind: "app", title: node.app, parent: middle, namespace, cluster }, node.id);
  }
  return new Map([...clusters, ...namespaces, ...apps]);
}

/** @param {Map<string, Frame>} frames @param {string} id @param {Omit<Frame, "id" | "members">} facts @param {string} member */
function join(frames, id, facts, member) {
  const known = frames.get(id);
  if (known) known.members.push(member);
  else frames.set(id, { id, ...facts, members: [member] });
}

/**
 * @param {Map<string, Frame>} frames
 * @param {(id: string) => {point: Point, node: GraphNode} | undefined} placed where a node stands
 * @returns {Map<string, Rect>} by the frame's id, outer ones first
 */
export function rectsOf(frames, placed) {
  /** @type {Map<string, Rect>} */
  const found = new Map();
  const grow = (/** @type {string} */ id, /** @type {Rect} */ rect) => {
    const before = found.get(id);
    found.set(id, before ? union(before, rect) : rect);
  };
  for (const frame of [...frames.values()].reverse()) {
    for (const id of frame.members) {
      const at = placed(id);
      if (at) grow(frame.id, around(at.point, at.node, frame.kind));
    }
    const own = found.get(frame.id);
    if (!own) continue;
    if (frame.kind !== "app") found.set(frame.id, padded(own, PADDING[frame.kind]));
    if (frame.parent) grow(frame.parent, /** @type {Rect} */ (found.get(frame.id)));
  }
  return new Map([...frames.keys()].flatMap((id) => (found.has(id) ? [[id, /** @type {Rect} */ (found.get(id))]] : [])));
}

/** @param {Point} point @param {GraphNode} node @param {Frame["kind"]} kind @returns {Rect} */
function around(point, node, kind) {
  const { width, height } = cellOf(node);
  const room = kind === "app" ? { half: APP.half, above: APP.above, below: APP.below } : { half: width / 2, above: height / 2, below: height / 2 };
  return { left: point.x - room.half, right: point.x + room.half, top: point.y - room.above, bottom: point.y + room.below };
}

/** @param {Rect} a @param {Rect} b @returns {Rect} */
export function union(a, b) {
  return {
    left: Math.min(a.left, b.left),
    right: Math.max(a.right, b.right),
    top: Math.min(a.top, b.top),
    bottom: Math.max(a.bottom, b.bottom),
  };
}

/** @param {Rect} rect @param {{left: number, right: number, top: number, bottom: number}} room @returns {Rect} */
export function padded(rect, room) {
  return { left: rect.left - room.left, right: rect.right + room.right, top: rect.top - room.top, bottom: rect.bottom + room.bottom };
}
