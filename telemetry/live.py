"""What the acting side may ask of the observing side: who calls a service now, and which versions answer.

Safe in any thread: reads immutable observations. Without a collector, or before its first reading, there is
nothing to tell, and available() says so.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from telemetry import runtime
from telemetry.samples import RequestRate, is_counted, is_error


class CallerTraffic(NamedTuple):
    """The requests of one workload to a service; a caller without a proxy has empty names. error_ratio is
    0-1.
    """

    namespace: str
    workload: str
    app: str
    version: str
    requests_per_second: float
    error_ratio: float


def available() -> bool:
    """True while the source answers, so that the figures are of now."""
    return runtime.source_is_live()


def age_seconds() -> float | None:
    """How old the figures are; None when there are none."""
    try:
        return runtime.current().collector.age_seconds()
    except runtime.NotRunningError:
        return None


def callers(namespace: str, service: str) -> list[CallerTraffic]:
    """Who calls the service, by workload, the busiest first."""
    totals: dict[tuple[str, str, str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
    for rate in _requests_to(namespace, service):
        labels = rate.labels
        total = totals[
            labels.source_workload_namespace,
            labels.source_workload,
            labels.source_canonical_service,
            labels.source_canonical_revision,
        ]
        total[0] += rate.requests_per_second
        if is_error(rate.response_code, rate.response_flags, rate.grpc_response_status):
            total[1] += rate.requests_per_second
    found = [
        CallerTraffic(*caller, requests, errors / requests) for caller, (requests, errors) in totals.items()
    ]
    return sorted(found, key=lambda each: (-each.requests_per_second, each[:4]))


def shares(namespace: str, service: str) -> dict[str, float]:
    """The part (0-1) of the service's requests that each version gets, of those that reached a workload."""
    by_version: dict[str, float] = defaultdict(float)
    for rate in _requests_to(namespace, service):
        if rate.labels.destination_workload:
            by_version[rate.labels.destination_canonical_revision] += rate.requests_per_second
    total = sum(by_version.values())
    return {version: requests / total for version, requests in sorted(by_version.items())}


def _requests_to(namespace: str, service: str) -> Iterable[RequestRate]:
    try:
        latest = runtime.current().collector.latest
    except runtime.NotRunningError:
        return
    for rate in latest.samples.requests if latest else ():
        labels = rate.labels
        if (
            rate.requests_per_second > 0
            and is_counted(labels)
            and labels.destination_service_name == service
            and labels.destination_service_namespace == namespace
        ):
            yield rate
