"""Logs that are followed: one thread and one bounded memory for each, shared by all who look at the same.

A follower ends when nobody looks any more. A log that ends (its container has, or the connection broke) is
opened again, ever more slowly; what was written meanwhile is not asked for: a sample can do without.
"""

import logging
import threading
import time
from collections import deque
from collections.abc import Callable, Hashable
from itertools import islice
from typing import Final, NamedTuple

from cluster.errors import ClusterError
from cluster.port import Log
from telemetry.tap.lines import Line, Other, Splitter, parse

MAX_FOLLOWERS: Final = 64
"""Threads and open requests of this process."""
RECENT: Final = 20
"""Lines from before one began to look: an empty table says less."""
MAX_KEPT: Final = 1000
MAX_PARSED_PER_SECOND: Final = 2000
SILENCE_SECONDS: Final = 300.0
FIRST_PAUSE_SECONDS: Final = 1.0
LONGEST_PAUSE_SECONDS: Final = 15.0
CONTAINER: Final = "istio-proxy"
ENDED: Final = "The log has ended; it is opened again."
Open = Callable[[int], Log]
"""Opens the log, with so many of its last lines. Raises ClusterError."""
log = logging.getLogger(__name__)


class Counts(NamedTuple):
    """What a log has held so far. `skimmed`: of the requests, those that were counted and not read."""

    requests: int = 0
    skimmed: int = 0
    connections: int = 0
    unread: int = 0


class News(NamedTuple):
    """Requests since the last time, and how many there were besides."""

    lines: list[Line]
    lost: int
    counts: Counts


class Follower:
    """One log. Its thread writes, any other may read."""

    def __init__(self, open_log: Open, clock: Callable[[], float] = time.monotonic) -> None:
        self.users = 0
        self._open = open_log
        self._clock = clock
        self._lock = threading.Lock()
        self._kept: deque[Line] = deque(maxlen=MAX_KEPT)
        self._counts = Counts()
        self._log: Log | None = None
        self._closed = threading.Event()
        self._problem = ""
        self._opened = False
        self._second = (0, 0)
        self._thread = threading.Thread(target=self._run, name="tap", daemon=True)

    def start(self) -> None:
        """Opens the log, in a thread of its own."""
        self._thread.start()

    def close(self) -> None:
        """Ends it, at once; the thread may need a moment longer."""
        with self._lock:
            self._closed.set()
            followed = self._log
        if followed is not None:
            followed.close()

    def join(self, seconds: float) -> bool:
        """Waits for the thread's end; whether it has ended."""
        self._thread.join(seconds)
        return not self._thread.is_alive()

    @property
    def problem(self) -> str:
        """Why there is nothing new just now, in plain words; empty while the log is open."""
        return self._problem

    @property
    def opened(self) -> bool:
        """Whether it has been open at all."""
        return self._opened

    def start_of_news(self) -> Counts:
        """From where a new viewer reads: the last lines, which are there already."""
        with self._lock:
            back = min(RECENT, len(self._kept))
            return self._counts._replace(requests=self._counts.requests - back)

    def since(self, last: Counts, most: int) -> News:
        """What has come since; of many lines, the newest `most`."""
        with self._lock:
            now = self._counts
            new = now.requests - now.skimmed - (last.requests - last.skimmed)
            number = max(0, min(new, len(self._kept), most))
            lines = list(islice(self._kept, len(self._kept) - number, None))
        return News(lines, now.requests - last.requests - number, now)

    def _run(self) -> None:
        pause, tail = FIRST_PAUSE_SECONDS, RECENT
        while not self._closed.is_set():
            began = self._clock()
            self._problem = self._once(tail)
            if self._opened:
                tail = 0
            if self._clock() - began > LONGEST_PAUSE_SECONDS:
                pause = FIRST_PAUSE_SECONDS
            self._closed.wait(pause)
            pause = min(2 * pause, LONGEST_PAUSE_SECONDS)

    def _once(self, tail: int) -> str:
        """Follows the log until its end; why it has ended."""
        try:
            followed = self._open(tail)
            with self._lock:
                self._log = followed
            if self._closed.is_set():
                followed.close()
            self._opened, self._problem = True, ""
            splitter = Splitter()
            for piece in followed:
                self._take(splitter, piece)
        except ClusterError as error:
            # Its detail may name what not everybody who shares this log may know.
            return error.summary
        except Exception:  # the thread's edge: the next round tries again
            log.exception("A log could not be followed")
            return "The log could not be read; meshui's own log says why."
        return ENDED

    def _take(self, splitter: Splitter, piece: bytes) -> None:
        too_long = splitter.too_long
        for line in splitter.feed(piece):
            self._add(line)
        if splitter.too_long > too_long:
            with self._lock:
                more = splitter.too_long - too_long
                self._counts = self._counts._replace(unread=self._counts.unread + more)

    def _add(self, line: bytes) -> None:
        second = int(self._clock())
        parsed = self._second[1] if self._second[0] == second else 0
        self._second = (second, parsed + 1)
        found = None if parsed >= MAX_PARSED_PER_SECOND else parse(line)
        with self._lock:
            self._counts = _counted(self._counts, found)
            if isinstance(found, Line):
                self._kept.append(found)


def _counted(counts: Counts, found: Line | Other | None) -> Counts:
    requests, skimmed, connections, unread = counts
    if found is Other.CONNECTION:
        return Counts(requests, skimmed, connections + 1, unread)
    if found is Other.UNREAD:
        return Counts(requests, skimmed, connections, unread + 1)
    return Counts(requests + 1, skimmed + (found is None), connections, unread)


class Followers:
    """All followers of this process, each by what it follows and with whose rights."""

    def __init__(self, limit: int = MAX_FOLLOWERS) -> None:
        self._limit = limit
        self._lock = threading.Lock()
        self._by_key: dict[Hashable, Follower] = {}

    def __len__(self) -> int:
        return len(self._by_key)

    def take(self, key: Hashable, open_log: Open) -> Follower | None:
        """The follower of a key, begun where there is none yet; None where there is no room for one more."""
        with self._lock:
            found = self._by_key.get(key)
            if found is None:
                if len(self._by_key) >= self._limit:
                    return None
                found = self._by_key[key] = Follower(open_log)
                found.start()
            found.users += 1
            return found

    def release(self, key: Hashable) -> None:
        """Undoes one `take`; the last one ends the follower."""
        with self._lock:
            found = self._by_key[key]
            found.users -= 1
            if found.users:
                return
            del self._by_key[key]
        found.close()


FOLLOWERS: Final = Followers()
