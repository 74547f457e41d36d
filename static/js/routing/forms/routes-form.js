/** The list of a service's routes: which are there, and which are to be added, changed, moved or taken away. */
import { BASE } from "../../base.js";
import { byId, el, find, fromTemplate, setText } from "../../dom.js";
import { arranged, step, whyNot } from "./arrange.js";
import { RouteEditor } from "./route-editor.js";
import { actionWords, matchWords, policyWords, question } from "./words.js";

/** @typedef {Record<string, any>} Json */
/** @typedef {import("../../shapes.js").Service} Service */
/** @typedef {import("./arrange.js").Wish} Wish */
/** @typedef {import("./arrange.js").Row} Row */

const KINDS = ["route", "remove_route"];

export class RoutesForm {
  #root;
  #service;
  #changed;
  #editor;
  /** @type {Wish[]} in the order in which they are asked for */ #wishes = [];
  /** The wish that the editor shows, and what was there before it opened. @type {{wish: Wish, before: Json | null | undefined} | null} */
  #open = null;

  /** @param {HTMLDetailsElement} root @param {Service} service @param {() => void} changed */
  constructor(root, service, changed) {
    this.#root = root;
    this.#service = service;
    this.#changed = changed;
    const versions = service.versions.map(({ version }) => version);
    this.#editor = new RouteEditor(byId("route-editor", HTMLElement), versions, () => this.#edited());
    byId("add-route", HTMLButtonElement).addEventListener("click", () => this.#add());
    byId("route-done", HTMLButtonElement).addEventListener("click", () => this.#close());
    byId("route-cancel", HTMLButtonElement).addEventListener("click", () => this.#discard());
    byId("route-list", HTMLOListElement).addEventListener("click", (event) => this.#clicked(event));
    this.#draw();
  }

  get isChanged() {
    return this.#real.length > 0;
  }

  get problem() {
    return this.#open ? this.#editor.problem : "";
  }

  get sentence() {
    return this.#rows
      .filter(({ state }) => state)
      .map(({ name, isDefault, state, rule }) => {
        const route = isDefault ? "default route" : `route ${name || "(no name yet)"}`;
        return state === "removed" || !rule ? `${route} ${state}` : `${route} ${state}: ${actionWords(rule)}`;
      })
      .join(" · ");
  }

  /** @returns {import("../../shapes.js").Asked[]} */
  asked() {
    const { namespace, name: service } = this.#service;
    return this.#real.map((wish) => ({
      section: wish.rule ? this.#editor.section : this.#root,
      rule: wish.rule ? { ...wish.rule } : { kind: "remove_route", namespace, service, name: wish.route?.name ?? "" },
      reveal: () => {
        this.#root.open = true;
        if (wish.rule && this.#open?.wish !== wish) this.#edit(wish);
      },
    }));
  }

  /** @param {Json[]} rules */
  show(rules) {
    this.#shut();
    this.#wishes = rules
      .filter(({ kind }) => KINDS.includes(kind))
      .map((rule) => ({ route: this.#routeOf(rule), rule: rule.kind === "route" ? rule : null }))
      .filter(({ route, rule }) => route !== null || rule !== null);
    this.#draw();
  }

  reset() {
    this.#shut();
    this.#wishes = [];
    this.#draw();
  }

  /** @param {Service} service */
  observe(service) {
    if (JSON.stringify(service.routes) === JSON.stringify(this.#service.routes)) return;
    this.#service = service;
    const now = this.#wishes.map(({ route, rule }) => ({
      route: route && (this.#routeOf({ name: route.name, default: route.default }) ?? route),
      rule,
    }));
    // The wishes stay the objects that they are: the editor holds one.
    now.forEach((each, at) => Object.assign(this.#wishes[at], each));
    this.#draw();
  }

  get #routes() {
    return this.#service.routes ?? [];
  }

  get #rows() {
    return arranged(this.#routes, this.#wishes);
  }

  /** Those that ask for something else than there is. */
  get #real() {
    const rows = this.#rows;
    return this.#wishes.filter((wish) => rows.some((row) => row.wish === wish && row.state !== ""));
  }

  /** @param {Json} rule */
  #routeOf(rule) {
    return this.#routes.find((route) => (rule.default ? route.default : !route.default && route.name === rule.name)) ?? null;
  }

  #add() {
    const { namespace, name: service, versions } = this.#service;
    const destinations = versions.length ? [{ version: versions[versions.length - 1].version }] : [{}];
    const match = [{ headers: { "": { exact: "" } } }];
    const wish = { route: null, rule: { kind: "route", namespace, service, name: "", match, destinations } };
    this.#shut();
    this.#wishes.push(wish);
    this.#open = { wish, before: undefined };
    this.#editor.open(wish.rule, "New route", { isNew: true, kept: [] });
    byId("route-name", HTMLInputElement).focus();
    this.#tell();
  }

  /** @param {Wish} wish */
  #edit(wish) {
    this.#shut();
    const rule = wish.rule ?? wish.route?.rule ?? {};
    this.#open = { wish, before: this.#wishes.includes(wish) ? wish.rule : undefined };
    if (!this.#wishes.includes(wish)) this.#wishes.push(wish);
    wish.rule = rule;
    const title = rule.default ? "The default route" : `Route ${rule.name || "without a name"}`;
    this.#editor.open(rule, title, { isNew: wish.route === null, kept: wish.route?.not_expressible ?? [] });
    byId("route-title", HTMLElement).focus();
    this.#tell();
  }

  #edited() {
    if (!this.#open) return;
    this.#open.wish.rule = this.#editor.rule;
    this.#tell();
  }

  /** Ends editing; what was typed is asked for. */
  #close() {
    this.#shut();
    this.#tell();
    byId("add-route", HTMLButtonElement).focus();
  }

  /** Ends editing as if it had not begun. */
  #discard() {
    if (!this.#open) return;
    const { wish, before } = this.#open;
    if (before === undefined) this.#wishes = this.#wishes.filter((each) => each !== wish);
    else wish.rule = before;
    this.#close();
  }

  #shut() {
    this.#open = null;
    this.#editor.close();
    const real = this.#real;
    this.#wishes = this.#wishes.filter((wish) => real.includes(wish));
  }

  /** @param {MouseEvent} event */
  #clicked(event) {
    const button = event.target instanceof Element ? event.target.closest("[data-do]") : null;
    const item = button?.closest("li");
    if (!(button instanceof HTMLElement) || !item) return;
    const at = [...byId("route-list", HTMLOListElement).children].indexOf(item);
    const rows = this.#rows;
    const wish = rows[at].wish ?? { route: rows[at].route, rule: null };
    const act = button.dataset.do;
    if (act === "edit") this.#edit(wish);
    else if (act === "remove") this.#remove(wish, rows[at]);
    else this.#move(rows, at, act === "up" ? -1 : 1, wish);
  }

