"""Puts the answers of one tick together into samples. Remembers labels from one tick to the next.

Pure. In a large mesh nearly all of what is answered are labels, and hardly ever do they change: whose bytes
are known is not read again.
"""

import math
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain, count
from typing import Final, NamedTuple, cast

import msgspec

from telemetry.prometheus.answers import Vector, number, read_labels
from telemetry.prometheus.queries import CODES, MEASURE, QUANTILES, UNKNOWN
from telemetry.samples import DurationRate, EdgeLabels, RequestRate, VolumeRate

# So many labels more than were of use in one tick are kept before they are all read again.
_SPARE: Final = 10_000
_VOLUMES: Final = {name: index - 1 for index, name in enumerate(VolumeRate._fields) if index}


class _Known(NamedTuple):
    """The labels of a series. `edge` is the number of its edge labels, the same for all series that have
    them; `size` is that of the bytes they were read from.
    """

    size: int
    edge: int
    labels: EdgeLabels
    codes: tuple[str, ...]
    measure: str


class Reading(NamedTuple):
    """What an answer says: of each series that has a finite value, at or above 0, its labels, and the value.

    `unreadable` counts the series that say nothing. Nothing in here holds on to the bytes of the answer.
    """

    known: Sequence[_Known] = ()
    values: Sequence[float] = ()
    unreadable: int = 0


class Parts(NamedTuple):
    """What the answers of one tick say together."""

    requests: tuple[RequestRate, ...]
    durations: tuple[DurationRate, ...]
    volumes: tuple[VolumeRate, ...]
    unreadable: int


class Assembler:
    """Reads the vectors of tick after tick."""

    def __init__(self) -> None:
        # By the hash of the bytes (64 bits, keyed anew in each process) and their size. The bytes themselves
        # would take hundreds of megabytes in a mesh of 30,000 edges.
        self._known: dict[int, _Known] = {}
        self._edges: dict[EdgeLabels, tuple[int, EdgeLabels]] = {}
        self._words: dict[str, str] = {}
        # Numbers are never given twice: a reading may be older than what is remembered now.
        self._numbers = count()

    def read(self, vector: Vector) -> Reading:
        """What one answer says."""
        told = [each for each in vector.series if each.value is not None]
        # Column by column, without a line of Python for each series: mostly there is nothing to learn.
        raws = [bytes(each.metric) for each in told]
        values = _numbers([each.value.value for each in told if each.value])
        keys = [*map(hash, raws)]
        found = [*map(self._known.get, keys)]
        sizes = [each.size if each else 0 for each in found]
        if sizes != [*map(len, raws)] or not _sound(values):
            return self._learning(raws, keys, values)
        return Reading(cast("list[_Known]", found), values)

    def assemble(self, answers: Mapping[str, Sequence[Reading]]) -> Parts:
        """`answers` are those to telemetry.prometheus.queries.of_tick(), by subject.

        Without all three quantiles there are no latencies: two would give the third a wrong value.
        """
        requests, totals = _requests(_all(answers, "requests"))
        durations = _durations(totals, *(_all(answers, name) for name in QUANTILES))
        volumes, unmeasured = _volumes(_all(answers, "connections"), _all(answers, "bodies"))
        readings = [each for several in answers.values() for each in several]
        unreadable = unmeasured + sum(each.unreadable for each in readings)
        self._forget_if_most_are_gone(sum(len(each.values) for each in readings))
        return Parts(tuple(requests), tuple(durations), tuple(volumes), unreadable)

    def _learning(self, raws: list[bytes], keys: list[int], values: list[float]) -> Reading:
        known: list[_Known] = []
        sound: list[float] = []
        unreadable = 0
        for raw, key, value in zip(raws, keys, values, strict=True):
            if not 0 <= value < math.inf:
                continue
            found = self._known.get(key)
            if found is None or found.size != len(raw):
                found = self._learn(raw, key)
            if found is None:
                unreadable += 1
                continue
            known.append(found)
            sound.append(value)
        return Reading(known, sound, unreadable)

    def _learn(self, raw: bytes, key: int) -> _Known | None:
        try:
            labels = read_labels(raw)
        except (msgspec.DecodeError, UnicodeDecodeError):
            return None
        edge = EdgeLabels(*(self._word(labels.get(name, "")) for name in EdgeLabels._fields))
        if edge not in self._edges:
            self._edges[edge] = next(self._numbers), edge
        codes = tuple(self._word(labels.get(name, "")) for name in CODES)
        self._known[key] = _Known(len(raw), *self._edges[edge], codes, labels.get(MEASURE, ""))
        return self._known[key]

    def _word(self, value: str) -> str:
        """One object for all that say the same; "" for what Istio calls unknown."""
        return "" if value in UNKNOWN else self._words.setdefault(value, value)

    def _forget_if_most_are_gone(self, used: int) -> None:
        """Names that come and go (pods' revisions, jobs) must not fill the memory over the weeks."""
        if len(self._known) > 2 * used + _SPARE:
            self._known, self._edges, self._words = {}, {}, {}


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


_Told = Iterable[tuple[_Known, float]]


def _requests(told: _Told) -> tuple[list[RequestRate], dict[int, tuple[EdgeLabels, float]]]:
    """The rates, and what they come to for each edge."""
    rates: list[RequestRate] = []
    totals: dict[int, tuple[EdgeLabels, float]] = {}
    for (_, edge, labels, (code, flags, grpc), _), value in told:
        rates.append(RequestRate(labels, code, flags, value, grpc))
        before = totals.get(edge)
        totals[edge] = labels, value if before is None else before[1] + value
    return rates, totals


def _durations(totals: Mapping[int, tuple[EdgeLabels, float]], *quantiles: _Told) -> Iterable[DurationRate]:
    p50, p95, p99 = ({known.edge: value for known, value in each} for each in quantiles)
    for edge, (labels, requests) in totals.items():
        if edge in p50 and edge in p95 and edge in p99:
            yield DurationRate(labels, histogram(requests, p50[edge], p95[edge], p99[edge]))


def _volumes(*answers: _Told) -> tuple[list[VolumeRate], int]:
    """What moves on each edge, and how many series say nothing of that."""
    found: dict[int, tuple[EdgeLabels, list[float]]] = {}
    unmeasured = 0
    for (_, edge, labels, _, measure), value in chain(*answers):
        place = _VOLUMES.get(measure)
        if place is None:
            unmeasured += 1
            continue
        if edge not in found:
            found[edge] = labels, [0.0] * len(_VOLUMES)
        found[edge][1][place] += value
    return [VolumeRate(labels, *values) for labels, values in found.values()], unmeasured


def _sound(values: list[float]) -> bool:
    """Whether all are finite, and at or above 0."""
    return math.isfinite(sum(values)) and min(values, default=0.0) >= 0


def _numbers(texts: list[str]) -> list[float]:
    """Values as they are written; NaN for what is no number."""
    try:
        return [*map(float, texts)]
    except ValueError:
        return [*map(number, texts)]


def _all(answers: Mapping[str, Sequence[Reading]], subject: str) -> _Told:
    readings = answers.get(subject, ())
    return chain.from_iterable(zip(each.known, each.values, strict=True) for each in readings)
