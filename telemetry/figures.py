"""One node or edge over time: rates by response code, quantiles and a heat map of the latency, bytes. Pure.

Made of the readings of telemetry.past.Past.samples_between, in which everything counts.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from functools import reduce
from operator import and_
from typing import Final

import msgspec

from telemetry.flows import code_of
from telemetry.quantiles import Histogram, merge, quantiles
from telemetry.samples import Samples, is_error

MAX_CODES: Final = 20
OTHER_CODES: Final = "other"


class Heat(msgspec.Struct, frozen=True):
    """Requests per second in each bucket of the latency: for each upper edge (milliseconds; None: infinite)
    a row with a value for each moment.
    """

    edges_ms: list[float | None]
    per_second: list[list[float]]


class Figures(msgspec.Struct, frozen=True):
    """Columns with a value for each moment of `t` (seconds since the epoch): requests, errors and bytes per
    second, milliseconds (None: unknown). `sent` goes the way of the call.
    """

    t: list[float]
    codes: dict[str, list[float]]
    errors: list[float]
    p50: list[float | None]
    p95: list[float | None]
    p99: list[float | None]
    heat: Heat
    sent_bytes: list[float]
    received_bytes: list[float]

    @property
    def requests(self) -> list[float]:
        """Requests per second, whatever became of them."""
        return [short(sum(rates)) for rates in zip(*self.codes.values(), strict=True)] or [0.0] * len(self.t)

    @property
    def empty(self) -> bool:
        """True where there was no traffic at all."""
        return not (self.codes or any(self.sent_bytes) or any(self.received_bytes))


def of(readings: Sequence[Samples]) -> Figures:
    """The figures of these readings, in their order."""
    histograms = [_histogram(reading) for reading in readings]
    levels = [[_known(value) for value in _levels(each)] for each in histograms]
    return Figures(
        t=[round(reading.taken_at, 3) for reading in readings],
        codes=_codes(readings),
        errors=[short(sum(_errors(reading))) for reading in readings],
        p50=[each[0] for each in levels],
        p95=[each[1] for each in levels],
        p99=[each[2] for each in levels],
        heat=_heat(histograms),
        sent_bytes=[short(sum(each.sent_bytes for each in reading.volumes)) for reading in readings],
        received_bytes=[short(sum(each.received_bytes for each in reading.volumes)) for reading in readings],
    )


def short(value: float) -> float:
    """Four significant digits."""
    return float(f"{value:.4g}")


def _known(value: float | None) -> float | None:
    return None if value is None else short(value)


def _errors(reading: Samples) -> Iterable[float]:
    for rate in reading.requests:
        if is_error(rate.response_code, rate.response_flags, rate.grpc_response_status):
            yield rate.requests_per_second


def _codes(readings: Sequence[Samples]) -> dict[str, list[float]]:
    """By code, the most frequent ones by name: codes are labels, and labels may be anything."""
    rates: dict[str, list[float]] = defaultdict(lambda: [0.0] * len(readings))
    for number, reading in enumerate(readings):
        for rate in reading.requests:
            code = code_of(rate.response_code, rate.grpc_response_status)
            rates[code][number] += rate.requests_per_second
    ranked = sorted((code for code in rates if any(rates[code])), key=lambda code: -sum(rates[code]))
    named, others = ranked[:MAX_CODES], ranked[MAX_CODES:]
    found = {code: [short(value) for value in rates[code]] for code in sorted(named)}
    if others:
        found[OTHER_CODES] = [short(sum(values)) for values in zip(*map(rates.get, others), strict=True)]
    return found


def _histogram(reading: Samples) -> Histogram | None:
    histograms = [
        Histogram(*zip(*duration.buckets, strict=True)) for duration in reading.durations if duration.buckets
    ]
    return merge(histograms) if histograms else None


def _levels(histogram: Histogram | None) -> list[float | None]:
    return [None] * 3 if histogram is None else quantiles((0.5, 0.95, 0.99), histogram)


def _heat(histograms: Sequence[Histogram | None]) -> Heat:
    """Over the edges that all of them have."""
    known = [frozenset(each.edges) for each in histograms if each is not None]
    edges = sorted(reduce(and_, known)) if known else []
    columns = [_increments(each, edges) for each in histograms]
    return Heat(
        edges_ms=[None if edge == float("inf") else edge for edge in edges],
        per_second=[[column[row] for column in columns] for row in range(len(edges))],
    )


def _increments(histogram: Histogram | None, edges: Sequence[float]) -> list[float]:
    """What lies in each bucket, not below it."""
    if histogram is None:
        return [0.0] * len(edges)
    counts, below, found = dict(zip(*histogram, strict=True)), 0.0, []
    for edge in edges:
        found.append(short(max(0.0, counts[edge] - below)))
        below = max(below, counts[edge])
    return found
