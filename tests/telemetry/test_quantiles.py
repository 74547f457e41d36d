"""Quantiles as Prometheus defines them."""

import itertools
import math
from itertools import accumulate

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.quantiles import Histogram, merge, mixture, quantiles

INF = math.inf


@pytest.mark.parametrize(
    ("ratio", "edges", "counts", "expected"),
    [
        # Worked by hand from Prometheus' definition.
        (0.5, (0.1, 0.2, INF), (50, 100, 100), 0.1),
        (0.25, (0.1, 0.2, INF), (50, 100, 100), 0.05),
        (0.75, (0.1, 0.2, INF), (50, 100, 100), 0.15),
        (0.99, (10, INF), (5, 100), 10),  # in the +Inf bucket: the highest finite edge
        (0.0, (10, 20, INF), (5, 5, 5), 0),
        (1.0, (10, 20, INF), (5, 5, 5), 10),
        (0.5, (-5, 20, INF), (5, 5, 5), -5),  # a lowest edge at or below 0 is the answer itself
        (0.5, (10, 20, 30, INF), (4, 3, 8, 8), 10),  # a falling count is lifted
        (0.5, (10,), (5,), None),
        (0.5, (10, 20), (5, 5), None),  # no +Inf
        (0.5, (10, INF), (0, 0), None),
        (0.5, (), (), None),
    ],
)
def test_a_quantile_is_what_prometheus_answers(ratio, edges, counts, expected):
    (found,) = quantiles([ratio], Histogram(edges, counts))
    assert found == (None if expected is None else pytest.approx(expected))


@given(st.lists(st.floats(0, 400), min_size=1, max_size=60), st.floats(0.01, 0.99))
def test_a_quantile_lies_in_the_bucket_of_the_true_one(values, ratio):
    edges = (1.0, 5.0, 10.0, 50.0, 100.0, 500.0, INF)
    counts = [sum(value <= edge for value in values) for edge in edges]
    (found,) = quantiles([ratio], Histogram(edges, counts))
    rank = ratio * len(values)
    place = next(index for index, count in enumerate(counts) if count >= rank)
    assert (edges[place - 1] if place else 0) <= found <= edges[place]


def test_histograms_with_different_edges_merge_over_all_of_them():
    merged = merge([Histogram((1, 5, INF), (1, 2, 3)), Histogram((5, 9, INF), (4, 5, 6))])
    # At 1, a fifth of the four that the other has somewhere up to 5; at 9, nothing more of the first.
    assert list(merged.edges) == [1, 5, 9, INF]
    assert merged.counts == pytest.approx([1.8, 6, 7, 9])


def test_one_without_its_last_bucket_is_left_out_of_a_mixture():
    whole, cut = Histogram((5, INF), (1, 2)), Histogram((3, 4), (1, 2))
    assert mixture([whole, cut]) == Histogram([5, INF], [1, 2])
    assert mixture([cut, cut]) == cut


EDGES = st.lists(st.floats(0, 1e4), min_size=1, max_size=8, unique=True).map(sorted)


@st.composite
def histograms(draw):
    edges = (*draw(EDGES), INF)
    steps = draw(st.lists(st.floats(0, 1e5), min_size=len(edges), max_size=len(edges)))
    return Histogram(edges, list(accumulate(steps)))


@given(st.lists(histograms(), min_size=1, max_size=6))
def test_a_mixture_has_all_observations_and_never_falls(parts):
    mixed = mixture(parts)
    assert list(mixed.edges) == sorted(mixed.edges)
    assert set(mixed.edges) == {edge for part in parts for edge in part.edges}
    total = sum(part.counts[-1] for part in parts)
    assert mixed.counts[-1] == pytest.approx(total)
    assert all(after >= before - 1e-9 * (1 + total) for before, after in itertools.pairwise(mixed.counts))


@given(histograms(), st.lists(st.floats(0.01, 10), min_size=1, max_size=5))
def test_a_mixture_of_the_same_is_the_same(part, factors):
    parts = [Histogram(part.edges, [count * factor for count in part.counts]) for factor in factors]
    mixed = mixture(parts)
    # Where all rise at once, the edge comes twice: the last of them is what counts.
    at = dict(zip(mixed.edges, mixed.counts, strict=True))
    assert list(at.values()) == pytest.approx(merge(parts).counts, rel=1e-6, abs=1e-6)


def test_where_many_lie_at_one_value_its_quantile_is_that_value():
    parts = [Histogram((1, 1, 1, INF), (5, 9, 10, 10)), Histogram((1, 1, 2, INF), (5, 9, 10, 10))]
    assert quantiles([0.5, 0.9], mixture(parts)) == [1, 1]


@given(st.lists(histograms(), min_size=1, max_size=5), st.sampled_from([0.5, 0.95, 0.99]))
def test_a_quantile_of_a_mixture_lies_between_those_of_its_parts(parts, ratio):
    own = [value for part in parts for value in quantiles([ratio], part) if value is not None]
    (mixed,) = quantiles([ratio], mixture(parts))
    assert (mixed is None) == (not own)
    highest = max(part.edges[-2] for part in parts)
    # One whose quantile lies beyond its last edge pulls the mixture's towards the highest edge of all.
    beyond = any(part.counts[-1] and ratio * part.counts[-1] > part.counts[-2] for part in parts)
    if own:
        upper = highest if beyond else max(own)
        assert min(own) * 0.999 - 1e-3 <= mixed <= upper * 1.001 + 1e-3
