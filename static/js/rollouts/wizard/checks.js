/**
 * What can be told of what is typed without asking: what is missing, and what is typed in another unit than it is
 * asked for in, where the server's words would not fit. Pure. All else the server says.
 */
import { numeric, seconds } from "./durations.js";
import { guardPaths } from "./fields.js";

/** @typedef {import("./types.js").Form} Form */
/** @typedef {import("./types.js").FieldError} FieldError */

const WEEK = 7 * 24 * 3600;

/**
 * What must be chosen before there is anything to preview.
 * @param {Form} form
 * @returns {FieldError[]}
 */
export function missing(form) {
  const { errors, latency, queries } = form;
  return said([
    [!form.namespace, "namespace", "Choose a namespace."],
    [!form.service, "service", "Choose a service."],
    [Boolean(form.service) && !form.baseline.trim(), "baseline", "Choose the version that is known to be good."],
    [Boolean(form.service) && !form.canary.trim(), "canary", "Choose the version that is to come."],
    [!errors.on && !latency.on && !queries.length, "guards", "Choose at least one thing to judge by."],
  ]);
}

/**
 * What is out of its range, in the unit in which it is typed.
 * @param {Form} form
 * @returns {FieldError[]}
 */
export function outside(form) {
  const at = guardPaths(form);
  return said([
    ...form.steps.map(lasting),
    ...bounds(form.errors, at.errors),
    ...bounds(form.latency, at.latency),
    [!within(form.alpha, 0.01, 20), "alpha", "Percent from 0.01 to 20."],
  ]);
}

/** @param {{margin: string, tolerated: string}} guard @param {string} path @returns {Said[]} */
function bounds({ margin, tolerated }, path) {
  if (!path) return [];
  return [
    [!within(margin, 0, 1000), `${path}.margin`, "Percent from 0 to 1000."],
    [!within(tolerated, 0, 99), `${path}.tolerated`, "Percent from 0 to 99."],
  ];
}

/** @param {import("./types.js").StepRow} row @param {number} at @returns {Said} */
function lasting({ amount, unit }, at) {
  const found = seconds(amount, unit);
  const wrong = !Number.isInteger(found) || Number(found) < 1 || Number(found) > WEEK;
  return [wrong, `steps[${at}].seconds`, "Whole seconds, from 1 s to 168 h."];
}

/** @param {string} typed @param {number} least @param {number} most */
function within(typed, least, most) {
  const number = numeric(typed);
  return typeof number === "number" && number >= least && number <= most;
}

/** @typedef {[boolean, string, string]} Said whether it is wrong, the field, the words */

/** @param {Said[]} list @returns {FieldError[]} */
function said(list) {
  return list.filter(([wrong]) => wrong).map(([, field, message]) => ({ field, message }));
}
