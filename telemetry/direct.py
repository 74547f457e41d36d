"""The direct source: reads the proxies' own metrics and computes the rates itself.

Without Prometheus and its scrape interval, a change in the mesh is seen within a second.
"""

import time
from collections import Counter
from collections.abc import Callable, Collection, Container, Iterable
from typing import Protocol

from telemetry.exposition import Parser
from telemetry.rates import RateWindow
from telemetry.samples import Samples
from telemetry.scrape import Answer, Take
from telemetry.shortfall import Failure, Shortfall
from telemetry.source import SourceUnavailable
from telemetry.targets import Target

MAX_PAUSE_SECONDS = 5.0
LATE_AFTER_SECONDS = 3.0


class Targets(Protocol):
    """The proxies to ask."""

    problem: Shortfall

    async def current(self) -> tuple[Target, ...]:
        """Raises SourceUnavailable."""


class Fetcher(Protocol):
    """The HTTP client."""

    async def fetch(self, urls: Iterable[str], take: Take) -> None:
        """Hands over an answer for each address, as far as time allows, in the order of the addresses."""

    async def close(self) -> None:
        """Closes connections."""


class DirectSource:
    """See telemetry.source.Source. `clock` is monotonic, `wall` the time of day; both in seconds."""

    name = "direct"

    def __init__(
        self,
        targets: Targets,
        fetcher: Fetcher,
        *,
        window_seconds: float,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._targets = targets
        self._fetcher = fetcher
        self._clock = clock
        self._wall = wall
        self._window = _Window(window_seconds)
        self._parsers: dict[str, Parser] = {}
        self._failures = _Failures()
        self._turns = _Turns()

    async def read(self) -> Samples:
        """Asks every proxy once, or as many as can be asked in a round, beginning where the last one stopped.

        Raises SourceUnavailable when the cluster never answered, or no proxy.
        """
        taken_at = self._wall()
        targets = await self._targets.current()
        self._forget_all_but(targets)
        began_at = self._clock()
        due = [target for target in targets if self._failures.is_due(target.key, began_at)]
        answered = await self._ask(self._turns.in_turn(due, began_at))
        now = self._clock()
        self._window.stretch(self._turns.every_seconds)
        if targets and not answered and not self._some_only_wait(due):
            raise SourceUnavailable(self._shortfall(targets, "No proxy answers."))
        rates = self._window.rates(now)
        counts, since = self._window.take_counts()
        times = self._window.take_times()
        return Samples(
            taken_at=taken_at,
            window_seconds=self._window.window_seconds,
            requests=rates.requests,
            durations=rates.durations,
            volumes=rates.volumes,
            shortfall=self._shortfall(targets),
            measured=not targets or self._window.measures,
            counts=counts,
            counted_from=None if since is None else self._wall() - (now - since),
            times=times,
        )

    def time(self, services: Collection[tuple[str, str]]) -> None:
        """See telemetry.source.Timing."""
        self._window.timed = services

    async def close(self) -> None:
        """Closes connections."""
        await self._fetcher.close()

    async def _ask(self, due: list[Target]) -> int:
        """Takes in what the proxies answer, and returns how many did."""
        by_url = {target.url: target for target in due}
        taken: dict[str, bool] = {}

        def take(url: str, answer: Answer) -> None:
            target = by_url[url]
            taken[target.key] = self._take_in(target, answer, self._clock())

        await self._fetcher.fetch(by_url, take)
        self._turns.note((target.key for target in due), taken, self._clock())
        return sum(taken.values())

    def _some_only_wait(self, due: Iterable[Target]) -> bool:
        """True when a proxy that answered the last time has merely not been asked again yet."""
        read = self._window.targets
        return any(target.key in read and not self._failures.is_failing(target.key) for target in due)

    def _take_in(self, target: Target, answer: Answer, now: float) -> bool:
        """Adds an answer to the window, or notes why it cannot be."""
        failure = answer.failure
        if not failure:
            exposition = self._parsers.setdefault(target.key, Parser()).parse(answer.text)
            if exposition.recognised:
                self._window.observe(target.key, now, exposition)
                self._failures.clear(target.key)
                self._failures.note_bad_lines(target.key, exposition.bad_lines, exposition.problems)
                return True
            failure = "answered with something else than metrics"
        self._failures.add(target.key, failure, now)
        return False

    def _forget_all_but(self, targets: Iterable[Target]) -> None:
        keys = {target.key for target in targets}
        for key in self._window.targets - keys:
            self._window.lose(key)
        self._parsers = {key: parser for key, parser in self._parsers.items() if key in keys}
        self._failures.keep(keys)
        self._turns.keep(keys)

    def _shortfall(self, targets: Iterable[Target], common: str = "") -> Shortfall:
        problem = self._targets.problem
        return Shortfall(
            common=" ".join(filter(None, (problem.common, common))),
            inner=problem.inner,
            proxies=Counter(target.namespace for target in targets),
            failures=self._failures.of(targets),
            every_seconds=self._turns.every_seconds,
        )


class _Window(RateWindow):
    """A window that gives way when the proxies are asked in turn: each keeps two readings, and is not late
    only because its turn has not come.
    """

    def __init__(self, window_seconds: float) -> None:
        super().__init__(window_seconds, LATE_AFTER_SECONDS)
        self._least = window_seconds

    def stretch(self, every_seconds: float) -> None:
        """`every_seconds`: how long it takes until a proxy is asked again; 0 if each is every time."""
        self.window_seconds = max(self._least, 2 * every_seconds)
        self.late_after_seconds = LATE_AFTER_SECONDS + every_seconds


class _Turns:
    """Whose turn it is: who was asked longest ago comes first, so that all are, however short a round."""

    def __init__(self) -> None:
        # When each was last asked, or else first seen; in the order of the turns.
        self._asked_at: dict[str, float] = {}
        self._left_out: set[str] = set()
        # From question to question, of those that were left out of a round in between.
        self._waits: dict[str, float] = {}

    @property
    def every_seconds(self) -> float:
        """The longest wait for a turn; 0 when each is asked in every round."""
        return max(self._waits.values(), default=0.0)

    def in_turn(self, due: Iterable[Target], now: float) -> list[Target]:
        by_key = {target.key: target for target in due}
        for key in by_key:
            self._asked_at.setdefault(key, now)
        return [by_key[key] for key in self._asked_at if key in by_key]

    def note(self, due: Iterable[str], asked: Container[str], now: float) -> None:
        """The end of a round in which of those that were due these were asked."""
        for key in due:
            waited = now - self._asked_at[key]
            self._waits.pop(key, None)
            if key not in asked:
                self._left_out.add(key)
            if key in self._left_out:
                self._waits[key] = waited
            if key in asked:
                self._left_out.discard(key)
                # Taken out and put in again: at the end.
                del self._asked_at[key]
                self._asked_at[key] = now

    def keep(self, keys: set[str]) -> None:
        for key in self._asked_at.keys() - keys:
            del self._asked_at[key]
            self._left_out.discard(key)
            self._waits.pop(key, None)


class _Failures:
    """Which targets failed, why, and when each is to be asked again: a proxy that hangs costs a second each
    time.
    """

    def __init__(self) -> None:
        self._reasons: dict[str, str] = {}
        self._times: dict[str, int] = {}
        self._due: dict[str, float] = {}
        self._bad_lines: dict[str, tuple[str, str]] = {}

    def is_due(self, key: str, now: float) -> bool:
        return now >= self._due.get(key, now)

    def is_failing(self, key: str) -> bool:
        return key in self._reasons

    def add(self, key: str, reason: str, now: float) -> None:
        times = self._times[key] = self._times.get(key, 0) + 1
        self._reasons[key] = reason
        # The first failure costs no pause: most are a pod's start or its end.
        self._due[key] = now + min(2.0 ** (times - 2), MAX_PAUSE_SECONDS) if times > 1 else now

    def clear(self, key: str) -> None:
        self._reasons.pop(key, None)
        self._times.pop(key, None)
        self._due.pop(key, None)

    def note_bad_lines(self, key: str, count: int, problems: tuple[str, ...]) -> None:
        self._bad_lines.pop(key, None)
        if count:
            self._bad_lines[key] = f"has {count} metric lines that cannot be read", "; ".join(problems)

    def keep(self, keys: set[str]) -> None:
        for key in (self._reasons.keys() | self._bad_lines.keys()) - keys:
            self.clear(key)
            self._bad_lines.pop(key, None)

    def of(self, targets: Iterable[Target]) -> tuple[Failure, ...]:
        """Which pods are missing, and why."""
        reasons = {**self._bad_lines, **{key: (reason, "") for key, reason in self._reasons.items()}}
        return tuple(
            Failure(target.namespace, target.pod, *reasons[target.key])
            for target in targets
            if target.key in reasons
        )
