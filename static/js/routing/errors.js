/** Puts the server's words at the fields that they are about. */
import { byId, find, findAll, fromTemplate } from "../dom.js";

/** @typedef {import("../shapes.js").FieldError} FieldError */

/** What one types in, rather than drags or ticks. */
const TYPED = ":not([type=range], [type=radio], [type=checkbox], [hidden])";

/**
 * Where an error's path leads: `rules[1].delay.percentage` is the field `delay.percentage` of the second rule's section,
 * or, when that section has no such field, of the nearest one above it.
 * @param {FieldError} error
 * @param {HTMLElement[]} sections one for each rule that was sent
 * @returns {HTMLElement | null}
 */
export function placeOf(error, sections) {
  const found = /^rules\[(\d+)\]\.?(.*)$/.exec(error.field);
  const section = found ? sections[Number(found[1])] : undefined;
  if (!found || !section) return null;
  const fields = findAll(section, "[data-field]", HTMLElement);
  for (let path = found[2]; ; path = above(path)) {
    const field = [section, ...fields].find((node) => node.dataset.field === path && !node.closest("[hidden]"));
    if (field) return field;
    if (path === "") return null;
  }
}

/** Of `match[0].uri`, `match[0]`; of that, `match`. @param {string} path */
function above(path) {
  return path.replace(/\[[^\]]*\]$|\.?[^.[\]]*$/, "");
}

/**
 * @param {FieldError[]} errors
 * @param {HTMLElement[]} sections
 * @returns {FieldError[]} those that have no place
 */
export function showErrors(errors, sections) {
  const homeless = [];
  for (const error of errors) {
    const place = placeOf(error, sections);
    if (place) attach(place, error.message);
    else homeless.push(error);
  }
  const first = document.querySelector("[aria-invalid=true]");
  if (first instanceof HTMLElement) first.focus();
  return homeless;
}

/** @param {ParentNode} root */
export function clearErrors(root) {
  for (const node of findAll(root, "[data-said]", HTMLElement)) node.remove();
  for (const input of findAll(root, "[aria-invalid]", HTMLElement)) {
    input.removeAttribute("aria-invalid");
    input.removeAttribute("aria-describedby");
  }
}

/** @param {HTMLElement} place @param {string} message */
function attach(place, message) {
  const node = fromTemplate("error-template");
  find(node, "[data-message]", HTMLElement).textContent = message;
  node.dataset.said = "";
  node.id = `error-${(place.dataset.field ?? "").replace(/\W/g, "-")}`;
  place.append(node);
  for (let fold = place.closest("details"); fold; fold = fold.parentElement?.closest("details") ?? null) fold.open = true;
  const input = place.querySelector(`input${TYPED}`) ?? place.querySelector(`:is(select, textarea)${TYPED}`);
  input?.setAttribute("aria-invalid", "true");
  input?.setAttribute("aria-describedby", node.id);
}

/** What went wrong as a whole, at the top of the form. @param {string} message */
export function showFailure(message) {
  const box = byId("failure", HTMLElement);
  find(box, "p", HTMLElement).textContent = message;
  box.hidden = message === "";
  if (message) box.focus();
}
