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
from telemetry.reporting import is_proxied
from telemetry.runtime import Runtime
from telemetry.samples import HIDDEN, EdgeLabels, RequestRate, is_error
from telemetry.watching import Looked, Shared


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


class Hop(NamedTuple):
    """The requests of a workload to a service, and the workload that answers; names as the viewer may see
    them. `proxied`: whether a proxy of the caller's sends them; `answered_by`: empty where none did.
    """

    caller: tuple[str, str]
    service: tuple[str, str]
    answered_by: tuple[str, str]
    proxied: bool
    requests_per_second: float


class Counts(NamedTuple):
    """Requests to a service by the version that answered, each counted once, since a moment.

    `since`: from when they really are, in seconds since the epoch. Versions in a namespace that may not be
    seen are one, without a name. `unproxied`: how many came from callers without a proxy of the mesh.
    """

    since: float
    requests: dict[str, float]
    errors: dict[str, float]
    unproxied: float


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

    def error_ratios(self, namespace: str, service: str) -> dict[str, float]:
        """What part (0-1) of its requests each version of the service fails, of those that reached it."""
        totals: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for rate in self._requests_to(namespace, service):
            if not rate.labels.destination_workload or rate.labels.destination_workload_namespace == HIDDEN:
                continue
            total = totals[rate.labels.destination_canonical_revision]
            total[0] += rate.requests_per_second
            if is_error(rate.response_code, rate.response_flags, rate.grpc_response_status):
                total[1] += rate.requests_per_second
        return {version: errors / requests for version, (requests, errors) in sorted(totals.items())}

    def hops(self) -> list[Hop]:
        """Who calls what, and who answers, over the whole mesh as far as it may be seen."""
        latest = self._runtime.collector.latest if self._runtime else None
        found: dict[tuple[tuple[str, str], tuple[str, str], tuple[str, str], bool], float] = defaultdict(
            float
        )
        if latest is None:
            return []
        for rate in latest.samples.requests:
            if rate.requests_per_second <= 0 or not latest.reporting.believes(rate.labels):
                continue
            labels = rate.labels if self._visible is None else seen(rate.labels, self._visible)
            if labels is not None and labels.destination_service_name:
                found[(*_ends(labels), is_proxied(rate.labels))] += rate.requests_per_second
        return [Hop(*ends, requests) for ends, requests in sorted(found.items())]

    def counts(self, namespace: str, service: str, since: float) -> Counts | None:
        """The requests to a service since a moment (seconds since the epoch); None where nothing counts them,
        or they may not be seen.
        """
        if self._runtime is None or (self._visible is not None and namespace not in self._visible):
            return None
        ledger = self._runtime.counted(namespace, service, since)
        if ledger.began is None:
            return None
        requests: dict[str, float] = defaultdict(float)
        errors: dict[str, float] = defaultdict(float)
        unproxied = 0.0
        for key, tally in ledger.since(since).items():
            if (key.namespace, key.service) != (namespace, service):
                continue
            hidden = self._visible is not None and key.version_namespace not in self._visible
            version = "" if hidden else key.version
            requests[version] += tally.requests
            errors[version] += tally.errors
            unproxied += 0.0 if key.proxied else tally.requests
        latest = self._runtime.collector.latest
        now = latest.taken_at if latest else since
        return Counts(ledger.reaches(since, now), dict(requests), dict(errors), unproxied)

    def looked(self, namespace: str, service: str, cursor: float, objective_ms: float = 0.0) -> Looked | None:
        """What came to a service since a look that ended at `cursor`, each request in one look only; None
        where nothing counts, or it may not be seen. Whoever looks goes on looking: counting begins with it.
        """
        if self._runtime is None or (self._visible is not None and namespace not in self._visible):
            return None
        return self._runtime.watch(namespace, service, objective_ms).looked(cursor)

    def shared(self, namespace: str, service: str, moment: float) -> Shared | None:
        """Who got the requests to a service that is looked at, since a moment; None where nobody knows it."""
        if self._runtime is None or (self._visible is not None and namespace not in self._visible):
            return None
        watch = self._runtime.ledger.watched.get((namespace, service))
        return watch.shared(moment) if watch else None

    def is_watching(self) -> bool:
        """Whether what is looked at is of now."""
        attending = self._runtime.attending if self._runtime else None
        return self.available() and (attending is None or attending.is_current())

    def newest(self) -> float | None:
        """Of when the newest reading is (seconds since the epoch); None where nothing is read."""
        latest = self._runtime.collector.latest if self._runtime else None
        return latest.taken_at if latest and self.available() else None

    def _requests_to(self, namespace: str, service: str) -> Iterable[RequestRate]:
        latest = self._runtime.collector.latest if self._runtime else None
        if latest is None or (self._visible is not None and namespace not in self._visible):
            return
        for rate in latest.samples.requests:
            labels = rate.labels
            if (
                rate.requests_per_second > 0
                and labels.destination_service_name == service
                and labels.destination_service_namespace == namespace
                and latest.reporting.believes(labels)
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


def _ends(labels: EdgeLabels) -> tuple[tuple[str, str], tuple[str, str], tuple[str, str]]:
    return (
        (labels.source_workload_namespace, labels.source_workload),
        (labels.destination_service_namespace, labels.destination_service_name),
        (labels.destination_workload_namespace, labels.destination_workload),
    )
