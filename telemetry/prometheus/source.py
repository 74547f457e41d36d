"""The source that asks a Prometheus: the mesh now, at any moment that it remembers, one subject over time.

What it cannot tell it says, and what is old it never passes on as new.
"""

import asyncio
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import chain
from typing import Final, Protocol

import msgspec

from telemetry.past import NoHistory, Reach
from telemetry.pausing import no_cycle_search
from telemetry.prometheus import counted, lookback, promql, queries
from telemetry.prometheus.answers import Matrix, NoAnswerError, Tracks, Vector
from telemetry.prometheus.assembling import Assembler, Parts
from telemetry.prometheus.promql import Matcher
from telemetry.prometheus.queries import QUANTILES, REQUESTS, Query
from telemetry.prometheus.shards import shards
from telemetry.prometheus.sparing import Answer, Answers, Sparing
from telemetry.prometheus.watcher import Watcher
from telemetry.reporting import Preference
from telemetry.samples import Samples
from telemetry.shortfall import Shortfall
from telemetry.source import SourceUnavailable, Watched
from telemetry.subjects import Subject

SCRAPES_IN_A_WINDOW: Final = 4
"""A rate needs two samples of a series; twice that, and one failed scrape does not make a hole."""

_LATE_SCRAPES: Final = 3
_COUNTED_SECONDS: Final = 3600.0
_SKEW_SECONDS: Final = 5.0
_REACH_SECONDS: Final = 30 * 86_400.0
_REACH_POINTS: Final = 100
_REACH_KEPT_SECONDS: Final = 600.0
_INCOMPLETE: Final = "Prometheus says that its answer may be incomplete."
_LATENCIES: Final = "latencies"
# What is missing from the picture when a question has no answer; without requests there is none.
_PARTS: Final = {
    **dict.fromkeys(QUANTILES, _LATENCIES),
    "connections": "TCP traffic",
    "bodies": "sizes and messages",
    "newest": "the age of the samples",
}


class Asking(Protocol):
    """The HTTP client; everything raises NoAnswerError. See telemetry.prometheus.client.Client."""

    skew_seconds: float | None

    async def at(self, query: str, moment: float) -> Vector:
        """What a query yields at a moment."""

    async def between(self, query: str, since: float, until: float, step_seconds: float) -> Matrix:
        """What a query yields at many moments."""

    async def samples(self, query: str, moment: float) -> Matrix:
        """The samples of a range before a moment."""

    async def tracks(self, query: str, moment: float) -> Tracks:
        """The same, with their labels left as they are."""

    async def close(self) -> None:
        """Closes connections."""


