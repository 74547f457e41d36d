// "Requests" in the side panel: asks for those of what is chosen, as long as somebody can see them, and no longer.

import { byId, el, setText, status } from "../../dom.js";
import { clock, duration, fullMoment } from "../../format.js";
import { LiveSocket } from "../../socket.js";
import { flagWords } from "../names.js";
import { lookAt, rateOf } from "./look.js";
import { codeWord, keyOf, levelOf, OFF, sampleWords, sideName, sourceWords, stateWords, targetName } from "./words.js";

/** @import { GraphModel } from "../model.js" */
/** @import { Request, RequestsFrame } from "./frames.js" */

const MOST_ROWS = 100;
const NOT_THERE = "The graph does not have it just now; its requests are shown as soon as it does.";
const REMEMBERED = "meshui.requests";

export class Requests {
  #root = byId("panel-requests", HTMLDetailsElement);
  #rows = byId("requests-rows", HTMLTableSectionElement);
  #pause = byId("requests-pause", HTMLButtonElement);
  #filter = byId("requests-filter", HTMLSelectElement);
  /** @type {GraphModel} */ #model;
  /** @type {LiveSocket} */ #socket;
  /** @type {RequestsFrame | null} */ #frame = null;
  /** @type {Set<string>} */ #keys = new Set();
  #id = "";
  #asked = "";
  #runs = false;
  #paused = false;
  #hidden = false;
  #live = true;
  #openedAt = 0;
  #leftOut = 0;
  #problem = "";

