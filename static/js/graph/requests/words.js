// Requests and the state of their logs, in words. Pure.

import { count, number, quantity } from "../../format.js";

/** @import { Request, RequestsFrame, Side } from "./frames.js" */

/** After this long without a line, a log of a busy workload says that it is switched off. */
export const QUIET_MS = 8_000;
export const OFF = "off";

/** @param {Side} side @returns {string} who stands there */
export function sideName(side) {
  switch (side.kind) {
    case "hidden":
      return "another namespace";
    case "forwarded":
      return "client of a gateway";
    case "unknown":
      return "unknown";
    default: {
      const version = side.version && side.version !== "latest" ? ` ${side.version}` : "";
      return `${side.app || side.workload}${version}`;
    }
  }
}

/** @param {Request} request @returns {string} who was called: the workload that answered, or else the service */
export function targetName(request) {
  if (request.target.kind !== "unknown") return sideName(request.target);
  return request.service ? `${request.service.split("/").pop()} (no answer)` : "unknown";
}

/** @param {number} code @returns {"ok" | "degraded" | "failing"} */
export function levelOf(code) {
  if (code >= 500 || code < 100) return "failing";
  return code >= 400 ? "degraded" : "ok";
}

/** @param {number} code @returns {string} the code; without an answer there is none */
export function codeWord(code) {
  return code >= 100 ? String(code) : "none";
}

/** @param {Request} request @returns {string} what makes it the same row when it comes a second time */
export function keyOf(request) {
  const { at, direction, method, path, code, duration_ms: duration, caller, target } = request;
  return [at, direction, method, path, code, duration, caller.workload, target.workload].join(" ");
}

/**
 * @param {RequestsFrame} frame the newest one
 * @param {{shown: number, leftOut: number}} sums of rows since one looks
 * @returns {string} what part of the requests is on the screen
 */
export function sampleWords(frame, { shown, leftOut }) {
  const rate = frame.per_second;
  if (!shown && !leftOut) return "";
  const speed = rate >= 0.1 ? `about ${quantity(rate, "")} a second` : "less than one in ten seconds";
  if (!leftOut) return `All are shown: ${speed}.`;
  const part = rate > 20 ? `Showing 20 of ${speed}` : `There are ${speed}`;
  return `${part}; ${number(leftOut)} left out so far.`;
}

/** @param {RequestsFrame} frame @returns {string} by whose proxies it is told */
export function sourceWords({ side, followed, pods }) {
  if (!pods) return "";
  const whose = side === "caller" ? "callers" : side === "target" ? "called pods" : "pods";
  const part = followed < pods ? `${followed} of ${pods}` : String(pods);
  return `From the access log of ${count(pods, "pod").replace(/^\S+/, part)}${whose === "pods" ? "" : ` (${whose})`}.`;
}

/**
 * What stands in the place of rows, or above them.
 * @param {RequestsFrame | null} frame
 * @param {{quietMs: number, rate: number, shown: number}} facts `quietMs`: since the log is open without a line of
 *   the access log; `rate`: what the graph sees there, per second
 * @returns {{kind: "" | "busy" | "note" | "problem" | "off", text: string}}
 */
export function stateWords(frame, { quietMs, rate, shown }) {
  if (!frame || frame.state === "opening") return { kind: "busy", text: "Opening the access log…" };
  if (frame.state === "refused") return { kind: "problem", text: `You may not see requests here. ${frame.message}` };
  if (frame.state === "nothing") return { kind: "note", text: frame.message };
  if (frame.state === "away") return { kind: "problem", text: `The access log cannot be read just now. ${frame.message}` };
  if (frame.state === "full") return { kind: "problem", text: frame.message };
  if (shown) return { kind: frame.message ? "note" : "", text: frame.message };
  if (!frame.requests && !frame.connections && rate > 0 && quietMs > QUIET_MS) {
    return { kind: OFF, text: "Requests pass, but the proxies do not log them: Istio's access log is off here." };
  }
  return { kind: "note", text: frame.requests ? "No request of this sort has passed yet." : "No request has passed yet." };
}
