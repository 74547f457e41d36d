// What a person may have the rollout do: buttons that say why they are refused, a question before what is hard to take
// back, and in words what became of it. Every command carries a key, so that one sent twice is done once.

import { ApiError, command as send, freshKey } from "../api.js";
import { byId, el, find, findAll, icon, setText } from "../dom.js";
import { clock } from "../format.js";
import { hasEnded, VERDICT, willBeWritten } from "./words.js";

/** @import { Detail } from "./types.js" */

/** @type {Record<string, string>} */
const DONE = {
  pause: "Paused.",
  resume: "Resumed.",
  "step-back": "Stepped back.",
  weight: "The weight is set; it is paused there.",
  promote: "Being promoted.",
  abort: "Aborted.",
  retry: "Tried again, with fresh evidence.",
};

/** @typedef {"ok" | "degraded" | "failing" | "info"} Level */

export class Commands {
  #root = byId("commands", HTMLElement);
  #said = byId("command-said", HTMLElement);
  /** @type {(detail: Detail) => void} */ #changed;
  /** @type {Detail} */ #detail;
  #busy = "";
  /** What nobody has done yet, and the version at which it was sent. @type {{version: number} | null} */ #waiting = null;
  /** Of a command whose answer never came: sent again, it is the same one. @type {Map<string, string>} */ #keys = new Map();

