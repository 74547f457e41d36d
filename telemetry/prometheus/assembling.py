"""Puts the answers of one tick together into samples. Remembers labels from one tick to the next.

Pure. In a large mesh nearly all of what is answered are labels, and hardly ever do they change: whose bytes
are known is not read again.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Final, NamedTuple

import msgspec

from telemetry.prometheus.answers import Series, Vector, read_labels
from telemetry.prometheus.queries import CODES, MEASURE, QUANTILES, UNKNOWN
from telemetry.samples import DurationRate, EdgeLabels, RequestRate, VolumeRate

# So many labels more than were of use in one tick are kept before they are all read again.
_SPARE: Final = 10_000
_VOLUMES: Final = {name: index - 1 for index, name in enumerate(VolumeRate._fields) if index}


class Parts(NamedTuple):
    """What the answers of one tick say; `unreadable` counts the series that say nothing."""

    requests: tuple[RequestRate, ...]
    durations: tuple[DurationRate, ...]
    volumes: tuple[VolumeRate, ...]
    unreadable: int


class _Known(NamedTuple):
    """The labels of a series. `edge` is the place of its edge labels, the same for all series that have
    them; `size` is that of the bytes they were read from.
    """

    size: int
    edge: int
    codes: tuple[str, ...]
    measure: str


class Assembler:
    """Reads the vectors of tick after tick."""

    def __init__(self) -> None:
        # By the hash of the bytes (64 bits, keyed anew in each process) and their size. The bytes themselves
        # would take hundreds of megabytes in a mesh of 30,000 edges.
        self._known: dict[int, _Known] = {}
        self._edges: list[EdgeLabels] = []
        self._places: dict[EdgeLabels, int] = {}
        self._words: dict[str, str] = {}
        self._used = 0
        self._unreadable = 0

    def assemble(self, answers: Mapping[str, Sequence[Vector]]) -> Parts:
        """`answers` are those to telemetry.prometheus.queries.of_tick(), by subject.

        Without all three quantiles there are no latencies: two would give the third a wrong value.
        """
        self._forget_if_most_are_gone()
        self._used = self._unreadable = 0
        requests, totals = self._requests(_all(answers, "requests"))
        durations = self._durations(totals, *(_all(answers, name) for name in QUANTILES))
        volumes = self._volumes(_all(answers, "connections"), _all(answers, "bodies"))
        return Parts(tuple(requests), tuple(durations), tuple(volumes), self._unreadable)

    def _requests(self, series: Iterable[Series]) -> tuple[list[RequestRate], dict[int, float]]:
        """The rates, and what they come to for each edge."""
        rates: list[RequestRate] = []
        totals: dict[int, float] = {}
        edges = self._edges
        for known, value in self._read(series):
            code, flags, grpc = known.codes
            rates.append(RequestRate(edges[known.edge], code, flags, value, grpc))
            totals[known.edge] = totals.get(known.edge, 0.0) + value
        return rates, totals

    def _durations(self, totals: Mapping[int, float], *quantiles: Iterable[Series]) -> Iterable[DurationRate]:
        p50, p95, p99 = ({known.edge: value for known, value in self._read(each)} for each in quantiles)
        for edge, requests in totals.items():
            if edge in p50 and edge in p95 and edge in p99:
                buckets = histogram(requests, p50[edge], p95[edge], p99[edge])
                yield DurationRate(self._edges[edge], buckets)

    def _volumes(self, *answers: Iterable[Series]) -> Iterable[VolumeRate]:
        found: dict[int, list[float]] = {}
        for series in answers:
            for known, value in self._read(series):
                place = _VOLUMES.get(known.measure)
                if place is None:
                    self._unreadable += 1
                    continue
                values = found.get(known.edge)
                if values is None:
                    values = found[known.edge] = [0.0] * len(_VOLUMES)
                values[place] += value
        return (VolumeRate(self._edges[edge], *values) for edge, values in found.items())

    def _read(self, series: Iterable[Series]) -> list[tuple[_Known, float]]:
        """Those series that have a finite value, at or above 0, and labels that can be read.

        Runs for each series of each tick: what looks like a detour saves calls.
        """
        known, read = self._known, list[tuple[_Known, float]]()
        for each in series:
            if each.value is None:
                continue
            try:
                value = float(each.value.value)
            except ValueError:
                continue
            if not 0 <= value < math.inf:
                continue
            raw = bytes(each.metric)
            key = hash(raw)
            found = known.get(key)
            if found is None or found.size != len(raw):
                found = self._learn(raw, key)
                if found is None:
                    continue
            read.append((found, value))
        self._used += len(read)
        return read

    def _learn(self, raw: bytes, key: int) -> _Known | None:
        try:
            labels = read_labels(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            self._unreadable += 1
            return None
        edge = EdgeLabels(*(self._word(labels.get(name, "")) for name in EdgeLabels._fields))
        place = self._places.get(edge)
        if place is None:
            place = self._places[edge] = len(self._edges)
            self._edges.append(edge)
        codes = tuple(self._word(labels.get(name, "")) for name in CODES)
        self._known[key] = _Known(len(raw), place, codes, labels.get(MEASURE, ""))
        return self._known[key]

    def _word(self, value: str) -> str:
        """One object for all that say the same; "" for what Istio calls unknown."""
        return "" if value in UNKNOWN else self._words.setdefault(value, value)

    def _forget_if_most_are_gone(self) -> None:
        """Names that come and go (pods' revisions, jobs) must not fill the memory over the weeks."""
        if len(self._known) > 2 * self._used + _SPARE:
            self._known, self._edges, self._places, self._words = {}, [], {}, {}


def histogram(requests: float, p50: float, p95: float, p99: float) -> tuple[tuple[float, float], ...]:
    """A latency histogram with these quantiles (milliseconds) for so many requests per second.

    telemetry.quantiles gives the three back. What lies above p99 is unknown: it is taken to be spread up to
    as far above it as p95 lies below, so that a sum of histograms does not see it at infinity.
    """
    # Quantiles asked one by one may differ by a rounding error in the wrong direction.
    p95 = max(p50, p95)
    p99 = max(p95, p99)
    return (
        (p50, QUANTILES["p50"] * requests),
        (p95, QUANTILES["p95"] * requests),
        (p99, QUANTILES["p99"] * requests),
        (2 * p99 - p95, requests),
        (math.inf, requests),
    )


def _all(answers: Mapping[str, Sequence[Vector]], subject: str) -> Iterable[Series]:
    return (series for vector in answers.get(subject, ()) for series in vector.series)
