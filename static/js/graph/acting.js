// What acts on services and workloads beside the mesh's own choice, as the routing endpoint tells it (GET badges),
// joined to the nodes of the graph. Pure.

/** @import { GraphNode } from "./types.js" */

/** @typedef {"split" | "fault" | "mirror" | "timeout" | "retries" | "breaker" | "no_mtls" | "no_proxy"} BadgeKind */
/**
 * @typedef {object} Badge
 * @property {string} namespace
 * @property {string} service "" for what is about a workload
 * @property {string} workload "" for what is about a service
 * @property {string} app of the workload
 * @property {string} version of the workload
 * @property {BadgeKind} kind
 * @property {string} short a word or number to stand beside the icon, or ""
 * @property {string} text the whole, in words
 */

/** Each kind in a word, and the icon that stands for it, in the order in which they are shown. */
export const KINDS = Object.freeze({
  fault: { word: "Fault", icon: "fault" },
  no_proxy: { word: "No proxy", icon: "no-proxy" },
  no_mtls: { word: "No mutual TLS", icon: "unlock" },
  split: { word: "Split", icon: "routing" },
  mirror: { word: "Mirror", icon: "mirror" },
  breaker: { word: "Circuit breaker", icon: "breaker" },
  timeout: { word: "Timeout", icon: "busy" },
  retries: { word: "Retries", icon: "retry" },
});
const ORDER = Object.keys(KINDS);

export class Acting {
  /** @type {Map<string, Badge[]>} by "namespace/service" */ #services = new Map();
  /** @type {Map<string, Badge[]>} by "namespace/workload" */ #workloads = new Map();
  /** @type {Map<string, Badge[]>} by "namespace/app" */ #apps = new Map();

  /** @param {Badge[]} badges all that there are */
  know(badges) {
    const shown = badges.filter(({ kind }) => kind in KINDS);
    this.#services = grouped(shown.filter(({ service }) => service), (badge) => badge.service);
    const workloads = shown.filter(({ workload }) => workload);
    this.#workloads = grouped(workloads, (badge) => badge.workload);
    this.#apps = grouped(workloads, (badge) => badge.app);
  }

  /** @param {Iterable<GraphNode>} nodes that share a box @returns {Badge[]} on the services that they are of */
  onServices(nodes) {
    const keys = new Set([...nodes].filter((node) => node.service).map((node) => `${node.namespace}/${node.service}`));
    return inOrder([...keys].flatMap((key) => this.#services.get(key) ?? []));
  }

  /** @param {GraphNode} node @returns {Badge[]} on the workload that it is, or on those of the app or version */
  onWorkload(node) {
    if (node.kind === "service") return [];
    if (node.workload) return inOrder(this.#workloads.get(`${node.namespace}/${node.workload}`) ?? []);
    const ofApp = this.#apps.get(`${node.namespace}/${node.app}`) ?? [];
    return inOrder(ofApp.filter((badge) => !node.version || badge.version === node.version));
  }

  /** @param {GraphNode} node @returns {Badge[]} all that acts there */
  on(node) {
    return inOrder([...this.onServices([node]), ...this.onWorkload(node)]);
  }

  /** @param {GraphNode} node @returns {Set<string>} the kinds of what acts there */
  kinds(node) {
    return new Set(this.on(node).map((badge) => badge.kind));
  }
}

/** @param {Badge[]} badges @param {(badge: Badge) => string} name */
function grouped(badges, name) {
  /** @type {Map<string, Badge[]>} */
  const groups = new Map();
  for (const badge of badges) {
    const key = `${badge.namespace}/${name(badge)}`;
    groups.set(key, [...(groups.get(key) ?? []), badge]);
  }
  return groups;
}

/** @param {Badge[]} badges @returns {Badge[]} one of each kind, with all its words; what is wrong first */
function inOrder(badges) {
  /** @type {Map<string, Badge>} */
  const kinds = new Map();
  for (const badge of badges) {
    const before = kinds.get(badge.kind);
    kinds.set(badge.kind, before ? { ...before, short: before.short || badge.short, text: `${before.text}; ${badge.text}` } : badge);
  }
  return [...kinds.values()].sort((a, b) => ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind));
}
