// What stands on the edges: one number, or two. Pure.

import { bytesPerSecond, duration, percent, quantity, rate, share } from "../format.js";

/** @import { EdgeLabel, GraphEdge } from "./types.js" */

/** @type {Record<EdgeLabel, (edge: GraphEdge) => string>} */
const LABELS = {
  requests: (edge) => (edge.protocol === "tcp" && !edge.requests_per_second ? bytes(edge) : rate(edge.requests_per_second)),
  share: (edge) => share(edge.share),
  errors: (edge) => (edge.protocol === "tcp" ? "" : percent(edge.error_ratio)),
  p50: (edge) => duration(edge.latency_ms.p50),
  p95: (edge) => duration(edge.latency_ms.p95),
  p99: (edge) => duration(edge.latency_ms.p99),
  throughput: bytes,
  connections: (edge) => some(edge.connections_per_second, "conn/s"),
  messages: (edge) => some(edge.messages_per_second, "msg/s"),
  mtls: (edge) => (edge.mtls === null || edge.mtls === undefined ? "" : `${percent(edge.mtls)} mTLS`),
  none: () => "",
};

/**
 * @param {EdgeLabel[]} labels
 * @returns {(edge: GraphEdge) => string} each once; "" for what is unknown: a dash on a line reads as a minus
 */
export function labelOf(labels) {
  const wanted = [...new Set(labels)];
  return (edge) => edge.difference?.label ?? [...new Set(wanted.map((label) => LABELS[label](edge).replace(/^–$/, "")))].filter(Boolean).join(" · ");
}

/** @param {GraphEdge} edge both ways together */
function bytes(edge) {
  const both = (edge.sent_bytes_per_second ?? NaN) + (edge.received_bytes_per_second ?? NaN);
  return Number.isNaN(both) ? "" : bytesPerSecond(both);
}

/** Of edges of other protocols there is nothing to say. @param {number | undefined} value @param {string} unit */
function some(value, unit) {
  return value ? quantity(value, unit) : "";
}
