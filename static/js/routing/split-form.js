/** The rows of the split editor: sliders, numbers, locks and presets that keep one sum. */
import { el, find, findAll, icon, setText } from "../dom.js";
import { configured, highest, inForce, lowest, rebalance } from "./split.js";

/** @typedef {import("./split.js").Part} Part */
/** @typedef {import("../shapes.js").Service} Service */

export class SplitForm {
  /** @type {HTMLElement[]} */ #rows;
  /** @type {Part[]} */ #before;
  /** @type {Part[]} */ #parts;
  /** @type {Part[]} what the rows held when the present drag or typing began: ratios survive a drag to 100 and back */
  #base;
  #changed;
  #root;
  #service;

  /**
   * @param {HTMLElement} root
   * @param {Service} service
   * @param {() => void} changed called after each change by the person
   */
  constructor(root, service, changed) {
    this.#root = root;
    this.#service = service;
    this.#rows = findAll(root, ".split-row", HTMLElement);
    this.#before = this.#parts = this.#base = inForce(service.versions);
    this.#changed = changed;
    this.#rows.forEach((row, at) => this.#connect(row, at));
    if (!service.routing.editable) this.#disable();
    this.#draw();
  }

  /** Whether the person asks for other weights than those in force. */
  get isChanged() {
    return this.#parts.some((part, at) => part.weight !== this.#before[at].weight);
  }

