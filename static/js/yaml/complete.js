/** What can be typed at a place, by the schema that the cluster publishes: keys with their descriptions, values of an enum. */
import { placeAt } from "./path.js";

/** @typedef {import("./path.js").Path} Path */
/** @typedef {import("@codemirror/autocomplete").Completion} Completion */
/**
 * @typedef {object} Schema
 * @property {string} [type]
 * @property {string} [description]
 * @property {Record<string, Schema>} [properties]
 * @property {Schema | boolean} [additionalProperties]
 * @property {Schema} [items]
 * @property {unknown[]} [enum]
 * @property {unknown} [default]
 * @property {string[]} [required]
 */
/** @typedef {{apiVersion: string, kind: string}[]} Kinds */

const LONGEST = 600;

/**
 * The part of a schema about the field at a path; null where it has no such field.
 * @param {Schema} schema
 * @param {Path} path
 * @returns {Schema | null}
 */
export function schemaAt(schema, path) {
  /** @type {Schema | null} */
  let here = schema;
  for (const step of path) {
    if (!here) return null;
    /** @type {Schema | null} */
    const open = typeof here.additionalProperties === "object" ? here.additionalProperties : null;
    here = typeof step === "number" ? here.items ?? null : here.properties?.[step] ?? open;
  }
  return here;
}

/**
 * @param {string[]} lines
 * @param {number} line from 0
 * @param {number} column from 0
 * @param {Schema | null} schema null while the kind is not known, or what it looks like
 * @param {Kinds} kinds that can be written
 * @returns {{from: number, options: Completion[]} | null} `from`: a column
 */
export function optionsAt(lines, line, column, schema, kinds) {
  const place = placeAt(lines, line, column);
  if (!place) return null;
  if (place.kind === "value") {
    const options = valuesOf(place.path, schema, kinds);
    return options.length ? { from: place.from, options } : null;
  }
  const here = schema ? schemaAt(schema, place.path) : place.path.length ? null : TOP;
  const options = here ? keysOf(here, place.siblings, place.indent) : [];
  return options.length ? { from: place.from, options } : null;
}

/** @type {Schema} */
const TOP = {
  properties: { apiVersion: { type: "string" }, kind: { type: "string" }, metadata: { type: "object" }, spec: { type: "object" } },
};

/** @param {Schema} schema @param {string[]} siblings @param {number} indent @returns {Completion[]} */
function keysOf(schema, siblings, indent) {
  const required = new Set(schema.required ?? []);
  return Object.entries(schema.properties ?? {})
    .filter(([name]) => !siblings.includes(name))
    .map(([name, field]) => ({
      label: name,
      type: "property",
      detail: typeOf(field) + (required.has(name) ? ", required" : ""),
      info: cut(field.description),
      boost: required.has(name) ? 1 : 0,
      apply: opened(name, field, indent),
    }));
}

/** What is put into the text for a key: an object or a list goes on in the next line. @param {string} name @param {Schema} field @param {number} indent */
function opened(name, field, indent) {
  const deeper = " ".repeat(indent + 2);
  if (field.type === "array") return `${name}:\n${deeper}- `;
  return field.type === "object" ? `${name}:\n${deeper}` : `${name}: `;
}

/** @param {Path} path @param {Schema | null} schema @param {Kinds} kinds @returns {Completion[]} */
function valuesOf(path, schema, kinds) {
  if (path.length === 1 && path[0] === "kind") return distinct(kinds.map(({ kind }) => kind)).map((label) => ({ label, type: "class" }));
  if (path.length === 1 && path[0] === "apiVersion") {
    return distinct(kinds.map(({ apiVersion }) => apiVersion)).map((label) => ({ label, type: "namespace" }));
  }
  const field = schema ? schemaAt(schema, path) : null;
  const values = field?.enum ?? (field?.type === "boolean" ? [true, false] : []);
  return values.map((value) => ({
    label: String(value),
    type: "enum",
    detail: value === field?.default ? "default" : "",
    info: cut(field?.description),
  }));
}

/** @param {string[]} words */
function distinct(words) {
  return [...new Set(words)];
}

/** @param {Schema} field */
function typeOf(field) {
  if (field.enum) return "one of some";
  if (field.type === "array") return `list of ${field.items?.type ?? "values"}`;
  return field.type ?? "";
}

/** @param {string | undefined} text */
function cut(text) {
  if (!text) return undefined;
  return text.length > LONGEST ? `${text.slice(0, LONGEST)}…` : text;
}
