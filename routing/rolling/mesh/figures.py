"""The values of guards by query. A Prometheus that does not answer costs one look seconds, not all."""

import time
from collections.abc import Callable, Iterable, Mapping
from typing import Final

from routing.rollouts.spec import Promql
from telemetry import instant
from telemetry.instant import QueryError

WAIT_SECONDS: Final = 3.0
"""A look waits no longer for its queries; without an answer there is no value."""
PAUSE_SECONDS: Final = 10.0
"""Nothing is asked for so long after a Prometheus did not answer."""

Ask = Callable[[str, Iterable[str], float], Mapping[str, float | QueryError]]


class Figures:
    """Asks. `clock` is monotonic; safe in threads."""

    def __init__(self, ask: Ask = instant.values, clock: Callable[[], float] = time.monotonic) -> None:
        self._ask = ask
        self._clock = clock
        self._away_until: dict[str, float] = {}

    def values(self, cluster: str, guards: Mapping[str, Promql]) -> dict[str, float | None]:
        """The values by guard; None where there is none, or more than one, or no number, or no answer."""
        if not guards or self._clock() < self._away_until.get(cluster, float("-inf")):
            return dict.fromkeys(guards, None)
        found = self._ask(cluster, [guard.query for guard in guards.values()], WAIT_SECONDS)
        if any(isinstance(each, QueryError) and each.code == "away" for each in found.values()):
            self._away_until[cluster] = self._clock() + PAUSE_SECONDS
        values = {name: found.get(guard.query) for name, guard in guards.items()}
        return {name: None if isinstance(each, QueryError) else each for name, each in values.items()}
