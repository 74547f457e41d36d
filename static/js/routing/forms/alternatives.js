/** The match of a route: alternatives, each of conditions that must all hold. */
import { find, findAll, fromTemplate } from "../../dom.js";
import { put } from "./bind.js";
import { conditionsOf, hasName, matchOf, pathOf, repeated, waysOf } from "./conditions.js";
import { focusFirst } from "./rows.js";

/** @typedef {Record<string, any>} Json */
/** @typedef {import("./conditions.js").Condition} Condition */

/** @type {Record<string, string>} */
const EXAMPLES = {
  uri: "/beta",
  method: "GET",
  authority: "shop.example",
  scheme: "https",
  source_namespace: "shop",
  port: "9080",
  gateways: "mesh, istio-system/main",
};

export class Alternatives {
  #box;
  #warning;
  #changed;

  /** @param {HTMLElement} root @param {() => void} changed */
  constructor(root, changed) {
    this.#box = find(root, "[data-alternatives]", HTMLElement);
    this.#warning = find(root, "#match-twice", HTMLElement);
    this.#changed = changed;
    find(root, "[data-add-alternative]", HTMLButtonElement).addEventListener("click", () => {
      focusFirst(this.#add([{ on: "uri", how: "prefix", value: "" }]));
      this.#draw();
      changed();
    });
    root.addEventListener("input", () => this.#draw());
  }

  /** @returns {Json[]} */
  get matches() {
    return this.#conditions().filter((each) => each.length).map(matchOf);
  }

  /** What a match has no room for, in words. */
  get problem() {
    const twice = this.#conditions().flatMap(repeated)[0];
    if (!twice) return "";
    return `${pathOf(twice)} is asked for twice in one alternative; all conditions of one must hold.`;
  }

  /** @param {Json[]} matches */
  show(matches) {
    this.#box.replaceChildren();
    for (const match of matches) this.#add(conditionsOf(match));
    this.#draw();
  }

  /** @param {Condition[]} conditions */
  #add(conditions) {
    const node = fromTemplate("alternative-row");
    this.#box.append(node);
    for (const each of conditions) this.#addCondition(node, each);
    find(node, "[data-add-condition]", HTMLButtonElement).addEventListener("click", () => {
      focusFirst(this.#addCondition(node, { on: "headers", how: "exact", value: "" }));
      this.#draw();
      this.#changed();
    });
    find(node, "[data-drop-alternative]", HTMLButtonElement).addEventListener("click", () => {
      node.remove();
      this.#draw();
      this.#changed();
    });
    return node;
  }

  /** @param {HTMLElement} node @param {Condition} condition */
  #addCondition(node, condition) {
    const row = fromTemplate("condition-row");
    find(node, "[data-conditions]", HTMLElement).append(row);
    put(find(row, "[data-on]", HTMLSelectElement), condition.on);
    put(find(row, "[data-name]", HTMLInputElement), condition.name ?? "");
    put(find(row, "[data-how]", HTMLSelectElement), condition.how ?? "exact");
    put(find(row, "[data-value]", HTMLInputElement), condition.value ?? "");
    find(row, "[data-case]", HTMLInputElement).checked = condition.ignoreCase ?? false;
    find(row, "[data-remove]", HTMLButtonElement).addEventListener("click", () => {
      row.remove();
      if (!node.querySelector(".condition")) node.remove();
      this.#draw();
      this.#changed();
    });
    return row;
  }

  #conditions() {
    return findAll(this.#box, ".alternative", HTMLElement).map((node) =>
      findAll(node, ".condition", HTMLElement).map(conditionIn),
    );
  }

  /** Which fields a condition has, and how the server names them. */
  #draw() {
    const nodes = findAll(this.#box, ".alternative", HTMLElement);
    nodes.forEach((node, at) => {
      find(node, ".alternative-or", HTMLElement).hidden = at === 0;
      find(node, "[data-drop-alternative]", HTMLElement).hidden = nodes.length === 1;
      for (const row of findAll(node, ".condition", HTMLElement)) drawCondition(row, `match[${at}]`);
    });
    this.#warning.textContent = this.problem;
    this.#warning.hidden = this.problem === "";
  }
}

/** @param {HTMLElement} row @returns {Condition} */
function conditionIn(row) {
  const on = find(row, "[data-on]", HTMLSelectElement).value;
  const how = find(row, "[data-how]", HTMLSelectElement).value;
  const ignoreCase = on === "uri" && how !== "regex" && find(row, "[data-case]", HTMLInputElement).checked;
  return {
    on,
    name: find(row, "[data-name]", HTMLInputElement).value.trim().toLowerCase() || "",
    ...named(on, row),
    how,
    value: find(row, "[data-value]", HTMLInputElement).value.trim(),
    ...(ignoreCase ? { ignoreCase } : {}),
  };
}

/** Only the names of headers are the same in any case. @param {string} on @param {HTMLElement} row */
function named(on, row) {
  const name = find(row, "[data-name]", HTMLInputElement).value.trim();
  return on === "query_params" || on === "source_labels" ? { name } : {};
}

/** @param {HTMLElement} row @param {string} path */
function drawCondition(row, path) {
  const condition = conditionIn(row);
  const ways = waysOf(condition.on);
  const how = find(row, "[data-how]", HTMLSelectElement);
  for (const option of how.options) option.disabled = option.hidden = !ways.includes(option.value);
  if (ways.length && !ways.includes(how.value)) how.value = "exact";
  const name = find(row, "[data-name]", HTMLInputElement);
  name.hidden = !hasName(condition.on);
  how.hidden = ways.length === 0;
  const value = find(row, "[data-value]", HTMLInputElement);
  const place = find(row, "[data-value-field]", HTMLElement);
  place.hidden = ways.length > 0 && how.value === "present";
  value.placeholder = EXAMPLES[condition.on] ?? "value";
  find(row, "[data-case-field]", HTMLElement).hidden = condition.on !== "uri" || how.value === "regex";
  row.dataset.field = `${path}.${pathOf(condition)}`;
  place.dataset.field = ways.length ? `${row.dataset.field}.${how.value}` : row.dataset.field;
}
