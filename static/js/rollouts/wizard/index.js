/** The wizard: reads what is typed, has the server look ahead, says what is wrong at its field, and starts it. */
import { ApiError, post } from "../../api.js";
import { BASE } from "../../base.js";
import { byId, data, el, find, setText } from "../../dom.js";
import { clock, count } from "../../format.js";
import { showFailure } from "../../routing/errors.js";
import { addressOf } from "./address.js";
import { Asking } from "./asking.js";
import { missing, outside } from "./checks.js";
import { merged } from "./fields.js";
import { Fields } from "./fieldset.js";
import { stepRow, toSpec } from "./form.js";
import { Marks } from "./marks.js";
import { endOf } from "./preview-words.js";
import { PreviewView } from "./preview-view.js";
import { summary } from "./sentence.js";
import { ServiceChoice } from "./service.js";
import { Starting } from "./starting.js";
import { fitted, presetOf } from "./steps.js";
import { StepsTable } from "./steps-table.js";

/** @typedef {import("./types.js").Form} Form */
/** @typedef {import("./types.js").FieldError} FieldError */
/** @typedef {import("./types.js").Preview} Preview */

/** The traffic moves by itself. */
const LOOK_AGAIN_MS = 30_000;
/** Slow requests are counted from the first question on: so long it takes until there is something to tell. */
const COUNTED_MS = 4_000;
const MOST_QUESTIONS = 4;
/** What can be missing, as the reason names it. @type {Record<string, string>} */
const CHOICES = { namespace: "namespace", service: "service", baseline: "baseline", canary: "canary", guards: "a guard" };

/** @type {import("./types.js").Page} */
const page = data("page");
const form = byId("wizard", HTMLFormElement);
const start = byId("start", HTMLButtonElement);
const marks = new Marks(form);
const view = new PreviewView();
const steps = new StepsTable(page.limits.steps, changed);
const fields = new Fields(page, changed);
const service = new ServiceChoice(page, changed);
const starting = new Starting(refused);
const asking = new Asking((body, signal) => post("rollouts/preview", body, signal), {
  slow: () => state("Asking …", "cancel"),
  shown: answered,
  failed,
  cancelled: () => state("Cancelled; what is shown may be of before", "again"),
});

/** What the server said of what was last asked. @type {FieldError[]} */
let told = [];
/** @type {Preview | null} */
let preview = null;
let body = "";
let untouched = "";
/** How often the same was asked for the sake of what was not counted yet. */
let questions = 0;

/** @returns {Form} */
function read() {
  return { ...service.read(), ...fields.read(), steps: steps.rows };
}

/** Everything that is wrong, as far as it is known. @param {Form} typed */
function errors(typed) {
  return merged([...missing(typed), ...outside(typed)], told);
}

/** Something was typed or chosen. */
function changed() {
  const typed = read();
  fields.draw(typed);
  const spec = toSpec(typed);
  byId("preset", HTMLElement).querySelectorAll("input").forEach((input) => {
    input.checked = input.value === presetOf(page.presets, spec.strategy.kind, spec.steps);
  });
  const said = JSON.stringify(spec);
  if (said !== body) {
    body = said;
    told = [];
    questions = 0;
    asked(typed);
  }
  draw();
  drawCall(said);
  keepAddress(spec);
}

/**
 * What is typed differs from what was asked: asks anew, once everything is chosen. Also when something is wrong: the
 * server tells of all that is wrong at once.
 * @param {Form} typed
 */
function asked(typed) {
  if (view.isShown) view.age(true);
  if (!missing(typed).length) {
    asking.want(JSON.parse(body));
    return;
  }
  asking.stop();
  state("", "");
}

/** @param {Preview} found */
function answered(found) {
  preview = found;
  told = [];
  byId("preview-none", HTMLElement).hidden = true;
  view.show(found, JSON.parse(body));
  view.age(false);
  state(`As of ${clock(new Date())}`, "");
  draw();
  if (isUncounted(found) && (questions += 1) < MOST_QUESTIONS) window.setTimeout(() => lookAgain(), COUNTED_MS);
}

/** Whether something is judged of which nothing is counted yet, though there is traffic. @param {Preview} found */
function isUncounted({ traffic }) {
  const judged = JSON.parse(body).guards.filter((/** @type {any} */ { kind }) => kind !== "promql");
  return Boolean(traffic.requests_per_second) && judged.some((/** @type {any} */ { kind }) => !(kind in traffic.bad_ratio));
}

/** Asks for the same as it is now; not while something else is asked, or wrong, or nobody looks. */
function lookAgain() {
  if (!document.hidden && preview && !asking.isBusy && !errors(read()).length) asking.again();
}

/** @param {unknown} error */
function failed(error) {
  if (!(error instanceof ApiError)) throw error;
  if (error.fields.length) {
    told = error.fields;
    state(`Waits for ${count(errors(read()).length, "field")}`, "");
  } else {
    state(error.message, "again");
  }
  draw();
}

