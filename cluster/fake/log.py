"""One followed log of a fake cluster."""

import time
from collections.abc import Iterator

from cluster.errors import Unavailable
from cluster.fake.state import State


class FakeLog:
    """`cluster.port.Log` over the lines that a test has written. Its seconds are real ones."""

    def __init__(self, state: State, key: tuple[str, str, str], *, tail_lines: int, silence: float) -> None:
        self._state = state
        self._key = key
        self._at = max(0, len(state.logs[key]) - tail_lines)
        self._silence = silence
        self._ends = state.log_ends.get(key, 0)
        self._cuts = state.cuts
        self._closed = False

    def close(self) -> None:
        """See `cluster.port.Log.close`."""
        with self._state.changed:
            self._closed = True
            self._state.changed.notify_all()

    def __iter__(self) -> Iterator[bytes]:
        """See `cluster.port.Log`."""
        while (piece := self._next()) is not None:
            yield piece

    def _next(self) -> bytes | None:
        """The next line; None at the end in good order."""
        until = time.monotonic() + self._silence
        with self._state.changed:
            while not self._closed:
                if self._state.cuts != self._cuts:
                    raise Unavailable("The log was cut.")
                lines = self._state.logs[self._key]
                if self._at < len(lines):
                    self._at += 1
                    return lines[self._at - 1]
                if self._state.log_ends.get(self._key, 0) != self._ends:
                    return None
                left = until - time.monotonic()
                if left <= 0:
                    raise Unavailable("The log fell silent.")
                self._state.changed.wait(left)
        return None
