"""Which proxies there are to ask: the running pods with Istio's sidecar, as the cluster lists them.

The cluster's port is synchronous, so it is asked in a thread, and never while a reading waits for it except
the first time. When the cluster is away the last list stays in use, and problem says so.
"""

import asyncio
import ipaddress
from collections.abc import Callable, Iterable
from typing import NamedTuple

from cluster import inventory, kinds
from cluster.errors import ClusterError
from cluster.port import Cluster
from cluster.refs import Manifest
from telemetry.source import SourceUnavailable

REFRESH_SECONDS = 2.0
METRICS_PORT = 15090
# What the proxy need not write: statistics that were never touched, and families other than Istio's. The dot
# stands for any character, because Envoy matches the name inside (istio.requests_total), not the one it
# prints.
_QUERY = "usedonly&filter=istio.request(s_total|_duration)"


class Target(NamedTuple):
    """One proxy. `key` changes when a pod is made anew, even on the same address."""

    key: str
    pod: str
    url: str


class PodTargets:
    """The list of targets, refreshed in the background."""

    def __init__(
        self,
        cluster: Callable[[], Cluster],
        clock: Callable[[], float],
        refresh_seconds: float = REFRESH_SECONDS,
    ) -> None:
        self._cluster = cluster
        self._clock = clock
        self._refresh_seconds = refresh_seconds
        self._targets: tuple[Target, ...] | None = None
        self._asked_at = float("-inf")
        self._task: asyncio.Task[None] | None = None
        self.problem = ""

    async def current(self) -> tuple[Target, ...]:
        """The proxies to ask now. Raises SourceUnavailable as long as the cluster has never answered."""
        now = self._clock()
        if self._task is None and now - self._asked_at >= self._refresh_seconds:
            self._asked_at = now
            self._task = asyncio.create_task(self._refresh())
        if self._targets is None and self._task is not None:
            await asyncio.shield(self._task)
        if self._targets is None:
            raise SourceUnavailable(self.problem or "The cluster has not listed its pods yet.")
        return self._targets

    async def close(self) -> None:
        """Waits for a question under way, which a thread cannot be made to drop."""
        if self._task is not None:
            await self._task

    async def _refresh(self) -> None:
        try:
            self._targets = await asyncio.to_thread(self._listed)
            self.problem = ""
        except ClusterError as error:
            self.problem = f"The list of pods is not up to date: {error.message}"
        finally:
            self._task = None

    def _listed(self) -> tuple[Target, ...]:
        return targets(self._cluster().list(kinds.POD).items)


def targets(pods: Iterable[Manifest]) -> tuple[Target, ...]:
    """The proxies among the pods: running, with an address and a container named istio-proxy.

    Each address once: a pod that is being deleted gives way to the one that has its address by now.
    """
    found = {}
    for pod in sorted(pods, key=_is_staying):
        status = pod.get("status") or {}
        host = _host(str(status.get("podIP") or ""))
        if status.get("phase") == "Running" and host and inventory.has_sidecar(pod):
            found[host] = _target(pod, host)
    return tuple(found.values())


def _is_staying(pod: Manifest) -> bool:
    return "deletionTimestamp" not in (pod.get("metadata") or {})


def _target(pod: Manifest, host: str) -> Target:
    metadata = pod.get("metadata") or {}
    name = f"{metadata.get('namespace', '')}/{metadata.get('name', '')}"
    url = f"http://{host}:{METRICS_PORT}/stats/prometheus?{_QUERY}"
    return Target(key=f"{name} {metadata.get('uid', '')} {host}", pod=name, url=url)


def _host(address: str) -> str:
    """The address as it stands in a URL, or "" for what is none: a name here would be looked up anywhere."""
    try:
        parsed = ipaddress.ip_address(address)
    except ValueError:
        return ""
    return f"[{parsed}]" if parsed.version == 6 else str(parsed)
