// The menu that saves the graph as a picture or as data.

import { ApiError, get } from "../../api.js";
import { BASE } from "../../base.js";
import { byId, setText } from "../../dom.js";
import { GRAPH_TYPE_WORDS } from "../names.js";
import { colours, fontFamily } from "../theme.js";
import { fileName, pixels, save } from "./files.js";
import { footer } from "./footer.js";
import { svg } from "./svg.js";

/** @import { GraphModel } from "../model.js" */
/** @import { PageState } from "../types.js" */
/** @import { Drawn } from "./picture.js" */

/**
 * @typedef {object} World
 * @property {GraphModel} model
 * @property {() => PageState} state
 * @property {() => Drawn} drawn
 * @property {() => string} hidden how much is hidden, in words; "" for nothing
 * @property {() => Record<string, unknown>} view as it was subscribed to
 */

const CLUSTER = /^\/clusters\/([^/]+)\//.exec(BASE)?.[1] ?? "";

export class ExportMenu {
  #menu = byId("export", HTMLDetailsElement);
  #problem = byId("export-problem", HTMLElement);
  /** @type {World} */ #world;

  /** @param {World} world */
  constructor(world) {
    this.#world = world;
    this.#menu.addEventListener("click", (event) => {
      const button = event.target instanceof Element ? event.target.closest("button") : null;
      if (button) void this.#save(button.dataset.format ?? "");
    });
  }

  /** @param {string} format */
  async #save(format) {
    const { model, state } = this.#world;
    const moment = model.takenAt ? new Date(model.takenAt) : new Date();
    const name = fileName(CLUSTER || "default", state().ns, moment, format);
    setText(this.#problem, "");
    try {
      save(name, await this.#content(format));
      this.#menu.open = false;
    } catch (error) {
      // The server refused, or the browser could not draw it: both say why.
      if (!(error instanceof ApiError) && !(error instanceof Error)) throw error;
      setText(this.#problem, error.message);
    }
  }

  /** @param {string} format @returns {Promise<Blob>} */
  async #content(format) {
    if (format === "json") return new Blob([JSON.stringify(await this.#data(), null, 2)], { type: "application/json" });
    const text = this.#picture();
    return format === "png" ? pixels(text) : new Blob([text], { type: "image/svg+xml" });
  }

  #picture() {
    const { model, state, drawn, hidden } = this.#world;
    const { type, ns, find, hide } = state();
    return svg({
      ...drawn(),
      title: `Service graph: ${GRAPH_TYPE_WORDS[type]}`,
      footer: footer({ cluster: CLUSTER, namespaces: ns, takenAt: model.takenAt, source: model.source, find, hide, hidden: hidden(), address: location.href }),
      colours: colours(),
      font: fontFamily(),
    });
  }

  /** The view as GET graph answers it: also what is hidden or could not be drawn. */
  async #data() {
    const query = queryOf(this.#world.view());
    return { address: location.href, saved_at: new Date().toISOString(), request: `${location.origin}${BASE}api/v1/graph?${query}`, graph: await get(`graph?${query}`) };
  }
}

/** @param {Record<string, unknown>} view @returns {URLSearchParams} what is empty is left out */
function queryOf(view) {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(view)) {
    if (Array.isArray(value) ? value.length : value) query.set(name, String(value));
  }
  return query;
}
