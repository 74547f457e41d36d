// The JSON of rollouts as the REST interface answers it (docs/rollouts.md), as types only: no code runs from this file.

/** @typedef {"planned" | "running" | "paused" | "held" | "promoted" | "rolled_back" | "aborted" | "gone"} RolloutStatus */
/** @typedef {"harm" | "no_worse" | "not_known"} Verdict */
/** `weight` in percent; `seconds` and `requests` are the least. @typedef {{weight: number, seconds: number, requests: number, pause: boolean}} Step */
/** @typedef {{verified: boolean, seconds: number, of_seconds: number, requests: number, of_requests: number}} Clock */
/** Why a rollout stands still, or what its step waits for. @typedef {{code: string, words: string}} Why */
/** A command, and why it is refused now; "" when it is not. @typedef {{name: string, refusal: string}} Command */

/**
 * @typedef {object} Summary
 * @property {number} id
 * @property {number} version grows with everything that can be seen
 * @property {string} namespace
 * @property {string} service
 * @property {string} baseline
 * @property {string} canary
 * @property {{kind: string, name?: string, value?: string}} strategy
 * @property {RolloutStatus} status
 * @property {Why | null} why
 * @property {number} step index; -1 before the first
 * @property {Step[]} steps
 * @property {number} weight intended, in percent
 * @property {number | null} configured_share 0 to 1
 * @property {number | null} observed_share 0 to 1
 * @property {boolean} mirror
 * @property {boolean} match
 * @property {Verdict} verdict
 * @property {string} sentence
 * @property {Clock} clock
 * @property {string} created_at
 * @property {string} created_by
 * @property {string | null} started_at
 * @property {string | null} finished_at
 * @property {string} note
 * @property {string | null} expected_end
 * @property {Command[]} commands
 * @property {boolean} needs_person
 */

/** A bound of a query: out of it at so many looks in a row is harm. @typedef {{least: number | null, most: number | null, looks: number}} QueryBound */

/**
 * @typedef {object} Figure
 * @property {string} name
 * @property {string} query
 * @property {number | null} value
 * @property {Verdict} verdict
 * @property {string} sentence
 * @property {Record<string, number>} samples
 * @property {number | QueryBound} bound 1/alpha of a judged guard
 * @property {number | null} [baseline]
 * @property {string} [unit]
 * @property {number} [margin]
 * @property {number} [tolerated]
 * @property {number} [e_value]
 * @property {number} [highest_e_value]
 * @property {number} [e_value_no_worse]
 * @property {number} [p_value]
 * @property {{at: number, requests: number, harm: number, no_worse: number}[]} [over_time]
 */

/**
 * @typedef {object} Card the evidence at a moment
 * @property {number} at seconds since the epoch
 * @property {string} status
 * @property {number} step
 * @property {number} weight
 * @property {number | null} confirmed_weight
 * @property {{value: number, bound: number}} seconds
 * @property {{value: number, bound: number}} requests
 * @property {boolean} share_verified
 * @property {string} why
 * @property {Verdict} verdict
 * @property {string} sentence
 * @property {Figure[]} figures
 */

/**
 * @typedef {object} Point of the course: `at` in seconds since the epoch, `intended` in percent, shares and ratios 0 to 1
 * @property {number} at
 * @property {number} looks 0 for a write, of which only the weights are known
 * @property {number | null} intended
 * @property {number | null} configured
 * @property {number | null} observed
 * @property {number | null} baseline_rate
 * @property {number | null} canary_rate
 * @property {number | null} baseline_bad
 * @property {number | null} canary_bad
 * @property {number | null} [baseline_slow] where latency is judged
 * @property {number | null} [canary_slow]
 */

/** @typedef {{at: string, kind: string, code: string, words: string, by: string, change: number | null}} LogEntry */
/** @typedef {{id: number, at: string | number, words: string, status: string, step: number}} CardLine */
/** @typedef {import("../routing/verdict.js").Verification} Verification */

/**
 * @typedef {Summary & {
 *   spec: {interval_seconds?: number, guards?: {kind: string, name?: string, objective_ms?: number}[], alpha?: number, on_harm?: string},
 *   evidence: Card, share: Partial<Verification>,
 *   course: {every?: number, until?: number | null, points?: Point[]}, log: LogEntry[], cards: CardLine[]}} Detail
 */

export {};
