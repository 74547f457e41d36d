/** Fields with `data-path` and the members of a rule that they fill. */
import { findAll } from "../../dom.js";
import { format, getAt, parse, setAt } from "./values.js";

/** @typedef {HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement} Input */
/** @typedef {Record<string, any>} Json */

/** The fields below `root`, without those of rows in it. @param {HTMLElement} root @returns {Input[]} */
export function bound(root) {
  return findAll(root, "[data-path]", HTMLElement).filter(
    /** @returns {node is Input} */ (node) => {
      const list = node.closest(".rows-list");
      return isInput(node) && (!list || list.contains(root));
    },
  );
}

/**
 * What the fields say, over `base`: what no field is for stays. A field that is hidden says nothing.
 * @param {HTMLElement} root
 * @param {Json} base
 * @returns {Json}
 */
export function read(root, base) {
  return bound(root).reduce((rule, input) => {
    const { path = "", type = "text" } = input.dataset;
    const hidden = input.closest("[hidden]");
    const value = hidden && root.contains(hidden) ? undefined : parse(type, input.value);
    return setAt(rule, path, value);
  }, base);
}

/** @param {HTMLElement} root @param {Json} rule */
export function fill(root, rule) {
  for (const input of bound(root)) {
    const { path = "", type = "text" } = input.dataset;
    put(input, format(type, getAt(rule, path)));
  }
}

/** Sets a field; a choice that does not have the text gets it. @param {Input} input @param {string} text */
export function put(input, text) {
  if (input instanceof HTMLSelectElement && ![...input.options].some((option) => option.value === text)) {
    input.add(new Option(text, text));
  }
  if (input.value !== text) input.value = text;
}

/** What the filled fields say, with their labels: "Attempts 3, On 5xx". @param {HTMLElement} root @param {Json} rule */
export function told(root, rule) {
  return bound(root)
    .map((input) => {
      const text = format(input.dataset.type ?? "text", getAt(rule, input.dataset.path ?? ""));
      const label = input.labels?.[0]?.textContent?.trim() ?? "";
      return text && `${label} ${text.replaceAll("\n", "; ")}`;
    })
    .filter(Boolean)
    .join(", ");
}

/** @param {Element} node @returns {node is Input} */
export function isInput(node) {
  return node instanceof HTMLInputElement || node instanceof HTMLSelectElement || node instanceof HTMLTextAreaElement;
}
