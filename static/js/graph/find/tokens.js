// An expression cut into words, texts in quotes, operators and parentheses, each with its place. Pure.

/** @typedef {{type: "word" | "text" | "operator" | "(" | ")", text: string, at: number, end: number}} Token */

/** More is no expression that somebody has typed. */
export const LONGEST = 1000;

/** What is wrong with an expression, and where. */
export class ExpressionError extends Error {
  /** @param {string} message @param {number} at @param {number} end first place behind it */
  constructor(message, at, end) {
    super(message);
    this.at = at;
    this.end = end;
  }
}

/** One way to write each operator. @type {ReadonlyMap<string, string>} */
const OPERATORS = new Map([
  ["=", "="], ["==", "="], ["!=", "!="], ["<>", "!="], ["≠", "!="], ["<", "<"], ["<=", "<="], ["≤", "<="], [">", ">"], [">=", ">="], ["≥", ">="],
  ["~", "~"], ["=~", "~"], ["*=", "~"], ["!~", "!~"], ["!*=", "!~"], ["^=", "starts"], ["$=", "ends"],
  ["&&", "and"], ["||", "or"], ["!", "not"],
]);
const LEXER = /\s+|([()])|(!\*=|[=!<>]=|=~|!~|<>|\*=|\^=|\$=|&&|\|\||[=<>~!≠≤≥])|"((?:[^"\\]|\\.)*)"|'((?:[^'\\]|\\.)*)'|([^\s()"'=!<>~&|≠≤≥]+?(?=[*^$]=|[\s()"'=!<>~&|≠≤≥]|$))/suy;

/**
 * @param {string} text
 * @returns {Token[]}
 * @throws {ExpressionError}
 */
export function tokens(text) {
  if (text.length > LONGEST) throw new ExpressionError(`An expression has at most ${LONGEST} characters.`, LONGEST, text.length);
  /** @type {Token[]} */
  const found = [];
  LEXER.lastIndex = 0;
  while (LEXER.lastIndex < text.length) {
    const at = LEXER.lastIndex;
    const match = LEXER.exec(text);
    if (!match) throw strange(text, at);
    const token = tokenOf(match);
    if (token) found.push({ ...token, at, end: at + match[0].length });
  }
  return found;
}

/** @param {RegExpExecArray} match @returns {Pick<Token, "type" | "text"> | null} null for a space */
function tokenOf([, bracket, operator, double, single, word]) {
  if (bracket) return { type: bracket === "(" ? "(" : ")", text: bracket };
  if (operator) return { type: "operator", text: OPERATORS.get(operator) ?? operator };
  const quoted = double ?? single;
  if (quoted !== undefined) return { type: "text", text: quoted.replace(/\\(.)/gsu, "$1") };
  return word ? { type: "word", text: word } : null;
}

/** @param {string} text @param {number} at */
function strange(text, at) {
  const sign = String.fromCodePoint(text.codePointAt(at) ?? 32);
  if (sign === '"' || sign === "'") return new ExpressionError(`The text that begins here has no closing ${sign}.`, at, text.length);
  return new ExpressionError(`\`${sign}\` means nothing here.`, at, at + sign.length);
}

/** @param {string} text @returns {string} in quotes */
export function quoted(text) {
  return `"${text.replace(/["\\]/g, "\\$&")}"`;
}

/** @param {string} text @returns {boolean} whether it can stand without quotes and means itself */
export function isPlain(text) {
  if (/[\s()"'=!<>~&|≠≤≥*^$]/u.test(text)) return false;
  return text !== "" && !KEYWORDS.has(text.toLowerCase());
}

/** Words of the language, which mean themselves in quotes only. */
export const KEYWORDS = new Set(["and", "or", "not", "is", "has", "contains", "starts", "ends", "with", "startswith", "endswith"]);