  /** @param {string} url of the socket @param {GraphModel} model @param {() => void} signedOut */
  constructor(url, model, signedOut) {
    this.#model = model;
    this.#socket = new LiveSocket(url, {
      frame: (frame) => this.#receive(/** @type {any} */ (frame)),
      offline: (since) => this.#say(since ? "The console does not answer; this section keeps trying." : ""),
      opened: () => {},
      signedOut,
    });
    this.#root.open = remembered();
    this.#root.addEventListener("toggle", () => {
      remember(this.#root.open);
      this.#follow();
    });
    this.#pause.addEventListener("click", () => this.#setPaused(!this.#paused));
    this.#filter.addEventListener("change", () => this.#begin());
  }

  /**
   * @param {string} id of a node or an edge, or "" when the panel is closed; asked for again with every frame
   * @param {boolean} live whether the page shows what is now, and no other moment
   */
  look(id, live = true) {
    if (live !== this.#live) {
      this.#live = live;
      this.#begin();
    }
    if (id !== this.#id) {
      this.#id = id;
      this.#begin();
    } else if (this.#asked === "" && id) this.#follow();
    if (this.#frame) this.#showState();
  }

  /** @param {boolean} hidden whether nobody can see the page */
  setHidden(hidden) {
    this.#hidden = hidden;
    this.#follow();
  }

  /** Something else is looked at: what stands there goes. */
  #begin() {
    this.#asked = "";
    this.#frame = null;
    this.#keys.clear();
    this.#rows.replaceChildren();
    this.#leftOut = 0;
    this.#setPaused(false);
  }

  /** @param {boolean} paused */
  #setPaused(paused) {
    this.#paused = paused;
    this.#pause.setAttribute("aria-pressed", String(paused));
    setText(this.#pause, paused ? "Go on" : "Pause");
    this.#follow();
  }

  /** Opens the line where there is a reason to, and lets it go where there is none. */
  #follow() {
    const wanted = this.#live && this.#root.open && this.#id !== "" && !this.#paused && !this.#hidden;
    if (wanted) this.#ask();
    const runs = wanted && this.#asked !== "";
    if (runs && !this.#runs) this.#socket.connect();
    if (!runs && this.#runs) this.#socket.stop();
    this.#runs = runs;
    this.#showState();
  }

  #ask() {
    const look = lookAt(this.#model, this.#id, this.#filter.value);
    const asked = JSON.stringify(look);
    if (!look || asked === this.#asked) return;
    this.#asked = asked;
    this.#openedAt = performance.now();
    this.#socket.subscribe(look);
  }

  /** @param {RequestsFrame | {type: "error", message: string}} frame */
  #receive(frame) {
    if (!this.#runs) return;
    if (frame.type === "error") {
      this.#say(frame.message);
      return;
    }
    this.#problem = "";
    if (this.#frame?.state !== "following") this.#openedAt = performance.now();
    this.#frame = frame;
    this.#leftOut += frame.left_out;
    const fresh = frame.rows.filter((request) => !this.#keys.has(keyOf(request)));
    this.#add(fresh);
    this.#showState();
  }

  /** @param {Request[]} requests oldest first */
  #add(requests) {
    if (!requests.length) return;
    for (const request of requests) this.#keys.add(keyOf(request));
    this.#rows.prepend(...requests.map(rowOf).reverse());
    while (this.#rows.rows.length > MOST_ROWS) {
      const last = this.#rows.rows[this.#rows.rows.length - 1];
      this.#keys.delete(last?.dataset.key ?? "");
      last?.remove();
    }
  }

  /** @param {string} problem of the line's own, or "" */
  #say(problem) {
    this.#problem = problem;
    this.#showState();
  }

  /** Why nothing is asked for just now, or "". */
  #standing() {
    if (!this.#live) return "Requests are shown live only, and the page shows another moment.";
    if (this.#paused) return "Paused. What passes now is not kept.";
    return this.#asked ? "" : NOT_THERE;
  }

  #showState() {
    const shown = this.#rows.rows.length;
    const facts = { quietMs: performance.now() - this.#openedAt, rate: rateOf(this.#model, this.#id), shown };
    const words = this.#problem ? { kind: "problem", text: this.#problem } : stateWords(this.#frame, facts);
    const note = byId("requests-note", HTMLElement);
    const text = this.#standing() || words.text;
    note.hidden = text === "";
    note.classList.toggle("problem", words.kind === "problem" && !this.#paused);
    setText(note, text);
    byId("requests-off", HTMLElement).hidden = words.kind !== OFF || this.#paused;
    byId("requests-table", HTMLElement).hidden = shown === 0;
    const frame = this.#frame;
    setText(byId("requests-sample", HTMLElement), frame && shown ? `${sampleWords(frame, { shown, leftOut: this.#leftOut })} ${sourceWords(frame)}` : "");
  }
}

/** @param {Request} request */
function rowOf(request) {
  const at = new Date(request.at);
  const level = levelOf(request.code);
  const code = codeWord(request.code);
  const way = `${sideName(request.caller)} → ${targetName(request)}`;
  const flags = request.flags.map((flag) => el("abbr", { title: flagWords(flag) }, flag));
  const facts = [request.authority, request.agent && `by ${request.agent}`, request.protocol].filter(Boolean).join(", ");
  return el(
    "tr",
    { "data-key": keyOf(request), "data-code": code },
    el("td", { class: "number", title: fullMoment(at) }, clock(at)),
    el(
      "td",
      { class: "request", title: facts },
      el("span", { class: "request-path", title: `${request.method} ${request.path}` }, el("b", {}, request.method), ` ${request.path}`),
      el("span", { class: "request-way" }, way, ...flags),
    ),
    el("td", { class: "number" }, level === "ok" ? code : status(level, code)),
    el("td", { class: "number" }, duration(request.duration_ms)),
  );
}

/** @param {boolean} open */
function remember(open) {
  try {
    localStorage.setItem(REMEMBERED, open ? "open" : "");
  } catch {
    // A browser that keeps nothing opens the section closed the next time.
  }
}

/** Whether the section stood open the last time. */
function remembered() {
  try {
    return localStorage.getItem(REMEMBERED) === "open";
  } catch {
    return false;
  }
}
