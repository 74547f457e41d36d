"""The last ten minutes of every service in a few points: what a sparkline is drawn from. Pure.

Kept apart from the history, which has many more points of fewer things. The time is passed in.
"""

import math
from array import array
from collections import defaultdict
from collections.abc import Iterable
from typing import Final, NamedTuple

from telemetry.identity import Service, service_of
from telemetry.table import Total

STEP_SECONDS: Final = 10.0
POINTS: Final = 60


class Spark(NamedTuple):
    """Requests per second, and which part (0-1) of them failed; oldest first, the last at the latest step.
    None: nobody knows, as the source was silent.
    """

    requests: list[float | None]
    error_ratios: list[float | None]


class Sparks:
    """Sparklines by service. A service without requests for all the time is forgotten."""

    def __init__(self) -> None:
        self._series: dict[Service, _Series] = {}
        self._latest = -1
        self.steps = 0

    def record(self, at: float, flows: Iterable[Total]) -> bool:
        """Takes in a reading (at: seconds since the epoch) if a step is due; says whether it did."""
        step = int(at // STEP_SECONDS)
        if step <= self._latest:
            return False
        # After a silence there is a gap of as many steps, drawn as such.
        missed = min(step - self._latest - 1, POINTS) if self._latest >= 0 else 0
        self._latest = step
        self.steps += 1
        sums: dict[Service, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for flow in flows:
            total = sums[service_of(flow.labels)]
            total[0] += flow.requests
            total[1] += flow.errors
        for service in self._series.keys() | sums.keys():
            self._series.setdefault(service, _Series()).append(missed, *sums.get(service, (0.0, 0.0)))
        self._series = {service: series for service, series in self._series.items() if series.shows}
        return True

    def of(self, *services: Service) -> Spark:
        """What is known of these services together; of unknown ones nothing."""
        return _spark(_summed(self._series[each] for each in services if each in self._series))

    def __len__(self) -> int:
        return len(self._series)


class _Series:
    def __init__(self) -> None:
        self._requests = array("f")
        self._errors = array("f")

    def append(self, missed: int, requests: float, errors: float) -> None:
        self._requests.extend([math.nan] * missed + [requests])
        self._errors.extend([math.nan] * missed + [errors])
        del self._requests[:-POINTS], self._errors[:-POINTS]

    @property
    def shows(self) -> bool:
        return any(value > 0 for value in self._requests)

    def points(self) -> list[tuple[float, float]]:
        return list(zip(self._requests, self._errors, strict=True))


def _spark(points: Iterable[tuple[float, float]]) -> Spark:
    both = list(points)
    ratios = [_short(errors / requests) if requests else 0.0 for requests, errors in both]
    return Spark([_short(requests) for requests, _ in both], ratios)


def _summed(series: Iterable[_Series]) -> list[tuple[float, float]]:
    """The points of several together, the latest under the latest; a gap is one of all of them."""
    sums: list[tuple[float, float]] = []
    for each in series:
        points = each.points()
        sums = [(0.0, 0.0)] * (len(points) - len(sums)) + sums
        start = len(sums) - len(points)
        for index, (requests, errors) in enumerate(points, start):
            sums[index] = sums[index][0] + requests, sums[index][1] + errors
    return sums


def _short(value: float) -> float | None:
    return None if math.isnan(value) else float(f"{value:.3g}")
