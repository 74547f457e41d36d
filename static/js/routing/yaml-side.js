/**
 * The YAML beside the forms of a service: shows what the forms would lead to, and reads what is typed back into them.
 *
 * Who changed last leads, and the other side follows, without a word of its own: so neither chases the other. What is
 * typed and no form can say is kept as whole resources, on which the forms go on.
 */
import { ApiError, post } from "../api.js";
import { byId, el, findAll, status } from "../dom.js";
import { counted, listProblems, makeEditor } from "../yaml-page.js";

/** @typedef {import("yaml-editor").Problem} Problem */
/** @typedef {import("../yaml-page.js").YamlEditor} YamlEditor */
/** @typedef {{kind: string, api_version: string, namespace: string, name: string, resource_version: string, text: string}} Steered */
/** @typedef {{valid: boolean, problems: (Problem & {text: number})[], rules: any[], rest: {resource: any, op: string, path: string}[], manifests: any[]}} Reading */

const REST_MS = 300;
/** The kinds that the tabs are for. */
const STEERING = ["VirtualService", "DestinationRule"];
const OPS = { add: "added", remove: "removed", change: "changed" };

export class YamlSide {
  #path;
  #steered;
  #told;
  /** @type {(YamlEditor | null)[]} */ #editors = [];
  /** @type {HTMLTextAreaElement[]} */ #areas;
  #wrong = false;
  /** @type {any[]} whole resources that were typed and no form can say */ #objects = [];
  /** @type {{key: string, answer: Promise<Reading>, abort: AbortController} | null} */ #asking = null;
  /** Whether something was typed that is not read yet, or cannot be. */ #pending = false;
  #timer = 0;
  /** @type {AbortController | null} */ #drafting = null;

  /**
   * @param {{namespace: string, name: string}} service
   * @param {Steered[]} steered
   * @param {{typing: (began: boolean) => void, read: (rules: any[]) => void}} told of each key typed, and of the rules of what was
   */
  constructor(service, steered, told) {
    this.#path = `services/${encodeURIComponent(service.namespace)}/${encodeURIComponent(service.name)}/reading`;
    this.#steered = steered;
    this.#told = told;
    this.#areas = steered.map((_, at) => byId(`yaml-${at}`, HTMLTextAreaElement));
    this.#tabs();
  }

  async start() {
    this.#editors = await Promise.all(this.#areas.map((area, at) => this.#editor(area, at)));
    this.#editors.forEach((editor, at) => editor?.setBase(this.#steered[at].text));
  }

  /** Whether something was typed that is not read yet, or cannot be: nothing is planned meanwhile. */
  get isPending() {
    return this.#pending;
  }

  /** Why nothing can be planned meanwhile. */
  get waiting() {
    return this.#wrong ? "The YAML has errors: correct them, or undo." : "Reading what was typed …";
  }

  /** Whole resources to plan before the rules of the forms. */
  get objects() {
    return this.#objects.map((manifest) => ({ kind: "object", manifest }));
  }

