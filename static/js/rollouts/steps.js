// The steps as a rail from the first to the last, with the present one open: what its clock says and what it waits for.

import { byId, el, icon } from "../dom.js";
import { count, number } from "../format.js";
import { hasEnded, nextEvent, span, stepStates, stepWords } from "./words.js";
import { svg } from "./svg.js";

/** @import { Detail } from "./types.js" */
/** @import { StepState } from "./words.js" */

/** @type {Record<StepState, {icon: string, word: string}>} */
const SIGNS = {
  done: { icon: "ok", word: "done" },
  current: { icon: "play", word: "now" },
  stopped: { icon: "failing", word: "ended here" },
  next: { icon: "idle", word: "to come" },
};

/** @param {Detail} rollout @param {number} now milliseconds since the epoch */
export function showSteps(rollout, now) {
  const root = byId("steps", HTMLElement);
  const { steps, step, status, clock, why, mirror } = rollout;
  const key = JSON.stringify([steps, step, status, clock, why, mirror, nextEvent(rollout, now)]);
  if (root.dataset.shown === key) return;
  root.dataset.shown = key;
  const states = stepStates(rollout);
  root.replaceChildren(...steps.map((_, index) => row(rollout, index, states[index] ?? "next", now)));
}

/** @param {Detail} rollout @param {number} index @param {StepState} state @param {number} now */
function row(rollout, index, state, now) {
  const step = rollout.steps[index];
  if (!step) throw new Error("There is no such step.");
  const never = state === "next" && hasEnded(rollout) ? { icon: "idle", word: "not reached" } : SIGNS[state];
  const sign = state === "current" && rollout.status !== "running" ? { icon: rollout.status === "paused" ? "pause" : "degraded", word: rollout.status } : never;
  const weight = step.weight === 0 && rollout.strategy.kind === "mirror" ? "copies" : `${step.weight} %`;
  const head = el("div", { class: "step-head" }, el("strong", {}, weight), el("span", { class: "muted" }, stepWords(step)), el("span", { class: "step-word" }, sign.word));
  const open = state === "current" || state === "stopped";
  const body = open ? el("div", { class: "step-body" }, ...clockOf(rollout), waits(rollout, state, now)) : null;
  const current = state === "current" ? "step" : null;
  return el("li", { class: `step is-${state} is-${rollout.status}`, "aria-current": current }, el("span", { class: "step-sign" }, icon(sign.icon)), el("div", { class: "step-text" }, head, body));
}

/** @param {Detail} rollout @returns {HTMLElement[]} */
function clockOf(rollout) {
  const { clock } = rollout;
  const found = [meter("time under watch", clock.seconds, clock.of_seconds, `${span(clock.seconds)} of ${span(clock.of_seconds)}`)];
  if (clock.of_requests || clock.requests) {
    const of = clock.of_requests ? `${number(clock.requests)} of ${number(clock.of_requests)}` : count(clock.requests, "request");
    found.push(meter("requests", clock.requests, clock.of_requests, of));
  }
  const then = hasEnded(rollout) ? "" : clock.verified ? ": the clock counts" : ": the clock waits";
  const words = `share ${clock.verified ? "verified" : "not verified"}${then}`;
  return [el("p", { class: "step-share" }, icon(clock.verified ? "ok" : "busy"), words), ...found];
}

/** @param {string} name @param {number} value @param {number} most @param {string} words */
function meter(name, value, most, words) {
  const part = most > 0 ? Math.min(100, (value / most) * 100) : 0;
  const bar = svg("svg", { class: "bars", "aria-hidden": "true" }, svg("rect", { class: "track", width: "100%", height: 6, rx: 3 }), svg("rect", { class: part >= 100 ? "full" : "observed", width: `${part}%`, height: 6, rx: 3 }));
  return el("div", { class: "step-meter" }, el("span", { class: "muted" }, name), most > 0 ? bar : el("span"), el("span", { class: "number" }, words));
}

/** @param {Detail} rollout @param {StepState} state @param {number} now */
function waits(rollout, state, now) {
  if (state === "stopped") return null;
  const words = rollout.why?.words && rollout.status !== "running" ? rollout.why.words : `next: ${nextEvent(rollout, now)}`;
  return el("p", { class: "step-waits" }, words);
}
