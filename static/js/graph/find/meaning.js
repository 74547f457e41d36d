// What an expression selects of a graph. Pure.
//
// Logic with three values: what a field does not concern, or what is not known, is neither true nor false, and so is
// its negation. `not protocol = tcp` selects edges only, `not p95 > 1 s` nothing whose latency is unknown.

import { nodeTitle } from "../names.js";
import { fieldOf } from "./fields.js";
import { valueOf } from "./units.js";

/** @import { GraphEdge, GraphNode } from "../types.js" */
/** @import { Comparison, Operator, Tree } from "./expression.js" */
/** @import { Ends, Facts, Field, Value } from "./fields.js" */

/** @typedef {{nodes: ReadonlyMap<string, GraphNode>, edges: ReadonlyMap<string, GraphEdge>}} Elements */
/** @typedef {{nodes: Set<string>, edges: Set<string>}} Selected ids */
/** @typedef {{node: GraphNode, ends: null} | {node: null, ends: Ends}} Thing */
/** @typedef {(thing: Thing, facts: Facts) => boolean | undefined} Test */

/**
 * @param {Tree} tree
 * @param {Elements} graph
 * @param {(node: GraphNode) => ReadonlySet<string>} badges the kinds of what acts on a node
 * @returns {Selected}
 */
export function select(tree, graph, badges) {
  const test = testOf(tree);
  const facts = { badges, ...degrees(graph) };
  /** @type {Selected} */
  const found = { nodes: new Set(), edges: new Set() };
  for (const node of graph.nodes.values()) if (test({ node, ends: null }, facts)) found.nodes.add(node.id);
  for (const edge of graph.edges.values()) {
    const ends = { edge, source: graph.nodes.get(edge.source), target: graph.nodes.get(edge.target) };
    if (test({ node: null, ends }, facts)) found.edges.add(edge.id);
  }
  return found;
}

/** @param {Elements} graph @returns {Pick<Facts, "callers" | "calls">} counted when first asked */
function degrees(graph) {
  /** @type {{callers: Map<string, number>, calls: Map<string, number>} | null} */
  let counted = null;
  const count = () => {
    counted = { callers: new Map(), calls: new Map() };
    for (const { source, target } of graph.edges.values()) {
      if (source === target) continue;
      counted.callers.set(target, (counted.callers.get(target) ?? 0) + 1);
      counted.calls.set(source, (counted.calls.get(source) ?? 0) + 1);
    }
    return counted;
  };
  return { callers: (id) => (counted ?? count()).callers.get(id) ?? 0, calls: (id) => (counted ?? count()).calls.get(id) ?? 0 };
}

/** @param {Tree} tree @returns {Test} */
function testOf(tree) {
  switch (tree.op) {
    case "and":
      return both(testOf(tree.left), testOf(tree.right), false);
    case "or":
      return both(testOf(tree.left), testOf(tree.right), true);
    case "not": {
      const inner = testOf(tree.of);
      return (thing, facts) => {
        const found = inner(thing, facts);
        return found === undefined ? undefined : !found;
      };
    }
    case "name":
      return named(tree.text.toLowerCase());
    case "yes": {
      const read = reader(tree.field);
      return (thing, facts) => {
        const found = read(thing, facts);
        return typeof found === "boolean" ? found : undefined;
      };
    }
    default:
      return compared(tree);
  }
}

/** @param {Test} left @param {Test} right @param {boolean} enough the value of one side that settles it @returns {Test} */
function both(left, right, enough) {
  return (thing, facts) => {
    const first = left(thing, facts);
    if (first === enough) return enough;
    const second = right(thing, facts);
    if (second === enough) return enough;
    return first === undefined || second === undefined ? undefined : !enough;
  };
}

/** @param {string} wanted in lower case @returns {Test} of nodes only */
function named(wanted) {
  return ({ node }) => node === null ? undefined : `${nodeTitle(node)} ${node.namespace} ${node.workload}`.toLowerCase().includes(wanted);
}

/** @param {string} name @returns {(thing: Thing, facts: Facts) => Value} */
function reader(name) {
  const { node: ofNode, edge: ofEdge } = /** @type {Field} */ (fieldOf(name));
  return ({ node, ends }, facts) => {
    if (node) return ofNode?.(node, facts);
    if (ofEdge) return ofEdge(ends, facts);
    return ends.target && ofNode?.(ends.target, facts);
  };
}

/** @param {Comparison} comparison @returns {Test} */
function compared({ field: name, operator, value }) {
  const read = reader(name);
  const field = /** @type {Field} */ (fieldOf(name));
  if (operator === "is" || operator === "is not") {
    return (thing, facts) => {
      const found = read(thing, facts);
      return found === undefined ? undefined : isEmpty(found) === (operator === "is");
    };
  }
  const test = field.kind === "text" ? ofText(operator, String(value).toLowerCase()) : ofOrder(operator, rank(field, value));
  return (thing, facts) => {
    const found = read(thing, facts);
    if (found === null || found === undefined) return undefined;
    return test(/** @type {never} */ (field.kind === "text" || field.kind === "number" ? found : rank(field, String(found))));
  };
}

/** @param {Value} found */
function isEmpty(found) {
  if (Array.isArray(found)) return found.every((each) => !each);
  return found === null || found === "";
}

/** @param {Field} field @param {Comparison["value"]} value @returns {number} by which it is compared */
function rank(field, value) {
  if (typeof value !== "string") return valueOf(field.dimension ?? "count", value);
  return field.words?.indexOf(value) ?? -1;
}

/** @param {Operator} operator @param {number} wanted @returns {(found: number) => boolean} */
function ofOrder(operator, wanted) {
  switch (operator) {
    case "<":
      return (found) => found < wanted;
    case "<=":
      return (found) => found <= wanted;
    case ">":
      return (found) => found > wanted;
    case ">=":
      return (found) => found >= wanted;
    case "!=":
      return (found) => found !== wanted;
    default:
      return (found) => found === wanted;
  }
}

/** @param {Operator} operator @param {string} wanted in lower case @returns {(found: string | string[]) => boolean} */
function ofText(operator, wanted) {
  const any = (/** @type {(text: string) => boolean} */ fits) => (/** @type {string | string[]} */ found) =>
    typeof found === "string" ? fits(found.toLowerCase()) : found.some((each) => fits(each.toLowerCase()));
  const equal = any((text) => text === wanted);
  const within = any((text) => text.includes(wanted));
  switch (operator) {
    case "!=":
      return (found) => !equal(found);
    case "~":
      return within;
    case "!~":
      return (found) => !within(found);
    case "starts":
      return any((text) => text.startsWith(wanted));
    case "ends":
      return any((text) => text.endsWith(wanted));
    default:
      return equal;
  }
}
