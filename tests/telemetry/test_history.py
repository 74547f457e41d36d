"""An hour of figures within a bounded amount of memory."""

import pytest

from telemetry.history import History
from tests.telemetry.builders import durations, labels, rate, samples
from tests.telemetry.graphs import build

EDGE = "app:bookinfo/productpage->app:bookinfo/reviews:http"
NODE = "app:bookinfo/reviews"


def graphs(rps=4.0, errors=0.0, **to):
    of = labels(**to)
    rates = [rate(of, rps - errors), rate(of, errors, "500")]
    return {"app": build(samples(*rates, durations=(durations(of, 0, 0, 4, 4, 4, 4),)), "app")}


def filled(ticks, history=None):
    history = history or History(1.0)
    for second in range(ticks):
        history.record(float(second), graphs(rps=second + 1.0))
    return history


def test_columns_carry_one_point_a_tick():
    history = History(1.0)
    history.record(100.0, graphs(4, 1))
    history.record(101.0, {"app": build(samples(rate(labels(), 2)), "app")})
    columns = history.columns("app", EDGE, 0, 101)
    assert columns.wire(EDGE) == {
        "id": EDGE, "step_seconds": 1.0, "t": [100.0, 101.0], "requests": [4.0, 2.0], "errors": [1.0, 0.0],
        "p50": [7.5, None], "p95": [9.75, None], "p99": [9.95, None],
    }  # fmt: skip


def test_nodes_have_figures_too():
    columns = filled(3).columns("app", NODE, 0, 2)
    assert (columns.requests, columns.p50) == ([1, 2, 3], [7.5] * 3)


def test_only_what_was_asked_for_is_answered():
    assert filled(100).columns("app", EDGE, 95, 99).t == [95, 96, 97, 98, 99]


def test_far_back_there_is_one_point_in_ten_ticks_with_their_mean():
    columns = filled(3600).columns("app", EDGE, 0, 3599)
    assert (columns.step_seconds, len(columns.t)) == (10.0, 360)
    assert columns.requests[0] == pytest.approx(5.5)
    assert columns.t[-1] == 3599


def test_an_hour_is_kept_and_no_more_and_its_size_is_bounded():
    history = filled(4000)
    assert history.columns("app", EDGE, 0, 3999).t[0] == 409
    per_series = history.size_in_bytes / len(history)
    assert per_series == (360 + 360) * (8 + 5 * 4)


def test_an_unknown_id_has_no_figures():
    assert filled(1).columns("app", "nothing", 0, 1) is None
    assert filled(1).columns("service", EDGE, 0, 1) is None


def test_a_series_without_requests_for_an_hour_is_forgotten():
    history = filled(1)
    history.record(3601.0, {"app": build(samples(), "app")})
    assert len(history) == 0


def test_when_it_is_full_the_series_that_was_silent_for_longest_gives_way():
    history = History(1.0, max_series=3)
    history.record(0.0, graphs(target="reviews-v1"))
    for second in range(1, 20):
        history.record(float(second), graphs(target="details-v1"))
    assert history.columns("app", EDGE, 0, 19) is None
    assert len(history.columns("app", "app:bookinfo/details", 0, 19).t) >= 8
    assert len(history) == 3


def test_when_it_is_full_of_active_series_they_stay():
    history = History(1.0, max_series=3)
    for second in range(5):
        both = samples(rate(labels(target="a-v1"), 1), rate(labels(target="z-v1"), 1))
        history.record(float(second), {"app": build(both, "app")})
    assert len(history) == 3
    assert len(history.columns("app", "app:bookinfo/a", 0, 5).t) == 5
