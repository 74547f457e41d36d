/** What is typed, as POST rollouts takes it, and the other way. Pure: no page, no network. */
import { numeric, seconds, split } from "./durations.js";

/** @typedef {import("./types.js").Form} Form */
/** @typedef {import("./types.js").Spec} Spec */
/** @typedef {import("./types.js").StepRow} StepRow */
/** @typedef {import("./types.js").QueryRow} QueryRow */
/** @typedef {Record<string, any>} Json */

const MATCHED = ["header", "cookie"];
const USUAL_LOOKS = 3;

/**
 * What is typed as it is asked for. What cannot be read goes as it was typed: the server then says at its field what
 * is wrong with it.
 * @param {Form} form
 * @returns {Spec}
 */
export function toSpec(form) {
  const { kind, name, value } = form.strategy;
  return {
    namespace: form.namespace,
    service: form.service,
    baseline: form.baseline.trim(),
    canary: form.canary.trim(),
    strategy: MATCHED.includes(kind) ? { kind, name: name.trim(), value } : { kind },
    steps: form.steps.map(step),
    guards: guards(form),
    on_harm: form.on_harm,
    on_no_verdict: form.on_no_verdict,
    on_no_traffic: form.on_no_traffic,
    alpha: ratio(form.alpha),
    interval_seconds: numeric(form.interval),
    notify: form.notify.map((told) => ({ ...told, url: told.url.trim() })),
    gates: form.gates.map((gate) => ({ ...gate, url: gate.url.trim() })),
  };
}

/** @param {StepRow} row */
function step(row) {
  return {
    weight: numeric(row.weight),
    seconds: seconds(row.amount, row.unit),
    requests: row.requests.trim() === "" ? 0 : numeric(row.requests),
    pause: row.pause,
  };
}

/** @param {Form} form @returns {Json[]} */
function guards({ errors, latency, queries }) {
  /** @type {Json[]} */
  const found = [];
  if (errors.on) found.push({ kind: "errors", margin: ratio(errors.margin), tolerated: ratio(errors.tolerated) });
  if (latency.on) {
    const bounds = { margin: ratio(latency.margin), tolerated: ratio(latency.tolerated) };
    found.push({ kind: "latency", objective_ms: optional(latency.objective), ...bounds });
  }
  return [...found, ...queries.map(query)];
}

/** @param {QueryRow} row @returns {Json} */
function query(row) {
  /** @type {Json} */
  const found = { kind: "promql", name: row.name.trim(), query: row.query.trim() };
  if (row.least.trim()) found.least = numeric(row.least);
  if (row.most.trim()) found.most = numeric(row.most);
  return { ...found, looks: numeric(row.looks) };
}

/** @param {string} typed @returns {number | string | null} */
function optional(typed) {
  return typed.trim() === "" ? null : numeric(typed);
}

/**
 * Percent as typed, as a ratio; without the dust of binary fractions.
 * @param {string} typed
 * @returns {number | string}
 */
export function ratio(typed) {
  const number = numeric(typed);
  return typeof number === "number" ? Number((number / 100).toPrecision(12)) : number;
}

/**
 * A step that is asked for, as it is typed.
 * @param {import("./types.js").Step} step
 * @returns {StepRow}
 */
export function stepRow(step) {
  const lasts = typeof step.seconds === "number" ? split(step.seconds) : { amount: step.seconds, unit: /** @type {const} */ ("s") };
  return { weight: text(step.weight), ...lasts, requests: step.requests ? text(step.requests) : "", pause: step.pause };
}

/**
 * A guard by a query that is asked for, as it is typed.
 * @param {Json} guard
 * @returns {QueryRow}
 */
export function queryRow(guard) {
  const { name, query, least, most, looks } = guard;
  return { name: text(name), query: text(query), least: text(least), most: text(most), looks: text(looks ?? USUAL_LOOKS) };
}

/** @param {unknown} value */
function text(value) {
  return value === undefined || value === null ? "" : String(value);
}
