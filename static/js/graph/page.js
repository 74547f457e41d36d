// The Graph page: joins the address, the socket, the model, the drawing, the table and the panel.

import { ApiError, get } from "../api.js";
import { byId, data, setText } from "../dom.js";
import { LiveSocket } from "../socket.js";
import { badgesByService } from "./acting.js";
import { format, parse } from "./address.js";
import { read } from "./freshness.js";
import { resizable } from "./grip.js";
import { listenToKeys } from "./keys.js";
import { GraphModel } from "./model.js";
import { HEALTH_WORDS, nodeTitle } from "./names.js";
import { noteFor, Notes } from "./notes.js";
import { Panel } from "./panel.js";
import { Pill, words } from "./pill.js";
import { Requests } from "./requests/section.js";
import { Stage } from "./stage.js";
import { Table } from "./table.js";
import { fillNamespaces, Toolbar } from "./toolbar.js";
import { step } from "./walk.js";

/** @import { Service } from "../shapes.js" */
/** @import { Reading } from "./freshness.js" */
/** @import { Frame, PageState, View } from "./types.js" */
/** @import { Arrow } from "./walk.js" */

const NARROW = "(max-width: 720px)";
const CLOCK_MS = 250;
/** Faults and splits made elsewhere are badges within this time. */
const SERVICES_EVERY_MS = 10_000;
/** A resync that brought nothing is asked for again. */
const RESYNC_EVERY_MS = 3_000;

const page = /** @type {{serverTime: number, tickSeconds: number, loginUrl: string, socketPath: string, requestsPath: string}} */ (data("page"));
const loaded = /** @type {PerformanceNavigationTiming | undefined} */ (performance.getEntriesByType("navigation")[0]);
/** How far this machine's clock is ahead of the server's, in milliseconds. */
const clockAhead = performance.timeOrigin + (loaded?.responseStart ?? 0) - page.serverTime;

/** @param {string} path of a socket @returns {string} its address on this server */
function address(path) {
  return `${location.protocol === "https:" ? "wss" : "ws"}://${location.host}${path}`;
}

/** The session is over: back to here after the sign-in. */
function signIn() {
  const next = encodeURIComponent(location.pathname + location.search);
  location.assign(`${page.loginUrl}?next=${next}`);
}

