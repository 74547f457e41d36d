// Layouts inside layouts: each namespace by itself, then the namespaces of a cluster as blocks, then the clusters.
// So no box ever meets another one, and the work grows with the graph only. Pure.

import { PADDING } from "./frames.js";
import { layers } from "./layers.js";

/** @import { Block, Gap, Link, Point } from "./layers.js" */

/** @typedef {Block & {cluster: string, namespace: string}} Part */
/** @typedef {{left: number, right: number, top: number, bottom: number}} Room */
/** @typedef {{width: number, height: number, centres: Map<string, Point>}} Inner centres from its own middle */

/** Between namespaces there is more room than between ranks inside one. */
const OUTER = Object.freeze({ rank: 70, node: 26 });
const NONE = Object.freeze({ left: 0, right: 0, top: 0, bottom: 0 });

/**
 * @param {Part[]} parts
 * @param {Link[]} links between two different parts
 * @param {Gap} gap inside a namespace
 * @returns {Map<string, Point>} the centre of each part
 */
export function nested(parts, links, gap) {
  const namespaceOf = (/** @type {Part} */ part) => (part.namespace ? `ns:${part.cluster}/${part.namespace}` : part.key);
  const clusters = new Set(parts.map((part) => part.cluster).filter(Boolean));
  const clusterOf = (/** @type {Part} */ part) => (clusters.size > 1 && part.cluster ? `cluster:${part.cluster}` : namespaceOf(part));
  const inNamespaces = grouped(parts, links, namespaceOf, (group) => inside(group, gap, isBoxed(group) ? PADDING.namespace : NONE));
  const inClusters = grouped(inNamespaces.parts, inNamespaces.links, clusterOf, (group) =>
    inside(group, OUTER, group.parts.length > 1 && clusters.size > 1 ? PADDING.cluster : NONE),
  );
  const top = layers(inClusters.parts, inClusters.links, OUTER);
  return spread(parts, [inNamespaces.homes, inClusters.homes], [inNamespaces.inner, inClusters.inner], top);
}

/** @typedef {{parts: Part[], links: Link[]}} Group */

/** @param {Group} group */
function isBoxed({ parts }) {
  return parts.some((part) => part.namespace !== "");
}

/**
 * @param {Part[]} parts
 * @param {Link[]} links
 * @param {(part: Part) => string} keyOf
 * @param {(group: Group) => Inner} arrange
 */
function grouped(parts, links, keyOf, arrange) {
  /** @type {Map<string, Group>} */
  const groups = new Map();
  const homes = new Map(parts.map((part) => [part.key, keyOf(part)]));
  for (const part of parts) at(groups, keyOf(part)).parts.push(part);
  /** @type {Link[]} */
  const outer = [];
  for (const link of links) {
    const [from, to] = [homes.get(link.from) ?? "", homes.get(link.to) ?? ""];
    if (from === to) at(groups, from).links.push(link);
    else outer.push({ from, to });
  }
  const inner = new Map([...groups].map(([key, group]) => [key, arrange(group)]));
  const blocks = [...groups].map(([key, group]) => {
    const { width, height } = /** @type {Inner} */ (inner.get(key));
    const { cluster = "", namespace = "" } = group.parts[0] ?? {};
    return { key, cluster, namespace, width, height };
  });
  return { parts: blocks, links: outer, inner, homes };
}

/** @param {Map<string, Group>} groups @param {string} key */
function at(groups, key) {
  const group = groups.get(key) ?? { parts: [], links: [] };
  groups.set(key, group);
  return group;
}

/** @param {Group} group @param {Gap} gap @param {Room} padding @returns {Inner} */
function inside({ parts, links }, gap, padding) {
  const found = parts.length === 1 ? new Map([[parts[0]?.key ?? "", { x: 0, y: 0 }]]) : layers(parts, links, gap);
  const rects = parts.map((part) => ({ ...part, ...(found.get(part.key) ?? { x: 0, y: 0 }) }));
  const left = rects.reduce((least, one) => Math.min(least, one.x - one.width / 2), Infinity) - padding.left;
  const right = rects.reduce((most, one) => Math.max(most, one.x + one.width / 2), -Infinity) + padding.right;
  const top = rects.reduce((least, one) => Math.min(least, one.y - one.height / 2), Infinity) - padding.top;
  const bottom = rects.reduce((most, one) => Math.max(most, one.y + one.height / 2), -Infinity) + padding.bottom;
  const middle = { x: (left + right) / 2, y: (top + bottom) / 2 };
  const centres = new Map(rects.map(({ key, x, y }) => [key, { x: x - middle.x, y: y - middle.y }]));
  return { width: right - left, height: bottom - top, centres };
}

/**
 * @param {Part[]} parts
 * @param {Map<string, string>[]} homes from the inside out: the group of each part
 * @param {Map<string, Inner>[]} inners likewise
 * @param {Map<string, Point>} top
 * @returns {Map<string, Point>}
 */
function spread(parts, homes, inners, top) {
  /** @type {Map<string, Point>} */
  const found = new Map();
  for (const part of parts) {
    const sum = { x: 0, y: 0 };
    let key = part.key;
    homes.forEach((home, i) => {
      const group = home.get(key) ?? "";
      const offset = inners[i]?.get(group)?.centres.get(key);
      sum.x += offset?.x ?? 0;
      sum.y += offset?.y ?? 0;
      key = group;
    });
    const base = top.get(key) ?? { x: 0, y: 0 };
    found.set(part.key, { x: base.x + sum.x, y: base.y + sum.y });
  }
  return found;
}
