// A rollout in words: what its status is called, what comes next, and what a person can do. Pure.

import { age, clock, count, number, quantity } from "../format.js";

/** @import { Detail, RolloutStatus, Step, Summary, Verdict } from "./types.js" */

/** Level, icon and word of each status. @type {Record<RolloutStatus, {level: import("../dom.js").Status, icon: string, word: string}>} */
export const STATUS = {
  planned: { level: "idle", icon: "idle", word: "Planned" },
  running: { level: "info", icon: "play", word: "Running" },
  paused: { level: "degraded", icon: "pause", word: "Paused" },
  held: { level: "degraded", icon: "degraded", word: "Held" },
  promoted: { level: "ok", icon: "ok", word: "Promoted" },
  rolled_back: { level: "failing", icon: "failing", word: "Rolled back" },
  aborted: { level: "idle", icon: "close", word: "Aborted" },
  gone: { level: "idle", icon: "idle", word: "Gone" },
};

/** @type {Record<Verdict, {level: import("../dom.js").Status, word: string}>} */
export const VERDICT = {
  harm: { level: "failing", word: "Harm" },
  no_worse: { level: "ok", word: "No worse" },
  not_known: { level: "info", word: "Not known yet" },
};

const ENDED = new Set(["promoted", "rolled_back", "aborted", "gone"]);

/** @param {{status: string}} rollout */
export function hasEnded({ status }) {
  return ENDED.has(status);
}

/** @typedef {"done" | "current" | "stopped" | "next"} StepState */

/**
 * How each step stands. A rollout that ended without its canary stopped in the step it was in.
 * @param {Pick<Summary, "status" | "step" | "steps">} rollout
 * @returns {StepState[]}
 */
export function stepStates({ status, step, steps }) {
  return steps.map((_, index) => {
    if (status === "promoted" || index < step) return "done";
    if (index > step) return "next";
    return ENDED.has(status) ? "stopped" : "current";
  });
}

/** @param {Step} step @returns {string} "60 s · 300 requests · a person" */
export function stepWords({ seconds, requests, pause }) {
  return [span(seconds), requests ? count(requests, "request") : "", pause ? "ends by a person" : ""].filter(Boolean).join(" · ");
}

/** Whole seconds as people say them. @param {number} seconds */
export function span(seconds) {
  if (seconds < 120) return `${Math.round(seconds)} s`;
  if (seconds < 7200) return `${number(seconds / 60)} min`;
  return `${number(seconds / 3600)} h`;
}

/**
 * What comes next, as of the last look.
 * @param {Summary} rollout
 * @param {number} now milliseconds since the epoch
 */
export function nextEvent(rollout, now) {
  const { status, why, clock: counted, finished_at: finished } = rollout;
  if (hasEnded(rollout)) return finished ? `ended ${age(now - Date.parse(finished))} ago` : "ended";
  if (status === "paused") return "waits for a person";
  if (status === "held") return why?.code === "harm" ? "waits for a person" : "goes on when the reason is gone";
  if (why?.code === "gate") return "waits for a gate";
  if (rollout.step < 0) return `${goal(rollout)} at the next look`;
  if (!counted.verified) return "verifies the share first";
  const left = counted.of_seconds - counted.seconds;
  if (left > 0) return `${goal(rollout)} in ${span(Math.max(1, left))} at the earliest`;
  const lacking = counted.of_requests - counted.requests;
  if (lacking > 0) return `${goal(rollout)} after ${count(Math.ceil(lacking), "more request", "more requests")}`;
  return `${goal(rollout)} at the next look`;
}

/** @param {Summary} rollout */
function goal({ step, steps }) {
  if (steps[step]?.pause) return "pauses for a person";
  const next = steps[step + 1];
  return next ? `${next.weight} %` : "promotes";
}

/** What a person can do about it, by the reason's code. @type {Record<string, string>} */
const ADVICE = {
  person: "Resume goes on from here. Abort takes the canary out.",
  step_pause: "Read the evidence below. Resume goes on to the next step; Abort takes the canary out.",
  weight_set: "Resume goes on from this weight to the first step that gives more.",
  foreign_edit: "Look at the object before you decide: Resume overwrites that edit with the step's rule, Abort takes the canary out.",
  rights: "Give the rights back and press Resume, or abort: the way back needs no rights of whoever started it.",
  api_away: "There is nothing to do here: it goes on when the API server answers. The traffic flows as it was written last.",
  rights_unknown: "It goes on when the API server answers. Abort works meanwhile.",
  not_ready: "It goes on when a pod is ready. Look at the workload, or abort.",
  source_away: "It goes on when the metrics come again. Nobody judges meanwhile: abort if you cannot wait.",
  share_differs: "The diagnosis beside the share says why. It goes on when the share is as written; or abort.",
  share_not_measured: "It goes on when the callers' proxies report again. Abort if you cannot wait.",
  no_traffic: "It goes on with the first request. Send some, set a larger weight, or abort.",
  no_verdict: "It goes on by itself when there is a verdict. More traffic brings it sooner: set a larger weight, promote on your own judgement, or abort.",
  harm: "Step back to see whether it ends, retry to judge anew, or abort.",
  gate_refused: "The gate is asked again at each look. Abort if it must not go on.",
  write_refused: "It is tried again at each look. Abort if it must not go on.",
  write_unknown: "What stands is read at the next look, and nothing is written twice.",
};

