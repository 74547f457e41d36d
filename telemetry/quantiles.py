"""Latency quantiles out of a classic histogram, as Prometheus' histogram_quantile defines them. Pure."""

import math
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import add
from typing import NamedTuple

# The part of the whole width that is no width: a slope so steep would leave its rounding error behind.
_NARROW = 1e-9


class Histogram(NamedTuple):
    """Ascending upper edges, and at each the observations (a count or a rate) at or below it."""

    edges: Sequence[float]
    counts: Sequence[float]


def quantiles(ratios: Iterable[float], histogram: Histogram) -> list[float | None]:
    """The values below which each of `ratios` (0-1) of the observations lie, in the unit of the edges.

    Linear inside a bucket; the lowest bucket starts at 0 if its edge is above 0; a quantile in the +Inf
    bucket is the highest finite edge. None where Prometheus answers NaN: no observation, fewer than two
    buckets, no +Inf bucket. Counts that fall from one edge to the next (proxies read at different moments)
    are lifted to the count before.

    Source: https://prometheus.io/docs/prometheus/latest/querying/functions/#histogram_quantile
    and promql/quantile.go of Prometheus.
    """
    edges = histogram.edges
    counts = list(accumulate(histogram.counts, max))
    if len(edges) < 2 or edges[-1] != math.inf or counts[-1] <= 0:
        return [None for _ in ratios]
    return [_quantile(ratio, edges, counts) for ratio in ratios]


def merge(histograms: Iterable[Histogram]) -> Histogram:
    """The sum of histograms (at least one). Where their edges differ, see mixture()."""
    first, *others = histograms
    edges, counts = first
    different = []
    for other in others:
        if other.edges == edges:
            counts = list(map(add, counts, other.counts))
        else:
            different.append(other)
    merged = Histogram(edges, counts)
    return mixture([merged, *different]) if different else merged


def mixture(histograms: Sequence[Histogram]) -> Histogram:
    """The sum of histograms (at least one) whatever their edges: over all edges that any of them has.

    Inside a bucket observations count as spread evenly, which is what quantiles() takes them to be: the sum
    is exact at the edges that all have, and as good as each of them between. One without a +Inf bucket, of
    which nothing can be said, is left out.
    """
    whole = [each for each in histograms if each.edges and each.edges[-1] == math.inf]
    if not whole:
        return histograms[0]
    edges = sorted({edge for each in whole for edge in each.edges})
    rise = _Rise(narrow=_NARROW * max([1.0, *edges[:-1]]))
    for each in whole:
        rise.add(each)
    points = [*rise.at(edges[:-1]), (math.inf, sum(max(each.counts) for each in whole))]
    return Histogram([edge for edge, _ in points], [count for _, count in points])


def _quantile(ratio: float, edges: Sequence[float], counts: Sequence[float]) -> float:
    rank = ratio * counts[-1]
    index = bisect_left(counts, rank)
    if index >= len(counts) - 1:
        return edges[-2]
    upper = edges[index]
    if index == 0 and upper <= 0:
        return upper
    lower, below = (edges[index - 1], counts[index - 1]) if index else (0.0, 0.0)
    inside = counts[index] - below
    return lower + (upper - lower) * (rank - below) / inside if inside > 0 else lower


class _Rise:
    """How the sum of several counts rises from edge to edge: where at once, and how steeply between."""

    def __init__(self, narrow: float) -> None:
        self._narrow = narrow
        self._jumps: dict[float, float] = defaultdict(float)
        self._slopes: dict[float, float] = defaultdict(float)

    def add(self, histogram: Histogram) -> None:
        lower, below = min(0.0, histogram.edges[0]), 0.0
        for edge, count in zip(histogram.edges[:-1], accumulate(histogram.counts, max), strict=False):
            width = edge - lower
            if width > self._narrow:
                self._slopes[lower] += (count - below) / width
                self._slopes[edge] -= (count - below) / width
            else:
                self._jumps[edge] += count - below
            lower, below = edge, count

    def at(self, edges: Sequence[float]) -> Iterable[tuple[float, float]]:
        """The counts at these edges, which are ascending and all that there are. Where the count rises at
        once an edge comes twice, with the count before and the one after.
        """
        wanted = set(edges)
        count, before, slope = 0.0, 0.0, 0.0
        for edge in sorted(wanted | self._slopes.keys()):
            count += slope * (edge - before)
            slope += self._slopes.get(edge, 0.0)
            before = edge
            if jump := self._jumps.get(edge, 0.0):
                yield edge, count
                count += jump
            if edge in wanted:
                yield edge, count
