"""What a source of metrics yields: rates by Istio's standard labels, the one shape that the graph is built
from.

Knows neither where the numbers come from (a proxy, Prometheus) nor what is drawn from them.
Labels: https://istio.io/latest/docs/reference/config/metrics/
"""

from typing import Literal, NamedTuple

import msgspec

from telemetry.shortfall import Shortfall

HIDDEN = "another namespace"
"""Stands in labels for the name of a namespace, and of what runs there, that the viewer may not see. No
Kubernetes name has a space in it.
"""


class EdgeLabels(NamedTuple):
    """The labels of Istio's standard metrics that tell who called whom; "" where Istio says "unknown"."""

    reporter: str = ""
    source_workload: str = ""
    source_workload_namespace: str = ""
    source_canonical_service: str = ""
    source_canonical_revision: str = ""
    destination_service: str = ""
    destination_service_name: str = ""
    destination_service_namespace: str = ""
    destination_workload: str = ""
    destination_workload_namespace: str = ""
    destination_canonical_service: str = ""
    destination_canonical_revision: str = ""
    request_protocol: str = ""
    source_cluster: str = ""
    destination_cluster: str = ""
    connection_security_policy: str = ""


class RequestRate(NamedTuple):
    """Requests per second of one combination of labels, response code and flags ("" where there are none)."""

    labels: EdgeLabels
    response_code: str
    response_flags: str
    requests_per_second: float
    grpc_response_status: str = ""


class RequestCount(NamedTuple):
    """Requests of one combination of labels and flags that were counted since the reading before.

    Every request stands in exactly one reading, whatever the window of the rates.
    """

    labels: EdgeLabels
    response_code: str
    response_flags: str
    requests: float
    grpc_response_status: str = ""


class TimeCount(NamedTuple):
    """Requests at or below each upper edge (milliseconds, ascending, the last one infinite) of a latency
    histogram, counted since the reading before; of those with the same flags.
    """

    labels: EdgeLabels
    response_flags: str
    edges: tuple[float, ...]
    counts: tuple[float, ...]


class DurationRate(NamedTuple):
    """A latency histogram as rates: `(upper edge in milliseconds, requests per second at or below it)`,
    ascending.
    """

    labels: EdgeLabels
    buckets: tuple[tuple[float, float], ...]


Measure = Literal[
    "sent_bytes",
    "received_bytes",
    "sent_messages",
    "received_messages",
    "opened_connections",
    "closed_connections",
]
"""The fields of VolumeRate besides the labels."""


class VolumeRate(NamedTuple):
    """What one combination of labels moves per second, besides requests. `sent` goes the way of the call,
    towards the destination; `received` comes back.

    Bytes are those of TCP connections, or of the bodies of requests and responses; messages are gRPC's.
    """

    labels: EdgeLabels
    sent_bytes: float = 0.0
    received_bytes: float = 0.0
    sent_messages: float = 0.0
    received_messages: float = 0.0
    opened_connections: float = 0.0
    closed_connections: float = 0.0


class Idle(NamedTuple):
    """Labels that carried requests earlier, and the seconds since the last one was seen."""

    labels: EdgeLabels
    idle_seconds: float


class Samples(msgspec.Struct, frozen=True):
    """One reading of the whole mesh.

    `taken_at` is in seconds since the epoch; `shortfall` tells what is missing (a proxy that did not answer).
    `measured` is False as long as nothing has been read twice: no requests then means that none are known.
    `counts` are of the time since `counted_from` (seconds since the epoch; None where a source counts none),
    and so are `times`, of the services of which somebody wants them.
    """

    taken_at: float
    window_seconds: float
    requests: tuple[RequestRate, ...] = ()
    durations: tuple[DurationRate, ...] = ()
    idle: tuple[Idle, ...] = ()
    shortfall: Shortfall = Shortfall()
    measured: bool = True
    counts: tuple[RequestCount, ...] = ()
    counted_from: float | None = None
    volumes: tuple[VolumeRate, ...] = ()
    times: tuple[TimeCount, ...] = ()


def is_error(response_code: str, response_flags: str, grpc_response_status: str) -> bool:
    """True where a request failed: 5xx, no response, a gRPC status other than 0, or an injected abort.

    Kiali's defaults count 5xx, no response and gRPC statuses as failures too, and hold 4xx against a service
    only from 10 % on. Here a 4xx, which mostly is the client's doing, is no error unless it was injected
    (flag FI).
    """
    if response_code in ("", "0") or response_code[0] == "5":
        return True
    if grpc_response_status not in ("", "0"):
        return True
    return "FI" in response_flags.split(",")


def code_of(response_code: str, grpc_response_status: str) -> str:
    """Under which code a request is summed up: `grpc N`, the HTTP code, or `-` where there was no response.

    Istio writes code 0 where the caller hung up before there was a response.
    """
    if grpc_response_status:
        return f"grpc {grpc_response_status}"
    return "-" if response_code in ("", "0") else response_code