/** @param {Summary} rollout @returns {string} what a person can do; "" when there is nothing to be done */
export function advice(rollout) {
  const { status, why, baseline } = rollout;
  if (status === "gone") return "Nothing was made again. What was left of the rule is below.";
  if (status === "rolled_back" || status === "aborted") return `All requests go to ${baseline}. Retry starts again from the first step, with fresh evidence.`;
  if (status !== "paused" && status !== "held") return "";
  return ADVICE[why?.code ?? ""] ?? "";
}

/**
 * The sentence at the top: why it stands still or ended, or what it is doing.
 * @param {Summary} rollout
 * @param {number} now
 */
export function headline(rollout, now) {
  const { status, why, canary, weight, step, steps } = rollout;
  if (status === "promoted") return `All requests go to ${canary}.`;
  if (why && (status !== "running" || why.code === "harm" || why.code === "gone")) return why.words;
  if (status === "planned") return "It begins at the next look.";
  const where = `Step ${step + 1} of ${steps.length}: ${canary} gets ${weight} %`;
  return why ? `${where}. ${why.words}` : `${where}; next: ${nextEvent(rollout, now)}.`;
}

/**
 * What found harm, or does not let it go on, in figures; else how the judge sees it by now.
 * @param {Pick<Detail, "evidence" | "verdict" | "why">} rollout
 */
export function judgeWords({ evidence, verdict, why }) {
  const asked = verdict === "harm" ? "harm" : why?.code === "no_verdict" ? "not_known" : "";
  const found = evidence.figures.filter((figure) => figure.verdict === asked).map(({ name, sentence }) => `${name}: ${sentence}`);
  return found.join(" ") || `The judge: ${evidence.sentence}`;
}

/**
 * A moment as a log has it: the time of day, with its date when it is not today. Not as an age: it is held against other logs.
 * @param {Date} date
 * @param {Date} now
 */
export function logTime(date, now) {
  if (date.toDateString() === now.toDateString()) return clock(date);
  return `${date.toLocaleDateString("en-GB", { day: "numeric", month: "short" })} ${clock(date)}`;
}

const DIGITS = "⁰¹²³⁴⁵⁶⁷⁸⁹";

/** An e-value: how many times better "harm" explains what was seen. @param {number | null | undefined} value */
export function eValue(value) {
  if (value === null || value === undefined) return "–";
  if (value < 0.01) return "<0.01";
  if (value < 999_500) return quantity(value, "").trim();
  const power = Math.floor(Math.log10(value));
  return `10${[...String(power)].map((digit) => DIGITS[Number(digit)]).join("")}`;
}

/**
 * How far evidence is on its way from 1 (nothing) to its bound, on the scale on which it adds up.
 * @param {number} value
 * @param {number} bound
 * @returns {number} 0 to 1
 */
export function progress(value, bound) {
  if (value <= 1 || bound <= 1) return 0;
  return Math.min(1, Math.log(value) / Math.log(bound));
}

/** Whether a person has to look after it. @param {Summary[]} rollouts */
export function waiting(rollouts) {
  return rollouts.filter((each) => each.status === "paused" || each.status === "held").length;
}

/**
 * In which order the list stands: what needs a person, what runs, what ended; the newest first.
 * @param {readonly Summary[]} rollouts
 * @returns {Summary[]}
 */
export function ordered(rollouts) {
  const rank = (/** @type {Summary} */ each) => (hasEnded(each) ? 2 : each.status === "paused" || each.status === "held" ? 0 : 1);
  return [...rollouts].sort((a, b) => rank(a) - rank(b) || b.id - a.id);
}

/** What an abort or a promotion writes, in words. @param {Detail} rollout @param {"abort" | "promote"} name */
export function willBeWritten(rollout, name) {
  const { service, namespace, baseline, canary } = rollout;
  if (name === "abort" && rollout.step < 0 && !rollout.weight) return "Nothing was written yet, so nothing is: the rollout ends.";
  const [all, none] = name === "abort" ? [baseline, canary] : [canary, baseline];
  const extra = rollout.match ? ` The match on ${rollout.strategy.kind} ${rollout.strategy.name ?? ""} goes.` : rollout.mirror ? " No more copies are sent." : "";
  return `The route to ${namespace}/${service}, in one write: ${all} 100 %, ${none} 0 %.${extra} Other routes, subsets and fields stay as they are.`;
}
