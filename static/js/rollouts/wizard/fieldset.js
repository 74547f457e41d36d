/** What is typed and chosen outside the tables: strategy, guards, stops, addresses. Read, and drawn as it changes. */
import { byId, find, findAll, setText } from "../../dom.js";
import { count } from "../../format.js";
import { Rows } from "../../routing/forms/rows.js";
import { guardPaths } from "./fields.js";
import { queryRow } from "./form.js";

/** @typedef {import("./types.js").Form} Form */
/** @typedef {import("./types.js").QueryRow} QueryRow */
/** @typedef {import("./types.js").Page} Page */

export class Fields {
  #page;
  #queries;
  #notify;
  #gates;

  /** @param {Page} page @param {() => void} changed */
  constructor(page, changed) {
    this.#page = page;
    const fresh = () => queryRow({});
    const [fill, read] = [fillQuery, readQuery];
    const names = () => this.#paths.queries;
    this.#queries = new Rows(byId("queries", HTMLElement), { template: "query-row", path: "guards", fill, read, fresh, names }, changed);
    this.#notify = new Rows(byId("notify", HTMLElement), addresses("told-row", "notify", "format", "json"), changed);
    this.#gates = new Rows(byId("gates", HTMLElement), addresses("gate-row", "gates", "stage", "before_weight"), changed);
    this.#queries.show(page.spec.guards.filter(({ kind }) => kind === "promql").map(queryRow));
    this.#notify.show(page.spec.notify);
    this.#gates.show(page.spec.gates);
    for (const box of ["queries", "notify", "gates"]) noEnter(byId(box, HTMLElement));
    byId("told", HTMLDetailsElement).open = page.spec.notify.length + page.spec.gates.length > 0;
  }

  get strategy() {
    return /** @type {Form["strategy"]["kind"]} */ (chosen("strategy"));
  }

  set strategy(kind) {
    find(document, `[name=strategy][value=${kind}]`, HTMLInputElement).checked = true;
  }

  /** @returns {Pick<Form, "strategy" | "errors" | "latency" | "queries" | "on_harm" | "on_no_verdict" | "on_no_traffic" | "alpha" | "interval" | "notify" | "gates">} */
  read() {
    return {
      strategy: { kind: this.strategy, name: text("strategy-name"), value: text("strategy-value") },
      errors: { on: ticked("errors-on"), margin: text("errors-margin"), tolerated: text("errors-tolerated") },
      latency: {
        on: ticked("latency-on"),
        objective: text("latency-objective"),
        margin: text("latency-margin"),
        tolerated: text("latency-tolerated"),
      },
      queries: /** @type {QueryRow[]} */ (this.#queries.items),
      on_harm: chosen("on_harm"),
      on_no_verdict: chosen("on_no_verdict"),
      on_no_traffic: chosen("on_no_traffic"),
      alpha: text("alpha"),
      interval: text("interval"),
      notify: /** @type {Form["notify"]} */ (this.#notify.items),
      gates: /** @type {Form["gates"]} */ (this.#gates.items),
    };
  }

  get #paths() {
    return guardPaths({
      errors: { on: ticked("errors-on") },
      latency: { on: ticked("latency-on") },
      queries: this.#queries?.rows ?? [],
    });
  }

  /** Shows what goes with what is chosen. @param {Form} form */
  draw(form) {
    const matched = ["header", "cookie"].includes(form.strategy.kind);
    byId("matched", HTMLElement).hidden = !matched;
    setText(find(document, "#matched [data-kind]", HTMLElement), form.strategy.kind);
    const input = find(document, "[name=strategy]:checked", HTMLInputElement);
    setText(byId("strategy-hint", HTMLElement), input.dataset.hint ?? "");
    this.#drawGuards();
    const { notify, gates } = form;
    const told = [notify.length && `${count(notify.length, "address", "addresses")} told`, gates.length && `${count(gates.length, "gate")} asked`];
    setText(byId("told-says", HTMLElement), told.filter(Boolean).join(", ") || "nobody");
    setText(byId("advanced-says", HTMLElement), `false alarms at most ${form.alpha} %, a look every ${form.interval} s`);
    this.#limit();
  }

  /** Each guard is named as the server names it, which depends on those before it. */
  #drawGuards() {
    const paths = this.#paths;
    for (const name of /** @type {const} */ (["errors", "latency"])) {
      const guard = byId(`guard-${name}`, HTMLElement);
      if (paths[name]) guard.dataset.field = paths[name];
      else delete guard.dataset.field;
      guard.classList.toggle("is-off", !paths[name]);
      for (const field of findAll(guard, "[data-fields] input", HTMLInputElement)) field.disabled = !paths[name];
    }
    this.#queries.rows.forEach((row, at) => {
      row.dataset.field = paths.queries[at];
    });
  }

  #limit() {
    const { guards, urls } = this.#page.limits;
    const judged = Number(ticked("errors-on")) + Number(ticked("latency-on"));
    add("queries").disabled = judged + this.#queries.rows.length >= guards;
    add("notify").disabled = this.#notify.rows.length >= urls;
    add("gates").disabled = this.#gates.rows.length >= urls;
  }
}

/** @param {string} template @param {"notify" | "gates"} path @param {"format" | "stage"} choice @param {string} usual */
function addresses(template, path, choice, usual) {
  return {
    template,
    path,
    fresh: () => ({ url: "", [choice]: usual }),
    fill: (/** @type {HTMLElement} */ row, /** @type {any} */ item) => {
      find(row, "[data-url]", HTMLInputElement).value = item.url;
      find(row, `[data-${choice}]`, HTMLSelectElement).value = item[choice];
    },
    read: (/** @type {HTMLElement} */ row) => ({
      url: find(row, "[data-url]", HTMLInputElement).value,
      [choice]: find(row, `[data-${choice}]`, HTMLSelectElement).value,
    }),
  };
}

const QUERY = /** @type {const} */ (["name", "least", "most", "looks"]);

/** @param {HTMLElement} row @param {any} item */
function fillQuery(row, item) {
  for (const name of QUERY) find(row, `[data-${name}]`, HTMLInputElement).value = item[name];
  find(row, "[data-query]", HTMLTextAreaElement).value = item.query;
}

/** @param {HTMLElement} row */
function readQuery(row) {
  const fields = QUERY.map((name) => [name, find(row, `[data-${name}]`, HTMLInputElement).value]);
  return { ...Object.fromEntries(fields), query: find(row, "[data-query]", HTMLTextAreaElement).value };
}

/** Enter in a field of a row presses nothing: buttons are pressed by buttons. @param {HTMLElement} box */
function noEnter(box) {
  box.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target instanceof HTMLInputElement) event.preventDefault();
  });
}

/** @param {string} box */
function add(box) {
  return find(byId(box, HTMLElement), "[data-add]", HTMLButtonElement);
}

/** @param {string} name */
function chosen(name) {
  const found = document.querySelector(`[name=${name}]:checked`);
  return found instanceof HTMLInputElement ? found.value : "";
}

/** @param {string} id */
function text(id) {
  return byId(id, HTMLInputElement).value;
}

/** @param {string} id */
function ticked(id) {
  return byId(id, HTMLInputElement).checked;
}
