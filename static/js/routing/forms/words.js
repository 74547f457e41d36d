/** Routes in plain words, from the form that rules have. Pure: no page, no network. */
import { conditionsOf } from "./conditions.js";

/** @typedef {Record<string, any>} Json */

/** @type {Record<string, string>} */
const SUBJECTS = {
  uri: "path",
  method: "method",
  scheme: "scheme",
  authority: "host",
  source_namespace: "from namespace",
  port: "port",
  gateways: "through",
};

/** `path /beta* and end-user = jason`; alternatives by "or". @param {Json[]} matches */
export function matchWords(matches) {
  const alternatives = matches.map((match) => conditionsOf(match).map(conditionWords).join(" and "));
  return alternatives.join(" or ") || "every request";
}

/** @param {import("./conditions.js").Condition} condition */
function conditionWords({ on, name: key, how, value, ignoreCase }) {
  const name = key || "…";
  const text = compared(how, value) + (ignoreCase ? " (any case)" : "");
  const is = how === "regex" ? "" : "= ";
  if (on === "headers") return how === "present" ? `${name} is there` : `${name} ${is}${text}`;
  if (on === "without_headers") return how === "present" ? `${name} is not there` : `${name} not ${text}`;
  if (on === "query_params") return how === "present" ? `?${name} is there` : `?${name} ${is}${text}`;
  if (on === "source_labels") return `caller ${name} = ${value}`;
  return `${SUBJECTS[on] ?? on} ${text}`;
}

/** @param {string | undefined} how @param {string | undefined} value */
function compared(how, value = "") {
  if (how === "prefix") return `${value}*`;
  return how === "regex" ? `~ ${value}` : value || "(empty)";
}

/** `80 % v1, 20 % v3`, `redirect 301 to /new`, `answer 503`. @param {Json} action */
export function actionWords(action) {
  if (action.redirect) return redirectWords(action.redirect);
  if (action.direct_response) return `answer ${action.direct_response.status}`;
  const destinations = /** @type {Json[]} */ (action.destinations ?? []);
  if (!destinations.length) return "nowhere";
  if (destinations.length === 1) return placeWords(destinations[0]);
  const some = destinations.filter(({ weight }) => weight !== 0);
  return some.map((each) => `${each.weight} % ${placeWords(each)}`).join(", ");
}

/** @param {Json} redirect */
function redirectWords({ uri = "", authority = "", scheme, port, redirect_code: code = 301 }) {
  const host = authority || (scheme || port ? "same host" : "");
  return `redirect ${code} to ${scheme ? `${scheme}://` : ""}${host}${port ? `:${port}` : ""}${uri}`.trim();
}

/** @param {Json} place */
export function placeWords({ host, service, version, subset, port }) {
  const where = host ?? service;
  const parts = [where?.replace(/\.svc\.cluster\.local$/, ""), version ?? subset].filter(Boolean);
  return (parts.join(" ") || "all versions") + (port ? ` port ${port}` : "");
}

/** One short word for each policy. @param {Json} policies @returns {string[]} */
export function policyWords(policies) {
  const found = [];
  if (policies.timeout) found.push(`timeout ${policies.timeout}`);
  if (policies.retries) found.push(retriesWords(policies.retries));
  if (policies.rewrite) found.push("rewrite");
  if (policies.headers) found.push("headers");
  if (policies.cors) found.push("CORS");
  for (const mirror of policies.mirrors ?? []) found.push(`mirror ${mirror.percentage ?? 100} % to ${placeWords(mirror)}`);
  if (policies.fault) found.push("fault");
  return found;
}

/** @param {Json} retries */
export function retriesWords({ attempts, per_try_timeout: each }) {
  if (!attempts) return "no retries";
  return `${attempts} ${attempts === 1 ? "retry" : "retries"}${each ? ` of ${each}` : ""}`;
}

/**
 * The question about one request that a route matches, for /routing/explain/. A regex names no request: what is asked
 * by one is left for the person to fill in.
 * @param {Json[]} matches
 * @param {{namespace: string, name: string}} service
 * @returns {string} a query
 */
export function question(matches, { namespace, name }) {
  const asked = new URLSearchParams({ host: name, namespace });
  const queries = [];
  for (const { on, name: key, how, value = "" } of conditionsOf(matches[0] ?? {})) {
    const text = how === "present" ? "1" : value;
    if (how === "regex" || (on === "method" && how !== "exact")) continue;
    if (on === "uri") asked.set("path", text);
    else if (on === "headers") asked.append("header", `${key}: ${text}`);
    else if (on === "query_params") queries.push(`${encodeURIComponent(key ?? "")}=${encodeURIComponent(text)}`);
    else if (on === "source_labels") asked.append("caller_labels", `${key}=${value}`);
    else if (on === "source_namespace") asked.set("caller_namespace", value);
    else if (on === "method" || on === "scheme" || on === "port") asked.set(on, value);
    else if (on === "gateways") gateway(asked, value, namespace);
  }
  if (queries.length) asked.set("path", `${asked.get("path") ?? "/"}?${queries.join("&")}`);
  return asked.toString();
}

/** @param {URLSearchParams} asked @param {string} names @param {string} namespace */
function gateway(asked, names, namespace) {
  const first = names.split(", ")[0];
  if (first !== "mesh") asked.set("gateway", first.includes("/") ? first : `${namespace}/${first}`);
}
