/** Which service, and which of its versions: asks what is known of a service when another one is chosen. */
import { BASE } from "../../base.js";
import { byId, el, find, setText } from "../../dom.js";
import { Versions, offer } from "./versions.js";

/** @typedef {import("./types.js").About} About */
/** @typedef {import("./types.js").Page} Page */

/** Pods become ready and shares move while somebody types. */
const LOOK_AGAIN_MS = 10_000;

export class ServiceChoice {
  #page;
  #about;
  #changed;
  #versions = new Versions();
  #namespace = byId("namespace", HTMLSelectElement);
  #service = byId("service", HTMLSelectElement);
  /** @type {AbortController | null} */ #open = null;

  /** @param {Page} page @param {() => void} changed */
  constructor(page, changed) {
    this.#page = page;
    this.#about = page.about;
    this.#changed = changed;
    this.#namespace.addEventListener("change", () => this.#namespaceChosen());
    this.#service.addEventListener("change", () => this.#look(true));
    window.setInterval(() => {
      if (!document.hidden && this.#service.value && !this.#open) this.#look(false);
    }, LOOK_AGAIN_MS);
  }

  /** @returns {{namespace: string, service: string, baseline: string, canary: string}} */
  read() {
    const { baseline, canary } = this.#versions;
    return { namespace: this.#namespace.value, service: this.#service.value, baseline, canary };
  }

  /** Why nothing can be started for this service by this person; empty where it can. */
  get refusal() {
    const { refusal, running } = this.#about;
    return refusal || (running ? "A rollout of this service is under way: one at a time." : "");
  }

  #namespaceChosen() {
    const names = this.#page.choices[this.#namespace.value] ?? [];
    offer(names);
    if (names.length === 1) this.#service.value = names[0];
    this.#look(true);
  }

  /** @param {boolean} another whether another service was chosen */
  async #look(another) {
    this.#open?.abort();
    const open = (this.#open = new AbortController());
    if (another) this.#show({ ...EMPTY, namespace: this.#namespace.value, service: this.#service.value }, true);
    const found = this.#service.value ? await this.#ask(open.signal) : null;
    if (this.#open !== open) return;
    this.#open = null;
    if (found) this.#show(found, another);
  }

  /** @param {AbortSignal} signal @returns {Promise<About | null>} null where there is no answer */
  async #ask(signal) {
    const query = new URLSearchParams({ namespace: this.#namespace.value, service: this.#service.value });
    try {
      const answer = await fetch(`${this.#page.service_path}?${query}`, { headers: { Accept: "application/json" }, signal });
      return answer.ok && !answer.redirected ? await answer.json() : null;
    } catch {
      return null; // What is known stays; the preview says that the console does not answer.
    }
  }

  /** @param {About} about @param {boolean} another */
  #show(about, another) {
    const before = this.refusal;
    this.#about = about;
    if (another) this.#versions.show(about);
    else this.#versions.observe(about);
    setText(byId("about-service", HTMLElement), about.sentence);
    this.#drawRefusal();
    if (another || before !== this.refusal) this.#changed();
  }

  #drawRefusal() {
    const box = byId("refusal", HTMLElement);
    box.hidden = !this.refusal;
    const { refusal, running } = this.#about;
    const link = !refusal && running?.id ? el("a", { href: `${BASE}rollouts/${running.id}/` }, `See #${running.id}`) : null;
    find(box, "span", HTMLElement).replaceChildren(this.refusal, ...(link ? [" ", link] : []));
  }
}

/** Of a service of which nothing is known yet. @type {About} */
const EMPTY = { namespace: "", service: "", found: false, versions: [], sentence: "", refusal: "", running: null };
