// An evidence card: every figure with its value, bound, samples and e-value, never only the first that failed.

import { el, status } from "../dom.js";
import { fullMoment, number, percent, quantity } from "../format.js";
import { svg } from "./svg.js";
import { eValue, logTime, progress, span, VERDICT } from "./words.js";

/** @import { Card, Figure, QueryBound } from "./types.js" */

/** @param {Card} card @param {number} seen seconds since the epoch: up to when it has seen anything @returns {HTMLElement[]} */
export function cardParts(card, seen = card.at) {
  const { level } = VERDICT[card.verdict];
  const facts = [
    `step ${card.step + 1}`, `weight ${card.weight} %`, card.confirmed_weight === null ? "" : `${card.confirmed_weight} % stood in the cluster`,
    `${span(card.seconds.value)} of ${span(card.seconds.bound)} under watch`,
    card.requests.bound ? `${number(card.requests.value)} of ${number(card.requests.bound)} requests` : `${quantity(card.requests.value, "")} requests`,
    card.share_verified ? "share verified" : "share not verified",
  ].filter(Boolean); // prettier-ignore
  const at = new Date(seen * 1000);
  const head = el("p", { class: "card-verdict" }, status(level, card.sentence));
  const line = el("p", { class: "muted small" }, "as of ", el("time", { title: fullMoment(at) }, logTime(at, new Date())), `: ${facts.join(" · ")}`);
  return [head, line, el("ul", { class: "guards" }, ...card.figures.map(guard))];
}

/** @param {Figure} figure */
function guard(figure) {
  const { level, word } = VERDICT[figure.verdict];
  const head = el("div", { class: "guard-head" }, el("h3", {}, figure.name), status(level, word));
  const sentence = el("p", {}, figure.sentence);
  const body = typeof figure.bound === "number" ? judged(figure, figure.bound) : queried(figure, figure.bound);
  return el("li", { class: `guard status-${level}` }, head, sentence, ...body, details(figure));
}

/** @param {Figure} figure @param {number} bound */
function judged(figure, bound) {
  const { samples } = figure;
  const ratios = rows([
    ["", "requests", "bad", "ratio"],
    ["canary", ...version(samples["canary"], samples["canary_bad"], figure.value)],
    ["baseline", ...version(samples["baseline"], samples["baseline_bad"], figure.baseline ?? null)],
  ]);
  const meters = el("div", { class: "e-values" }, evidence("harm", figure.e_value ?? 1, bound), evidence("no worse", figure.e_value_no_worse ?? 1, bound), enough(samples));
  return [el("div", { class: "guard-body" }, ratios, meters)];
}

/** @param {number | undefined} all @param {number | undefined} bad @param {number | null} ratio */
function version(all, bad, ratio) {
  return [quantity(all ?? 0, "").trim(), quantity(bad ?? 0, "").trim(), percent(ratio)];
}

/** @param {string[][]} cells the first row heads the columns, the first cell the rows */
function rows([head, ...body]) {
  const heads = el("tr", {}, ...(head ?? []).map((text, index) => el("th", { scope: "col", class: index ? "number" : null }, text)));
  const lines = body.map(([name, ...cells]) => el("tr", {}, el("th", { scope: "row" }, name), ...cells.map((text) => el("td", { class: "number" }, text))));
  return el("table", { class: "guard-table" }, el("thead", {}, heads), el("tbody", {}, ...lines));
}

/** The e-value on its way to the bound, on the scale on which evidence adds up. @param {string} name @param {number} value @param {number} bound */
function evidence(name, value, bound) {
  const words = el("span", { class: "number" }, el("b", {}, eValue(value)), ` of ${eValue(bound)}`);
  return meter(name, progress(value, bound) * 100, name === "harm" ? "harm" : "no-worse", words);
}

/** @param {string} name @param {number} part in percent @param {string} look @param {HTMLElement} words */
function meter(name, part, look, words) {
  const [track, bar] = [svg("rect", { class: "track", width: "100%", height: 8, rx: 2 }), svg("rect", { class: look, width: `${part}%`, height: 8, rx: 2 })];
  return el("div", { class: "e-value" }, el("span", { class: "muted" }, name), svg("svg", { class: "bars", "aria-hidden": "true" }, track, bar), words);
}

/** There is no "no worse" before so many requests. @param {Figure["samples"]} samples */
function enough({ canary = 0, needed = 0 }) {
  if (!needed || canary >= needed) return null;
  return meter("requests", (canary / needed) * 100, "observed", el("span", { class: "number" }, el("b", {}, quantity(canary, "").trim()), ` of ${needed}`));
}

/** @param {Figure} figure @param {QueryBound} bound */
function queried(figure, bound) {
  const within = [bound.least === null ? "" : `at least ${number(bound.least)}`, bound.most === null ? "" : `at most ${number(bound.most)}`].filter(Boolean).join(", ");
  const { looks, out_in_a_row: out } = figure.samples;
  const value = figure.value === null ? "none" : number(figure.value);
  return [facts([["value", value], ["bound", within], ["out of it", `${out ?? 0} of ${bound.looks} looks in a row`], ["looks", String(looks ?? 0)]])]; // prettier-ignore
}

/** @param {[string, string][]} pairs */
function facts(pairs) {
  return el("dl", { class: "guard-facts" }, ...pairs.map(([name, value]) => el("div", {}, el("dt", {}, name), el("dd", {}, value))));
}

/** What stands behind the verdict, for whoever asks. @param {Figure} figure */
function details(figure) {
  const judge = typeof figure.bound === "number";
  const pairs = judge
    ? [["margin", percent(figure.margin)], ["tolerated", percent(figure.tolerated)], ["highest e-value of harm", eValue(figure.highest_e_value)], ["p-value", number(figure.p_value ?? NaN)],
       ["looks", String(figure.samples["looks"] ?? 0)], ["requests needed for “no worse”", String(figure.samples["needed"] ?? 0)]]
    : []; // prettier-ignore
  const query = el("p", { class: judge ? "small" : "mono small" }, figure.query);
  return el("details", { class: "fold" }, el("summary", {}, judge ? "What is asked, and the rest of the figures" : "Query"), query, judge ? facts(/** @type {[string, string][]} */ (pairs)) : null);
}
