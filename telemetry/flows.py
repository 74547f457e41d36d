"""The samples summed up by who called whom: what all graph types have in common. Pure."""

from collections import defaultdict
from collections.abc import Mapping
from typing import NamedTuple

from telemetry.quantiles import Histogram, merge
from telemetry.samples import EdgeLabels, Samples, is_counted, is_error


class Flow(NamedTuple):
    """The requests of one label set, per second; `idle_seconds` is 0 where there are some."""

    labels: EdgeLabels
    requests: float
    errors: float
    flags: Mapping[str, float]
    histogram: Histogram | None
    idle_seconds: float


def flows(samples: Samples) -> tuple[Flow, ...]:
    """The reports that count, one flow for each label set; idle ones included."""
    totals: dict[EdgeLabels, _Total] = defaultdict(_Total)
    for rate in samples.requests:
        if rate.requests_per_second > 0 and is_counted(rate.labels):
            failed = is_error(rate.response_code, rate.response_flags, rate.grpc_response_status)
            totals[rate.labels].add(rate.requests_per_second, rate.response_flags, failed=failed)
    for duration in samples.durations:
        if total := totals.get(duration.labels):
            edges, counts = zip(*duration.buckets, strict=True)
            total.histograms.append(Histogram(edges, counts))
    active = (total.flow(labels) for labels, total in totals.items())
    idle = (
        Flow(each.labels, 0.0, 0.0, {}, None, each.idle_seconds)
        for each in samples.idle
        if each.labels not in totals and is_counted(each.labels)
    )
    return (*active, *idle)


class _Total:
    def __init__(self) -> None:
        self.requests = 0.0
        self.errors = 0.0
        self.flags: dict[str, float] = {}
        self.histograms: list[Histogram] = []

    def add(self, requests_per_second: float, flags: str, *, failed: bool) -> None:
        self.requests += requests_per_second
        if failed:
            self.errors += requests_per_second
        for flag in filter(None, flags.split(",")):
            self.flags[flag] = self.flags.get(flag, 0.0) + requests_per_second

    def flow(self, labels: EdgeLabels) -> Flow:
        histogram = merge(self.histograms) if self.histograms else None
        return Flow(labels, self.requests, self.errors, self.flags, histogram, 0.0)
