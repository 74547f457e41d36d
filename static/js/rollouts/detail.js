// The page of one rollout: joins the live line with the parts that draw it.

import { ApiError } from "../api.js";
import { byId, data, el, icon, setText } from "../dom.js";
import { clock, fullMoment, moment } from "../format.js";
import { Pill } from "../graph/pill.js";
import { reading } from "./age.js";
import { Cards } from "./cards.js";
import { Charts } from "./charts.js";
import { Commands } from "./commands.js";
import { cardParts } from "./evidence.js";
import { Feed, SILENCE_MS } from "./feed.js";
import { showLog } from "./log.js";
import { paceWords } from "./pace.js";
import { showShare } from "./share.js";
import { showSteps } from "./steps.js";
import { advice, hasEnded, headline, judgeWords, nextEvent, STATUS } from "./words.js";

/** @import { Reading } from "../graph/freshness.js" */
/** @import { Detail } from "./types.js" */

const CLOCK_MS = 500;
const page = /** @type {{serverTime: number, loginUrl: string}} */ (data("page"));
const loaded = /** @type {PerformanceNavigationTiming | undefined} */ (performance.getEntriesByType("navigation")[0]);
const clockAhead = performance.timeOrigin + (loaded?.responseStart ?? 0) - page.serverTime;

class RolloutPage {
  #root = byId("rollout", HTMLElement);
  /** @type {Detail} */ #detail = data("detail");
  #heardAt = page.serverTime;
  /** @type {string | null} */ #offlineSince = null;
  #refusal = "";
  #pill = new Pill(byId("age", HTMLElement), pillWords);
  #charts = new Charts();
  #cards = new Cards(this.#detail.id);
  #commands = new Commands(this.#detail, (detail) => this.#take(detail));
  #feed = new Feed(
    { events: `rollouts/${this.#detail.id}/events`, question: `rollouts/${this.#detail.id}` },
    {
      rollout: (detail) => this.#take(detail),
      answer: (detail) => this.#take(detail),
      heard: () => this.#heard(),
      offline: (since) => {
        this.#offlineSince = since;
        this.#tick();
      },
      refused: (error) => this.#refused(error),
    },
  );

  start() {
    this.#draw();
    document.addEventListener("visibilitychange", () => this.#feed.setHidden(document.hidden));
    this.#feed.connect();
    window.setInterval(() => this.#tick(), CLOCK_MS);
    this.#tick();
  }

  #heard() {
    this.#heardAt = Date.now() - clockAhead;
  }

  /** @param {Detail} detail */
  #take(detail) {
    if (detail.version < this.#detail.version) return; // an answer that was overtaken
    this.#detail = detail;
    this.#heard();
    this.#draw();
    this.#tick();
  }

  #draw() {
    const rollout = this.#detail;
    const now = Date.now() - clockAhead;
    this.#root.dataset.status = rollout.status;
    this.#root.dataset.version = String(rollout.version);
    this.#standing(rollout, now);
    this.#facts(rollout, now);
    this.#commands.show(rollout);
    showShare(rollout);
    showSteps(rollout, now);
    this.#charts.show(rollout, rollout.course.until ?? now / 1000);
    byId("evidence-now", HTMLElement).replaceChildren(...cardParts(rollout.evidence, rollout.course.until ?? rollout.evidence.at));
    this.#cards.show(rollout.cards);
    showLog(rollout.log);
    document.title = `${STATUS[rollout.status].word} ${rollout.weight} %: ${rollout.service} · meshui`;
  }

  /** The sentence at the top. @param {Detail} rollout @param {number} now */
  #standing(rollout, now) {
    const { level, icon: sign, word } = STATUS[rollout.status];
    const root = byId("standing", HTMLElement);
    const said = headline(rollout, now);
    const pace = hasEnded(rollout) ? "" : paceWords(rollout.evidence);
    const key = `${rollout.status} ${said} ${judgeWords(rollout)} ${pace}`;
    if (root.dataset.said === key) return;
    root.dataset.said = key;
    root.className = `standing freezes status-${level}`;
    const can = advice(rollout);
    const judge = el("p", { class: "standing-judge" }, judgeWords(rollout), " ", pace);
    root.replaceChildren(icon(sign), el("strong", { class: "standing-word" }, word), el("p", { class: "standing-why" }, said), el("div", { class: "standing-can" }, judge, can ? el("p", {}, can) : ""));
    // Not each second that passes, only what is new.
    setText(byId("rollout-said", HTMLElement), `${word}, ${rollout.weight} %. ${rollout.why?.words ?? ""}`);
  }

  /** @param {Detail} rollout @param {number} now */
  #facts(rollout, now) {
    setText(byId("fact-weight", HTMLElement), `${rollout.weight} %`);
    setText(byId("fact-step", HTMLElement), rollout.step < 0 ? "not begun" : `${rollout.step + 1} of ${rollout.steps.length}`);
    setText(byId("fact-next", HTMLElement), hasEnded(rollout) ? "nothing more" : nextEvent(rollout, now));
    const end = byId("fact-end", HTMLElement);
    const at = rollout.finished_at ?? rollout.expected_end;
    setText(byId("fact-end-name", HTMLElement), rollout.finished_at ? "Ended" : "Expected end");
    setText(end, at ? moment(new Date(at), new Date(now)) : "hangs on a person or a verdict");
    end.title = at ? fullMoment(new Date(at)) : "";
  }

  #tick() {
    const ended = hasEnded(this.#detail);
    const until = this.#detail.course.until ?? null;
    const facts = {
      lookedAt: ended || until === null ? null : until * 1000,
      heardAt: this.#heardAt,
      everySeconds: ended ? SILENCE_MS / 1000 : (this.#detail.spec.interval_seconds ?? 10),
      offlineSince: this.#offlineSince,
    };
    const found = reading(facts, Date.now() - clockAhead);
    this.#pill.show(found, null);
    this.#root.dataset.state = found.state;
    this.#root.classList.toggle("frozen", found.frozen);
    const notice = byId("notice", HTMLElement);
    notice.hidden = !found.frozen;
    if (found.frozen) setText(byId("notice-text", HTMLElement), this.#refusal || noticeWords(found));
  }

  /** @param {ApiError} error */
  #refused(error) {
    if (error.status === 401) return location.assign(`${page.loginUrl}?next=${encodeURIComponent(location.pathname)}`);
    this.#refusal = `This rollout is not shown to you any more: ${error.message} What is shown is from before that.`;
    this.#offlineSince = new Date(this.#heardAt).toISOString();
    this.#tick();
  }
}

/** @param {Reading} found */
function pillWords({ state, since }) {
  const from = since ? ` since ${clock(new Date(since))}` : "";
  return { offline: `Offline${from}`, stale: `No look${from}`, late: "Late" }[/** @type {"offline" | "stale" | "late"} */ (state)] ?? "Live";
}

/** @param {Reading} found */
function noticeWords({ state, since }) {
  const at = clock(new Date(since));
  if (state === "offline") return `The console does not answer since ${at}. What is shown is from then; the traffic flows as it was written last.`;
  return `Nobody has looked at this rollout since ${at}: no engine leads, or it cannot read. What is shown is from then; the traffic flows as it was written last, and commands are kept until one leads again.`;
}

new RolloutPage().start();
