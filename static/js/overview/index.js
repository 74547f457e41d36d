// The Overview page: joins the socket, the tables and the problems of the configuration.

import { ApiError, get } from "../api.js";
import { BASE } from "../base.js";
import { byId, data, el, find, setText, status } from "../dom.js";
import { count, rate } from "../format.js";
import { read } from "../graph/freshness.js";
import { Pill } from "../graph/pill.js";
import { fillNamespaces } from "../graph/toolbar.js";
import { LiveSocket } from "../socket.js";
import { NamespaceTable, ServiceTable } from "./tables.js";

/** @import { Source } from "../graph/types.js" */
/** @import { OverviewFrame, Spark } from "./types.js" */

/** @typedef {{code: string, level: "Error" | "Warning" | "Info", resource: string, message: string}} Problem */

const CLOCK_MS = 250;
const PROBLEMS_EVERY_MS = 15_000;
const SHOWN_PROBLEMS = 8;
const LEVELS = /** @type {const} */ ({ Error: "failing", Warning: "degraded", Info: "info" });

const page = /** @type {{serverTime: number, loginUrl: string, socketPath: string, namespaces: string[]}} */ (data("page"));
const loaded = /** @type {PerformanceNavigationTiming | undefined} */ (performance.getEntriesByType("navigation")[0]);
const clockAhead = performance.timeOrigin + (loaded?.responseStart ?? 0) - page.serverTime;

class OverviewPage {
  #root = byId("overview", HTMLElement);
  #pill = new Pill(byId("age", HTMLElement));
  #find = byId("find", HTMLInputElement);
  #services = new ServiceTable(byId("service-table", HTMLElement));
  #namespaces = new NamespaceTable(byId("namespace-table", HTMLElement));
  #socket = this.#connect();
  /** @type {OverviewFrame | null} */ #frame = null;
  /** @type {Source | null} */ #source = null;
  #notice = "";
  /** @type {{services: Record<string, Spark>, namespaces: Record<string, Spark>}} */ #sparks = { services: {}, namespaces: {} };
  /** @type {Map<string, {errors: number, warnings: number}>} */ #problems = new Map();
  /** Of the chooser. @type {Set<string>} */ #known = new Set(page.namespaces);
  /** @type {string | null} */ #offlineSince = null;

  start() {
    this.#find.value = new URLSearchParams(location.search).get("find") ?? "";
    this.#find.addEventListener("input", () => this.#typed());
    document.addEventListener("visibilitychange", () => this.#socket.setHidden(document.hidden));
    this.#socket.subscribe({ type: "overview", namespaces: page.namespaces });
    this.#socket.connect();
    window.setInterval(() => this.#tick(), CLOCK_MS);
    this.#tick();
    void this.#askProblems();
    window.setInterval(() => document.hidden || void this.#askProblems(), PROBLEMS_EVERY_MS);
  }

  #connect() {
    const scheme = location.protocol === "https:" ? "wss" : "ws";
    return new LiveSocket(`${scheme}://${location.host}${page.socketPath}`, {
      frame: (frame) => this.#receive(/** @type {any} */ (frame)),
      offline: (since) => {
        this.#offlineSince = since;
        this.#tick();
      },
      opened: () => undefined,
      signedOut: () => location.assign(`${page.loginUrl}?next=${encodeURIComponent(location.pathname + location.search)}`),
    });
  }

  /** @param {OverviewFrame | {type: "status", notice: string, source: Source} | {type: "error", message: string}} frame */
  #receive(frame) {
    if (frame.type === "error") {
      this.#notice = frame.message;
    } else {
      this.#notice = frame.notice;
      this.#source = frame.source;
    }
    if (frame.type === "overview") {
      this.#frame = frame;
      this.#sparks = frame.sparks ?? this.#sparks;
      this.#render();
    }
    this.#tick();
  }

  #render() {
    const frame = this.#frame;
    if (!frame) return;
    const before = this.#known.size;
    for (const row of frame.namespaces) this.#known.add(row.namespace);
    // Whoever is just choosing keeps his ticks: the list is filled anew for a new name only.
    if (this.#known.size > before) fillNamespaces([...this.#known], page.namespaces);
    const shown = this.#services.show(frame, this.#find.value.trim(), this.#sparks.services);
    this.#namespaces.show(frame, this.#sparks.namespaces, this.#problems);
    setText(byId("sums", HTMLElement), sums(frame));
    const found = this.#find.value.trim() ? `${shown} found` : "";
    const out = frame.left_out ? `${count(frame.left_out, "healthier service is", "healthier services are")} not listed` : "";
    setText(byId("left-out", HTMLElement), [found, out].filter(Boolean).join("; "));
    this.#root.dataset.seq = String(frame.seq);
  }

  #typed() {
    const url = new URL(location.href);
    if (this.#find.value) url.searchParams.set("find", this.#find.value);
    else url.searchParams.delete("find");
    history.replaceState(null, "", url);
    this.#render();
  }

  #tick() {
    const facts = {
      source: this.#source,
      takenAt: this.#frame?.taken_at ?? null,
      tickSeconds: this.#frame?.tick_seconds ?? 1,
      offlineSince: this.#offlineSince,
    };
    const reading = read(facts, Date.now() - clockAhead);
    this.#pill.show(reading, this.#source);
    this.#root.dataset.state = reading.state;
    this.#root.classList.toggle("frozen", reading.frozen);
    const notice = byId("notice", HTMLElement);
    const text = this.#notice || (reading.state === "stale" ? (this.#source?.message ?? "") : "");
    notice.hidden = text === "";
    setText(find(notice, "p", HTMLElement), text);
  }

