"""Requests counted once each, however often they are looked at."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.counting import Counted, Ledger
from telemetry.exposition import Parser
from telemetry.rates import RateWindow
from telemetry.samples import RequestCount, Samples
from tests.telemetry.builders import labels, metrics, unreached

V1 = Counted("bookinfo", "reviews", "v1", "bookinfo", proxied=True)


def reading(at, *counts, since=None):
    began = at - 1 if since is None else since
    return Samples(taken_at=at, window_seconds=10.0, counts=counts, counted_from=began)


def count(of, requests, code="200", flags=""):
    return RequestCount(of, code, flags, requests)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=60))
def test_what_is_counted_is_what_the_counter_rose_by_however_long_the_window(increases):
    window, parser, total, counted = RateWindow(10.0), Parser(), 1000, 0.0
    window.observe("a", 0, parser.parse(metrics(requests=total)))
    for second, increase in enumerate(increases, start=1):
        total += increase
        window.observe("a", second, parser.parse(metrics(requests=total)))
        counted += sum(each.requests for each in window.take_counts()[0])
    assert counted == sum(increases)


def test_a_first_reading_counts_nothing_and_a_restart_counts_from_nought():
    window, parser = RateWindow(10.0), Parser()
    window.observe("a", 0, parser.parse(metrics(requests=1000)))
    assert window.take_counts() == ((), None)
    window.observe("a", 1, parser.parse(metrics(requests=7)))
    counts, since = window.take_counts()
    assert (sum(each.requests for each in counts), since) == (7, 0)


def test_a_late_proxy_is_counted_when_it_answers_and_its_whole_time_is_told():
    window, parser = RateWindow(10.0), Parser()
    window.observe("a", 0, parser.parse(metrics(requests=10)))
    window.observe("a", 6, parser.parse(metrics(requests=40)))
    counts, since = window.take_counts()
    assert (sum(each.requests for each in counts), since) == (30, 0)


def test_only_what_began_after_the_moment_counts():
    ledger = Ledger(grain_seconds=1.0)
    for second in range(10):
        ledger.add(reading(1000.0 + second, count(labels(), 5)))
    assert ledger.since(1004.0)[V1].requests == 25
    assert ledger.since(1004.5)[V1].requests == 20
    ledger.add(reading(1010.0, count(labels(), 100), since=1003.0))
    assert ledger.since(1004.0)[V1].requests == 25


def test_callers_without_a_proxy_failures_and_requests_that_reached_nobody_are_told_apart():
    ledger = Ledger()
    ledger.add(
        reading(
            1000.0,
            count(labels(), 3),
            count(labels(), 2, "503"),
            count(labels("", reporter="destination"), 4),
            count(labels(reporter="destination"), 50),
            count(unreached("reviews"), 60, "503", "FI"),
        )
    )
    found = ledger.since(0)
    assert found[V1] == (5, 2)
    assert found[V1._replace(proxied=False)] == (4, 0)
    assert len(found) == 2


def test_the_oldest_counts_leave():
    ledger = Ledger(kept_seconds=60.0, grain_seconds=5.0)
    for second in range(0, 200, 5):
        ledger.add(reading(1000.0 + second, count(labels(), 1)))
    assert ledger.since(0)[V1].requests <= 14
    assert ledger.reaches(1000.0, 1195.0) == pytest.approx(1135.0)


def test_a_source_that_counts_nothing_leaves_no_trace():
    ledger = Ledger()
    ledger.add(Samples(taken_at=1000.0, window_seconds=10.0))
    assert (ledger.since(0), ledger.began) == ({}, None)


def test_of_a_call_that_both_ends_report_the_callers_count_counts():
    ledger = Ledger(grain_seconds=1.0)
    for second in range(5):
        both = count(labels(), 5), count(labels(reporter="destination"), 5)
        ledger.add(reading(1000.0 + second, *both))
    assert sum(tally.requests for tally in ledger.since(0).values()) == 25


def test_a_destination_that_is_read_first_does_not_count_again_when_the_caller_follows():
    ledger = Ledger(grain_seconds=1.0)
    ledger.add(reading(1000.0, count(labels(reporter="destination"), 5)))
    assert ledger.since(0)[V1].requests == 5
    ledger.add(reading(1001.0, count(labels(), 5)))
    ledger.add(reading(1002.0, count(labels(reporter="destination"), 1)))
    assert ledger.since(0)[V1].requests == 5


def test_a_destination_counts_again_when_nothing_is_heard_of_the_caller_any_more():
    ledger = Ledger(grain_seconds=1.0)
    ledger.add(reading(1000.0, count(labels(), 5)))
    ledger.add(reading(1100.0, count(labels(reporter="destination"), 3)))
    assert ledger.since(0)[V1].requests == 8


def test_counts_can_be_the_destinations_too():
    ledger = Ledger(grain_seconds=1.0, preference="destination")
    ledger.add(reading(1000.0, count(labels(), 5), count(labels(reporter="destination"), 4)))
    assert ledger.since(0)[V1].requests == 4
