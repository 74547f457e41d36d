/** The list of changes: several of them can be chosen and taken back at once. */
import { ApiError, post } from "../api.js";
import { BASE } from "../base.js";
import { byId, findAll, setText } from "../dom.js";
import { showConflict } from "./conflict.js";
import { showFailure } from "./errors.js";

const boxes = findAll(document, "input[data-change]", HTMLInputElement);

function chosen() {
  return boxes.filter((box) => box.checked).map((box) => Number(box.dataset.change));
}

function draw() {
  const count = chosen().length;
  byId("group", HTMLElement).hidden = count === 0;
  setText(byId("group-count", HTMLElement), count === 1 ? "1 change chosen" : `${count} changes chosen`);
}

async function revert() {
  const button = byId("group-revert", HTMLButtonElement);
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  try {
    const made = await post("changes/revert", { changes: chosen() });
    location.assign(`${BASE}changes/${made.id}/`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    button.removeAttribute("aria-busy");
    button.disabled = false;
    if (error.conflicts.length) showConflict(error.message, error.conflicts, []);
    else showFailure(error.message);
  }
}

for (const box of boxes) box.addEventListener("change", draw);
if (boxes.length) {
  byId("group-revert", HTMLButtonElement).addEventListener("click", revert);
  // A browser that comes back to the page may have kept the ticks.
  draw();
}
