/** How the editor looks: by the page's own variables, so that it follows the theme without being told. */
import { HighlightStyle, syntaxHighlighting } from "@codemirror/language";
import { EditorView } from "@codemirror/view";
import { tags } from "@lezer/highlight";

/** Colours that carry no status; static/css/yaml.css has them for both themes. */
const highlight = HighlightStyle.define([
  { tag: [tags.propertyName, tags.definition(tags.propertyName)], color: "var(--m-code-key)" },
  { tag: [tags.number, tags.bool, tags.null, tags.keyword, tags.atom], color: "var(--m-code-number)" },
  { tag: [tags.string, tags.special(tags.string), tags.content], color: "var(--m-text)" },
  { tag: [tags.comment, tags.lineComment], color: "var(--m-text-2)", fontStyle: "italic" },
  { tag: [tags.punctuation, tags.separator, tags.squareBracket, tags.brace], color: "var(--m-text-2)" },
  { tag: [tags.meta, tags.typeName, tags.labelName, tags.invalid], color: "var(--m-failing)" },
]);

const frame = EditorView.theme({
  "&": { color: "var(--m-text)", backgroundColor: "var(--m-surface)", fontSize: "var(--m-size-small)", height: "100%" },
  "&.cm-focused": { outline: "2px solid var(--m-focus)", outlineOffset: "-2px" },
  ".cm-scroller": { fontFamily: "var(--m-font-mono)", lineHeight: "20px", overflow: "auto" },
  ".cm-content": { caretColor: "var(--m-text)", padding: "8px 0" },
  ".cm-cursor, .cm-dropCursor": { borderLeftColor: "var(--m-text)" },
  ".cm-selectionBackground, &.cm-focused > .cm-scroller > .cm-selectionLayer .cm-selectionBackground": {
    backgroundColor: "var(--m-code-selection)",
  },
  ".cm-gutters": { backgroundColor: "var(--m-raised)", color: "var(--m-text-2)", border: "none", borderRight: "1px solid var(--m-line)" },
  ".cm-activeLine": { backgroundColor: "var(--m-code-line)" },
  ".cm-activeLineGutter": { backgroundColor: "var(--m-code-line)", color: "var(--m-text)" },
  ".cm-changedLine": { boxShadow: "inset 3px 0 0 var(--m-figure-2)", backgroundColor: "var(--m-code-changed)" },
  ".cm-tooltip": {
    backgroundColor: "var(--m-raised)",
    border: "1px solid var(--m-line-strong)",
    borderRadius: "var(--m-radius-small)",
    boxShadow: "var(--m-shadow)",
    color: "var(--m-text)",
    fontSize: "var(--m-size-small)",
    maxWidth: "min(440px, 90vw)",
  },
  ".cm-tooltip.cm-tooltip-autocomplete > ul": { fontFamily: "var(--m-font-mono)", maxHeight: "240px" },
  ".cm-tooltip.cm-tooltip-autocomplete > ul > li": { minHeight: "24px", lineHeight: "24px", padding: "0 8px" },
  ".cm-tooltip-autocomplete ul li[aria-selected]": { backgroundColor: "var(--m-accent-soft)", color: "var(--m-text)" },
  ".cm-completionDetail": { color: "var(--m-text-2)", fontStyle: "normal", marginLeft: "8px" },
  ".cm-completionIcon": { display: "none" },
  ".cm-completionMatchedText": { textDecoration: "none", fontWeight: "700" },
  ".cm-tooltip.cm-completionInfo": { fontFamily: "var(--m-font)", padding: "8px", whiteSpace: "pre-line" },
  ".cm-diagnostic": { borderLeft: "none", fontFamily: "var(--m-font)", padding: "6px 8px" },
  ".cm-lintRange-error": { backgroundImage: "none", textDecoration: "underline wavy var(--m-failing)" },
  ".cm-lintRange-warning": { backgroundImage: "none", textDecoration: "underline wavy var(--m-degraded)" },
  ".cm-lintRange-info": { backgroundImage: "none", textDecoration: "underline dotted var(--m-info)" },
  ".cm-lint-marker": { width: "14px", height: "14px", marginTop: "3px" },
  ".cm-lint-marker-error": { content: "none", backgroundColor: "var(--m-failing)", borderRadius: "3px", transform: "rotate(45deg) scale(0.7)" },
  ".cm-lint-marker-warning": { content: "none", backgroundColor: "var(--m-degraded)", clipPath: "polygon(50% 0, 100% 100%, 0 100%)" },
  ".cm-lint-marker-info": { content: "none", backgroundColor: "var(--m-info)", borderRadius: "50%", transform: "scale(0.7)" },
  ".cm-panels": { backgroundColor: "var(--m-raised)", color: "var(--m-text)", borderColor: "var(--m-line)" },
  ".cm-panel.cm-search input, .cm-panel.cm-search button": {
    backgroundColor: "var(--m-surface)",
    backgroundImage: "none",
    border: "1px solid var(--m-line-strong)",
    borderRadius: "var(--m-radius-small)",
    color: "var(--m-text)",
    fontSize: "var(--m-size-small)",
    minHeight: "24px",
  },
  ".cm-searchMatch": { backgroundColor: "var(--m-code-selection)" },
});

export const look = [frame, syntaxHighlighting(highlight)];
