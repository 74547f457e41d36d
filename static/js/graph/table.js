// The table twin: the same view in rows, for eyes, screen readers and tests alike.

import { byId, el, findAll, icon, setText } from "../dom.js";
import { number, percent, rate } from "../format.js";
import { HEALTH_WORDS, kindWord, members, nodeTitle, titleOf } from "./names.js";
import { FIRST_ORDER, reorder, rows } from "./rows.js";
import { edgeHealth } from "./style.js";

/** @import { GraphModel, Outcome } from "./model.js" */
/** @import { Column, Order, Row } from "./rows.js" */
/** @import { GraphEdge, GraphNode } from "./types.js" */

const CELLS = /** @type {const} */ (["source", "target", "protocol", "requests", "errors", "p50", "p95", "p99", "share"]);

/** Rows that change places each second cannot be read: the order is taken anew now and then, and never under a hand. */
const SORT_EVERY_MS = 10_000;
/** Nobody reads more at once, and ten thousand rows cost seconds; the rest comes when it is asked for. */
const MOST_ROWS = 400;
/** While the drawing is shown, for whoever hears the page instead. */
const MOST_UNSEEN = 100;
/** Numbers in rows that nobody sees may wait so long: they are then written at once for several frames. */
const UNSEEN_WITHIN_MS = 500;

export class Table {
  /** @type {HTMLElement} */ #root;
  /** @type {HTMLElement} */ #body;
  /** @type {HTMLElement} */ #nodes;
  /** @type {Map<string, HTMLTableRowElement>} */ #rows = new Map();
  /** @type {Map<string, HTMLLIElement>} */ #items = new Map();
  /** @type {Order} */ #order = FIRST_ORDER;
  /** @type {GraphModel} */ #model;
  #sortedAt = -Infinity;
  #most = MOST_ROWS;
  #chosen = "";
  #shown = false;
  #waiting = 0;
  /** @type {ReadonlySet<string>} */ #found = new Set();
  /** @type {Set<string>} rows with numbers that are not written yet */ #stale = new Set();
  #more = byId("more-rows", HTMLButtonElement);

