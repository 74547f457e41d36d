/** The routes of a service with what the person asks for, in the order in which they would stand. Pure. */

/** @typedef {Record<string, any>} Json */
/** @typedef {import("../../shapes.js").Route} Route */
/**
 * What is asked for about one route: `route` is the one in force, null for a new one; `rule` is null where it is to go.
 * @typedef {{route: Route | null, rule: Json | null}} Wish
 */
/**
 * One row: `rule` says it as it would be, null where no rule can.
 * @typedef {{route: Route | null, wish: Wish | null, name: string, isDefault: boolean, rule: Json | null, state: "" | "new" | "changed" | "moved" | "removed"}} Row
 */

/**
 * @param {Route[]} routes in force
 * @param {Wish[]} wishes in the order in which they are asked for
 * @returns {Row[]}
 */
export function arranged(routes, wishes) {
  /** @type {Row[]} */
  const rows = routes.map((route) => ({
    route,
    wish: null,
    name: route.name,
    isDefault: route.default,
    rule: route.rule,
    state: "",
  }));
  for (const wish of wishes) place(rows, wish);
  return rows;
}

/** @param {Row[]} rows @param {Wish} wish */
function place(rows, wish) {
  const { route, rule } = wish;
  let at = rows.findIndex((row) => row.route !== null && row.route === route);
  if (at < 0) {
    at = beforeDefault(rows);
    rows.splice(at, 0, { route: null, wish, name: rule?.name ?? "", isDefault: false, rule, state: "new" });
  } else {
    rows[at] = { ...rows[at], wish, rule: rule ?? rows[at].rule, state: stateOf(wish) };
  }
  if (rule?.position) move(rows, at, rule.position);
}

/** @param {Wish} wish @returns {Row["state"]} */
function stateOf({ route, rule }) {
  if (rule === null) return "removed";
  const { position, ...rest } = rule;
  if (canonical(rest) !== canonical(route?.rule)) return "changed";
  return position ? "moved" : "";
}

/** The same text for the same members, in whatever order. @param {unknown} value */
export function canonical(value) {
  return JSON.stringify(value, (_, each) =>
    each && typeof each === "object" && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}

/** @param {Row[]} rows @param {number} at @param {any} position */
function move(rows, at, position) {
  const [row] = rows.splice(at, 1);
  rows.splice(placeOf(rows, position), 0, row);
}

/** @param {Row[]} rows without the one that moves @param {any} position */
function placeOf(rows, position) {
  if (position === "first") return 0;
  const name = position.before ?? position.after;
  const other = rows.findIndex((row) => row.name === name && !row.isDefault && row.state !== "removed");
  if (other < 0) return beforeDefault(rows);
  return "before" in position ? other : other + 1;
}

/** @param {Row[]} rows */
function beforeDefault(rows) {
  const found = rows.findIndex((row) => row.isDefault);
  return found < 0 ? rows.length : found;
}

/**
 * The position by which a row moves one place up or down; null where there is none to name.
 * @param {Row[]} rows
 * @param {number} at
 * @param {-1 | 1} step
 * @returns {"first" | {before: string} | {after: string} | null}
 */
export function step(rows, at, step) {
  const other = rows[at + step];
  if (!movable(rows[at]) || !other || other.isDefault || other.state === "removed") return null;
  if (step < 0 && at === 1) return "first";
  if (!other.name) return null;
  return step < 0 ? { before: other.name } : { after: other.name };
}

/** @param {Row} row */
function movable(row) {
  return row.rule !== null && row.name !== "" && !row.isDefault && row.state !== "removed";
}

/** Why a route in force is not edited in a form; nothing where it is. @param {Row} row */
export function whyNot({ route, name, isDefault, rule }) {
  if (route && !route.rule) return "No form can say all of this route; edit it in the YAML.";
  return rule && (name || isDefault) ? "" : "This route has no name; give it one in the YAML.";
}
