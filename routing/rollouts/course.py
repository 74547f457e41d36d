"""The course of a rollout, as its page draws it: weight, shares and ratios over time, thinned so that it
never grows beyond a row of the database. Pure, and plain JSON.

`{"every": looks in a point, "until": when the newest look was, "points": [{"at", "looks", "intended", ...}]}`
is its form. A point is the mean of the looks from its `at` on until the next one; none spans a change of what
was intended. A write that landed is one without looks, unless the look before it intended the same. Moments
are in seconds since the epoch, of the wall's clock: one that goes back stands still.
"""

import math
from collections.abc import Mapping, Sequence
from typing import Any, Final, Protocol

MOST_POINTS: Final = 400
SHARES: Final = ("configured", "observed")
RATES: Final = ("baseline_rate", "canary_rate")
RATIOS: Final = {
    "baseline_bad": "baseline_rate",
    "canary_bad": "canary_rate",
    "baseline_slow": "baseline_rate",
    "canary_slow": "canary_rate",
}
"""Each with the rate of what it is a ratio of."""
WHERE_JUDGED: Final = ("baseline_slow", "canary_slow")
"""Left out of a point where they are not known: most rollouts do not judge latency."""
_DIGITS: Final = 5

Json = dict[str, Any]


class Seen(Protocol):
    """What was seen at a look: shares and ratios from 0 to 1, rates in requests per second; None: unknown."""

    @property
    def configured(self) -> float | None:
        """The canary's share as the cluster has it."""

    @property
    def observed(self) -> float | None:
        """The canary's share as it was counted."""

    @property
    def baseline_rate(self) -> float | None:
        """The baseline's requests per second."""

    @property
    def canary_rate(self) -> float | None:
        """The canary's."""

    @property
    def baseline_bad(self) -> float | None:
        """The baseline's ratio of bad requests."""

    @property
    def canary_bad(self) -> float | None:
        """The canary's."""

    @property
    def baseline_slow(self) -> float | None:
        """The baseline's ratio of requests slower than the objective, where latency is judged."""

    @property
    def canary_slow(self) -> float | None:
        """The canary's."""


def added(course: Mapping[str, Any], at: float, intended: int, sample: Seen, *, looks: int = 1) -> Json:
    """The course with one more look; `intended` in percent. What was written before may be empty.

    `looks`: 0 for a write, of which only the weights are known.
    """
    every, points = int(course.get("every", 1)), [*course.get("points", ())]
    at = max(at, course.get("until", at))
    point = _point(at, intended, sample, looks)
    if points and _fit(points[-1], point, every):
        points[-1] = _merged(points[-1], point)
    else:
        points.append(point)
    while len(points) > MOST_POINTS:
        every *= 2
        points = _halved(points, every)
    return {"every": every, "until": at, "points": points}


def _point(at: float, intended: int, sample: Seen, looks: int) -> Json:
    figures = {name: _number(getattr(sample, name)) for name in (*SHARES, *RATES, *RATIOS)}
    return _sparing({"at": at, "looks": looks, "intended": intended, **figures})


def _number(value: float | None) -> float | None:
    return None if value is None or not math.isfinite(value) else _short(value)


def _short(value: float) -> float:
    """As exact as a curve can be drawn, in few bytes."""
    return float(f"{value:.{_DIGITS}g}")


def _fit(before: Mapping[str, Any], after: Mapping[str, Any], every: int) -> bool:
    """Whether two neighbours may be one point."""
    looks: int = before["looks"] + after["looks"]
    # What was seen after a write was not seen at its moment.
    return before["looks"] > 0 and looks <= every and before["intended"] == after["intended"]


def _halved(points: Sequence[Json], every: int) -> list[Json]:
    """About half as many points. Where there are only changes of what was intended, the oldest goes."""
    found: list[Json] = []
    for point in points:
        if found and _fit(found[-1], point, every):
            found[-1] = _merged(found[-1], point)
        else:
            found.append(point)
    # The first one stays, so that the whole span is there.
    return found if len(found) < len(points) else [points[0], *points[2:]]


def _merged(before: Json, after: Json) -> Json:
    """The two as one: shares as last known, rates as a mean over the looks, ratios over the requests."""
    shares = {name: before[name] if after[name] is None else after[name] for name in SHARES}
    rates = {name: _mean((before[name], before["looks"]), (after[name], after["looks"])) for name in RATES}
    ratios = {
        name: _mean((before.get(name), _requests(before, rate)), (after.get(name), _requests(after, rate)))
        for name, rate in RATIOS.items()
    }
    looks = before["looks"] + after["looks"]
    of = {"at": before["at"], "looks": looks, "intended": before["intended"]}
    return _sparing({**of, **shares, **rates, **ratios})


def _sparing(point: Json) -> Json:
    return {name: value for name, value in point.items() if value is not None or name not in WHERE_JUDGED}


def _requests(point: Mapping[str, Any], rate: str) -> float:
    return float((point[rate] or 0.0) * point["looks"])


def _mean(*parts: tuple[float | None, float]) -> float | None:
    known = [(value, weight) for value, weight in parts if value is not None]
    if not known:
        return None
    total = sum(weight for _, weight in known)
    if not total:
        return _short(sum(value for value, _ in known) / len(known))
    return _short(sum(value * weight for value, weight in known) / total)
