/** The editor of one service: gathers the rules that the person asks for, and has the server plan them. */
import { ApiError, post } from "../api.js";
import { BASE } from "../base.js";
import { byId, data, setText } from "../dom.js";
import { clearErrors, showErrors, showFailure } from "./errors.js";
import { FaultForm } from "./fault-form.js";
import { poll } from "./live.js";
import { SplitForm } from "./split-form.js";

const POLL_MS = 2_000;

/** @type {import("../shapes.js").Service} */
const service = data("service");
const form = byId("editor", HTMLFormElement);
const preview = byId("preview", HTMLButtonElement);
const undo = byId("undo", HTMLButtonElement);
const splitSection = byId("split", HTMLElement);
const faultSection = byId("fault", HTMLElement);
const split = new SplitForm(splitSection, service, refresh);
const fault = new FaultForm(faultSection, service.routing.editable, refresh);

/** What the person asks for: each rule with the section that shows it. */
function asked() {
  const found = [];
  const target = { namespace: service.namespace, service: service.name };
  if (split.isChanged) found.push({ section: splitSection, rule: { kind: "split", ...target, weights: split.weights } });
  if (fault.isChanged) {
    found.push({ section: faultSection, rule: fault.rule(service.namespace, service.name) });
  }
  return found;
}

function refresh() {
  const sentences = [];
  if (split.isChanged) sentences.push(split.sentence);
  if (fault.isChanged) sentences.push(fault.sentence);
  setText(byId("asked", HTMLElement), sentences.length ? `To plan: ${sentences.join(" · ")}.` : "Nothing is changed yet.");
  preview.disabled = undo.disabled = sentences.length === 0;
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

/** @param {{section: HTMLElement, rule: unknown}[]} asked @param {HTMLButtonElement} button */
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
    const homeless = showErrors(error.fields, asked.map(({ section }) => section));
    const words = homeless.map(({ field, message }) => (field ? `${field}: ${message}` : message));
    if (words.length || !error.fields.length) showFailure([error.message, ...words].join(" "));
    button.removeAttribute("aria-busy");
    button.disabled = false;
  }
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
    split.reset();
    fault.reset();
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

poll(
  `services/${encodeURIComponent(service.namespace)}/${encodeURIComponent(service.name)}`,
  POLL_MS,
  (/** @type {import("../shapes.js").Service} */ now) => {
    split.observe(now);
    setText(byId("sentence", HTMLElement), now.routing.sentence);
  },
);
