"""The judge's promise, by simulation: healthy canaries are left alone, and harm is found in time."""

import statistics

import pytest

from bench.rollouts import LOOKS, USUAL, Scenario, harmful_after, naive_verdict, no_worse_after, rollouts
from routing.rollouts.judge import Limits, Look


def aborted(scenario: Scenario, count: int) -> float:
    """The part (0-1) of healthy rollouts that the judge aborts."""
    return sum(harmful_after(looks) is not None for looks in rollouts(scenario, count, seed=1)) / count


@pytest.mark.timeout(300)
def test_of_ten_thousand_healthy_rollouts_at_most_one_in_a_hundred_is_aborted():
    assert aborted(Scenario(), 10_000) <= 0.01


def test_nor_when_the_errors_of_both_triple_in_the_last_step():
    assert aborted(Scenario(outage=3), 2_000) <= 0.01


def test_a_naive_test_at_every_look_aborts_more_healthy_rollouts_and_after_an_outage_nearly_all():
    healthy = [naive_verdict(looks) for looks in rollouts(Scenario(), 1_000, seed=2)]
    assert sum(each is not None for each in healthy) / 1_000 > 0.02
    outage = [naive_verdict(looks) for looks in rollouts(Scenario(outage=3), 200, seed=2)]
    assert sum(each is not None for each in outage) / 200 > 0.9


@pytest.mark.parametrize(("times", "most"), [(2, 60), (3, 30), (5, 15)])
def test_harm_at_forty_requests_a_second_is_found_in_time(times, most):
    found = [harmful_after(looks) or LOOKS + 1 for looks in rollouts(Scenario(times=times), 200, seed=3)]
    assert statistics.median(found) <= most


def test_at_two_requests_a_second_a_doubling_is_seldom_found():
    """Why the smallest regression that can be seen is told before the start."""
    found = [harmful_after(looks) for looks in rollouts(Scenario(rate=2, times=2), 200, seed=4)]
    assert sum(each is not None for each in found) / 200 < 0.5


@pytest.mark.parametrize("alpha", [0.01, 0.1])
def test_of_canaries_with_exactly_the_errors_that_are_tolerated_at_most_alpha_are_called_no_worse(alpha):
    worse = Scenario(rate=20, bad_ratio=USUAL.tolerated / 10, times=10)
    limits = Limits(alpha=alpha, margin=0.25, tolerated=USUAL.tolerated)
    called = [no_worse_after(looks, limits) for looks in rollouts(worse, 2_000, seed=5)]
    assert sum(each is not None for each in called) / 2_000 <= alpha


def test_a_canary_without_errors_is_no_worse_after_some_seven_hundred_requests():
    small = [Look(10, 0, 10, 0)] * 100
    assert 500 <= (no_worse_after(small) or 0) <= 700