/** The start was refused. @param {ApiError} error */
function refused(error) {
  if (error.status === 0) {
    showFailure("The console does not answer. Press Start again when it does: it starts once only, even if the first press arrived.");
  } else {
    told = error.fields.filter(({ field }) => field);
    const homeless = marks.insist(errors(read()));
    const said = homeless.map(({ field, message }) => `${field}: ${message}`);
    if (!told.length || said.length) failure([error.message, ...said].join(" "), error.rollout);
  }
  draw(true);
}

/** @param {string} words @param {number | null} rollout that is in the way */
function failure(words, rollout) {
  showFailure(words);
  if (rollout === null) return;
  const link = el("a", { href: `${BASE}rollouts/${rollout}/` }, `See rollout #${rollout}`);
  find(byId("failure", HTMLElement), "p", HTMLElement).append(" ", link);
}

/** @param {string} words @param {"" | "cancel" | "again"} offer */
function state(words, offer) {
  setText(byId("preview-state", HTMLElement), words);
  byId("preview-cancel", HTMLButtonElement).hidden = offer !== "cancel";
  byId("preview-again", HTMLButtonElement).hidden = offer !== "again";
  byId("preview-skeleton", SVGSVGElement).toggleAttribute("hidden", offer !== "cancel" || view.isShown);
  if (offer === "cancel") byId("preview-none", HTMLElement).hidden = true;
  else if (!view.isShown) byId("preview-none", HTMLElement).hidden = false;
}

/** The errors, the sum of it all, and whether it can be started. @param {boolean} [keep] the errors as they stand */
function draw(keep = false) {
  const typed = read();
  const wrong = errors(typed);
  if (!keep) marks.show(wrong);
  const end = preview && !asking.isBusy && !wrong.length ? endOf(preview, new Date()) : "";
  setText(byId("sum", HTMLElement), summary(toSpec(typed), end));
  const reason = service.refusal || reasonOf(typed, wrong);
  start.setAttribute("aria-disabled", String(Boolean(reason)));
  const words = reason || "Starts at once. It can be paused, stepped back and aborted at any moment.";
  setText(byId("start-reason", HTMLElement), words);
  byId("start-reason", HTMLElement).classList.toggle("is-refused", Boolean(reason));
}

/** Why it cannot be started as it is typed; empty when it can. @param {Form} typed @param {FieldError[]} wrong */
function reasonOf(typed, wrong) {
  const open = missing(typed);
  if (open.length) return `Still to choose: ${open.map(({ field }) => CHOICES[field]).join(", ")}.`;
  if (wrong.length) return `${count(wrong.length, "field is", "fields are")} wrong; press to see which.`;
  const problem = preview?.problems?.find(({ level }) => level === "error");
  return problem && !asking.isBusy ? problem.message : "";
}

/** @param {string} said */
function drawCall(said) {
  const call = document.getElementById("api-call");
  const lines = [
    `curl -X POST -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\`,
    `  -H "Idempotency-Key: $(uuidgen)" \\`,
    `  -d '${said.replaceAll("'", String.raw`'\''`)}' \\`,
    `  ${location.origin}${BASE}api/v1/rollouts`,
  ];
  if (call) setText(call, lines.join("\n"));
}

/** The address says what is asked for, so that it can be sent to a colleague. @param {import("./types.js").Spec} spec */
function keepAddress(spec) {
  const url = new URL(location.href);
  url.search = addressOf(spec, presetOf(page.presets, spec.strategy.kind, spec.steps), page.usual);
  if (url.href !== location.href) history.replaceState(null, "", url);
}

/** A preset, or another strategy: the steps follow. @param {HTMLInputElement} input */
function follow(input) {
  if (input.name === "preset" && input.value) {
    const { strategy, steps: asked } = page.presets[input.value];
    fields.strategy = strategy.kind;
    steps.show(asked.map(stepRow));
  } else if (input.name === "strategy") {
    steps.show(fitted(fields.strategy, steps.rows, page.presets.quick.steps.map(stepRow)));
  }
}

function press() {
  const typed = read();
  const wrong = errors(typed);
  showFailure("");
  if (wrong.length) {
    const homeless = marks.insist(wrong);
    if (homeless.length) showFailure(homeless.map(({ field, message }) => `${field}: ${message}`).join(" "));
  } else if (start.getAttribute("aria-disabled") !== "true") {
    starting.start(toSpec(typed), byId("note", HTMLInputElement).value.trim());
  }
}

form.addEventListener("submit", (event) => event.preventDefault());
form.addEventListener("input", ({ target }) => {
  if (target instanceof HTMLInputElement) follow(target);
  changed();
});
form.addEventListener("focusout", () => draw());
start.addEventListener("click", press);
byId("preview-cancel", HTMLButtonElement).addEventListener("click", () => asking.cancel());
byId("preview-again", HTMLButtonElement).addEventListener("click", () => asking.again());
window.setInterval(lookAgain, LOOK_AGAIN_MS);
window.addEventListener("pageshow", () => starting.rest());
window.addEventListener("beforeunload", (event) => {
  if (body !== untouched && !starting.isBusy) event.preventDefault();
});

changed();
untouched = body;
