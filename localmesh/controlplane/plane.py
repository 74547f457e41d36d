"""The control plane: watches the store, configures every proxy, and writes what became of each resource.

It only wires: what to configure is `localmesh.xds`, in what order a proxy gets it is `session`, how is
`server`.
"""

import asyncio
import contextlib
import logging
import os
import time
from collections.abc import AsyncIterator, Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Protocol, Self

from localmesh import xds
from localmesh.apiserver import kinds
from localmesh.apiserver.errors import Gone
from localmesh.apiserver.kinds import Resource
from localmesh.controlplane.credentials import Credentials, system_roots
from localmesh.controlplane.server import DiscoveryServer
from localmesh.controlplane.status import with_report

Object = dict[str, Any]

#: Changes that come together are taken together: a rollout's pods, a file of rules.
DEBOUNCE_SECONDS = 0.03
#: How long to wait after a failure of our own before trying again.
RETRY_SECONDS = 1.0
_READ = {
    "services": kinds.SERVICES,
    "endpoint_slices": kinds.ENDPOINT_SLICES,
    "pods": kinds.PODS,
    "virtual_services": kinds.VIRTUAL_SERVICES,
    "destination_rules": kinds.DESTINATION_RULES,
    "gateways": kinds.GATEWAYS,
    "nodes": kinds.NODES,
    "namespaces": kinds.NAMESPACES,
    "http_routes": kinds.HTTP_ROUTES,
    "grpc_routes": kinds.GRPC_ROUTES,
    "k8s_gateways": kinds.K8S_GATEWAYS,
    "reference_grants": kinds.REFERENCE_GRANTS,
    "service_entries": kinds.SERVICE_ENTRIES,
    "workload_entries": kinds.WORKLOAD_ENTRIES,
    "sidecars": kinds.SIDECARS,
}
_REPORTED = tuple(each for each in kinds.ALL if each.custom and each.has_status)
_FOLLOWED = frozenset((*_READ.values(), *_REPORTED, kinds.SECRETS))

log = logging.getLogger(__name__)


def lowest_port() -> int:
    """The lowest port that a process of ours may listen on."""
    if os.geteuid() == 0:
        return 0
    try:
        return int(Path("/proc/sys/net/ipv4/ip_unprivileged_port_start").read_text())
    except (OSError, ValueError):
        return 1024


class Change(Protocol):
    """What the control plane needs to know of an event."""

    @property
    def resource(self) -> Resource:
        """The resource of the object that changed."""


class Changes(Protocol):
    """An endless line of events that is closed on leaving. Raises Gone where the follower was too slow."""

    def __enter__(self) -> Self:
        """Nothing to do: it follows already."""

    def __exit__(self, *_: object) -> None:
        """Stop following."""

    def __aiter__(self) -> AsyncIterator[Change]:
        """The events, oldest first."""


class Resources(Protocol):
    """What the control plane needs of the API server's store."""

    def list(self, resource: Resource, namespace: str | None = None) -> list[Object]:
        """All objects of a resource."""

    def update_status(self, resource: Resource, obj: Object) -> Object:
        """Replace an object's status."""

    def watch(self, resource: Resource | None = None, since: int | None = None) -> Changes:
        """Follow changes. Raises Gone while iterating when the follower was too slow."""


class ControlPlane:
    """One per instance of localmesh. `clock` is steady, `now` tells the time of day for status."""

    def __init__(
        self,
        store: Resources,
        *,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
        debounce_seconds: float = DEBOUNCE_SECONDS,
        retry_seconds: float = RETRY_SECONDS,
        server: DiscoveryServer | None = None,
    ) -> None:
        self._store = store
        self._now = now
        self._debounce_seconds = debounce_seconds
        self._retry_seconds = retry_seconds
        self._server = server or DiscoveryServer(clock)
        self._changed = asyncio.Event()
        self._credentials = Credentials()
        self._system_roots, self._lowest_port = system_roots(), lowest_port()
        self._mesh: xds.Mesh | None = None
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self, host: str, port: int) -> None:
        """Configure everything once, then serve xDS and follow changes. Raises OSError when the address is
        taken.
        """
        await self._server.start(host, port)
        watching = asyncio.Event()
        self._tasks = [
            asyncio.create_task(self._follow(watching), name="controlplane-follow"),
            asyncio.create_task(self._rebuild_on_change(), name="controlplane-rebuild"),
        ]
        await watching.wait()

    async def stop(self) -> None:
        """Stop following and serving; proxies go on with what they have."""
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with contextlib.suppress(asyncio.CancelledError):
                await task
        await self._server.stop()

    def proxies(self) -> list[dict[str, Any]]:
        """The state of each proxy's dialogue, as at `/debug/proxies`."""
        return self._server.describe()

    def rebuild(self) -> None:
        """Read the store, give every proxy its configuration, and report on every resource."""
        objects = {name: self._store.list(resource) for name, resource in _READ.items()}
        mesh = xds.build(
            **objects,
            credentials=self._credentials.read(self._store.list(kinds.SECRETS)),
            system_roots=self._system_roots,
            lowest_port=self._lowest_port,
        )
        if mesh != self._mesh:
            self._mesh = mesh
            self._server.publish(dict(xds.configurations(mesh, mesh.proxies)))
        self._report(mesh)

    def _report(self, mesh: xds.Mesh) -> None:
        now = self._now().strftime("%Y-%m-%dT%H:%M:%SZ")
        for resource in _REPORTED:
            for obj in self._store.list(resource):
                updated = with_report(obj, xds.report(mesh, obj), now, xds.attached_routes(mesh, obj))
                if updated is not None:
                    self._store.update_status(resource, updated)

    async def _follow(self, watching: asyncio.Event) -> None:
        while True:
            try:
                with self._store.watch() as changes:
                    # Whatever happened before the watch began is in the next reading.
                    self._changed.set()
                    watching.set()
                    async for change in changes:
                        if change.resource in _FOLLOWED:
                            self._changed.set()
                    return
            except Gone:
                log.info("fell behind the changes; reading everything again")

    async def _rebuild_on_change(self) -> None:
        while True:
            await self._changed.wait()
            await asyncio.sleep(self._debounce_seconds)
            self._changed.clear()
            try:
                self.rebuild()
            except Exception:
                # The edge of the loop: one object that cannot be read must not end the mesh's configuration.
                log.exception("the mesh could not be configured; trying again")
                self._mesh = None
                self._changed.set()
                await asyncio.sleep(self._retry_seconds)
