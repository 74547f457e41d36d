/** One change: watches what it does to the traffic, and takes it back when asked. */
import { ApiError, post } from "../api.js";
import { BASE } from "../base.js";
import { byId, data, el, find, fromTemplate, setText, status } from "../dom.js";
import { showConflict } from "./conflict.js";
import { showFailure } from "./errors.js";
import { poll } from "./live.js";
import { configured } from "./split.js";
import { verdict } from "./verdict.js";

/** @typedef {import("../shapes.js").Service} Service */
/** @typedef {{namespace: string, service: string, weights: Record<string, number>}} Intent */

const POLL_MS = 1_000;

/** @type {{id: number, intent: Intent | null}} */
const change = data("change");

/** @param {Intent} intent */
function watch(intent) {
  const path = `services/${encodeURIComponent(intent.namespace)}/${encodeURIComponent(intent.service)}`;
  poll(path, POLL_MS, (/** @type {Service} */ service) => draw(intent, service), failed);
}

/** @param {Intent} intent @param {Service} service */
function draw(intent, service) {
  const list = byId("convergence", HTMLElement);
  const names = [...new Set([...Object.keys(intent.weights), ...service.versions.map((version) => version.version)])];
  for (const name of names) {
    const version = service.versions.find((candidate) => candidate.version === name);
    const observed = version?.observed_share ?? null;
    drawBars(blockOf(list, name), {
      intended: intent.weights[name] ?? 0,
      configured: version ? configured(version, service.versions) : null,
      observed: observed === null ? null : Math.round(observed * 100),
    });
  }
  const { status: level, word, sentence } = verdict(intent.weights, service.versions);
  say(level, word, sentence);
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
    setText(find(row, "[data-text]", HTMLElement), value === null ? "–" : `${value} %`);
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
if (change.intent) watch(change.intent);
