// The controls about how much of the mesh is shown: folding, idle things, one node's neighbourhood, and what is left out.

import { byId, setText } from "../dom.js";
import { DEEPEST } from "./address.js";
import { fold, foldAll, leftOutWords, UNFOLD_ALL, unfold } from "./folding.js";
import { groupOf, OTHERS, titleOf } from "./names.js";

/** @import { GraphModel } from "./model.js" */
/** @import { PageState } from "./types.js" */

export class Scope {
  /** @type {GraphModel} */ #model;
  #bar = byId("focus-bar", HTMLElement);
  #idle = byId("idle", HTMLInputElement);
  #depth = 1;
  /** @type {PageState | null} */ #state = null;

  /** @param {GraphModel} model @param {(change: Partial<PageState>) => void} change */
  constructor(model, change) {
    this.#model = model;
    byId("fold-all", HTMLButtonElement).addEventListener("click", () => change(foldAll(model)));
    byId("unfold-all", HTMLButtonElement).addEventListener("click", () => change(UNFOLD_ALL));
    this.#idle.addEventListener("change", () => change({ idle: this.#idle.checked }));
    byId("focus-less", HTMLButtonElement).addEventListener("click", () => change({ depth: this.#depth - 1 }));
    byId("focus-more", HTMLButtonElement).addEventListener("click", () => change({ depth: this.#depth + 1 }));
    byId("focus-end", HTMLButtonElement).addEventListener("click", () => change({ focus: "", depth: 1 }));
    byId("panel-focus", HTMLButtonElement).addEventListener("click", () => change({ focus: this.#state?.select ?? "", depth: 1 }));
    byId("panel-fold", HTMLButtonElement).addEventListener("click", () => this.#toggle(change));
  }

  /** @param {(change: Partial<PageState>) => void} change */
  #toggle(change) {
    if (!this.#state) return;
    const node = this.#model.nodes.get(this.#state.select);
    if (node) change((node.kind === "namespace" ? unfold : fold)(this.#state, groupOf(node)));
  }

  /** What can be done with the node in the panel. @param {PageState} state */
  #showPanel({ select, focus }) {
    const node = this.#model.nodes.get(select);
    const here = node && groupOf(node) !== OTHERS ? groupOf(node) : "";
    byId("panel-scope", HTMLElement).hidden = !node || node.kind === "hidden";
    byId("panel-focus", HTMLButtonElement).disabled = select === focus;
    byId("panel-fold", HTMLButtonElement).hidden = here === "";
    setText(byId("panel-fold", HTMLButtonElement), node?.kind === "namespace" ? `Unfold ${here.replace("*", "")}` : `Fold ${here}`);
  }

  /** @param {PageState} state */
  show(state) {
    const { focus, depth, idle } = state;
    this.#state = state;
    this.#showPanel(state);
    this.#depth = depth;
    this.#idle.checked = idle;
    this.#bar.hidden = focus === "";
    if (focus) {
      const steps = `${depth} ${depth === 1 ? "step" : "steps"}`;
      setText(byId("focus-words", HTMLElement), `Neighbourhood of ${titleOf(this.#model, focus)}, ${steps}`);
    }
    byId("focus-less", HTMLButtonElement).disabled = depth <= 1;
    byId("focus-more", HTMLButtonElement).disabled = depth >= DEEPEST;
    const words = leftOutWords(this.#model);
    const note = byId("left-out", HTMLElement);
    note.hidden = words === "";
    setText(note, words);
    const namespaces = new Set([...this.#model.nodes.values()].map((node) => node.namespace).filter(Boolean));
    byId("folding", HTMLElement).hidden = namespaces.size < 2 && this.#model.folded.length === 0;
    // Folded are also groups that are no namespace.
    byId("unfold-all", HTMLButtonElement).disabled = this.#model.folded.length === 0;
    byId("fold-all", HTMLButtonElement).disabled = this.#model.folded.length >= namespaces.size;
  }
}
