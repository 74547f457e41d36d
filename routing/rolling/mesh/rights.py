"""Whether who started a rollout still may change what it writes: asked of the cluster, and kept for seconds.

While an answer is of the last half minute nobody waits for the next one. No answer is no answer: neither yes
nor no.
"""

import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Final, TypeAlias

from django.contrib.auth.models import User

from cluster import people
from cluster.connection import UnknownClusterError
from cluster.errors import ClusterError
from cluster.identity import Ask
from cluster.person import PersonCluster

Clock: TypeAlias = Callable[[], float]
Key: TypeAlias = tuple[str, int, frozenset[Ask]]
KEPT_SECONDS: Final = 10.0
OLDEST_SECONDS: Final = 30.0
PATIENCE_SECONDS: Final = 2.0
SAME_SECONDS: Final = 1.0
ABREAST: Final = 8
"""So many questions may be under way at once."""


@dataclass(slots=True)
class _Answer:
    said: bool | None = None
    at: float = float("-inf")
    asking: bool = False
    tried: float = float("-inf")


class Rights:
    """The rights of people, as they were asked for; safe in any thread."""

    def __init__(self, clock: Clock = time.monotonic) -> None:
        self._clock = clock
        self._changed = threading.Condition()
        self._abreast = threading.Semaphore(ABREAST)
        self._kept: dict[Key, _Answer] = {}
        self._people: dict[tuple[int, str], tuple[float, PersonCluster | None]] = {}

    def may(self, user_id: int, cluster: str, asks: Iterable[Ask]) -> bool | None:
        """Whether a person may do all of this; None where the cluster did not say so in half a minute."""
        key = (cluster, user_id, frozenset(asks))
        with self._changed:
            now = self._clock()
            answer = self._kept.setdefault(key, _Answer())
            if now - answer.at < KEPT_SECONDS:
                return answer.said
            # Who got no answer is not asked again at every look.
            begins = not answer.asking and now - answer.tried >= PATIENCE_SECONDS
            if begins:
                answer.asking, answer.tried = True, now
            self._forget(now)
        if begins:
            self._begin(key, answer)
        with self._changed:
            if begins and answer.at < now - OLDEST_SECONDS:
                self._changed.wait_for(lambda: not answer.asking, PATIENCE_SECONDS)
            return answer.said if self._clock() - answer.at < OLDEST_SECONDS else None

    def _begin(self, key: Key, answer: _Answer) -> None:
        cluster, user_id, asks = key
        # Who a person is says the database, and that is asked in this thread.
        person = self._person(user_id, cluster)
        if person is None:
            self._end(answer, said=False)
            return
        args = (person, asks, answer)
        threading.Thread(target=self._ask, args=args, name="rollouts' rights", daemon=True).start()

    def _person(self, user_id: int, cluster: str) -> PersonCluster | None:
        """Of one who started many rollouts the database is asked once a second."""
        now = self._clock()
        at, person = self._people.get((user_id, cluster), (float("-inf"), None))
        if now - at >= SAME_SECONDS:
            person = _person(user_id, cluster)
            self._people[user_id, cluster] = now, person
        return person

    def _ask(self, person: PersonCluster, asks: frozenset[Ask], answer: _Answer) -> None:
        said: bool | None = None
        try:
            with self._abreast:
                said = all(person.may(ask) for ask in asks)
        except ClusterError:
            pass
        finally:
            self._end(answer, said=said)

    def _end(self, answer: _Answer, *, said: bool | None) -> None:
        with self._changed:
            answer.asking = False
            if said is not None:
                answer.said, answer.at = said, self._clock()
            self._changed.notify_all()

    def _forget(self, now: float) -> None:
        """Drops what nobody has asked for in a while."""
        old = [
            key
            for key, each in self._kept.items()
            if not each.asking and now - max(each.at, each.tried) > 10 * OLDEST_SECONDS
        ]
        for key in old:
            del self._kept[key]


def _person(user_id: int, cluster: str) -> PersonCluster | None:
    """The cluster as a person may use it now; None for one who is gone, or may not sign in any more."""
    user = User.objects.filter(pk=user_id, is_active=True).first()
    if user is None:
        return None
    try:
        return people.of(user, cluster)
    except UnknownClusterError:
        return None
