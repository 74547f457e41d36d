// Where the nodes stand: left to right, an app's versions stacked in one column, namespaces and clusters kept together.
// Small graphs by dagre, larger ones by nested.js. Pure: numbers in, numbers out. Later frames: rearrange.js.

import { Graph, layout as dagre } from "@dagrejs/dagre";

import { boxes, CELL, cellOf } from "./cells.js";
import { padded, PADDING, severalClusters, union } from "./frames.js";
import { nested } from "./nested.js";

/** @import { GraphEdge, GraphNode } from "./types.js" */

/** @typedef {{x: number, y: number}} Point */
/** @typedef {{positions: Map<string, Point>, routes: Map<string, Point[]>}} Layout routes: bends of long edges */

/** What a box around versions needs beside its nodes. */
const BOX = Object.freeze({ side: 12, title: 30 });
export const GAP = Object.freeze({ rank: 116, node: 16 });

/** Above these dagre takes longer than a person waits (measured: 150 nodes and 300 edges, a second). */
const DAGRE = Object.freeze({ columns: 90, links: 160, apart: 50 });

/**
 * A layout from nothing. Where the boxes of two namespaces would overlap, dagre is asked again to keep them apart,
 * which it pays for with longer edges; where it cannot, each namespace is laid out by itself.
 * @param {GraphNode[]} nodes
 * @param {GraphEdge[]} edges
 * @returns {Layout}
 */
export function arrange(nodes, edges) {
  const columns = columnsOf(nodes);
  const links = linksOf(columns, edges);
  const inParts = () => stacked(nested([...columns.values()], links, GAP), columns);
  if (columns.size > DAGRE.columns || links.length > DAGRE.links || severalClusters(nodes)) return inParts();
  const plain = byDagre(columns, links, false);
  if (plain && apart(columns, plain.positions)) return plain;
  const kept = columns.size <= DAGRE.apart ? byDagre(columns, links, true) : null;
  return kept && apart(columns, kept.positions) ? kept : inParts();
}

/** @param {Map<string, Point>} centres @param {Map<string, Column>} columns @returns {Layout} */
function stacked(centres, columns) {
  return { positions: stack((key) => centres.get(key), columns), routes: new Map() };
}

/** @typedef {{id: string, from: string, to: string}} Link an edge between two columns */

/** @param {Map<string, Column>} columns @param {GraphEdge[]} edges @returns {Link[]} in the order of their ids */
function linksOf(columns, edges) {
  const home = new Map([...columns.values()].flatMap((c) => c.nodes.map((node) => [node.id, c.key])));
  const links = edges.map(({ id, source, target }) => ({ id, from: home.get(source) ?? "", to: home.get(target) ?? "" }));
  return links.filter(({ from, to }) => from && to && from !== to).sort((a, b) => (a.id < b.id ? -1 : 1));
}

/** @param {Map<string, Column>} columns @param {Link[]} links @param {boolean} compound @returns {Layout | null} */
function byDagre(columns, links, compound) {
  const graph = new Graph({ compound, multigraph: false });
  graph.setGraph({ rankdir: "LR", nodesep: GAP.node, ranksep: GAP.rank, marginx: 0, marginy: 0 });
  for (const column of columns.values()) {
    graph.setNode(column.key, { width: column.width, height: column.height });
    if (!compound || !column.namespace) continue;
    graph.setNode(`ns:${column.namespace}`, {});
    graph.setParent(column.key, `ns:${column.namespace}`);
  }
  for (const { from, to } of links) graph.setEdge(from, to, {});
  try {
    dagre(graph);
  } catch {
    // It gives up on some graphs in which namespaces call each other in circles ("Not possible to find intersection").
    return null;
  }
  return { positions: stack((key) => /** @type {Point} */ (graph.node(key)), columns), routes: bends(graph, links) };
}

/** @typedef {{left: number, right: number, top: number, bottom: number}} Rect */

/** @param {Rect} a @param {Rect} b */
export function meet(a, b) {
  return a.left < b.right && b.left < a.right && a.top < b.bottom && b.top < a.bottom;
}

/** @param {Column} column @param {Map<string, Point>} positions @returns {Rect} around its nodes and their box */
export function rectOf(column, positions) {
  const points = column.nodes.map((node) => at(positions, node.id));
  const boxed = column.nodes.length > 1;
  const cell = boxed || !column.nodes[0] ? CELL : cellOf(column.nodes[0]);
  const half = { x: cell.width / 2 + (boxed ? BOX.side : 0), y: cell.height / 2 };
  return {
    left: Math.min(...points.map((point) => point.x)) - half.x,
    right: Math.max(...points.map((point) => point.x)) + half.x,
    top: Math.min(...points.map((point) => point.y)) - half.y - (boxed ? BOX.title : 0),
    bottom: Math.max(...points.map((point) => point.y)) + half.y + (boxed ? BOX.side : 0),
  };
}

