// What acts on traffic beside the mesh's own choice: faults and splits, as short badges for the graph. Pure.

/** @import { Service } from "../shapes.js" */
/** @import { GraphNode } from "./types.js" */

/** @typedef {{kind: "fault" | "split", text: string}} Badge */

/** @param {Service[]} services @returns {Map<string, Badge[]>} by "namespace/service" */
export function badgesByService(services) {
  return new Map(services.map((service) => [`${service.namespace}/${service.name}`, badgesOf(service)]));
}

/**
 * @param {Map<string, Badge[]>} badges
 * @param {GraphNode[]} nodes that share a box, or one alone
 * @returns {Badge[]}
 */
export function badgesFor(badges, nodes) {
  const keys = new Set(nodes.filter((node) => node.service).map((node) => `${node.namespace}/${node.service}`));
  return [...keys].flatMap((key) => badges.get(key) ?? []);
}

/** @param {Service} service @returns {Badge[]} */
function badgesOf({ faults, versions }) {
  const kinds = [...new Set(faults.map((fault) => fault.kind))].sort();
  const weights = versions.filter((version) => version.weight !== null && version.weight > 0);
  const split = weights.map((version) => version.weight).join("/");
  return [
    ...kinds.map((kind) => /** @type {Badge} */ ({ kind: "fault", text: kind })),
    ...(weights.length > 1 ? [/** @type {Badge} */ ({ kind: "split", text: split })] : []),
  ];
}
