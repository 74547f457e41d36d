// The table twin: the same view in rows, for eyes, screen readers and tests alike.

import { el, findAll, icon, setText } from "../dom.js";
import { number, percent, rate } from "../format.js";
import { HEALTH_WORDS, kindWord, nodeTitle } from "./names.js";
import { FIRST_ORDER, reorder, rows } from "./rows.js";
import { edgeHealth } from "./style.js";

/** @import { GraphModel } from "./model.js" */
/** @import { Column, Order, Row } from "./rows.js" */
/** @import { GraphEdge, GraphNode } from "./types.js" */

const CELLS = /** @type {const} */ (["source", "target", "protocol", "requests", "errors", "p50", "p95", "p99", "share"]);

/** Rows that change places each second cannot be read: the order is taken anew now and then, and never under a hand. */
const SORT_EVERY_MS = 10_000;

export class Table {
  /** @type {HTMLElement} */ #root;
  /** @type {HTMLElement} */ #body;
  /** @type {HTMLElement} */ #nodes;
  /** @type {Map<string, HTMLTableRowElement>} */ #rows = new Map();
  /** @type {Map<string, HTMLLIElement>} */ #items = new Map();
  /** @type {Order} */ #order = FIRST_ORDER;
  /** @type {GraphModel} */ #model;
  #sortedAt = -Infinity;

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
    this.#showOrder();
  }

  /** @param {boolean} shown whether a person sees it: only then do its buttons take the focus */
  setShown(shown) {
    for (const button of findAll(this.#root, "button", HTMLButtonElement)) button.tabIndex = shown ? 0 : -1;
  }

  /** @param {string} selected @param {boolean} shown */
  render(selected, shown) {
    for (const [id, element] of this.#rows) {
      if (this.#model.edges.has(id)) continue;
      element.remove();
      this.#rows.delete(id);
    }
    const before = this.#rows.size;
    const wanted = rows(this.#model, this.#order);
    const elements = wanted.map((row) => this.#fill(row, selected, shown));
    const due = performance.now() - this.#sortedAt > SORT_EVERY_MS && !this.#body.matches(":hover, :focus-within");
    if (due || this.#rows.size !== before) this.#arrange(elements);
    this.#listNodes();
  }

  /** @param {Set<string>} ids of the nodes and edges that were found: their rows are marked */
  mark(ids) {
    for (const [id, row] of this.#rows) {
      const { source = "", target = "" } = row.dataset;
      row.classList.toggle("found", ids.has(id) || ids.has(source) || ids.has(target));
    }
    for (const [id, item] of this.#items) item.classList.toggle("found", ids.has(id));
  }

  /** @param {Column} column */
  #sort(column) {
    this.#order = reorder(this.#order, column);
    this.#showOrder();
    const wanted = rows(this.#model, this.#order).map((row) => this.#rows.get(row.edge.id));
    this.#arrange(wanted.filter((element) => element !== undefined));
  }

  /** Moves a row only if it stands elsewhere: a focus inside would be lost. @param {Element[]} elements */
  #arrange(elements) {
    this.#sortedAt = performance.now();
    elements.forEach((row, i) => {
      if (this.#body.children[i] !== row) this.#body.insertBefore(row, this.#body.children[i] ?? null);
    });
  }

  #showOrder() {
    for (const head of findAll(this.#root, "th[data-column]", HTMLElement)) {
      const here = head.dataset.column === this.#order.column;
      if (here) head.setAttribute("aria-sort", this.#order.descending ? "descending" : "ascending");
      else head.removeAttribute("aria-sort");
    }
  }

  /** @param {Row} row @param {string} selected @param {boolean} shown */
  #fill(row, selected, shown) {
    const { edge } = row;
    const element = this.#rows.get(edge.id) ?? this.#create(edge, shown);
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
    element.classList.toggle("chosen", edge.id === selected);
    return element;
  }

  /** @param {GraphEdge} edge @param {boolean} shown */
  #create(edge, shown) {
    const row = el("tr", { role: "row", "data-edge": edge.id, "data-source": edge.source, "data-target": edge.target });
    row.dataset.protocol = edge.protocol;
    for (const name of CELLS) row.append(cell(name, shown));
    this.#rows.set(edge.id, row);
    return row;
  }

  #listNodes() {
    for (const [id, item] of this.#items) {
      if (this.#model.nodes.has(id)) continue;
      item.remove();
      this.#items.delete(id);
    }
    for (const node of this.#model.nodes.values()) {
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
  return `${nodeTitle(node)}, ${kindWord(node)}: ${HEALTH_WORDS[node.health]}, ${numbers}`;
}
