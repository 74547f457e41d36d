"""Samples of a Prometheus, each increase counted once: whenever one asks, and whoever asks on."""

import json

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.prometheus import watched
from telemetry.prometheus.answers import Point, Track, Tracks, Vector
from telemetry.prometheus.watched import Follower
from telemetry.source import Watched
from tests.telemetry.builders import labels

SCRAPE = 10.0
HERE = ("bookinfo", "reviews")


def track(points, instance="a", version="v1", code="200", name="istio_requests_total", **more):
    of = labels(target=f"reviews-{version}")._asdict()
    metric = {"__name__": name, **of, "response_code": code, "job": "p", "instance": instance, **more}
    return Track(msgspec.Raw(json.dumps(metric).encode()), [Point(at, repr(value)) for at, value in points])


class Store:
    """Counters, each scraped at moments of its own; it answers with what there is by a moment."""

    def __init__(self, series):
        self.series = series

    def tracks(self, now, seconds):
        found = []
        for points, named in self.series:
            shown = [point for point in points if now - seconds < point[0] <= now]
            if shown:
                found.append(track(shown, **named))
        return Tracks(found)


def ask(follower, store, now, since=None):
    wanted = {HERE: Watched(since)}
    return follower.taken_in(wanted, store.tracks(now, follower.reach(wanted, now)), now)


def total(samples):
    return sum(each.requests for each in samples.counts) if samples else 0.0


@st.composite
def targets(draw):
    """A target: when it is scraped, what its counter gains by then, when it restarts, and a series that
    appears later.
    """
    offset, scrapes = draw(st.floats(0, SCRAPE - 0.1)), draw(st.integers(12, 20))
    gains = draw(st.lists(st.integers(0, 50), min_size=scrapes, max_size=scrapes))
    resets = draw(st.sets(st.integers(1, scrapes - 1), max_size=2))
    later = draw(st.integers(1, scrapes))
    return offset, gains, resets, later


def counted_by(target):
    """The samples of its two series, and what they gained by each scrape."""
    offset, gains, resets, later = target
    first, second, value, other = [], [], 1000.0, 0.0
    for scrape, gain in enumerate(gains):
        at = offset + scrape * SCRAPE
        # Only a counter that falls can be seen to be reset.
        value = gain if scrape in resets and gain < value else value + gain
        first.append((at, value))
        if scrape >= later:
            other = gain if scrape in resets and gain < other else other + gain
            second.append((at, other))
    return first, second


@given(
    st.lists(targets(), min_size=1, max_size=3),
    st.lists(st.floats(1, 25), min_size=2, max_size=30),
    st.data(),
)
def test_looks_add_up_to_what_the_counters_gained_though_another_process_goes_on(found, gaps, data):
    series, known = [], []
    for number, target in enumerate(found):
        first, second = counted_by(target)
        series += [(first, {"instance": f"i{number}"}), (second, {"instance": f"i{number}", "code": "503"})]
        known.append((target, first))
    store, follower = Store(series), Follower(SCRAPE)
    begins = now = 2 * SCRAPE
    ask(follower, store, now)
    counted, cursor = 0.0, None
    for gap in gaps:
        now += gap
        samples = ask(follower, store, now, cursor)
        if samples is not None:
            counted += total(samples)
            cursor = samples.taken_at
        if cursor is not None and data.draw(st.booleans()):
            follower = Follower(SCRAPE)
    expected = 0.0
    for (_, gains, _, later), first in known:
        for scrape, (at, _) in enumerate(first):
            if begins < at <= now:
                expected += gains[scrape] * (2 if scrape >= later else 1)
    assert counted == expected


def test_a_late_scrape_is_late_to_be_counted_not_lost():
    follower = Follower(SCRAPE)
    early = [(10.0, 5.0), (20.0, 7.0)]
    assert ask(follower, Store([(early, {}), ([(9.0, 1.0)], {"instance": "b"})]), 21.0) is not None
    late = [(9.0, 1.0), (19.0, 4.0)]
    ask(follower, Store([([*early, (30.0, 9.0)], {}), (late, {"instance": "b"})]), 31.0)
    found = ask(follower, Store([([*early, (40.0, 9.0)], {}), (late, {"instance": "b"})]), 41.0)
    assert total(found) == 0


