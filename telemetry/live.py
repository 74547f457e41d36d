"""What the acting side may ask of the observing side: who calls a service now, and which versions answer.

Safe in any thread: reads immutable observations. Without a collector, or before its first reading, there is
nothing to tell, and available() says so.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import NamedTuple

from cluster.access import Visible
from cluster.connection import UnknownClusterError
from telemetry import runtime
from telemetry.redaction import seen
from telemetry.runtime import Runtime
from telemetry.samples import HIDDEN, EdgeLabels, RequestRate, is_counted, is_error


class CallerTraffic(NamedTuple):
    """The requests of one workload to a service; error_ratio is 0-1.

    A caller without a proxy has empty names. All callers that may not be seen are one, whose workload is
    called "another namespace", without any other name.
    """

    namespace: str
    workload: str
    app: str
    version: str
    requests_per_second: float
    error_ratio: float


class Traffic:
    """The live traffic of one cluster, as far as somebody may see it."""

    def __init__(self, runtime: Runtime | None, visible: Visible) -> None:
        self._runtime = runtime
        self._visible = visible

    def available(self) -> bool:
        """True while the source answers, so that the figures are of now, and has been read twice."""
        if self._runtime is None or self._runtime.collector.state.state != "ok":
            return False
        latest = self._runtime.collector.latest
        return latest is not None and latest.samples.measured

    def age_seconds(self) -> float | None:
        """How old the figures are; None when there are none."""
        return self._runtime.collector.age_seconds() if self._runtime else None

    def callers(self, namespace: str, service: str) -> list[CallerTraffic]:
        """Who calls the service, by workload, the busiest first; nobody, if it may not be seen."""
        totals: dict[tuple[str, str, str, str], list[float]] = defaultdict(lambda: [0.0, 0.0])
        for rate in self._requests_to(namespace, service):
            total = totals[_caller(rate.labels)]
            total[0] += rate.requests_per_second
            if is_error(rate.response_code, rate.response_flags, rate.grpc_response_status):
                total[1] += rate.requests_per_second
        found = [
            CallerTraffic(*caller, requests, errors / requests)
            for caller, (requests, errors) in totals.items()
        ]
        return sorted(found, key=lambda each: (-each.requests_per_second, each[:4]))

    def shares(self, namespace: str, service: str) -> dict[str, float]:
        """The part (0-1) of the service's requests that each version gets, of those that reached a workload.

        Of a service that may not be seen, none; and none of versions in a namespace that may not be seen.
        """
        by_version: dict[str, float] = defaultdict(float)
        total = 0.0
        for rate in self._requests_to(namespace, service):
            labels = rate.labels
            if labels.destination_workload:
                total += rate.requests_per_second
            if labels.destination_workload and labels.destination_workload_namespace != HIDDEN:
                by_version[labels.destination_canonical_revision] += rate.requests_per_second
        return {version: requests / total for version, requests in sorted(by_version.items())}

    def _requests_to(self, namespace: str, service: str) -> Iterable[RequestRate]:
        latest = self._runtime.collector.latest if self._runtime else None
        if self._visible is not None and namespace not in self._visible:
            return
        for rate in latest.samples.requests if latest else ():
            labels = rate.labels
            if (
                rate.requests_per_second > 0
                and is_counted(labels)
                and labels.destination_service_name == service
                and labels.destination_service_namespace == namespace
            ):
                shown = labels if self._visible is None else seen(labels, self._visible)
                if shown is not None:
                    yield rate._replace(labels=shown)


def of(cluster_name: str, visible: Visible) -> Traffic:
    """The traffic of a cluster (the empty name: the default one) in what somebody may see (None: all).

    Where nothing is observed, for whatever reason, it is not available.
    """
    try:
        return Traffic(runtime.of(cluster_name), visible)
    except (runtime.NotRunningError, UnknownClusterError):
        return Traffic(None, visible)


def _caller(labels: EdgeLabels) -> tuple[str, str, str, str]:
    namespace = labels.source_workload_namespace
    return (
        "" if namespace == HIDDEN else namespace,
        labels.source_workload,
        labels.source_canonical_service,
        labels.source_canonical_revision,
    )
