/** What will happen, in words: what one reads last before Start. Pure. */
import { inWords } from "./durations.js";

/** @typedef {import("./types.js").Spec} Spec */
/** @typedef {import("./types.js").Step} Step */

/** More steps than these are not told one by one. */
const TOLD = 5;

/**
 * @param {Spec} spec
 * @param {string} end the expected end as it is read ("14:32"), or ""
 * @returns {string} "" while it is not said who gets what
 */
export function summary(spec, end = "") {
  if (!spec.service || !spec.canary || !spec.steps.length) return "";
  const waits = spec.gates.length > 0 || spec.steps.some(({ pause }) => pause);
  const ends = end ? ` Expected end ${end}${waits ? ", if nobody is waited for" : ""}.` : "";
  return `${course(spec)}. ${guarded(spec)}.${ends}`;
}

/** Who gets what, step by step. @param {Spec} spec */
function course(spec) {
  const { canary, service, strategy, steps } = spec;
  const [first, ...rest] = phrases(steps, strategy.kind, service);
  const ends = Number(steps.at(-1)?.weight) === 100;
  const then = rest.length ? [`then ${ends ? listed(rest) : rest.join(", ")}`] : [];
  const told = [`${canary} gets ${first}`, ...then, ...(ends ? [] : ["and at last all of them"])].join(", ");
  const who = matched(strategy);
  return who ? `Requests to ${service} with ${who} go to ${canary} from the first step on. Of the others, ${told}` : told;
}

/** @param {Step[]} steps @param {string} kind @param {string} service */
function phrases(steps, kind, service) {
  const all = steps.map((step, at) => phrase(step, at, kind, service));
  if (all.length <= TOLD) return all;
  const shown = all.slice(0, TOLD - 2);
  return [...shown, `${all.length - shown.length} more steps up to ${all[all.length - 1]}`];
}

/** @param {Step} step @param {number} at @param {string} kind @param {string} service */
function phrase({ weight, seconds, requests, pause }, at, kind, service) {
  const lasts = typeof seconds === "number" ? ` for ${at ? "" : "at least "}${inWords(seconds)}` : "";
  const counted = Number(requests) > 0 ? ` and ${requests} requests` : "";
  const person = pause ? " and until a person says so" : "";
  return `${part(weight, at, kind, service)}${lasts}${counted}${person}`;
}

/** @param {number | string} weight @param {number} at @param {string} kind @param {string} service */
function part(weight, at, kind, service) {
  if (Number(weight) === 0 && weight !== "") return kind === "mirror" ? "copies of the requests, whose answers nobody gets," : "none";
  const matches = kind === "header" || kind === "cookie";
  const of = at || matches ? "" : ` of the requests to ${service}`;
  if (Number(weight) === 100) return at || matches ? "all" : `all requests to ${service} at once`;
  return `${weight === "" ? "?" : weight} %${of}`;
}

/** @param {import("./types.js").Strategy} strategy */
function matched({ kind, name, value }) {
  if (kind === "header") return `the header ${name || "…"}: ${value || "…"}`;
  return kind === "cookie" ? `the cookie ${name || "…"}=${value || "…"}` : "";
}

/** @param {Spec} spec */
function guarded({ guards, on_harm: onHarm }) {
  const names = guards.map((guard) => ({ errors: "errors", latency: "slow requests" })[String(guard.kind)] ?? (guard.name || "a query"));
  if (!names.length) return "Nothing is judged";
  const worse = guards.every(({ kind }) => kind === "promql") ? "out of bounds" : "worse than allowed";
  const are = names.length === 1 && guards[0].kind === "promql" ? "is" : "are";
  const does = onHarm === "hold" ? "It holds for a person" : "It goes back by itself";
  return `${does} if ${listed(names, "or")} ${are} ${worse}`;
}

/** @param {string[]} words @param {string} [last] */
function listed(words, last = "and") {
  return words.length < 2 ? words.join("") : `${words.slice(0, -1).join(", ")} ${last} ${words[words.length - 1]}`;
}
