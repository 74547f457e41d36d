"""Latency quantiles out of a classic histogram, as Prometheus' histogram_quantile defines them. Pure."""

import math
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from itertools import accumulate
from operator import add
from typing import NamedTuple


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
    """The sum of histograms (at least one), over the edges that all of them have."""
    first, *others = histograms
    edges, counts = first
    for other in others:
        if other.edges == edges:
            counts = list(map(add, counts, other.counts))
        else:
            edges, counts = _over_common_edges(Histogram(edges, counts), other)
    return Histogram(edges, counts)


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


def _over_common_edges(one: Histogram, other: Histogram) -> Histogram:
    first, second = dict(zip(*one, strict=True)), dict(zip(*other, strict=True))
    edges = tuple(edge for edge in first if edge in second)
    return Histogram(edges, [first[edge] + second[edge] for edge in edges])
