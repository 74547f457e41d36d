// What could be typed next in an expression: fields, operators, values of the present graph. Pure.

import { OPERATORS_OF } from "./expression.js";
import { ALL_FIELDS, fieldOf } from "./fields.js";
import { ExpressionError, isPlain, quoted, tokens } from "./tokens.js";
import { amountOf, EXAMPLES, UNITS } from "./units.js";

/** @import { Facts, Field, Value } from "./fields.js" */
/** @import { Elements } from "./meaning.js" */
/** @import { Token } from "./tokens.js" */

/** @typedef {{text: string, hint: string}} Option */
/** @typedef {{from: number, to: number, options: Option[]}} Completion the part of the text that an option takes the place of */
/** @typedef {{state: "condition" | "verb" | "operator" | "value" | "joint", field: Field | undefined, open: number}} Place */

const MOST = 12;
const NATURAL = new Intl.Collator("en", { numeric: true });
/** @type {Record<string, string>} */
const OPERATOR_HINTS = {
  "=": "is the same",
  "!=": "is another",
  "~": "contains",
  "!~": "does not contain",
  starts: "starts with",
  ends: "ends with",
  "<": "less",
  "<=": "at most",
  ">": "more",
  ">=": "at least",
  "is empty": "is not known",
};

/**
 * @param {string} text
 * @param {number} caret
 * @param {Elements} graph
 * @returns {Completion}
 */
export function complete(text, caret, graph) {
  const { before, partial, from } = cut(text.slice(0, caret));
  const options = optionsAt(placeAfter(before), partial, graph);
  return { from, to: caret, options: options.slice(0, MOST) };
}

/** @param {string} text up to the caret @returns {{before: Token[], partial: string, from: number}} */
function cut(text) {
  try {
    const found = tokens(text);
    const last = found.at(-1);
    if (last?.type !== "word" || last.end !== text.length) return { before: found, partial: "", from: text.length };
    return { before: found.slice(0, -1), partial: last.text, from: last.at };
  } catch (error) {
    if (!(error instanceof ExpressionError)) throw error;
    // A text in quotes that is still being typed; of anything else there is nothing to offer.
    const opened = text.slice(error.at, error.at + 1);
    if (opened !== '"' && opened !== "'") return { before: [], partial: "\n", from: text.length };
    return { before: tokens(text.slice(0, error.at)), partial: text.slice(error.at + 1), from: error.at };
  }
}

/** @param {Token[]} before @returns {Place} */
function placeAfter(before) {
  /** @type {Place} */
  let place = { state: "condition", field: undefined, open: 0 };
  for (const token of before) place = next(place, token);
  return place;
}

/** @param {Place} place @param {Token} token @returns {Place} */
function next(place, token) {
  const word = token.type === "text" ? "" : token.text.toLowerCase();
  if (word === "(") return { ...place, open: place.open + 1 };
  if (word === ")") return { state: "joint", field: undefined, open: place.open - 1 };
  if (word === "and" || word === "or") return { ...place, state: "condition", field: undefined };
  if (word === "not" || word === "with") return place;
  switch (place.state) {
    case "condition":
      if (word === "is" || word === "has") return { ...place, state: "verb" };
      return { ...place, field: fieldOf(word), state: fieldOf(word) && fieldOf(word)?.kind !== "yes" ? "operator" : "joint" };
    case "operator":
      return { ...place, state: "value" };
    case "joint":
      return place.field && token.type === "operator" ? { ...place, state: "value" } : { ...place, field: undefined };
    default:
      return { ...place, state: "joint", field: undefined };
  }
}

/** @param {Place} place @param {string} partial @param {Elements} graph @returns {Option[]} */
function optionsAt({ state, field, open }, partial, graph) {
  switch (state) {
    case "condition":
      return [...fields(partial, () => true), ...words(partial, [["not", "the opposite"]]), ...names(partial, graph)];
    case "verb":
      return fields(partial, (each) => each.kind === "yes");
    case "operator":
      return words(partial, operators(field));
    case "value":
      return values(/** @type {Field} */ (field), partial, graph);
    default:
      return words(partial, [["and", "both"], ["or", "one of them"], ...(open > 0 ? [/** @type {[string, string]} */ ([")", "closes"])] : [])]);
  }
}

