"""What a person may see of a cluster's traffic, and in which words he is told why it is less than all.

An error is a no. But an API server that restarts is no reason to take the graph from who is about to find out
what is wrong: an open page keeps its last answer for GRACE_SECONDS, no longer.
"""

import time
from collections.abc import Callable
from typing import Final, NamedTuple

from cluster import kinds
from cluster.access import NoAccess, Visible
from cluster.errors import ClusterError
from cluster.person import PersonCluster

GRACE_SECONDS: Final = 15.0
NO_NAMESPACE: Final = "You may not read any namespace of this cluster."
NOT_LISTED: Final = "What you may see is not known yet: the cluster has not listed its namespaces."


class Sight(NamedTuple):
    """The namespaces that a person may see (None: all), and what to tell him about that, or nothing.

    `answered` is False where the cluster could not say: then nothing is visible.
    """

    visible: Visible
    notice: str = ""
    answered: bool = True


def blind(why: str) -> Sight:
    """Nothing to be seen, since nobody could say."""
    return Sight(frozenset(), why, answered=False)


def ask(person: PersonCluster) -> Sight:
    """What a person may see now. May wait for the cluster: not for the event loop's thread."""
    try:
        visible = person.visible_or_raise()
    except ClusterError as error:
        return blind(error.detail)
    if visible is None or visible:
        return Sight(visible)
    if isinstance(person.access, NoAccess):
        return Sight(visible, person.access.problem)
    if person.known(kinds.NAMESPACE).age_seconds is None:
        return blind(NOT_LISTED)
    return Sight(visible, NO_NAMESPACE)


class LastAnswer:
    """The last answer about one person's rights: it stands in, for a while, for one that does not come."""

    def __init__(
        self, grace_seconds: float = GRACE_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._grace = grace_seconds
        self._clock = clock
        self._sight = Sight(frozenset())
        self._until = float("-inf")

    def or_else(self, sight: Sight) -> Sight:
        """What counts now: this answer; or the last one, while the grace lasts; or else nothing is seen."""
        now = self._clock()
        if sight.answered:
            self._sight, self._until = sight, now + self._grace
            return sight
        return self._sight if now < self._until else blind(sight.notice)
