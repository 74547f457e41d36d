"""The websocket of the live graph, at ws/graph/, and of each cluster at clusters/<name>/ws/graph/.

docs/websocket.md describes each message. Knows what was asked; the hub knows what to send, and
telemetry.person_socket who may look. (Not called routing.py, as is Channels' habit: an app has that name.)
"""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Annotated

import msgspec
from django.urls import path

from cluster.connection import UnknownClusterError
from telemetry import frames, lookback, rights, runtime
from telemetry.cut import MAX_DEPTH
from telemetry.hub import Subscription, TooManySocketsError
from telemetry.identity import GraphType
from telemetry.person_socket import (
    NO_SUCH_CLUSTER,
    NOT_RUNNING,
    RECHECK_SECONDS,
    TOO_MANY_SOCKETS,
    PersonConsumer,
    RefusedError,
)
from telemetry.rights import LastAnswer, Sight
from telemetry.snapshot import View

TOO_SLOW = 4408
_Namespace = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\Z")]
_Group = Annotated[str, msgspec.Meta(pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?|\*outside)\Z")]
_Unfolded = Annotated[str, msgspec.Meta(pattern=r"^([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?|\*|\*outside)\Z")]


class Subscribe(msgspec.Struct, tag="subscribe", tag_field="type"):
    """Which view to send."""

    graph_type: GraphType
    namespaces: Annotated[list[_Namespace], msgspec.Meta(max_length=100)] = []
    fold: Annotated[list[_Group], msgspec.Meta(max_length=100)] = []
    unfold: Annotated[list[_Unfolded], msgspec.Meta(max_length=100)] = []
    focus: Annotated[str, msgspec.Meta(max_length=1024)] = ""
    depth: Annotated[int, msgspec.Meta(ge=1, le=MAX_DEPTH)] = 1
    idle: bool = False

    def view(self, sight: Sight) -> View:
        """The view of who sees so much."""
        return View.asked(
            self.graph_type,
            namespaces=self.namespaces,
            fold=self.fold,
            unfold=self.unfold,
            focus=self.focus,
            depth=self.depth,
            idle=self.idle,
            visible=sight.visible,
            notice=sight.notice,
        )


class Overview(msgspec.Struct, tag="overview", tag_field="type"):
    """The rows of all services and namespaces, the worst first."""

    namespaces: Annotated[list[_Namespace], msgspec.Meta(max_length=100)] = []

    def view(self, sight: Sight) -> View:
        """As this person may see it: with what has no traffic, too."""
        view = View.asked(
            "service", namespaces=self.namespaces, idle=True, visible=sight.visible, notice=sight.notice
        )
        return msgspec.structs.replace(view, overview=True)


class Resync(msgspec.Struct, tag="resync", tag_field="type"):
    """A frame was missed."""


class Watch(msgspec.Struct, tag="watch", tag_field="type"):
    """The node or edge whose figures to send; None: no more."""

    id: Annotated[str, msgspec.Meta(max_length=1024)] | None


_decoder: msgspec.json.Decoder[Subscribe | Overview | Resync | Watch] = msgspec.json.Decoder(
    Subscribe | Overview | Resync | Watch
)


class GraphConsumer(PersonConsumer):
    """One browser's socket, with a pump that sends what the hub offers."""

    def __init__(self, recheck_seconds: float = RECHECK_SECONDS) -> None:
        super().__init__(recheck_seconds)
        self._subscription: Subscription | None = None
        self._last_answer = LastAnswer()
        self._sight = Sight(frozenset())
        self._fetching: asyncio.Task[None] | None = None

    async def disconnect(self, code: int) -> None:
        """Undoes connect()."""
        await super().disconnect(code)
        if self._fetching:
            await asyncio.gather(self._fetching, return_exceptions=True)

    def _join(self) -> None:
        try:
            self._subscription = runtime.of(self._cluster).hub.join()
        except UnknownClusterError:
            raise RefusedError("No cluster of this name is configured.", NO_SUCH_CLUSTER) from None
        except TooManySocketsError as error:
            raise RefusedError(str(error), TOO_MANY_SOCKETS) from None
        except runtime.NotRunningError as error:
            raise RefusedError(str(error), NOT_RUNNING) from None

    def _leave(self) -> None:
        if self._subscription:
            self._subscription.close()
            self._subscription = None
        if self._fetching:
            self._fetching.cancel()

    def _parts(self) -> Iterable[Callable[[], Awaitable[object]]]:
        return (self._pump,)

    async def _obey(self, raw: bytes) -> None:
        message = await self._understood(raw, _decoder)
        subscription = self._subscription
        if message is None or subscription is None:
            return
        if isinstance(message, Subscribe | Overview):
            subscription.subscribe(message.view(self._sight))
        elif subscription.view is None:
            await self._send(frames.error("Subscribe to a view first."))
        elif isinstance(message, Watch):
            subscription.watch(message.id)
            self._fetch_past(subscription)
        else:
            subscription.resync()

    async def _pump(self) -> None:
        """Sends as fast as the browser reads; meanwhile the hub drops what is out of date."""
        while subscription := self._subscription:
            is_last = subscription.is_too_slow
            frames_to_send = await subscription.take()
            view = subscription.view
            for frame in frames_to_send:
                # While a slow browser was waited for, rights may have been withdrawn.
                if subscription.view is view:
                    await self._send(frame)
            if is_last:
                await self._refuse("This connection is too slow for the live graph.", TOO_SLOW)
                return

    async def _look_at_rights(self) -> bool:
        asked = await self._ask(rights.ask, rights.blind)
        self._sight = self._last_answer.or_else(asked)
        if self._subscription:
            self._subscription.see(self._sight.visible, self._sight.notice)
            self._fetch_past(self._subscription)
        return asked.answered

    def _fetch_past(self, subscription: Subscription) -> None:
        """Fetches what was of what is watched, if nobody has yet; the socket does not wait for it."""
        if self._fetching:
            self._fetching.cancel()
            self._fetching = None
        view, series_id = subscription.view, subscription.watched_id
        if view and series_id and subscription.lacks_past():
            running = runtime.of(self._cluster)
            self._fetching = asyncio.create_task(lookback.tell_past(running, view, series_id))


websocket_urlpatterns = [
    path("ws/graph/", GraphConsumer.as_asgi()),
    path("clusters/<str:cluster>/ws/graph/", GraphConsumer.as_asgi()),
]
