"""One open watch of a fake cluster."""

import time
from collections.abc import Iterator
from typing import Generic, TypeVar

import msgspec

from cluster import decoding
from cluster.errors import Unavailable
from cluster.fake.state import Entry, State
from cluster.kinds import Kind
from cluster.port import Event
from cluster.refs import Manifest

T = TypeVar("T")


class FakeWatch(Generic[T]):
    """`cluster.port.Watch` over the state's line of events. Its seconds are real ones."""

    def __init__(
        self,
        state: State,
        kind: Kind,
        shape: type[T],
        *,
        namespace: str | None,
        since: int,
        seconds: float,
        silence: float,
    ) -> None:
        self._state = state
        self._kind = kind
        self._shape = shape
        self._namespace = namespace
        self._since = since
        self._silence = silence
        self._opened = len(state.log)
        self._at = 0
        self._cuts = state.cuts
        self._closed = False
        self._until = time.monotonic() + seconds
        self._heard = time.monotonic()

    def close(self) -> None:
        """See `cluster.port.Watch.close`."""
        with self._state.changed:
            self._closed = True
            self._state.changed.notify_all()

    def __iter__(self) -> Iterator[Event[T]]:
        """See `cluster.port.Watch`."""
        while (entry := self._next()) is not None:
            shown = None if entry.type == "BOOKMARK" else shaped(entry.manifest, self._shape)
            yield Event(entry.type, str(entry.version), shown)

    def _next(self) -> Entry | None:
        """The next entry that concerns this watch; None at its end in good order."""
        with self._state.changed:
            while not self._closed:
                if self._state.cuts != self._cuts:
                    raise Unavailable("The watch was cut.")
                if self._at < len(self._state.log):
                    entry = self._state.log[self._at]
                    self._at += 1
                    if self._concerns(entry):
                        self._heard = time.monotonic()
                        return entry
                elif not self._waits():
                    return None
        return None

    def _waits(self) -> bool:
        """Waits for news; False when the time is over. Raises Unavailable after the silence agreed on."""
        now = time.monotonic()
        if now >= self._until:
            return False
        if now >= self._heard + self._silence:
            raise Unavailable("The watch fell silent.")
        self._state.changed.wait(min(self._until, self._heard + self._silence) - now)
        return True

    def _concerns(self, entry: Entry) -> bool:
        if entry.kind != self._kind:
            return False
        if entry.type == "BOOKMARK":
            return self._at > self._opened
        return entry.version > self._since and self._namespace in (None, entry.namespace)


def shaped(manifest: Manifest, shape: type[T]) -> T:
    """A manifest as the real adapter would decode it."""
    return decoding.decode(msgspec.json.encode(manifest), shape)
