/**
 * The YAML editor: built with its library into one module (see the Makefile), which pages load as "yaml-editor". It knows
 * nothing of the pages: who makes one says how a text is checked, and where schemas come from.
 */
import { autocompletion, closeBrackets, closeBracketsKeymap, completionKeymap, startCompletion } from "@codemirror/autocomplete";
import { defaultKeymap, history, historyKeymap, indentWithTab } from "@codemirror/commands";
import { yaml } from "@codemirror/lang-yaml";
import { bracketMatching, indentOnInput, indentUnit } from "@codemirror/language";
import { forceLinting, lintGutter, lintKeymap, linter, setDiagnostics } from "@codemirror/lint";
import { highlightSelectionMatches, searchKeymap } from "@codemirror/search";
import { Annotation, Compartment, EditorState, RangeSetBuilder, StateEffect, StateField } from "@codemirror/state";
import {
  Decoration,
  EditorView,
  drawSelection,
  highlightActiveLine,
  highlightActiveLineGutter,
  keymap,
  lineNumbers,
} from "@codemirror/view";
import { optionsAt } from "./complete.js";
import { changedLines } from "./lines.js";
import { look } from "./look.js";

/** @typedef {import("./complete.js").Schema} Schema */
/** @typedef {{level: "error" | "warning" | "info", code: string, message: string, path: string, line: number, column: number}} Problem */
/**
 * @typedef {object} Options
 * @property {HTMLTextAreaElement} textarea holds the text where there is no editor; the editor takes its place
 * @property {string} label what the text is, for who does not see it
 * @property {string} [describedBy] the id of a hint
 * @property {string} nonce of the page's content security policy
 * @property {boolean} [readOnly]
 * @property {(text: string, signal: AbortSignal) => Promise<Problem[]>} [check] asked after each change, once it rests
 * @property {(problems: Problem[]) => void} [checked] the answer to the present text
 * @property {(apiVersion: string, kind: string) => Promise<Schema | null>} [schema]
 * @property {{apiVersion: string, kind: string}[]} [kinds] that can be written
 * @property {(text: string) => void} [changed] the person has typed; not called for `setText`
 */

/** Long enough that nobody is interrupted in a word, short enough to follow. */
const REST_MS = 300;
/** Marks what the page itself puts into the text. */
const byThePage = Annotation.define();
/** @type {import("@codemirror/state").StateEffectType<string>} */
const setBase = StateEffect.define();

export class YamlEditor {
  /** @type {EditorView} */ #view;
  #options;
  /** @type {AbortController | null} */ #asking = null;
  /** @type {Map<string, Promise<Schema | null>>} */ #schemas = new Map();
  #editable = new Compartment();

  /** @param {Options} options */
  constructor(options) {
    this.#options = options;
    const { textarea } = options;
    const host = document.createElement("div");
    host.className = "yaml-editor";
    textarea.before(host);
    textarea.hidden = true;
    this.#view = new EditorView({ parent: host, state: this.#state(textarea.value) });
  }

  get text() {
    return this.#view.state.doc.toString();
  }

  get hasFocus() {
    return this.#view.hasFocus;
  }