  /** @param {HTMLElement} root @param {GraphModel} model @param {(id: string) => void} chosen */
  constructor(root, model, chosen) {
    this.#root = root;
    this.#model = model;
    this.#body = /** @type {HTMLElement} */ (root.querySelector("#edge-rows"));
    this.#nodes = /** @type {HTMLElement} */ (root.querySelector("#node-list"));
    for (const head of findAll(root, "th[data-column]", HTMLElement)) {
      head.addEventListener("click", () => this.#sort(/** @type {Column} */ (head.dataset.column)));
    }
    this.#body.addEventListener("click", (event) => {
      const row = event.target instanceof Element ? event.target.closest("tr") : null;
      if (row?.dataset.edge) chosen(row.dataset.edge);
    });
    this.#more.addEventListener("click", () => {
      this.#most += MOST_ROWS;
      this.#arrange(true);
    });
    this.#showOrder();
  }

  /** @param {boolean} shown whether a person sees it: only then do its buttons take the focus */
  setShown(shown) {
    const news = shown !== this.#shown;
    this.#shown = shown;
    if (news && this.#model.seq !== null) this.#arrange(shown);
    for (const button of findAll(this.#root, "button", HTMLButtonElement)) button.tabIndex = shown ? 0 : -1;
  }

  /**
   * @param {string} selected
   * @param {boolean} shown
   * @param {Outcome | null} outcome what the last frame did; null: nothing came, something else is chosen
   */
  render(selected, shown, outcome = null) {
    const due = performance.now() - this.#sortedAt > SORT_EVERY_MS && !this.#body.matches(":hover, :focus-within");
    const changed = outcome?.changed;
    if (outcome?.shape || this.#rows.size === 0 || (outcome && due)) this.#arrange(shown);
    else if (outcome) this.#renew(changed ? changed.edges.map((edge) => edge.id) : this.#rows.keys());
    for (const id of new Set([this.#chosen, selected])) this.#rows.get(id)?.classList.toggle("chosen", id === selected);
    this.#chosen = selected;
    if (outcome || this.#items.size === 0) this.#listNodes(outcome?.shape ? undefined : changed?.nodes);
  }

  /** @param {Set<string>} ids of the nodes and edges that were found: their rows are marked */
  mark(ids) {
    this.#found = ids;
    for (const row of this.#rows.values()) this.#markRow(row);
    for (const [id, item] of this.#items) item.classList.toggle("found", ids.has(id));
  }

  /** @param {HTMLTableRowElement} row one edge, found itself or by one of its ends */
  #markRow(row) {
    const { edge = "", source = "", target = "" } = row.dataset;
    row.classList.toggle("found", this.#found.has(edge) || this.#found.has(source) || this.#found.has(target));
  }

  /** @param {Column} column */
  #sort(column) {
    this.#order = reorder(this.#order, column);
    this.#showOrder();
    this.#arrange(true);
  }

  /**
   * Brings the rows in their order: as many as are wanted. A row moves only if it stands elsewhere, because a focus
   * inside would be lost.
   * @param {boolean} shown
   */
  #arrange(shown) {
    this.#sortedAt = performance.now();
    const all = rows(this.#model, this.#order);
    const wanted = all.slice(0, shown ? this.#most : MOST_UNSEEN);
    this.#stale.clear();
    const ids = new Set(wanted.map((row) => row.edge.id));
    for (const [id, element] of this.#rows) {
      if (ids.has(id)) continue;
      element.remove();
      this.#rows.delete(id);
    }
    wanted.forEach((row, i) => {
      const element = this.#fill(row, this.#rows.get(row.edge.id) ?? this.#create(row.edge, shown));
      if (this.#body.children[i] !== element) this.#body.insertBefore(element, this.#body.children[i] ?? null);
    });
    this.#more.hidden = all.length <= wanted.length;
    setText(this.#more, `${(all.length - wanted.length).toLocaleString("en")} more: show ${MOST_ROWS} of them`);
  }

  /** @param {Iterable<string>} ids of edges with new numbers */
  #renew(ids) {
    for (const id of ids) if (this.#rows.has(id)) this.#stale.add(id);
    if (this.#stale.size === 0) return;
    const write = () => {
      this.#waiting = 0;
      for (const id of this.#stale) this.#refill(id);
      this.#stale.clear();
    };
    if (this.#shown) write();
    else this.#waiting ||= window.setTimeout(write, UNSEEN_WITHIN_MS);
  }

  /** New numbers in a row, if it is among those shown. @param {string} id */
  #refill(id) {
    const element = this.#rows.get(id);
    const edge = this.#model.edges.get(id);
    if (element && edge) this.#fill({ edge, source: titleOf(this.#model, edge.source), target: titleOf(this.#model, edge.target) }, element);
  }

  #showOrder() {
    for (const head of findAll(this.#root, "th[data-column]", HTMLElement)) {
      const here = head.dataset.column === this.#order.column;
      if (here) head.setAttribute("aria-sort", this.#order.descending ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  }

  /** @param {Row} row @param {HTMLTableRowElement} element */
  #fill(row, element) {
    const { edge } = row;
    const health = edgeHealth(edge);
    Object.assign(element.dataset, {
      rps: edge.requests_per_second,
      errors: edge.error_ratio,
      share: edge.share ?? "",
      p50: edge.latency_ms.p50 ?? "",
      p95: edge.latency_ms.p95 ?? "",
      p99: edge.latency_ms.p99 ?? "",
      health,
    });
    const texts = cellTexts(row);
    CELLS.forEach((name, i) => {
      const cell = element.cells[i];
      if (cell) setText(cell.querySelector("[data-text]") ?? cell, texts[name]);
    });
    return element;
  }

  /** @param {GraphEdge} edge @param {boolean} shown */
  #create(edge, shown) {
    const row = el("tr", { role: "row", "data-edge": edge.id, "data-source": edge.source, "data-target": edge.target });
    row.dataset.protocol = edge.protocol;
    for (const name of CELLS) row.append(cell(name, shown));
    this.#rows.set(edge.id, row);
    this.#markRow(row);
    return row;
  }

  /** @param {Iterable<GraphNode>} changed */
  #listNodes(changed = this.#model.nodes.values()) {
    for (const [id, item] of this.#items) {
      if (this.#model.nodes.has(id)) continue;
      item.remove();
      this.#items.delete(id);
    }
    for (const node of changed) {
      const item = this.#items.get(node.id) ?? this.#addItem(node.id);
      item.dataset.health = node.health;
      item.dataset.rps = String(node.requests_per_second);
      item.dataset.errors = String(node.error_ratio);
      setText(item, sentence(node));
    }
  }

  /** @param {string} id */
  #addItem(id) {
    const item = el("li", { "data-node": id });
    item.classList.toggle("found", this.#found.has(id));
    this.#items.set(id, item);
    this.#nodes.append(item);
    return item;
  }
}

/** @param {(typeof CELLS)[number]} name @param {boolean} shown */
function cell(name, shown) {
  const words = name === "source" || name === "target" || name === "protocol";
  const content = name === "source" ? el("button", { type: "button", "data-text": true, tabindex: shown ? 0 : -1 }) : el("span", { "data-text": true });
  const marks = name === "errors" ? [icon("degraded"), icon("failing")] : [];
  return el("td", { role: "cell", class: words ? `cell-${name}` : `number cell-${name}` }, ...marks, content);
}

/** @param {Row} row @returns {Record<(typeof CELLS)[number], string>} without units: the head has them */
function cellTexts({ edge, source, target }) {
  const { p50, p95, p99 } = edge.latency_ms;
  return {
    source,
    target,
    protocol: edge.protocol,
    requests: number(edge.requests_per_second),
    errors: number(edge.error_ratio * 100),
    p50: known(p50),
    p95: known(p95),
    p99: known(p99),
    share: edge.share === null ? "–" : String(Math.round(edge.share * 100)),
  };
}

/** @param {number | null} value */
function known(value) {
  return value === null ? "–" : number(value);
}

/** @param {GraphNode} node */
function sentence(node) {
  const numbers = `${rate(node.requests_per_second)}, ${percent(node.error_ratio)} errors`;
  const kind = node.kind === "namespace" ? `folded, ${members(node)}` : kindWord(node);
  return `${nodeTitle(node)}, ${kind}: ${HEALTH_WORDS[node.health]}, ${numbers}`;
}
