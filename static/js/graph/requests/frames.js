// What comes over the socket of requests, as types only: docs/websocket.md.

/**
 * @typedef {object} Side
 * @property {"workload" | "hidden" | "forwarded" | "unknown"} kind
 * @property {string} namespace
 * @property {string} workload
 * @property {string} app
 * @property {string} version
 */

/**
 * @typedef {object} Request
 * @property {string} at ISO 8601
 * @property {"in" | "out"} direction
 * @property {string} method
 * @property {string} path masked
 * @property {string} protocol
 * @property {number} code 0: no answer was sent
 * @property {string[]} flags Envoy's
 * @property {number | null} duration_ms
 * @property {string} authority
 * @property {string} agent the sort of client
 * @property {string} service
 * @property {Side} caller
 * @property {Side} target
 */

/**
 * @typedef {object} RequestsFrame
 * @property {"requests"} type
 * @property {"opening" | "following" | "refused" | "nothing" | "full" | "away"} state
 * @property {string} message in plain words, or ""
 * @property {"node" | "caller" | "target"} side whose proxies tell of it
 * @property {number} followed logs that are open
 * @property {number} pods that could tell
 * @property {Request[]} rows
 * @property {number} left_out since the frame before
 * @property {number} per_second
 * @property {number} requests lines so far, all sorts of requests
 * @property {number} connections lines so far about TCP connections
 * @property {number} unread lines so far that are none of the access log's
 */

export {};
