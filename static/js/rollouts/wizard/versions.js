/** The service, its versions as they are now, and which of them is the baseline and the canary. */
import { byId, el, find, findAll, fromTemplate, setText } from "../../dom.js";
import { share } from "../../format.js";

/** @typedef {import("./types.js").About} About */
/** @typedef {import("./types.js").Version} Version */

export class Versions {
  #table = byId("versions", HTMLTableElement);
  #body = find(this.#table, "[data-versions]", HTMLTableSectionElement);
  #other = byId("other-version", HTMLInputElement);
  #otherPick = find(this.#table, "[data-other]", HTMLInputElement);

  constructor() {
    this.#other.addEventListener("input", () => {
      this.#otherPick.checked = this.#other.value.trim() !== "";
    });
    this.#otherPick.addEventListener("change", () => this.#other.focus());
  }

  get baseline() {
    return this.#chosen("baseline");
  }

  get canary() {
    return this.#otherPick.checked ? this.#other.value.trim() : this.#chosen("canary");
  }

  /** @param {string} name */
  #chosen(name) {
    const found = this.#body.querySelector(`input[name=${name}]:checked`);
    return found instanceof HTMLInputElement ? found.value : "";
  }

  /** Another service was chosen: its versions, and what one would mostly begin with. @param {About} about */
  show({ service, versions }) {
    this.#table.hidden = !service;
    this.#other.value = "";
    this.#otherPick.checked = false;
    this.#body.replaceChildren(...versions.map(row));
    if (!versions.length) return;
    const most = versions.reduce((best, each) => (part(each) > part(best) ? each : best));
    this.#pick("baseline", most.version);
    if (versions.length === 2) this.#pick("canary", versions[versions[0] === most ? 1 : 0].version);
  }

  /** The same service a moment later. @param {About} about */
  observe({ versions }) {
    for (const version of versions) {
      const found = findAll(this.#body, "tr", HTMLTableRowElement).find((each) => each.dataset.version === version.version);
      if (found) fill(found, version);
      else this.#body.append(row(version));
    }
  }

  /** @param {string} name @param {string} version */
  #pick(name, version) {
    const found = findAll(this.#body, `input[name=${name}]`, HTMLInputElement).find(({ value }) => value === version);
    if (found) found.checked = true;
  }
}

/** The select of services, for a namespace. @param {string[]} names */
export function offer(names) {
  const select = byId("service", HTMLSelectElement);
  select.replaceChildren(el("option", { value: "" }, "Choose …"), ...names.map((name) => el("option", { value: name }, name)));
  select.disabled = !names.length;
}

/** @param {Version} version */
function row(version) {
  const found = fromTemplate("version-row");
  found.dataset.version = version.version;
  find(found, "[data-name]", HTMLElement).textContent = version.version;
  for (const name of ["baseline", "canary"]) {
    const input = find(found, `[name=${name}]`, HTMLInputElement);
    input.value = version.version;
    input.checked = false;
    input.setAttribute("aria-label", `${name === "canary" ? "Canary" : "Baseline"}: ${version.version}`);
  }
  fill(found, version);
  return found;
}

/** @param {HTMLElement} found @param {Version} version */
function fill(found, version) {
  setText(find(found, "[data-ready]", HTMLElement), `${version.ready_pods} of ${version.pods}`);
  setText(find(found, "[data-weight]", HTMLElement), version.weight === null ? "–" : String(version.weight));
  setText(find(found, "[data-observed]", HTMLElement), share(version.observed_share));
}

/** What a version has of the requests, or of the pods where no rule says it. @param {Version} version */
function part({ weight, ready_pods: ready }) {
  return weight ?? ready;
}