  /** @returns {Record<string, number>} whole percents by version */
  get weights() {
    return Object.fromEntries(this.#parts.map((part) => [part.version, part.weight]));
  }

  /** "80 % v1, 20 % v3": those that get something. */
  get sentence() {
    const some = this.#parts.filter((part) => part.weight > 0);
    return some.map((part) => `${part.weight} % ${part.version}`).join(", ");
  }

  /** @returns {import("../shapes.js").Asked[]} */
  asked() {
    const { namespace, name: service } = this.#service;
    return [{ section: this.#root, rule: { kind: "split", namespace, service, weights: this.weights } }];
  }

  /** @param {Record<string, any>[]} rules */
  show(rules) {
    const weights = rules.find(({ kind }) => kind === "split")?.weights;
    if (!weights) {
      this.reset();
      return;
    }
    this.#parts = this.#base = this.#parts.map((part) => ({ ...part, weight: weights[part.version] ?? 0 }));
    this.#draw();
  }

  reset() {
    this.#parts = this.#base = this.#before;
    this.#draw();
  }

  /** The cluster's present figures; what the person has set is left alone. @param {Service} service */
  observe(service) {
    const unchanged = !this.isChanged;
    const now = inForce(service.versions);
    const sameVersions = now.length === this.#rows.length && now.every((part, at) => part.version === this.#parts[at].version);
    for (const row of this.#rows) {
      const version = service.versions.find((item) => item.version === row.dataset.version);
      if (version) drawShares(row, version, service.versions);
    }
    if (!sameVersions) return;
    this.#before = now;
    if (!unchanged || this.#rows.some((row) => row.contains(document.activeElement))) return;
    this.#parts = this.#base = now.map((part, at) => ({ ...part, locked: this.#parts[at].locked }));
    this.#draw();
  }

  /** @param {HTMLElement} row @param {number} at */
  #connect(row, at) {
    const slider = find(row, ".split-slider", HTMLInputElement);
    const number = find(row, ".input-number", HTMLInputElement);
    slider.addEventListener("input", () => this.#set(at, slider.valueAsNumber));
    slider.addEventListener("change", () => this.#settle());
    number.addEventListener("input", () => this.#type(at, number));
    number.addEventListener("blur", () => this.#leave());
    number.addEventListener("keydown", (event) => this.#key(event, at));
    number.addEventListener("focus", () => number.select());
    find(row, ".split-lock", HTMLButtonElement).addEventListener("click", () => this.#lock(at));
    for (const preset of findAll(row, "[data-preset]", HTMLButtonElement)) {
      preset.addEventListener("click", () => {
        this.#settle();
        this.#set(at, Number(preset.dataset.preset));
        this.#settle();
      });
    }
  }

  /** @param {number} at @param {number} wanted */
  #set(at, wanted) {
    this.#parts = rebalance(this.#base, at, wanted);
    this.#draw();
    this.#changed();
  }

  #settle() {
    this.#base = this.#parts;
  }

  /** @param {number} at @param {HTMLInputElement} input */
  #type(at, input) {
    const value = input.value.trim();
    const problem = hint(value, this.#base, at);
    showHint(this.#rows[at], input, problem);
    if (!problem) this.#set(at, Number(value));
  }

  #leave() {
    this.#settle();
    this.#draw();
    for (const row of this.#rows) showHint(row, find(row, ".input-number", HTMLInputElement), "");
  }

  /** Up and down by one, with Shift by ten, as number fields do. @param {KeyboardEvent} event @param {number} at */
  #key(event, at) {
    const direction = { ArrowUp: 1, ArrowDown: -1 }[event.key];
    if (!direction) return;
    event.preventDefault();
    this.#set(at, this.#parts[at].weight + direction * (event.shiftKey ? 10 : 1));
    const input = event.target;
    if (input instanceof HTMLInputElement) input.value = String(this.#parts[at].weight);
  }

  /** @param {number} at */
  #lock(at) {
    this.#parts = this.#base = this.#parts.map((part, index) => (index === at ? { ...part, locked: !part.locked } : part));
    this.#draw();
  }

  #disable() {
    for (const row of this.#rows) {
      for (const button of findAll(row, "button", HTMLButtonElement)) button.disabled = true;
    }
  }

  #draw() {
    this.#rows.forEach((row, at) => {
      const part = this.#parts[at];
      const slider = find(row, ".split-slider", HTMLInputElement);
      slider.value = String(part.weight);
      slider.style.setProperty("--fill", `${part.weight}%`);
      const number = find(row, ".input-number", HTMLInputElement);
      if (document.activeElement !== number) number.value = String(part.weight);
      const lock = find(row, ".split-lock", HTMLButtonElement);
      if (lock.getAttribute("aria-pressed") !== String(part.locked)) {
        lock.setAttribute("aria-pressed", String(part.locked));
        lock.replaceChildren(icon(part.locked ? "lock" : "unlock"));
      }
      row.classList.toggle("is-changed", part.weight !== this.#before[at].weight);
      const [least, most] = [lowest(this.#parts, at), highest(this.#parts, at)];
      for (const preset of findAll(row, "[data-preset]", HTMLButtonElement)) {
        const value = Number(preset.dataset.preset);
        preset.setAttribute("aria-pressed", String(value === part.weight));
        preset.disabled = slider.disabled || value < least || value > most;
      }
    });
  }
}

/** What is wrong with what was typed, or nothing. @param {string} value @param {Part[]} parts @param {number} at */
function hint(value, parts, at) {
  if (!/^\d{1,3}$/.test(value)) return "A whole number from 0 to 100.";
  const [least, most] = [lowest(parts, at), highest(parts, at)];
  if (Number(value) > 100) return "At most 100.";
  if (Number(value) > most) return `At most ${most}: the rest is locked.`;
  return Number(value) < least ? `At least ${least}: nobody else is free to take more.` : "";
}

/** @param {HTMLElement} row @param {HTMLInputElement} input @param {string} text */
function showHint(row, input, text) {
  row.querySelector(".hint-typed")?.remove();
  input.setAttribute("aria-invalid", String(text !== ""));
  if (text) row.append(el("p", { class: "error hint-typed", role: "status" }, icon("failing"), text));
}

/**
 * The configured and the observed share of one version, wherever they are drawn.
 * @param {HTMLElement} row
 * @param {import("../shapes.js").Version} version
 * @param {import("../shapes.js").Version[]} all
 */
export function drawShares(row, version, all) {
  const weight = configured(version, all);
  const observed = version.observed_share === null ? null : Math.round(version.observed_share * 100);
  row.querySelector("[data-configured]")?.setAttribute("width", `${weight ?? 0}%`);
  row.querySelector("[data-observed]")?.setAttribute("width", `${observed ?? 0}%`);
  const unit = row.classList.contains("split-row") ? " %" : "";
  const texts = {
    "[data-configured-text]": weight === null ? "–" : `${weight}${unit}`,
    "[data-observed-text]": observed === null ? "–" : `${observed}${unit}`,
    "[data-pods]": `${version.ready_pods} of ${version.pods} ready`,
  };
  for (const [selector, text] of Object.entries(texts)) {
    const node = row.querySelector(selector);
    if (node) setText(node, text);
  }
}
