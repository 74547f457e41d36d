"""Which rollouts somebody may see now, for the pages that only point at them: without the state of any."""

from collections.abc import Mapping
from typing import Any, Final, NamedTuple

from cluster.person import PersonCluster
from routing import scope
from routing.models import Rollout, RolloutEvent, RolloutStatus

STILL: Final = (RolloutStatus.PAUSED, RolloutStatus.HELD)
WORDS: Final[Mapping[str, str]] = {"rolled_back": "rolled back"}


class Pointer(NamedTuple):
    """A rollout in a word: `status` as people read it, `weight` in percent."""

    id: int
    namespace: str
    service: str
    status: str
    weight: int

    @property
    def look(self) -> str:
        """The level of its status, as the style sheets name it."""
        return "degraded" if self.status in STILL else "info"

    @property
    def words(self) -> str:
        """As a link says it."""
        return f"Rollout #{self.id} is {self.status}: {self.weight} %"


def standing_still(person: PersonCluster) -> int:
    """How many rollouts that the person may see wait for a person, or for a reason to go away."""
    if person.is_nobody:
        return 0
    return scope.seen_by(person, Rollout.objects.filter(status__in=STILL)).count()


def under_way(
    person: PersonCluster, namespace: str = "", service: str = ""
) -> dict[tuple[str, str], Pointer]:
    """The rollouts that have not ended, by namespace and service, of which there is one each at most."""
    rows = Rollout.objects.filter(occupies__isnull=False)
    if namespace:
        rows = rows.filter(namespace=namespace, service=service)
    return {
        (row.namespace, row.service): _pointer(row)
        for row in scope.seen_by(person, rows).defer("state", "course")
    }


def of_change(person: PersonCluster, change: int) -> dict[str, Any] | None:
    """The rollout that a change belongs to, with what it was written for; None for any other change."""
    events = RolloutEvent.objects.filter(change=change).order_by("pk")
    found = events.values_list("rollout", "words").first()
    if found is None:
        return None
    row = scope.seen_by(person, Rollout.objects.filter(pk=found[0])).first()
    return (
        {"rollout": _pointer(row), "versions": (row.baseline, row.canary), "words": found[1]} if row else None
    )


def _pointer(row: Rollout) -> Pointer:
    status = WORDS.get(row.status, row.status)
    return Pointer(row.pk, row.namespace, row.service, status, max(0, row.weight))
