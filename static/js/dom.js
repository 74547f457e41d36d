/** Building and finding elements without ever parsing a string as HTML. */

const SVG = "http://www.w3.org/2000/svg";

/**
 * The element with this id, checked to be of the type that the caller relies on.
 * @template {Element} T
 * @param {string} id
 * @param {new () => T} type
 * @returns {T}
 */
export function byId(id, type) {
  const found = document.getElementById(id);
  if (!(found instanceof type)) throw new Error(`The page has no ${type.name} #${id}.`);
  return found;
}

/**
 * The first element below `root` that matches, checked likewise.
 * @template {Element} T
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} type
 * @returns {T}
 */
export function find(root, selector, type) {
  const found = root.querySelector(selector);
  if (!(found instanceof type)) throw new Error(`There is no ${type.name} ${selector} here.`);
  return found;
}

/**
 * All elements below `root` that match and are of the type.
 * @template {Element} T
 * @param {ParentNode} root
 * @param {string} selector
 * @param {new () => T} type
 * @returns {T[]}
 */
export function findAll(root, selector, type) {
  return [...root.querySelectorAll(selector)].filter(/** @returns {node is T} */ (node) => node instanceof type);
}

/**
 * A new element. Attributes with null or false are left out, with true are set empty; children are nodes or text.
 * @template {keyof HTMLElementTagNameMap} K
 * @param {K} tag
 * @param {Record<string, string | number | boolean | null | undefined>} [attributes]
 * @param {...(Node | string | null | undefined)} children
 * @returns {HTMLElementTagNameMap[K]}
 */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/**
 * A symbol of the page's sprite (templates/shell/icons.html).
 * @param {string} name
 * @returns {SVGSVGElement}
 */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  svg.setAttribute("class", "icon");
  svg.setAttribute("aria-hidden", "true");
  const use = document.createElementNS(SVG, "use");
  use.setAttribute("href", `#i-${name}`);
  svg.append(use);
  return svg;
}

/** @typedef {"ok" | "degraded" | "failing" | "idle" | "info"} Status */

/**
 * A status as word, shape and colour.
 * @param {Status} level
 * @param {string} word
 * @returns {HTMLSpanElement}
 */
export function status(level, word) {
  return el("span", { class: `status status-${level}` }, icon(level), word);
}

/**
 * A copy of what stands in a <template>.
 * @param {string} id
 * @returns {HTMLElement}
 */
export function fromTemplate(id) {
  const first = byId(id, HTMLTemplateElement).content.firstElementChild;
  if (!(first instanceof HTMLElement)) throw new Error(`The template #${id} is empty.`);
  return /** @type {HTMLElement} */ (first.cloneNode(true));
}

/**
 * What a json_script of this id holds.
 * @param {string} id
 * @returns {any}
 */
export function data(id) {
  return JSON.parse(byId(id, HTMLScriptElement).textContent ?? "null");
}

/**
 * Sets the text only when it changed, so that a selection survives and nothing is announced twice.
 * @param {Element} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}
