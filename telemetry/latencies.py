"""Latency quantiles of many sums of histograms at once. Pure.

What telemetry.quantiles does for one, for thousands together: the same definition, in columns.
"""

from collections.abc import Sequence
from itertools import chain
from typing import Final, NamedTuple

import numpy as np

from telemetry.register import Flags, Floats, Numbers, sums
from telemetry.samples import DurationRate

RATIOS: Final = (0.5, 0.95, 0.99)
# The part of the whole width that is no width: a slope so steep would leave its rounding error behind.
_NARROW: Final = 1e-9
# How far a sum of slopes may miss a count that it should have reached.
_MISS: Final = 1e-9


class Histograms(NamedTuple):
    """Many histograms: a row each of ascending upper edges, and of the rate at or below each.

    Shorter ones are filled up with infinite edges. `alike`: all have the same edges.
    """

    edges: Floats
    counts: Floats
    alike: bool

    @classmethod
    def of(cls, durations: Sequence[DurationRate]) -> "Histograms":
        """The histograms of a reading, in their order."""
        lengths = {len(each.buckets) for each in durations}
        if len(lengths) != 1:
            return cls._filled(durations, max(lengths, default=0))
        flat = np.fromiter(
            chain.from_iterable(chain.from_iterable(each.buckets for each in durations)), np.float64
        )
        pairs = flat.reshape(len(durations), -1, 2)
        return cls._made(pairs[:, :, 0], pairs[:, :, 1])

    @classmethod
    def _filled(cls, durations: Sequence[DurationRate], longest: int) -> "Histograms":
        edges, counts = np.full((2, len(durations), longest), np.inf)
        for row, each in enumerate(durations):
            if each.buckets:
                size = len(each.buckets)
                edges[row, :size], counts[row, :size] = zip(*each.buckets, strict=True)
                counts[row, size:] = counts[row, size - 1]
            # One without a +Inf bucket tells nothing, nor does one without buckets.
            if not each.buckets or each.buckets[-1][0] != np.inf:
                edges[row], counts[row] = np.inf, 0.0
        return cls._made(edges, counts)

    @classmethod
    def _made(cls, edges: Floats, counts: Floats) -> "Histograms":
        alike = bool(len(edges)) and bool((edges == edges[0]).all())
        return cls(edges, counts, alike)

    def only(self, rows: Flags) -> "Histograms":
        """Some of them."""
        return Histograms(self.edges[rows], self.counts[rows], self.alike)


def latencies(histograms: Histograms, rows: Numbers, groups: Numbers, count: int) -> Floats:
    """The quantiles of RATIOS, in milliseconds, of each of `count` groups; NaN where nothing is known.

    The histogram of each of `rows` belongs to the group beside it; what is in a group is added up.
    """
    found = np.full((count, len(RATIOS)), np.nan)
    if not rows.size or histograms.edges.shape[1] < 2:
        return found
    order = np.argsort(groups, kind="stable")
    rows, groups = rows[order], groups[order]
    named, starts, sizes = np.unique(groups, return_index=True, return_counts=True)
    if histograms.alike:
        summed = np.add.reduceat(histograms.counts[rows], starts, axis=0)
        found[named] = _quantiles(np.broadcast_to(histograms.edges[0], summed.shape), summed)
        return found
    single = sizes == 1
    alone = rows[starts[single]]
    found[named[single]] = _quantiles(histograms.edges[alone], histograms.counts[alone])
    mixed = np.repeat(~single, sizes)
    if mixed.any():
        numbers = np.repeat(np.arange(int((~single).sum())), sizes[~single])
        found[named[~single]] = _mixtures(histograms, rows[mixed], numbers)
    return found


def _quantiles(edges: Floats, counts: Floats) -> Floats:
    """Of each row, as telemetry.quantiles.quantiles() defines them."""
    counts = np.maximum.accumulate(counts, axis=1)
    total = counts[:, -1]
    known = (total > 0) & (edges[:, -1] == np.inf)
    edges, counts, total = edges[known], counts[known], total[known]
    found = np.full((len(known), len(RATIOS)), np.nan)
    here = np.arange(len(edges))
    for column, ratio in enumerate(RATIOS):
        rank = ratio * total
        at = (counts < rank[:, None]).sum(axis=1)
        beyond = np.isinf(edges[here, at])
        # In the +Inf bucket the answer is the highest finite edge.
        last = np.isfinite(edges).sum(axis=1) - 1
        upper = np.where(beyond, edges[here, np.maximum(last, 0)], edges[here, at])
        first = at == 0
        lower = np.where(first, 0.0, edges[here, at - 1])
        below = np.where(first, 0.0, counts[here, at - 1])
        inside = counts[here, at] - below
        with np.errstate(divide="ignore", invalid="ignore"):
            between = lower + (upper - lower) * (rank - below) / inside
        value = np.where(inside > 0, between, lower)
        value = np.where(beyond | (first & (upper <= 0)), upper, value)
        found[known, column] = np.where(last < 0, np.nan, value)
    return found


