"""Quantiles as Prometheus defines them."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.quantiles import Histogram, merge, quantiles

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


def test_histograms_with_different_edges_merge_over_the_edges_they_share():
    merged = merge([Histogram((1, 5, INF), (1, 2, 3)), Histogram((5, 9, INF), (4, 5, 6))])
    assert merged == Histogram((5, INF), [6, 9])