  /** The forms lead: shows what these rules, `objects` among them, would lead to. @param {any[]} rules */
  follow(rules) {
    window.clearTimeout(this.#timer);
    this.#drafting?.abort();
    if (!rules.length) {
      this.#show(this.#steered.map(({ text }) => text));
      return;
    }
    this.#timer = window.setTimeout(() => this.#draft(rules), REST_MS);
  }

  /** Back to what is in the cluster. */
  reset() {
    window.clearTimeout(this.#timer);
    this.#drafting?.abort();
    this.#objects = [];
    this.#drawRest([]);
    this.#show(this.#steered.map(({ text }) => text));
  }

  /** @param {any[]} rules */
  async #draft(rules) {
    const drafting = (this.#drafting = new AbortController());
    try {
      const draft = await post("drafts", { rules }, drafting.signal);
      if (drafting.signal.aborted) return;
      if (!draft.valid) {
        // The forms say at their fields what is wrong as soon as a preview is asked for.
        this.#state("degraded", draft.errors[0]?.message ?? "");
        return;
      }
      this.#show(this.#steered.map((item) => textOf(item, draft.operations)));
      this.#drawOthers(draft.operations.filter((/** @type {any} */ each) => !STEERING.includes(each.resource.kind)));
    } catch (error) {
      if (drafting.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      this.#state("degraded", error.message);
    }
  }

  /** @param {string[]} texts */
  #show(texts) {
    this.#pending = this.#wrong = false;
    texts.forEach((text, at) => {
      this.#editors[at]?.setText(text);
      this.#areas[at].value = text;
      const none = byId(`yaml-pane-${at}`, HTMLElement).querySelector("[data-none]");
      if (none instanceof HTMLElement) none.hidden = text !== "";
    });
    this.#state("idle", "");
    this.#drawOthers([]);
    this.mark();
  }

  /** What would be written besides, to read only. @param {any[]} operations */
  #drawOthers(operations) {
    const others = operations.map(({ resource, yaml_after: text }) => {
      const name = el("summary", {}, `Also written: ${nameOf(resource)}`);
      return el("details", { class: "fold follows small", open: true }, name, el("pre", { class: "code yaml-other" }, text));
    });
    byId("yaml-others", HTMLElement).replaceChildren(...others);
  }

  /** @param {HTMLTextAreaElement} area @param {number} at */
  #editor(area, at) {
    return makeEditor(area, {
      kinds: this.#steered.map(({ kind, api_version }) => ({ kind, apiVersion: api_version })),
      changed: () => this.#wasTyped(),
      check: async (text, signal) => (text.trim() === "" ? [] : this.#check(at, signal)),
    });
  }

  #wasTyped() {
    window.clearTimeout(this.#timer);
    this.#drafting?.abort();
    const began = !this.#pending;
    this.#pending = true;
    this.#wrong = false;
    this.#told.typing(began);
  }

  #texts() {
    return this.#areas.map((area, at) => this.#editors[at]?.text ?? area.value);
  }

  /** The problems of one text; both are read together. @param {number} at @param {AbortSignal} signal */
  async #check(at, signal) {
    const texts = this.#texts();
    const filled = texts.map((text, index) => ({ text, index })).filter(({ text }) => text.trim() !== "");
    const asked = key(texts);
    if (this.#asking?.key !== asked) {
      this.#asking?.abort.abort();
      const abort = new AbortController();
      const answer = post(this.#path, { texts: filled.map(({ text }) => text) }, abort.signal);
      this.#asking = { key: asked, answer, abort };
    }
    const asking = this.#asking;
    const reading = await asking.answer.catch((/** @type {unknown} */ error) => {
      if (asking.abort.signal.aborted || !(error instanceof ApiError)) return null;
      this.#state("degraded", error.message);
      return null;
    });
    // An answer that was cut off, by a page that is left, has no problems to tell.
    if (!reading?.problems || signal.aborted) return [];
    const placed = reading.problems.map((problem) => ({ ...problem, text: filled[problem.text].index }));
    if (key(this.#texts()) === asked) this.#taken({ ...reading, problems: placed });
    return placed.filter((problem) => problem.text === at);
  }

  /** The answer to what stands there now. @param {Reading} reading */
  #taken(reading) {
    this.#drawProblems(reading.problems);
    if (!this.#pending) return;
    this.#wrong = !reading.valid;
    if (this.#wrong) {
      this.#told.typing(false);
      return;
    }
    this.#pending = false;
    const edited = new Set(reading.rest.map(({ resource }) => nameOf(resource)));
    this.#objects = reading.manifests
      .filter((manifest) => edited.has(nameOf({ kind: manifest.kind, ...manifest.metadata })))
      .map((manifest) => this.#versioned(manifest));
    this.#drawRest(reading.rest);
    this.#told.read(reading.rules);
  }

  /** With the version that was read: who changed it since is not overwritten. @param {any} manifest */
  #versioned(manifest) {
    const here = this.#steered.find((item) => nameOf(item) === nameOf({ kind: manifest.kind, ...manifest.metadata }));
    if (!here?.resource_version) return manifest;
    return { ...manifest, metadata: { ...manifest.metadata, resourceVersion: here.resource_version } };
  }

  /** @param {Reading["rest"]} rest */
  #drawRest(rest) {
    byId("yaml-rest", HTMLElement).hidden = rest.length === 0;
    const items = rest.slice(0, 12).map(({ resource, op, path }) => {
      const word = OPS[/** @type {keyof typeof OPS} */ (op)] ?? op;
      return el("li", {}, el("code", {}, path || "the whole resource"), ` ${word} (${resource.kind})`);
    });
    if (rest.length > 12) items.push(el("li", {}, `and ${rest.length - 12} more`));
    byId("yaml-rest-list", HTMLUListElement).replaceChildren(...items);
  }

  /** @param {Reading["problems"]} problems */
  #drawProblems(problems) {
    const list = byId("yaml-problem-list", HTMLOListElement);
    byId("yaml-problems", HTMLElement).hidden = problems.length === 0;
    listProblems(list, problems, (problem) => {
      const at = /** @type {Problem & {text: number}} */ (problem).text;
      this.#select(at);
      this.#editors[at]?.goTo(problem.line, problem.column);
    });
    const wrong = problems.some(({ level }) => level === "error");
    if (problems.length) this.#state(wrong ? "failing" : "degraded", counted(problems));
    else this.#state("ok", "no problem");
  }

