// What is said to whoever does not see the page: that its numbers are old, and whose health has changed.

import { byId, setText } from "../dom.js";
import { HEALTH_WORDS, nodeTitle } from "./names.js";
import { words } from "./pill.js";

/** @import { Reading } from "./freshness.js" */
/** @import { GraphNode, Health } from "./types.js" */

export class Announcer {
  #said = "";

  /** @param {Reading} reading */
  freshness(reading) {
    const text = words(reading);
    if (text === this.#said) return;
    // "Late" comes and goes on a busy network; only what lasts is worth a word.
    if (reading.frozen || this.#said.includes("since")) this.#say(text);
    this.#said = text;
  }

  /** @param {Map<string, Health>} before @param {ReadonlyMap<string, GraphNode>} nodes as they are now */
  health(before, nodes) {
    const news = [...nodes.values()].filter((node) => before.has(node.id) && before.get(node.id) !== node.health);
    const worth = news.filter((node) => node.health !== "idle" && before.get(node.id) !== "idle");
    if (worth.length) this.#say(worth.map((node) => `${nodeTitle(node)}: ${HEALTH_WORDS[node.health]}`).join(". "));
  }

  /** @param {string} text */
  #say(text) {
    setText(byId("announcer", HTMLElement), text);
  }
}