def test_nor_is_it_lost_where_nothing_newer_came_with_it():
    follower = Follower(SCRAPE)
    early, late = [(10.0, 5.0), (20.0, 7.0)], [(9.0, 1.0), (19.0, 4.0)]
    ask(follower, Store([(early, {}), (late[:1], {"instance": "b"})]), 21.0)
    assert ask(follower, Store([(early, {}), (late, {"instance": "b"})]), 24.0) is None
    found = ask(follower, Store([([*early, (30.0, 7.0)], {}), (late, {"instance": "b"})]), 31.0)
    assert total(found) == 3


def test_what_a_counter_has_from_before_is_not_counted_when_its_target_is_new():
    follower = Follower(SCRAPE)
    old = [(10.0, 5.0), (20.0, 5.0), (30.0, 5.0), (40.0, 5.0)]
    ask(follower, Store([(old, {})]), 20.0)
    fresh = [(29.0, 1_000_000.0), (39.0, 1_000_003.0)]
    assert total(ask(follower, Store([(old, {}), (fresh, {"instance": "new"})]), 31.0)) == 0
    assert total(ask(follower, Store([(old, {}), (fresh, {"instance": "new"})]), 41.0)) == 3


def test_series_that_are_suddenly_labelled_otherwise_are_not_counted_from_nought():
    follower = Follower(SCRAPE)
    points = [(10.0, 1000.0), (20.0, 1005.0), (30.0, 1009.0)]
    ask(follower, Store([(points, {})]), 20.0)
    # Another replica of the Prometheus answers.
    assert total(ask(follower, Store([(points, {"prometheus_replica": "b"})]), 30.0)) == 4


def test_the_order_of_labels_and_how_an_edge_is_written_do_not_matter():
    follower = Follower(SCRAPE)
    name = "istio_request_duration_milliseconds_bucket"
    for le, points, expected in (("500", [(10.0, 7.0)], 0), ("500.0", [(10.0, 7.0), (20.0, 9.0)], 2)):
        tracks = Tracks([track(points, name=name, le=le), track(points, name=name, le="+Inf")])
        samples = follower.taken_in({HERE: Watched()}, tracks, points[-1][0])
        assert sum(each.counts[-1] for each in samples.times) == expected


def test_a_bucket_that_gained_nothing_means_that_all_were_slow():
    follower = Follower(SCRAPE)
    name = "istio_request_duration_milliseconds_bucket"
    for at, slow in ((10.0, 0.0), (20.0, 6.0)):
        tracks = Tracks(
            [track([(at, 3.0)], name=name, le="500"), track([(at, 3.0 + slow)], name=name, le="+Inf")]
        )
        samples = follower.taken_in({HERE: Watched()}, tracks, at)
    assert [(each.edges, each.counts) for each in samples.times] == [((500.0, float("inf")), (0.0, 6.0))]


def test_nothing_newer_is_no_reading():
    follower = Follower(SCRAPE)
    store = Store([([(10.0, 5.0)], {})])
    assert ask(follower, store, 11.0) is not None
    assert ask(follower, store, 14.0) is None


@pytest.mark.parametrize("values", ["NaN", "-1", "+Inf", "words"])
def test_samples_that_are_no_counts_are_left_out(values):
    follower = Follower(SCRAPE)
    odd = Track(track([(10.0, 1.0)]).metric, [Point(10.0, "1"), Point(15.0, values), Point(20.0, "3")])
    follower.taken_in({HERE: Watched()}, Tracks([track([(10.0, 1.0)])]), 11.0)
    assert total(follower.taken_in({HERE: Watched()}, Tracks([odd]), 21.0)) == 2


def test_what_cannot_be_read_and_what_nobody_asked_for_is_left_out():
    follower = Follower(SCRAPE)
    bad = Track(msgspec.Raw(b'{"a": 1}'), [Point(10.0, "1")])
    other = track([(10.0, 1.0)], destination_service_name="ratings")
    assert follower.taken_in({HERE: Watched()}, Tracks([bad, other]), 11.0) is None


@pytest.mark.parametrize(("objective", "edge"), [(200, "250.0"), (250, "250.0"), (251, "500"), (501, None)])
def test_the_edge_is_the_smallest_one_that_is_not_below_the_objective(objective, edge):
    assert watched.edge_of({250.0: "250.0", 500.0: "500", float("inf"): "+Inf"}, objective) == edge


def test_no_edge_is_read_from_an_answer_without_any():
    assert watched.edges(Vector([])) == {}
