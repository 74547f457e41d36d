"""Keeps the objects of one kind up to date: lists them, then watches from there, for as long as it runs.

What it does at each fault is client-go's practice (tools/cache/reflector, apimachinery's wait.Backoff): it
goes on from the last version where it can, lists anew where it must, and never hurries a server that
struggles.
"""

import logging
import random
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeAlias

from cluster import reading
from cluster.errors import ClusterError, Expired, Forbidden, NotFound, TooManyRequests, Unavailable
from cluster.kinds import Kind
from cluster.objects import shape_of
from cluster.port import PAGE_SIZE, Cluster, Watch
from cluster.store import Change, Store

log = logging.getLogger(__name__)
Emit: TypeAlias = Callable[[Kind, tuple[Change, ...]], None]
"""Is told of every change once it can be read; without any, of each list and each new trouble."""


@dataclass(frozen=True, slots=True)
class Pace:
    """How fast a reflector goes about its work, in seconds, and what it measures and draws by.

    `silence`: without a word for so long, a connection counts as dead; below the minute in which one must be
    noticed. `watch`: how long to ask for, drawn anew each time, and below the silence: a server sends a quiet
    watch its first bookmark after a minute, or two seconds before the end that it was asked for. Only the
    latter comes in time, and without it a quiet kind's moment would grow too old to go on from
    (k8s.io/apiserver, storage/cacher/cache_watcher.go).
    `steady`: a watch that lasts so long was a good one, however it ended.
    `slow`: how often to ask again for what the cluster refuses or does not have. `page`: objects to a page.
    """

    silence: float = 45.0
    watch: tuple[float, float] = (36.0, 43.0)
    backoff: tuple[float, float] = (0.8, 30.0)
    healthy: float = 120.0
    steady: float = 5.0
    slow: float = 30.0
    page: int = PAGE_SIZE
    check_every: float = 600.0
    check_again: float = 5.0
    clock: Callable[[], float] = time.monotonic
    uniform: Callable[[float, float], float] = random.uniform


BLINK = 2.0
"""Seconds that taking up a watch again may last before the age of what is shown begins to grow."""
STRIKES = 3
"""Watches in a row that go wrong at once, on a server that answers, before their moment is given up."""


class Backoff:
    """Pauses that double, with jitter, and begin anew once all went well for long enough."""

    def __init__(self, pace: Pace) -> None:
        self._pace = pace
        self._ceiling = 0.0
        self._ended = 0.0

    def next(self) -> float:
        """The pause to make now, in seconds."""
        shortest, longest = self._pace.backoff
        now = self._pace.clock()
        if not self._ceiling or now - self._ended >= self._pace.healthy:
            self._ceiling = shortest
        self._ceiling = min(longest, 2 * self._ceiling)
        pause = self._pace.uniform(self._ceiling / 2, self._ceiling)
        self._ended = now + pause
        return pause


