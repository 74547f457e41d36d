// The words of the overview's frames, as types only: no code runs from this file.

/** @import { Health, Latency, Source } from "../graph/types.js" */

/**
 * @typedef {object} ServiceRow
 * @property {string} id of its node in the graph of services
 * @property {string} namespace
 * @property {string} service
 * @property {string} cluster "" in a mesh of one cluster
 * @property {number} requests_per_second
 * @property {number} error_ratio 0 to 1
 * @property {Latency} latency_ms
 * @property {number} bytes_per_second
 * @property {Health} health
 */

/**
 * @typedef {object} NamespaceRow
 * @property {string} namespace
 * @property {number} requests_per_second
 * @property {number} error_ratio 0 to 1
 * @property {number | null} p95_ms of its slowest service
 * @property {number} bytes_per_second
 * @property {Health} health
 * @property {Partial<Record<Health, number>>} services how many of each health
 */

/** @typedef {{requests: (number | null)[], error_ratios: (number | null)[]}} Spark */

/**
 * @typedef {object} OverviewFrame
 * @property {"overview"} type
 * @property {string} notice
 * @property {number} seq
 * @property {string} taken_at
 * @property {number} tick_seconds
 * @property {Source} source
 * @property {NamespaceRow[]} namespaces the worst first
 * @property {ServiceRow[]} services the worst first
 * @property {number} left_out how many more services there are
 * @property {{services: Record<string, Spark>, namespaces: Record<string, Spark>} | null} sparks null: as they were
 */

export {};
