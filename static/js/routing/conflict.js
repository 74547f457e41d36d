/** Shows what another person changed in the meantime, beside what was there and what was asked for. */
import { byId, el, find, fromTemplate } from "../dom.js";

/** @typedef {import("../shapes.js").Conflict} Conflict */
/** @typedef {import("../shapes.js").FieldDiff} FieldDiff */

const SIGNS = { add: "+", remove: "−", change: "±" };
const WORDS = { add: "Added: ", remove: "Removed: ", change: "Changed: " };

/**
 * @param {string} message
 * @param {Conflict[]} conflicts
 * @param {Node[]} actions what the person can do now
 */
export function showConflict(message, conflicts, actions) {
  const section = byId("conflict", HTMLElement);
  find(section, "[data-message]", HTMLElement).textContent = message;
  find(section, "[data-list]", HTMLElement).replaceChildren(...conflicts.map(drawConflict));
  find(section, "[data-actions]", HTMLElement).replaceChildren(...actions);
  section.hidden = false;
  section.focus();
  section.scrollIntoView({ block: "start" });
}

/** @param {Conflict} conflict */
function drawConflict(conflict) {
  const article = fromTemplate("conflict-template");
  const { kind, namespace, name } = conflict.resource;
  find(article, "[data-name]", HTMLElement).textContent = `${kind} ${namespace}/${name}`;
  find(article, "[data-theirs]", HTMLElement).replaceChildren(...drawFields(conflict.theirs_diff));
  find(article, "[data-yours]", HTMLElement).replaceChildren(...drawFields(conflict.yours_diff));
  const texts = { base: conflict.base, theirs: conflict.theirs, yours: conflict.yours };
  for (const [which, yaml] of Object.entries(texts)) {
    find(article, `[data-yaml=${which}]`, HTMLElement).textContent = yaml || "(it is not there)";
  }
  return article;
}

/** @param {FieldDiff[]} fields */
function drawFields(fields) {
  if (!fields.length) return [el("li", { class: "muted" }, "", "Nothing that matters here.")];
  return fields.map((field) => {
    const item = fromTemplate("field-template");
    item.classList.add(`op-${field.op}`);
    find(item, ".sign", HTMLElement).textContent = SIGNS[field.op];
    const word = el("span", { class: "visually-hidden" }, WORDS[field.op]);
    find(item, ".path", HTMLElement).append(word, field.path || "(the whole object)");
    find(item, ".values", HTMLElement).append(...drawValues(field));
    return item;
  });
}

/** @param {FieldDiff} field */
function drawValues(field) {
  const nodes = [];
  if (field.op !== "add") nodes.push(el("del", {}, plain(field.old)));
  if (field.op === "change") nodes.push(" → ");
  if (field.op !== "remove") nodes.push(el("ins", {}, plain(field.new)));
  return nodes;
}

/** @param {unknown} value */
function plain(value) {
  return typeof value === "string" ? value : JSON.stringify(value ?? null);
}
