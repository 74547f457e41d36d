"""What rollouts watch, out of a Prometheus: each request counted once, whatever the moments of scrapes. Pure.

`increase()` extrapolates, and its ranges overlap or leave gaps, so that a request would be counted twice or
never. So the samples themselves are asked for, of all services that are watched at once, and of each series
it is remembered which sample was counted last. What a series gained since is counted when it is seen: a late
scrape is late to be counted, not lost.
"""

import math
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Final, NamedTuple

from telemetry.prometheus import promql
from telemetry.prometheus.answers import Point, Track, Tracks, Vector, labels_of, number, read_labels
from telemetry.prometheus.promql import Matcher
from telemetry.prometheus.queries import CODES, DURATIONS, REQUESTS, UNKNOWN, Query
from telemetry.samples import EdgeLabels, RequestCount, Samples, TimeCount
from telemetry.source import Watched
from telemetry.undecodable import UNDECODABLE

LOOKBACK_SCRAPES: Final = 3
MOST_SECONDS: Final = 3600.0
_TARGET: Final = ("job", "instance")
_SERVICE: Final = ("destination_service_namespace", "destination_service_name")
_MOST_KNOWN: Final = 200_000

Service = tuple[str, str]
Target = tuple[str, ...]


def of_requests(services: Collection[Service], seconds: float, scope: tuple[Matcher, ...] = ()) -> Query:
    """The samples of the last `seconds` of all counters of requests to these services."""
    return Query("watched", promql.over(promql.metric(REQUESTS, *scope, *_named(services)), seconds).text)


def of_times(
    services: Collection[Service], edges: Iterable[str], seconds: float, scope: tuple[Matcher, ...] = ()
) -> Query:
    """The samples of those buckets of the latencies of these services that have one of these upper edges."""
    matchers = (*scope, *_named(services), promql.one_of("le", sorted({*edges, "+Inf"})))
    return Query("watched times", promql.over(promql.metric(DURATIONS, *matchers), seconds).text)


def of_edges(services: Collection[Service], scope: tuple[Matcher, ...] = ()) -> Query:
    """The upper edges that the latencies of these services have."""
    buckets = promql.metric(DURATIONS, *scope, *_named(services))
    return Query("edges", str(promql.sum_by((*_SERVICE, "le"), buckets)))


def edges(answer: Vector) -> dict[Service, dict[float, str]]:
    """By service the upper edges (milliseconds), and how each is written."""
    found: dict[Service, dict[float, str]] = defaultdict(dict)
    for each in answer.series:
        labels = labels_of(each)
        text = labels.get("le", "")
        edge = number(text)
        if not math.isnan(edge):
            found[_service(labels)][edge] = text
    return dict(found)


def edge_of(known: Mapping[float, str], objective_ms: float) -> str | None:
    """How the smallest edge that is not below an objective is written; None where there is none."""
    fitting = [edge for edge in known if objective_ms <= edge < math.inf]
    return known[min(fitting)] if fitting else None


class _Series(NamedTuple):
    """What the labels of a series say. `key`: a number that stands for all of them, in whatever order; `le`:
    of a bucket its upper edge.
    """

    key: int
    target: Target
    service: Service
    told: RequestCount
    le: float | None


_Points = tuple[_Series, Sequence[tuple[float, float]]]
_Place = tuple[Service, Target]


@dataclass
class _Gains:
    """What came since the last time: requests, and buckets by histogram and edge."""

    counts: dict[RequestCount, float] = field(default_factory=dict)
    times: dict[tuple[EdgeLabels, str], dict[float, float]] = field(default_factory=dict)
    since: float = math.inf

    def add(self, series: _Series, since: float, gained: float) -> None:
        told = series.told
        if gained > 0:
            self.since = min(self.since, since)
        if series.le is None:
            if gained > 0:
                self.counts[told] = self.counts.get(told, 0.0) + gained
            return
        # Of a bucket it matters, too, that it gained nothing: then all were slower.
        buckets = self.times.setdefault((told.labels, told.response_flags), {})
        buckets[series.le] = buckets.get(series.le, 0.0) + gained


