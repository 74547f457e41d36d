"""What rollouts look at: each request in one look, and only one, whatever the proxies and the clock do."""

import math
from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.counting import MOST_UNASKED, MOST_WATCHED, Ledger
from telemetry.exposition import Counter, Exposition, Histogram, RequestSeries
from telemetry.rates import RateWindow
from telemetry.samples import RequestCount, Samples, TimeCount
from telemetry.watching import MOST_READINGS, Seen, Watch
from tests.telemetry.builders import labels, unreached

INF = math.inf
HERE = ("bookinfo", "reviews")


def reading(at, *counts, since=None, times=()):
    began = at - 1 if since is None else since
    return Samples(at, 10.0, counts=counts, counted_from=began if counts else None, times=tuple(times))


def count(requests, code="200", flags="", of=None, grpc=""):
    return RequestCount(of or labels(), code, flags, requests, grpc)


def watched(objective_ms=0.0, **options):
    ledger = Ledger(**options)
    watch = ledger.watch(*HERE, objective_ms)
    ledger.add(reading(999.0))
    watch.looked(-1.0)
    return ledger, watch


seconds = st.tuples(st.integers(0, 40), st.integers(0, 40), st.booleans(), st.booleans())


@given(st.lists(seconds, max_size=60))
def test_looks_are_disjoint_and_complete_whenever_they_come_and_though_some_are_not_saved(course):
    ledger, watch = watched()
    cursor, saved, total = 999.0, Seen(), Seen()
    for second, (good, bad, looks, is_saved) in enumerate(course):
        ledger.add(reading(1000.0 + second, count(good), count(bad, "503")))
        total = Seen(total.requests + good + bad, total.errors + bad)
        if looks:
            found = watch.looked(cursor)
            seen = found.versions.get("v1", Seen())
            assert seen.errors <= seen.requests
            if is_saved:
                cursor = found.cursor
                saved = Seen(saved.requests + seen.requests, saved.errors + seen.errors)
    rest = watch.looked(cursor).versions.get("v1", Seen())
    assert (saved.requests + rest.requests, saved.errors + rest.errors) == total[:2]


moves = st.floats(-5000, 5000) | st.just(0.0)


@given(st.lists(st.tuples(st.integers(0, 9), moves), min_size=1, max_size=30))
def test_whatever_the_clock_does_no_request_is_lost_and_none_counts_twice(course):
    ledger, watch = watched()
    wall, cursor, counted = 999.0, 999.0, 0.0
    for requests, moved in course:
        wall += 1.0 + moved
        ledger.add(reading(wall, count(requests)))
        found = watch.looked(cursor)
        assert found.cursor > cursor
        cursor = found.cursor
        counted += found.versions.get("v1", Seen()).requests
    assert counted == sum(requests for requests, _ in course)


