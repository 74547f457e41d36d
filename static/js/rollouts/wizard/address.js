/** What is asked for, as the page's address says it. Pure. */

/** @typedef {import("./types.js").Spec} Spec */

/** Addresses of others hold secrets: they go into no history and no log. */
const UNSAID = ["notify", "gates"];
const NAMED = /** @type {const} */ (["namespace", "service", "baseline", "canary"]);

/**
 * Service and versions by name, the preset where it is one, and in `spec` what is not as it is by itself.
 * @param {Spec} spec
 * @param {string} preset its name, or ""
 * @param {Partial<Spec>} usual what everything is by itself
 * @returns {string} the query of the address
 */
export function addressOf(spec, preset, usual) {
  const own = Object.entries(spec).filter(([name, value]) => !isSaid(name, preset) && !same(value, usual[/** @type {keyof Spec} */ (name)]));
  const said = [...NAMED.map((name) => [name, spec[name]]), ["preset", preset]];
  if (own.length) said.push(["spec", JSON.stringify(Object.fromEntries(own))]);
  return new URLSearchParams(said.filter(([, value]) => value)).toString();
}

/** Whether it is said by a name of its own, by the preset, or never. @param {string} name @param {string} preset */
function isSaid(name, preset) {
  return NAMED.some((each) => each === name) || UNSAID.includes(name) || (preset !== "" && (name === "strategy" || name === "steps"));
}

/** @param {unknown} one @param {unknown} other */
function same(one, other) {
  return JSON.stringify(one) === JSON.stringify(other);
}
