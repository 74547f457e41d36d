// The list of rollouts: live, what needs a person first.

import { ApiError } from "../api.js";
import { byId, data, setText } from "../dom.js";
import { clock, count } from "../format.js";
import { Pill } from "../graph/pill.js";
import { reading } from "./age.js";
import { Feed, SILENCE_MS } from "./feed.js";
import { Row } from "./row.js";
import { hasEnded, ordered, waiting } from "./words.js";

/** @import { Summary } from "./types.js" */

const CLOCK_MS = 1_000;
const page = /** @type {{serverTime: number, loginUrl: string, namespaces: string[], service: string, older: boolean}} */ (data("page"));
const loaded = /** @type {PerformanceNavigationTiming | undefined} */ (performance.getEntriesByType("navigation")[0]);
const clockAhead = performance.timeOrigin + (loaded?.responseStart ?? 0) - page.serverTime;

class RolloutsPage {
  #root = byId("rollouts", HTMLElement);
  /** @type {Map<number, Summary>} */ #known = new Map();
  /** @type {Map<number, Row>} */ #rows = new Map();
  #heardAt = page.serverTime;
  /** @type {string | null} */ #offlineSince = null;
  #refusal = "";
  #pill = new Pill(byId("age", HTMLElement));
  #feed = new Feed(
    { events: "rollouts/events", question: `rollouts?${new URLSearchParams({ active: "1" })}` },
    {
      rollout: (rollout) => this.#take([rollout]),
      answer: ({ rollouts }) => this.#take(rollouts),
      heard: () => (this.#heardAt = Date.now() - clockAhead),
      offline: (since) => {
        this.#offlineSince = since;
        this.#tick();
      },
      refused: (error) => this.#refused(error),
    },
  );

  start() {
    for (const each of /** @type {Summary[]} */ (data("list"))) this.#known.set(each.id, each);
    this.#draw();
    document.addEventListener("visibilitychange", () => this.#feed.setHidden(document.hidden));
    this.#feed.connect();
    window.setInterval(() => this.#tick(), CLOCK_MS);
    this.#tick();
  }

  /** @param {Summary[]} rollouts */
  #take(rollouts) {
    for (const each of rollouts) {
      if (!fits(each) || (this.#known.get(each.id)?.version ?? -1) >= each.version) continue;
      // A page of older ones keeps to them; what is under way stands on every page.
      if (page.older && hasEnded(each) && !this.#known.has(each.id)) continue;
      this.#known.set(each.id, each);
    }
    this.#draw();
  }

  #draw() {
    const all = ordered([...this.#known.values()]);
    const active = all.filter((each) => !hasEnded(each));
    this.#fill("active-rows", active);
    this.#fill("ended-rows", all.filter(hasEnded));
    byId("nothing", HTMLElement).hidden = all.length > 0;
    byId("active", HTMLElement).hidden = all.length === 0;
    byId("no-active", HTMLElement).hidden = active.length > 0;
    byId("ended", HTMLElement).hidden = active.length === all.length;
    if (all.length) setText(byId("rollouts-sum", HTMLElement), sums(active));
  }

  /** @param {string} id @param {Summary[]} rollouts */
  #fill(id, rollouts) {
    const list = byId(id, HTMLElement);
    const rows = rollouts.map((each) => this.#row(each));
    if (rows.length !== list.childElementCount || rows.some((row, index) => list.children[index] !== row)) list.replaceChildren(...rows);
  }

  /** @param {Summary} rollout */
  #row(rollout) {
    const row = this.#rows.get(rollout.id) ?? new Row(rollout);
    this.#rows.set(rollout.id, row);
    row.show(rollout, Date.now() - clockAhead);
    return row.element;
  }

  #tick() {
    const facts = { lookedAt: null, heardAt: this.#heardAt, everySeconds: SILENCE_MS / 1000, offlineSince: this.#offlineSince };
    const found = reading(facts, Date.now() - clockAhead);
    this.#pill.show(found, null);
    this.#root.dataset.state = found.state;
    this.#root.classList.toggle("frozen", found.frozen);
    const notice = byId("notice", HTMLElement);
    notice.hidden = !found.frozen;
    const away = `The console does not answer since ${clock(new Date(found.since || this.#heardAt))}. What is shown is from then; the traffic flows as it was written last.`;
    if (found.frozen) setText(byId("notice-text", HTMLElement), this.#refusal || away);
  }

  /** @param {ApiError} error */
  #refused(error) {
    if (error.status === 401) return location.assign(`${page.loginUrl}?next=${encodeURIComponent(location.pathname + location.search)}`);
    this.#refusal = `The list is not shown to you any more: ${error.message} What is shown is from before that.`;
    this.#offlineSince = new Date(this.#heardAt).toISOString();
    this.#tick();
  }
}

/** Whether one is what the page was asked for. @param {Summary} rollout */
function fits({ namespace, service }) {
  return (!page.namespaces.length || page.namespaces.includes(namespace)) && (!page.service || page.service === service);
}

/** @param {Summary[]} active */
function sums(active) {
  if (!active.length) return "No rollout is under way.";
  const still = waiting(active);
  const need = still ? `${still} ${still === 1 ? "stands" : "stand"} still` : "none stands still";
  return `${count(active.length, "rollout")} under way; ${need}.`;
}

new RolloutsPage().start();