/** @param {Field | undefined} field @returns {[string, string][]} */
function operators(field) {
  const all = [...OPERATORS_OF[field?.kind ?? "text"], "is empty"];
  return all.map((each) => [each, OPERATOR_HINTS[each] ?? ""]);
}

/** @param {string} partial @param {[string, string][]} all @returns {Option[]} */
function words(partial, all) {
  return all.filter(([text]) => text.startsWith(partial.toLowerCase())).map(([text, hint]) => ({ text, hint }));
}

/** @param {string} partial @param {(field: Field) => boolean} wanted @returns {Option[]} those that begin so first */
function fields(partial, wanted) {
  const begun = partial.toLowerCase();
  const fitting = ALL_FIELDS.filter((field) => wanted(field) && [field.name, ...(field.aliases ?? [])].some((name) => name.startsWith(begun)));
  // The fields of an edge's ends are as many again: offered to who has begun one.
  const shown = fitting.filter((field) => !field.name.includes(".") || begun.startsWith("source") || begun.startsWith("target"));
  return shown.map(({ name, hint }) => ({ text: name, hint }));
}

/** @param {string} partial @param {Elements} graph @returns {Option[]} names of nodes */
function names(partial, graph) {
  if (partial.length < 2) return [];
  return distinct(/** @type {Field} */ (fieldOf("name")), partial, graph).filter(({ text }) => !text.startsWith('"') && !fieldOf(text));
}

/** @param {Field} field @param {string} partial @param {Elements} graph @returns {Option[]} */
function values(field, partial, graph) {
  if (field.kind === "yes") return words(partial, [["yes", ""], ["no", ""]]);
  if (field.kind === "number") return amounts(field, partial);
  if (field.words) return words(partial, field.words.map((word) => [word, ""]));
  return distinct(field, partial, graph);
}

/** @param {Field} field @param {string} partial @returns {Option[]} what was typed, with each unit */
function amounts(field, partial) {
  const dimension = field.dimension ?? "count";
  if (partial === "") return [{ text: EXAMPLES[dimension].split(" or ")[0]?.replace(" ", "") ?? "1", hint: "for example" }];
  const found = amountOf(partial);
  if (!found) return [];
  return UNITS[dimension].filter((unit) => unit.toLowerCase().startsWith(found.unit)).map((unit) => ({ text: `${partial.slice(0, partial.length - found.unit.length)}${unit}`, hint: "" }));
}

/** Of completion alone: it asks no field that counts. @type {Facts} */
const NO_FACTS = { badges: () => new Set(), callers: () => 0, calls: () => 0 };

/** @param {Field} field @param {string} partial @param {Elements} graph @returns {Option[]} the values that the graph has, with how many have them */
function distinct(field, partial, graph) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  const add = (/** @type {Value} */ value) => {
    for (const each of new Set([value].flat())) if (typeof each === "string" && each) counts.set(each, (counts.get(each) ?? 0) + 1);
  };
  if (field.node) for (const node of graph.nodes.values()) add(field.node(node, NO_FACTS));
  else for (const edge of graph.edges.values()) add(field.edge?.({ edge, source: graph.nodes.get(edge.source), target: graph.nodes.get(edge.target) }, NO_FACTS));
  const begun = partial.toLowerCase();
  return [...counts]
    .filter(([text]) => text.toLowerCase().includes(begun))
    .sort(([a], [b]) => Number(b.toLowerCase().startsWith(begun)) - Number(a.toLowerCase().startsWith(begun)) || NATURAL.compare(a, b))
    .slice(0, MOST)
    .map(([text, count]) => ({ text: isPlain(text) ? text : quoted(text), hint: `${count} ${field.node ? "node" : "edge"}${count === 1 ? "" : "s"}` }));
}