class Follower:
    """Remembers of each series the sample that was counted last, and of each target when it was scraped."""

    def __init__(self, scrape_seconds: float) -> None:
        self._scrape = scrape_seconds
        self._known: dict[bytes, _Series | None] = {}
        self._keys: dict[tuple[tuple[str, str], ...], int] = {}
        self._last: dict[Service, dict[int, tuple[float, float]]] = {}
        self._scraped: dict[Target, float] = {}
        self._asked_at: dict[Service, float] = {}
        self._newest = -math.inf
        self._gains = _Gains()

    def reach(self, services: Mapping[Service, Watched], now: float) -> float:
        """Of how many seconds samples are needed: since the last time, and some before."""
        begun = [self._asked_at.get(each, _or(watched.since, now)) for each, watched in services.items()]
        behind = max((now - each for each in begun), default=0.0)
        return min(max(0.0, behind), MOST_SECONDS) + LOOKBACK_SCRAPES * self._scrape

    def taken_in(self, services: Mapping[Service, Watched], tracks: Tracks, now: float) -> Samples | None:
        """What came since the last time; None where there are no newer samples than then.

        A counter that falls was reset, and counts from 0. One that appears in a later scrape of its target
        than the one counted last does so, too; of any other nobody knows since when it counts.
        """
        self._last = {each: self._last.get(each, {}) for each in services}
        fresh: list[_Points] = []
        scraped: dict[Target, float] = {}
        for series, values in self._lines(services, tracks):
            scraped[series.target] = max(scraped.get(series.target, -math.inf), values[-1].at)
            base = self._last[series.service].get(series.key)
            if base is None:
                fresh.append((series, [*_numbers(values, -math.inf)]))
            else:
                self._count(series, base, [*_numbers(values, base[0])])
        limits = self._limits(services, fresh)
        for series, points in fresh:
            base = self._base(services, series, points, limits) if points else None
            if points:
                self._count(series, base, points)
        newest = max(scraped.values(), default=-math.inf)
        for target, at in scraped.items():
            self._scraped[target] = max(self._scraped.get(target, -math.inf), at)
        self._forget(now)
        self._asked_at = dict.fromkeys(services, now)
        if newest <= self._newest:
            # What came late counts with the next reading, which has a moment of its own.
            return None
        gains, self._gains, self._newest = self._gains, _Gains(), newest
        return _samples(gains, newest)

    def _lines(
        self, services: Mapping[Service, Watched], tracks: Tracks
    ) -> Iterable[tuple[_Series, Sequence[Point]]]:
        for track in tracks.lines:
            series = self._series(track)
            if series is not None and series.service in services and track.values:
                yield series, track.values

    def _count(
        self, series: _Series, base: tuple[float, float] | None, points: Sequence[tuple[float, float]]
    ) -> None:
        """Counts what a series gained since a sample; None: nothing yet. The last one is remembered."""
        if base is not None:
            self._gains.add(series, base[0], _gained(base, points))
        if points and (base is None or points[-1][0] > base[0]):
            self._last[series.service][series.key] = points[-1]

    def _series(self, track: Track) -> _Series | None:
        raw = bytes(track.metric)
        if raw not in self._known:
            if len(self._known) > _MOST_KNOWN:
                self._known = {}
            self._known[raw] = _read(raw, self._keys)
        return self._known[raw]

    def _limits(self, services: Mapping[Service, Watched], lines: Sequence[_Points]) -> dict[_Place, float]:
        """Up to when each target is counted: to its last scrape, or the last one before a service is watched
        from.
        """
        found: dict[_Place, float] = {}
        for series, points in lines:
            place = series.service, series.target
            if series.service in self._asked_at:
                if series.target in self._scraped:
                    found[place] = self._scraped[series.target]
                continue
            since = services[series.service].since
            before = [at for at, _ in points if since is not None and at <= since]
            if before:
                found[place] = max(found.get(place, -math.inf), before[-1])
        return found

    def _base(
        self,
        services: Mapping[Service, Watched],
        series: _Series,
        points: Sequence[tuple[float, float]],
        limits: Mapping[_Place, float],
    ) -> tuple[float, float] | None:
        """The sample from which a series counts that is new here; None where none of it is to be counted."""
        is_new = series.service not in self._asked_at
        since = services[series.service].since if is_new else self._newest
        if since is None:
            return None
        limit = limits.get((series.service, series.target))
        earlier = [point for point in points if point[0] <= (since if limit is None else limit)]
        if earlier:
            return earlier[-1]
        # All its samples are later than a scrape in which it was not: it began at 0 in between.
        return points[0] if limit is None else (limit, 0.0)

    def _forget(self, now: float) -> None:
        oldest = now - MOST_SECONDS
        self._scraped = {target: at for target, at in self._scraped.items() if at >= oldest}
        self._last = {
            service: {key: point for key, point in last.items() if point[0] >= oldest}
            for service, last in self._last.items()
        }


