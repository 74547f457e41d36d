// What the figures of a rollout show, all on one axis of time: weights, bad requests, traffic, and the judge's evidence. Pure.

import { number, percent, rate } from "../format.js";
import { pooled } from "./pooling.js";
import { interval, niceMost } from "./scales.js";
import { eValue, STATUS } from "./words.js";

/** @import { Sample } from "./scales.js" */
/** @import { Detail, LogEntry, Point } from "./types.js" */

/**
 * @typedef {object} Series
 * @property {string} name
 * @property {string} look of the style sheet
 * @property {Sample[]} samples
 * @property {boolean} [stairs]
 * @property {[number, number, number][]} [band]
 */
/** @typedef {{value: number, label: string, look: string}} Line */
/**
 * @typedef {object} Panel
 * @property {string} id
 * @property {string} title
 * @property {string} hint
 * @property {number} height
 * @property {boolean} log
 * @property {number} least
 * @property {number} most
 * @property {Series[]} series
 * @property {Line[]} lines
 * @property {(value: number | null) => string} format
 */

/** So much time is one point of the curves of ratios and rates: a look may be two seconds, and a few requests. */
const POOLED_SECONDS = 10;
/** Below this, evidence says nothing that one has to see. */
const LEAST_EVIDENCE = 0.01;

/** @param {Detail} detail @returns {Panel[]} from top to bottom */
export function panels(detail) {
  const all = detail.course.points ?? [];
  // A point without looks is a write: only the weights are known of it.
  const points = pooled(all.filter((each) => each.looks), POOLED_SECONDS);
  const found = [weights(detail, all)];
  if (judges(detail, "errors") || points.some((each) => each.canary_bad !== null)) found.push(bad("errors", "Failed requests", points, "baseline_bad", "canary_bad"));
  if (points.some((each) => (each.canary_slow ?? null) !== null)) found.push(bad("slow", slowTitle(detail), points, "baseline_slow", "canary_slow"));
  found.push(requests(points));
  for (const figure of detail.evidence.figures) if (figure.over_time) found.push(evidence(figure));
  return found;
}

/** @param {Detail} detail @param {string} kind */
function judges(detail, kind) {
  return detail.spec.guards?.some((guard) => guard.kind === kind) ?? false;
}

/** @param {Detail} detail */
function slowTitle(detail) {
  const objective = detail.spec.guards?.find((guard) => guard.kind === "latency")?.objective_ms;
  return objective ? `Requests slower than ${number(objective)} ms` : "Slow requests";
}

/** @param {Detail} detail @param {Point[]} points @returns {Panel} */
function weights(detail, points) {
  const percents = (/** @type {number | null} */ share) => (share === null ? null : share * 100);
  const series = [
    { name: "configured", look: "configured", stairs: true, samples: pick(points, (each) => percents(each.configured)) },
    { name: "intended", look: "intended", stairs: true, samples: pick(points, (each) => each.intended) },
    { name: "observed", look: "observed", samples: pick(points, (each) => percents(each.observed)) },
  ];
  const most = Math.max(niceMost(greatest(series)), Math.min(100, niceMost(detail.weight)));
  return {
    id: "weight", title: `Share of ${detail.canary}`, hint: "what was asked for, what the cluster holds, what the requests did", height: 112,
    log: false, least: 0, most: Math.min(100, most), series, lines: [], format: (value) => (value === null ? "–" : `${number(value)} %`),
  }; // prettier-ignore
}

/**
 * @param {string} id
 * @param {string} title
 * @param {Point[]} points
 * @param {"baseline_bad" | "baseline_slow"} of
 * @param {"canary_bad" | "canary_slow"} against
 * @returns {Panel}
 */
function bad(id, title, points, of, against) {
  const series = [
    { name: "baseline", look: "baseline", samples: pick(points, (each) => each[of] ?? null) },
    { name: "canary", look: "canary", samples: pick(points, (each) => each[against] ?? null), band: chance(points, against) },
  ];
  const most = Math.min(1, niceMost(Math.max(0.01, greatest(series) * 1.15)));
  return {
    id, title, hint: "the band is what chance does with so few requests (95 %)", height: 96,
    log: false, least: 0, most, series, lines: [], format: percent,
  }; // prettier-ignore
}

