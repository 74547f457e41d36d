// The details of one node or edge: numbers, routing in force, figures, and what flows in and out.

import { byId, el, find, findAll, setText, status } from "../dom.js";
import { duration, percent, quantity, rate, share } from "../format.js";
import { Figures } from "./figures.js";
import { goneOf } from "./gone.js";
import { edgeTitle, flagWords, HEALTH_WORDS, kindWord, nodeTitle, titleOf } from "./names.js";
import { RoutingInForce } from "./routing.js";
import { extend, latest, noColumns } from "./series.js";
import { edgeHealth } from "./style.js";

/** @import { GraphModel } from "./model.js" */
/** @import { Columns, GraphEdge, GraphNode, Health, Latency, SeriesFrame } from "./types.js" */

/** @typedef {{requests: number, errors: number, share: number | null, latency: Latency}} Numbers */

const HEALTH_CLASSES = ["status-ok", "status-degraded", "status-failing", "status-idle"];

export class Panel {
  #root = byId("panel", HTMLElement);
  #routing = new RoutingInForce();
  /** @type {Figures} */ #figures;
  /** @type {GraphModel} */ #model;
  /** @type {(id: string) => void} */ #choose;
  /** @type {Columns} */ #columns = noColumns();
  #id = "";

  /** @param {GraphModel} model @param {string} plotly address of its script @param {(id: string) => void} choose */
  constructor(model, plotly, choose) {
    this.#model = model;
    this.#choose = choose;
    this.#figures = new Figures(byId("panel-figures", HTMLElement), plotly);
    byId("panel-close", HTMLButtonElement).addEventListener("click", () => choose(""));
    byId("panel-edges", HTMLElement).addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("button") : null;
      if (button?.dataset.edge) choose(button.dataset.edge);
    });
  }

  /** @param {import("../shapes.js").Service[]} services all that there are */
  know(services) {
    this.#routing.know(services);
  }

  /** @param {string} id of a node or an edge, or "" to close */
  open(id) {
    if (id !== this.#id) this.#columns = noColumns();
    this.#id = id;
    this.#root.hidden = id === "";
    this.#root.dataset.id = id;
    this.#showFigures();
    if (!id) this.#routing.show("", "");
    else this.render();
  }

  /** Writes the numbers of this moment. */
  render() {
    if (!this.#id) return;
    const node = this.#model.nodes.get(this.#id);
    const edge = this.#model.edges.get(this.#id);
    this.#root.classList.toggle("gone", !node && !edge);
    this.#sayGone(!node && !edge);
    this.#showFigures();
    if (node) this.#showNode(node);
    else if (edge) this.#showEdge(edge);
  }

  /** @param {SeriesFrame} frame */
  series(frame) {
    if (frame.id !== this.#id) return;
    this.#columns = extend(this.#columns, frame);
    this.#showFigures();
    void this.#figures.show(this.#id, this.#columns);
    this.render();
  }

  /** Draws the figures again: the theme has changed. */
  restyle() {
    void this.#figures.draw();
  }

  /** Of calls from and to another namespace the server keeps no figures. */
  #showFigures() {
    const edge = this.#model.edges.get(this.#id);
    const ends = edge ? [edge.source, edge.target] : [this.#id];
    const hidden = ends.some((end) => this.#model.nodes.get(end)?.kind === "hidden");
    const figures = byId("panel-figures", HTMLElement);
    figures.hidden = hidden;
    figures.classList.toggle("waiting", this.#id !== "" && this.#columns.t.length === 0);
    byId("panel-hidden", HTMLElement).hidden = !hidden;
  }

  /** @param {GraphNode} node */
  #showNode(node) {
    this.#head(kindWord(node), node.namespace, nodeTitle(node), node.health);
    const { p50, p95, p99 } = this.#columns;
    this.#numbers({
      requests: node.requests_per_second,
      errors: node.error_ratio,
      share: null,
      latency: { p50: latest(p50), p95: latest(p95), p99: latest(p99) },
    });
    this.#flags({});
    this.#routing.show(node.namespace, node.service || node.app);
    const into = this.#model.into(node.id).map((edge) => ({ edge, word: `from ${titleOf(this.#model, edge.source)}` }));
    const out = this.#model.outOf(node.id).map((edge) => ({ edge, word: `to ${titleOf(this.#model, edge.target)}` }));
    this.#calls([...into, ...out]);
  }

  /** @param {GraphEdge} edge */
  #showEdge(edge) {
    const target = this.#model.nodes.get(edge.target);
    this.#head(`${edge.protocol} calls`, target?.namespace ?? "", edgeTitle(edge, this.#model), edgeHealth(edge));
    this.#numbers({
      requests: edge.requests_per_second,
      errors: edge.error_ratio,
      share: edge.share,
      latency: edge.latency_ms,
    });
    this.#flags(edge.response_flags);
    this.#routing.show(target?.namespace ?? "", target ? target.service || target.app : "");
    this.#calls([]);
  }

  /** @param {boolean} gone */
  #sayGone(gone) {
    const note = byId("panel-gone", HTMLElement);
    note.hidden = !gone;
    const found = gone ? goneOf(this.#id, this.#model) : null;
    this.#root.classList.toggle("elsewhere", found?.elsewhere ?? false);
    if (!found) return;
    const { title, words, elsewhere } = found;
    setText(note, words);
    if (byId("panel-title", HTMLElement).dataset.of !== this.#id) this.#head("", "", title, "idle");
    if (!elsewhere) this.#numbers({ requests: 0, errors: 0, share: null, latency: { p50: null, p95: null, p99: null } });
  }

  /** @param {string} kind @param {string} namespace @param {string} title @param {Health} health */
  #head(kind, namespace, title, health) {
    setText(byId("panel-kind", HTMLElement), namespace ? `${kind} in ${namespace}` : kind);
    const heading = byId("panel-title", HTMLElement);
    setText(heading, title);
    heading.dataset.of = this.#id;
    const place = byId("panel-health", HTMLElement);
    if (place.dataset.health === health) return;
    place.dataset.health = health;
    place.replaceChildren(status(health, HEALTH_WORDS[health]));
  }

  /** @param {Numbers} numbers */
  #numbers({ requests, errors, share: part, latency }) {
    const list = byId("panel-numbers", HTMLElement);
    list.classList.toggle("of-edge", part !== null);
    const texts = new Map([
      ["requests", rate(requests)],
      ["errors", percent(errors)],
      ["share", share(part)],
      ["p50", duration(latency.p50)],
      ["p95", duration(latency.p95)],
      ["p99", duration(latency.p99)],
    ]);
    for (const cell of findAll(list, "[data-number]", HTMLElement)) {
      setText(cell, texts.get(cell.dataset.number ?? "") ?? "");
    }
    const bad = find(list, '[data-number="errors"]', HTMLElement);
    bad.classList.remove(...HEALTH_CLASSES);
    if (errors > 0.01) bad.classList.add(errors > 0.05 ? "status-failing" : "status-degraded");
  }

  /** @param {Record<string, number>} flags requests per second by flag */
  #flags(flags) {
    const list = byId("panel-flags", HTMLElement);
    const items = Object.entries(flags).sort(([, a], [, b]) => b - a);
    list.hidden = items.length === 0;
    list.replaceChildren(...items.map(([flag, rps]) => el("li", {}, el("b", { class: "number" }, rate(rps)), ` ${flagWords(flag)}`)));
  }

  /** @param {{edge: GraphEdge, word: string}[]} calls */
  #calls(calls) {
    const root = byId("panel-edges", HTMLElement);
    root.hidden = calls.length === 0;
    const body = find(root, "tbody", HTMLTableSectionElement);
    const present = [...body.rows].map((row) => row.dataset.edge).join("\n");
    if (present !== calls.map(({ edge }) => edge.id).join("\n")) body.replaceChildren(...calls.map(callRow));
    calls.forEach(({ edge }, i) => {
      const row = body.rows[i];
      if (row) writeCall(row, edge);
    });
  }

  /** Whether anything is open. */
  get isOpen() {
    return this.#id !== "";
  }

  /** Closes it as Escape does. */
  close() {
    this.#choose("");
  }
}

/** @param {{edge: GraphEdge, word: string}} call */
function callRow({ edge, word }) {
  const button = el("button", { type: "button", class: "link", "data-edge": edge.id }, word);
  const numbers = [1, 2, 3].map(() => el("td", { class: "number" }));
  return el("tr", { "data-edge": edge.id }, el("td", {}, button), ...numbers);
}

/** @param {HTMLTableRowElement} row @param {GraphEdge} edge */
function writeCall(row, edge) {
  const p95 = edge.latency_ms.p95;
  const texts = [quantity(edge.requests_per_second, ""), quantity(edge.error_ratio * 100, ""), p95 === null ? "–" : quantity(p95, "")];
  texts.forEach((text, i) => {
    const cell = row.cells[i + 1];
    if (cell) setText(cell, text);
  });
}
