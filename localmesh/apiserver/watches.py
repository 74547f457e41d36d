"""What happened to the objects, in order, and who is following it.

The history is one bounded line of events for all resources; a watch is a place in it. A slow follower
therefore costs no memory: it is told `Gone` when its place has been dropped, and lists again, as on a
cluster.
"""

import asyncio
import contextlib
from collections import deque
from itertools import islice
from typing import Literal, Self

import msgspec

from localmesh.apiserver.errors import Gone
from localmesh.apiserver.kinds import Resource
from localmesh.apiserver.records import Object, Record

EventType = Literal["ADDED", "MODIFIED", "DELETED"]

#: How many events are kept for watches that start in the past.
HISTORY = 5_000


class Event(msgspec.Struct, frozen=True, gc=False):
    """One change of one object: its record after it, and before it (None for ADDED).

    The record of a DELETED one is the object as it was last, with the deletion's resourceVersion.
    """

    type: EventType
    resource: Resource
    record: Record
    previous: Record | None = None

    @property
    def resource_version(self) -> int:
        """The revision that the change made."""
        return self.record.resource_version

    @property
    def object(self) -> Object:
        """The object after the change, decoded anew, so that no two followers share a dictionary."""
        return self.record.object


class History:
    """The last events; `floor` is the oldest version from which the line is complete."""

    def __init__(self, revision: int, limit: int = HISTORY) -> None:
        self.floor = revision
        self._limit = limit
        self._events: deque[Event] = deque()
        self._followers: set[Watch] = set()

    def publish(self, event: Event) -> None:
        """Append an event and wake all followers."""
        self._events.append(event)
        if len(self._events) > self._limit:
            self.floor = self._events.popleft().resource_version
        for follower in self._followers:
            follower.wake()

    def compact(self, revision: int) -> None:
        """Drop all events; whoever follows already has them first."""
        for follower in self._followers:
            follower.catch_up()
        self._events.clear()
        self.floor = revision

    def after(self, version: int) -> list[Event]:
        """The events later than `version`, oldest first. Raises `Gone` when some of them are no longer
        kept.
        """
        if version < self.floor:
            raise Gone(f"too old resource version: {version} ({self.floor})")
        later = 0
        for event in reversed(self._events):
            if event.resource_version <= version:
                break
            later += 1
        return list(islice(self._events, len(self._events) - later, None))

    def follow(self, resource: Resource | None, since: int) -> "Watch":
        """A watch that starts after `since`. Raises `Gone` at once when that is too far back."""
        self.after(since)
        watch = Watch(self, resource, since)
        self._followers.add(watch)
        return watch

    def forget(self, watch: "Watch") -> None:
        """Stop waking a watch."""
        self._followers.discard(watch)

    def end(self) -> None:
        """End all watches: the store closes."""
        for follower in list(self._followers):
            follower.close()


class Watch:
    """An endless asynchronous iterator over events; `close()` ends it.

    Iterating raises `Gone` when the follower was too slow. Use it as a context manager or close it, or it
    stays registered.
    """

    def __init__(self, history: History, resource: Resource | None, since: int) -> None:
        self.position = since
        self._history = history
        self._resource = resource
        self._pending: deque[Event] = deque()
        self._news = asyncio.Event()
        self._closed = False

    def wake(self) -> None:
        """Something happened."""
        self._news.set()

    def close(self) -> None:
        """End the iteration, now or at its next step."""
        self._closed = True
        self._history.forget(self)
        self._news.set()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Event:
        await self._wait()
        if self._closed:
            raise StopAsyncIteration
        return self._pending.popleft()

    async def batch(self) -> list[Event]:
        """All events that are there, once there is one; empty when the watch has ended. Raises `Gone`."""
        await self._wait()
        if self._closed:
            return []
        found = list(self._pending)
        self._pending.clear()
        return found

    def catch_up(self) -> None:
        """Take what the history has now. A follower that is too far back for it finds out when it reads."""
        with contextlib.suppress(Gone):
            self._fetch()

    async def aclose(self) -> None:
        """The same as `close`, for `contextlib.aclosing`."""
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def _wait(self) -> None:
        while not self._pending and not self._closed:
            self._news.clear()
            self._fetch()
            if not self._pending:
                await self._news.wait()

    def _fetch(self) -> None:
        for event in self._history.after(self.position):
            self.position = event.resource_version
            if self._resource is None or event.resource is self._resource:
                self._pending.append(event)
