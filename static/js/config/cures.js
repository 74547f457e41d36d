/** The mechanical cures of a resource: each is planned by its button, and looked at before anything is written. */
import { ApiError, post } from "../api.js";
import { BASE } from "../base.js";
import { data, findAll } from "../dom.js";
import { showFailure } from "../routing/errors.js";

/** @type {unknown[]} a rule for each button */
const rules = data("cures");

/** @param {HTMLButtonElement} button */
async function plan(button) {
  showFailure("");
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  try {
    const made = await post("plans", { rules: [rules[Number(button.dataset.cure)]] });
    location.assign(`${BASE}plans/${encodeURIComponent(made.id)}/`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    showFailure([error.message, ...error.fields.map(({ message }) => message)].join(" "));
  } finally {
    button.removeAttribute("aria-busy");
    button.disabled = false;
  }
}

for (const button of findAll(document, "button[data-cure]", HTMLButtonElement)) {
  button.addEventListener("click", () => plan(button));
}
