"""The sample-ratio test: seldom wrong however often it is asked, and it finds what is there."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.sample_ratio import ALPHA, Range, enough, is_settled, log_evidence, margin

REJECTS = math.log(1 / ALPHA)


def split(**shares):
    return {version: Range(share, share) for version, share in shares.items()}


def drawn(seed, requests, **shares):
    """The counts after each request, drawn by these shares."""
    source = random.Random(seed)
    counts = dict.fromkeys(shares, 0)
    for version in source.choices(list(shares), list(shares.values()), k=requests):
        counts[version] += 1
        yield counts


def rejected_after(expected, draws):
    """After how many requests the evidence first says that it differs; None when it never does."""
    return next(
        (number for number, counts in enumerate(draws, 1) if log_evidence(counts, expected) >= REJECTS), None
    )


def test_looking_after_every_request_it_is_hardly_ever_wrong():
    expected = split(v1=0.8, v3=0.2)
    wrong = sum(
        rejected_after(expected, drawn(seed, 1000, v1=0.8, v3=0.2)) is not None for seed in range(150)
    )
    # At most 1 in 1000 is promised: of 150, two or more would be a hundredth's chance.
    assert wrong <= 1


def test_the_promise_holds_at_a_weaker_level_too_with_the_truth_at_the_edge_of_what_is_tolerated():
    expected = {"v1": Range(0.795, 0.795), "v3": Range(0.205, 0.205)}
    wrong = 0
    for seed in range(200):
        draws = drawn(seed, 500, v1=0.8, v3=0.2)
        wrong += any(log_evidence(counts, expected) >= math.log(1 / 0.05) for counts in draws)
    assert wrong / 200 <= 0.05


@pytest.mark.parametrize("seed", range(20))
def test_ninety_ten_in_the_place_of_eighty_twenty_is_found(seed):
    found = rejected_after(split(v1=0.8, v3=0.2), drawn(seed, 2000, v1=0.9, v3=0.1))
    assert found is not None
    assert found < 1000


def test_shares_that_move_within_their_range_are_no_difference():
    expected = {"v1": Range(0.2, 0.8), "v2": Range(0.2, 0.8)}
    counts = {"v1": 0, "v2": 0}
    source = random.Random(7)
    for number in range(4000):
        share = 0.8 if number < 2000 else 0.2
        counts["v1" if source.random() < share else "v2"] += 1
        assert log_evidence(counts, expected) < REJECTS


def test_a_few_strays_to_a_version_that_gets_nothing_are_tolerated_and_more_are_not():
    expected = split(v1=1.0, v2=0.0)
    assert log_evidence({"v1": 9990, "v2": 10}, expected) < REJECTS
    assert log_evidence({"v1": 900, "v2": 100}, expected) >= REJECTS
    assert log_evidence({"v1": 900, "unknown": 100}, split(v1=1.0)) >= REJECTS


@given(st.integers(0, 200), st.integers(0, 200), st.floats(0, 1), st.floats(0, 0.5))
def test_a_wider_range_is_never_harder_to_fit(one, other, share, by):
    narrow = {"v1": Range(share, share), "v2": Range(1 - share, 1 - share)}
    wide = {version: each.widened(by) for version, each in narrow.items()}
    counts = {"v1": one, "v2": other}
    assert log_evidence(counts, wide) <= log_evidence(counts, narrow) + 1e-9


def test_nothing_is_settled_without_requests_and_enough_settles_it():
    expected = split(v1=0.8, v3=0.2)
    assert not is_settled({}, expected)
    needed = enough(expected)
    assert 100 < needed < 1000
    assert is_settled({"v1": 0.8 * needed, "v3": 0.2 * needed}, expected)
    assert not is_settled({"v1": 0.8 * needed / 2, "v3": 0.2 * needed / 2}, expected)
    assert not is_settled({"v1": 0.95 * needed * 10, "v3": 0.05 * needed * 10}, expected)


def test_a_small_canary_takes_more_requests_and_a_smaller_margin():
    assert margin(Range(0.05, 0.05)) < margin(Range(0.5, 0.5))
    assert enough(split(v1=0.95, v3=0.05)) > enough(split(v1=0.5, v3=0.5))


def test_where_anything_is_expected_there_is_nothing_to_settle():
    assert enough({"v1": Range(0, 1), "v2": Range(0, 1)}) == 0
    assert log_evidence({"v1": 1000, "v2": 0}, {"v1": Range(0, 1), "v2": Range(0, 1)}) < 0
