// The figures' words, as types only: no code runs from this file.

/**
 * The answer of `GET figures`; each list has one entry for each entry of `t`.
 * @typedef {object} FigureColumns
 * @property {string} id
 * @property {string} since ISO
 * @property {string} until ISO
 * @property {number} step_seconds
 * @property {number[]} t seconds since the epoch
 * @property {Record<string, number[]>} codes requests per second by response code
 * @property {number[]} errors per second
 * @property {(number | null)[]} p50 milliseconds
 * @property {(number | null)[]} p95 milliseconds
 * @property {(number | null)[]} p99 milliseconds
 * @property {{edges_ms: (number | null)[], per_second: number[][]}} heat requests per second by upper edge of a bucket
 * @property {number[]} sent_bytes per second
 * @property {number[]} received_bytes per second
 */

export {};
