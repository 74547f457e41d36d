// Links to Grafana and tracing: the configured addresses with the labels of a node or an edge filled in. Pure.

/** @import { GraphNode } from "../types.js" */

/** A configured link. @typedef {{name: string, title: string, template: string}} Template */
/** @typedef {{name: string, title: string, href: string}} Link */
/** @typedef {Record<string, string>} Labels */

const TITLES = Object.freeze({ grafana: "Grafana", tracing: "Tracing" });
/** A version may be missing; a link that lacks another label leads to something else. */
const MAY_LACK = "version";

/** @param {Record<string, string> | undefined} templates by name, "" for what is not configured @returns {Template[]} */
export function configured(templates) {
  return Object.entries(TITLES).flatMap(([name, title]) => (templates?.[name] ? [{ name, title, template: templates[name] }] : []));
}

/**
 * @param {GraphNode | undefined} node
 * @param {{from: number, to: number}} stretch milliseconds since the epoch
 * @returns {Labels} every name that a template may use; what is not known is empty
 */
export function labelsOf(node, { from, to }) {
  return {
    namespace: node?.namespace ?? "",
    workload: node?.workload ?? "",
    app: node?.app ?? "",
    version: node?.version ?? "",
    service: node?.service ?? "",
    cluster: node?.cluster ?? "",
    from: String(Math.round(from)),
    to: String(Math.round(to)),
  };
}

/** @param {Labels} labels of the destination @param {GraphNode | undefined} source @returns {Labels} those of a call */
export function withSource(labels, source) {
  return { ...labels, source_namespace: source?.namespace ?? "", source_workload: source?.workload ?? "", source_app: source?.app ?? "", source_service: source?.service ?? "" };
}

/**
 * @param {Template} link
 * @param {Labels} labels
 * @returns {Link | null} null: it names a label that is not known here, or is no web address
 */
export function filled({ name, title, template }, labels) {
  let whole = true;
  const href = template.replace(/\{(\w+)\}/g, (_, label) => {
    const value = labels[label] ?? "";
    if (!value && label !== MAY_LACK) whole = false;
    return encodeURIComponent(value);
  });
  return whole && /^https?:\/\//.test(href) ? { name, title, href } : null;
}

/** @param {string} graphType @param {string} id @param {string} range "15m", or two moments @returns {string} the query of the Figures page */
export function figuresQuery(graphType, id, range) {
  const query = new URLSearchParams({ type: graphType, id });
  if (range) query.set("range", range);
  return `?${query}`;
}
