// The log of a rollout: what happened, when, by whom, and which change it was.

import { BASE } from "../base.js";
import { byId, el, icon, setText } from "../dom.js";
import { count, fullMoment } from "../format.js";
import { logTime, STATUS } from "./words.js";

/** @import { LogEntry } from "./types.js" */

const SHOWN = 30;
/** @type {Record<string, string>} */
const ICONS = { command: "person", write: "routing", gate: "lock", told: "bell", card: "info" };
const LEVELS = { taking_back: "failing" };
let all = false;

/** @param {LogEntry[]} log the newest first */
export function showLog(log) {
  const root = byId("log", HTMLElement);
  const more = byId("log-more", HTMLButtonElement);
  const rows = worthTelling(log);
  const key = `${rows.length} ${rows[0]?.at} ${all}`;
  if (root.dataset.shown === key) return;
  root.dataset.shown = key;
  root.replaceChildren(...(all ? rows : rows.slice(0, SHOWN)).map(row));
  more.hidden = all || rows.length <= SHOWN;
  setText(more, `Show ${count(rows.length - SHOWN, "older entry", "older entries")}`);
  more.onclick = () => {
    all = true;
    showLog(log);
  };
}

/**
 * Without what has its own place (cards), and what was to be written once it was: the newest such line stays, for nobody
 * knows yet what became of it. Pure.
 * @param {readonly LogEntry[]} log the newest first
 */
export function worthTelling(log) {
  let told = false;
  return log.filter(({ kind, code }) => {
    const intended = kind === "write" && code === "intended";
    const shown = kind !== "card" && !(intended && told);
    told ||= kind === "write";
    return shown;
  });
}

/** @param {LogEntry} entry */
function row({ at, kind, code, words, by, change }) {
  const date = new Date(at);
  const look = STATUS[/** @type {keyof typeof STATUS} */ (code)];
  const level = LEVELS[/** @type {keyof typeof LEVELS} */ (code)] ?? look?.level;
  const sign = kind === "status" ? (level === "failing" ? "failing" : (look?.icon ?? "info")) : (ICONS[kind] ?? "info");
  const time = el("time", { title: fullMoment(date) }, logTime(date, new Date()));
  const link = change === null ? null : el("a", { href: `${BASE}changes/${change}/` }, `change ${change}`);
  const who = by ? el("span", { class: "muted" }, ` by ${by}`) : null;
  const text = el("div", {}, kind === "status" ? el("strong", {}, named(code)) : null, kind === "status" && words ? ": " : null, words, who, link ? " · " : null, link);
  return el("li", { class: `log-row${level && kind === "status" ? ` status-${level}` : ""}`, "data-kind": kind }, time, icon(sign), text);
}

/** @param {string} code */
function named(code) {
  if (code === "taking_back") return "Taking the canary out";
  return STATUS[/** @type {keyof typeof STATUS} */ (code)]?.word ?? code;
}
