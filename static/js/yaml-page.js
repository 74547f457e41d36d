/** What pages with a YAML editor have in common: making one, and listing the problems of its text. */
import { get, text as sendText } from "./api.js";
import { el, icon } from "./dom.js";

/** @typedef {import("yaml-editor").Problem} Problem */
/** @typedef {import("yaml-editor").YamlEditor} YamlEditor */

const STATUS = { error: "failing", warning: "degraded", info: "info" };
const WORDS = { error: "Error", warning: "Warning", info: "Hint" };

/**
 * Puts an editor in the place of a textarea; null where its module is not there, and the textarea stays.
 * @param {HTMLTextAreaElement} textarea
 * @param {Omit<import("yaml-editor").Options, "textarea" | "nonce" | "schema" | "label">} options
 * @returns {Promise<YamlEditor | null>}
 */
export async function makeEditor(textarea, options) {
  /** @type {typeof import("yaml-editor")} */
  let module;
  try {
    module = await import("yaml-editor");
  } catch {
    return null;
  }
  return new module.YamlEditor({
    textarea,
    label: textarea.getAttribute("aria-label") ?? "YAML",
    nonce: nonce(),
    describedBy: textarea.getAttribute("aria-describedby") ?? undefined,
    schema: async (apiVersion, kind) => {
      const path = [...apiVersion.split("/"), kind].map(encodeURIComponent).join("/");
      return (await get(`schemas/${path}`)).schema;
    },
    ...options,
  });
}

/**
 * What the server says of the text of one resource.
 * @param {string} text
 * @param {AbortSignal} [signal]
 * @returns {Promise<{valid: boolean, problems: Problem[], manifest: any}>}
 */
export function validate(text, signal) {
  return sendText("validate", text, signal);
}

/**
 * @param {HTMLOListElement} list
 * @param {Problem[]} problems
 * @param {(problem: Problem) => void} go
 */
export function listProblems(list, problems, go) {
  list.replaceChildren(...problems.map((problem) => item(problem, go)));
}

/** @param {Problem} problem @param {(problem: Problem) => void} go */
function item(problem, go) {
  const where = el("button", { class: "link-button", type: "button" }, `line ${problem.line}`);
  where.addEventListener("click", () => go(problem));
  const place = el("div", { class: "problem-where" }, where, " ");
  if (problem.path) place.append(el("code", {}, problem.path), " · ");
  place.append(problem.code);
  const said = el("div", {}, el("strong", {}, `${WORDS[problem.level]}:`), ` ${problem.message}`, place);
  return el("li", { class: `problem status-${STATUS[problem.level]}` }, icon(STATUS[problem.level]), said);
}

/** "2 errors, 1 warning" @param {Problem[]} problems */
export function counted(problems) {
  return /** @type {const} */ (["error", "warning", "info"])
    .map((level) => ({ level, count: problems.filter((problem) => problem.level === level).length }))
    .filter(({ count }) => count > 0)
    .map(({ level, count }) => `${count} ${level === "info" ? "hint" : level}${count === 1 ? "" : "s"}`)
    .join(", ");
}

/** The page's nonce, by which its policy lets the editor's styles be. */
function nonce() {
  const script = document.querySelector("script[nonce]");
  return script instanceof HTMLElement ? script.nonce ?? "" : "";
}
