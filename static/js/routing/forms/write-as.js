/** In whose words splits and routes are written: Istio's, or the Gateway API's. */
import { find, findAll, setText } from "../../dom.js";
import { wrapped } from "./wrapping.js";

/** @typedef {import("../../shapes.js").Asked} Asked */

export class WriteAs {
  #root;

  /** @param {HTMLDetailsElement | null} root null where the cluster has no Gateway API @param {() => void} changed */
  constructor(root, changed) {
    this.#root = root;
    root?.addEventListener("input", () => {
      this.draw();
      changed();
    });
    this.draw();
  }

  get root() {
    return this.#root;
  }

  /** The rules as they are to be written. @param {Asked[]} asked @returns {Asked[]} */
  apply(asked) {
    const kind = this.#value("write-as");
    if (!kind || kind === "VirtualService") return asked;
    const consumer = this.#value("write-for") === "namespace" ? this.#consumer.value.trim() : null;
    return asked.map((each) => ({ ...each, rule: wrapped(each.rule, kind, consumer) }));
  }

  draw() {
    if (!this.#root) return;
    const kind = this.#value("write-as");
    const ofNamespace = this.#value("write-for") === "namespace";
    find(this.#root, "#write-for", HTMLElement).hidden = kind === "VirtualService";
    find(this.#root, "#write-consumer", HTMLElement).hidden = !ofNamespace;
    const whom = ofNamespace ? `callers in ${this.#consumer.value.trim() || "…"}` : "everyone";
    setText(find(this.#root, "[data-says]", HTMLElement), kind === "VirtualService" ? kind : `${kind}, for ${whom}`);
  }

  get #consumer() {
    if (!this.#root) throw new Error("There is no form.");
    return find(this.#root, "#consumer", HTMLInputElement);
  }

  /** @param {string} name */
  #value(name) {
    const inputs = this.#root ? findAll(this.#root, `[name=${name}]`, HTMLInputElement) : [];
    return inputs.find((input) => input.checked)?.value ?? "";
  }
}
