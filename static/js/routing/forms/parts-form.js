/** A form of policies by part: each is left as it is, set, or taken away, at one place at a time. */
import { el, find, findAll, setText } from "../../dom.js";
import { canonical } from "./arrange.js";
import { fill, read, told } from "./bind.js";
import { mirrorsIn } from "./mirrors.js";
import { policyWords } from "./words.js";

/** @typedef {Record<string, any>} Json */
/** @typedef {import("../../shapes.js").Service} Service */
/** @typedef {import("./rows.js").Rows} Rows */
/**
 * What a form is about.
 * @typedef {object} Kind
 * @property {string} kind of its rules
 * @property {() => string} place that is chosen, as text
 * @property {(place: string) => void} choose
 * @property {(place: string) => Json} target the members of a rule that name a place
 * @property {(rule: Json) => string} placeOf a rule
 * @property {(place: string) => string} words
 * @property {(service: Service, place: string) => Json} inForce the parts at a place
 */

/** What a part says whose fields are all empty, where that is not an empty object. @type {Json} */
const NOTHING = { timeout: "", mirrors: [] };

export class PartsForm {
  #root;
  #service;
  #kind;
  #changed;
  #parts;
  /** @type {Rows | null} */ #mirrors = null;
  /** What is asked for, by place. @type {Map<string, Json>} */ #wanted = new Map();