  /** @param {import("../dom.js").Status} level @param {string} words */
  #state(level, words) {
    const place = byId("yaml-state", HTMLElement);
    if (place.textContent !== words) place.replaceChildren(...(words ? [status(level, words)] : []));
  }

  #tabs() {
    const tabs = findAll(byId("yaml-side", HTMLElement), "[role=tab]", HTMLButtonElement);
    tabs.forEach((tab, at) => {
      tab.addEventListener("click", () => this.#select(at));
      tab.addEventListener("keydown", (event) => {
        const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
        if (!step) return;
        event.preventDefault();
        const next = (at + step + tabs.length) % tabs.length;
        this.#select(next);
        tabs[next].focus();
      });
    });
  }

  /** @param {number} chosen */
  #select(chosen) {
    findAll(byId("yaml-side", HTMLElement), "[role=tab]", HTMLButtonElement).forEach((tab, at) => {
      tab.setAttribute("aria-selected", String(at === chosen));
      tab.tabIndex = at === chosen ? 0 : -1;
      byId(`yaml-pane-${at}`, HTMLElement).hidden = at !== chosen;
    });
  }

  /** Says on each tab whether its text differs from what is in the cluster. */
  mark() {
    const texts = this.#texts();
    this.#steered.forEach((item, at) => {
      const tab = byId(`tab-${at}`, HTMLButtonElement);
      const changed = texts[at] !== item.text;
      if (tab.dataset.changed === String(changed)) return;
      tab.dataset.changed = String(changed);
      tab.replaceChildren(item.kind, ...(changed ? [" ", el("span", { class: "badge" }, "changed")] : []));
    });
  }
}

/** The text of a resource after these operations: of one that is yet to be made, of the one of its kind. @param {Steered} item @param {any[]} operations */
function textOf(item, operations) {
  const own = operations.find(({ resource }) =>
    item.name ? nameOf(resource) === nameOf(item) : resource.kind === item.kind,
  );
  return own ? own.yaml_after : item.text;
}

/** @param {{kind: string, namespace: string, name: string}} resource */
function nameOf(resource) {
  return `${resource.kind} ${resource.namespace}/${resource.name}`;
}

/** @param {string[]} texts */
function key(texts) {
  return JSON.stringify(texts);
}