def exposition(pod, requests, reporter):
    """What a proxy says: one counter, and a histogram of which a tenth is slow."""
    of = labels(reporter=reporter)
    series = RequestSeries(of, "200", "", "")
    counts = (requests - requests // 10, requests)
    return Exposition({pod: Counter(series, requests)}, {pod: Histogram(of, (100.0, INF), counts)})


rounds = st.lists(st.tuples(st.integers(0, 30), st.booleans(), st.booleans()), min_size=1, max_size=40)


@given(rounds, st.sampled_from(["caller", "destination"]))
def test_of_a_call_that_both_ends_report_at_other_times_no_request_counts_twice(course, preference):
    window, ledger = RateWindow(100.0), Ledger(preference=preference)
    watch = ledger.watch(*HERE, 50.0)
    window.timed = {HERE}
    made, heard = 0, {"source": 0, "destination": 0}
    for reporter in heard:
        window.observe(reporter, 0.0, exposition(reporter, 100, reporter))
    ledger.add(reading(1000.0))
    cursor, counted, timed = watch.looked(-1.0).cursor, 0.0, 0.0
    for second, (requests, *answers) in enumerate(course, 1):
        made += requests
        for reporter, answered in zip(heard, answers, strict=True):
            if answered:
                window.observe(reporter, second, exposition(reporter, 100 + made, reporter))
                heard[reporter] = made
        told, since = window.take_counts()
        began = None if since is None else 1000.0 + since
        ledger.add(Samples(1000.0 + second, 10.0, counts=told, counted_from=began, times=window.take_times()))
        found = watch.looked(cursor)
        cursor = found.cursor
        seen = found.versions.get("v1", Seen())
        counted, timed = counted + seen.requests, timed + seen.timed
        assert counted <= max(heard.values())
        assert 0 <= seen.slow <= seen.timed
        assert timed <= max(heard.values())


@given(st.lists(st.integers(0, 30), min_size=1, max_size=40))
def test_of_a_call_that_both_ends_report_in_each_reading_every_request_counts(increases):
    ledger, watch = watched()
    for second, increase in enumerate(increases):
        ledger.add(
            reading(1000.0 + second, count(increase), count(increase, of=labels(reporter="destination")))
        )
    assert watch.looked(999.0).versions.get("v1", Seen()).requests == sum(increases)


def test_a_better_report_that_comes_a_reading_later_does_not_count_again():
    ledger, watch = watched()
    lesser = labels(reporter="destination")
    ledger.add(reading(1000.0, count(10, of=lesser)))
    first = watch.looked(999.0)
    ledger.add(reading(1001.0, count(14), since=999.5))
    second = watch.looked(first.cursor)
    ledger.add(reading(1002.0, count(5), count(5, of=lesser)))
    third = watch.looked(second.cursor)
    assert [each.versions["v1"].requests for each in (first, second, third)] == [10, 4, 5]


def test_what_an_injected_fault_met_is_neither_a_request_nor_an_error():
    ledger, watch = watched()
    ledger.add(
        reading(
            1000.0,
            count(5),
            count(3, "200", "DI"),
            count(2, "503", "FI"),
            count(1, "503", "DI,UF"),
            count(4, "503", "UF"),
            count(9, "503", "FI", of=unreached("reviews")),
        )
    )
    assert watch.looked(999.0).versions == {"v1": Seen(9, 4)}


def test_nor_is_it_a_slow_one():
    ledger, watch = watched(50.0)
    delayed = TimeCount(labels(), "DI", (100.0, INF), (0.0, 7.0))
    fast = TimeCount(labels(), "", (100.0, INF), (5.0, 6.0))
    ledger.add(reading(1000.0, count(13), times=(delayed, fast)))
    assert watch.looked(999.0).versions["v1"] == Seen(13, 0, 6, 1)


def test_a_failed_grpc_call_is_an_error():
    ledger, watch = watched()
    ledger.add(reading(1000.0, count(5, grpc="0"), count(2, grpc="14")))
    assert watch.looked(999.0).versions["v1"] == Seen(7, 2)


def test_other_services_are_not_counted_and_nobody_has_no_version():
    ledger, watch = watched()
    ledger.add(reading(1000.0, count(5, of=labels("reviews-v1", "ratings-v1")), count(1)))
    assert watch.looked(999.0).versions == {"v1": Seen(1)}


@pytest.mark.parametrize(
    ("objective", "edge", "slow"), [(1, 5, 9), (5, 5, 9), (5.1, 50, 4), (50, 50, 4), (51, None, 0)]
)
def test_the_edge_is_the_smallest_one_that_is_not_below_the_objective(objective, edge, slow):
    ledger, watch = watched(objective)
    of = TimeCount(labels(), "", (5.0, 50.0, INF), (1.0, 6.0, 10.0))
    ledger.add(reading(1000.0, count(10), times=(of,)))
    found = watch.looked(999.0)
    assert (found.edge_ms, found.versions["v1"].slow) == (edge, slow)


def test_histograms_that_lack_the_edge_of_the_others_are_left_out_rather_than_compared():
    ledger, watch = watched(50)
    one = TimeCount(labels(), "", (50.0, INF), (8.0, 10.0))
    other = TimeCount(labels("other-v1"), "", (20.0, 100.0, INF), (1.0, 2.0, 10.0))
    ledger.add(reading(1000.0, count(10), times=(one,)))
    ledger.add(reading(1001.0, count(20), times=(one, other)))
    assert watch.looked(999.0).versions["v1"] == Seen(30, 0, 20, 4)


def test_who_got_requests_is_known_from_the_first_reading_after_a_moment_on():
    ledger, watch = watched()
    for second in range(10):
        ledger.add(reading(1000.0 + second, count(5), count(1, of=labels(target="reviews-v3"))))
        watch.looked(1000.0 + second)
    found = watch.shared(1003.5)
    assert (found.since, found.requests) == (1004.0, {"v1": 25, "v3": 5})
    assert watch.shared(1010.0) is None


def test_asked_again_a_share_begins_with_the_same_reading_for_hours():
    ledger, _ = watched()
    first = None
    for second in range(5000):
        ledger.add(reading(1000.0 + second, count(1)))
        found = ledger.watch(*HERE).shared(1003.0)
        first = first or found
        assert found is None or found.since == first.since
    assert found.requests == {"v1": 4996}


def test_a_share_of_an_earlier_moment_begins_soon_after_it_however_late_it_is_asked_for():
    ledger, watch = watched()
    for second in range(4000):
        ledger.add(reading(1000.0 + second, count(1)))
        ledger.watch(*HERE)
    for back in (3, 30, 300, 3000):
        since = watch.shared(5000.0 - back).since
        assert 0 <= since - (5000.0 - back) <= max(1, back / 2)


def test_readings_that_nobody_looks_at_become_one_and_none_is_lost():
    ledger, watch = watched()
    watch.readings_unasked = -10 * MOST_READINGS
    for second in range(2 * MOST_READINGS):
        ledger.add(reading(1000.0 + second, count(1)))
    assert watch.looked(999.0).versions["v1"].requests == 2 * MOST_READINGS


def test_nobody_is_counted_for_whom_nobody_asks_any_more():
    ledger, _ = watched()
    for second in range(MOST_UNASKED + 1):
        ledger.add(reading(1000.0 + second, count(1)))
    assert ledger.watched == {}


def test_however_many_look_who_looked_longest_ago_makes_room():
    ledger, _ = watched()
    ledger.add(reading(1000.0))
    for number in range(MOST_WATCHED):
        ledger.watch("bookinfo", f"service-{number}")
    assert len(ledger.watched) == MOST_WATCHED
    assert HERE not in ledger.watched


def test_of_a_share_nothing_counts_that_may_have_happened_before_the_moment():
    """Scrapes come every ten seconds, each target's at another: what comes next may be ten seconds old."""
    ledger, watch = watched(lag_seconds=10.0)
    for turn in range(1, 8):
        ledger.add(reading(1000.0 + 5 * turn, count(50)))
    assert watch.shared(1008.0).since == 1020.0
    assert watch.shared(1030.0) is None


def test_many_threads_that_begin_to_look_at_once_all_look_at_the_same():
    ledger = Ledger()
    with ThreadPoolExecutor(8) as pool:
        found = [*pool.map(lambda number: ledger.watch("bookinfo", f"service-{number % 50}"), range(400))]
    assert len(ledger.watched) == len({id(each) for each in found}) == 50


def test_rates_are_those_of_the_look():
    ledger, watch = watched()
    for second in range(10):
        ledger.add(reading(1000.0 + second, count(second), count(1, of=labels(target="reviews-v3"))))
    assert watch.looked(1007.0).rates == {"v1": 8.5, "v3": 1.0}
    assert watch.looked(1009.0).rates is None


def test_where_targets_are_read_at_different_times_rates_are_of_two_rounds():
    ledger, watch = watched(lag_seconds=10.0)
    for turn in range(1, 8):
        # Two targets are read every ten seconds, one right after the other.
        ledger.add(reading(1000.0 + 10 * turn, count(50)))
        ledger.add(reading(1000.5 + 10 * turn, count(70)))
    found = watch.looked(1070.0)
    assert found.versions["v1"].requests == 70
    assert found.rates["v1"] == pytest.approx(12)
    assert watch.looked(found.cursor).rates["v1"] == pytest.approx(12)


@given(st.lists(st.tuples(st.integers(1, 20), st.integers(0, 9)), min_size=2, max_size=30))
def test_the_seconds_of_all_looks_are_those_that_passed(course):
    watch = Watch()
    at = 0.0
    ends = []
    for gap, _ in course:
        at += gap
        watch.add(at, at - gap, ())
        ends.append(at)
    cursor, passed = ends[0], 0.0
    for _ in pairwise(ends):
        found = watch.looked(cursor)
        cursor, passed = found.cursor, passed + found.seconds
    assert passed == ends[-1] - ends[0]