  /** @param {HTMLDetailsElement} root @param {Service} service @param {Kind} kind @param {() => void} changed */
  constructor(root, service, kind, changed) {
    this.#root = root;
    this.#service = service;
    this.#kind = kind;
    this.#changed = changed;
    this.#parts = findAll(root, "[data-part]", HTMLFieldSetElement);
    for (const part of this.#parts) {
      if (!service.routing.editable) part.disabled = true;
      const choice = find(part, "[data-choice]", HTMLSelectElement);
      choice.addEventListener("change", () => this.#choose(part, choice.value));
      if (part.querySelector('[data-rows="mirrors"]')) {
        this.#mirrors = mirrorsIn(part, service.versions.map(({ version }) => version), () => this.#moved());
      }
      find(part, "[data-fields]", HTMLElement).addEventListener("input", () => this.#moved());
    }
    for (const select of findAll(root, ".part-targets select", HTMLSelectElement)) {
      select.addEventListener("change", () => this.#load());
    }
    this.#load();
  }

  get isChanged() {
    return this.#wanted.size > 0;
  }

  /** "timeout set, retries taken away on the default route" */
  get sentence() {
    return [...this.#wanted]
      .map(([place, parts]) => {
        const words = Object.entries(parts).map(([name, value]) => `${name.replaceAll("_", " ")} ${value === null ? "taken away" : "set"}`);
        return `${words.join(", ")} ${this.#kind.words(place)}`;
      })
      .join(" · ");
  }

  /** @returns {import("../../shapes.js").Asked[]} */
  asked() {
    const { namespace, name: service } = this.#service;
    return [...this.#wanted].map(([place, parts]) => ({
      section: this.#root,
      rule: { kind: this.#kind.kind, namespace, service, ...this.#kind.target(place), ...parts },
      reveal: () => {
        this.#root.open = true;
        if (this.#kind.place() !== place) this.#show(place);
      },
    }));
  }

  /** @param {Json[]} rules */
  show(rules) {
    const own = rules.filter(({ kind }) => kind === this.#kind.kind);
    this.#wanted = new Map(own.map((rule) => [this.#kind.placeOf(rule), partsOf(rule, this.#names)]));
    const [first] = this.#wanted.keys();
    if (first !== undefined && !this.#wanted.has(this.#kind.place())) this.#show(first);
    else this.#load();
  }

  reset() {
    this.#wanted = new Map();
    this.#load();
  }

  /** @param {Service} service */
  observe(service) {
    const before = JSON.stringify(this.#all());
    this.#service = service;
    if (JSON.stringify(this.#all()) !== before && !this.isChanged) this.#load();
  }

  get #names() {
    return this.#parts.map((part) => part.dataset.part ?? "");
  }

  #all() {
    return this.#kind.inForce(this.#service, this.#kind.place());
  }

  /** @param {string} place */
  #show(place) {
    this.#kind.choose(place);
    this.#load();
  }

  /** Shows what is in force and what is asked for at the chosen place. */
  #load() {
    const inForce = this.#all();
    const wanted = this.#wanted.get(this.#kind.place()) ?? {};
    for (const part of this.#parts) {
      const name = part.dataset.part ?? "";
      const asked = name in wanted;
      find(part, "[data-choice]", HTMLSelectElement).value = asked ? (wanted[name] === null ? "clear" : "set") : "";
      this.#fill(part, asked && wanted[name] !== null ? wanted : inForce);
      const words = this.#wordsOf(part, inForce);
      setText(find(part, "[data-in-force]", HTMLElement), words ? `in force: ${words}` : "not set");
    }
    this.#draw();
  }

  /** @param {HTMLElement} part @param {Json} from */
  #fill(part, from) {
    fill(part, from);
    if (part.dataset.part === "mirrors") this.#mirrors?.show(from.mirrors ?? []);
  }

  /** @param {HTMLElement} part @param {Json} parts */
  #wordsOf(part, parts) {
    const { part: name = "" } = part.dataset;
    if (parts[name] === undefined) return "";
    if (name === "mirrors" || name === "timeout" || name === "retries") return policyWords({ [name]: parts[name] }).join(", ");
    return told(part, parts) || "Istio's defaults";
  }

  /** @param {HTMLElement} part @param {string} choice */
  #choose(part, choice) {
    const fresh = part.dataset.part === "mirrors" && choice === "set" && !this.#mirrors?.rows.length;
    if (fresh) find(part, "[data-add]", HTMLButtonElement).click();
    this.#moved();
    const first = part.querySelector("[data-fields] :is(input, select, textarea)");
    if (choice === "set" && first instanceof HTMLElement) first.focus();
  }

  #moved() {
    const inForce = this.#all();
    /** @type {Json} */
    const wanted = {};
    for (const part of this.#parts) {
      const name = part.dataset.part ?? "";
      const choice = find(part, "[data-choice]", HTMLSelectElement).value;
      find(part, "[data-fields]", HTMLElement).hidden = choice !== "set";
      if (choice === "clear") wanted[name] = null;
      if (choice !== "set") continue;
      const value = this.#read(part, name, inForce);
      if (canonical(value) !== canonical(inForce[name])) wanted[name] = value;
    }
    if (Object.keys(wanted).length) this.#wanted.set(this.#kind.place(), wanted);
    else this.#wanted.delete(this.#kind.place());
    this.#draw();
    this.#changed();
  }

  /** @param {HTMLElement} part @param {string} name @param {Json} inForce */
  #read(part, name, inForce) {
    if (name === "mirrors") return this.#mirrors?.items ?? [];
    const base = inForce[name] === undefined ? {} : { [name]: inForce[name] };
    const found = read(part, base)[name] ?? NOTHING[name] ?? {};
    if (name !== "connection_pool") return found;
    const gone = Object.keys(inForce[name] ?? {}).filter((protocol) => !(protocol in found));
    return { ...found, ...Object.fromEntries(gone.map((protocol) => [protocol, null])) };
  }

  #draw() {
    const wanted = this.#wanted.get(this.#kind.place()) ?? {};
    for (const part of this.#parts) {
      const choice = find(part, "[data-choice]", HTMLSelectElement).value;
      find(part, "[data-fields]", HTMLElement).hidden = choice !== "set";
      part.classList.toggle("is-changed", (part.dataset.part ?? "") in wanted);
    }
    const inForce = this.#all();
    const words = this.#parts.flatMap((part) => {
      const found = this.#wordsOf(part, inForce);
      const title = find(part, "strong", HTMLElement).textContent ?? "";
      return found ? [LONG.includes(part.dataset.part ?? "") ? title.toLowerCase() : found] : [];
    });
    const says = find(this.#root, "[data-says]", HTMLElement);
    setText(says, words.length ? `in force: ${words.join(", ")}` : "none in force");
    if (this.isChanged) says.prepend(el("span", { class: "badge" }, "changed"), " ");
  }
}

/** Parts that are told by their name in a summary. */
const LONG = ["load_balancer", "session_affinity", "connection_pool", "outlier_detection", "tls"];

/** @param {Json} rule @param {string[]} names @returns {Json} */
function partsOf(rule, names) {
  return Object.fromEntries(names.filter((name) => rule[name] !== undefined).map((name) => [name, rule[name]]));
}
