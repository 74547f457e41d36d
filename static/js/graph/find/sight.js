// What of the graph is to be seen: all of it but what is hidden, and what of that was found. Pure.

import { GraphModel } from "../model.js";
import { parse } from "./expression.js";
import { select } from "./meaning.js";
import { ExpressionError } from "./tokens.js";

/** @import { GraphNode } from "../types.js" */
/** @import { Tree } from "./expression.js" */
/** @import { Selected } from "./meaning.js" */
/** @import { Changed } from "../model.js" */

/** @typedef {{find: string, hide: string}} Asked */
/** @typedef {{find: ExpressionError | null, hide: ExpressionError | null}} Wrong */

/** @type {() => Selected} */
const nothing = () => ({ nodes: new Set(), edges: new Set() });

export class Sight {
  /** The graph without what is hidden: what is drawn and listed. */
  seen = new GraphModel();
  /** @type {Selected} */ hidden = nothing();
  /** @type {Selected} */ found = nothing();
  /** Whether the last look found something else than the one before. */
  isFoundAnew = false;
  /** @type {Wrong} */ wrong = { find: null, hide: null };
  /** @type {GraphModel} */ #model;
  /** @type {(node: GraphNode) => ReadonlySet<string>} */ #badges;
  /** @type {Asked} */ #asked = { find: "", hide: "" };
  /** @type {{find: Tree | null, hide: Tree | null}} */ #trees = { find: null, hide: null };

  /** @param {GraphModel} model all that the server sends @param {(node: GraphNode) => ReadonlySet<string>} badges what acts on a node */
  constructor(model, badges) {
    this.#model = model;
    this.#badges = badges;
  }

  /** Whether anything is looked for, so that what was not found steps back. */
  get isFinding() {
    return this.#trees.find !== null;
  }

  /**
   * Of an expression that cannot be read, the last that could stays in force: somebody is typing.
   * @param {Asked} asked
   * @returns {boolean} whether it is another one than before
   */
  ask({ find, hide }) {
    if (find === this.#asked.find && hide === this.#asked.hide) return false;
    this.#asked = { find, hide };
    this.#read("find", find);
    this.#read("hide", hide);
    return true;
  }

  /**
   * Looks at the model as it is now.
   * @returns {boolean} whether anything came or went by that
   */
  look() {
    const { find, hide } = this.#trees;
    const before = this.seen;
    const [nodes, edges] = [before.nodes.size, before.edges.size];
    const hidden = hide ? closed(select(hide, this.#model, this.#badges), this.#model) : nothing();
    const changed = !same(hidden.nodes, this.hidden.nodes) || !same(hidden.edges, this.hidden.edges);
    this.hidden = hidden;
    before.become(this.#model, without(this.#model.nodes, hidden.nodes), without(this.#model.edges, hidden.edges));
    const found = find ? select(find, this.seen, this.#badges) : nothing();
    this.isFoundAnew = !same(found.nodes, this.found.nodes) || !same(found.edges, this.found.edges);
    this.found = found;
    return changed || nodes !== this.seen.nodes.size || edges !== this.seen.edges.size;
  }

  /** @param {Changed | null} changed what a frame set @returns {Changed | null} the part of it that is seen */
  within(changed) {
    if (!changed || this.hidden.edges.size + this.hidden.nodes.size === 0) return changed;
    const { nodes, edges } = this.hidden;
    return { nodes: changed.nodes.filter(({ id }) => !nodes.has(id)), edges: changed.edges.filter(({ id }) => !edges.has(id)) };
  }

  /**
   * @returns {Set<string> | null} what stays in the light: what was found, the ends of edges, and edges between nodes;
   *   null, which is all of it, where nothing is looked for or was found
   */
  lit() {
    if (this.found.nodes.size + this.found.edges.size === 0) return null;
    const lit = new Set([...this.found.nodes, ...this.found.edges]);
    for (const edge of this.seen.edges.values()) {
      if (this.found.edges.has(edge.id)) lit.add(edge.source).add(edge.target);
      else if (this.found.nodes.has(edge.source) && this.found.nodes.has(edge.target)) lit.add(edge.id);
    }
    return lit;
  }

  /** @param {"find" | "hide"} which @param {string} text */
  #read(which, text) {
    this.wrong = { ...this.wrong, [which]: null };
    try {
      this.#trees[which] = parse(text);
    } catch (error) {
      if (!(error instanceof ExpressionError)) throw error;
      this.wrong = { ...this.wrong, [which]: error };
    }
  }
}

/** An edge without one of its ends cannot be drawn. @param {Selected} hidden @param {GraphModel} model @returns {Selected} */
function closed(hidden, model) {
  for (const edge of model.edges.values()) {
    if (hidden.nodes.has(edge.source) || hidden.nodes.has(edge.target)) hidden.edges.add(edge.id);
  }
  return hidden;
}

/** @template T @param {Map<string, T>} items @param {Set<string>} gone @returns {Map<string, T>} the very same where nothing is gone */
function without(items, gone) {
  return gone.size ? new Map([...items].filter(([id]) => !gone.has(id))) : items;
}

/** @param {Set<string>} a @param {Set<string>} b */
function same(a, b) {
  return a.size === b.size && [...a].every((id) => b.has(id));
}

/** @param {Selected} selected @param {string} verb @returns {string} "2 nodes and 1 edge found", "" for nothing */
export function counted({ nodes, edges }, verb) {
  const parts = [plural(nodes.size, "node"), plural(edges.size, "edge")].filter(Boolean);
  return parts.length ? `${parts.join(" and ")} ${verb}` : "";
}

/** @param {number} count @param {string} what */
function plural(count, what) {
  if (count === 0) return "";
  return count === 1 ? `1 ${what}` : `${count} ${what}s`;
}
