"""Whether observed shares fit the expected ones, by tests that hold however often one looks. Pure.

Each version is a coin: of n requests, x went to it. The evidence against "its share lies in [least, most]" is
a mixture of likelihoods over all shares (Beta(1/2, 1/2)) divided by the greatest likelihood within the range.
Under that hypothesis it is below a process with expectation at most 1, also where the share moves within the
range, so by Ville's inequality it ever reaches 1/alpha with probability at most alpha. The mean over the
versions has the same property.
Sources: Lindon and Malek, "Anytime-valid inference for multinomial count data" (NeurIPS 2022); Wasserman,
Ramdas and Balakrishnan, "Universal inference" (PNAS 2020).
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

ALPHA: Final = 0.001
"""How likely a split that is really applied is ever called another one."""
UNSURE: Final = 0.05
"""How likely a share is outside of the bounds that it was last said to be within."""
TOLERANCE: Final = 0.005
"""A share off by less than this is nobody's concern: requests that were under way, a proxy that was late."""
_ENOUGH_AT_MOST: Final = 10**9


@dataclass(frozen=True, slots=True)
class Range:
    """A share, from 0 to 1, of which no more is known than its bounds."""

    least: float
    most: float

    @property
    def middle(self) -> float:
        """The one value, where there is only one."""
        return (self.least + self.most) / 2

    @property
    def is_open(self) -> bool:
        """Whether it says nothing."""
        return self.least <= 0 and self.most >= 1

    def widened(self, by: float) -> "Range":
        """The range with this much more on either side."""
        return Range(max(0.0, self.least - by), min(1.0, self.most + by))


Counts = Mapping[str, float]
Expected = Mapping[str, Range]
Margin = Callable[[Range], float]
"""How near to its range a share has to be known, before it is said to be within it."""


def log_evidence(counts: Counts, expected: Expected) -> float:
    """The natural logarithm of the evidence that some share lies outside of its range by more than TOLERANCE.

    A version that is not expected at all is expected to get nothing.
    """
    total = sum(counts.values())
    versions = {*expected, *(version for version, requests in counts.items() if requests)}
    if not total or not versions:
        return 0.0
    ranges = {version: expected.get(version, Range(0.0, 0.0)).widened(TOLERANCE) for version in versions}
    logs = [_log_of_one(counts.get(version, 0.0), total, share) for version, share in ranges.items()]
    top = max(logs)
    return top + math.log(sum(math.exp(each - top) for each in logs)) - math.log(len(logs))


def margin(share: Range) -> float:
    """How near to its range a share has to be known: ten points, less for small shares, two at least."""
    if share.is_open:
        return 1.0
    return max(0.02, min(0.10, max(share.middle, 0.0) / 2, max(1 - share.middle, 0.0) / 2))


def is_settled(counts: Counts, expected: Expected, margin: Margin = margin) -> bool:
    """Whether enough was seen to say that each share is within `margin` of its range."""
    total = sum(counts.values())
    if not total:
        return False
    return all(
        _is_within(counts.get(version, 0.0), total, share, margin(share))
        for version, share in expected.items()
    )


def enough(expected: Expected, margin: Margin = margin) -> int:
    """How many requests settle it, if they are shared as expected; 0 where there is nothing to settle."""
    if all(share.is_open for share in expected.values()):
        return 0
    low, high = 0, 1
    while high < _ENOUGH_AT_MOST and not _settles(expected, high, margin):
        low, high = high, 2 * high
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if _settles(expected, middle, margin) else (middle, high)
    return high


def _settles(expected: Expected, total: int, margin: Margin) -> bool:
    return all(_is_within(share.middle * total, total, share, margin(share)) for share in expected.values())


def _is_within(requests: float, total: float, share: Range, by: float) -> bool:
    """Whether the share is known to be no further than this from its range."""
    if share.is_open:
        return True
    bounds = share.widened(by)
    if not bounds.least <= requests / total <= bounds.most:
        return False
    excluded = math.log(1 / UNSURE)
    return all(
        _log_of_one(requests, total, Range(bound, bound)) >= excluded
        for bound in (bounds.least, bounds.most)
        if 0 < bound < 1
    )


def _log_of_one(requests: float, total: float, share: Range) -> float:
    """The evidence that requests, of a total, are not a draw with a share in the range."""
    others = total - requests
    mixture = _log_beta(requests + 0.5, others + 0.5) - _log_beta(0.5, 0.5)
    best = min(max(requests / total, share.least), share.most)
    return mixture - _power(best, requests) - _power(1 - best, others)


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _power(base: float, exponent: float) -> float:
    """The logarithm of a power; of nought to the nought, as of 1."""
    if exponent <= 0:
        return 0.0
    return exponent * math.log(base) if base > 0 else -math.inf