/** @param {Point[]} points @param {"canary_bad" | "canary_slow"} name @returns {[number, number, number][]} */
function chance(points, name) {
  return points.map((point, index) => {
    const [ratio, since] = [point[name] ?? null, points[index - 1]?.at];
    if (ratio === null || point.canary_rate === null || since === undefined) return [point.at, NaN, NaN];
    return [point.at, ...interval(ratio, point.canary_rate * (point.at - since))];
  });
}

/** @param {Point[]} points @returns {Panel} */
function requests(points) {
  const series = [
    { name: "baseline", look: "baseline", samples: pick(points, (each) => each.baseline_rate) },
    { name: "canary", look: "canary", samples: pick(points, (each) => each.canary_rate) },
  ];
  return { id: "requests", title: "Requests per second", hint: "", height: 80, log: false, least: 0, most: niceMost(greatest(series)), series, lines: [], format: rate }; // prettier-ignore
}

/** @param {import("./types.js").Figure} figure @returns {Panel} */
function evidence(figure) {
  const bound = typeof figure.bound === "number" ? figure.bound : 100;
  const over = figure.over_time ?? [];
  const series = [
    { name: "no worse", look: "no-worse", samples: over.map((each) => /** @type {Sample} */ ([each.at, each.no_worse])) },
    { name: "harm", look: "harm", samples: over.map((each) => /** @type {Sample} */ ([each.at, each.harm])) },
  ];
  return {
    id: `evidence-${figure.name}`, title: `Evidence by ${figure.name}`, hint: "how many times better than chance it explains what was seen", height: 112,
    log: true, least: LEAST_EVIDENCE, most: bound * 30, series,
    lines: [{ value: bound, label: `bound ${eValue(bound)}`, look: "bound" }, { value: 1, label: "", look: "nothing" }], format: eValue,
  }; // prettier-ignore
}

/** @param {Point[]} points @param {(point: Point) => number | null} of @returns {Sample[]} */
function pick(points, of) {
  return points.map((point) => [point.at, of(point)]);
}

/** @param {{samples: Sample[]}[]} series */
function greatest(series) {
  return Math.max(0, ...series.flatMap(({ samples }) => samples.map(([, value]) => value ?? 0)));
}

/**
 * From when to when the axis goes.
 * @param {Detail} detail
 * @param {number} now seconds since the epoch, as of the last thing heard
 * @returns {[number, number]}
 */
export function extent(detail, now) {
  const points = detail.course.points ?? [];
  const started = detail.started_at ?? detail.created_at;
  const from = Math.min(Date.parse(started) / 1000, points[0]?.at ?? Infinity);
  const last = points.at(-1)?.at ?? from;
  const to = detail.finished_at ? Math.max(Date.parse(detail.finished_at) / 1000, last) : Math.max(now, last);
  return [from, Math.max(to, from + 60)];
}

/** @typedef {{at: number, look: "write" | "command" | import("../dom.js").Status, words: string}} Mark */

/** What happened, as marks on the axis; the oldest first. @param {readonly LogEntry[]} log @returns {Mark[]} */
export function marks(log) {
  const found = log.flatMap((entry) => {
    const look = lookOf(entry);
    return look ? [{ at: Date.parse(entry.at) / 1000, look, words: entry.by ? `${entry.words} (${entry.by})` : entry.words }] : [];
  });
  return found.sort((a, b) => a.at - b.at);
}

/** @param {LogEntry} entry @returns {Mark["look"] | null} */
function lookOf({ kind, code }) {
  if (kind === "write") return code === "done" || code === "found" ? "write" : null;
  if (kind === "command") return kind;
  if (kind !== "status") return null;
  if (code === "taking_back") return "failing";
  if (code === "running" || code === "planned") return null;
  return STATUS[/** @type {keyof typeof STATUS} */ (code)]?.level ?? null;
}

/**
 * When it stood still: from a status of paused or held to the next status.
 * @param {readonly LogEntry[]} log
 * @param {number} end
 * @returns {[number, number][]}
 */
export function standstills(log, end) {
  const statuses = log.filter(({ kind, code }) => kind === "status" && code in STATUS).map(({ at, code }) => ({ at: Date.parse(at) / 1000, code }));
  statuses.sort((a, b) => a.at - b.at);
  return statuses.flatMap(({ at, code }, index) => (code === "paused" || code === "held" ? [[at, statuses[index + 1]?.at ?? end]] : []));
}
