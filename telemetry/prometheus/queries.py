"""What is asked in one tick: always the same number of queries, however large the mesh, whoever watches.

Pure. Metrics and labels are Istio's standard ones: https://istio.io/latest/docs/reference/config/metrics/
docs/prometheus.md shows the queries to those who run the Prometheus.
"""

from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from telemetry.prometheus import promql
from telemetry.prometheus.promql import Expr, Matcher
from telemetry.samples import EdgeLabels

REQUESTS: Final = "istio_requests_total"
DURATIONS: Final = "istio_request_duration_milliseconds_bucket"
CODES: Final = ("response_code", "response_flags", "grpc_response_status")
UNKNOWN: Final = frozenset(("unknown", "-"))
"""What Istio writes where there is nothing to tell."""
MEASURE: Final = "meshui_measure"
"""The label that tells apart what one query returns of several counters: a field of VolumeRate."""

QUANTILES: Final = {"p50": 0.5, "p95": 0.95, "p99": 0.99}

# Istio counts from the server's point of view: what it sent goes back to the caller.
CONNECTIONS: Final = {
    "sent_bytes": "istio_tcp_received_bytes_total",
    "received_bytes": "istio_tcp_sent_bytes_total",
    "opened_connections": "istio_tcp_connections_opened_total",
    "closed_connections": "istio_tcp_connections_closed_total",
}
BODIES: Final = {
    "sent_bytes": "istio_request_bytes_sum",
    "received_bytes": "istio_response_bytes_sum",
    "sent_messages": "istio_request_messages_total",
    "received_messages": "istio_response_messages_total",
}
TCP: Final = CONNECTIONS["received_bytes"]


class Query(NamedTuple):
    """A question; of those with the same subject the answers are joined."""

    subject: str
    text: str


def of_tick(
    window_seconds: float,
    scope: tuple[Matcher, ...] = (),
    shards: Iterable[tuple[Matcher, ...]] = ((),),
) -> tuple[Query, ...]:
    """Everything that is asked at once: 7 queries for each shard.

    `scope` narrows all of them to one mesh or cluster of several that the server knows.
    """
    found: list[Query] = []
    for shard in shards:
        matchers = (*scope, *shard)
        found += (
            Query("requests", str(requests(window_seconds, matchers))),
            *(
                Query(name, str(quantile(ratio, window_seconds, matchers)))
                for name, ratio in QUANTILES.items()
            ),
            Query("connections", str(_volumes(CONNECTIONS, window_seconds, matchers))),
            Query("bodies", str(_volumes(BODIES, window_seconds, matchers))),
            Query("newest", str(_newest(matchers))),
        )
    return tuple(found)


def requests(window_seconds: float, matchers: tuple[Matcher, ...]) -> Expr:
    """Requests per second of each label set, code, flags and gRPC status, where there are any.

    Compared before they are summed: a series that is NaN would make the whole sum NaN.
    """
    each = promql.rate(promql.over(promql.metric(REQUESTS, *matchers), window_seconds))
    return promql.sum_by((*EdgeLabels._fields, *CODES), promql.compared(each, ">", 0))


def quantile(ratio: float, window_seconds: float, matchers: tuple[Matcher, ...]) -> Expr:
    """The latency (milliseconds) below which `ratio` (0-1) of the requests of each label set lie.

    Buckets of 0 must stay, or those above them would begin at 0; only NaN goes. Without an observation there
    is no quantile, and it is left out.
    """
    each = promql.rate(promql.over(promql.metric(DURATIONS, *matchers), window_seconds))
    buckets = promql.sum_by((*EdgeLabels._fields, "le"), promql.compared(each, ">=", 0))
    return promql.compared(promql.histogram_quantile(ratio, buckets), ">=", 0)


def _volumes(counters: Mapping[str, str], window_seconds: float, matchers: tuple[Matcher, ...]) -> Expr:
    """Several counters, each per second and marked with what it measures."""
    return promql.union(
        promql.labelled(_volume(name, window_seconds, matchers), MEASURE, measure)
        for measure, name in counters.items()
    )


def _volume(name: str, window_seconds: float, matchers: tuple[Matcher, ...]) -> Expr:
    each = promql.rate(promql.over(promql.metric(name, *matchers), window_seconds))
    return promql.sum_by(EdgeLabels._fields, promql.compared(each, ">", 0))


def _newest(matchers: tuple[Matcher, ...]) -> Expr:
    """When the newest samples of any proxy were taken, in seconds since the epoch."""
    return promql.union(
        promql.labelled(promql.highest(promql.timestamp(promql.metric(name, *matchers))), MEASURE, name)
        for name in (REQUESTS, TCP)
    )
