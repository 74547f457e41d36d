// The evidence of every step and every stop: a line each, and the whole card for whoever opens one.

import { ApiError, get } from "../api.js";
import { byId, el, icon, setText } from "../dom.js";
import { fullMoment } from "../format.js";
import { cardParts } from "./evidence.js";
import { logTime, STATUS } from "./words.js";

/** @import { Card, CardLine } from "./types.js" */

export class Cards {
  #root = byId("stops", HTMLElement);
  #id;
  /** @type {Map<number, Card>} */ #known = new Map();
  /** @type {Map<number, HTMLDetailsElement>} */ #rows = new Map();

  /** @param {number} id of the rollout */
  constructor(id) {
    this.#id = id;
  }

  /** @param {CardLine[]} lines the newest first */
  show(lines) {
    byId("no-stops", HTMLElement).hidden = lines.length > 0;
    const rows = lines.map((line) => this.#row(line));
    // Those that stand are not touched: somebody may be reading one.
    if (rows.length !== this.#root.childElementCount || rows.some((row, index) => this.#root.children[index] !== row)) this.#root.replaceChildren(...rows);
  }

  /** @param {CardLine} line */
  #row(line) {
    const known = this.#rows.get(line.id);
    if (known) return known;
    const { level, icon: sign, word } = STATUS[/** @type {keyof typeof STATUS} */ (line.status)] ?? STATUS.gone;
    const date = new Date(line.at);
    const time = el("time", { title: fullMoment(date) }, logTime(date, new Date()));
    const head = el("summary", {}, time, el("span", { class: `status status-${level}` }, icon(sign), word), el("span", { class: "stop-words" }, line.words));
    const body = el("div", { class: "stop-body" });
    const row = el("details", { class: "stop" }, head, body);
    row.addEventListener("toggle", () => row.open && void this.#fill(line.id, body));
    this.#rows.set(line.id, row);
    return row;
  }

  /** @param {number} id @param {HTMLElement} body */
  async #fill(id, body) {
    if (body.childElementCount) return;
    setText(body, "Fetching the card.");
    try {
      if (!this.#known.has(id)) await this.#fetch();
      const card = this.#known.get(id);
      body.replaceChildren(...(card ? cardParts(card) : ["This card is not there any more."]));
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      // Empty again, so that opening it once more asks once more.
      body.replaceChildren(`The card could not be fetched: ${error.message}`);
    }
  }

  async #fetch() {
    const found = /** @type {{cards: {id: number, card: Card}[]}} */ (await get(`rollouts/${this.#id}/evidence`));
    for (const { id, card } of found.cards) this.#known.set(id, card);
  }
}
