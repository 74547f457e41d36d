"""The rollouts that the leader has in hand. What is here was read from the database in the leader's epoch or
saved in it; after any doubt it is forgotten, and read again.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

from routing.models import Rollout
from routing.rolling import records
from routing.rolling.leader.jobs import Wrote
from routing.rolling.ports import Driven

SICK_SECONDS: Final = 10.0
"""So long is a rollout left alone after an error that nobody expected."""
log = logging.getLogger(__name__)


@dataclass(slots=True)
class Charge:
    """One rollout in hand. Moments are of the monotonic clock.

    `number` grows with each new state: what was seen of an older one is void. `begun`: what an earlier leader
    left was finished. `busy`: a look is under way. `doubtful`: a write may still arrive. `tries`: how often
    the pending write was tried; `noted`: the last intent in the log; `said`: the last thing said of a write,
    `heard`: by gates.
    `alone`: it is saved by itself, since saving it with others failed. `course`: as of the last look, to be
    saved from `course_due` on.
    """

    driven: Driven
    due: float
    number: int = 0
    begun: bool = False
    busy: bool = False
    doubtful: bool = False
    tries: int = 0
    noted: int = 0
    said: str = ""
    heard: str = ""
    alone: bool = False
    course: dict[str, Any] = field(default_factory=dict)
    course_due: float = 0.0


class Memory:
    """The charges by the id of their rollout. `writing`: those with a write under way; it outlives a charge
    that is forgotten, as the write does. `late`: what became of such a write, for the log.
    """

    def __init__(self, monotonic: Callable[[], float]) -> None:
        self._monotonic = monotonic
        self._charges: dict[int, Charge] = {}
        self._sick: dict[int, float] = {}
        self._alone: set[int] = set()
        self._numbers = 0
        self.writing: set[int] = set()
        self.late: dict[int, Wrote] = {}

    def charges(self) -> tuple[Charge, ...]:
        """What is in hand now."""
        return tuple(self._charges.values())

    def get(self, rollout: int) -> Charge | None:
        """What is in hand of a rollout."""
        return self._charges.get(rollout)

    def next_number(self) -> int:
        """A number that no state had before: not even of a charge that was forgotten."""
        self._numbers += 1
        return self._numbers

    def forget(self, rollout: int) -> None:
        """Has it read again."""
        self._charges.pop(rollout, None)

    def forget_all(self) -> None:
        """Another leader may have them."""
        self._charges.clear()
        self._sick.clear()

    def suspect(self, rollout: int) -> None:
        """Has it read again, and from now on saved alone."""
        self.forget(rollout)
        self._alone.add(rollout)

    def sicken(self, rollout: int) -> None:
        """Has it read again, after a while."""
        self.forget(rollout)
        self._sick[rollout] = self._monotonic() + SICK_SECONDS

    def refresh(self) -> None:
        """Reads what is new or changed by somebody else, lets go of what ended. Raises DatabaseError."""
        versions = dict(records.running().values_list("pk", "version"))
        for rollout, charge in tuple(self._charges.items()):
            if versions.get(rollout) != charge.driven.row.version:
                self.forget(rollout)
        now = self._monotonic()
        self._sick = {rollout: until for rollout, until in self._sick.items() if until > now}
        wanted = versions.keys() - self._charges.keys() - self._sick.keys()
        if wanted:
            for row in records.running().filter(pk__in=wanted):
                self._take(row)

    def take(self, rollout: int) -> Charge | None:
        """A rollout that may have ended, for a command. Raises DatabaseError."""
        if rollout not in self._charges and rollout not in self._sick:
            row = Rollout.objects.select_related("created_by").filter(pk=rollout).first()
            if row is not None:
                self._take(row)
        return self._charges.get(rollout)

    def _take(self, row: Rollout) -> None:
        try:
            driven = records.driven(row)
        except Exception:
            # Another release may have written it: the others are driven all the same.
            log.exception("rollout #%s cannot be read", row.pk)
            self._sick[row.pk] = self._monotonic() + SICK_SECONDS
            return
        alone, now = row.pk in self._alone, self._monotonic()
        self._charges[row.pk] = Charge(driven, now, self.next_number(), alone=alone, course=row.course)