class GraphPage {
  #model = new GraphModel();
  #state = parse(location.search);
  #root = byId("graph", HTMLElement);
  #narrow = matchMedia(NARROW);
  #pill = new Pill(byId("age", HTMLElement));
  #socket = this.#connect();
  #stage = new Stage(this.#model, this.#state.label, (id) => this.choose(id));
  #table = new Table(byId("twin", HTMLElement), this.#model, (id) => this.choose(id));
  #panel = new Panel(this.#model, byId("page-module", HTMLScriptElement).dataset.plotly ?? "", (id) => this.choose(id));
  #requests = new Requests(address(page.requestsPath), this.#model, () => signIn());
  #notes = new Notes(() => this.go({ ns: [] }));
  #toolbar = new Toolbar({
    change: (change) => this.go(change),
    find: (text) => this.#find(text),
    fit: () => this.#stage.fit(),
    tidy: () => this.#stage.tidy(),
  });
  /** @type {string | null} */ #offlineSince = null;
  #error = "";
  #resyncAskedAt = -Infinity;
  #announced = "";
  /** @type {Set<string>} */ #namespaces = new Set();

  start() {
    resizable(byId("panel-grip", HTMLElement), byId("panel", HTMLElement));
    this.#listen();
    this.#follow();
    this.#socket.connect();
    window.setInterval(() => this.#tick(), CLOCK_MS);
    this.#tick();
    void this.#askServices();
    window.setInterval(() => document.hidden || void this.#askServices(), SERVICES_EVERY_MS);
  }

  /** @returns {View} as the address says, or as the window is wide */
  get view() {
    return this.#state.view || (this.#narrow.matches ? "table" : "graph");
  }

  /**
   * Changes what the page shows, and its address with it.
   * @param {Partial<PageState>} change
   * @param {boolean} replace whether "back" should skip this
   */
  go(change, replace = false) {
    const before = format(this.#state);
    this.#state = { ...this.#state, ...change };
    const query = format(this.#state);
    if (query === before) return;
    const address = location.pathname + query;
    if (replace) history.replaceState(null, "", address);
    else history.pushState(null, "", address);
    this.#follow();
  }

  /** @param {string} id of a node or edge, or "" for none */
  choose(id) {
    this.go({ select: id });
  }

  #connect() {
    return new LiveSocket(address(page.socketPath), {
      frame: (frame) => this.#receive(/** @type {Frame} */ (frame)),
      offline: (since) => {
        this.#offlineSince = since;
        this.#tick();
      },
      opened: () => this.#model.expectFull(),
      signedOut: () => signIn(),
    });
  }

  #listen() {
    window.addEventListener("popstate", () => {
      this.#state = parse(location.search);
      this.#follow();
    });
    document.addEventListener("visibilitychange", () => {
      this.#socket.setHidden(document.hidden);
      this.#requests.setHidden(document.hidden);
      this.#tick();
    });
    document.addEventListener("meshui:theme", () => {
      this.#stage.restyle();
      this.#panel.restyle();
    });
    document.addEventListener("meshui:namespaces", (event) => {
      event.preventDefault();
      this.go({ ns: /** @type {CustomEvent} */ (event).detail.namespaces });
    });
    // Text on a canvas does not change by itself when its font arrives.
    document.fonts.addEventListener("loadingdone", () => this.#stage.restyle());
    this.#narrow.addEventListener("change", () => this.#follow());
    listenToKeys({
      toggleView: () => this.go({ view: this.view === "graph" ? "table" : "graph" }),
      find: () => this.#toolbar.focusFind(),
      fit: () => this.#stage.fit(),
      escape: () => this.#escape(),
      walk: (arrow) => this.#walk(arrow),
    });
  }

  /** Brings all parts in line with the state. */
  #follow() {
    const { type, ns, select, label } = this.#state;
    this.#toolbar.show(this.#state, this.view);
    this.#root.dataset.view = this.view;
    this.#table.setShown(this.view === "table");
    fillNamespaces([...this.#namespaces], ns);
    this.#subscribe(type, ns);
    this.#socket.watch(select || null);
    this.#stage.label(label);
    this.#stage.choose(select);
    this.#panel.open(select);
    this.#requests.look(select);
    this.#table.render(select, this.view === "table");
    this.#tick();
  }

  #subscribed = "";

  /** @param {PageState["type"]} type @param {string[]} namespaces */
  #subscribe(type, namespaces) {
    const key = `${type} ${namespaces.join()}`;
    if (key === this.#subscribed) return;
    this.#subscribed = key;
    this.#error = "";
    this.#socket.subscribe({ graph_type: type, namespaces });
  }

  /** @param {Frame} frame */
  #receive(frame) {
    switch (frame.type) {
      case "series":
        this.#panel.series(frame);
        break;
      case "error":
        this.#error = frame.message;
        break;
      case "full":
      case "delta":
      case "status":
        this.#apply(frame);
    }
    this.#tick();
  }

  /** @param {import("./types.js").FullFrame | import("./types.js").DeltaFrame | import("./types.js").StatusFrame} frame */
  #apply(frame) {
    const before = new Map([...this.#model.nodes].map(([id, node]) => [id, node.health]));
    const outcome = this.#model.apply(frame);
    if (outcome.gap) {
      this.#resync();
      return;
    }
    if (frame.type === "status") return;
    this.#error = "";
    this.#stage.frame(outcome);
    this.#table.render(this.#state.select, this.view === "table");
    this.#panel.render();
    this.#requests.look(this.#state.select);
    this.#announceHealth(before);
    this.#learnNamespaces([...this.#model.nodes.values()].map((node) => node.namespace));
    this.#root.dataset.seq = String(this.#model.seq);
  }

  #resync() {
    this.#model.expectFull();
    const now = performance.now();
    if (now - this.#resyncAskedAt < RESYNC_EVERY_MS) return;
    this.#resyncAskedAt = now;
    this.#socket.resync();
  }

  #tick() {
    const { source, takenAt, tickSeconds } = this.#model;
    const facts = { source, takenAt, tickSeconds, offlineSince: this.#offlineSince };
    const reading = read(facts, Date.now() - clockAhead);
    this.#pill.show(reading, source);
    this.#root.dataset.state = reading.state;
    this.#root.classList.toggle("frozen", reading.frozen && this.#model.seq !== null);
    const note = noteFor(this.#model, reading, this.#error);
    this.#notes.show(note);
    this.#root.dataset.note = note?.kind ?? "";
    this.#stage.run(!reading.frozen && note === null && this.view === "graph" && !document.hidden);
    this.#showNotice(note ? "" : this.#error || this.#model.notice);
    this.#announceFreshness(reading);
  }

  /** @param {string} message an error of the server's or a word about rights, while the graph itself stands */
  #showNotice(message) {
    const notice = byId("notice", HTMLElement);
    notice.hidden = message === "";
    setText(notice, message);
  }

  /** @param {Reading} reading */
  #announceFreshness(reading) {
    const text = words(reading);
    if (text === this.#announced) return;
    // "Late" comes and goes on a busy network; only what lasts is worth a word.
    if (reading.frozen || this.#announced.includes("since")) this.#announce(text);
    this.#announced = text;
  }

  /** @param {Map<string, import("./types.js").Health>} before */
  #announceHealth(before) {
    const news = [...this.#model.nodes.values()].filter((node) => before.has(node.id) && before.get(node.id) !== node.health);
    const worth = news.filter((node) => node.health !== "idle" && before.get(node.id) !== "idle");
    if (worth.length) this.#announce(worth.map((node) => `${nodeTitle(node)}: ${HEALTH_WORDS[node.health]}`).join(". "));
  }

  /** @param {string} text */
  #announce(text) {
    setText(byId("announcer", HTMLElement), text);
  }

  /** @param {string} text */
  #find(text) {
    const wanted = text.trim().toLowerCase();
    const nodes = [...this.#model.nodes.values()];
    const found = wanted ? nodes.filter((node) => `${nodeTitle(node)} ${node.namespace} ${node.workload}`.toLowerCase().includes(wanted)) : [];
    this.#stage.mark(new Set(found.map((node) => node.id)));
    this.#table.mark(wanted);
    setText(byId("count", HTMLElement), wanted ? `${found.length} found` : "");
  }

  #escape() {
    if (this.#toolbar.clearFind()) this.#find("");
    else if (this.#panel.isOpen) {
      this.choose("");
      byId(this.view === "graph" ? "canvas" : "twin", HTMLElement).focus();
    }
  }

  /** @param {Arrow} arrow */
  #walk(arrow) {
    if (this.view !== "graph") return false;
    const next = step(this.#model, this.#stage.positions(), this.#state.select, arrow);
    // Each step is no place to come "back" to; the first one is.
    if (next) this.go({ select: next }, this.#state.select !== "");
    return true;
  }

  async #askServices() {
    try {
      const { services } = /** @type {{services: Service[]}} */ (await get("services?namespaces="));
      this.#learnNamespaces(services.map((service) => service.namespace));
      this.#stage.setBadges(badgesByService(services));
      this.#panel.know(services);
    } catch (error) {
      // The chooser then offers what the graph itself has shown, and the badges stay as they were.
      if (!(error instanceof ApiError)) throw error;
    }
  }

  /** @param {string[]} names */
  #learnNamespaces(names) {
    const before = this.#namespaces.size;
    for (const name of names) if (name) this.#namespaces.add(name);
    if (this.#namespaces.size > before) fillNamespaces([...this.#namespaces], this.#state.ns);
  }
}

new GraphPage().start();
