/** Matches of routes as lists of conditions, one a row of the form, and back. Pure: no page, no network. */

/** @typedef {Record<string, any>} Json */
/**
 * One condition on a request.
 * @typedef {object} Condition
 * @property {string} on a member of a match: `uri`, `headers` ...
 * @property {string} [name] of a header, a parameter or a label
 * @property {string} [how] `exact`, `prefix`, `regex` or `present`
 * @property {string} [value]
 * @property {boolean} [ignoreCase] of a uri
 */

/** Members whose value is compared, and those that have names. */
const COMPARED = ["uri", "method", "scheme", "authority"];
const NAMED = ["headers", "without_headers", "query_params"];

/** @param {string} on */
export function hasName(on) {
  return NAMED.includes(on) || on === "source_labels";
}

/** The ways in which a member is compared; none for a plain value. @param {string} on @returns {string[]} */
export function waysOf(on) {
  if (NAMED.includes(on)) return ["exact", "prefix", "regex", "present"];
  return COMPARED.includes(on) ? ["exact", "prefix", "regex"] : [];
}

/** @param {Json} match @returns {Condition[]} */
export function conditionsOf(match) {
  return Object.entries(match).flatMap(/** @returns {Condition[]} */ ([on, said]) => {
    if (on === "ignore_uri_case") return [];
    if (COMPARED.includes(on)) {
      const ignoreCase = on === "uri" && match.ignore_uri_case ? { ignoreCase: true } : {};
      return [{ on, ...compared(said), ...ignoreCase }];
    }
    if (NAMED.includes(on)) return Object.entries(said).map(([name, each]) => ({ on, name, ...compared(each) }));
    if (on === "source_labels") return Object.entries(said).map(([name, value]) => ({ on, name, value: String(value) }));
    if (on === "gateways") return [{ on, value: said.join(", ") }];
    return [{ on, value: String(said) }];
  });
}

/** @param {Condition[]} conditions @returns {Json} */
export function matchOf(conditions) {
  /** @type {Json} */
  const match = {};
  for (const { on, name = "", how = "exact", value = "", ignoreCase } of conditions) {
    const said = how === "present" ? { present: true } : { [how]: value };
    if (COMPARED.includes(on)) match[on] = said;
    else if (NAMED.includes(on)) match[on] = { ...match[on], [name]: said };
    else if (on === "source_labels") match[on] = { ...match[on], [name]: value };
    else if (on === "gateways") match[on] = value.split(/[\s,]+/).filter(Boolean);
    else match[on] = on === "port" && /^\d+$/.test(value) ? Number(value) : value;
    if (on === "uri" && ignoreCase) match.ignore_uri_case = true;
  }
  return match;
}

/** The path of a condition in its match, as the server names it in errors. @param {Condition} condition */
export function pathOf({ on, name }) {
  return hasName(on) ? `${on}.${name ?? ""}` : on;
}

/** Those that stand behind one on the same: a match has room for one of them only. @param {Condition[]} conditions */
export function repeated(conditions) {
  const paths = conditions.map((each) => pathOf(each).toLowerCase());
  return conditions.filter((_, at) => paths.indexOf(paths[at]) < at);
}

/** @param {Json} said */
function compared(said) {
  const [how, value] = Object.entries(said)[0] ?? ["exact", ""];
  return how === "present" ? { how } : { how, value: String(value) };
}
