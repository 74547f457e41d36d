// Find and hide by an expression: `error_ratio > 1% and namespace = bookinfo`. Text to tree and back. Pure.
//
//   expression  = every { "or" every }            every = one { "and" one }
//   one         = "not" one | "(" expression ")" | comparison | ["is" | "has"] yes-or-no field | words of a name
//   comparison  = field operator value | field "is" ["not"] ("empty" | value)
//
// What it means is in meaning.js: most of all that `not` never selects what a field does not concern.

import { fieldOf, likest } from "./fields.js";
import { ExpressionError, isPlain, KEYWORDS, quoted, tokens } from "./tokens.js";
import { amountOf, EXAMPLES, isUnit } from "./units.js";

export { ExpressionError } from "./tokens.js";

/** @import { Field } from "./fields.js" */
/** @import { Token } from "./tokens.js" */
/** @import { Amount } from "./units.js" */

/** @typedef {"=" | "!=" | "<" | "<=" | ">" | ">=" | "~" | "!~" | "starts" | "ends" | "is" | "is not"} Operator "is" only with empty */
/** @typedef {{op: "compare", field: string, operator: Operator, value: string | Amount}} Comparison */
/** @typedef {{op: "and" | "or", left: Tree, right: Tree}} Both */
/** @typedef {Both | {op: "not", of: Tree} | Comparison | {op: "yes", field: string} | {op: "name", text: string}} Tree */

/** @type {ReadonlySet<string>} */
const COMPARING = new Set(["=", "!=", "<", "<=", ">", ">=", "~", "!~", "starts", "ends"]);
const COMPARING_WORDS = new Set(["is", "contains", "starts", "ends", "startswith", "endswith"]);
/** @type {Record<Field["kind"], readonly string[]>} */
export const OPERATORS_OF = {
  text: ["=", "!=", "~", "!~", "starts", "ends"],
  word: ["=", "!="],
  level: ["=", "!=", "<", "<=", ">", ">="],
  number: [">", ">=", "<", "<=", "=", "!="],
  yes: ["=", "!="],
};
const DEEPEST = 40;

/**
 * @param {string} text
 * @returns {Tree | null} null for nothing
 * @throws {ExpressionError} in plain words, with the place
 */
export function parse(text) {
  const found = tokens(text);
  return found.length ? new Parser(text, found).whole() : null;
}

class Parser {
  /** @type {string} */ #text;
  /** @type {Token[]} */ #tokens;
  #next = 0;
  #depth = 0;

  /** @param {string} text @param {Token[]} found */
  constructor(text, found) {
    this.#text = text;
    this.#tokens = found;
  }

  /** @returns {Tree} */
  whole() {
    const tree = this.#either();
    const rest = this.#peek();
    if (!rest) return tree;
    if (rest.type === ")") throw wrong("This parenthesis was never opened.", rest);
    throw wrong(`Write \`and\` or \`or\` before \`${this.#raw(rest)}\`.`, rest);
  }

  /** @returns {Tree} */
  #either() {
    let tree = this.#every();
    while (this.#takes("or")) tree = { op: "or", left: tree, right: this.#every() };
    return tree;
  }

  /** @returns {Tree} */
  #every() {
    let tree = this.#one();
    while (this.#takes("and")) tree = { op: "and", left: tree, right: this.#one() };
    return tree;
  }

  /** @returns {Tree} */
  #one() {
    this.#depth += 1;
    const here = this.#peek();
    if (this.#depth > DEEPEST && here) throw wrong("This is nested too deep.", here);
    const tree = this.#takes("not") ? /** @type {Tree} */ ({ op: "not", of: this.#one() }) : this.#primary();
    this.#depth -= 1;
    return tree;
  }

  /** @returns {Tree} */
  #primary() {
    const token = this.#take("A condition is missing here, such as `error_ratio > 1%`.");
    if (token.type === "(") return this.#inside(token);
    if (token.type === "text") return this.#isOperator(this.#peek()) ? this.#comparison(token) : { op: "name", text: token.text };
    if (token.type === ")") throw wrong("A condition is missing before this parenthesis.", token);
    if (token.type === "operator") throw wrong(`A field is missing before \`${this.#raw(token)}\`.`, token);
    if (this.#isOperator(this.#peek())) return this.#comparison(token);
    const word = token.text.toLowerCase();
    if (word === "is" || word === "has") return this.#has(token);
    if (KEYWORDS.has(word)) throw wrong(`A field is missing before \`${token.text}\`.`, token);
    return this.#alone(token);
  }

