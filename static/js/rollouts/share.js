// The canary's share: what was asked for, what the cluster holds, what the requests did, and what the verification says.

import { byId, el, find, findAll, setText, status } from "../dom.js";
import { number } from "../format.js";
import { evidence, verdict } from "../routing/verdict.js";
import { hasEnded } from "./words.js";

/** @import { Detail, Verification } from "./types.js" */

/** @param {Detail} rollout */
export function showShare(rollout) {
  const root = byId("share", HTMLElement);
  const ended = hasEnded(rollout);
  // What was observed last is of before the end: it says nothing of how the traffic flows now.
  const observed = ended ? null : inPercent(rollout.observed_share);
  const values = { intended: rollout.weight, configured: ended ? null : inPercent(rollout.configured_share), observed };
  for (const row of findAll(root, "[data-bar]", HTMLElement)) {
    const value = values[/** @type {keyof typeof values} */ (row.dataset.bar ?? "")];
    find(row, "[data-value]", SVGRectElement).setAttribute("width", `${Math.min(100, value ?? 0)}%`);
    setText(find(row, "[data-text]", HTMLElement), value === null ? "–" : `${number(value)} %`);
  }
  const found = rollout.share;
  const said = byId("share-said", HTMLElement);
  const key = JSON.stringify([found.verdict, found.sentence, found.diagnosis, found.e_value, rollout.mirror, rollout.match, ended]);
  if (said.dataset.said === key) return;
  said.dataset.said = key;
  said.replaceChildren(...sentences(rollout));
}

/** @param {Detail} rollout @returns {HTMLElement[]} */
function sentences(rollout) {
  const { share, mirror, match, strategy } = rollout;
  if (hasEnded(rollout)) return [el("p", { class: "muted small" }, "Nobody verifies the share after the end: the graph shows how the traffic flows now.")];
  const lines = [];
  if (mirror) lines.push(el("p", { class: "muted small" }, "The canary gets copies of requests. Nothing answers to them, and no share of them is measured."));
  if (match) lines.push(el("p", { class: "muted small" }, `Requests with the ${strategy.kind} go to the canary whatever the weights say; the weight is of the others.`));
  if (!share.verdict) return [...lines, el("p", { class: "muted small" }, "The share is not measured yet.")];
  const whole = /** @type {Verification} */ (share);
  const { status: level, word, sentence } = verdict(whole);
  lines.unshift(el("p", { class: "share-verdict" }, el("strong", {}, status(level, word)), " ", sentence));
  for (const { message } of whole.diagnosis ?? []) lines.push(el("p", { class: share.verdict === "differs" ? "share-diagnosis" : "muted small" }, message));
  const sure = whole.versions && whole.e_value !== undefined ? evidence(whole) : "";
  if (sure) lines.push(el("p", { class: "muted small" }, sure));
  return lines;
}

/** @param {number | null} share 0 to 1 */
function inPercent(share) {
  return share === null ? null : share * 100;
}