  async #askProblems() {
    const note = byId("problem-note", HTMLElement);
    try {
      const query = new URLSearchParams({ namespaces: page.namespaces.join(",") });
      const { problems } = /** @type {{problems: Problem[]}} */ (await get(`problems?${query}`));
      this.#problems = byNamespace(problems);
      showProblems(problems);
      note.hidden = problems.some((problem) => problem.level !== "Info");
      setText(note, "The analysis found no error and no warning.");
      this.#render();
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      note.hidden = false;
      setText(note, `The configuration could not be looked at: ${error.message}`);
    }
  }
}

/** @param {OverviewFrame} frame @returns {string} the whole in a sentence */
function sums(frame) {
  /** @type {Record<string, number>} */
  const by = { failing: 0, degraded: 0, ok: 0, idle: 0 };
  let requests = 0;
  for (const row of frame.namespaces) {
    requests += row.requests_per_second;
    for (const [health, number] of Object.entries(row.services)) by[health] = (by[health] ?? 0) + number;
  }
  const all = Object.values(by).reduce((sum, number) => sum + number, 0);
  const bad = [by["failing"] ? `${by["failing"]} failing` : "", by["degraded"] ? `${by["degraded"]} degraded` : ""].filter(Boolean);
  const well = all ? "all well" : "none with traffic";
  return `${count(all, "service")}, ${bad.length ? bad.join(" and ") : well}; ${rate(requests)} in ${count(frame.namespaces.length, "namespace")}.`;
}

/** @param {Problem[]} problems */
function byNamespace(problems) {
  /** @type {Map<string, {errors: number, warnings: number}>} */
  const found = new Map();
  for (const { level, resource } of problems) {
    const namespace = resource.split(" ")[1]?.split("/")[0] ?? "";
    const counts = found.get(namespace) ?? { errors: 0, warnings: 0 };
    if (level === "Error") counts.errors += 1;
    if (level === "Warning") counts.warnings += 1;
    found.set(namespace, counts);
  }
  return found;
}

/** @param {Problem[]} problems */
function showProblems(problems) {
  const worth = problems.filter((problem) => problem.level !== "Info").sort((a, b) => Number(b.level === "Error") - Number(a.level === "Error"));
  const rows = worth.slice(0, SHOWN_PROBLEMS).map((problem) => {
    const namespace = problem.resource.split(" ")[1]?.split("/")[0] ?? "";
    const href = `${BASE}config/?${new URLSearchParams({ ns: namespace, only: "problems" })}`;
    const where = el("div", { class: "problem-where" }, `${problem.level} ${problem.code} · `, el("a", { href }, problem.resource));
    return el("li", { class: "problem" }, status(LEVELS[problem.level], ""), el("div", {}, problem.message, where));
  });
  if (worth.length > SHOWN_PROBLEMS) rows.push(el("li", { class: "problem muted" }, "", `and ${worth.length - SHOWN_PROBLEMS} more`));
  byId("problem-rows", HTMLElement).replaceChildren(...rows);
}

new OverviewPage().start();
