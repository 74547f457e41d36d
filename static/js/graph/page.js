// The Graph page: joins the address, the socket, the model, the drawing, the table and the panel.

import { byId, data, setText } from "../dom.js";
import { LiveSocket } from "../socket.js";
import { Acting } from "./acting.js";
import { format, parse } from "./address.js";
import { Announcer } from "./announcer.js";
import { keepAsking } from "./asking.js";
import { ExportMenu } from "./export/menu.js";
import { FindBar } from "./find/bar.js";
import { counted, Sight } from "./find/sight.js";
import { fold, namespaceOf, unfold } from "./folding.js";
import { configured } from "./charts/links.js";
import { read } from "./freshness.js";
import { resizable } from "./grip.js";
import { listenToKeys } from "./keys.js";
import { GraphModel } from "./model.js";
import { hiddenNote, noteFor, Notes } from "./notes.js";
import { Panel } from "./panel.js";
import { Pill } from "./pill.js";
import { Scope } from "./scope.js";
import { Stage } from "./stage.js";
import { Table } from "./table.js";
import { Time } from "./time/index.js";
import { fillNamespaces, Toolbar } from "./toolbar.js";
import { step } from "./walk.js";

/** @import { Service } from "../shapes.js" */
/** @import { Badge } from "./acting.js" */
/** @import { Outcome } from "./model.js" */
/** @import { Frame, PageState, View } from "./types.js" */
/** @import { Arrow } from "./walk.js" */

const NARROW = "(max-width: 720px)";
const CLOCK_MS = 250;
/** A resync that brought nothing is asked for again. */
const RESYNC_EVERY_MS = 3_000;
/** Of a look at the very same numbers. @type {Outcome} */
const AGAIN = Object.freeze({ gap: false, shape: false, view: false, changed: { nodes: [], edges: [] } });

const page = /** @type {{serverTime: number, tickSeconds: number, loginUrl: string, socketPath: string, links?: Record<string, string>}} */ (data("page"));
const loaded = /** @type {PerformanceNavigationTiming | undefined} */ (performance.getEntriesByType("navigation")[0]);
/** How far this machine's clock is ahead of the server's, in milliseconds. */
const clockAhead = performance.timeOrigin + (loaded?.responseStart ?? 0) - page.serverTime;

