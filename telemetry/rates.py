"""Turns cumulative counters, read from many targets again and again, into rates over a sliding window.

Pure: the time of each reading is passed in (seconds on a monotonic clock). Knows nothing of HTTP or of the
graph.
"""

from collections import defaultdict, deque
from collections.abc import Collection, Iterable, Mapping
from typing import Final, NamedTuple, get_args

from telemetry.exposition import Counter, Exposition, Histogram, RequestSeries, VolumeSeries
from telemetry.samples import (
    DurationRate,
    EdgeLabels,
    Measure,
    RequestCount,
    RequestRate,
    TimeCount,
    VolumeRate,
)

_MEASURES: Final[Mapping[Measure, int]] = {measure: place for place, measure in enumerate(get_args(Measure))}


class _Point(NamedTuple):
    """The corrected totals of one reading: they only ever rise, whatever was restarted."""

    at: float
    counters: dict[str, float]
    histograms: dict[str, tuple[float, ...]]


class _Timed(NamedTuple):
    """What tells apart latencies that are counted."""

    labels: EdgeLabels
    response_flags: str
    edges: tuple[float, ...]


Counted = RequestSeries | VolumeSeries


class Rates(NamedTuple):
    """What flows, each label set once."""

    requests: tuple[RequestRate, ...]
    durations: tuple[DurationRate, ...]
    volumes: tuple[VolumeRate, ...]


class RateWindow:
    """Rates over the last `window_seconds` of each target.

    - A counter that falls was reset: it counts from 0.
    - A series that appears while its target is being read counts from 0. In a target's first reading nothing
      counts, because nobody knows since when.
    - A target that is lost for good keeps the requests it made, until the window has passed over them.
    - A target that answers late keeps its last rates for `late_after_seconds`, and then has none: no old
      numbers as new. After a silence longer than the window it starts afresh.
    """

    def __init__(self, window_seconds: float, late_after_seconds: float = 3.0) -> None:
        self.window_seconds = window_seconds
        self.late_after_seconds = late_after_seconds
        self._targets: dict[str, _Target] = {}
        self._counted: dict[RequestSeries, float] = defaultdict(float)
        self._counted_from: float | None = None
        self.timed: Collection[tuple[str, str]] = frozenset()
        """The services, by namespace and name, of which latencies are counted, too."""
        self._times: dict[_Timed, tuple[float, ...]] = {}

    def observe(self, target: str, at: float, exposition: Exposition) -> None:
        """Takes in what the target said at that time."""
        known = self._targets.get(target)
        if known is None or known.lost or at - known.last_at > self.window_seconds:
            known = self._targets[target] = _Target()
        since = known.last_at
        for series, increase in known.observe(at, exposition, self.window_seconds):
            if isinstance(series, RequestSeries):
                self._counted[series] += increase
                self._counted_from = since if self._counted_from is None else min(since, self._counted_from)
        if self.timed:
            for timed, increases in known.timed(self.timed):
                counted = self._times.get(timed)
                self._times[timed] = increases if counted is None else _sums(counted, increases)

    def take_counts(self) -> tuple[tuple[RequestCount, ...], float | None]:
        """The requests counted since this was last asked, each once, and since when (None: there are none).

        What a target says is counted when it is read, from its own reading before: one that answers late
        is late to be counted, not lost, and the time since when says so.
        """
        counted, since = self._counted, self._counted_from
        self._counted, self._counted_from = defaultdict(float), None
        return tuple(
            RequestCount(
                series.labels,
                series.response_code,
                series.response_flags,
                requests,
                series.grpc_response_status,
            )
            for series, requests in counted.items()
        ), since

    def take_times(self) -> tuple[TimeCount, ...]:
        """The latencies counted since this was last asked, in the same way; ask for the counts at once."""
        times, self._times = self._times, {}
        return tuple(TimeCount(*timed, counts) for timed, counts in times.items())

    def lose(self, target: str) -> None:
        """The target is gone: it will not be read again."""
        if known := self._targets.get(target):
            known.lost = True

    @property
    def targets(self) -> frozenset[str]:
        """The targets with a reading, those that are not lost."""
        return frozenset(name for name, target in self._targets.items() if not target.lost)

    @property
    def measures(self) -> bool:
        """Whether any target has been read twice, without which there are no rates."""
        return any(target.readings > 1 for target in self._targets.values())

    def rates(self, now: float) -> Rates:
        """What flows now, summed over all targets: only what is above 0."""
        counters: dict[Counted, float] = defaultdict(float)
        durations: dict[tuple[EdgeLabels, tuple[float, ...]], list[float]] = {}
        for name, target in list(self._targets.items()):
            if target.lost and target.last_at <= now - self.window_seconds:
                del self._targets[name]
            elif target.lost:
                target.add_rates(counters, durations, end=now, window=self.window_seconds)
            elif now - target.last_at <= self.late_after_seconds:
                target.add_rates(counters, durations, end=target.last_at, window=self.window_seconds)
        return Rates(
            tuple(_request_rates(counters)), tuple(_duration_rates(durations)), _volume_rates(counters)
        )


