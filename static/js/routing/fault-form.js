/** The fault editor: which fields are there for which kind, and the rule that they make. */
import { byId, find, findAll } from "../dom.js";

/** @typedef {import("../shapes.js").Rule} Rule */
/** @typedef {Extract<Rule, {kind: "fault"}>} Fault */

const KINDS = ["fault", "clear_fault"];

export class FaultForm {
  #root;
  #service;
  /** Whether the text that was typed has the fault no more that meshui set. */
  #clearing = false;

  /**
   * @param {HTMLElement} root
   * @param {import("../shapes.js").Service} service
   * @param {() => void} changed
   */
  constructor(root, service, changed) {
    this.#root = root;
    this.#service = service;
    root.addEventListener("input", () => {
      this.#clearing = false;
      this.#draw();
      changed();
    });
    for (const input of findAll(root, "input", HTMLInputElement)) input.disabled = !service.routing.editable;
    byId("keep-fault", HTMLButtonElement).addEventListener("click", () => {
      this.#clearing = false;
      this.#draw();
      changed();
    });
    this.#draw();
  }

  get #kind() {
    return find(this.#root, "[name=kind]:checked", HTMLInputElement).value;
  }

  get #forHeader() {
    return find(this.#root, "[name=whom]:checked", HTMLInputElement).value === "header";
  }

  get isChanged() {
    return this.#kind !== "" || this.#clearing;
  }

  /** "delay of 2s for 50 %, requests with end-user = jason" */
  get sentence() {
    if (this.#clearing) return "no fault any more";
    const parts = [];
    if (this.#has("delay")) parts.push(`delay of ${text("fixed-delay")} for ${text("delay-percentage")} %`);
    if (this.#has("abort")) parts.push(`status ${text("http-status")} for ${text("abort-percentage")} %`);
    const whom = this.#forHeader ? `requests with ${text("match-header")} = ${text("match-value")}` : "everyone";
    return `${parts.join(" and ")}; ${whom}`;
  }

  /** @returns {import("../shapes.js").Asked[]} */
  asked() {
    return [{ section: this.#root, rule: this.#rule }];
  }

  /** A rule; the server judges it. @returns {Record<string, unknown>} */
  get #rule() {
    const { namespace, name: service } = this.#service;
    if (this.#clearing) return { kind: "clear_fault", namespace, service };
    /** @type {Record<string, unknown>} */
    const rule = { kind: "fault", namespace, service };
    if (this.#has("delay")) rule.delay = { percentage: amount("delay-percentage"), fixed_delay: text("fixed-delay") };
    if (this.#has("abort")) rule.abort = { percentage: amount("abort-percentage"), http_status: amount("http-status") };
    if (this.#forHeader) rule.match = { header: text("match-header"), value: text("match-value") };
    return rule;
  }

  /** @param {any[]} rules */
  show(rules) {
    const rule = /** @type {Rule | undefined} */ (rules.find(({ kind }) => KINDS.includes(kind)));
    this.#clearing = rule?.kind === "clear_fault";
    this.#choose("kind", rule?.kind === "fault" ? kindOf(rule) : "");
    if (rule?.kind === "fault") this.#fill(rule);
    this.#draw();
  }

  reset() {
    this.#clearing = false;
    this.#draw();
  }

  /** @param {Fault} rule */
  #fill(rule) {
    if (rule.delay) {
      put("fixed-delay", rule.delay.fixed_delay);
      put("delay-percentage", rule.delay.percentage);
    }
    if (rule.abort) {
      put("http-status", rule.abort.http_status);
      put("abort-percentage", rule.abort.percentage);
    }
    this.#choose("whom", rule.match ? "header" : "everyone");
    if (rule.match) {
      put("match-header", rule.match.header);
      put("match-value", rule.match.value);
    }
  }

  /** @param {string} name @param {string} value */
  #choose(name, value) {
    find(this.#root, `[name=${name}][value="${value}"]`, HTMLInputElement).checked = true;
  }

  /** @param {"delay" | "abort"} kind */
  #has(kind) {
    return this.#kind === kind || this.#kind === "both";
  }

  #draw() {
    byId("fault-delay", HTMLFieldSetElement).hidden = !this.#has("delay");
    byId("fault-abort", HTMLFieldSetElement).hidden = !this.#has("abort");
    byId("fault-match", HTMLFieldSetElement).hidden = this.#kind === "";
    byId("clearing", HTMLElement).hidden = !this.#clearing;
    byId("fault-header", HTMLElement).hidden = !this.#forHeader;
  }
}

/** @param {Fault} rule */
function kindOf(rule) {
  if (rule.delay && rule.abort) return "both";
  return rule.delay ? "delay" : "abort";
}

/** @param {string} id @param {string | number} value */
function put(id, value) {
  byId(id, HTMLInputElement).value = String(value);
}

/** @param {string} id */
function text(id) {
  return byId(id, HTMLInputElement).value.trim();
}

/** A number when it is one, else what was typed: the server then says at this field what is wrong. @param {string} id */
function amount(id) {
  const typed = text(id).replace(",", ".");
  return typed !== "" && Number.isFinite(Number(typed)) ? Number(typed) : typed;
}
