"""Which of the reports of one call is believed, so that no request counts twice and none is lost. Pure.

A call is all that one workload sends to another by one protocol. Its caller's proxy reports it, a waypoint
on its way, and its destination's proxy; each of them may be missing, or not be read. All of a call is taken
from one of them: the best there is, in an order that docs/decisions/0012 explains. The service is no part of
what tells calls apart, because a destination cannot know by which of its services it was called.
"""

from collections.abc import Iterable, Iterator
from itertools import chain
from typing import Literal, NamedTuple

from telemetry.samples import EdgeLabels, Samples, VolumeRate

Preference = Literal["caller", "destination"]
"""Whose word counts first: the caller's, or as in Kiali the destination's."""

_ORDERS: dict[Preference, dict[str, int]] = {
    "caller": {"source": 0, "waypoint": 1, "destination": 2},
    "destination": {"destination": 0, "waypoint": 1, "source": 2},
}
_SEES_MTLS = frozenset(("destination", "waypoint"))
_MUTUAL_TLS = "mutual_tls"


class Call(NamedTuple):
    """One workload's traffic to another by one protocol. Without a workload that it reached, only the caller
    knows of it; without one that it comes from, only the destination.
    """

    source: str
    source_namespace: str
    source_cluster: str
    destination: str
    destination_namespace: str
    destination_cluster: str
    protocol: str


def protocol_of(labels: EdgeLabels) -> str:
    """`http`, `grpc` or `tcp`."""
    protocol = labels.request_protocol.lower()
    return protocol if protocol in ("grpc", "tcp") else "http"


def call_of(labels: EdgeLabels) -> Call:
    """The call that these labels report."""
    return Call(
        labels.source_workload,
        labels.source_workload_namespace,
        labels.source_cluster,
        labels.destination_workload,
        labels.destination_workload_namespace,
        labels.destination_cluster,
        protocol_of(labels),
    )


def moves(volume: VolumeRate) -> bool:
    """Whether there is any traffic in it."""
    return any(rate > 0 for rate in volume[1:])


def rank_of(labels: EdgeLabels, preference: Preference) -> int | None:
    """How good a report this is of its call: 0 is the best; None for one that nobody knows how to take."""
    return _ORDERS[preference].get(labels.reporter)


def is_proxied(labels: EdgeLabels) -> bool:
    """Whether the caller has a proxy of the mesh: a destination knows the workload only of one that has."""
    return labels.reporter != "destination" or bool(labels.source_workload)


class Reporting:
    """What is believed of the reports of one reading."""

    def __init__(self, samples: Samples, preference: Preference = "caller") -> None:
        active = [*_active(samples)]
        self._preference: Preference = preference
        # Who has something to report now is believed before who had something once.
        self._best = {**self._ranked(each.labels for each in samples.idle), **self._ranked(active)}
        self._carried = _Carried(active)
        self._secured = _secured(samples)

    def believes(self, labels: EdgeLabels) -> bool:
        """True where this report is the one of its call that counts."""
        rank = rank_of(labels, self._preference)
        if rank is None or rank > self._best.get(call_of(labels), rank):
            return False
        return not self._carried.holds(labels)

    def mtls(self, labels: EdgeLabels) -> float | None:
        """The part (0-1) of the call that its destination, or a waypoint before it, got over mutual TLS; None
        where neither says.
        """
        secured, all_of_it = self._secured.get(call_of(labels), (0.0, 0.0))
        return secured / all_of_it if all_of_it else None

    def _ranked(self, reports: Iterable[EdgeLabels]) -> dict[Call, int]:
        best: dict[Call, int] = {}
        for labels in reports:
            rank = rank_of(labels, self._preference)
            if rank is not None:
                call = call_of(labels)
                best[call] = min(rank, best.get(call, rank))
        return best


class _Carried:
    """The TCP connections of an ambient mesh that carry requests which a waypoint reports.

    The ztunnels report them as TCP, from the caller to the waypoint and from there to the destination. They
    are another look at the same traffic, and are not drawn beside it.
    """

    def __init__(self, reports: Iterable[EdgeLabels]) -> None:
        self._to_service: set[tuple[str, ...]] = set()
        self._to_workload: set[tuple[str, ...]] = set()
        self._reached: set[tuple[str, str]] = set()
        self._waypoints: set[tuple[str, str]] = set()
        tcp = []
        for labels in reports:
            if protocol_of(labels) == "tcp":
                tcp.append(labels)
            elif labels.reporter == "waypoint":
                self._to_service.add((*_source(labels), *_service(labels)))
                self._to_workload.add((*_source(labels), *_destination(labels)))
                self._reached.add(_destination(labels))
        if self._reached:
            self._waypoints = {_destination(labels) for labels in tcp if self._leads_on(labels)}

    def holds(self, labels: EdgeLabels) -> bool:
        """True for a ztunnel's report of what a waypoint reports as requests."""
        if not self._reached or labels.reporter == "waypoint" or protocol_of(labels) != "tcp":
            return False
        if (*_source(labels), *_destination(labels)) in self._to_workload or self._leads_on(labels):
            return True
        return _source(labels) in self._waypoints and _destination(labels) in self._reached

    def _leads_on(self, labels: EdgeLabels) -> bool:
        """From a caller to what stands before its service: a waypoint."""
        return (*_source(labels), *_service(labels)) in self._to_service and (
            _destination(labels) not in self._reached
        )


def _source(labels: EdgeLabels) -> tuple[str, str]:
    return labels.source_workload_namespace, labels.source_workload


def _destination(labels: EdgeLabels) -> tuple[str, str]:
    return labels.destination_workload_namespace, labels.destination_workload


def _service(labels: EdgeLabels) -> tuple[str, str]:
    return labels.destination_service_namespace, labels.destination_service_name


def _active(samples: Samples) -> Iterator[EdgeLabels]:
    """The labels of all reports with traffic in them."""
    requests = (rate.labels for rate in samples.requests if rate.requests_per_second > 0)
    return chain(requests, (volume.labels for volume in samples.volumes if moves(volume)))


def _secured(samples: Samples) -> dict[Call, tuple[float, float]]:
    """Of each call what its destination got over mutual TLS, and all that it got: requests, or TCP bytes."""
    found: dict[Call, tuple[float, float]] = {}
    requests = ((rate.labels, rate.requests_per_second) for rate in samples.requests)
    volumes = (
        (volume.labels, volume.sent_bytes + volume.received_bytes)
        for volume in samples.volumes
        if protocol_of(volume.labels) == "tcp"
    )
    for labels, amount in chain(requests, volumes):
        if amount > 0 and labels.reporter in _SEES_MTLS and labels.connection_security_policy:
            call = call_of(labels)
            secured, all_of_it = found.get(call, (0.0, 0.0))
            over_mtls = amount if labels.connection_security_policy == _MUTUAL_TLS else 0.0
            found[call] = secured + over_mtls, all_of_it + amount
    return found
