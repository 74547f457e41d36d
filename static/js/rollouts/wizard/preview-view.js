/** Draws what is known before the start. */
import { byId, el, find, findAll, icon } from "../../dom.js";
import { percent, rate } from "../../format.js";
import { draw as drawCourse } from "./course.js";
import { counted, lines } from "./diffing.js";
import { inWords } from "./durations.js";
import { callersWords, figures, lasts, sights } from "./preview-words.js";

/** @typedef {import("./types.js").Preview} Preview */
/** @typedef {import("./types.js").StepAhead} StepAhead */
/** @typedef {import("./types.js").Operation} Operation */
/** @typedef {import("./types.js").Spec} Spec */

const LEVELS = /** @type {const} */ ({ error: "failing", warning: "degraded", info: "info" });

export class PreviewView {
  #body = byId("preview-body", HTMLElement);
  #steps = byId("preview-steps", HTMLElement);
  #course = byId("preview-course", SVGSVGElement);
  /** @type {() => void} */ #redraw = () => {};

  constructor() {
    new ResizeObserver(() => this.#redraw()).observe(this.#course);
  }

  /** @param {Preview} preview @param {Spec} spec what it is of */
  show(preview, spec) {
    this.#body.hidden = false;
    byId("preview-figures", HTMLElement).replaceChildren(...figures(preview, new Date()).map(figure));
    this.#drawCourse(preview, spec);
    byId("preview-warnings", HTMLElement).replaceChildren(...warnings(preview));
    drawSteps(this.#steps, preview.steps);
    drawCallers(preview);
  }

  /** What is shown is of something else than what is typed. @param {boolean} old */
  age(old) {
    this.#body.classList.toggle("is-old", old);
  }

  hide() {
    this.#body.hidden = true;
  }

  get isShown() {
    return !this.#body.hidden;
  }

  /** @param {Preview} preview @param {Spec} spec */
  #drawCourse(preview, spec) {
    const steps = preview.steps.map((step, at) => {
      const asked = spec.steps[at];
      return { weight: step.weight, seconds: step.seconds ?? Number(asked?.seconds ?? 0), pause: Boolean(asked?.pause) };
    });
    const end = preview.seconds === null ? "holds" : inWords(preview.seconds);
    this.#redraw = () => drawCourse(this.#course, steps, end);
    this.#redraw();
  }
}

/** @param {{name: string, value: string, title: string}} figure */
function figure({ name, value, title }) {
  return el("div", { title }, el("dt", {}, name), el("dd", {}, value));
}

/** @param {Preview} preview */
function warnings({ warnings: cautions, problems = [] }) {
  const said = cautions.map(({ code, words }) => problem("degraded", words, code));
  return [...problems.map(({ level, message, code }) => problem(LEVELS[level], message, code)), ...said];
}

/** @param {"failing" | "degraded" | "info"} level @param {string} words @param {string} code */
function problem(level, words, code) {
  const word = { failing: "Error: ", degraded: "Warning: ", info: "" }[level];
  const body = el("div", {}, unseen(word), words, " ", el("code", { class: "problem-where" }, code));
  return el("li", { class: `problem status-${level}` }, icon(level), body);
}

/**
 * Draws what changed only: what somebody has opened, selected or reached by the keyboard stays.
 * @param {HTMLElement} list @param {StepAhead[]} steps
 */
function drawSteps(list, steps) {
  const items = findAll(list, ":scope > li > details", HTMLDetailsElement);
  for (const item of items.slice(steps.length)) item.parentElement?.remove();
  steps.forEach((step, at) => {
    const item = items[at] ?? el("details", {}, el("summary", { class: "ahead-row" }), el("div", { class: "ahead-body" }));
    if (!items[at]) list.append(el("li", {}, item));
    find(item, "summary", HTMLElement).replaceChildren(...row(step, at));
    const written = JSON.stringify([step.sentence, step.operations]);
    if (item.dataset.written === written) return;
    item.dataset.written = written;
    find(item, ".ahead-body", HTMLElement).replaceChildren(...body(step, at));
  });
}

/** @param {StepAhead} step @param {number} at */
function row(step, at) {
  const seen = sights(step);
  const each = (/** @type {"sees" | "found"} */ name) => seen.map((sight) => el("span", { title: sight.title }, sight[name]));
  const many = (/** @type {string} */ words, /** @type {Node[]} */ nodes) =>
    el("span", { class: "ahead-many" }, unseen(words), ...(nodes.length ? nodes : [el("span", { class: "muted" }, "–")]));
  return [
    el("strong", {}, unseen(`Step ${at + 1}: `), `${step.weight} %`),
    el("span", {}, unseen("lasts "), lasts(step)),
    many("smallest regression seen: ", each("sees")),
    many("found: ", each("found")),
    el("span", { class: "ahead-writes" }, counted(step.operations.map(({ unified_diff: text }) => text)) || "none"),
  ];
}

/** @param {StepAhead} step @param {number} at */
function body(step, at) {
  const nothing = step.operations.length ? [] : [el("p", { class: "muted small" }, "Nothing is written: it stands already.")];
  return [el("p", {}, step.sentence), ...step.operations.map((each, number) => operation(each, `${at}-${number}`)), ...nothing];
}

/** Words for who does not see where they stand. @param {string} words */
function unseen(words) {
  return el("span", { class: "visually-hidden" }, words);
}

/** @param {Operation} operation @param {string} key */
function operation({ action, resource, yaml_after: after, unified_diff: unified }, key) {
  const head = el(
    "div",
    { class: "operation-head" },
    el("span", { class: "action" }, action),
    el("h3", {}, `${resource.kind} `, el("span", { class: "mono" }, `${resource.namespace}/${resource.name}`)),
  );
  const diff = el("pre", { class: "diff", tabindex: 0, "aria-label": "Difference" }, ...lines(unified).map(({ kind, text }) => el("span", { class: kind }, text)));
  return el("div", { class: "ahead-operation" }, head, diff, after ? whole(after, key) : null);
}

/** @param {string} yaml @param {string} key */
function whole(yaml, key) {
  const id = `yaml-${key}`;
  return el(
    "details",
    { class: "fold" },
    el("summary", {}, "YAML in full"),
    el("pre", { class: "code", id, tabindex: 0 }, yaml),
    el("button", { class: "button button-small", type: "button", "data-copy": id }, "Copy"),
  );
}

/** @param {Preview} preview */
function drawCallers(preview) {
  const box = byId("preview-callers", HTMLDetailsElement);
  const { callers } = preview.traffic;
  box.hidden = !callers.length;
  find(box, "summary", HTMLElement).textContent = callersWords(preview);
  find(box, "tbody", HTMLElement).replaceChildren(
    ...callers.map((caller) =>
      el(
        "tr",
        {},
        el("td", {}, caller.workload || caller.app || "without a proxy", " ", el("span", { class: "muted small" }, caller.namespace)),
        el("td", { class: "number" }, rate(caller.requests_per_second).replace(" rps", "")),
        el("td", { class: "number" }, percent(caller.error_ratio)),
      ),
    ),
  );
}