/** @typedef {{key: string, columns: Column[]}} Block a namespace with its columns, or a column that stands in none */

/** @param {Iterable<Column>} columns @returns {Map<string, Block>} */
export function blocksOf(columns) {
  /** @type {Map<string, Block>} */
  const blocks = new Map();
  for (const column of columns) {
    const key = column.namespace ? `ns:${column.cluster}/${column.namespace}` : column.key;
    const block = blocks.get(key);
    if (block) block.columns.push(column);
    else blocks.set(key, { key, columns: [column] });
  }
  return blocks;
}

/** @param {Block} block @param {Map<string, Point>} positions @returns {Rect} around its columns, and its box if it has one */
export function frameOf(block, positions) {
  const rect = block.columns.map((column) => rectOf(column, positions)).reduce(union);
  return block.columns[0]?.namespace ? padded(rect, PADDING.namespace) : rect;
}

/** @param {Map<string, Column>} columns @param {Map<string, Point>} positions whether no namespace meets another */
function apart(columns, positions) {
  const all = [...blocksOf(columns.values()).values()].map((block) => frameOf(block, positions));
  return all.every((frame, i) => !all.slice(i + 1).some((other) => meet(frame, other)));
}

/** @typedef {{key: string, cluster: string, namespace: string, nodes: GraphNode[], width: number, height: number}} Column */

/** @param {GraphNode[]} nodes @returns {Map<string, Column>} one column for each box and each node without one */
export function columnsOf(nodes) {
  const box = boxes(nodes);
  /** @type {Map<string, Column>} */
  const columns = new Map();
  for (const node of [...nodes].sort(byVersion)) {
    const key = box.get(node.id) ?? `node:${node.id}`;
    // A folded namespace stands for itself, in no box.
    const namespace = node.kind === "namespace" ? "" : node.namespace;
    const column = columns.get(key) ?? { key, cluster: node.cluster ?? "", namespace, nodes: [], width: 0, height: 0 };
    column.nodes.push(node);
    const boxed = box.has(node.id);
    const cell = cellOf(node);
    column.width = cell.width + (boxed ? 2 * BOX.side : 0);
    column.height = cell.height * column.nodes.length + (boxed ? BOX.title + BOX.side : 0);
    columns.set(key, column);
  }
  return columns;
}

const NATURAL = new Intl.Collator("en", { numeric: true });

/** @param {GraphNode} a @param {GraphNode} b the service first, then v2 before v10 */
function byVersion(a, b) {
  const rank = Number(a.kind !== "service") - Number(b.kind !== "service");
  return rank || NATURAL.compare(a.version, b.version) || NATURAL.compare(a.id, b.id);
}

/**
 * @param {(key: string) => Point | undefined} centreOf
 * @param {Map<string, Column>} columns
 * @returns {Map<string, Point>}
 */
function stack(centreOf, columns) {
  /** @type {Map<string, Point>} */
  const positions = new Map();
  for (const column of columns.values()) {
    const centre = centreOf(column.key) ?? { x: 0, y: 0 };
    const boxed = column.nodes.length > 1;
    const top = centre.y - column.height / 2 + (boxed ? BOX.title : 0);
    column.nodes.forEach((node, i) => {
      positions.set(node.id, { x: Math.round(centre.x), y: Math.round(top + cellOf(node).height * (i + 0.5)) });
    });
  }
  return positions;
}

/**
 * @param {Graph} graph
 * @param {Link[]} links
 * @returns {Map<string, Point[]>} where an edge over several ranks has to bend
 */
function bends(graph, links) {
  /** @type {Map<string, Point[]>} */
  const routes = new Map();
  for (const { id, from, to } of links) {
    const points = /** @type {{points?: Point[]}} */ (graph.edge(from, to)).points ?? [];
    // dagre gives even the shortest edge one inner point, half way; more mean that it passes other ranks.
    const inner = points.slice(1, -1).filter((_, i) => i % 2 === 1);
    if (inner.length) routes.set(id, inner);
  }
  return routes;
}

/** @param {Map<string, Point>} points @param {string} id @returns {Point} */
export function at(points, id) {
  return points.get(id) ?? { x: 0, y: 0 };
}

/** @param {number[]} values */
export function mean(values) {
  return values.length ? values.reduce((sum, value) => sum + value, 0) / values.length : 0;
}