  /** Puts another text in, where the person left the cursor as near as can be. @param {string} text */
  setText(text) {
    const { state } = this.#view;
    const before = state.doc.toString();
    if (before === text) return;
    // Only what differs: what the person sees stays where it is.
    let start = 0;
    const shorter = Math.min(before.length, text.length);
    while (start < shorter && before[start] === text[start]) start += 1;
    let end = 0;
    while (end < shorter - start && before.at(-1 - end) === text.at(-1 - end)) end += 1;
    this.#view.dispatch({
      changes: { from: start, to: before.length - end, insert: text.slice(start, text.length - end) },
      annotations: byThePage.of(true),
    });
  }

  /** The text that changed lines are told by. @param {string} text */
  setBase(text) {
    this.#view.dispatch({ effects: setBase.of(text) });
  }

  /** @param {boolean} readOnly */
  setReadOnly(readOnly) {
    this.#view.dispatch({ effects: this.#editable.reconfigure(EditorState.readOnly.of(readOnly)) });
  }

  /** Marks problems that were found elsewhere, as when a plan is refused. @param {Problem[]} problems */
  show(problems) {
    this.#view.dispatch(setDiagnostics(this.#view.state, problems.map((problem) => this.#diagnostic(problem))));
  }

  /** Has the present text checked at once. */
  check() {
    forceLinting(this.#view);
  }

  /** Goes to a place, from 1. @param {number} line @param {number} [column] */
  goTo(line, column = 1) {
    const { doc } = this.#view.state;
    const at = doc.line(Math.min(Math.max(line, 1), doc.lines));
    const anchor = Math.min(at.from + column - 1, at.to);
    this.#view.dispatch({ selection: { anchor }, effects: EditorView.scrollIntoView(anchor, { y: "center" }) });
    this.#view.focus();
  }

  focus() {
    this.#view.focus();
  }

  /** @param {string} text */
  #state(text) {
    const { label, describedBy, nonce, readOnly } = this.#options;
    return EditorState.create({
      doc: text,
      extensions: [
        EditorView.cspNonce.of(nonce),
        lineNumbers(),
        lintGutter(),
        highlightActiveLineGutter(),
        highlightActiveLine(),
        highlightSelectionMatches(),
        history(),
        drawSelection(),
        EditorView.lineWrapping,
        indentUnit.of("  "),
        EditorState.tabSize.of(2),
        indentOnInput(),
        bracketMatching(),
        closeBrackets(),
        yaml(),
        look,
        autocompletion({ override: [(context) => this.#complete(context)], icons: false }),
        linter((view) => this.#lint(view), { delay: REST_MS }),
        changedMarks,
        typingOver,
        this.#editable.of(EditorState.readOnly.of(readOnly ?? false)),
        // Escape, then Tab, leaves the editor: the library's own way for who has no mouse.
        keymap.of([
          ...closeBracketsKeymap,
          ...defaultKeymap,
          ...searchKeymap,
          ...historyKeymap,
          ...completionKeymap,
          ...lintKeymap,
          { key: "Alt-Space", run: startCompletion },
          indentWithTab,
        ]),
        EditorView.contentAttributes.of({
          "aria-label": label,
          "aria-multiline": "true",
          spellcheck: "false",
          ...(describedBy ? { "aria-describedby": describedBy } : {}),
        }),
        EditorView.updateListener.of((update) => this.#updated(update)),
      ],
    });
  }

  /** @param {import("@codemirror/view").ViewUpdate} update */
  #updated(update) {
    if (!update.docChanged) return;
    const text = update.state.doc.toString();
    this.#options.textarea.value = text;
    const typed = update.transactions.some((each) => each.docChanged && !each.annotation(byThePage));
    if (typed) this.#options.changed?.(text);
  }

  /** @param {EditorView} view @returns {Promise<import("@codemirror/lint").Diagnostic[]>} */
  async #lint(view) {
    const { check, checked } = this.#options;
    if (!check) return [];
    this.#asking?.abort();
    const asking = (this.#asking = new AbortController());
    const text = view.state.doc.toString();
    try {
      const problems = await check(text, asking.signal);
      if (asking.signal.aborted || view.state.doc.toString() !== text) return [];
      checked?.(problems);
      return problems.map((problem) => this.#diagnostic(problem));
    } catch (error) {
      if (asking.signal.aborted) return [];
      throw error;
    }
  }

  /** @param {Problem} problem @returns {import("@codemirror/lint").Diagnostic} */
  #diagnostic(problem) {
    const { doc } = this.#view.state;
    const line = doc.line(Math.min(Math.max(problem.line, 1), doc.lines));
    const from = Math.min(line.from + problem.column - 1, line.to);
    return { from, to: Math.max(line.to, from), severity: problem.level, message: problem.message, source: problem.code };
  }

  /** @param {import("@codemirror/autocomplete").CompletionContext} context */
  async #complete(context) {
    const { doc } = context.state;
    const line = doc.lineAt(context.pos);
    if (!context.explicit && !/[\w/.-]$/.test(line.text.slice(0, context.pos - line.from))) return null;
    const lines = doc.toString().split("\n");
    const schema = await this.#schemaOf(lines);
    if (context.aborted) return null;
    const found = optionsAt(lines, line.number - 1, context.pos - line.from, schema, this.#options.kinds ?? []);
    return found && { from: line.from + found.from, options: found.options, validFor: /^[\w./-]*$/ };
  }

  /** The schema of the kind that the text names. @param {string[]} lines @returns {Promise<Schema | null>} */
  #schemaOf(lines) {
    const apiVersion = topValue(lines, "apiVersion");
    const kind = topValue(lines, "kind");
    const { schema } = this.#options;
    if (!apiVersion || !kind || !schema) return Promise.resolve(null);
    const key = `${apiVersion}/${kind}`;
    const known = this.#schemas.get(key) ?? schema(apiVersion, kind).catch(() => null);
    this.#schemas.set(key, known);
    return known;
  }
}

/** The scalar of a key at the top. @param {string[]} lines @param {string} key */
function topValue(lines, key) {
  const line = lines.find((one) => one.startsWith(`${key}:`));
  return (line?.slice(key.length + 1).replace(/\s#.*$/, "").trim() ?? "").replace(/^["']|["']$/g, "");
}

/**
 * Typing over a selection of several lines. Left to itself, Chromium joins the lines with inline styles, which a strict
 * content security policy refuses with an error in the console; so the text is changed here, before it does.
 */
const typingOver = EditorView.domEventHandlers({
  beforeinput(event, view) {
    const { main, ranges } = view.state.selection;
    const text = event.inputType === "insertText" ? event.data : null;
    const several = view.state.doc.lineAt(main.from).number !== view.state.doc.lineAt(main.to).number;
    if (!text || !several || ranges.length > 1 || view.composing || view.state.readOnly) return false;
    event.preventDefault();
    const insert = () => view.state.update(view.state.replaceSelection(text), { userEvent: "input.type", scrollIntoView: true });
    const handlers = view.state.facet(EditorView.inputHandler);
    if (!handlers.some((handler) => handler(view, main.from, main.to, text, insert))) view.dispatch(insert());
    return true;
  },
});

const changedLine = Decoration.line({ class: "cm-changedLine" });

/** The lines that the base text does not have; none without a base. */
const changedMarks = StateField.define({
  /** @returns {{base: string[] | null, marks: import("@codemirror/view").DecorationSet}} */
  create: () => ({ base: null, marks: Decoration.none }),
  update(value, transaction) {
    const effect = transaction.effects.find((each) => each.is(setBase));
    if (!effect && !transaction.docChanged) return value;
    const base = effect ? String(effect.value).split("\n") : value.base;
    return { base, marks: base ? marksOf(base, transaction.state.doc) : Decoration.none };
  },
  provide: (field) => EditorView.decorations.from(field, (value) => value.marks),
});

/** @param {string[]} base @param {import("@codemirror/state").Text} doc */
function marksOf(base, doc) {
  const builder = new RangeSetBuilder();
  for (const line of changedLines(base, doc.toString().split("\n"))) {
    const from = doc.line(line + 1).from;
    builder.add(from, from, changedLine);
  }
  return /** @type {import("@codemirror/view").DecorationSet} */ (builder.finish());
}