def _gained(base: tuple[float, float], points: Sequence[tuple[float, float]]) -> float:
    later = [base, *(point for point in points if point[0] > base[0])]
    return sum(now - then if now >= then else now for (_, then), (_, now) in pairwise(later))


def _numbers(values: Sequence[Point], after: float) -> Iterable[tuple[float, float]]:
    """The samples after a moment that can be counts; mostly they are few of many."""
    first = len(values)
    while first and values[first - 1].at > after:
        first -= 1
    for point in values[first:]:
        value = number(point.value)
        if 0 <= value < math.inf:
            yield point.at, value


def _samples(gains: _Gains, newest: float) -> Samples:
    return Samples(
        taken_at=newest,
        window_seconds=0.0,
        counts=tuple(told._replace(requests=n) for told, n in gains.counts.items()),
        counted_from=min(gains.since, newest),
        times=tuple(
            _times(*whose, buckets) for whose, buckets in gains.times.items() if any(buckets.values())
        ),
    )


def _times(labels: EdgeLabels, flags: str, buckets: Mapping[float, float]) -> TimeCount:
    total = buckets.get(math.inf, max(buckets.values()))
    known = {**buckets, math.inf: total}
    return TimeCount(labels, flags, tuple(sorted(known)), tuple(known[edge] for edge in sorted(known)))


def _read(raw: bytes, keys: dict[tuple[tuple[str, str], ...], int]) -> _Series | None:
    try:
        labels = read_labels(raw)
    except UNDECODABLE:
        return None
    edge = EdgeLabels(*(_word(labels.get(name, "")) for name in EdgeLabels._fields))
    code, flags, grpc = (_word(labels.get(name, "")) for name in CODES)
    le = number(labels["le"]) if "le" in labels else None
    if le is not None and math.isnan(le):
        return None
    # `le` is written in two ways, by the version of the server.
    key = tuple(sorted({**labels, **({} if le is None else {"le": f"{le:g}"})}.items()))
    target = tuple(labels.get(name, "") for name in _TARGET)
    told = RequestCount(edge, code, flags, 0.0, grpc)
    return _Series(keys.setdefault(key, len(keys)), target, _service(labels), told, le)


def _service(labels: Mapping[str, str]) -> Service:
    return labels.get(_SERVICE[0], ""), labels.get(_SERVICE[1], "")


def _named(services: Collection[Service]) -> tuple[Matcher, Matcher]:
    namespaces, names = ({each[place] for each in services} for place in (0, 1))
    return promql.one_of(_SERVICE[0], sorted(namespaces)), promql.one_of(_SERVICE[1], sorted(names))


def _word(value: str) -> str:
    return "" if value in UNKNOWN else value


def _or(value: float | None, other: float) -> float:
    return other if value is None else value
