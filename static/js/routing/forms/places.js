/** Where requests go, in a row of the form: a version, a subset, or another service. */
import { find } from "../../dom.js";
import { fill, put, read } from "./bind.js";

/** @typedef {Record<string, any>} Json */

/** @param {HTMLElement} row @param {Json} item @param {() => void} [changed] */
export function fillPlace(row, item, changed) {
  const select = find(row, "[data-place]", HTMLSelectElement);
  put(select, chosen(item));
  fill(row, { ...item, host: item.host ?? item.service });
  drawPlace(row);
  select.addEventListener("change", () => {
    drawPlace(row);
    changed?.();
  });
}

/** @param {HTMLElement} row @param {Json} base @returns {Json} */
export function readPlace(row, base) {
  const place = find(row, "[data-place]", HTMLSelectElement).value;
  const { host: _host, service: _service, version: _version, subset: _subset, port: _port, ...rest } = base;
  const { host, subset, port, ...typed } = unhidden(row, rest);
  const where = place === ":host" ? { host, subset } : place === ":subset" ? { subset: subset ?? "" } : place ? { version: place } : {};
  return withoutNothing({ ...where, port, ...typed });
}

/** The same fields also where they are folded away: a port stays with its version. @param {HTMLElement} row @param {Json} base */
function unhidden(row, base) {
  const more = find(row, "[data-more]", HTMLElement);
  const { hidden } = more;
  more.hidden = false;
  const found = read(row, base);
  more.hidden = hidden;
  return found;
}

/** @param {HTMLElement} row */
function drawPlace(row) {
  const place = find(row, "[data-place]", HTMLSelectElement).value;
  const port = find(row, "[data-path=port]", HTMLInputElement);
  find(row, "[data-more]", HTMLElement).hidden = !place.startsWith(":") && port.value === "";
  find(row, "[data-path=host]", HTMLInputElement).hidden = place !== ":host";
  find(row, "[data-path=subset]", HTMLInputElement).hidden = !place.startsWith(":");
}

/** @param {Json} item */
function chosen({ host, service, version, subset }) {
  if (host ?? service) return ":host";
  return version ?? (subset === undefined ? "" : ":subset");
}

/** @param {Json} item @returns {Json} */
function withoutNothing(item) {
  return Object.fromEntries(Object.entries(item).filter(([, value]) => value !== undefined));
}