  /** @param {Token} open @returns {Tree} */
  #inside(open) {
    const tree = this.#either();
    const close = this.#peek();
    if (close?.type === ")") this.#next += 1;
    else if (close) throw wrong(`Write \`and\` or \`or\` before \`${this.#raw(close)}\`.`, close);
    else throw new ExpressionError("The parenthesis that begins here is not closed.", open.at, open.end);
    return tree;
  }

  /** `is idle`, `has fault`. @param {Token} verb @returns {Tree} */
  #has(verb) {
    const token = this.#take(`What it ${verb.text.toLowerCase()} is missing here, such as \`idle\` or \`fault\`.`);
    const field = fieldOf(token.text);
    if (field?.kind !== "yes") throw wrong(`\`${this.#raw(token)}\` is nothing that something ${verb.text.toLowerCase()}; \`idle\` or \`fault\` would be.`, token);
    return { op: "yes", field: field.name };
  }

  /** A word that nothing is asked about. @param {Token} first @returns {Tree} */
  #alone(first) {
    const field = fieldOf(first.text);
    if (field?.kind === "yes") return { op: "yes", field: field.name };
    const words = [first.text];
    for (let token = this.#peek(); this.#isWordOfName(token); token = this.#peek()) {
      words.push(token.text);
      this.#next += 1;
    }
    if (field && words.length === 1) {
      const end = this.#tokens.length === this.#next ? this.#text.length : first.end;
      const message = `\`${first.text}\` is a field: compare it, as in \`${example(field)}\`, or write \`${quoted(first.text)}\` to find the name.`;
      throw new ExpressionError(message, end === first.end ? first.at : end, end);
    }
    return { op: "name", text: words.join(" ") };
  }

  /** @param {Token | undefined} token @returns {token is Token} */
  #isWordOfName(token) {
    if (token?.type !== "word" || KEYWORDS.has(token.text.toLowerCase())) return false;
    return !this.#isOperator(this.#tokens[this.#next + 1]);
  }

  /** @param {Token} token the field's @returns {Tree} */
  #comparison(token) {
    const field = token.type === "word" ? fieldOf(token.text) : undefined;
    if (!field) throw wrong(unknown(token.text), token);
    const sign = this.#take("");
    const { operator, is } = this.#operator(sign);
    const value = this.#take(`A value is missing after \`${this.#raw(sign)}\`, such as ${exampleValue(field)}.`);
    if (value.type === "(" || value.type === ")" || value.type === "operator" || isKeyword(value)) {
      throw wrong(`A value is missing before \`${this.#raw(value)}\`, such as ${exampleValue(field)}.`, value);
    }
    if (is && value.type === "word" && value.text.toLowerCase() === "empty" && field.kind !== "yes") {
      return { op: "compare", field: field.name, operator: operator === "=" ? "is" : "is not", value: "empty" };
    }
    if (!OPERATORS_OF[field.kind].includes(operator)) {
      throw wrong(`\`${field.name}\` is compared by ${OPERATORS_OF[field.kind].map((each) => `\`${each}\``).join(", ")}.`, sign);
    }
    return this.#compared(field, operator, value);
  }

  /** @param {Field} field @param {Operator} operator @param {Token} value @returns {Tree} */
  #compared(field, operator, value) {
    if (field.kind === "text") return { op: "compare", field: field.name, operator, value: value.text };
    if (field.kind === "number") return { op: "compare", field: field.name, operator, value: this.#amount(field, value) };
    const word = value.text.toLowerCase();
    if (field.kind === "yes") return answer(field, operator, value);
    if (field.words?.includes(word)) return { op: "compare", field: field.name, operator, value: word };
    throw wrong(`\`${value.text}\` is no ${field.name}; it is one of ${field.words?.join(", ")}.`, value);
  }

  /** @param {Field} field @param {Token} value @returns {Amount} */
  #amount(field, value) {
    const dimension = field.dimension ?? "count";
    const found = amountOf(value.text);
    if (!found) throw wrong(`\`${value.text}\` is no number; write ${exampleValue(field)}.`, value);
    const following = this.#peek();
    if (found.unit === "" && following?.type === "word" && isUnit(dimension, following.text)) {
      this.#next += 1;
      found.unit = following.text.toLowerCase();
    }
    if (!isUnit(dimension, found.unit)) throw wrong(`\`${found.unit}\` is no unit of \`${field.name}\`; write ${exampleValue(field)}.`, value);
    if (dimension === "ratio" && found.unit === "" && found.amount > 1) {
      throw wrong(`\`${field.name}\` goes from 0 to 1, or in percent: \`${found.amount} %\`.`, value);
    }
    return found;
  }

  /** @param {Token} sign @returns {{operator: Operator, is: boolean}} reads the rest of one that has several words */
  #operator(sign) {
    if (sign.type === "operator") return { operator: /** @type {Operator} */ (sign.text), is: false };
    switch (sign.text.toLowerCase()) {
      case "is":
        return { operator: this.#takes("not") ? "!=" : "=", is: true };
      case "starts":
      case "ends":
        this.#takes("with");
        return { operator: /** @type {Operator} */ (sign.text.toLowerCase()), is: false };
      case "startswith":
        return { operator: "starts", is: false };
      case "endswith":
        return { operator: "ends", is: false };
      case "not":
        this.#next += 1;
        return { operator: "!~", is: false };
      default:
        return { operator: "~", is: false };
    }
  }

  /** Whether a token makes the word before it a field. @param {Token | undefined} token */
  #isOperator(token) {
    if (token?.type === "operator") return COMPARING.has(token.text);
    if (token?.type !== "word") return false;
    const word = token.text.toLowerCase();
    if (word === "not") return this.#tokens[this.#tokens.indexOf(token) + 1]?.text.toLowerCase() === "contains";
    return COMPARING_WORDS.has(word);
  }

  #peek() {
    return this.#tokens[this.#next];
  }

  /** @param {string} missing what to say where nothing follows @returns {Token} */
  #take(missing) {
    const token = this.#peek();
    if (!token) throw new ExpressionError(missing, this.#text.length, this.#text.length);
    this.#next += 1;
    return token;
  }

  /** @param {"and" | "or" | "not" | "with"} word @returns {boolean} */
  #takes(word) {
    const token = this.#peek();
    const here = (token?.type === "word" || token?.type === "operator") && token.text.toLowerCase() === word;
    if (here) this.#next += 1;
    return here;
  }

  /** @param {Token} token @returns {string} as it was written */
  #raw(token) {
    return this.#text.slice(token.at, token.end);
  }
}

