"""How many requests a service got since a moment, each exactly once: what shares are tested with. Pure.

`increase()` extrapolates to the ends of its range, which is right for a rate and wrong for a count: a test
would take requests for evidence that nobody made. So the samples themselves are asked for, of this one
service, and added up here.
"""

import math
from collections.abc import Collection, Iterable, Sequence
from itertools import pairwise
from typing import Final, NamedTuple

from telemetry.prometheus import promql
from telemetry.prometheus.answers import Matrix, Point, Vector, labels_of, number
from telemetry.prometheus.promql import Matcher
from telemetry.prometheus.queries import CODES, REQUESTS, UNKNOWN, Query
from telemetry.samples import EdgeLabels, RequestCount

LOOKBACK_SCRAPES: Final = 3
_TARGET: Final = ("job", "instance")

Target = tuple[str, ...]


class Sampled(NamedTuple):
    """The samples of a counter, by time, in seconds since the epoch, and which target they are of."""

    target: Target
    points: Sequence[tuple[float, float]]


def of_service(
    namespace: str, service: str, seconds: float, scrape_seconds: float, scope: tuple[Matcher, ...] = ()
) -> Query:
    """The samples of the last `seconds`, and some of before: what is there already is known by those."""
    named = (
        promql.equal("destination_service_namespace", namespace),
        promql.equal("destination_service_name", service),
    )
    reach = seconds + LOOKBACK_SCRAPES * scrape_seconds
    return Query("counted", promql.over(promql.metric(REQUESTS, *scope, *named), reach).text)


def of_targets(scrape_seconds: float, scope: tuple[Matcher, ...] = ()) -> Query:
    """The targets that were scraped shortly before a moment."""
    lately = promql.over(promql.metric("up", *scope), LOOKBACK_SCRAPES * scrape_seconds)
    return Query("targets", str(promql.sum_by(_TARGET, promql.max_over_time(lately))))


def targets(answer: Vector) -> frozenset[Target]:
    """Those that answered."""
    found = (labels_of(each) for each in answer.series if each.value and number(each.value.value) > 0)
    return frozenset(_target(labels) for labels in found)


def counts(
    answer: Matrix, since: float, scrape_seconds: float, known: Collection[Target]
) -> tuple[RequestCount, ...]:
    """What was counted since a moment; what spans it is left out. `known`: who was scraped just before it."""
    found: dict[RequestCount, float] = {}
    for line in answer.lines:
        series = Sampled(_target(line.metric), [*_numbers(line.values)])
        requests = increase(series, since, scrape_seconds, known)
        if requests > 0:
            key = _counted(line.metric)
            found[key] = found.get(key, 0.0) + requests
    return tuple(key._replace(requests=requests) for key, requests in found.items())


def increase(series: Sampled, since: float, scrape_seconds: float, known: Collection[Target]) -> float:
    """What a counter gained from its first sample at or after `since` to its last one.

    One that falls was reset, and counts from 0. One that appears while its target is scraped counts from 0,
    unless it may have begun before `since`; of any other nobody knows since when it counts.
    """
    first = next((place for place, (at, _) in enumerate(series.points) if at >= since), None)
    if first is None:
        return 0.0
    gained = sum(
        after - before if after >= before else after
        for (_, before), (_, after) in pairwise(series.points[first:])
    )
    at, value = series.points[first]
    born = first == 0 and series.target in known and at - since > scrape_seconds
    return gained + (value if born else 0.0)


def _numbers(points: Iterable[Point]) -> Iterable[tuple[float, float]]:
    for point in points:
        value = number(point.value)
        if 0 <= value < math.inf:
            yield point.at, value


def _target(labels: dict[str, str]) -> Target:
    return tuple(labels.get(name, "") for name in _TARGET)


def _counted(labels: dict[str, str]) -> RequestCount:
    edge = EdgeLabels(*(_word(labels.get(name, "")) for name in EdgeLabels._fields))
    code, flags, grpc = (_word(labels.get(name, "")) for name in CODES)
    return RequestCount(edge, code, flags, 0.0, grpc)


def _word(value: str) -> str:
    return "" if value in UNKNOWN else value
