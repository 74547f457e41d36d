"""Who stands at the two ends of a request in an access log: pods by address, services by cluster.

A proxy's log names addresses; the inventory knows whose they are. Pure: of pods and services as they were
read. Names as Istio's metrics have them, so that the same end is called the same in the graph. Sources:
istio.io/istio, pilot/pkg/model (names of clusters) and pkg/kube (the workload of a pod).
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple

from cluster import inventory
from cluster.objects import Pod, Service
from telemetry.tap.lines import Line

Direction = Literal["in", "out"]
_HASHES: Final = ("pod-template-hash", "rollouts-pod-template-hash")
_CRON: Final = re.compile(r"(.+)-\d{8,10}")
_INBOUND: Final = "inbound|"
_OUTBOUND: Final = "outbound|"


class End(NamedTuple):
    """One workload, in the words of Istio's metrics."""

    namespace: str
    workload: str
    app: str
    version: str


class Place(NamedTuple):
    """A pod with a proxy whose log can be read, or (`proxied` false) without. `router`: it has no inside."""

    pod: str
    uid: str
    ip: str
    end: End
    proxied: bool
    router: bool
    ready: bool


ServiceName = tuple[str, str]
"""Namespace and name; of a host outside the cluster the namespace is empty."""


class Seen(NamedTuple):
    """A request with its ends. None: nobody that is known; `forwarded`: the caller's address is what a
    gateway passed on, so that the pod between is not told.
    """

    line: Line
    direction: Direction
    caller: End | None
    target: End | None
    service: ServiceName | None
    forwarded: bool = False


class Directory:
    """The pods and services of a cluster, by what logs call them."""

    def __init__(self, pods: Iterable[Pod], services: Iterable[Service] = ()) -> None:
        self.by_ip: dict[str, Place] = {}
        self._in: dict[str, list[tuple[Place, Mapping[str, str]]]] = defaultdict(list)
        self._selectors = {
            (each.metadata.namespace, each.metadata.name): each.spec.selector for each in services
        }
        for pod in pods:
            place = place_of(pod)
            if place is not None:
                self._in[place.end.namespace].append((place, pod.metadata.labels))
                self._learn(place, pod)

    def of_namespace(self, namespace: str) -> list[Place]:
        """The pods of a namespace that have an address."""
        return [place for place, _ in self._in.get(namespace, ())]

    def behind(self, service: ServiceName) -> list[Place]:
        """The pods that a service selects."""
        selector = self._selectors.get(service) or {}
        if not selector:
            return []
        pods = self._in.get(service[0], ())
        return [place for place, labels in pods if selector.items() <= labels.items()]

    def seen(self, place: Place, line: Line) -> Seen:
        """A request in the log of a pod's proxy, with its ends."""
        if _direction(place, line) == "in":
            address, forwarded = _ip(line.downstream_remote), line.downstream_remote.endswith(":0")
            caller = None if forwarded else self._end(address)
            return Seen(line, "in", caller, place.end, None, forwarded)
        service = service_of(line, place.end.namespace)
        return Seen(line, "out", place.end, self._end(_ip(line.upstream_host)), service)

    def _end(self, ip: str) -> End | None:
        found = self.by_ip.get(ip)
        return found.end if found else None

    def _learn(self, place: Place, pod: Pod) -> None:
        other = self.by_ip.get(place.ip)
        # A pod that is being deleted gives way to the one that has its address by now.
        if other is None or pod.metadata.deletion_timestamp is None:
            self.by_ip[place.ip] = place


def place_of(pod: Pod) -> Place | None:
    """A pod as logs know it; None without an address of its own, or when it is over."""
    ip = pod.status.pod_ip
    if not ip or pod.spec.host_network or inventory.is_finished(pod):
        return None
    meta, labels = pod.metadata, pod.metadata.labels
    workload = workload_of(pod)
    end = End(meta.namespace, workload, inventory.app_of(labels) or workload, inventory.revision_of(labels))
    proxied = inventory.has_envoy(pod) and pod.status.phase == "Running"
    router = inventory.proxy_of(pod) in ("gateway", "waypoint")
    return Place(meta.name, meta.uid, ip, end, proxied, router, inventory.is_ready(pod))


def workload_of(pod: Pod) -> str:
    """The workload that Istio's metrics name for a pod."""
    owner, labels = pod.metadata.owner, pod.metadata.labels
    if owner is None:
        return pod.metadata.name
    if owner.kind == "ReplicaSet":
        ends = (f"-{labels[each]}" for each in _HASHES if labels.get(each))
        return next((owner.name.removesuffix(end) for end in ends if owner.name.endswith(end)), owner.name)
    cron = _CRON.fullmatch(owner.name) if owner.kind == "Job" else None
    return cron[1] if cron else owner.name


def service_of(line: Line, namespace: str) -> ServiceName | None:
    """The service that a request left for: by its cluster, or by the host that somebody in `namespace`
    named.
    """
    kind, _, rest = line.upstream_cluster.partition("|")
    host = rest.rpartition("|")[2] if kind == "outbound" else ""
    host = (host or _host(line.authority)).lower()
    if not host:
        return None
    name, _, domain = host.partition(".")
    if not domain:
        return namespace, name
    place, _, after = domain.partition(".")
    return (place, name) if after == "svc" or after.startswith("svc.") else ("", host)


def _direction(place: Place, line: Line) -> Direction:
    if line.upstream_cluster.startswith(_OUTBOUND) or place.router:
        return "out"
    inbound = line.upstream_cluster.startswith(_INBOUND) or _ip(line.downstream_local) == place.ip
    return "in" if inbound else "out"


def _ip(address: str) -> str:
    return address.rpartition(":")[0].strip("[]")


def _host(authority: str) -> str:
    host = authority.rpartition("@")[2]
    name, sign, port = host.rpartition(":")
    return name if sign and port.isdigit() else host
