/** The editor of one service: gathers the rules that the person asks for, and has the server plan them. */
import { ApiError, post } from "../api.js";
import { BASE } from "../base.js";
import { byId, data, setText } from "../dom.js";
import { clearErrors, showErrors, showFailure } from "./errors.js";
import { FaultForm } from "./fault-form.js";
import { PartsForm } from "./forms/parts-form.js";
import { destinationPolicy, httpPolicy } from "./forms/policy-forms.js";
import { RoutesForm } from "./forms/routes-form.js";
import { unwrapped } from "./forms/wrapping.js";
import { WriteAs } from "./forms/write-as.js";
import { poll } from "./live.js";
import { SplitForm } from "./split-form.js";
import { YamlSide } from "./yaml-side.js";

/** @typedef {import("../shapes.js").Asked} Asked */
/** @typedef {import("../shapes.js").FieldError} FieldError */

const POLL_MS = 2_000;

/** @type {import("../shapes.js").Service} */
const service = data("service");
const form = byId("editor", HTMLFormElement);
const preview = byId("preview", HTMLButtonElement);
const undo = byId("undo", HTMLButtonElement);
const splitSection = byId("split", HTMLElement);
const faultSection = byId("fault", HTMLElement);
const yamlSection = byId("yaml-side", HTMLElement);
const split = new SplitForm(splitSection, service, () => moved(split));
const fault = new FaultForm(faultSection, service, () => moved(fault));
const routes = new RoutesForm(byId("routes", HTMLDetailsElement), service, () => moved(routes));
const requests = new PartsForm(byId("http-policy", HTMLDetailsElement), service, httpPolicy(), () => moved(requests));
const pods = new PartsForm(byId("destination-policy", HTMLDetailsElement), service, destinationPolicy(), () => moved(pods));
const writeAsSection = document.getElementById("write-as");
const writeAs = new WriteAs(writeAsSection instanceof HTMLDetailsElement ? writeAsSection : null, follow);

/**
 * The forms, in the order in which their rules are sent: each changes what those before it leave.
 * @type {import("../shapes.js").RuleForm[]}
 */
const forms = [routes, requests, split, fault, pods];
/** The forms that the person moved after something was typed in the YAML. @type {Set<typeof forms[number]>} */
const movedSince = new Set();
const yaml = new YamlSide(service, data("steered"), { typing, read });

/** What the person asks for: each rule with the section that shows it. @returns {Asked[]} */
function asked() {
  const { objects } = yaml;
  // What is typed as a whole holds what the forms showed of it; only what was moved since comes on top.
  const from = objects.length ? forms.filter((each) => movedSince.has(each)) : forms;
  const rules = from.filter((form) => form.isChanged).flatMap((form) => form.asked());
  return [...objects.map((rule) => ({ section: yamlSection, rule })), ...writeAs.apply(rules)];
}

/** The person has moved a form: the YAML follows. @param {typeof forms[number]} form */
function moved(form) {
  if (yaml.isPending || yaml.objects.length) movedSince.add(form);
  follow();
}

function follow() {
  refresh();
  if (!yaml.isPending) yaml.follow(asked().map(({ rule }) => rule));
}

/** The person types in the YAML: until it is read, nothing can be planned. @param {boolean} began */
function typing(began) {
  if (began) movedSince.clear();
  refresh();
}

/** What was typed has been read: the forms follow. @param {import("../shapes.js").Rule[]} rules */
function read(rules) {
  for (const form of forms) {
    if (!movedSince.has(form)) form.show(rules);
  }
  refresh();
  if (movedSince.size) yaml.follow(asked().map(({ rule }) => rule));
}

function refresh() {
  const sentences = forms.filter((form) => form.isChanged).map((form) => form.sentence);
  const problem = forms.map((form) => form.problem ?? "").find(Boolean) ?? "";
  if (yaml.objects.length) sentences.push("the YAML as it stands");
  const words = sentences.length ? `To plan: ${sentences.join(" · ")}.` : "Nothing is changed yet.";
  setText(byId("asked", HTMLElement), yaml.isPending ? yaml.waiting : problem || words);
  undo.disabled = sentences.length === 0 && !yaml.isPending;
  preview.disabled = sentences.length === 0 || yaml.isPending || problem !== "";
  yaml.mark();
  drawCall(asked().map(({ rule }) => rule));
}

/** @param {unknown[]} rules */
function drawCall(rules) {
  const call = document.getElementById("api-call");
  if (!call || !rules.length) return;
  const body = JSON.stringify({ rules }).replaceAll("'", String.raw`'\''`);
  const lines = [
    `curl -X POST -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' \\`,
    `  -d '${body}' \\`,
    `  ${location.origin}/api/v1/plans`,
  ];
  setText(call, lines.join("\n"));
}

/** @param {Asked[]} asked @param {HTMLButtonElement} button */
async function plan(asked, button) {
  clearErrors(form);
  showFailure("");
  button.setAttribute("aria-busy", "true");
  button.disabled = true;
  try {
    const planned = await post("plans", { rules: asked.map(({ rule }) => rule) });
    location.assign(`${BASE}plans/${encodeURIComponent(planned.id)}/`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const homeless = placeErrors(error.fields, asked);
    const words = homeless.map(({ field, message }) => (field ? `${field}: ${message}` : message));
    if (words.length || !error.fields.length) showFailure([error.message, ...words].join(" "));
    button.removeAttribute("aria-busy");
    button.disabled = false;
  }
}

/** @param {FieldError[]} errors @param {Asked[]} asked @returns {FieldError[]} those that have no place */
function placeErrors(errors, asked) {
  const rules = asked.map(({ rule }) => rule);
  const first = /^rules\[(\d+)\]/.exec(errors[0]?.field ?? "");
  if (first) asked[Number(first[1])]?.reveal?.();
  const found = errors.map((error) => unwrapped(error, rules));
  const outside = found.filter((each) => each.outside).map((each) => each.error);
  const inside = found.filter((each) => !each.outside).map((each) => each.error);
  const sections = asked.map(({ section }) => section);
  const ofWriting = asked.map(({ section }) => writeAs.root ?? section);
  return [...showErrors(outside, ofWriting), ...showErrors(inside, sections)];
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  if (!preview.disabled) plan(asked(), preview);
});

form.addEventListener("reset", () => {
  clearErrors(form);
  showFailure("");
  // The fields have their old values once this event is over.
  window.setTimeout(() => {
    movedSince.clear();
    for (const form of forms) form.reset();
    writeAs.draw();
    yaml.reset();
    refresh();
  });
});

const clear = document.getElementById("clear");
if (clear instanceof HTMLButtonElement) {
  clear.addEventListener("click", () => {
    const rule = { kind: "clear_fault", namespace: service.namespace, service: service.name };
    const others = asked().filter(({ section }) => section !== faultSection);
    plan([...others, { section: faultSection, rule }], clear);
  });
}

// A page that comes back from the preview by "Back" takes up where the person left it.
window.addEventListener("pageshow", () => {
  preview.removeAttribute("aria-busy");
  refresh();
});

await yaml.start();
refresh();
if (asked().length) yaml.follow(asked().map(({ rule }) => rule));

poll(
  `services/${encodeURIComponent(service.namespace)}/${encodeURIComponent(service.name)}`,
  POLL_MS,
  (/** @type {import("../shapes.js").Service} */ now) => {
    for (const form of forms) form.observe?.(now);
    setText(byId("sentence", HTMLElement), now.routing.sentence);
  },
);
