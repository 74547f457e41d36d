"""The direct source: reads the proxies' own metrics and computes the rates itself.

Without Prometheus and its scrape interval, a change in the mesh is seen within a second.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Protocol

from telemetry.exposition import Parser
from telemetry.rates import RateWindow
from telemetry.samples import Samples
from telemetry.scrape import Answer
from telemetry.shortfall import Failure, Shortfall
from telemetry.source import SourceUnavailable
from telemetry.targets import Target

MAX_PAUSE_SECONDS = 5.0


class Targets(Protocol):
    """The proxies to ask."""

    problem: Shortfall

    async def current(self) -> tuple[Target, ...]:
        """Raises SourceUnavailable."""


class Fetcher(Protocol):
    """The HTTP client."""

    async def fetch(self, urls: Iterable[str]) -> dict[str, Answer]:
        """An answer for each address."""

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
        self._window = RateWindow(window_seconds)
        self._parsers: dict[str, Parser] = {}
        self._failures = _Failures()

    async def read(self) -> Samples:
        """Asks every proxy once. Raises SourceUnavailable when the cluster never answered, or no proxy."""
        taken_at = self._wall()
        targets = await self._targets.current()
        self._forget_all_but(targets)
        asked = [target for target in targets if self._failures.is_due(target.key, self._clock())]
        answers = await self._fetcher.fetch(target.url for target in asked)
        now = self._clock()
        answered = 0
        for target in asked:
            answered += self._take_in(target, answers[target.url], now)
            # Reading a large answer takes milliseconds: let others in between.
            await asyncio.sleep(0)
        if targets and not answered:
            raise SourceUnavailable(self._shortfall(targets, "No proxy answers."))
        requests, durations = self._window.rates(now)
        return Samples(
            taken_at=taken_at,
            window_seconds=self._window.window_seconds,
            requests=requests,
            durations=durations,
            shortfall=self._shortfall(targets),
        )

    async def close(self) -> None:
        """Closes connections."""
        await self._fetcher.close()

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

    def _shortfall(self, targets: Iterable[Target], common: str = "") -> Shortfall:
        problem = self._targets.problem
        return Shortfall(
            common=" ".join(filter(None, (problem.common, common))),
            inner=problem.inner,
            proxies=Counter(target.namespace for target in targets),
            failures=self._failures.of(targets),
        )


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
