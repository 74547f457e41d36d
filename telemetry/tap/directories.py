"""The directory of each cluster, made once for all who look on, and not more often than is worth it.

A cluster of 30,000 pods changes all the time, and going through them takes a tenth of a second.
"""

import time
from collections.abc import Callable
from threading import Lock
from typing import Any, Final, NamedTuple
from weakref import WeakKeyDictionary

from cluster import kinds
from cluster.cache import Cache
from telemetry.tap.ends import Directory

FRESH_SECONDS: Final = 2.0


class _Made(NamedTuple):
    pods: tuple[Any, ...]
    services: tuple[Any, ...]
    directory: Directory
    at: float


class Directories:
    """Safe in any thread; whoever comes while one is being made waits for it."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._lock = Lock()
        self._made: WeakKeyDictionary[Cache, _Made] = WeakKeyDictionary()

    def of(self, cache: Cache) -> Directory:
        """The pods and services that the cache knows, as of the last two seconds. Slow: for a thread."""
        with self._lock:
            made = self._made.get(cache)
            if made is None or self._clock() - made.at >= FRESH_SECONDS:
                made = self._made[cache] = self._make(cache, made)
            return made.directory

    def _make(self, cache: Cache, before: _Made | None) -> _Made:
        # The cache answers with the same tuples until something changes.
        pods, services = cache.read(kinds.POD).items, cache.read(kinds.SERVICE).items
        same = before is not None and before.pods is pods and before.services is services
        directory = before.directory if before is not None and same else Directory(pods, services)
        return _Made(pods, services, directory, self._clock())


DIRECTORIES: Final = Directories()
