// The words beside the pointer: name, health and numbers of what is under it.

import { byId, el, status } from "../dom.js";
import { duration, percent, rate, share } from "../format.js";
import { edgeTitle, HEALTH_WORDS, nodeTitle } from "./names.js";
import { edgeHealth } from "./style.js";

/** @import { GraphModel } from "./model.js" */

const DISTANCE = 14;

export class Tip {
  #root = byId("tip", HTMLElement);
  /** @type {GraphModel} */ #model;
  #id = "";

  /** @param {GraphModel} model */
  constructor(model) {
    this.#model = model;
  }

  /** @param {string} id @param {{x: number, y: number}} at within the stage */
  show(id, at) {
    this.#id = id;
    this.render();
    this.#root.hidden = false;
    const room = /** @type {HTMLElement} */ (this.#root.parentElement);
    const left = Math.min(at.x + DISTANCE, room.clientWidth - this.#root.offsetWidth - 8);
    const below = at.y + DISTANCE + this.#root.offsetHeight < room.clientHeight;
    const top = below ? at.y + DISTANCE : at.y - DISTANCE - this.#root.offsetHeight;
    this.#root.style.transform = `translate(${Math.round(Math.max(8, left))}px, ${Math.round(top)}px)`;
  }

  hide() {
    this.#id = "";
    this.#root.hidden = true;
  }

  render() {
    if (!this.#id) return;
    const node = this.#model.nodes.get(this.#id);
    const edge = this.#model.edges.get(this.#id);
    if (node) {
      const numbers = `${rate(node.requests_per_second)} · ${percent(node.error_ratio)} errors`;
      this.#root.replaceChildren(el("b", {}, nodeTitle(node)), status(node.health, HEALTH_WORDS[node.health]), el("span", {}, numbers));
    } else if (edge) {
      const { p50, p95, p99 } = edge.latency_ms;
      const part = edge.share === null ? "" : ` · ${share(edge.share)} of its requests there`;
      this.#root.replaceChildren(
        el("b", {}, edgeTitle(edge, this.#model)),
        status(edgeHealth(edge), HEALTH_WORDS[edgeHealth(edge)]),
        el("span", {}, `${rate(edge.requests_per_second)} · ${percent(edge.error_ratio)} errors${part}`),
        el("span", {}, `p50 ${duration(p50)} · p95 ${duration(p95)} · p99 ${duration(p99)}`),
      );
    } else this.hide();
  }
}
