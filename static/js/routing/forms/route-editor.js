/** The editor of one route: name, match, action and policies, read as one rule. */
import { byId, find, findAll, setText } from "../../dom.js";
import { Alternatives } from "./alternatives.js";
import { fill, put, read } from "./bind.js";
import { Destinations } from "./destinations.js";
import { mirrorsIn } from "./mirrors.js";
import { headersOf, namesOf, operationsOf } from "./operations.js";
import { Rows } from "./rows.js";

/** @typedef {Record<string, any>} Json */

const ACTIONS = ["destinations", "redirect", "direct_response"];

export class RouteEditor {
  #root;
  #alternatives;
  #destinations;
  #mirrors;
  #operations;
  /** @type {Json} what the rule said when the editor opened: what it has no field for stays */
  #base = {};

  /**
   * @param {HTMLElement} root
   * @param {string[]} versions
   * @param {() => void} changed
   */
  constructor(root, versions, changed) {
    const moved = () => {
      this.#draw();
      changed();
    };
    this.#root = root;
    this.#alternatives = new Alternatives(find(root, "#route-match", HTMLElement), moved);
    this.#destinations = new Destinations(find(root, "#route-destinations", HTMLElement), versions, moved);
    this.#mirrors = mirrorsIn(root, versions, moved);
    this.#operations = new Rows(find(root, '[data-rows="headers"]', HTMLElement), OPERATION, moved);
    root.addEventListener("input", moved);
  }

  get section() {
    return this.#root;
  }

  /** What the form says that no rule has room for. */
  get problem() {
    return this.#root.hidden ? "" : this.#alternatives.problem;
  }

  /** The rule as the form says it; the server judges it. @returns {Json} */
  get rule() {
    const action = this.#action;
    const { match: _match, destinations: _destinations, headers: _headers, mirrors: _mirrors, ...base } = this.#base;
    const rule = read(this.#root, base);
    const isDefault = rule.default === true;
    const matches = isDefault ? [] : this.#alternatives.matches;
    const forwarded = action === "destinations";
    const mirrors = this.#mirrors.items;
    const headers = headersOf(this.#operations.items.map((item) => /** @type {any} */ (item)));
    return {
      ...without(rule, forwarded ? ["redirect", "direct_response"] : ACTIONS.filter((name) => name !== action)),
      ...(isDefault ? {} : { name: rule.name ?? "" }),
      ...(matches.length ? { match: matches } : {}),
      ...(forwarded ? { destinations: this.#destinations.items } : { [action]: rule[action] ?? {} }),
      ...(headers ? { headers } : {}),
      ...(mirrors.length ? { mirrors } : {}),
    };
  }

  /** @param {Json} rule @param {string} title @param {{isNew: boolean, kept: string[]}} about */
  open(rule, title, { isNew, kept }) {
    this.#base = rule;
    const isDefault = rule.default === true;
    setText(byId("route-title", HTMLElement), title);
    byId("route-name-field", HTMLElement).hidden = isDefault;
    byId("route-match", HTMLElement).hidden = isDefault;
    const name = byId("route-name", HTMLInputElement);
    name.readOnly = !isNew;
    const action = ACTIONS.find((each) => rule[each] !== undefined) ?? "destinations";
    find(this.#root, `[name=route-action][value=${action}]`, HTMLInputElement).checked = true;
    fill(this.#root, rule);
    put(name, rule.name ?? "");
    this.#alternatives.show(rule.match ?? []);
    this.#destinations.show(rule.destinations ?? [{}]);
    this.#mirrors.show(rule.mirrors ?? []);
    this.#operations.show(operationsOf(rule.headers));
    this.#keeps(kept);
    this.#root.hidden = false;
    this.#draw();
    for (const policy of findAll(this.#root, "[data-policy]", HTMLDetailsElement)) policy.open = isSome(policy, rule);
  }

  close() {
    this.#root.hidden = true;
  }

  get #action() {
    return find(this.#root, "[name=route-action]:checked", HTMLInputElement).value;
  }

  /** @param {string[]} fields */
  #keeps(fields) {
    const kept = byId("route-kept", HTMLElement);
    const others = this.#base.fault ? ["its fault", ...fields] : fields;
    kept.hidden = others.length === 0;
    setText(kept, `Stays as it is: ${others.join(", ")}.`);
  }

  #draw() {
    const action = this.#action;
    for (const pane of findAll(this.#root, "[data-action]", HTMLElement)) pane.hidden = pane.dataset.action !== action;
    if (this.#root.hidden) return;
    const { rule } = this;
    for (const policy of findAll(this.#root, "[data-policy]", HTMLDetailsElement)) {
      find(policy, "[data-some]", HTMLElement).hidden = !isSome(policy, rule);
    }
  }
}

/** @param {HTMLElement} policy @param {Json} rule */
function isSome(policy, rule) {
  const name = policy.dataset.policy ?? "";
  return rule[name] !== undefined || (name === "timeout" && rule.retries !== undefined);
}

/** @param {Json} rule @param {string[]} names @returns {Json} */
function without(rule, names) {
  return Object.fromEntries(Object.entries(rule).filter(([name]) => !names.includes(name)));
}

/** @type {import("./rows.js").Shape} */
const OPERATION = {
  template: "operation-row",
  path: "headers",
  fill: (row, item) => {
    put(find(row, "[data-side]", HTMLSelectElement), item.side);
    put(find(row, "[data-op]", HTMLSelectElement), item.op);
    put(find(row, "[data-name]", HTMLInputElement), item.name);
    put(find(row, "[data-value]", HTMLInputElement), item.value ?? "");
    const draw = () => {
      find(row, "[data-value]", HTMLInputElement).hidden = find(row, "[data-op]", HTMLSelectElement).value === "remove";
    };
    find(row, "[data-op]", HTMLSelectElement).addEventListener("change", draw);
    draw();
  },
  read: (row) => ({
    side: find(row, "[data-side]", HTMLSelectElement).value,
    op: find(row, "[data-op]", HTMLSelectElement).value,
    name: find(row, "[data-name]", HTMLInputElement).value.trim(),
    value: find(row, "[data-value]", HTMLInputElement).value.trim(),
  }),
  names: (items) => namesOf(/** @type {any[]} */ (items)),
  fresh: () => ({ side: "request", op: "set", name: "", value: "" }),
};