/** @param {string} message @param {Token} token */
function wrong(message, { at, end }) {
  return new ExpressionError(message, at, end);
}

/** @param {Token} token */
function isKeyword(token) {
  return token.type === "word" && KEYWORDS.has(token.text.toLowerCase());
}

/** @param {string} word */
function unknown(word) {
  const shown = word.length > 40 ? `${word.slice(0, 40)}…` : word;
  const meant = likest(word);
  return `\`${shown}\` is no field${meant ? `; did you mean \`${meant}\`?` : "."}`;
}

/** @param {Field} field @param {Operator} operator @param {Token} value @returns {Tree} */
function answer(field, operator, value) {
  const yes = ["yes", "true", "1"].includes(value.text.toLowerCase());
  if (!yes && !["no", "false", "0"].includes(value.text.toLowerCase())) throw wrong(`\`${field.name}\` is \`yes\` or \`no\`.`, value);
  /** @type {Tree} */
  const tree = { op: "yes", field: field.name };
  return yes === (operator === "=") ? tree : { op: "not", of: tree };
}

/** @param {Field} field */
function example(field) {
  if (field.kind === "number") return `${field.name} > ${EXAMPLES[field.dimension ?? "count"].split(" or ")[0]}`;
  return `${field.name} = ${field.words?.at(-1) ?? "…"}`;
}

/** @param {Field} field */
function exampleValue(field) {
  if (field.kind === "number") return `\`${EXAMPLES[field.dimension ?? "count"].replace(" or ", "` or `")}\``;
  if (field.kind === "yes") return "`yes`";
  return `\`${field.words?.at(-1) ?? "bookinfo"}\``;
}

/** Stronger words bind first. @type {Record<Tree["op"], number>} */
const STRENGTH = { or: 1, and: 2, not: 3, compare: 4, yes: 4, name: 4 };

/** @param {Tree} tree @returns {string} that parses to the same tree */
export function print(tree) {
  switch (tree.op) {
    case "and":
    case "or":
      // The right side of the same word had parentheses: without them the left would take it.
      return `${within(tree.left, STRENGTH[tree.op])} ${tree.op} ${within(tree.right, STRENGTH[tree.op] + 1)}`;
    case "not":
      return `not ${within(tree.of, STRENGTH.not)}`;
    case "yes":
      return tree.field;
    case "name":
      return quoted(tree.text);
    default:
      return `${tree.field} ${tree.operator} ${written(tree)}`;
  }
}

/** @param {Tree} tree @param {number} least */
function within(tree, least) {
  return STRENGTH[tree.op] < least ? `(${print(tree)})` : print(tree);
}

/** @param {Comparison} comparison */
function written({ value }) {
  if (typeof value === "string") return isPlain(value) ? value : quoted(value);
  return `${value.amount}${value.unit}`;
}
