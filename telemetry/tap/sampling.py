"""How many of the requests that pass one viewer is shown, and how many there were. Pure: it is told the
time.
"""

from collections import deque
from collections.abc import Callable, Sequence
from typing import Final, TypeVar

T = TypeVar("T")
Choose = Callable[[Sequence[int], int], Sequence[int]]
"""Some of the numbers, chosen by chance: `random.Random.sample`."""

ROWS_PER_SECOND: Final = 20
RATE_SECONDS: Final = 5.0


class Sampler:
    """At most so many a second, each with the same chance; what was left unused is not saved up for long."""

    def __init__(self, choose: Choose, per_second: float = ROWS_PER_SECOND) -> None:
        self._choose = choose
        self._per_second = per_second
        self._may = per_second

    def take(self, items: Sequence[T], seconds: float) -> list[T]:
        """Those that are shown, in their order; `seconds` have passed since the last time."""
        self._may = min(self._per_second, self._may + self._per_second * seconds)
        number = min(len(items), int(self._may))
        self._may -= number
        if number == len(items):
            return list(items)
        return [items[at] for at in sorted(self._choose(range(len(items)), number))]


class Meter:
    """Requests per second over the last seconds."""

    def __init__(self) -> None:
        self._counts: deque[tuple[float, float]] = deque()
        self._since: float | None = None

    def add(self, count: float, now: float) -> None:
        """So many have passed since the last time; `now` in seconds, of any clock."""
        if self._since is None:
            # The first ones were there already: they passed in a time that nobody knows.
            self._since = now
            return
        self._counts.append((now, count))
        while self._counts and self._counts[0][0] <= now - RATE_SECONDS:
            self._since = self._counts.popleft()[0]

    @property
    def started(self) -> bool:
        """Whether anything was counted."""
        return self._since is not None

    def rate(self, now: float) -> float:
        """Per second; 0 as long as nothing is known."""
        if self._since is None or now <= self._since:
            return 0.0
        return sum(count for _, count in self._counts) / (now - self._since)