class PrometheusSource:
    """See telemetry.source.Source and Counting, and telemetry.past.Past. `wall`: the time of day in seconds.

    `scope` narrows everything to one mesh or cluster of several; `shard_count` is one of shards.COUNTS.
    """

    name = "prometheus"

    def __init__(
        self,
        client: Asking,
        *,
        scrape_seconds: float,
        window_seconds: float = 0.0,
        scope: tuple[Matcher, ...] = (),
        shard_count: int = 1,
        preference: Preference = "caller",
        wall: Callable[[], float] = time.time,
    ) -> None:
        self._client = client
        self._scrape = self.scrape_seconds = scrape_seconds
        self._watcher = Watcher(client, scrape_seconds, scope)
        self._scope = scope
        self._preference: Preference = preference
        self._wall = wall
        self.window_seconds = max(window_seconds, SCRAPES_IN_A_WINDOW * scrape_seconds)
        self._queries = queries.of_tick(self.window_seconds, scope, shards(shard_count))
        self._assembler = Assembler()
        self._sparing = Sparing(scrape_seconds)
        self._reach: tuple[float, float | None] | None = None

    async def read(self) -> Samples:
        """The rates of now, with latencies that may be a scrape older. Raises SourceUnavailable where there
        is no answer, or only an old one.
        """
        moment, epoch = self._wall(), self._assembler.epoch
        chosen = self._sparing.chosen(self._queries, moment, epoch)
        answers = self._sparing.completed(await self._ask(chosen, moment), moment, epoch)
        newest = answers.newest
        lag = 0.0 if newest is None else moment - newest
        if lag >= self.window_seconds:
            raise SourceUnavailable(Shortfall(f"The newest samples in Prometheus are {lag:.0f} s old."))
        with no_cycle_search():
            parts = self._assembler.assemble(answers.readings)
        told = (*self._of_age(answers, parts, lag), *_of_failures(answers), *self._of_clocks())
        return self._samples(moment, answers, parts, told)

    async def samples_at(self, moment: float) -> Samples:
        """See telemetry.past.Past."""
        if moment > self._wall() + 1:
            raise NoHistory("That moment is yet to come.")
        answers = await self._ask(self._queries, moment)
        newest = answers.newest
        if "newest" not in answers.failures and (newest is None or moment - newest >= self.window_seconds):
            raise NoHistory("Prometheus keeps no samples of the mesh from that time.")
        with no_cycle_search():
            parts = self._assembler.assemble(answers.readings)
        return self._samples(moment, answers, parts, _of_failures(answers))

    async def samples_between(
        self, subject: Subject, since: float, until: float, step_seconds: float
    ) -> tuple[Samples, ...]:
        """See telemetry.past.Past. Steps that are shorter than the window overlap: each is a mean over it."""
        steps = lookback.steps(since, min(until, self._wall()), step_seconds)
        window = max(steps.seconds, self.window_seconds)
        asked = lookback.of_subject(subject, window, self._scope, self._preference)
        answers = await asyncio.gather(*(self._over(each, steps) for each in asked))
        found = lookback.readings(dict(zip((each.subject for each in asked), answers, strict=True)), window)
        if not found:
            raise NoHistory("Prometheus keeps no samples from that time.")
        warnings = dict.fromkeys(chain.from_iterable(each.warnings for each in answers))
        if not warnings:
            return found
        shortfall = Shortfall(_INCOMPLETE, " ".join(warnings))
        return tuple(msgspec.structs.replace(each, shortfall=shortfall) for each in found)

    async def counted(self, namespace: str, service: str, since: float) -> Samples:
        """See telemetry.source.Counting. Of an hour at most."""
        now = self._wall()
        since = max(since, now - _COUNTED_SECONDS)
        counting = counted.of_service(namespace, service, now - since, self._scrape, self._scope)
        scraped = counted.of_targets(self._scrape, self._scope)
        try:
            known, found = await asyncio.gather(
                self._client.at(scraped.text, since), self._client.samples(counting.text, now)
            )
        except NoAnswerError as error:
            raise _unavailable(error) from None
        counts = counted.counts(found, since, self._scrape, counted.targets(known))
        return Samples(now, now - since, counts=counts, counted_from=since)

    async def watched(self, services: Mapping[tuple[str, str], Watched]) -> Samples | None:
        """See telemetry.source.Watching. Of an hour at most."""
        try:
            return await self._watcher.watched(services, self._wall())
        except NoAnswerError as error:
            raise _unavailable(error) from None

    async def reach(self) -> Reach:
        """See telemetry.past.Past. A month at most is looked for, and not each time anew."""
        now = self._wall()
        if self._reach is None or now - self._reach[0] > _REACH_KEPT_SECONDS:
            self._reach = now, await self._earliest(now)
        earliest = self._reach[1]
        return Reach(earliest, None if earliest is None else max(now, earliest), self._scrape)

    async def close(self) -> None:
        """Closes connections."""
        await self._client.close()

    async def _ask(self, asked: Sequence[Query], moment: float) -> Answers:
        """All questions at once. Raises SourceUnavailable where it is not known who calls whom."""
        found = await asyncio.gather(*(self._at(each, moment) for each in asked))
        answered: dict[str, list[Answer]] = defaultdict(list)
        failures: dict[str, NoAnswerError] = {}
        for query, answer in zip(asked, found, strict=True):
            if isinstance(answer, NoAnswerError):
                failures.setdefault(query.subject, answer)
            else:
                answered[query.subject].append(answer)
        if "requests" in failures:
            raise _unavailable(failures["requests"])
        return Answers(answered, failures)

    async def _at(self, query: Query, moment: float) -> Answer | NoAnswerError:
        try:
            answer = await self._client.at(query.text, moment)
        except NoAnswerError as error:
            return error
        with no_cycle_search():
            return Answer(self._assembler.read(answer), answer.warnings)

    async def _over(self, query: Query, steps: lookback.Steps) -> Matrix:
        try:
            return await self._client.between(query.text, *steps)
        except NoAnswerError as error:
            raise _unavailable(error) from None

    async def _earliest(self, now: float) -> float | None:
        """The first moment, found to some seconds, at which there were samples of the mesh."""
        some = Query("reach", str(promql.count(promql.metric(REQUESTS, *self._scope))))
        since, step = now - _REACH_SECONDS, _REACH_SECONDS / _REACH_POINTS
        found = None
        for _ in range(3):
            answer = await self._over(some, lookback.Steps(since, since + _REACH_POINTS * step, step))
            first = min((point.at for line in answer.lines for point in line.values[:1]), default=None)
            if first is None:
                break
            found, since, step = first, first - step, step / _REACH_POINTS
        return found

    def _samples(self, moment: float, answers: Answers, parts: Parts, told: Iterable[str]) -> Samples:
        quoted = [*answers.warnings, *(each.quoted for each in answers.failures.values() if each.quoted)]
        if parts.unreadable:
            quoted.append(f"{parts.unreadable} series that Prometheus answers cannot be read.")
        return Samples(
            taken_at=moment,
            window_seconds=self.window_seconds,
            requests=parts.requests,
            durations=parts.durations,
            volumes=parts.volumes,
            shortfall=Shortfall(" ".join(told), " ".join(dict.fromkeys(quoted))),
            measured=answers.newest is not None or bool(parts.requests or parts.volumes),
        )

    def _of_age(self, answers: Answers, parts: Parts, lag: float) -> Iterable[str]:
        if lag > _LATE_SCRAPES * self._scrape:
            yield f"The newest samples in Prometheus are {lag:.0f} s old."
        if answers.newest is None and "newest" not in answers.failures:
            if parts.requests or parts.volumes:
                yield (
                    "Prometheus has no samples any more of any proxy: what is shown fades within "
                    f"{self.window_seconds:.0f} s."
                )
            else:
                yield "Prometheus has no samples of Istio's metrics from the last minutes."

    def _of_clocks(self) -> Iterable[str]:
        skew = self._client.skew_seconds or 0.0
        if abs(skew) > _SKEW_SECONDS:
            ahead = "ahead of" if skew > 0 else "behind"
            yield f"This machine's clock is {abs(skew):.0f} s {ahead} that of Prometheus."


def _of_failures(answers: Answers) -> tuple[str, ...]:
    reasons: dict[str, str] = {}
    for subject, error in answers.failures.items():
        reasons.setdefault(_PARTS[subject], str(error))
    parts = [f"Without {what}: {why}" for what, why in reasons.items() if what != _LATENCIES]
    if _LATENCIES in reasons:
        age = answers.older_seconds
        what = f"With latencies of {age:.0f} s ago" if age else f"Without {_LATENCIES}"
        parts.insert(0, f"{what}: {reasons[_LATENCIES]}")
    if answers.warnings:
        parts.append(_INCOMPLETE)
    return tuple(parts)


def _unavailable(error: NoAnswerError) -> SourceUnavailable:
    return SourceUnavailable(Shortfall(str(error), error.quoted))
