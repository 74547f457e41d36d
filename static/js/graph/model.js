// The graph as the socket tells it: full frames, numbered deltas, and what changed between two of them.
// Pure: it knows neither the page nor the clock, so that `node --test` runs it as it is.

/** @import { DeltaFrame, FullFrame, GraphEdge, GraphNode, GraphType, LeftOut, Source, StatusFrame } from "./types.js" */

/**
 * What a frame did. `gap`: the delta does not follow what is here, nothing was changed, ask for a full frame.
 * `shape`: nodes or edges came or went, so that the layout has to look; `view`: this is another view altogether.
 * `changed`: what a delta set; null after a full frame, of which anything may be new.
 * @typedef {{gap: boolean, shape: boolean, view: boolean, changed: Changed | null}} Outcome
 */
/** @typedef {{nodes: GraphNode[], edges: GraphEdge[]}} Changed */

/** @type {Changed} */
const NOTHING = Object.freeze({ nodes: [], edges: [] });
/** @type {Outcome} */
const GAP = Object.freeze({ gap: true, shape: false, view: false, changed: NOTHING });
/** @type {Outcome} */
const SAME = Object.freeze({ gap: false, shape: false, view: false, changed: NOTHING });

export class GraphModel {
  /** @type {Map<string, GraphNode>} */ nodes = new Map();
  /** @type {Map<string, GraphEdge>} */ edges = new Map();
  /** Number of the last frame that was applied; null before the first full one. @type {number | null} */
  seq = null;
  /** When the numbers were taken, by the server's clock. @type {string | null} */
  takenAt = null;
  /** @type {Source | null} */ source = null;
  /** What the person has to know about his rights, or "". */
  notice = "";
  /** @type {GraphType | null} */ graphType = null;
  /** @type {string[]} */ namespaces = [];
  tickSeconds = 1;
  /** Namespaces that are one node each now, by hand or because there is too much. @type {string[]} */
  folded = [];
  /** What the server did not send, because nobody could read so much. @type {LeftOut} */
  leftOut = { nodes: 0, edges: 0 };
  #newView = false;
  /** Edge ids by the node at which they end and begin; made when asked for. @type {Adjacency | null} */
  #adjacency = null;

  /**
   * @param {FullFrame | DeltaFrame | StatusFrame} frame
   * @returns {Outcome}
   */
  apply(frame) {
    if (frame.type === "full") return this.#full(frame);
    if (frame.type === "delta") return this.#delta(frame);
    this.source = frame.source;
    this.notice = frame.notice;
    return SAME;
  }

  /** Forgets the numbering: the next delta is a gap until a full frame has come. */
  expectFull() {
    this.seq = null;
  }

  /**
   * Becomes a part of another graph, with everything that the other says of itself.
   * @param {GraphModel} whole
   * @param {Map<string, GraphNode>} nodes
   * @param {Map<string, GraphEdge>} edges
   */
  become(whole, nodes, edges) {
    Object.assign(this, whole, { nodes, edges });
    this.#adjacency = null;
  }

  /** Another part of the mesh was asked for: the next full frame is a view of its own, even of the same things. */
  expectView() {
    this.#newView = true;
  }

