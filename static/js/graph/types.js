// The words of the socket and of this page, as types only: no code runs from this file.

/** @typedef {"ok" | "degraded" | "failing" | "idle"} Health */
/** @typedef {"versioned_app" | "app" | "workload" | "service"} GraphType */
/**
 * @typedef {"requests" | "share" | "errors" | "p50" | "p95" | "p99" | "throughput" | "connections" | "messages"
 *   | "mtls" | "none"} EdgeLabel
 */
/** @typedef {"graph" | "table"} View */

/** @typedef {import("../shapes.js").Source} Source */

/**
 * @typedef {object} GraphNode
 * @property {string} id
 * @property {"app" | "workload" | "service" | "namespace" | "unknown" | "hidden"} kind namespace: folded; hidden: all
 *   that the person may not see
 * @property {string} namespace
 * @property {string} app
 * @property {string} version
 * @property {string} workload
 * @property {string} service
 * @property {number} requests_per_second
 * @property {number} error_ratio 0 to 1
 * @property {Health} health
 * @property {string} cluster "" in a mesh of one cluster
 * @property {number} members how many nodes a folded namespace stands for; 0 for others
 * @property {number} bytes_per_second both ways together
 * @property {Latency} latency_ms
 * @property {import("./time/differences.js").Difference} [difference] while two moments are compared
 */

/** @typedef {{p50: number | null, p95: number | null, p99: number | null}} Latency in milliseconds */

/**
 * @typedef {object} GraphEdge
 * @property {string} id
 * @property {string} source
 * @property {string} target
 * @property {string} protocol
 * @property {number} requests_per_second
 * @property {number} error_ratio 0 to 1
 * @property {Latency} latency_ms
 * @property {number | null} share 0 to 1, of the source's requests to that service
 * @property {Record<string, number>} response_flags requests per second by Envoy's response flag
 * @property {Health} health
 * @property {number} sent_bytes_per_second the way of the call
 * @property {number} received_bytes_per_second the way back
 * @property {number} messages_per_second gRPC's, both ways
 * @property {number} connections_per_second TCP's, opened
 * @property {number | null} mtls 0 to 1: the part over mutual TLS; null where no destination reports
 * @property {import("./time/differences.js").Difference} [difference] while two moments are compared
 */

/** @typedef {{nodes: number, edges: number}} LeftOut how many of each the server did not send */

/**
 * @typedef {object} FullFrame
 * @property {"full"} type
 * @property {string} notice what the person has to know about his rights, or ""
 * @property {number} seq
 * @property {string} taken_at
 * @property {GraphType} graph_type
 * @property {string[]} namespaces
 * @property {Source} source
 * @property {number} tick_seconds
 * @property {GraphNode[]} nodes
 * @property {GraphEdge[]} edges
 * @property {string[]} [folded] namespaces that are one node each now
 * @property {LeftOut} [left_out]
 */

/**
 * @typedef {object} DeltaFrame
 * @property {"delta"} type
 * @property {number} seq
 * @property {number} base
 * @property {string} taken_at
 * @property {Source} source
 * @property {{set: GraphNode[], remove: string[]}} nodes
 * @property {{set: GraphEdge[], remove: string[]}} edges
 * @property {string[]} [folded] only when it changed, as left_out
 * @property {LeftOut} [left_out]
 */

/** @typedef {{type: "status", notice: string, source: Source}} StatusFrame */
/** @typedef {{type: "error", message: string}} ErrorFrame */

/**
 * @typedef {object} Columns
 * @property {number[]} t seconds since the epoch
 * @property {number[]} requests per second
 * @property {number[]} errors per second
 * @property {(number | null)[]} p50 milliseconds
 * @property {(number | null)[]} p95 milliseconds
 * @property {(number | null)[]} p99 milliseconds
 */

/** @typedef {{type: "series", id: string, reset: boolean, step_seconds?: number} & Columns} SeriesFrame */
/** @typedef {FullFrame | DeltaFrame | StatusFrame | ErrorFrame | SeriesFrame} Frame */

/**
 * What the address of the page says.
 * @typedef {object} PageState
 * @property {GraphType} type
 * @property {string[]} ns empty: every namespace
 * @property {string} select id of a node or an edge, or ""
 * @property {EdgeLabel} label
 * @property {EdgeLabel} label2 a second one beside it
 * @property {string} find expression; what it selects is lit
 * @property {string} hide expression; what it selects is not drawn
 * @property {View | ""} view "" leaves the choice to the width of the window
 * @property {string} at ISO moment that is shown; "": live
 * @property {string} vs ISO moment to compare it with, or ""
 * @property {number} speed of the replay, or 0
 * @property {string[]} fold namespaces that the person folded by hand
 * @property {string[]} unfold namespaces that the person unfolded by hand
 * @property {string} focus id of the node whose neighbourhood is shown, or ""
 * @property {number} depth how many steps of it, from 1
 * @property {boolean} idle whether what has no traffic is shown too
 */

export {};
