// The ways on from a node or an edge: all its figures, Grafana, tracing. Only those that are configured and fit.

import { BASE } from "../../base.js";
import { el } from "../../dom.js";
import { iso } from "../time/moments.js";
import { figuresQuery, filled, labelsOf, withSource } from "./links.js";

/** @import { GraphModel } from "../model.js" */
/** @import { GraphType } from "../types.js" */
/** @import { Template } from "./links.js" */

/** What a link shows around a moment, and up to now. */
const STRETCH_MS = 15 * 60_000;

export class Ways {
  /** @type {HTMLElement} */ #root;
  /** @type {GraphModel} */ #model;
  /** @type {Template[]} */ #links;
  #drawn = "";

  /** @param {HTMLElement} root @param {GraphModel} model @param {Template[]} links */
  constructor(root, model, links) {
    this.#root = root;
    this.#model = model;
    this.#links = links;
  }

  /** @param {string} id of a node or an edge, or "" @param {GraphType} type @param {number | null} at null: live @param {number} now */
  show(id, type, at, now) {
    const edge = this.#model.edges.get(id);
    const node = this.#model.nodes.get(edge?.target ?? id);
    this.#root.hidden = id === "" || node?.kind === "hidden" || node?.kind === "namespace";
    // Live links move on by the minute: a link that changes under the pointer each second cannot be copied.
    const end = at === null ? Math.ceil(now / 60_000) * 60_000 : at + STRETCH_MS / 3;
    const stretch = { from: end - STRETCH_MS, to: end };
    const key = `${id} ${type} ${end} ${at === null} ${node?.workload ?? ""}`;
    if (this.#root.hidden || key === this.#drawn) return;
    this.#drawn = key;
    const labels = labelsOf(node, stretch);
    const all = edge ? withSource(labels, this.#model.nodes.get(edge.source)) : labels;
    const range = at === null ? "15m" : `${iso(stretch.from)}~${iso(Math.min(stretch.to, now))}`;
    const figures = el("a", { class: "button button-small", id: "all-figures", href: `${BASE}figures/${figuresQuery(type, id, range)}` }, "All figures");
    this.#root.replaceChildren(figures, ...linksTo(this.#links, all));
  }
}

/** @param {Template[]} links @param {Record<string, string>} labels @returns {HTMLAnchorElement[]} */
export function linksTo(links, labels) {
  return links.flatMap((link) => {
    const found = filled(link, labels);
    if (!found) return [];
    return [el("a", { class: "button button-small", href: found.href, target: "_blank", rel: "noopener noreferrer", "data-link": found.name }, `${found.title} ↗`)];
  });
}
