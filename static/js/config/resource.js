/** One resource as YAML: checked while it is typed, planned as a whole, and deleted by a plan. */
import { ApiError, post } from "../api.js";
import { BASE } from "../base.js";
import { byId, data, findAll, setText, status } from "../dom.js";
import { showFailure } from "../routing/errors.js";
import { counted, listProblems, makeEditor, validate } from "../yaml-page.js";

/** @typedef {import("yaml-editor").Problem} Problem */
/** @typedef {{mode: "edit" | "new", text: string, resource: import("../shapes.js").Resource | null, resourceVersion: string}} Shown */

/** @type {Shown & {kinds: {apiVersion: string, kind: string}[]}} */
const shown = data("resource");
const textarea = byId("yaml", HTMLTextAreaElement);
const preview = byId("preview", HTMLButtonElement);
const undo = document.getElementById("undo");
const readOnly = textarea.readOnly;

/** @type {{text: string, valid: boolean, manifest: any} | null} the last answer about a text */
let last = null;

const editor = await makeEditor(textarea, {
  readOnly,
  kinds: shown.kinds,
  changed: refresh,
  check: async (text, signal) => {
    const answer = await validate(text, signal);
    last = { text, valid: answer.valid, manifest: answer.manifest };
    return answer.problems;
  },
  checked: drawProblems,
});
if (shown.mode === "edit") editor?.setBase(shown.text);
if (!editor) textarea.addEventListener("input", refresh);

function current() {
  return editor ? editor.text : textarea.value;
}

function refresh() {
  const changed = current() !== shown.text;
  if (undo instanceof HTMLButtonElement) undo.disabled = !changed;
  if (readOnly) return;
  preview.disabled = !changed;
  setText(byId("asked", HTMLElement), changed ? "Preview shows what would be written, and whom it meets." : "Nothing is changed yet.");
}

/** @param {Problem[]} problems */
function drawProblems(problems) {
  // What the analysis says of the resource as it stands is told beside it already.
  const news = problems.filter((problem) => current() !== shown.text || !toldBeside(problem));
  byId("yaml-problems", HTMLElement).hidden = news.length === 0;
  listProblems(byId("yaml-problem-list", HTMLOListElement), news, (problem) => editor?.goTo(problem.line, problem.column));
  const wrong = problems.some((problem) => problem.level === "error");
  const level = wrong ? "failing" : problems.length ? "degraded" : "ok";
  byId("yaml-state", HTMLElement).replaceChildren(status(level, counted(problems) || "no problem"));
}

/** @param {Problem} problem */
function toldBeside(problem) {
  return findAll(document, "button[data-line]", HTMLButtonElement).some(
    ({ dataset }) => dataset.code === problem.code && Number(dataset.line) === problem.line,
  );
}

preview.addEventListener("click", async () => {
  if (preview.disabled) return;
  await planned(preview, async () => {
    const text = current();
    const answer = last?.text === text ? last : await validate(text);
    if (!answer.valid || !answer.manifest) {
      if ("problems" in answer) drawProblems(answer.problems);
      showFailure("The text has errors; they are listed below it.");
      return null;
    }
    return [{ kind: "object", manifest: versioned(answer.manifest) }];
  });
});

/** The manifest with the version that was read: who changed it since is not overwritten. @param {any} manifest */
function versioned(manifest) {
  if (!shown.resourceVersion || !isShown(manifest)) return manifest;
  return { ...manifest, metadata: { ...manifest.metadata, resourceVersion: shown.resourceVersion } };
}

/** @param {any} manifest */
function isShown(manifest) {
  const { resource } = shown;
  return manifest.kind === resource?.kind && manifest.metadata.name === resource?.name && manifest.metadata.namespace === resource?.namespace;
}

const remove = document.getElementById("delete");
if (remove instanceof HTMLButtonElement) {
  remove.addEventListener("click", () => planned(remove, async () => [{ kind: "delete_object", resource: shown.resource }]));
}

if (undo instanceof HTMLButtonElement) {
  undo.addEventListener("click", () => {
    editor?.setText(shown.text);
    textarea.value = shown.text;
    refresh();
  });
}

/**
 * Has rules planned, and goes to the preview.
 * @param {HTMLButtonElement} button
 * @param {() => Promise<unknown[] | null>} rules null: nothing is to be planned, and why has been told
 */
async function planned(button, rules) {
  showFailure("");
  button.disabled = true;
  button.setAttribute("aria-busy", "true");
  try {
    const wanted = await rules();
    if (!wanted) return;
    const plan = await post("plans", { rules: wanted });
    leaving = true;
    location.assign(`${BASE}plans/${encodeURIComponent(plan.id)}/`);
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    const words = error.fields.map(({ field, message }) => `${field.replace(/^rules\[0\]\.manifest\.?/, "")}: ${message}`.replace(/^: /, ""));
    showFailure([error.message, ...words].join(" "));
  } finally {
    button.removeAttribute("aria-busy");
    button.disabled = false;
  }
}

let leaving = false;
window.addEventListener("beforeunload", (event) => {
  const begun = shown.mode === "new" ? false : current() !== shown.text;
  if (begun && !leaving) event.preventDefault();
});

for (const button of findAll(document, "button[data-line]", HTMLButtonElement)) {
  button.addEventListener("click", () => editor?.goTo(Number(button.dataset.line), Number(button.dataset.column)));
}

window.addEventListener("pageshow", () => {
  leaving = false;
  refresh();
});
refresh();