  /** @param {Wish} wish @param {Row} row */
  #remove(wish, row) {
    if (this.#open?.wish === wish) this.#shut();
    this.#wishes = this.#wishes.filter((each) => each !== wish);
    if (wish.route && row.state !== "removed") this.#wishes.push({ route: wish.route, rule: null });
    this.#tell();
  }

  /** @param {Row[]} rows @param {number} at @param {-1 | 1} by @param {Wish} wish */
  #move(rows, at, by, wish) {
    const position = step(rows, at, by);
    if (!position) return;
    if (this.#open) this.#shut();
    wish.rule = { ...rows[at].rule, position };
    this.#wishes = [...this.#wishes.filter((each) => each !== wish), wish];
    this.#tell();
    const moved = byId("route-list", HTMLOListElement).children[at + by];
    const again = moved?.querySelector(`[data-do=${by < 0 ? "up" : "down"}]:enabled`) ?? moved?.querySelector("[data-do=edit]");
    if (again instanceof HTMLElement) again.focus();
  }

  #tell() {
    this.#draw();
    this.#changed();
  }

  #draw() {
    const rows = this.#rows;
    const list = byId("route-list", HTMLOListElement);
    list.replaceChildren(...rows.map((_, at) => this.#item(rows, at)));
    byId("no-routes", HTMLElement).hidden = rows.length > 0;
    const says = find(this.#root, "[data-says]", HTMLElement);
    setText(says, rows.length === 1 ? "1 route, in order" : `${rows.length} routes, in order`);
    if (this.isChanged) says.prepend(el("span", { class: "badge" }, "changed"), " ");
  }

  /** @param {Row[]} rows @param {number} at */
  #item(rows, at) {
    const row = rows[at];
    const { route, rule, state } = row;
    const item = fromTemplate("route-row");
    const said = rule ?? { match: route?.match, ...route?.action, ...route?.policies };
    const matches = said.match ?? [];
    item.classList.toggle("is-changed", state !== "");
    item.classList.toggle("is-removed", state === "removed");
    setText(find(item, "[data-name]", HTMLElement), row.isDefault ? `Default${row.name ? ` (${row.name})` : ""}` : row.name || "(no name)");
    const badge = find(item, "[data-state]", HTMLElement);
    badge.hidden = state === "";
    setText(badge, state);
    setText(find(item, "[data-match]", HTMLElement), row.isDefault ? "every other request" : matchWords(matches));
    setText(find(item, "[data-action-words]", HTMLElement), actionWords(said));
    find(item, "[data-policies]", HTMLElement).append(...policyWords(said).map((word) => el("span", { class: "badge" }, word)));
    const kept = route?.not_expressible ?? [];
    setText(find(item, "[data-kept]", HTMLElement), kept.length ? `also says: ${kept.join(", ")} (kept)` : "");
    find(item, "[data-explain]", HTMLAnchorElement).href = `${BASE}routing/explain/?${question(matches, this.#service)}`;
    this.#buttons(item, rows, at);
    return item;
  }

  /** @param {HTMLElement} item @param {Row[]} rows @param {number} at */
  #buttons(item, rows, at) {
    const row = rows[at];
    const reason = this.#service.routing.editable ? whyNot(row) : this.#service.routing.reason;
    const edit = find(item, "[data-do=edit]", HTMLButtonElement);
    const remove = find(item, "[data-do=remove]", HTMLButtonElement);
    const removed = row.state === "removed";
    edit.disabled = reason !== "" || removed;
    edit.title = reason;
    remove.hidden = row.isDefault;
    remove.disabled = !this.#service.routing.editable || row.name === "" && row.route !== null;
    remove.title = remove.disabled ? reason : "";
    setText(remove, removed ? "Keep" : "Remove");
    find(item, "[data-do=up]", HTMLButtonElement).disabled = reason !== "" || !step(rows, at, -1);
    find(item, "[data-do=down]", HTMLButtonElement).disabled = reason !== "" || !step(rows, at, 1);
    find(item, ".route-order", HTMLElement).hidden = row.isDefault || rows.length < 3;
  }
}
