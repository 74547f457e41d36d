"""Which proxies there are to ask: the running pods with Istio's Envoy, as the watch cache knows them.

While the cluster is away the last pods stay in use, and `problem` says so.
"""

import asyncio
import ipaddress
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple, TypeAlias

from cluster import inventory, kinds
from cluster.cache import Cache, Known
from cluster.errors import ClusterError
from cluster.objects import Pod
from telemetry.shortfall import Shortfall
from telemetry.source import SourceUnavailable

METRICS_PORT = 15090
# What the proxy need not write: statistics that were never touched, and families other than Istio's. The dot
# stands for any character, because Envoy matches the name inside (istio.requests_total), not the one it
# prints.
_QUERY = "usedonly&filter=istio.request(s_total|_duration)"


class Target(NamedTuple):
    """One proxy. `key` changes when a pod is made anew, even on the same address."""

    key: str
    namespace: str
    pod: str
    url: str


class PodTargets:
    """The list of targets, brought up to date whenever a pod has changed."""

    def __init__(self, cache: Callable[[], Cache]) -> None:
        """`cache` gives the watch cache of the cluster; it raises ClusterError while there is none."""
        self._cache = cache
        self._pods: tuple[Any, ...] | None = None
        self._looked: _ByIdentity = {}
        self._targets: tuple[Target, ...] = ()
        self.problem = Shortfall()

    async def current(self) -> tuple[Target, ...]:
        """The proxies to ask now. Raises SourceUnavailable as long as no pods have ever been listed."""
        # In a thread: a cache that does not run asks the cluster, and 30,000 pods take a while to go through.
        known = await asyncio.to_thread(self._look)
        self.problem = Shortfall()
        if known.problem:
            self.problem = Shortfall("The list of pods is not up to date.", known.problem)
        if self._pods is None:
            nothing = Shortfall("The cluster has not listed its pods yet.", known.problem)
            raise SourceUnavailable(nothing)
        return self._targets

    def _look(self) -> Known[Any]:
        try:
            known = self._cache().read(kinds.POD)
        except ClusterError as error:
            return Known((), None, error.message)
        # The cache answers with the same tuple until a pod changes.
        if known.age_seconds is not None and known.items is not self._pods:
            self._looked, self._pods = _look(known.items, self._looked), known.items
            self._targets = _distinct(self._looked)
        return known


class _Looked(NamedTuple):
    """A pod, and its proxy if there is one to ask. As long as the pod is kept here, its id() is its own."""

    pod: Pod
    target: Target | None


_ByIdentity: TypeAlias = dict[int, _Looked]


def targets(pods: Iterable[Pod]) -> tuple[Target, ...]:
    """The proxies among the pods: running, with an address and Istio's Envoy.

    Each address once: a pod that is being deleted gives way to the one that has its address by now.
    """
    return _distinct(_look(pods, {}))


def _look(pods: Iterable[Pod], before: _ByIdentity) -> _ByIdentity:
    """The pods with their proxies; those that were there before are not looked at again."""
    return {id(pod): before.get(id(pod)) or _Looked(pod, _target(pod)) for pod in pods}


def _distinct(looked: _ByIdentity) -> tuple[Target, ...]:
    found: dict[str, _Looked] = {}
    for each in looked.values():
        if each.target is not None:
            other = found.get(each.target.url)
            if other is None or other.pod.metadata.deletion_timestamp is not None:
                found[each.target.url] = each
    return tuple(each.target for each in found.values() if each.target)


def _target(pod: Pod) -> Target | None:
    host = _host(pod.status.pod_ip or "")
    if not host or pod.status.phase != "Running" or not inventory.has_envoy(pod):
        return None
    meta = pod.metadata
    return Target(
        key=f"{meta.namespace}/{meta.name} {meta.uid} {host}",
        namespace=meta.namespace,
        pod=meta.name,
        url=f"http://{host}:{METRICS_PORT}/stats/prometheus?{_QUERY}",
    )


def _host(address: str) -> str:
    """The address as it stands in a URL, or "" for what is none: a name here would be looked up anywhere."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return f"[{parsed}]" if parsed.version == 6 else str(parsed)
