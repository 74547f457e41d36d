"""The websocket of requests as they pass: ws/requests/, and of each cluster clusters/<name>/ws/requests/.

docs/websocket.md describes each message; telemetry.tap knows what to send.
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from functools import partial
from typing import Annotated

import msgspec
from django.urls import path

from cluster.connection import UnknownClusterError
from cluster.person import PersonCluster
from cluster.port import Cluster
from telemetry.identity import GraphType
from telemetry.person_socket import (
    NO_SUCH_CLUSTER,
    RECHECK_SECONDS,
    TOO_MANY_SOCKETS,
    PersonConsumer,
    RefusedError,
)
from telemetry.tap import looking, sight
from telemetry.tap.looking import Codes, Kind, Look, Wanted
from telemetry.tap.sight import LastSight, TapSight
from telemetry.tap.viewer import Viewer

MAX_VIEWERS = 200
TICK_SECONDS = 0.5
CHOOSE_SECONDS = 3.0
PAUSE_SECONDS = 0.2
_Name = Annotated[str, msgspec.Meta(max_length=256)]


class Node(msgspec.Struct):
    """A node by its own fields, as the graph's socket sends it."""

    kind: Kind
    namespace: _Name = ""
    app: _Name = ""
    version: _Name = ""
    workload: _Name = ""
    service: _Name = ""

    def wanted(self) -> Wanted:
        """The same for telemetry.tap."""
        return Wanted(self.kind, self.namespace, self.app, self.version, self.workload, self.service)


class Subscribe(msgspec.Struct, tag="subscribe", tag_field="type"):
    """Whose requests to send: those of a node, or from `source` to it; of some classes of answers, or all."""

    graph_type: GraphType
    target: Node
    source: Node | None = None
    codes: Annotated[list[Codes], msgspec.Meta(max_length=6)] = []


class Stop(msgspec.Struct, tag="stop", tag_field="type"):
    """No more for now."""


_decoder: msgspec.json.Decoder[Subscribe | Stop] = msgspec.json.Decoder(Subscribe | Stop)


class RequestsConsumer(PersonConsumer):
    """One browser's socket: a pump that sends a sample twice a second, and a look at which pods there are."""

    viewers = 0

    def __init__(
        self, recheck_seconds: float = RECHECK_SECONDS, choose_seconds: float = CHOOSE_SECONDS
    ) -> None:
        super().__init__(recheck_seconds)
        self._choose_seconds = choose_seconds
        self._viewer: Viewer | None = None
        self._last_sight = LastSight()
        self._news = asyncio.Event()

    def _join(self) -> None:
        if RequestsConsumer.viewers >= MAX_VIEWERS:
            told = f"This server shows requests on {MAX_VIEWERS} pages at most. Try again later."
            raise RefusedError(told, TOO_MANY_SOCKETS)
        try:
            self._viewer = Viewer(self._cluster)
        except UnknownClusterError:
            raise RefusedError("No cluster of this name is configured.", NO_SUCH_CLUSTER) from None
        RequestsConsumer.viewers += 1

    def _leave(self) -> None:
        RequestsConsumer.viewers -= 1
        if self._viewer:
            self._viewer.close()
            self._viewer = None

    def _parts(self) -> Iterable[Callable[[], Awaitable[object]]]:
        return self._pump, self._choose

    async def _obey(self, raw: bytes) -> None:
        message = await self._understood(raw, _decoder)
        if message is None or self._viewer is None:
            return
        self._viewer.watch(_look(message) if isinstance(message, Subscribe) else None)
        await self._look_at_rights()

    async def _look_at_rights(self) -> bool:
        viewer = self._viewer
        if viewer is None or viewer.look is None:
            return True
        look = viewer.look
        places = looking.namespaces(look)
        asked, cluster = await self._ask(partial(_ask, places), _blind)
        if viewer.look is look:
            viewer.see(self._last_sight.or_else(places, asked), cluster)
            self._news.set()
        return asked.answered

    async def _choose(self) -> None:
        """Finds the pods, when something else is looked at and every few seconds: they come and go."""
        while viewer := self._viewer:
            self._news.clear()
            if viewer.look is not None:
                # In a thread: a cache that does not run asks the cluster, and there may be 30,000 pods.
                viewer.follow(await asyncio.to_thread(viewer.choose))
            try:
                # Who changes his mind all the time opens no log each time.
                await asyncio.sleep(min(PAUSE_SECONDS, self._choose_seconds))
                async with asyncio.timeout(self._choose_seconds):
                    await self._news.wait()
            except TimeoutError:
                continue

    async def _pump(self) -> None:
        """Sends as fast as the browser reads: what passes meanwhile is counted, and kept nowhere."""
        while viewer := self._viewer:
            frame = viewer.tick()
            if frame is not None:
                await self._send(frame)
            await asyncio.sleep(TICK_SECONDS)


def _look(message: Subscribe) -> Look:
    source = message.source.wanted() if message.source else None
    return Look(message.graph_type, message.target.wanted(), source, frozenset(message.codes))


def _ask(places: tuple[str, ...], person: PersonCluster) -> tuple[TapSight, Cluster | None]:
    return sight.ask(person, places), person.access.cluster


def _blind(why: str) -> tuple[TapSight, Cluster | None]:
    return sight.blind(why), None


websocket_urlpatterns = [
    path("ws/requests/", RequestsConsumer.as_asgi()),
    path("clusters/<str:cluster>/ws/requests/", RequestsConsumer.as_asgi()),
]
