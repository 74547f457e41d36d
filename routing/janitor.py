"""Ends the changes of processes that are gone: when the server starts, and again while it runs.

In a thread of its own, as the watch caches are: nobody waits for a cluster that does not answer.
"""

import logging
import threading
from typing import Final

from django.db import close_old_connections
from django.db import connection as database
from django.db.utils import DatabaseError
from django.utils import timezone

from cluster import connection
from routing.recovery import Recovered, finish_interrupted

EVERY_SECONDS: Final = 30.0
_STOP_SECONDS: Final = 2.0
log = logging.getLogger(__name__)


class Janitor:
    """Looks at once, and then every so often, until it is stopped."""

    def __init__(self, every_seconds: float = EVERY_SECONDS) -> None:
        self._every = every_seconds
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def start(self) -> None:
        """Begins; a second call does nothing."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="janitor", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ends; who is in the middle of a question to a cluster is not waited for long."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join(_STOP_SECONDS)
            self._thread = None

    def _run(self) -> None:
        try:
            while not self._stopping.is_set():
                self._look()
                self._stopping.wait(self._every)
        finally:
            database.close()

    def _look(self) -> None:
        try:
            close_old_connections()
            tidy_up()
        except Exception:
            # The edge of the loop: one change that cannot be read must not end the care for all others.
            log.exception("interrupted changes could not be looked up; trying again later")


def tidy_up() -> list[Recovered]:
    """Ends what can be ended in every cluster, and logs it. A database that is away is tried again later."""
    found = []
    for name in connection.names():
        try:
            recovered = finish_interrupted(name, connection.get(name).cluster, timezone.now())
        except DatabaseError as error:
            log.warning("interrupted changes of cluster %s cannot be looked up: %s", name, error)
            continue
        for change in recovered.changes:
            log.warning("change #%s was interrupted, and is now %s", change.pk, change.state)
        for problem in recovered.problems:
            log.warning("%s: %s", name, problem)
        found.append(recovered)
    return found
