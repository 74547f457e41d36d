// One rollout in the list: its weights as a line of stairs, its steps as dots, and in words how it stands and what comes next.

import { BASE } from "../base.js";
import { el, icon, setText } from "../dom.js";
import { percent } from "../format.js";
import { stairs } from "./stairs.js";
import { hasEnded, nextEvent, span, stepStates, STATUS } from "./words.js";

/** @import { Summary } from "./types.js" */

export class Row {
  #status = el("span");
  #why = el("p", { class: "row-why" });
  #picture = el("span", { class: "row-picture" });
  #dots = el("span", { class: "row-dots" });
  #share = el("b");
  #observed = el("span", { class: "muted" });
  #time = el("span");
  #next = el("span", { class: "muted" });
  #shown = "";
  element;

  /** @param {Summary} rollout */
  constructor(rollout) {
    const { id, namespace, service, baseline, canary, created_by: by, note } = rollout;
    const link = el("a", { class: "row-link", href: `${BASE}rollouts/${id}/`, title: note }, service);
    const what = el("div", { class: "row-what" }, el("p", {}, link, el("span", { class: "row-versions" }, ` ${baseline} → ${canary}`)), el("p", { class: "muted small" }, `${namespace} · #${id} by ${by}`));
    const how = el("div", { class: "row-how" }, this.#status, this.#why);
    const share = el("div", { class: "row-share number" }, el("p", {}, this.#share), el("p", { class: "small" }, this.#observed));
    const when = el("div", { class: "row-when" }, el("p", { class: "number" }, this.#time), el("p", { class: "small" }, this.#next));
    this.element = el("li", { class: "rollout-row", "data-id": id }, what, how, el("div", { class: "row-steps" }, this.#picture, this.#dots), share, when);
  }

  /** @param {Summary} rollout @param {number} now milliseconds since the epoch */
  show(rollout, now) {
    const key = `${rollout.version} ${Math.floor(now / 10_000)}`;
    if (key === this.#shown) return;
    this.#shown = key;
    const { level, icon: sign, word } = STATUS[rollout.status];
    this.element.dataset.status = rollout.status;
    this.element.className = `rollout-row status-${level}`;
    this.#status.className = `status status-${level} row-status`;
    this.#status.replaceChildren(icon(sign), word);
    setText(this.#why, rollout.why?.words ?? "");
    this.#why.title = rollout.why?.words ?? "";
    this.#picture.replaceChildren(stairs(rollout));
    this.#steps(rollout);
    setText(this.#share, `${rollout.weight} %`);
    setText(this.#observed, hasEnded(rollout) ? "at the end" : rollout.observed_share === null ? "not observed" : `${percent(rollout.observed_share)} observed`);
    setText(this.#time, hasEnded(rollout) ? took(rollout) : inStep(rollout));
    setText(this.#next, nextEvent(rollout, now));
  }

  /** @param {Summary} rollout */
  #steps(rollout) {
    const states = stepStates(rollout);
    const words = rollout.step < 0 ? `not begun, ${states.length} steps` : `step ${rollout.step + 1} of ${states.length}`;
    this.#dots.replaceChildren(...states.map((state) => el("i", { class: `dot is-${state}` })), el("span", { class: "small muted" }, words));
  }
}

/** @param {Summary} rollout */
function took({ started_at: started, finished_at: finished }) {
  return started && finished ? `took ${span((Date.parse(finished) - Date.parse(started)) / 1000)}` : "never began";
}

/** How long its step has been under watch. @param {Summary} rollout */
function inStep({ status, step, clock }) {
  if (step < 0) return "–";
  const of = clock.of_seconds ? ` of ${span(clock.of_seconds)}` : "";
  return status === "planned" ? "–" : `${span(clock.seconds)}${of} in step`;
}
