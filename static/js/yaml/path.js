/** Where in a YAML text a position is: the keys and indexes that lead to it. Pure; made for text that is being typed. */

/** @typedef {(string | number)[]} Path */
/**
 * @typedef {object} Place
 * @property {Path} path of the object whose key is typed, or of the value that is typed
 * @property {"key" | "value"} kind
 * @property {string} typed what stands between `from` and the position
 * @property {number} from the column where that begins, from 0
 * @property {string[]} siblings the keys that the object has already
 * @property {number} indent columns that the key stands in
 */

const KEY = /^("(?:[^"\\]|\\.)*"|'(?:[^']|'')*'|[^\s#"'[\]{},&*!|>%@`-][^#:]*?|-[^\s#:][^#:]*?)\s*:(?=\s|$)/;

/**
 * @param {string[]} lines
 * @param {number} line the number of the line, from 0
 * @param {number} column from 0
 * @returns {Place | null} null in comments, and in the inline forms `[...]` and `{...}`
 */
export function placeAt(lines, line, column) {
  const before = lines[line].slice(0, column);
  if (/(^|\s)#/.test(before)) return null;
  const dashes = /^(\s*(?:-\s+)*)/.exec(before)?.[1] ?? "";
  const rest = before.slice(dashes.length);
  const found = KEY.exec(rest);
  if (found) return valueAt(lines, line, dashes, found, before);
  if (/^["'[{&*!|>]/.test(rest)) return null;
  const indent = dashes.length;
  const path = pathTo(lines, line, dashes);
  return { path, kind: "key", typed: rest, from: dashes.length, siblings: siblingsOf(lines, line, indent), indent };
}

/** @param {string[]} lines @param {number} line @param {string} dashes @param {RegExpExecArray} found @param {string} before */
function valueAt(lines, line, dashes, found, before) {
  const after = before.slice(dashes.length + found[0].length);
  const typed = after.trimStart();
  if (/^[[{&*!|>]/.test(typed) || !/^\s/.test(after)) return null;
  const path = [...pathTo(lines, line, dashes), plain(found[1])];
  /** @type {Place} */
  const place = { path, kind: "value", typed, from: before.length - typed.length, siblings: [], indent: dashes.length };
  return place;
}

/**
 * The path of the object in which a line with these leading spaces and dashes stands.
 * @param {string[]} lines
 * @param {number} line
 * @param {string} dashes
 * @returns {Path}
 */
function pathTo(lines, line, dashes) {
  const own = itemsOf(dashes);
  /** @type {Path} */
  let path = own.map((indent) => indexOf(lines, line, indent));
  // A key stands deeper than what encloses it; a dash may stand as deep as the key above it.
  let limit = own.length ? own[0] : dashes.length;
  let inItem = own.length > 0;
  for (let at = line - 1; at >= 0 && (limit > 0 || inItem); at -= 1) {
    const level = levelOf(lines[at]);
    if (!level) continue;
    const parent = level.key !== null && (level.indent < limit || (inItem && level.indent === limit));
    const items = level.dashes.filter((indent) => indent < limit);
    if (!parent && !items.length) continue;
    /** @type {Path} */
    const steps = items.map((indent) => indexOf(lines, at, indent));
    if (parent) steps.push(plain(level.key ?? ""));
    path = [...steps, ...path];
    inItem = items.length > 0;
    limit = items.length ? items[0] : level.indent;
  }
  return path;
}

/** @param {string} text @returns {{indent: number, dashes: number[], key: string | null} | null} null of an empty line */
function levelOf(text) {
  if (/^\s*(#|$)/.test(text)) return null;
  const dashes = /^(\s*(?:-\s+)*)/.exec(text)?.[1] ?? "";
  const rest = text.slice(dashes.length);
  const key = KEY.exec(rest);
  if (!key && rest === "-") return { indent: dashes.length + 2, dashes: [...itemsOf(dashes), dashes.length], key: null };
  return { indent: dashes.length, dashes: itemsOf(dashes), key: key ? key[1] : null };
}

/** The columns of the dashes. @param {string} dashes @returns {number[]} */
function itemsOf(dashes) {
  return [...dashes].flatMap((char, at) => (char === "-" ? [at] : []));
}

/** How many items of the same list stand before this line. @param {string[]} lines @param {number} line @param {number} indent */
function indexOf(lines, line, indent) {
  let index = 0;
  for (let at = line - 1; at >= 0; at -= 1) {
    if (/^\s*(#|$)/.test(lines[at])) continue;
    const first = lines[at].search(/\S/);
    const level = levelOf(lines[at]);
    if (level?.dashes.includes(indent)) index += 1;
    if (first < indent || (first === indent && lines[at][first] !== "-")) break;
  }
  return index;
}

/** The keys of the object whose keys stand in this column. @param {string[]} lines @param {number} line @param {number} indent */
function siblingsOf(lines, line, indent) {
  /** @type {string[]} */
  const found = [];
  // A line that begins an item has nothing of its object above it.
  const steps = /^\s*-\s/.test(lines[line]) ? [1] : [-1, 1];
  for (const step of steps) {
    for (let at = line + step; at >= 0 && at < lines.length; at += step) {
      const level = levelOf(lines[at]);
      if (!level) continue;
      const first = level.dashes.length ? level.dashes[0] : level.indent;
      if (step === 1 && first < indent) break;
      if (level.indent === indent && level.key !== null) found.push(plain(level.key));
      if (first < indent) break;
    }
  }
  return found;
}

/** A key without its quotes. @param {string} key */
function plain(key) {
  if (key.startsWith('"')) {
    try {
      return String(JSON.parse(key));
    } catch {
      return key.slice(1, -1);
    }
  }
  return key.startsWith("'") ? key.slice(1, -1).replaceAll("''", "'") : key;
}
