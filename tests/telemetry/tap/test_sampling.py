"""How many are shown, and how many there were."""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemetry.tap.sampling import RATE_SECONDS, ROWS_PER_SECOND, Meter, Sampler


def sampler(**options):
    return Sampler(random.Random(1).sample, **options)


@given(st.lists(st.tuples(st.integers(0, 500), st.floats(0, 5)), max_size=40))
def test_never_more_are_shown_than_the_time_allows(ticks):
    limited = sampler()
    shown = sum(len(limited.take(range(number), seconds)) for number, seconds in ticks)
    assert shown <= ROWS_PER_SECOND * (1 + sum(seconds for _, seconds in ticks)) + 0.001


def test_few_are_all_shown_in_their_order():
    assert sampler().take("abc", 0.5) == ["a", "b", "c"]


def test_of_many_some_are_shown_in_their_order():
    shown = sampler().take(range(1000), 0.5)
    assert len(shown) == ROWS_PER_SECOND
    assert shown == sorted(set(shown))


def test_each_has_the_same_chance():
    limited, counts = sampler(per_second=10), [0] * 40
    for _ in range(2000):
        for each in limited.take(range(40), 1.0):
            counts[each] += 1
    assert sum(counts) == 20_000
    assert max(abs(count - 500) for count in counts) < 120


def test_quiet_seconds_are_not_saved_up():
    limited = sampler()
    limited.take([], 100.0)
    assert len(limited.take(range(1000), 0.0)) == ROWS_PER_SECOND


def test_the_rate_is_that_of_the_last_seconds():
    meter, now = Meter(), 100.0
    meter.add(50, now)
    assert meter.rate(now) == 0
    for _ in range(40):
        now += 0.5
        meter.add(20, now)
    assert meter.rate(now) == pytest.approx(40)
    for _ in range(int(2 * RATE_SECONDS) + 2):
        now += 0.5
        meter.add(0, now)
    assert meter.rate(now) == 0


def test_what_was_there_before_one_looked_is_no_rate():
    meter = Meter()
    meter.add(1000, 10.0)
    meter.add(5, 11.0)
    assert meter.rate(11.0) == pytest.approx(5)
