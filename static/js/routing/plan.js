/** The preview: applies the plan that is shown, or shows why it cannot be applied any more. */
import { ApiError, post } from "../api.js";
import { BASE } from "../base.js";
import { byId, data, el, findAll } from "../dom.js";
import { showConflict } from "./conflict.js";
import { showFailure } from "./errors.js";

/** @typedef {{id: string, hash: string, rules: unknown[], note: string}} Shown */

/** @type {Shown} */
const plan = data("plan");
const form = byId("apply", HTMLFormElement);
const button = byId("apply-button", HTMLButtonElement);
const note = byId("note", HTMLTextAreaElement);

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  if (button.disabled) return;
  busy(button, true);
  try {
    // The hash says which plan was on the screen: what was not seen is not applied.
    const change = await post(`plans/${plan.id}/apply`, { hash: plan.hash, note: note.value.trim() });
    location.assign(`${BASE}changes/${change.id}/`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    busy(button, false);
    if (error.status === 409) conflicted(error);
    else showFailure([error.message, ...error.fields.map((field) => field.message)].join(" "));
  }
});

/** @param {ApiError} error */
function conflicted(error) {
  button.disabled = true;
  byId("operations", HTMLElement).textContent = "What you planned; not written";
  byId("apply-reason", HTMLElement).textContent = "The cluster has changed since this was planned. Plan again to see what would be written now.";
  const again = el("button", { class: "button button-primary", type: "button" }, "Plan again");
  again.addEventListener("click", () => planAgain(again));
  showConflict(error.message, error.conflicts, [again]);
}

/** The same rules against what is live now: a new plan, with its own preview. @param {HTMLButtonElement} pressed */
async function planAgain(pressed) {
  busy(pressed, true);
  try {
    const planned = await post("plans", { rules: plan.rules, note: note.value.trim() });
    location.assign(`${BASE}plans/${encodeURIComponent(planned.id)}/`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    busy(pressed, false);
    showFailure([error.message, ...error.fields.map((field) => field.message)].join(" "));
  }
}

/** @param {HTMLButtonElement} pressed @param {boolean} working */
function busy(pressed, working) {
  pressed.disabled = working;
  pressed.setAttribute("aria-busy", String(working));
}

// On a narrow screen whom it meets comes before the exact text.
if (matchMedia("(max-width: 720px)").matches) {
  for (const fold of findAll(document, ".operation .fold", HTMLDetailsElement)) fold.open = false;
}

const again = document.getElementById("again");
if (again instanceof HTMLButtonElement) again.addEventListener("click", () => planAgain(again));
