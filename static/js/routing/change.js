/** One change: watches what it does to the traffic, and takes it back when asked. */
import { ApiError, post } from "../api.js";
import { BASE } from "../base.js";
import { byId, data, el, find, fromTemplate, setText, status } from "../dom.js";
import { showConflict } from "./conflict.js";
import { showFailure } from "./errors.js";
import { poll } from "./live.js";
import { evidence, verdict } from "./verdict.js";

/** @typedef {import("./verdict.js").Verification} Verification */

const POLL_MS = 1_000;

/** @type {{id: number, watched: boolean}} */
const change = data("change");

function watch() {
  poll(
    `changes/${change.id}/verification`,
    POLL_MS,
    (/** @type {{services: Verification[]} & Verification} */ found) => draw(found),
    failed,
  );
}

/** @param {{services: Verification[]} & Verification} found */
function draw(found) {
  const list = byId("convergence", HTMLElement);
  for (const each of found.services) {
    for (const version of each.versions) {
      const name = found.services.length > 1 ? `${each.service} ${version.version}` : version.version;
      const { intended, configured, observed } = version;
      drawBars(blockOf(list, name), { intended, configured, observed });
    }
  }
  const { status: level, word, sentence } = verdict(found);
  say(level, word, sentence);
  explain(found);
}

/** @param {Verification} found */
function explain(found) {
  const list = byId("diagnosis", HTMLElement);
  const said = found.diagnosis.map(({ message }) => message).join("\n");
  if (list.dataset.said !== said) {
    list.dataset.said = said;
    list.replaceChildren(...found.diagnosis.map(({ message }) => el("li", {}, message)));
    list.hidden = !found.diagnosis.length;
  }
  const line = byId("evidence", HTMLElement);
  setText(line, evidence(found));
  line.hidden = !line.textContent;
}

/** @param {HTMLElement} list @param {string} name */
function blockOf(list, name) {
  const known = [...list.children].find((node) => node instanceof HTMLElement && node.dataset.version === name);
  if (known) return known;
  const block = fromTemplate("convergence-template");
  block.dataset.version = name;
  find(block, "h3", HTMLElement).textContent = name;
  list.append(block);
  return block;
}

/** @param {Element} block @param {Record<string, number | null>} values in percent */
function drawBars(block, values) {
  for (const [bar, value] of Object.entries(values)) {
    const row = find(block, `[data-bar=${bar}]`, HTMLElement);
    find(row, "[data-value]", SVGRectElement).setAttribute("width", `${value ?? 0}%`);
    setText(find(row, "[data-text]", HTMLElement), value === null ? "–" : `${Math.round(value)} %`);
  }
}

/** @param {import("../dom.js").Status} level @param {string} word @param {string} sentence */
function say(level, word, sentence) {
  const node = byId("verdict", HTMLElement);
  if (node.dataset.said === word + sentence) return;
  node.dataset.said = word + sentence;
  const strong = el("strong", {}, status(level, word));
  node.replaceChildren(strong, el("span", {}, sentence));
}

/** @param {ApiError | null} error */
function failed(error) {
  if (error) say("degraded", "Not known", `${error.message} The bars are from before that.`);
}

/** @param {HTMLButtonElement} button @param {() => Promise<string>} deed what it does, and the page to go to */
async function press(button, deed) {
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  try {
    location.assign(BASE + (await deed()));
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    button.removeAttribute("aria-busy");
    button.disabled = false;
    if (error.conflicts.length) showConflict(error.message, error.conflicts, []);
    else showFailure(error.message);
  }
}

/** @param {string} id @param {() => Promise<string>} deed */
function onPress(id, deed) {
  const button = document.getElementById(id);
  if (button instanceof HTMLButtonElement) button.addEventListener("click", () => press(button, deed));
}

onPress("revert", async () => `changes/${(await post(`changes/${change.id}/revert`, {})).id}/`);
// What is left is looked at like any plan, before anything of it is written.
onPress("finish", async () => `plans/${encodeURIComponent((await post(`changes/${change.id}/finish`, {})).id)}/`);
if (change.watched) watch();
