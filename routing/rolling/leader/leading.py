"""Who drives the rollouts: one process, told by a row of the database and an epoch that grows with each
leader; on a cluster by a Lease besides (`lease`).

No wall clock is read, of nobody. A follower takes over from a leader who was silent for the time to live by
the follower's own clock, or who ended on this machine. A leader who could not say that he lives for as long
stops by himself; and before each write to a cluster he asks whether the epoch is still his.
"""

import time
import uuid
from collections.abc import Callable
from typing import Final

from django.db import transaction
from django.db.models import F, QuerySet

from routing import processes
from routing.models import Leadership
from routing.rolling.leader.lease import Lease
from routing.rollouts.inputs import StaleEpochError

NAME: Final = "rollouts"
TIME_TO_LIVE: Final = 15.0
"""Seconds without a sign of life, after which a leader counts as gone; client-go's leases have the same."""

PATIENCE: Final = 60.0
"""Seconds without the Lease, after which one who leads by the database lets another one try."""
_OTHERS_FIRST: Final = 3.0
_BEGINS_WITHIN: Final = 5.0
"""So many seconds may the Lease take to be acquired, before one who begins does without it what he may."""
_LEAVE_SECONDS: Final = 2.0


def named() -> str:
    """A name for one who may lead: no two are alike, and `gone` knows from it whether its process ended."""
    return f"{uuid.uuid4().hex[:12]} {processes.me()}"


def gone(holder: str) -> bool:
    """Whether who bears this name has certainly ended."""
    return processes.is_gone(holder.partition(" ")[2])


def require(epoch: int) -> None:
    """Keeps the epoch as it is until the end of the transaction in which this is called.

    Raises StaleEpochError when another leader has begun one.
    """
    now = Leadership.objects.select_for_update().filter(name=NAME).values_list("epoch", flat=True)
    if list(now) != [epoch]:
        raise StaleEpochError(f"The rollouts have another leader than that of epoch {epoch}.")


class Leading:
    """Whether one leads. `renew` and `release` belong to one thread; everything else may be asked by any."""

    def __init__(
        self,
        holder: str = "",
        *,
        lease: Lease | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        is_gone: Callable[[str], bool] = gone,
    ) -> None:
        self.holder = holder or named()
        self.lease = lease
        self._monotonic = monotonic
        self._is_gone = is_gone
        self._epoch = 0
        self._renewed = 0.0
        self._seen: tuple[str, int, int] | None = None
        self._seen_at = self._since = self._without_since = 0.0
        self._follows_from = float("-inf")

    @property
    def epoch(self) -> int:
        """The epoch that is led; 0 when another one leads."""
        return self._epoch

    @property
    def acts(self) -> bool:
        """Whether anything may be done: the epoch was renewed in time, and nobody else holds the Lease. One
        who begins waits for it a while; after that the API may be away, and the way back must be open.
        """
        now, lease = self._monotonic(), self.lease
        if not self._epoch or now - self._renewed >= TIME_TO_LIVE:
            return False
        return lease is None or (not lease.others and (lease.held or now - self._since >= _BEGINS_WITHIN))

    @property
    def goes_forward(self) -> bool:
        """Whether more than the way back may be done: the Lease, where there is one, was renewed in time."""
        return self.acts and (self.lease is None or self.lease.held)

    @property
    def lacks(self) -> str:
        """Why nothing but the way back may be done, in words; empty when everything may."""
        return "" if self.lease is None or self.goes_forward else self.lease.problem

    def still(self, epoch: int) -> bool:
        """Asks whether an epoch is still the one that is led: right before a write. Raises DatabaseError."""
        if not self.acts or epoch != self._epoch:
            return False
        return self._mine().exists()

    def renew(self) -> bool:
        """Says that this one lives, or takes over from a leader who does not; whether it leads now.

        Raises DatabaseError: what was led is led on until the time to live is over.
        """
        led = self._renew() if self._epoch else self._follow()
        return led if self.lease is None else self._tended(self.lease, led=led)

    def release(self) -> None:
        """Lets the next one begin at once. Raises DatabaseError."""
        mine, led = self._mine(), self._epoch
        self._epoch, self._seen = 0, None
        if self.lease is not None:
            self.lease.leave(wait=_LEAVE_SECONDS)
        if led:
            mine.update(holder="", beats=F("beats") + 1)

    def _tended(self, lease: Lease, *, led: bool) -> bool:
        """Whether one who has the row goes on so: another one may reach the Lease where he cannot."""
        now = self._monotonic()
        if not led:
            lease.leave()
            return False
        lease.tend()
        if lease.held:
            self._without_since = now
        if now - self._without_since < PATIENCE:
            return True
        self.release()
        self._follows_from = now + _OTHERS_FIRST
        return False

    def _renew(self) -> bool:
        # The clock is read before: the row may have been written long before the answer came.
        began = self._monotonic()
        if self._mine().update(beats=F("beats") + 1):
            self._renewed = began
            return True
        self._epoch, self._seen = 0, None
        return False

    def _follow(self) -> bool:
        began = self._monotonic()
        if began < self._follows_from:
            return False
        found = self._row()
        if found != self._seen:
            self._seen, self._seen_at = found, began
        holder, epoch, beats = found
        silent = began - self._seen_at >= TIME_TO_LIVE
        if holder and not silent and not self._is_gone(holder):
            return False
        free = Leadership.objects.filter(name=NAME, holder=holder, epoch=epoch, beats=beats)
        if not free.update(holder=self.holder, epoch=epoch + 1, beats=0):
            return False
        self._epoch, self._renewed = epoch + 1, began
        self._since = self._without_since = began
        return True

    def _mine(self) -> QuerySet[Leadership]:
        return Leadership.objects.filter(name=NAME, holder=self.holder, epoch=self._epoch)

    @staticmethod
    def _row() -> tuple[str, int, int]:
        with transaction.atomic():
            row, _ = Leadership.objects.get_or_create(name=NAME)
        return row.holder, row.epoch, row.beats
