"""What happened to the objects, in order, and who is following it.

The history is one bounded line of events for all resources; a watch is a place in it. A slow follower
therefore costs no memory: it is told `Gone` when its place has been dropped, and lists again, as on a
cluster.
"""

import asyncio
from collections import deque
from dataclasses import dataclass
from itertools import islice
from typing import Any, Literal, Self

import msgspec

from localmesh.apiserver.errors import Gone
from localmesh.apiserver.kinds import Resource

EventType = Literal["ADDED", "MODIFIED", "DELETED"]

#: How many events are kept for watches that start in the past.
HISTORY = 5_000


@dataclass(frozen=True, slots=True)
class Event:
    """One change of one object. `raw` is the object's JSON after it, `previous` before it (None for ADDED).

    `object` is decoded anew at each access, so that no two followers share a dictionary.
    """

    type: EventType
    resource: Resource
    raw: bytes
    resource_version: int
    previous: bytes | None = None

    @property
    def object(self) -> dict[str, Any]:
        """The object after the change (for DELETED: as it was last, with the deletion's resourceVersion)."""
        decoded: dict[str, Any] = msgspec.json.decode(self.raw)
        return decoded


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
        while not self._pending:
            if self._closed:
                raise StopAsyncIteration
            self._news.clear()
            self._fetch()
            if not self._pending:
                await self._news.wait()
        if self._closed:
            raise StopAsyncIteration
        return self._pending.popleft()

    async def aclose(self) -> None:
        """The same as `close`, for `contextlib.aclosing`."""
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _fetch(self) -> None:
        for event in self._history.after(self.position):
            self.position = event.resource_version
            if self._resource is None or event.resource is self._resource:
                self._pending.append(event)