  /** @param {Detail} detail @param {(detail: Detail) => void} changed */
  constructor(detail, changed) {
    this.#detail = detail;
    this.#changed = changed;
    for (const button of this.#buttons()) button.addEventListener("click", () => this.#pressed(button));
    dialogs((name, body) => void this.#do(name, body));
    this.show(detail);
  }

  /** @param {Detail} detail */
  show(detail) {
    this.#detail = detail;
    if (this.#waiting && detail.version > this.#waiting.version) {
      this.#waiting = null;
      this.#say("info", "Somebody leads the rollouts again: see the log for what became of the command.");
    }
    byId("again", HTMLAnchorElement).hidden = !hasEnded(detail);
    const refusals = new Map(detail.commands.map(({ name, refusal }) => [name, refusal]));
    for (const button of this.#buttons()) this.#draw(button, refusals.get(button.dataset.command ?? "") ?? "Not known.");
  }

  #buttons() {
    return findAll(this.#root, "button[data-command]", HTMLButtonElement);
  }

  /** A refused one can still be reached, to read why. @param {HTMLButtonElement} button @param {string} refusal */
  #draw(button, refusal) {
    const name = button.dataset.command ?? "";
    button.hidden = !isOffered(name, this.#detail, refusal);
    button.setAttribute("aria-disabled", String(refusal !== "" || this.#busy !== ""));
    button.setAttribute("aria-busy", String(this.#busy === name));
    button.title = refusal;
    setText(find(this.#root, `#why-${name}`, HTMLElement), refusal);
  }

  /** @param {HTMLButtonElement} button */
  #pressed(button) {
    const name = button.dataset.command ?? "";
    if (this.#busy) return;
    if (button.title) return this.#say("info", `${capital(label(name))} is not possible now. ${button.title}`);
    if (name === "abort" || name === "promote") return askFirst(name, this.#detail);
    if (name === "weight") return askWeight(this.#detail);
    void this.#do(name, {});
  }

  /** @param {string} name @param {Record<string, unknown>} body */
  async #do(name, body) {
    if (this.#busy) return;
    const what = `${name} ${JSON.stringify(body)}`;
    const key = this.#keys.get(what) ?? freshKey();
    this.#keys.set(what, key);
    this.#busy = name;
    this.show(this.#detail);
    this.#say("info", `${capital(label(name))}: sent at ${clock(new Date())}.`);
    try {
      const { status, content } = await send(`rollouts/${this.#detail.id}/${name}`, body, key);
      this.#keys.delete(what);
      this.#busy = "";
      this.#answered(name, status, content);
    } catch (error) {
      this.#busy = "";
      if (!(error instanceof ApiError)) throw error;
      // Without an answer nobody knows: the same key sees to it that another press does it once.
      if (error.status) this.#keys.delete(what);
      this.#failed(name, error);
    }
    this.show(this.#detail);
  }

  /** @param {string} name @param {number} status @param {any} content */
  #answered(name, status, content) {
    if (status === 202) {
      this.#waiting = { version: this.#detail.version };
      this.#say("degraded", "The command is kept, but nobody has done it yet: no leader drives the rollouts now. It is done as soon as one does.");
      return;
    }
    this.#say("ok", DONE[name] ?? "Done.");
    if (content?.steps) this.#changed(content);
  }

  /** @param {string} name @param {ApiError} error */
  #failed(name, error) {
    if (error.status === 0) return this.#say("failing", `The console does not answer; whether ${label(name)} arrived is not known. Press again: it is done once.`);
    this.#say(error.status === 409 ? "degraded" : "failing", `${capital(label(name))} was refused. ${error.message}`);
  }

  /** @param {Level} level @param {string} words */
  #say(level, words) {
    this.#said.hidden = false;
    this.#said.className = `command-said status-${level}`;
    this.#said.replaceChildren(icon(level), el("span", {}, words));
  }
}

/** Pause and Resume share a place; what makes no sense for a rollout that ended is not there. @param {string} name @param {Detail} detail @param {string} refusal */
export function isOffered(name, detail, refusal) {
  if (name === "retry") return refusal === "" || detail.status === "held";
  if (hasEnded(detail)) return false;
  if (name === "resume") return detail.status === "paused";
  return name !== "pause" || detail.status !== "paused";
}

/** @param {(name: string, body: Record<string, unknown>) => void} act */
function dialogs(act) {
  for (const name of ["abort", "promote"]) {
    const dialog = byId(`ask-${name}`, HTMLDialogElement);
    dialog.addEventListener("close", () => dialog.returnValue === "yes" && act(name, {}));
  }
  const dialog = byId("ask-weight", HTMLDialogElement);
  const [number, range] = [byId("weight-number", HTMLInputElement), byId("weight-range", HTMLInputElement)];
  number.addEventListener("input", () => fill(range, number.value));
  range.addEventListener("input", () => fill(range, (number.value = range.value)));
  for (const button of findAll(dialog, "button[data-weight]", HTMLButtonElement)) {
    button.addEventListener("click", () => fill(range, (number.value = button.dataset.weight ?? "0")));
  }
  dialog.addEventListener("close", () => dialog.returnValue === "yes" && act("weight", { weight: Number(number.value) }));
  for (const each of findAll(document, "dialog.ask-first", HTMLDialogElement)) closing(each);
}

/** A click beside the dialog is a no. @param {HTMLDialogElement} dialog */
function closing(dialog) {
  dialog.addEventListener("click", (event) => event.target === dialog && dialog.close("no"));
  dialog.addEventListener("cancel", () => (dialog.returnValue = "no"));
  find(dialog, "button[value=no]", HTMLButtonElement).addEventListener("click", () => dialog.close("no"));
}

/** @param {HTMLInputElement} range @param {string} value */
function fill(range, value) {
  range.value = value;
  range.style.setProperty("--fill", `${Number(value) || 0}%`);
}

/** @param {"abort" | "promote"} name @param {Detail} detail */
function askFirst(name, detail) {
  const dialog = byId(`ask-${name}`, HTMLDialogElement);
  setText(find(dialog, "[data-writes]", HTMLElement), willBeWritten(detail, name));
  setText(find(dialog, "[data-now]", HTMLElement), `Now ${detail.canary} is to get ${detail.weight} %.`);
  const judge = dialog.querySelector("[data-verdict]");
  if (judge) setText(judge, `The judge: ${VERDICT[detail.verdict].word.toLowerCase()}. ${detail.sentence}`);
  dialog.returnValue = "no";
  dialog.showModal();
}

/** @param {Detail} detail */
function askWeight(detail) {
  const dialog = byId("ask-weight", HTMLDialogElement);
  byId("weight-number", HTMLInputElement).value = String(detail.weight);
  fill(byId("weight-range", HTMLInputElement), String(detail.weight));
  dialog.returnValue = "no";
  dialog.showModal();
}

/** @param {string} name */
function label(name) {
  return { "step-back": "step back", weight: "set weight" }[name] ?? name;
}

/** @param {string} text */
function capital(text) {
  return `${text[0]?.toUpperCase()}${text.slice(1)}`;
}