class _Target:
    """One proxy: its last raw values, and its corrected totals over a little more than the window."""

    def __init__(self) -> None:
        self.lost = False
        self.last_at = float("-inf")
        self._points: deque[_Point] = deque()
        self._raw: dict[str, Counter] = {}
        self._raw_histograms: dict[str, Histogram] = {}
        self._seen_at: dict[str, float] = {}

    @property
    def readings(self) -> int:
        return len(self._points)

    def observe(self, at: float, exposition: Exposition, window: float) -> list[tuple[Counted, float]]:
        """Takes in a reading; returns what was counted since the one before."""
        if at <= self.last_at:
            return []
        last = self._points[-1] if self._points else _Point(at, {}, {})
        born = bool(self._points)
        counters = {**last.counters, **self._totals(exposition, last, born=born)}
        histograms = {**last.histograms, **self._histogram_totals(exposition, last, born=born)}
        self._raw.update(exposition.counters)
        self._raw_histograms.update(exposition.histograms)
        for key in (*exposition.counters, *exposition.histograms):
            self._seen_at[key] = at
        self._points.append(_Point(at, counters, histograms))
        self.last_at = at
        self._prune(at - window)
        increases = ((key, total - last.counters.get(key, 0.0)) for key, total in counters.items())
        return [(self._raw[key].series, increase) for key, increase in increases if increase > 0]

    def timed(self, services: Collection[tuple[str, str]]) -> Iterable[tuple["_Timed", tuple[float, ...]]]:
        """By histogram of these services, what each bucket gained with the last reading."""
        if len(self._points) < 2:
            return
        before, now = self._points[-2].histograms, self._points[-1].histograms
        for key, totals in now.items():
            old = before.get(key)
            if old is totals:
                continue
            labels, edges, _, flags = self._raw_histograms[key]
            where = labels.destination_service_namespace, labels.destination_service_name
            if where in services and totals[-1] > (old[-1] if old else 0.0):
                yield _Timed(labels, flags, edges), totals if old is None else _differences(totals, old)

    def add_rates(
        self,
        counters: dict[Counted, float],
        durations: dict[tuple[EdgeLabels, tuple[float, ...]], list[float]],
        *,
        end: float,
        window: float,
    ) -> None:
        """Adds this target's rates over the window before `end` to the sums over all targets."""
        last = self._points[-1]
        base = self._base(end - window)
        span = end - base.at
        if span <= 0:
            return
        for key, total in last.counters.items():
            increase = total - base.counters.get(key, 0.0)
            if increase > 0:
                counters[self._raw[key].series] += increase / span
        for key, totals in last.histograms.items():
            before = base.histograms.get(key)
            if before is totals or totals[-1] == 0:
                continue
            histogram = self._raw_histograms[key]
            rates = _rates(totals, before, span)
            if rates[-1] > 0:
                _add(durations, (histogram.labels, histogram.edges), rates)

    def _base(self, start: float) -> _Point:
        """The last reading at or before the window's start, or else the first one."""
        base = self._points[0]
        for point in self._points:
            if point.at > start:
                break
            base = point
        return base

    def _totals(self, exposition: Exposition, last: _Point, *, born: bool) -> dict[str, float]:
        totals = {}
        for key, counter in exposition.counters.items():
            before = self._raw.get(key)
            if before is None:
                totals[key] = counter.value if born else 0.0
                continue
            fell = counter.value < before.value
            totals[key] = last.counters[key] + counter.value - (0.0 if fell else before.value)
        return totals

    def _histogram_totals(
        self, exposition: Exposition, last: _Point, *, born: bool
    ) -> dict[str, tuple[float, ...]]:
        totals = {}
        for key, histogram in exposition.histograms.items():
            before = self._raw_histograms.get(key)
            if before is None:
                totals[key] = histogram.counts if born else (0.0,) * len(histogram.counts)
            elif before.counts == histogram.counts:
                totals[key] = last.histograms[key]
            else:
                totals[key] = _advanced(last.histograms[key], before.counts, histogram.counts)
        return totals

    def _prune(self, start: float) -> None:
        """Forgets the readings before the window's base, and the series that a target has stopped naming."""
        while len(self._points) > 1 and self._points[1].at <= start:
            self._points.popleft()
        for key in [key for key, seen_at in self._seen_at.items() if seen_at < start]:
            del self._seen_at[key]
            for table in (
                self._raw,
                self._raw_histograms,
                self._points[-1].counters,
                self._points[-1].histograms,
            ):
                table.pop(key, None)


