"""Threads for what may take seconds: looks, writes and questions. Each kind of work of each cluster has its
own, so that a rollback waits for nothing but other rollbacks of its cluster.
"""

import contextlib
import logging
import queue
import threading
import time
from collections.abc import Callable, Mapping
from typing import Final, Literal, Protocol, TypeAlias

from django.db import connection as database
from django.db.utils import DatabaseError, InterfaceError

Kind: TypeAlias = Literal["back", "forward", "look", "ask"]
Job: TypeAlias = Callable[[], None]
SIZES: Final[Mapping[Kind, int]] = {"back": 16, "forward": 4, "look": 4, "ask": 8}
log = logging.getLogger(__name__)


class Workers(Protocol):
    """Who does the work."""

    def submit(self, kind: Kind, cluster: str, job: Job) -> None:
        """Has a job done, now or soon; it raises nothing that anybody should know of."""

    def stop(self, seconds: float) -> None:
        """Ends when what was begun is done, or the time is over; what was not begun is not begun."""


class Inline:
    """Does everything at once, in the caller's thread."""

    def submit(self, kind: Kind, cluster: str, job: Job) -> None:  # noqa: ARG002
        """See `Workers`."""
        with contextlib.suppress(Exception):  # whoever wants to know of it has been told by the job
            job()

    def stop(self, seconds: float) -> None:
        """See `Workers`."""


class Threads:
    """Threads that are made when there is work for them, up to `sizes` of a kind and a cluster."""

    def __init__(self, sizes: Mapping[Kind, int] = SIZES) -> None:
        self._sizes = sizes
        self._pools: dict[tuple[Kind, str], _Pool] = {}

    def submit(self, kind: Kind, cluster: str, job: Job) -> None:
        """See `Workers`."""
        key = (kind, cluster)
        if key not in self._pools:
            self._pools[key] = _Pool(f"rollouts-{kind}-{cluster}", self._sizes[kind])
        self._pools[key].submit(job)

    def stop(self, seconds: float) -> None:
        """See `Workers`."""
        pools, self._pools = self._pools, {}
        for pool in pools.values():
            pool.stop()
        until = time.monotonic() + seconds
        for pool in pools.values():
            pool.join(until)


class _Pool:
    """The threads of one kind of work. `submit` and `stop` belong to one thread."""

    def __init__(self, name: str, size: int) -> None:
        self._name, self._size = name, size
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._threads: list[threading.Thread] = []
        self._lock = threading.Lock()
        self._undone = 0

    def submit(self, job: Job) -> None:
        self._jobs.put(job)
        with self._lock:
            self._undone += 1
            if self._undone <= len(self._threads) or len(self._threads) >= self._size:
                return
        thread = threading.Thread(target=self._run, name=self._name, daemon=True)
        self._threads.append(thread)
        thread.start()

    def stop(self) -> None:
        with contextlib.suppress(queue.Empty):
            while True:
                self._jobs.get_nowait()
        for _ in self._threads:
            self._jobs.put(None)

    def join(self, until: float) -> None:
        for thread in self._threads:
            thread.join(max(0.0, until - time.monotonic()))

    def _run(self) -> None:
        try:
            while (job := self._jobs.get()) is not None:
                self._do(job)
        finally:
            database.close()

    def _do(self, job: Job) -> None:
        try:
            job()
        except (DatabaseError, InterfaceError) as error:
            log.warning("the database does not answer: %s", error)
            database.close()
        except Exception:
            # The edge of a thread.
            log.exception("a job of a rollout failed")
        finally:
            with self._lock:
                self._undone -= 1
