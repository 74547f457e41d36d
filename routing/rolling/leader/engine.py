"""The engine of the rollouts: a thread that drives them while its process leads, second after second.

It is woken before its time by commands and by answers. Other processes follow: they see that the leader
lives, and take over when he does not.
"""

import logging
import threading
import time
from collections.abc import Callable
from typing import Final

from django.db import close_old_connections
from django.db import connection as database
from django.db.utils import DatabaseError, InterfaceError

from routing.rolling import commands, vitals
from routing.rolling.leader.driving import Driver
from routing.rolling.leader.jobs import Jobs
from routing.rolling.leader.leading import Leading
from routing.rolling.leader.workers import Threads, Workers
from routing.rolling.ports import Asker, Watcher, Worlds, Writer
from routing.rolling.vitals import Vitals
from routing.rollouts.inputs import Now, StaleEpochError

EVERY_SECONDS: Final = 1.0
_AT_LEAST_SECONDS: Final = 0.05
"""Between two rounds: answers that come together are taken in together."""
_STOP_SECONDS: Final = 2.0
log = logging.getLogger(__name__)


class Engine:
    """Drives the rollouts through its parts. `tick` is one round; `start` has a thread do them."""

    def __init__(
        self,
        worlds: Worlds,
        writer: Writer,
        watcher: Watcher,
        asker: Asker,
        *,
        leading: Leading | None = None,
        workers: Workers | None = None,
        wall: Callable[[], float] = time.time,
        monotonic: Callable[[], float] = time.monotonic,
        every_seconds: float = EVERY_SECONDS,
    ) -> None:
        self.leading = leading or Leading(monotonic=monotonic)
        self._wall, self._monotonic, self._every = wall, monotonic, every_seconds
        self._workers: Workers = workers or Threads()
        jobs = Jobs((worlds, writer, watcher, asker), self.leading, self._now, commands.wake)
        self._driver = Driver(jobs, self._workers, self.leading, self._now)
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None
        self._away = False

    def tick(self) -> bool:
        """Renews the leadership, and does all there is to do; whether this process leads, and could.

        A database that is away is told once, and asked again at the next tick.
        """
        return self._asked_database(self._renewed) and self.round()

    def round(self) -> bool:
        """All there is to do as long as the leadership lasts."""
        if not self.leading.acts:
            return False
        return self._asked_database(self._driven)

    def start(self) -> None:
        """Begins; a second call does nothing."""
        if self._thread is None:
            self._stopping.clear()
            self._thread = threading.Thread(target=self._run, name="rollouts", daemon=True)
            self._thread.start()

    def stop(self) -> None:
        """Ends, and lets another one lead. What is being written is waited for, two seconds at most."""
        self._stopping.set()
        commands.wake()
        if self._thread is not None:
            self._thread.join(3 * _STOP_SECONDS)
            self._thread = None

    def _now(self) -> Now:
        return Now(self._wall(), self._monotonic(), self.leading.holder)

    def _renewed(self) -> bool:
        before = self.leading.epoch
        leads = self.leading.renew()
        if self.leading.epoch != before:
            log.info("%s the rollouts, epoch %d", "leading" if leads else "following", self.leading.epoch)
        return leads

    def _driven(self) -> bool:
        self._driver.leads(self.leading.epoch)
        self._driver.round()
        return True

    def _asked_database(self, do: Callable[[], bool]) -> bool:
        try:
            done = do()
        except StaleEpochError as error:
            log.warning("%s", error)
            self._driver.leads(0)
            return False
        except (DatabaseError, InterfaceError) as error:
            if not self._away:
                log.warning("the database does not answer, and the rollouts wait: %s", error)
            self._away = True
            return False
        if self._away:
            log.warning("the database answers again")
        self._away = False
        return done

    def _run(self) -> None:
        try:
            due = self._monotonic()
            while not self._stopping.is_set():
                due = self._round_or_tick(due)
                self._stopping.wait(_AT_LEAST_SECONDS)
                commands.woken.wait(max(0.0, due - self._monotonic()))
                commands.woken.clear()
            self._ended()
        finally:
            database.close()

    def _round_or_tick(self, due: float) -> float:
        """Does what is due; when the next tick is."""
        now = self._monotonic()
        try:
            close_old_connections()
            if now < due:
                self.round()
                return due
            leads = self.tick()
            vitals.note(Vitals(leads, self._monotonic() - now))
        except Exception:
            # The edge of the loop.
            log.exception("the rollouts could not be driven; trying again")
        return now + self._every

    def _ended(self) -> None:
        """Takes in what was under way, and lets another one lead."""
        vitals.note(Vitals())
        self._workers.stop(_STOP_SECONDS)
        try:
            if self.leading.acts:
                self._driver.hear()
            self.leading.release()
        except (DatabaseError, InterfaceError, StaleEpochError) as error:
            log.warning("the rollouts were left as they are: %s", error)
