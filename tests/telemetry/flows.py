"""The samples summed up by who called whom, one by one: what telemetry.table does by columns has to come to
the same.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from cluster.access import Visible
from telemetry.quantiles import Histogram, merge
from telemetry.redaction import seen
from telemetry.reporting import Reporting, call_of, moves
from telemetry.samples import EdgeLabels, RequestRate, Samples, VolumeRate, code_of, is_error


class Flow(NamedTuple):
    """What one label set carries per second; `idle_seconds` is 0 where there is something.

    `codes`: requests by `200`, `grpc 14` (the status counts where there is one), or `-` for no response.
    `sent` goes the way of the call. `messages`: gRPC's, both ways; `connections`: TCP's, opened. `mtls`: the
    part (0-1) that the destination got over mutual TLS; None where no destination reports.
    """

    labels: EdgeLabels
    requests: float
    errors: float
    flags: Mapping[str, float]
    histogram: Histogram | None
    idle_seconds: float
    codes: Mapping[str, float] = {}
    sent_bytes: float = 0.0
    received_bytes: float = 0.0
    messages: float = 0.0
    connections: float = 0.0
    mtls: float | None = None


def flows(samples: Samples, reporting: Reporting | None = None) -> tuple[Flow, ...]:
    """The reports that count, one flow for each label set; idle ones included."""
    reporting = reporting or Reporting(samples)
    totals: dict[EdgeLabels, _Total] = defaultdict(_Total)
    for rate in samples.requests:
        if rate.requests_per_second > 0 and reporting.believes(rate.labels):
            totals[rate.labels].add(rate)
    for volume in samples.volumes:
        if moves(volume) and reporting.believes(volume.labels):
            totals[volume.labels].volumes.append(volume)
    for duration in samples.durations:
        if total := totals.get(duration.labels):
            edges, counts = zip(*duration.buckets, strict=True)
            total.histograms.append(Histogram(edges, counts))
    active = (total.flow(labels, _mtls(reporting, labels)) for labels, total in totals.items())
    idle = (
        Flow(each.labels, 0.0, 0.0, {}, None, each.idle_seconds)
        for each in samples.idle
        if each.labels not in totals and reporting.believes(each.labels)
    )
    return (*active, *idle)


def _mtls(reporting: Reporting, labels: EdgeLabels) -> float | None:
    """The part (0-1) of the call over mutual TLS, as its destination or a waypoint before it says."""
    call = reporting._register.calls.find(call_of(labels))
    if call is None or call >= len(reporting.secured) or math.isnan(reporting.secured[call]):
        return None
    return float(reporting.secured[call])


def redacted(flows: Iterable[Flow], visible: Visible) -> tuple[Flow, ...]:
    """The flows with an end in a visible namespace (None: all flows), without the names of other ends."""
    if visible is None:
        return tuple(flows)
    known: dict[EdgeLabels, EdgeLabels | None] = {}
    kept = []
    for flow in flows:
        if flow.labels not in known:
            known[flow.labels] = seen(flow.labels, visible)
        labels = known[flow.labels]
        if labels is not None:
            kept.append(flow._replace(labels=labels))
    return tuple(kept)


class _Total:
    def __init__(self) -> None:
        self.requests = 0.0
        self.errors = 0.0
        self.flags: dict[str, float] = {}
        self.codes: dict[str, float] = {}
        self.histograms: list[Histogram] = []
        self.volumes: list[VolumeRate] = []

    def add(self, rate: RequestRate) -> None:
        requests, code = rate.requests_per_second, code_of(rate.response_code, rate.grpc_response_status)
        self.requests += requests
        self.codes[code] = self.codes.get(code, 0.0) + requests
        if is_error(rate.response_code, rate.response_flags, rate.grpc_response_status):
            self.errors += requests
        for flag in filter(None, rate.response_flags.split(",")):
            self.flags[flag] = self.flags.get(flag, 0.0) + requests

    def flow(self, labels: EdgeLabels, mtls: float | None) -> Flow:
        return Flow(
            labels=labels,
            requests=self.requests,
            errors=self.errors,
            flags=self.flags,
            histogram=merge(self.histograms) if self.histograms else None,
            idle_seconds=0.0,
            codes=self.codes,
            sent_bytes=sum(each.sent_bytes for each in self.volumes),
            received_bytes=sum(each.received_bytes for each in self.volumes),
            messages=sum(each.sent_messages + each.received_messages for each in self.volumes),
            connections=sum(each.opened_connections for each in self.volumes),
            mtls=mtls,
        )
