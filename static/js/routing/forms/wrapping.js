/** Rules written in the Gateway API's words, and where errors about them belong. Pure: no page, no network. */

/** @typedef {Record<string, any>} Json */
/** @typedef {import("../../shapes.js").FieldError} FieldError */

const WRAPPED = ["route", "split"];

/**
 * @param {Json} rule
 * @param {string} kind
 * @param {string | null} consumer the namespace of the callers; null for everyone
 * @returns {Json} the same where the Gateway API has no such rule
 */
export function wrapped(rule, kind, consumer) {
  if (!WRAPPED.includes(rule.kind)) return rule;
  return { kind: "gateway_route", as: kind, ...(consumer === null ? {} : { consumer }), rule };
}

/**
 * An error about a wrapped rule as one about the rule in it. `outside`: it is about how it is written.
 * @param {FieldError} error
 * @param {Json[]} rules as they were sent
 * @returns {{error: FieldError, outside: boolean}}
 */
export function unwrapped(error, rules) {
  const found = /^rules\[(\d+)\](.*)$/.exec(error.field);
  if (!found || rules[Number(found[1])]?.kind !== "gateway_route") return { error, outside: false };
  const [, index, path] = found;
  if (!path.startsWith(".rule.")) return { error, outside: true };
  return { error: { ...error, field: `rules[${index}]${path.slice(".rule".length)}` }, outside: false };
}
