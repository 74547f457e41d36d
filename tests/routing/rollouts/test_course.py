"""The course of a rollout stays small, and true."""

import json
import math
from dataclasses import dataclass

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from routing.rollouts import course
from routing.rollouts.course import MOST_POINTS


@dataclass(frozen=True)
class Seen:
    configured: float | None = None
    observed: float | None = None
    baseline_rate: float | None = None
    canary_rate: float | None = None
    baseline_bad: float | None = None
    canary_bad: float | None = None
    baseline_slow: float | None = None
    canary_slow: float | None = None


def drawn(looks):
    found: dict = {}
    for at, intended, seen in looks:
        found = course.added(found, at, intended, seen)
    return found


def changes(series):
    """When what was intended changed, and to what; the beginning is a change."""
    found = []
    for at, intended in series:
        if not found or found[-1][1] != intended:
            found.append((at, intended))
    return found


ratios = st.none() | st.floats(0, 1)
rates = st.none() | st.floats(0, 1e6)
seens = st.builds(Seen, ratios, ratios, rates, rates, ratios, ratios)
stretches = st.lists(st.tuples(st.sampled_from([0, 5, 25, 50, 100]), st.integers(1, 700), seens), max_size=6)


def looks_of(stretches):
    at = 0.0
    for intended, length, seen in stretches:
        for _ in range(length):
            at += 1.0
            yield at, intended, seen


@settings(max_examples=20, deadline=None)
@given(stretches)
def test_at_most_400_points_keep_the_whole_span_and_every_change_of_what_was_intended(stretches):
    looks = [*looks_of(stretches)]
    found = drawn(looks)
    points = found.get("points", [])
    assert len(points) <= MOST_POINTS
    assert sum(each["looks"] for each in points) == len(looks)
    assert changes((each["at"], each["intended"]) for each in points) == changes(
        (at, intended) for at, intended, _ in looks
    )
    if looks:
        assert (points[0]["at"], found["until"]) == (looks[0][0], looks[-1][0])
        assert all(each["looks"] <= found["every"] for each in points)


@settings(max_examples=10, deadline=None)
@given(stretches)
def test_a_course_is_plain_json_and_goes_on_from_what_was_read_back(stretches):
    looks = [*looks_of(stretches)]
    found: dict = {}
    for number, look in enumerate(looks):
        if number % 97 == 0:
            found = json.loads(json.dumps(found, allow_nan=False))
        found = course.added(found, *look)
    assert found == drawn(looks)


@settings(max_examples=20, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 200), st.integers(0, 1)), min_size=1, max_size=900))
def test_no_figure_is_drawn_that_was_never_between_the_least_and_the_most_seen(drops):
    looks = [(float(i), 25, Seen(canary_rate=r, canary_bad=float(b))) for i, (r, b) in enumerate(drops)]
    found = drawn(looks)
    seen = [r for r, _ in drops]
    for each in found["points"]:
        assert min(seen) * 0.999 <= each["canary_rate"] <= max(seen) * 1.001
        assert 0 <= each["canary_bad"] <= 1


def test_a_ratio_of_several_looks_is_that_of_their_requests():
    long = [(float(at), 25, Seen(canary_rate=90.0, canary_bad=0.0)) for at in range(401)]
    before = drawn(long)
    assert (before["every"], len(before["points"])) == (2, 201)
    after = course.added(before, 401.0, 25, Seen(canary_rate=10.0, canary_bad=1.0))
    assert after["points"][-1]["canary_bad"] == pytest.approx(10 / 100)
    assert after["points"][-1]["canary_rate"] == pytest.approx(50.0)


def test_what_is_not_known_stays_unknown_and_hides_nothing_that_is():
    seen = [Seen(), Seen(observed=0.2), Seen()]
    found = course.added({"every": 4, "until": 0.0, "points": []}, 1.0, 5, seen[0])
    assert found["points"][0]["observed"] is None
    for at, each in enumerate(seen[1:], 2):
        found = course.added(found, float(at), 5, each)
    assert [each["observed"] for each in found["points"]] == [0.2]
    assert found["points"][0]["canary_rate"] is None


def test_a_write_stands_at_its_moment_and_nothing_seen_later_is_drawn_there():
    found = drawn([(1.0, 5, Seen(0.05, 0.05, canary_rate=1.0)), (2.0, 25, Seen(0.05, 0.05, canary_rate=1.0))])
    found = course.added(found, 2.1, 25, Seen(0.25), looks=0)
    assert [(each["at"], each["configured"]) for each in found["points"]] == [(1.0, 0.05), (2.0, 0.25)]
    assert found["points"][-1]["canary_rate"] == 1.0
    found = course.added(found, 2.5, 0, Seen(0.0), looks=0)
    found = course.added(found, 4.0, 0, Seen(0.0, canary_rate=3.0))
    last = [
        (each["at"], each["looks"], each["configured"], each["canary_rate"]) for each in found["points"][2:]
    ]
    assert last == [(2.5, 0, 0.0, None), (4.0, 1, 0.0, 3.0)]


def test_a_clock_that_goes_back_stands_still():
    found = drawn([(100.0, 5, Seen()), (40.0, 5, Seen()), (101.0, 25, Seen())])
    assert [each["at"] for each in found["points"]] == [100.0, 100.0, 101.0]


def test_a_figure_that_is_no_number_is_not_known():
    found = drawn([(1.0, 5, Seen(observed=math.nan, canary_rate=math.inf))])
    assert (found["points"][0]["observed"], found["points"][0]["canary_rate"]) == (None, None)


def test_somebody_who_sets_a_thousand_weights_does_not_fill_the_row():
    found = drawn([(float(at), at % 2, Seen()) for at in range(1000)])
    points = found["points"]
    assert len(points) <= MOST_POINTS
    assert (points[0]["at"], points[-1]["at"], found["until"]) == (0.0, 999.0, 999.0)


def test_a_full_course_takes_less_than_80_kib():
    each = Seen(0.25123, 0.249876, 31.2345678, 10.987654321, 0.00512345, 0.0123456789)
    found = drawn([(1764316800.123 + at, 25, each) for at in range(400)])
    assert len(json.dumps(found)) < 80 * 1024


def test_slow_requests_are_there_where_latency_is_judged_only():
    without = course.added({}, 1.0, 25, Seen(canary_rate=1.0))
    assert "canary_slow" not in without["points"][0]
    judged = course.added(without, 2.0, 50, Seen(canary_rate=1.0, baseline_slow=0.1, canary_slow=0.25))
    assert judged["points"][1]["canary_slow"] == 0.25
    assert "canary_slow" not in judged["points"][0]
    merged = {**judged, "every": 2}
    merged = course.added(merged, 3.0, 50, Seen(canary_rate=3.0, canary_slow=0.05))
    assert (len(merged["points"]), merged["points"][-1]["canary_slow"]) == (2, pytest.approx(0.1))