def _mixtures(histograms: Histograms, rows: Numbers, groups: Numbers) -> Floats:
    """Of each group the quantiles of the sum of its histograms, whatever their edges: each rises evenly
    inside its buckets, so the sum rises in straight lines from each edge to the next.
    """
    count = int(groups[-1]) + 1
    edges = histograms.edges[rows]
    counts = np.maximum.accumulate(histograms.counts[rows], axis=1)
    totals = sums(groups, counts[:, -1], count)
    at, owner, jumps, slopes = _events(edges, counts, groups, count)
    starts = np.searchsorted(owner, np.arange(count))
    reached = _climb(at, owner, jumps, slopes, starts)
    found = np.full((count, len(RATIOS)), np.nan)
    some = (totals > 0) & (np.diff(np.append(starts, len(owner))) > 0)
    # Group after group the parts reached are one ascending row: one search finds the places in all groups.
    parts = owner + np.minimum(reached / np.where(totals > 0, totals, 1.0)[owner], 1.0)
    ends = np.append(starts[1:], len(owner)) - 1
    for column, ratio in enumerate(RATIOS):
        place = np.searchsorted(parts, np.flatnonzero(some) + ratio - _MISS)
        place = np.minimum(place, ends[some])
        found[some, column] = _between(at, reached, starts[some], place, np.multiply(totals[some], ratio))
    return found


def _between(at: Floats, reached: Floats, starts: Numbers, place: Numbers, rank: Floats) -> Floats:
    """Where on the way to each place the rank is reached; beyond the last edge it is that edge."""
    before = np.maximum(place - 1, starts)
    rise = reached[place] - reached[before]
    with np.errstate(divide="ignore", invalid="ignore"):
        part = np.clip((rank - reached[before]) / rise, 0.0, 1.0)
    found: Floats = np.where(rise > 0, at[before] + (at[place] - at[before]) * part, at[place])
    return found


def _events(
    edges: Floats, counts: Floats, groups: Numbers, count: int
) -> tuple[Floats, Numbers, Floats, Floats]:
    """Where the sums of groups begin to rise faster or slower, or jump: place, group, jump, change of slope;
    by group and place.
    """
    finite = np.isfinite(edges)
    widest = np.zeros(count)
    np.maximum.at(widest, groups, np.where(finite, edges, 0.0).max(axis=1))
    narrow = (_NARROW * np.maximum(widest, 1.0))[groups]
    lower = np.concatenate((np.minimum(0.0, edges[:, :1]), edges[:, :-1]), axis=1)
    rises = np.diff(counts, axis=1, prepend=0.0)
    width = np.where(finite, edges, 0.0) - np.where(np.isfinite(lower), lower, 0.0)
    wide = finite & (width > narrow[:, None])
    steep = np.where(wide, rises / np.where(wide, width, 1.0), 0.0)
    owner = np.repeat(groups, edges.shape[1]).reshape(edges.shape)
    at = np.concatenate((lower[wide], edges[finite]))
    who = np.concatenate((owner[wide], owner[finite]))
    slopes = np.concatenate((steep[wide], np.where(wide, -steep, 0.0)[finite]))
    jumps = np.concatenate((np.zeros(int(wide.sum())), np.where(wide, 0.0, rises)[finite]))
    order = np.lexsort((at, who))
    return at[order], who[order], jumps[order], slopes[order]


def _climb(at: Floats, owner: Numbers, jumps: Floats, slopes: Floats, starts: Numbers) -> Floats:
    """What each sum has reached at each of its places."""
    slope = np.cumsum(slopes)
    offset = np.where(starts > 0, slope[np.maximum(starts, 1) - 1], 0.0)
    slope -= offset[owner]
    steps = np.diff(at, prepend=0.0)
    first = np.zeros(len(at), np.bool_)
    first[starts[starts < len(at)]] = True
    rise = jumps + np.where(first, 0.0, steps * np.concatenate(([0.0], slope[:-1])))
    reached = np.cumsum(rise)
    base = np.where(starts > 0, reached[np.maximum(starts, 1) - 1], 0.0)
    found: Floats = np.maximum(reached - base[owner], 0.0)
    return found
