"""The websocket of the live graph, at ws/graph/, and of each cluster at clusters/<name>/ws/graph/.

docs/websocket.md describes each message. Knows who may look and what was asked; the hub knows what to send.
(Not called routing.py, as is Channels' habit: an app has that name.)
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Annotated, Any

import msgspec
from channels.auth import get_user
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings
from django.urls import path

from cluster import people
from cluster.connection import UnknownClusterError
from cluster.errors import ClusterError
from telemetry import frames, lookback, rights, runtime
from telemetry.cut import MAX_DEPTH
from telemetry.hub import Subscription, TooManySocketsError
from telemetry.identity import GraphType
from telemetry.packing import Frame
from telemetry.rights import LastAnswer, Sight
from telemetry.snapshot import View

NOT_SIGNED_IN = 4401
NO_SUCH_CLUSTER = 4404
TOO_SLOW = 4408
TOO_MANY_MESSAGES = 4429
TOO_MANY_SOCKETS = 4503
NOT_RUNNING = 1013  # "try again later"
TOO_BIG = 1009
INTERNAL_ERROR = 1011

# Rights are remembered for 15 s where they are asked for. With a question every 10 s, and an answer within
# 5 s, nothing is sent 30 s after it may no longer be seen.
RECHECK_SECONDS = 10.0
RETRY_SECONDS = 3.0
ASK_SECONDS = 5.0
# Three lists of 100 namespaces with the longest names, and an id.
MAX_MESSAGE_BYTES = 32 * 1024
MAX_MESSAGES = 60
MESSAGES_SECONDS = 10.0
# Threads of their own: while the API server hangs, nobody else is to wait for one.
_askers = ThreadPoolExecutor(8, thread_name_prefix="rights")
log = logging.getLogger(__name__)
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


class GraphConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels is not typed
    """One browser's socket: a pump that sends what the hub offers, and a watchman over session and rights."""

    def __init__(self, recheck_seconds: float = RECHECK_SECONDS) -> None:
        super().__init__()
        self._recheck_seconds = recheck_seconds
        self._subscription: Subscription | None = None
        self._last_answer = LastAnswer()
        self._sight = Sight(frozenset())
        self._tasks: list[asyncio.Task[None]] = []
        self._received_at: deque[float] = deque(maxlen=MAX_MESSAGES)
        self._unpacks = False
        self._fetching: asyncio.Task[None] | None = None

    async def connect(self) -> None:
        """Accepts first, because a browser is told no close code of a socket that was never open."""
        await self.accept()
        self._unpacks = b"packed=deflate" in self.scope.get("query_string", b"").split(b"&")
        user = self.scope.get("user")
        if user is None or not user.is_authenticated:
            await self.close(code=NOT_SIGNED_IN)
            return
        try:
            self._subscription = runtime.of(self._cluster).hub.join()
        except UnknownClusterError:
            await self._refuse("No cluster of this name is configured.", NO_SUCH_CLUSTER)
            return
        except TooManySocketsError as error:
            await self._refuse(str(error), TOO_MANY_SOCKETS)
            return
        except runtime.NotRunningError as error:
            await self._refuse(str(error), NOT_RUNNING)
            return
        self._tasks = [
            asyncio.create_task(self._or_end(self._pump, self._subscription)),
            asyncio.create_task(self._or_end(self._watch_person, self._subscription)),
        ]
        # No message is obeyed before this is done.
        await self._or_end(self._look_at_rights, self._subscription)

    async def disconnect(self, code: int) -> None:  # noqa: ARG002  Channels' signature
        """Undoes connect()."""
        if self._subscription:
            self._subscription.close()
        tasks = [*self._tasks, self._fetching] if self._fetching else self._tasks
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """One message of the browser's."""
        if self._subscription is None:
            return
        raw = bytes_data if text_data is None else text_data.encode()
        if len(raw or b"") > MAX_MESSAGE_BYTES:
            await self._refuse(f"A message may have {MAX_MESSAGE_BYTES} bytes at most.", TOO_BIG)
        elif self._is_flooding():
            await self._refuse("Too many messages; connect again later.", TOO_MANY_MESSAGES)
        else:
            await self._or_end(self._obey, self._subscription, raw or b"")

    async def _obey(self, subscription: Subscription, raw: bytes) -> None:
        try:
            message = _decoder.decode(raw)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            await self._send(frames.error(f"The message is not understood: {error}"))
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

    async def _pump(self, subscription: Subscription) -> None:
        """Sends as fast as the browser reads; meanwhile the hub drops what is out of date."""
        while True:
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

    async def _watch_person(self, subscription: Subscription) -> None:
        """Follows the rights, and ends the socket soon after a sign-out: Channels asks when it opens only."""
        answered = True
        while await self._is_signed_in():
            retry = self._recheck_seconds if answered else min(RETRY_SECONDS, self._recheck_seconds)
            await asyncio.sleep(retry)
            answered = await self._look_at_rights(subscription)
        await self._end(NOT_SIGNED_IN)

    async def _or_end(self, part: Callable[..., Awaitable[object]], *given: Any) -> None:
        """Does a part of the socket's work, and ends the socket if that fails, in whatever way.

        Who cannot be checked is not let in, and a page that is not served is to know; it will try again.
        """
        try:
            await part(*given)
        except Exception:
            log.exception("A socket of the live graph failed and is closed")
            await self._end(INTERNAL_ERROR)

    async def _end(self, code: int) -> None:
        """Closes the socket. Even if the browser does not hear of it, it is sent nothing more."""
        if self._subscription:
            self._subscription.close()
            self._subscription = None
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()
        with contextlib.suppress(OSError):  # the browser is gone; disconnect() follows
            await self.close(code=code)

    async def _look_at_rights(self, subscription: Subscription) -> bool:
        """Shows from now on what the person may see now; False where the cluster did not say."""
        asked = await self._ask()
        self._sight = self._last_answer.or_else(asked)
        subscription.see(self._sight.visible, self._sight.notice)
        self._fetch_past(subscription)
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

    async def _ask(self) -> Sight:
        try:
            async with asyncio.timeout(ASK_SECONDS):
                person = await database_sync_to_async(people.of)(self.scope["user"], self._cluster)
                return await asyncio.get_running_loop().run_in_executor(_askers, rights.ask, person)
        except TimeoutError:
            return rights.blind("What you may see could not be asked: the cluster does not answer.")
        except ClusterError as error:
            return rights.blind(f"What you may see could not be asked: {error.summary}")

    @property
    def _cluster(self) -> str:
        route: dict[str, Any] = self.scope.get("url_route", {})
        return str(route.get("kwargs", {}).get("cluster", ""))

    async def _is_signed_in(self) -> bool:
        store: Any = import_module(settings.SESSION_ENGINE).SessionStore
        session = self.scope.get("session")
        fresh = store(getattr(session, "session_key", None))
        user = await get_user({"session": fresh})
        return bool(user.is_authenticated and user.pk == self.scope["user"].pk)

    def _is_flooding(self) -> bool:
        now = time.monotonic()
        full = len(self._received_at) == MAX_MESSAGES
        flooding = full and now - self._received_at[0] < MESSAGES_SECONDS
        self._received_at.append(now)
        return flooding

    async def _refuse(self, message: str, code: int) -> None:
        await self._send(frames.error(message))
        await self._end(code)

    async def _send(self, frame: Frame) -> None:
        with contextlib.suppress(OSError):  # the browser is gone; disconnect() follows
            if self._unpacks and frame.is_worth_packing:
                await self.send(bytes_data=frame.packed)
            else:
                await self.send(text_data=frame.words)


websocket_urlpatterns = [
    path("ws/graph/", GraphConsumer.as_asgi()),
    path("clusters/<str:cluster>/ws/graph/", GraphConsumer.as_asgi()),
]