  /** @param {FullFrame} frame @returns {Outcome} */
  #full(frame) {
    const view = this.#newView || this.graphType !== frame.graph_type || !sameWords(this.namespaces, frame.namespaces);
    const nodes = byId(frame.nodes);
    const edges = byId(frame.edges);
    const shape = view || !sameKeys(this.nodes, nodes) || !sameKeys(this.edges, edges);
    Object.assign(this, { nodes, edges, graphType: frame.graph_type, namespaces: frame.namespaces, notice: frame.notice });
    this.tickSeconds = frame.tick_seconds;
    this.#newView = false;
    this.folded = [];
    this.leftOut = { nodes: 0, edges: 0 };
    if (shape) this.#adjacency = null;
    this.#stamp(frame);
    return { gap: false, shape, view, changed: null };
  }

  /** @param {DeltaFrame} frame @returns {Outcome} */
  #delta(frame) {
    if (this.seq === null || frame.base !== this.seq) return GAP;
    const joinedOrLeft = [patch(this.nodes, frame.nodes), patch(this.edges, frame.edges)];
    const shape = joinedOrLeft.includes(true);
    if (shape) this.#adjacency = null;
    this.#stamp(frame);
    return { gap: false, shape, view: false, changed: { nodes: frame.nodes.set, edges: frame.edges.set } };
  }

  /** @param {FullFrame | DeltaFrame} frame */
  #stamp(frame) {
    this.seq = frame.seq;
    this.takenAt = frame.taken_at;
    this.source = frame.source;
    if (frame.folded) this.folded = frame.folded;
    if (frame.left_out) this.leftOut = frame.left_out;
  }

  /** @param {string} nodeId @returns {GraphEdge[]} the edges that end there, busiest first */
  into(nodeId) {
    return this.#at("target", nodeId).sort(busiestFirst);
  }

  /** @param {string} nodeId @returns {GraphEdge[]} the edges that start there, busiest first */
  outOf(nodeId) {
    return this.#at("source", nodeId).sort(busiestFirst);
  }

  /** @param {"source" | "target"} end @param {string} nodeId @returns {GraphEdge[]} a new list */
  #at(end, nodeId) {
    this.#adjacency ??= adjacency(this.edges.values());
    const ids = this.#adjacency[end].get(nodeId) ?? [];
    return ids.flatMap((id) => this.edges.get(id) ?? []);
  }

  /**
   * A node with all that it calls and is called by; an edge with its two ends.
   * @param {string} id
   * @returns {Set<string>} ids of nodes and edges, the given one included; empty when there is no such thing
   */
  around(id) {
    const edge = this.edges.get(id);
    if (edge) return new Set([id, edge.source, edge.target]);
    if (!this.nodes.has(id)) return new Set();
    const calls = [...this.#at("source", id), ...this.#at("target", id)];
    return new Set([id, ...calls.flatMap((call) => [call.id, call.source, call.target])]);
  }

  /** @param {string} id @returns {GraphNode | GraphEdge | undefined} */
  item(id) {
    return this.nodes.get(id) ?? this.edges.get(id);
  }

  /**
   * Everything on a path through a node or an edge: all that leads there and all that it leads to.
   * @param {string} id
   * @returns {Set<string>} ids of nodes and edges, the given one included; empty when there is no such thing
   */
  path(id) {
    const edge = this.edges.get(id);
    if (!edge && !this.nodes.has(id)) return new Set();
    const found = new Set([id]);
    this.#walk(edge ? edge.source : id, "target", "source", found);
    this.#walk(edge ? edge.target : id, "source", "target", found);
    return found;
  }

  /**
   * @param {string} start
   * @param {"source" | "target"} near the end of an edge that has to be at the node
   * @param {"source" | "target"} far the end to go on from
   * @param {Set<string>} found
   */
  #walk(start, near, far, found) {
    const queue = [start];
    const seen = new Set(queue);
    found.add(start);
    for (let at = queue.pop(); at !== undefined; at = queue.pop()) {
      for (const edge of this.#at(near, at)) {
        found.add(edge.id).add(edge[far]);
        if (!seen.has(edge[far])) queue.push(edge[far]);
        seen.add(edge[far]);
      }
    }
  }
}

/** @typedef {{source: Map<string, string[]>, target: Map<string, string[]>}} Adjacency */

/** @param {Iterable<GraphEdge>} edges @returns {Adjacency} */
function adjacency(edges) {
  /** @type {Adjacency} */
  const found = { source: new Map(), target: new Map() };
  for (const edge of edges) {
    for (const end of /** @type {const} */ (["source", "target"])) {
      const ids = found[end].get(edge[end]);
      if (ids) ids.push(edge.id);
      else found[end].set(edge[end], [edge.id]);
    }
  }
  return found;
}

/** @param {GraphEdge} a @param {GraphEdge} b */
function busiestFirst(a, b) {
  return b.requests_per_second - a.requests_per_second || (a.id < b.id ? -1 : 1);
}

/**
 * @template {{id: string}} T
 * @param {Map<string, T>} items changed in place
 * @param {{set: T[], remove: string[]}} change
 * @returns {boolean} whether any came or went
 */
function patch(items, change) {
  const before = items.size;
  let removed = 0;
  for (const id of change.remove) if (items.delete(id)) removed += 1;
  for (const item of change.set) items.set(item.id, item);
  return removed > 0 || items.size !== before;
}

/** @template {{id: string}} T @param {T[]} items @returns {Map<string, T>} */
function byId(items) {
  return new Map(items.map((item) => [item.id, item]));
}

/** @param {Map<string, unknown>} a @param {Map<string, unknown>} b */
function sameKeys(a, b) {
  return a.size === b.size && [...a.keys()].every((key) => b.has(key));
}

/** @param {string[]} a @param {string[]} b */
function sameWords(a, b) {
  return a.length === b.length && [...a].sort().join() === [...b].sort().join();
}