class GraphPage {
  #model = new GraphModel();
  #state = parse(location.search);
  #root = byId("graph", HTMLElement);
  #narrow = matchMedia(NARROW);
  #pill = new Pill(byId("age", HTMLElement));
  #socket = this.#connect();
  #acting = new Acting();
  /** What is drawn and listed: the model without what is hidden. */
  #sight = new Sight(this.#model, (node) => this.#acting.kinds(node));
  #stage = new Stage(this.#sight.seen, this.#model, [this.#state.label, this.#state.label2], this.#acting, {
    choose: (id) => this.choose(id),
    fold: (namespace) => this.go(fold(this.#state, namespace)),
    unfold: (namespace) => this.go(unfold(this.#state, namespace)),
    focus: (id) => this.#focus(id),
  });
  #scope = new Scope(this.#model, (change) => this.go(change));
  #table = new Table(byId("twin", HTMLElement), this.#sight.seen, (id) => this.choose(id));
  #panel = new Panel(this.#model, byId("page-module", HTMLScriptElement).dataset.plotly ?? "", (id) => this.choose(id));
  #time = new Time(this.#model, configured(page.links), (id) => this.choose(id), {
    go: (change, replace) => this.go(change, replace),
    frame: (frame) => this.#apply(frame),
    series: (series) => this.#panel.series(series),
    depart: () => this.#depart(),
    arrive: () => this.#socket.connect(),
    changed: () => this.#tick(),
    now: () => Date.now() - clockAhead,
  });
  #notes = new Notes(() => this.#noteAction());
  #bar = new FindBar(this.#sight, { change: (change, replace) => this.go(change, replace) });
  #toolbar = new Toolbar({
    change: (change) => this.go(change),
    fit: () => this.#stage.fit(),
    tidy: () => this.#stage.tidy(),
  });
  /** @type {string | null} */ #offlineSince = null;
  #error = "";
  #resyncAskedAt = -Infinity;
  #announcer = new Announcer();
  /** @type {Set<string>} */ #namespaces = new Set();

  start() {
    resizable(byId("panel-grip", HTMLElement), byId("panel", HTMLElement));
    this.#listen();
    new ExportMenu({
      model: this.#model,
      state: () => this.#state,
      drawn: () => this.#stage.drawn(),
      hidden: () => counted(this.#sight.hidden, "hidden"),
      view: () => this.#subscription,
    });
    this.#follow();
    if (this.#time.travel.isLive) this.#socket.connect();
    this.#time.start();
    window.setInterval(() => this.#tick(), CLOCK_MS);
    this.#tick();
    keepAsking({ services: (services) => this.#knowServices(services), badges: (badges) => this.#knowBadges(badges) });
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
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    return new LiveSocket(`${scheme}://${location.host}${page.socketPath}`, {
      frame: (frame) => this.#receive(/** @type {Frame} */ (frame)),
      offline: (since) => {
        this.#offlineSince = since;
        this.#tick();
      },
      opened: () => this.#model.expectFull(),
      signedOut: () => {
        const next = encodeURIComponent(location.pathname + location.search);
        location.assign(`${page.loginUrl}?next=${next}`);
      },
    });
  }

  #listen() {
    window.addEventListener("popstate", () => {
      this.#state = parse(location.search);
      this.#follow();
    });
    document.addEventListener("visibilitychange", () => {
      this.#socket.setHidden(document.hidden);
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
      find: () => this.#bar.focusFind(),
      hide: () => this.#bar.focusHide(),
      fit: () => this.#stage.fit(),
      escape: () => this.#escape(),
      walk: (arrow) => this.#walk(arrow),
      time: (key) => this.#time.key(key),
      fold: (how) => this.#foldChosen(how),
      neighbourhood: () => this.#focus(this.#state.select),
    });
  }

  /** Brings all parts in line with the state. */
  #follow() {
    const { ns, select, label, label2 } = this.#state;
    this.#toolbar.show(this.#state, this.view);
    this.#scope.show(this.#state);
    this.#root.dataset.view = this.view;
    this.#table.setShown(this.view === "table");
    fillNamespaces([...this.#namespaces], ns);
    this.#subscribe(this.#state);
    this.#time.follow(this.#state, this.#subscription);
    this.#socket.watch(select || null);
    if (this.#sight.ask(this.#state)) this.#look();
    this.#bar.show(this.#state);
    this.#stage.label([label, label2]);
    this.#stage.choose(select);
    this.#panel.open(select);
    this.#table.render(select, this.view === "table");
    this.#tick();
  }

  #subscribed = { key: "", place: "" };
  /** @type {import("../socket.js").Subscription} */ #subscription = { graph_type: "versioned_app", namespaces: [] };

  /** @param {PageState} state */
  #subscribe({ type, ns, fold: folded, unfold: open, focus, depth, idle }) {
    const place = `${type} ${ns.join()} ${focus} ${depth}`;
    const wanted = {
      graph_type: type,
      namespaces: ns,
      ...(folded.length && { fold: folded }),
      ...(open.length && { unfold: open }),
      ...(focus && { focus, depth }),
      ...(idle && { idle }),
    };
    const key = JSON.stringify(wanted);
    if (key === this.#subscribed.key) return;
    // Of another part of the mesh nothing has to stand where it stood; of the same one everything has.
    if (place !== this.#subscribed.place) this.#model.expectView();
    this.#subscribed = { key, place };
    this.#error = "";
    this.#subscription = wanted;
    this.#socket.subscribe(wanted);
  }

  #depart() {
    this.#socket.rest();
    this.#offlineSince = null;
    this.#error = "";
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
        if (frame.type !== "delta") this.#time.travel.arrived();
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
    this.#look(outcome);
    this.#scope.show(this.#state);
    this.#panel.render();
    if (this.#time.travel.isLive) this.#announcer.health(before, this.#model.nodes);
    this.#learnNamespaces([...this.#model.nodes.values()].map((node) => node.namespace));
    this.#root.dataset.seq = String(this.#model.seq);
  }

  /** Draws and lists what is to be seen of the model, and marks what was found. @param {Outcome} outcome */
  #look(outcome = AGAIN) {
    const hides = this.#sight.look();
    const seen = { ...outcome, shape: outcome.shape || hides, changed: this.#sight.within(outcome.changed) };
    // What comes and goes by hiding moves nothing else, and not the window either.
    if (this.#model.seq !== null) this.#stage.frame(seen, hides && !outcome.shape);
    this.#table.render(this.#state.select, this.view === "table", seen);
    if (seen.shape || this.#sight.isFoundAnew) this.#mark();
    this.#bar.count();
  }

  #mark() {
    const { nodes, edges } = this.#sight.found;
    const ids = new Set([...nodes, ...edges]);
    this.#stage.mark(ids, this.#sight.lit());
    this.#table.mark(ids);
  }

  get #allHidden() {
    return this.#model.nodes.size > 0 && this.#sight.seen.nodes.size === 0;
  }

  #noteAction() {
    if (this.#allHidden) this.go({ hide: "" });
    else if (this.#time.travel.isLive) this.go({ ns: [] });
    else this.#time.travel.live();
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
    const now = Date.now() - clockAhead;
    const reading = this.#time.travel.reading(now) ?? read(facts, now);
    this.#time.render();
    this.#pill.show(reading, source);
    this.#root.dataset.state = reading.state;
    this.#root.classList.toggle("frozen", reading.frozen && reading.state !== "past" && this.#model.seq !== null);
    const note = this.#allHidden ? hiddenNote(this.#state.hide) : this.#time.travel.isLive ? noteFor(this.#model, reading, this.#error) : this.#time.travel.note(now);
    this.#notes.show(note);
    this.#root.dataset.note = note?.kind ?? "";
    this.#stage.run(!reading.frozen && note === null && this.view === "graph" && !document.hidden);
    this.#showNotice(note ? "" : this.#error || this.#model.notice);
    this.#announcer.freshness(reading);
  }

  /** @param {string} message an error of the server's or a word about rights, while the graph itself stands */
  #showNotice(message) {
    const notice = byId("notice", HTMLElement);
    notice.hidden = message === "";
    setText(notice, message);
  }

  #escape() {
    if (this.#bar.escape()) return;
    if (this.#panel.isOpen) {
      this.choose("");
      byId(this.view === "graph" ? "canvas" : "twin", HTMLElement).focus();
    }
  }

  /** @param {Arrow} arrow */
  #walk(arrow) {
    if (this.view !== "graph") return false;
    const next = step(this.#sight.seen, this.#stage.positions(), this.#state.select, arrow);
    // Each step is no place to come "back" to; the first one is.
    if (next) this.go({ select: next }, this.#state.select !== "");
    return true;
  }

  /** @param {Badge[]} badges */
  #knowBadges(badges) {
    this.#acting.know(badges);
    this.#stage.showActing();
    this.#look();
  }

  /** @param {string} id of a node to see with its neighbours only */
  #focus(id) {
    if (this.#model.nodes.has(id)) this.go({ focus: id, depth: 1, select: id });
  }

  /** @param {"fold" | "unfold"} how */
  #foldChosen(how) {
    const namespace = namespaceOf(this.#model, this.#state.select);
    if (namespace) this.go((how === "fold" ? fold : unfold)(this.#state, namespace));
  }

  /** @param {Service[]} services */
  #knowServices(services) {
    this.#learnNamespaces(services.map((service) => service.namespace));
    this.#panel.know(services);
  }

  /** @param {string[]} names */
  #learnNamespaces(names) {
    const before = this.#namespaces.size;
    for (const name of names) if (name) this.#namespaces.add(name);
    if (this.#namespaces.size > before) fillNamespaces([...this.#namespaces], this.#state.ns);
  }
}

new GraphPage().start();
