"""What one person may see of requests: the namespaces that he may see, and those whose logs he may read.

Both by the cluster's own authorisation. As for the graph, an answer that does not come lets the last one
stand for a while; then nothing is seen.
"""

import time
from collections.abc import Callable, Iterable
from typing import Final, NamedTuple

from cluster import kinds
from cluster.access import Visible
from cluster.identity import Ask
from cluster.person import PersonCluster
from telemetry import rights

GRACE_SECONDS: Final = rights.GRACE_SECONDS


class TapSight(NamedTuple):
    """`allowed`: of the namespaces asked about, those whose logs may be read; `why_not`: why not the others.

    `answered` is False where the cluster could not say: then nothing is allowed.
    """

    visible: Visible = frozenset()
    allowed: frozenset[str] = frozenset()
    why_not: str = ""
    answered: bool = True


def ask(person: PersonCluster, namespaces: Iterable[str]) -> TapSight:
    """What a person may see now. May wait for the cluster: not for the event loop's thread."""
    seen = rights.ask(person)
    if not seen.answered:
        return blind(seen.notice)
    allowed: set[str] = set()
    why_not = seen.notice
    for namespace in namespaces:
        if seen.visible is not None and namespace not in seen.visible:
            why_not = why_not or "You may not read this namespace."
            continue
        refusal = person.why_not(Ask("get", kinds.POD, namespace, subresource="log"))
        if not refusal:
            allowed.add(namespace)
        elif person.access.problem and not person.is_nobody:
            return blind(refusal)
        why_not = why_not or refusal
    return TapSight(seen.visible, frozenset(allowed), why_not)


def blind(why: str) -> TapSight:
    """Nothing to be seen, since nobody could say."""
    return TapSight(why_not=why, answered=False)


class LastSight:
    """The last answer about the same namespaces stands in, for a while, for one that does not come."""

    def __init__(
        self, grace_seconds: float = GRACE_SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._grace = grace_seconds
        self._clock = clock
        self._last: tuple[tuple[str, ...], TapSight, float] = ((), TapSight(), float("-inf"))

    def or_else(self, namespaces: tuple[str, ...], sight: TapSight) -> TapSight:
        """What counts now."""
        now = self._clock()
        if sight.answered:
            self._last = (namespaces, sight, now + self._grace)
            return sight
        asked, last, until = self._last
        return last if asked == namespaces and now < until else sight
