"""The judge: no verdict without evidence, harm when there is, and never by looking often."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.rollouts.judge import (
    Evidence,
    JudgeError,
    Limits,
    Look,
    Traffic,
    judged,
    looked,
    looks_until_harm,
    smallest_visible,
    verdict,
)

LIMITS = Limits()


def after(*looks, limits=LIMITS) -> Evidence:
    evidence = Evidence()
    for look in looks:
        evidence = looked(evidence, look, limits)
    return evidence


def test_without_requests_nothing_is_known():
    assert verdict(after(*[Look(0, 0, 0, 0)] * 1000), LIMITS) == "not_known"


def test_without_requests_to_the_canary_errors_of_the_baseline_say_nothing():
    assert after(Look(1000, 500, 0, 0)).harm == Evidence().harm


def test_many_more_errors_of_the_canary_are_harm():
    assert judged([Look(950, 5, 50, 5)] * 20, LIMITS)[0] == "harm"


def test_an_outage_that_hits_both_alike_is_no_harm():
    quiet, outage = [Look(900, 4, 100, 0)] * 30, [Look(500, 400, 500, 400)] * 30
    assert judged(quiet + outage, Limits(tolerated=0, requests=10**9))[0] == "not_known"


def test_once_harm_was_found_it_stays_found():
    harmful = [Look(950, 5, 50, 5)] * 20
    better = [Look(500, 50, 500, 0)] * 100
    assert verdict(after(*harmful, *better), LIMITS) == "harm"


def test_few_errors_in_many_requests_are_no_worse_though_there_is_nothing_to_compare():
    said, looks = judged([Look(900, 0, 100, 0)] * 200, LIMITS)
    assert said == "no_worse"
    assert looks * 100 >= LIMITS.requests


def test_too_few_requests_are_never_called_no_worse():
    limits = Limits(requests=10_000)
    assert judged([Look(900, 0, 99, 0)] * 100, limits)[0] == "not_known"


def test_a_canary_with_the_errors_of_its_baseline_is_no_worse_in_time_where_these_are_many():
    assert judged([Look(500, 50, 500, 50)] * 400, Limits(tolerated=0))[0] == "no_worse"


def test_within_the_margin_is_no_harm_in_the_long_run():
    limits = Limits(margin=0.5, tolerated=0)
    assert judged([Look(5000, 100, 5000, 140)] * 2000, limits)[0] != "harm"


@pytest.mark.parametrize(
    "look",
    [Look(-1, 0, 1, 0), Look(1, 2, 1, 0), Look(1, 0, 1, 2), Look(math.nan, 0, 1, 0), Look(1, 0, math.inf, 0)],
)
def test_counts_that_cannot_be_are_refused(look):
    with pytest.raises(JudgeError):
        looked(Evidence(), look, LIMITS)


@pytest.mark.parametrize(
    ("field", "value"), [("alpha", 0), ("alpha", 0.3), ("margin", -0.1), ("tolerated", 1), ("requests", -1)]
)
def test_limits_that_make_no_sense_are_refused_by_name(field, value):
    with pytest.raises(JudgeError, match=field):
        Limits(**{field: value})


counts = st.integers(0, 2000)


@st.composite
def looks(draw):
    baseline, canary = draw(counts), draw(counts)
    return Look(baseline, draw(st.integers(0, baseline)), canary, draw(st.integers(0, canary)))


@given(st.lists(looks(), max_size=20))
def test_the_order_of_looks_does_not_matter_to_the_evidence(found):
    there, back = after(*found), after(*reversed(found))
    assert there.harm == pytest.approx(back.harm)
    assert there.no_worse == pytest.approx(back.no_worse)
    assert there.tolerable == pytest.approx(back.tolerable)


@given(looks())
def test_one_more_bad_request_of_the_canary_never_lowers_the_evidence_for_harm(look):
    if look.canary_bad == look.canary or not look.is_telling:
        return
    worse = Look(look.baseline, look.baseline_bad, look.canary, look.canary_bad + 1)
    assert after(worse).log_harm >= after(look).log_harm - 1e-9


@given(st.lists(looks(), max_size=10))
def test_evidence_survives_being_written_down(found):
    evidence = after(*found)
    again = Evidence(**{name: getattr(evidence, name) for name in Evidence.__dataclass_fields__})
    assert again == evidence
    assert 0 <= evidence.p_value <= 1


@given(st.integers(1, 300), st.integers(1, 300), st.integers(1, 40), st.floats(0, 1))
def test_on_average_chance_is_no_evidence(baseline, canary, bad, margin):
    """The likelihood ratios are 1 on average where the canary is as bad as the margin just allows."""
    limits = Limits(margin=margin)
    odds = canary / baseline * (1 + margin)
    part = odds / (1 + odds)
    total = 0.0
    for hits in range(bad + 1):
        chance = math.comb(bad, hits) * part**hits * (1 - part) ** (bad - hits)
        # Many more requests than bad ones, in the same proportion.
        look = Look(baseline * bad, bad - hits, canary * bad, hits)
        total += chance * math.exp(after(look, limits=limits).log_harm)
    assert total == pytest.approx(1)


def test_what_can_be_seen_is_told_before_the_start():
    busy = looks_until_harm(Traffic(40 * 30, 0.25, 0.005), 3, LIMITS)
    quiet = looks_until_harm(Traffic(2 * 30, 0.25, 0.005), 3, LIMITS)
    assert busy is not None
    assert quiet is not None
    assert busy < quiet
    assert looks_until_harm(Traffic(1200, 0.25, 0.005), 1.2, LIMITS) is None
    assert looks_until_harm(Traffic(1200, 0.25, 0), 3, LIMITS) is None
    seen, seen_later = (smallest_visible(Traffic(1200, 0.1, 0.005), count, LIMITS) for count in (20, 120))
    assert seen is not None
    assert seen_later is not None
    assert seen > seen_later > 1 + LIMITS.margin
