"""One node or edge over time: what is asked, and the readings made of what is answered. Pure.

Of a single subject the histogram is small enough to be asked for whole, and the server itself can leave out
what two proxies report of the same request, as telemetry.reporting does for the whole mesh.
"""

import math
from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final, NamedTuple

from telemetry.past import MAX_POINTS
from telemetry.prometheus import promql, queries
from telemetry.prometheus.answers import Line, Matrix, number
from telemetry.prometheus.promql import Expr, Matcher
from telemetry.prometheus.queries import BODIES, CODES, CONNECTIONS, DURATIONS, MEASURE, REQUESTS, Query
from telemetry.reporting import Preference
from telemetry.samples import DurationRate, EdgeLabels, RequestRate, Samples, VolumeRate
from telemetry.subjects import Conditions, Subject

# telemetry.reporting.Call, in labels.
_CALL: Final = (
    "source_workload",
    "source_workload_namespace",
    "source_cluster",
    "destination_workload",
    "destination_workload_namespace",
    "destination_cluster",
    "request_protocol",
)
_ORDERS: Final[Mapping[Preference, tuple[str, ...]]] = {
    "caller": ("source", "waypoint", "destination"),
    "destination": ("destination", "waypoint", "source"),
}
_NOBODY: Final = EdgeLabels()


class Steps(NamedTuple):
    """The moments of a range, in seconds since the epoch: `first`, and so on up to `last`."""

    first: float
    last: float
    seconds: float


def steps(since: float, until: float, step_seconds: float) -> Steps:
    """The ends of the steps between two moments: at most MAX_POINTS, so they may be longer than asked for."""
    seconds = max(step_seconds, (until - since) / MAX_POINTS, 0.001)
    # Whole milliseconds: the server knows no finer ones, and rounding must not add a point.
    seconds = math.ceil(seconds * 1000) / 1000
    first = min(since + seconds, until)
    return Steps(first, max(first, until), seconds)


def of_subject(
    subject: Subject,
    window_seconds: float,
    scope: tuple[Matcher, ...] = (),
    preference: Preference = "caller",
) -> tuple[Query, ...]:
    """Everything that is asked about a subject: 4 queries."""
    asked = _Asked(subject, window_seconds, scope, preference)
    return (
        Query("requests", str(promql.sum_by(CODES, asked.believed(REQUESTS)))),
        Query(
            "buckets", str(promql.sum_by(("le",), asked.believed(DURATIONS, told_by=REQUESTS, least=">=")))
        ),
        Query("volumes", str(asked.volumes(CONNECTIONS, BODIES))),
        Query("known", str(asked.known())),
    )


def readings(answers: Mapping[str, Matrix], window_seconds: float) -> tuple[Samples, ...]:
    """The readings of all steps of which something is known, oldest first."""
    at: dict[float, _Reading] = defaultdict(_Reading)
    for line in _lines(answers, "known"):
        for point in line.values:
            _ = at[point.at]
    for line in _lines(answers, "requests"):
        codes = tuple(_word(line.metric.get(name, "")) for name in CODES)
        for moment, value in _values(line):
            code, flags, grpc = codes
            at[moment].requests.append(RequestRate(_NOBODY, code, flags, value, grpc))
    for line in _lines(answers, "buckets"):
        edge = number(line.metric.get("le", ""))
        for moment, value in _values(line):
            at[moment].buckets[edge] = value
    for line in _lines(answers, "volumes"):
        for moment, value in _values(line):
            at[moment].volume[line.metric.get(MEASURE, "")] += value
    return tuple(each.samples(moment, window_seconds) for moment, each in sorted(at.items()))


class _Asked:
    """The selectors of one subject."""

    def __init__(
        self, subject: Subject, window_seconds: float, scope: tuple[Matcher, ...], preference: Preference
    ) -> None:
        self._alternatives = [(*scope, *_matchers(each)) for each in subject.alternatives]
        self._window = window_seconds
        self._scope = scope
        self._order = _ORDERS[preference]

    def believed(self, metric: str, *, told_by: str = "", least: promql.Comparison = ">") -> Expr:
        """The rates of a metric, of each call only those of its best report that has anything to tell.

        `told_by` is the metric that says who has; without it, this one.
        """
        told_by = told_by or metric
        found = [self._rates(metric, self._order[0], least)]
        for place, reporter in enumerate(self._order[1:], start=1):
            better = promql.union(self._rates(told_by, each, ">") for each in self._order[:place])
            found.append(promql.unless_on(_CALL, self._rates(metric, reporter, least), better))
        return promql.union(found)

    def volumes(self, *counters: Mapping[str, str]) -> Expr:
        """All that moves, each measure in as many series as counters say something of it."""
        return promql.union(
            promql.labelled(
                promql.labelled(promql.total(self.believed(name)), MEASURE, measure), "meshui_counter", name
            )
            for group in counters
            for measure, name in group.items()
        )

    def known(self) -> Expr:
        """Something, whenever the server heard of the mesh at all: without traffic there may be no series of
        the subject, and yet it is known that there is none.
        """
        up = promql.metric("up", *self._scope)
        own = (promql.metric(REQUESTS, *each) for each in self._alternatives)
        # Counted over the window: a selector alone would go on for minutes after the last sample.
        return promql.union(
            promql.count(promql.count_over_time(promql.over(each, self._window))) for each in (up, *own)
        )

    def _rates(self, metric: str, reporter: str, least: promql.Comparison) -> Expr:
        return promql.union(
            promql.compared(
                promql.rate(
                    promql.over(
                        promql.metric(metric, promql.equal("reporter", reporter), *each), self._window
                    )
                ),
                least,
                0,
            )
            for each in self._alternatives
        )


class _Reading:
    """What is known of one step."""

    def __init__(self) -> None:
        self.requests: list[RequestRate] = []
        self.buckets: dict[float, float] = {}
        self.volume: dict[str, float] = defaultdict(float)

    def samples(self, moment: float, window_seconds: float) -> Samples:
        buckets = tuple(sorted(self.buckets.items()))
        whole = len(buckets) > 1 and buckets[-1][0] == math.inf and buckets[-1][1] > 0
        moved = {name: self.volume[name] for name in VolumeRate._fields if name in self.volume}
        return Samples(
            taken_at=moment,
            window_seconds=window_seconds,
            requests=tuple(self.requests),
            durations=(DurationRate(_NOBODY, buckets),) if whole else (),
            volumes=(VolumeRate(_NOBODY, **moved),) if moved else (),
        )


def _matchers(conditions: Conditions) -> Iterable[Matcher]:
    """The same conditions in PromQL. What is empty here, Istio calls "unknown" or leaves out."""
    for label, values, among in conditions:
        named = [*values, "unknown"] if "" in values else values
        included = promql.one_of(label, named)
        yield included if among else promql.not_matching(label, included.value)


def _lines(answers: Mapping[str, Matrix], subject: str) -> Iterable[Line]:
    return answers[subject].lines if subject in answers else ()


def _values(line: Line) -> Iterable[tuple[float, float]]:
    """The moments with a finite value, at or above 0."""
    for point in line.values:
        value = number(point.value)
        if 0 <= value < math.inf:
            yield point.at, value


def _word(value: str) -> str:
    return "" if value in queries.UNKNOWN else value
