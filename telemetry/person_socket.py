"""What all sockets of signed-in people have in common: who may open one, how long, and what is too much.

docs/websocket.md lists the close codes. What is sent, and what it is made of, a subclass knows.
"""

import asyncio
import contextlib
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any, TypeVar

import msgspec
from channels.auth import get_user
from channels.db import database_sync_to_async
from channels.generic.websocket import AsyncWebsocketConsumer
from django.conf import settings

from cluster import people
from cluster.errors import ClusterError
from cluster.person import PersonCluster
from telemetry import frames
from telemetry.packing import Frame
from telemetry.undecodable import UNDECODABLE

T = TypeVar("T")
NOT_SIGNED_IN = 4401
NO_SUCH_CLUSTER = 4404
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


class RefusedError(Exception):
    """The socket is not opened; the message is for the person."""

    def __init__(self, message: str, code: int) -> None:
        super().__init__(message)
        self.code = code


class PersonConsumer(AsyncWebsocketConsumer):  # type: ignore[misc]  # Channels is not typed
    """One browser's socket, with a watchman over session and rights beside the subclass's own parts."""

    def __init__(self, recheck_seconds: float = RECHECK_SECONDS) -> None:
        super().__init__()
        self._recheck_seconds = recheck_seconds
        self._joined = False
        self._tasks: list[asyncio.Task[None]] = []
        self._unpacks = False
        self._received_at: deque[float] = deque(maxlen=MAX_MESSAGES)

    def _join(self) -> None:
        """Takes its place. Raises RefusedError."""
        raise NotImplementedError

    def _leave(self) -> None:
        """Gives its place back; called once or more after `_join`."""
        raise NotImplementedError

    def _parts(self) -> Iterable[Callable[[], Awaitable[object]]]:
        """What it does until it ends."""
        raise NotImplementedError

    async def _obey(self, raw: bytes) -> None:
        """One message of the browser's."""
        raise NotImplementedError

    async def _understood(self, raw: bytes, decoder: msgspec.json.Decoder[T]) -> T | None:
        """The message, or None where it is none; then the browser is told why."""
        try:
            return decoder.decode(raw)
        except UNDECODABLE as error:
            await self._send(frames.error(f"The message is not understood: {error}"))
            return None

    async def _look_at_rights(self) -> bool:
        """Shows from now on what the person may see now; False where the cluster did not say."""
        raise NotImplementedError

    async def connect(self) -> None:
        """Accepts first, because a browser is told no close code of a socket that was never open."""
        await self.accept()
        self._unpacks = b"packed=deflate" in self.scope.get("query_string", b"").split(b"&")
        user = self.scope.get("user")
        if user is None or not user.is_authenticated:
            await self.close(code=NOT_SIGNED_IN)
            return
        try:
            self._join()
        except RefusedError as refused:
            await self._refuse(str(refused), refused.code)
            return
        self._joined = True
        parts = (*self._parts(), self._watch_person)
        self._tasks = [asyncio.create_task(self._or_end(part)) for part in parts]
        # No message is obeyed before this is done.
        await self._or_end(self._look_at_rights)

    async def disconnect(self, code: int) -> None:  # noqa: ARG002  Channels' signature
        """Undoes connect()."""
        self._give_up()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def receive(self, text_data: str | None = None, bytes_data: bytes | None = None) -> None:
        """One message of the browser's."""
        if not self._joined:
            return
        raw = bytes_data if text_data is None else text_data.encode()
        if len(raw or b"") > MAX_MESSAGE_BYTES:
            await self._refuse(f"A message may have {MAX_MESSAGE_BYTES} bytes at most.", TOO_BIG)
        elif self._is_flooding():
            await self._refuse("Too many messages; connect again later.", TOO_MANY_MESSAGES)
        else:
            await self._or_end(self._obey, raw or b"")

    async def _watch_person(self) -> None:
        """Follows the rights, and ends the socket soon after a sign-out: Channels asks when it opens only."""
        answered = True
        while await self._is_signed_in():
            retry = self._recheck_seconds if answered else min(RETRY_SECONDS, self._recheck_seconds)
            await asyncio.sleep(retry)
            answered = await self._look_at_rights()
        await self._end(NOT_SIGNED_IN)

    async def _or_end(self, part: Callable[..., Awaitable[object]], *given: Any) -> None:
        """Does a part of the socket's work, and ends the socket if that fails, in whatever way.

        Who cannot be checked is not let in, and a page that is not served is to know; it will try again.
        """
        try:
            await part(*given)
        except Exception:
            log.exception("A socket failed and is closed")
            await self._end(INTERNAL_ERROR)

    async def _end(self, code: int) -> None:
        """Closes the socket. Even if the browser does not hear of it, it is sent nothing more."""
        self._give_up()
        for task in self._tasks:
            if task is not asyncio.current_task():
                task.cancel()
        with contextlib.suppress(OSError):  # the browser is gone; disconnect() follows
            await self.close(code=code)

    def _give_up(self) -> None:
        if self._joined:
            self._joined = False
            self._leave()

    async def _ask(self, question: Callable[[PersonCluster], T], blind: Callable[[str], T]) -> T:
        """What the cluster answers about this person; `blind` makes the answer of why there is none."""
        try:
            async with asyncio.timeout(ASK_SECONDS):
                person = await database_sync_to_async(people.of)(self.scope["user"], self._cluster)
                return await asyncio.get_running_loop().run_in_executor(_askers, question, person)
        except TimeoutError:
            return blind("What you may see could not be asked: the cluster does not answer.")
        except ClusterError as error:
            return blind(f"What you may see could not be asked: {error.summary}")

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
