/** Texts of fields and the values that they stand for, and where those are in a rule. Pure: no page, no network. */

/** @typedef {Record<string, any>} Json */

/**
 * The value of what was typed; undefined for nothing. What cannot be read is left as it was typed: the server then
 * says at its field what is wrong.
 * @param {string} type
 * @param {string} typed
 * @returns {any}
 */
export function parse(type, typed) {
  const text = typed.trim();
  if (text === "") return undefined;
  return (PARSERS[type] ?? same)(text);
}

/**
 * The text for a value.
 * @param {string} type
 * @param {any} value
 * @returns {string}
 */
export function format(type, value) {
  if (value === undefined || value === null) return "";
  return String((FORMATTERS[type] ?? same)(value));
}

/**
 * The value at a path such as `retries.attempts`.
 * @param {Json | undefined} from
 * @param {string} path
 */
export function getAt(from, path) {
  return path.split(".").reduce((/** @type {any} */ found, name) => found?.[name], from);
}

/**
 * The same with a value at a path; undefined takes it away, and what then holds nothing with it.
 * @param {Json} into
 * @param {string} path
 * @param {any} value
 * @returns {Json}
 */
export function setAt(into, path, value) {
  const [first, ...rest] = path.split(".");
  const inner = rest.length ? setAt(into?.[first] ?? {}, rest.join("."), value) : value;
  const empty = inner === undefined || (rest.length > 0 && Object.keys(inner).length === 0);
  const { [first]: _, ...others } = into ?? {};
  if (empty) return others;
  return first in (into ?? {}) ? { ...into, [first]: inner } : { ...others, [first]: inner };
}

/** @param {any} value */
function same(value) {
  return value;
}

/** @param {string} text */
export function number(text) {
  const found = Number(text.trim().replace(",", "."));
  return text.trim() !== "" && Number.isFinite(found) ? found : text;
}

/** @param {string} text @returns {string[]} */
function words(text) {
  return text.split(/[\s,]+/).filter(Boolean);
}

/** @param {string} text @returns {string[]} */
function lines(text) {
  return text
    .split("\n")
    .map((line) => line.trim())
    .filter(Boolean);
}

/** `from: to`, which are `{from, to}`. @param {string} line */
function pair(line) {
  const [from, to] = halves(line, ":");
  return to ? { from, to } : { from };
}

/** `from: a=80, b=20`. @param {string} line */
function share(line) {
  const [from, rest] = halves(line, ":");
  const parts = rest
    .split(",")
    .map((part) => halves(part, "="))
    .filter(([name]) => name);
  return { from, to: Object.fromEntries(parts.map(([name, percent]) => [name, number(percent)])) };
}

/** `https://a`, `prefix https://`, `regex https://.*`. @param {string} line */
function origin(line) {
  const found = /^(exact|prefix|regex)\s+(.*)$/.exec(line);
  return found ? { [found[1]]: found[2] } : { exact: line };
}

/** @param {string} text @param {string} by @returns {[string, string]} */
function halves(text, by) {
  const at = text.indexOf(by);
  return at < 0 ? [text.trim(), ""] : [text.slice(0, at).trim(), text.slice(at + 1).trim()];
}

/** @type {Record<string, (text: string) => any>} */
const PARSERS = {
  number,
  "choice-flag": (text) => text === "true",
  "choice-number": number,
  words,
  lines,
  pairs: (text) => lines(text).map(pair),
  shares: (text) => lines(text).map(share),
  origins: (text) => lines(text).map(origin),
};

/** @type {Record<string, (value: any) => string>} */
const FORMATTERS = {
  words: (value) => value.join(", "),
  lines: (value) => value.join("\n"),
  pairs: (value) => value.map((/** @type {Json} */ each) => `${each.from}: ${each.to ?? ""}`).join("\n"),
  shares: (value) =>
    value
      .map(
        (/** @type {Json} */ each) =>
          `${each.from}: ${Object.entries(each.to ?? {})
            .map(([name, percent]) => `${name}=${percent}`)
            .join(", ")}`,
      )
      .join("\n"),
  origins: (value) =>
    value
      .map((/** @type {Json} */ each) => {
        const [how, text] = Object.entries(each)[0];
        return how === "exact" ? text : `${how} ${text}`;
      })
      .join("\n"),
};
