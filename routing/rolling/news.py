"""Waiting for news of rollouts: one look at the database for all who wait in a process, and none while nobody
does. Whoever writes may be another process, so the database is where news comes from.

A key is ("rollout", id), whose number is its version; ("command", id): whether it was done or refused; and
EVERY: the versions of all rollouts that have not ended, or did minutes ago.
"""

import asyncio
import contextvars
import logging
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any, Final, TypeAlias
from weakref import WeakKeyDictionary

from asgiref.sync import sync_to_async
from django.db import close_old_connections
from django.db.models import Q
from django.db.utils import DatabaseError
from django.utils import timezone

from routing.models import Rollout, RolloutCommand
from routing.rollouts.states import ENDED

Key: TypeAlias = tuple[str, int]
EVERY: Final[Key] = ("every", 0)
LOOK_SECONDS: Final = 0.25
RECENT: Final = timedelta(minutes=5)
log = logging.getLogger(__name__)
# A thread of its own: requests that wait for a cluster are not to hold up the others' news.
_looker = ThreadPoolExecutor(1, thread_name_prefix="rollout-news")


class ClosingError(Exception):
    """The server is being stopped; nobody waits any longer."""


def rollout(pk: int) -> Key:
    """The key of a rollout."""
    return "rollout", pk


def command(pk: int) -> Key:
    """The key of a command."""
    return "command", pk


def numbers(keys: Collection[Key]) -> dict[Key, Any]:
    """What stands under each key now; what is not there any more is None. Raises DatabaseError."""
    found: dict[Key, Any] = dict.fromkeys(keys)
    ids = {kind: [pk for each, pk in keys if each == kind] for kind in ("rollout", "command")}
    if ids["rollout"]:
        rows = Rollout.objects.filter(pk__in=ids["rollout"]).values_list("pk", "version")
        found |= {rollout(pk): version for pk, version in rows}
    if ids["command"]:
        done = RolloutCommand.objects.filter(pk__in=ids["command"]).values_list("pk", "handled_at")
        found |= {command(pk): handled is not None for pk, handled in done}
    if EVERY in found:
        found[EVERY] = versions()
    return found


def versions() -> dict[int, int]:
    """The versions of the rollouts that have not ended, or did minutes ago."""
    alive = ~Q(status__in=ENDED) | Q(finished_at__gte=timezone.now() - RECENT)
    return dict(Rollout.objects.filter(alive).values_list("pk", "version"))


class Board:
    """Those who wait in one event loop."""

    def __init__(
        self,
        look: Callable[[Collection[Key]], Mapping[Key, Any]] = numbers,
        every_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._look = look
        self._every = every_seconds
        self._waiting: dict[Key, dict[asyncio.Future[Any], Any]] = {}
        self._watching: asyncio.Task[None] | None = None
        self.closed = False

    async def wait(self, key: Key, seen: Any, seconds: float) -> Any:
        """What stands under a key once it is not `seen` any more; `seen` after so many seconds.

        Raises ClosingError.
        """
        if self.closed:
            raise ClosingError
        waiter = asyncio.get_running_loop().create_future()
        self._waiting.setdefault(key, {})[waiter] = seen
        self._start()
        try:
            async with asyncio.timeout(seconds):
                return await waiter
        except TimeoutError:
            return seen
        finally:
            del self._waiting[key][waiter]
            if not self._waiting[key]:
                del self._waiting[key]

    def close(self) -> None:
        """Sends everybody home."""
        self.closed = True
        for waiters in list(self._waiting.values()):
            for waiter in waiters:
                if not waiter.done():
                    waiter.set_exception(ClosingError())

    def _start(self) -> None:
        if self._watching is None or self._watching.done():
            # Nobody's request is this one's context: it outlives the one that came first.
            loop = asyncio.get_running_loop()
            self._watching = loop.create_task(self._watch(), context=contextvars.Context())

    async def _watch(self) -> None:
        loop = asyncio.get_running_loop()
        while self._waiting and not self.closed:
            try:
                found = await loop.run_in_executor(_looker, self._looked, tuple(self._waiting))
            except DatabaseError as error:
                log.warning("News of rollouts cannot be read: %s", error)
                found = {}
            for key, value in found.items():
                for waiter, seen in self._waiting.get(key, {}).items():
                    if value != seen and not waiter.done():
                        waiter.set_result(value)
            await asyncio.sleep(self._every)

    def _looked(self, keys: Collection[Key]) -> Mapping[Key, Any]:
        try:
            return self._look(keys)
        finally:
            close_old_connections()


_boards: WeakKeyDictionary[asyncio.AbstractEventLoop, Board] = WeakKeyDictionary()


def board() -> Board:
    """The board of the running event loop."""
    return _boards.setdefault(asyncio.get_running_loop(), Board())


def close() -> None:
    """Sends home who waits in any loop of this process, from any thread: the server stops."""
    for loop, each in list(_boards.items()):
        if not loop.is_closed():
            loop.call_soon_threadsafe(each.close)


async def wait_alone(key: Key, seen: Any, seconds: float) -> Any:
    """As `Board.wait`, where the event loop is there for this request only: a server without ASGI."""
    look = sync_to_async(numbers, thread_sensitive=True)
    deadline = asyncio.get_running_loop().time() + seconds
    while True:
        found = (await look((key,)))[key]
        if found != seen or asyncio.get_running_loop().time() >= deadline:
            return found
        await asyncio.sleep(min(LOOK_SECONDS, seconds))
