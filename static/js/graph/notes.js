// What stands on the stage while there is no graph: a skeleton, an empty state, an error.

import { byId, find, setText } from "../dom.js";

/** @import { GraphModel } from "./model.js" */
/** @import { Reading } from "./freshness.js" */

/** @typedef {{kind: string, title: string, text: string, action: string}} Note */

/**
 * @param {GraphModel} model
 * @param {Reading} reading
 * @param {string} error what the server said of the last message, or ""
 * @returns {Note | null} null: the graph itself is there; kind "loading": the skeleton
 */
export function noteFor(model, reading, error) {
  if (model.nodes.size > 0) return null;
  if (model.notice && reading.state !== "offline") return { kind: "error", title: "Nothing can be shown to you", text: model.notice, action: "" };
  if (error) return { kind: "error", title: "The graph cannot be shown", text: error, action: "" };
  if (reading.state === "offline") {
    return { kind: "error", title: "The console does not answer", text: "This page keeps trying, and shows the graph as soon as it is back.", action: "" };
  }
  if (model.seq === null && model.source?.state !== "starting" && model.source?.state !== "stale") return { kind: "loading", title: "", text: "", action: "" };
  return emptyNote(model);
}

/** @param {string} hide the expression @returns {Note} of a graph in which nothing is left to draw */
export function hiddenNote(hide) {
  return { kind: "empty", title: "Everything is hidden", text: `The expression \`${hide}\` hides all of the graph.`, action: "Show all" };
}

/** @param {GraphModel} model @returns {Note} */
function emptyNote({ source, namespaces }) {
  const name = source?.name ?? "";
  if (source?.state === "stale") {
    return { kind: "error", title: "The source does not answer", text: source.message || `Nothing could be read from ${name}.`, action: "" };
  }
  if (source?.state === "starting") {
    return { kind: "empty", title: "Waiting for the first numbers", text: `Rates need two readings of ${name}; this takes a few seconds.`, action: "" };
  }
  const where = namespaces.length ? ` in ${namespaces.join(", ")}` : "";
  const text = `This page draws who calls whom, how often, how fast and with how many errors, as it happens. Send a request to one of your services: it shows here within 3 seconds.`;
  return { kind: "empty", title: `No traffic${where} in the last ${source?.window_seconds ?? 10} s`, text, action: where ? "Show all namespaces" : "" };
}

export class Notes {
  #root = byId("note", HTMLElement);
  #skeleton = byId("skeleton", HTMLElement);

  /** @param {() => void} act what the button of an empty view does */
  constructor(act) {
    find(this.#root, "button", HTMLButtonElement).addEventListener("click", act);
  }

  /** @param {Note | null} note */
  show(note) {
    this.#skeleton.hidden = note?.kind !== "loading";
    this.#root.hidden = note === null || note.kind === "loading";
    if (!note) return;
    this.#root.dataset.kind = note.kind;
    setText(find(this.#root, "h2", HTMLElement), note.title);
    setText(find(this.#root, "p", HTMLElement), note.text);
    const button = find(this.#root, "button", HTMLButtonElement);
    button.hidden = note.action === "";
    setText(button, note.action);
  }
}
