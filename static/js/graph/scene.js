// All that is drawn under the nodes, as data: boxes and lines, and what each line looks like. Pure.

import { CELL, cellOf } from "./cells.js";
import { framesOf, rectsOf, union } from "./frames.js";
import { edgeHealth, edgeWidth } from "./style.js";
import { differing } from "./time/paint.js";
import { Wires } from "./wires.js";

/** @import { Frame } from "./frames.js" */
/** @import { Colours } from "./theme.js" */
/** @import { Point } from "./curve.js" */
/** @import { GraphEdge, GraphNode, Health } from "./types.js" */
/** @import { Rect, Wire } from "./wires.js" */

/** From so many lines on they are straight: curves of that many are a thicket, and cost three times as much. */
export const STRAIGHT_FROM = 1500;

/** `tone`: a colour in the place of the health's. @typedef {{tone?: keyof Colours, health: Health, width: number, dash: "" | "tcp" | "idle", grpc: boolean, open: boolean, label: string}} Look */
/** @typedef {{wire: Wire, look: Look}} Seen */

export class Scene {
  /** @type {Map<string, Frame>} */ frames = new Map();
  /** @type {Map<string, Rect>} */ rects = new Map();
  /** @type {Map<string, Point>} where each node stands */ at = new Map();
  /** @type {Map<string, Point[]>} */ routes = new Map();
  /** Whether calls without mutual TLS are marked. */
  locks = true;
  /** @type {Map<string, GraphNode>} */ #nodes = new Map();
  /** @type {Map<string, Look>} */ #looks = new Map();
  /** @type {Set<string>} nodes that moved since the lines were laid */ #moved = new Set();
  wires = new Wires({
    node: (id) => this.#nodes.get(id),
    at: (id) => this.at.get(id),
    bends: (id) => this.routes.get(id) ?? [],
  });

  /** @param {Map<string, GraphNode>} nodes @param {GraphEdge[]} edges */
  shape(nodes, edges) {
    this.#nodes = nodes;
    this.frames = framesOf([...nodes.values()]);
    const ids = new Set(edges.map((edge) => edge.id));
    for (const id of this.#looks.keys()) if (!ids.has(id)) this.#looks.delete(id);
    this.wires.shape(edges, edges.length > STRAIGHT_FROM);
    this.#moved.clear();
    this.#frame();
  }

  /** @param {GraphEdge} edge @param {string} label */
  look(edge, label) {
    const health = edgeHealth(edge);
    this.#looks.set(edge.id, {
      health,
      // Steps of a tenth: a line that breathes with every digit would move without news.
      width: Math.round(edgeWidth(edge) * 10) / 10,
      dash: health === "idle" ? "idle" : edge.protocol === "tcp" ? "tcp" : "",
      grpc: edge.protocol === "grpc",
      open: typeof edge.mtls === "number" && edge.mtls < 1,
      label,
      ...differing(edge.difference),
    });
  }

  /** @param {string} id of a node that stands @returns {string} */
  namespaceOf(id) {
    return this.#nodes.get(id)?.namespace ?? "";
  }

  /** @param {string} id @returns {string} what is written on the line */
  label(id) {
    return this.#looks.get(id)?.label ?? "";
  }

  /** @param {string} id of a node @param {Point} point where it stands now */
  move(id, point) {
    this.at.set(id, point);
    this.#moved.add(id);
  }

  /** Brings lines and boxes to where their nodes stand. @returns {boolean} whether any had moved */
  settle() {
    if (this.#moved.size === 0) return false;
    this.wires.follow(this.#moved);
    this.#moved.clear();
    this.#frame();
    return true;
  }

  #frame() {
    this.rects = rectsOf(this.frames, (id) => {
      const [point, node] = [this.at.get(id), this.#nodes.get(id)];
      return point && node ? { point, node } : undefined;
    });
  }

  /** @returns {Rect | null} around all nodes with their labels, and all boxes */
  bounds() {
    this.settle();
    /** @type {Rect[]} */
    const rects = [...this.rects.values()];
    for (const [id, { x, y }] of this.at) {
      const node = this.#nodes.get(id);
      const { width, height } = node ? cellOf(node) : CELL;
      rects.push({ left: x - width / 2, right: x + width / 2, top: y - height / 2, bottom: y + height / 2 });
    }
    return rects.length ? rects.reduce(union) : null;
  }

  /** @param {Rect} view @returns {Seen[]} the lines that cross it */
  seen(view) {
    this.settle();
    /** @type {Seen[]} */
    const found = [];
    for (const wire of this.wires.all()) {
      const { rect } = wire;
      if (rect.right < view.left || rect.left > view.right || rect.bottom < view.top || rect.top > view.bottom) continue;
      const look = this.#looks.get(wire.id);
      if (look) found.push({ wire, look });
    }
    return found;
  }
}