class Reflector:
    """One kind in one namespace, or (None) in all, kept in a store.

    `run` is the life of one thread; the others read what is public, and call `stop` and `relist`.
    """

    def __init__(
        self,
        cluster: Cluster,
        kind: Kind,
        namespace: str | None = None,
        *,
        pace: Pace | None = None,
        emit: Emit = lambda _kind, _changes: None,
    ) -> None:
        self.kind = kind
        self.namespace = namespace
        self.store = Store()
        self.error: ClusterError | None = None
        """Why it is not up to date; None when it is."""
        self.lists = 0
        self.events = 0
        self._cluster = cluster
        self._shape = shape_of(kind)
        self._pace = pace or Pace()
        self._emit = emit
        self._backoff = Backoff(self._pace)
        self._stopping = threading.Event()
        self._watch: Watch[Any] | None = None
        self._must_list = True
        self._strikes = 0
        self._heard: float | None = None
        self._left = 0.0
        self._told: type[ClusterError] | None = None

    def run(self) -> None:
        """Works until `stop` is called. Never raises."""
        while not self._stopping.is_set():
            self._stopping.wait(self.turn())

    def stop(self) -> None:
        """Ends `run` soon, from any thread."""
        self._stopping.set()
        self._hang_up()

    def relist(self) -> None:
        """Has it list anew as soon as it can, from any thread."""
        self._must_list = True
        self._hang_up()

    @property
    def settled(self) -> bool:
        """Whether it was listed, or it is known why not."""
        return self._heard is not None or self.error is not None

    @property
    def absent(self) -> bool:
        """Whether the cluster said that it does not serve the kind."""
        return isinstance(self.error, NotFound)

    @property
    def watching(self) -> bool:
        """Whether a watch is open, and has spoken within the silence that is allowed."""
        return self._watch is not None

    @property
    def age(self) -> float | None:
        """Seconds since the server last spoke of the kind; 0.0 while it is being watched, None: never."""
        if self._heard is None:
            return None
        now = self._pace.clock()
        resuming = self.error is None and now - self._left < BLINK
        return 0.0 if self.watching or self.absent or resuming else now - self._heard

    def turn(self) -> float:
        """Lists if it must, then watches until the watch ends. Returns the seconds to pause. Never raises."""
        try:
            if self._must_list:
                self._list()
            return self._follow()
        except Expired as error:
            return self._expired(error)
        except (TooManyRequests, Unavailable) as error:
            return max(error.retry_after, self._failed(error))
        except (Forbidden, NotFound) as error:
            return self._refused(error)
        except ClusterError as error:
            return self._failed(error)
        except Exception as error:  # noqa: BLE001  (a thread that died would leave the kind to grow old for ever)
            return self._failed(ClusterError(f"{type(error).__name__}: {error}"), trace=error)

    def __str__(self) -> str:
        return f"{self.kind.plural} in {self.namespace or 'all namespaces'}"

    def _list(self) -> None:
        self.lists += 1
        listed = reading.everything(
            self._cluster,
            self.kind,
            self._shape,
            self.namespace,
            limit=self._pace.page,
            pause=self._stopping.wait,
        )
        self._must_list = False
        self.error = None
        self._take_whole(listed.items, listed.resource_version)

    def _take_whole(self, items: tuple[Any, ...], resource_version: str) -> None:
        changes = self.store.replace(items, resource_version)
        self._heard = self._left = self._pace.clock()
        self._emit(self.kind, changes)

    def _follow(self) -> float:
        watch = self._cluster.watch(
            self.kind,
            self._shape,
            self.store.resource_version,
            namespace=self.namespace,
            seconds=self._pace.uniform(*self._pace.watch),
            silence=self._pace.silence,
        )
        opened = self._pace.clock()
        self._heard, self._watch, self.error = opened, watch, None
        try:
            if not self._stopping.is_set() and not self._must_list:
                self._consume(watch, opened)
        except Unavailable:
            # A watch ends like this when its server is quiet, or when something between cuts it off. Only
            # the next one shows whether anything is wrong.
            if not self._lasted(opened):
                self._strikes += 1
                raise
        finally:
            self._left, self._watch = self._pace.clock(), None
            watch.close()
        if self._lasted(opened) or self._stopping.is_set() or self._must_list:
            return 0.0
        self._strikes += 1
        return self._failed(Unavailable("It ends every watch at once."))

    def _consume(self, watch: Watch[Any], opened: float) -> None:
        for event in watch:
            self._heard = self._pace.clock()
            self._lasted(opened)
            if event.type != "BOOKMARK":
                self.events += 1
            changes = self.store.apply(event)
            if changes:
                self._emit(self.kind, changes)

    def _lasted(self, opened: float) -> bool:
        """Whether the watch was a good one; if so, what went wrong before is over."""
        if self._pace.clock() - opened < self._pace.steady:
            return False
        self._strikes = 0
        if self._told is not None:
            log.info("%s: up to date again", self)
            self._told = None
        return True

    def _expired(self, error: Expired) -> float:
        # Once is everyday business: a quiet kind outlived what the server remembers.
        once = not self._must_list and not self._strikes
        self._must_list = True
        self._strikes += 1
        return 0.0 if once else self._failed(error)

    def _refused(self, error: Forbidden | NotFound) -> float:
        listing, self._must_list = self._must_list, True
        if isinstance(error, NotFound):
            if not listing:
                # It served the kind a moment ago: only a list says that its objects are gone.
                return self._backoff.next()
            self._take_whole((), "")
        self._tell(error)
        return self._pace.slow * self._pace.uniform(1.0, 1.1)

    def _failed(self, error: ClusterError, *, trace: Exception | None = None) -> float:
        self._tell(error, trace)
        # No answer at all says nothing against the moment that is known, nor does one that asks for
        # patience; and a server that comes back should not have to list everything for everybody.
        self._strikes += error.status not in (None, 429, 503)
        self._must_list |= self._strikes >= STRIKES
        return self._backoff.next()

    def _tell(self, error: ClusterError, trace: Exception | None = None) -> None:
        self.error = error
        if self._told is not type(error):
            self._told = type(error)
            if self.absent:
                log.info("%s: the cluster does not serve them", self)
            else:
                log.warning("%s: %s", self, error.message, exc_info=trace)
            self._emit(self.kind, ())

    def _hang_up(self) -> None:
        watch = self._watch
        if watch is not None:
            watch.close()
