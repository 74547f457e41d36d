// The panel's part about the routing in force: asks the REST interface, says it in its sentence, and links to the forms.
// Knows no rules: what is in force, and in which words, is the server's business.

import { ApiError, get } from "../api.js";
import { BASE } from "../base.js";
import { byId, el, find, icon, setText } from "../dom.js";
import { number } from "../format.js";
import { STATUS } from "../rollouts/words.js";

/** @import { Summary } from "../rollouts/types.js" */
/** @import { Fault, Service } from "../shapes.js" */

/** A change made elsewhere shows within this time. */
const ASK_EVERY_MS = 5_000;
/** What takes longer does not come any more. */
const LONGEST_MS = 30_000;

export class RoutingInForce {
  #root = byId("panel-routing", HTMLElement);
  #key = "";
  #timer = 0;
  /** @type {AbortController | null} */ #asking = null;
  /** By "namespace/name"; nothing is asked about a service that is not here. @type {Map<string, Service>} */ #known = new Map();
  #wished = "";

  /** @param {Service[]} services all that there are */
  know(services) {
    this.#known = new Map(services.map((service) => [`${service.namespace}/${service.name}`, service]));
    this.#follow();
  }

  /** @param {string} namespace @param {string} service "" when the selection leads to no service */
  show(namespace, service) {
    this.#wished = namespace && service ? `${namespace}/${service}` : "";
    this.#follow();
  }

  #follow() {
    const service = this.#known.get(this.#wished);
    const key = service ? this.#wished : "";
    if (key === this.#key) return;
    this.#key = key;
    this.#root.hidden = true;
    this.#stop();
    if (!service) return;
    byId("routing-split", HTMLAnchorElement).href = `${BASE}routing/${path(service)}/`;
    byId("routing-fault", HTMLAnchorElement).href = `${BASE}routing/${path(service)}/#fault`;
    this.#rollout(service, null);
    this.#draw(service);
    void this.#ask(service);
    // An answer that takes longer is waited for: asked anew each time, it would never come.
    this.#timer = window.setInterval(() => document.hidden || this.#asking || void this.#ask(service), ASK_EVERY_MS);
  }

  #stop() {
    window.clearInterval(this.#timer);
    this.#asking?.abort();
    this.#asking = null;
  }

  /** @param {Service} service */
  async #ask(service) {
    const asking = new AbortController();
    this.#asking = asking;
    const limit = window.setTimeout(() => asking.abort(), LONGEST_MS);
    try {
      const rollout = this.#askRollout(service, asking.signal);
      this.#draw(/** @type {Service} */ (await get(`services/${path(service)}`, asking.signal)));
      await rollout;
    } catch (error) {
      if (asking.signal.aborted) return;
      if (!(error instanceof ApiError)) throw error;
      this.#refused(error);
    } finally {
      window.clearTimeout(limit);
      if (this.#asking === asking) this.#asking = null;
    }
  }

  /** @param {Service} service @param {AbortSignal} signal */
  async #askRollout(service, signal) {
    const query = new URLSearchParams({ namespace: service.namespace, service: service.name, active: "1" });
    try {
      const { rollouts } = /** @type {{rollouts: Summary[]}} */ (await get(`rollouts?${query}`, signal));
      this.#rollout(service, rollouts[0] ?? null);
    } catch (error) {
      // The link stays as it is: the page that it leads to says what is wrong.
      if (!signal.aborted && !(error instanceof ApiError)) throw error;
    }
  }

  /** Leads to the one that is under way; without one, to the page that starts one. @param {Service} service @param {Summary | null} rollout */
  #rollout({ namespace, name }, rollout) {
    const link = byId("routing-rollout", HTMLAnchorElement);
    const started = `new/?${new URLSearchParams({ namespace, service: name })}`;
    link.href = `${BASE}rollouts/${rollout ? `${rollout.id}/` : started}`;
    const words = rollout ? `Rollout #${rollout.id}: ${STATUS[rollout.status].word.toLowerCase()}, ${rollout.weight} %` : "Start rollout";
    setText(find(link, "span", HTMLElement), words);
  }

  /** @param {ApiError} error */
  #refused(error) {
    // The service has been deleted: there is nothing to route any more.
    if (error.status === 404) {
      this.#stop();
      this.#root.hidden = true;
      return;
    }
    this.#root.hidden = false;
    setText(byId("routing-sentence", HTMLElement), `Not known now. ${error.message}`);
  }

  /** @param {Service} service */
  #draw(service) {
    this.#root.hidden = false;
    setText(byId("routing-sentence", HTMLElement), sentence(service));
    const list = byId("routing-faults", HTMLElement);
    list.replaceChildren(...service.faults.map((fault) => el("li", { class: "badge status-degraded" }, icon("fault"), faultWords(fault))));
    list.hidden = service.faults.length === 0;
  }
}

/** @param {Service} service */
function path({ namespace, name }) {
  return `${encodeURIComponent(namespace)}/${encodeURIComponent(name)}`;
}

/** @param {Service} service */
function sentence({ routing }) {
  const last = routing.editable || !routing.reason ? "" : ` ${routing.reason}`;
  return `${routing.sentence}${last}`;
}

/** @param {Fault} fault @returns {string} "Delay of 2s for 50 % of the requests with end-user: jason" */
export function faultWords(fault) {
  const what = fault.kind === "delay" ? `Delay of ${fault.fixed_delay}` : `Abort with ${fault.http_status ?? fault.grpc_status}`;
  const whose = fault.whom === "everyone" ? "requests" : fault.whom;
  return `${what} for ${number(fault.percentage)} % of the ${whose}`;
}