def _advanced(
    totals: tuple[float, ...], before: tuple[float, ...], counts: tuple[float, ...]
) -> tuple[float, ...]:
    if any(count < old for count, old in zip(counts, before, strict=True)):
        return tuple(total + count for total, count in zip(totals, counts, strict=True))
    return tuple(total + count - old for total, count, old in zip(totals, counts, before, strict=True))


def _differences(totals: tuple[float, ...], before: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(total - old for total, old in zip(totals, before, strict=True))


def _sums(one: tuple[float, ...], other: tuple[float, ...]) -> tuple[float, ...]:
    return tuple(a + b for a, b in zip(one, other, strict=True))


def _rates(totals: tuple[float, ...], before: tuple[float, ...] | None, span: float) -> list[float]:
    if before is None:
        return [total / span for total in totals]
    return [(total - old) / span for total, old in zip(totals, before, strict=True)]


def _add(
    durations: dict[tuple[EdgeLabels, tuple[float, ...]], list[float]],
    key: tuple[EdgeLabels, tuple[float, ...]],
    rates: list[float],
) -> None:
    known = durations.get(key)
    durations[key] = rates if known is None else [a + b for a, b in zip(known, rates, strict=True)]


def _request_rates(counters: Mapping[Counted, float]) -> Iterable[RequestRate]:
    for series, rate in counters.items():
        if isinstance(series, RequestSeries):
            yield RequestRate(
                labels=series.labels,
                response_code=series.response_code,
                response_flags=series.response_flags,
                requests_per_second=rate,
                grpc_response_status=series.grpc_response_status,
            )


def _volume_rates(counters: Mapping[Counted, float]) -> tuple[VolumeRate, ...]:
    """One for each label set, with all that is measured of it."""
    found: dict[EdgeLabels, list[float]] = {}
    for series, rate in counters.items():
        if isinstance(series, VolumeSeries):
            found.setdefault(series.labels, [0.0] * len(_MEASURES))[_MEASURES[series.measure]] += rate
    return tuple(VolumeRate(labels, *measured) for labels, measured in found.items())


def _duration_rates(
    durations: dict[tuple[EdgeLabels, tuple[float, ...]], list[float]],
) -> Iterable[DurationRate]:
    for (labels, edges), rates in durations.items():
        yield DurationRate(labels, tuple(zip(edges, rates, strict=True)))
