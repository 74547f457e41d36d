/** Where the server's words about a field belong on the page. Pure. */

/** @typedef {import("./types.js").Form} Form */
/** @typedef {import("./types.js").FieldError} FieldError */

/**
 * The paths at which an error can stand, the nearest first: `steps[1].weight`, `steps[1]`, `steps`, "".
 * @param {string} path
 * @returns {string[]}
 */
export function places(path) {
  const found = [];
  for (let at = path; at; at = at.replace(/\[[^\]]*\]$|\.?[^.[\]]*$/, "")) found.push(at);
  return [...found, ""];
}

/**
 * The paths of the guards as they are sent: `guards[0]` for the errors, where they are judged; "" where one is not.
 * @param {{errors: {on: boolean}, latency: {on: boolean}, queries: unknown[]}} form
 * @returns {{errors: string, latency: string, queries: string[]}}
 */
export function guardPaths({ errors, latency, queries }) {
  const before = Number(errors.on) + Number(latency.on);
  return {
    errors: errors.on ? "guards[0]" : "",
    latency: latency.on ? `guards[${Number(errors.on)}]` : "",
    queries: queries.map((_, at) => `guards[${before + at}]`),
  };
}

/**
 * The server's errors and the page's own, one for each field; where both speak of one, the page's own: it says it in
 * the units that were typed.
 * @param {FieldError[]} own
 * @param {FieldError[]} server
 * @returns {FieldError[]}
 */
export function merged(own, server) {
  const said = new Set(own.map(({ field }) => field));
  return [...own, ...server.filter(({ field }) => !said.has(field))];
}
