"""What is told before the start: what could be seen, how long it takes, and what speaks against it."""

import pytest

from routing.rollouts.foresight import Before, foresee
from routing.rollouts.spec import Errors, Step, Strategy
from tests.routing.rollouts.driving import Leader, Mesh, goes
from tests.routing.rollouts.specs import spec

STEPS = (Step(5, 600), Step(25, 600), Step(50, 600), Step(100, 60))


def codes(**more) -> set[str]:
    usual = {"per_second": 1000.0, "bad_ratio": {"errors": 0.005}}
    return {warning.code for warning in foresee(spec(steps=STEPS), Before(**{**usual, **more})).warnings}


def test_more_traffic_sees_smaller_regressions_sooner():
    quiet, busy = (foresee(spec(steps=STEPS), Before(rate, {"errors": 0.005})) for rate in (40.0, 1000.0))
    for few, many in list(zip(quiet.steps, busy.steps, strict=True))[:3]:
        assert few.sights[0].smallest > many.sights[0].smallest
        assert few.sights[0].seconds_to_harm >= many.sights[0].seconds_to_harm
    assert quiet.seconds_to_verdict > busy.seconds_to_verdict


def test_the_expected_end_is_that_of_a_healthy_rollout_of_the_machine():
    wanted = spec(guards=(Errors(tolerated=0.01),))
    ahead = foresee(wanted, Before(4000.0, {"errors": 0.001}))
    mesh = Mesh(wanted)
    assert goes(mesh, Leader(mesh, 1)).status == "promoted"
    # Each step loses a look until its share is verified.
    assert ahead.seconds <= mesh.time - 1000 <= ahead.seconds + 10 * (len(wanted.steps) + 1)


def test_the_expected_end_counts_the_time_until_each_share_is_verified():
    wanted = spec(steps=STEPS)
    at_once, verified = (
        foresee(wanted, Before(40.0, {"errors": 0.005}, verifying=seconds))
        for seconds in ({}, {5: 14.0, 25: 11.0, 50: 12.0, 100: 13.0})
    )
    assert verified.seconds == at_once.seconds + 50


def test_a_step_takes_as_long_as_its_requests_need():
    ahead = foresee(spec(steps=(Step(10, 60, requests=6000), Step(100, 60))), Before(10.0, {"errors": 0.0}))
    assert ahead.steps[0].seconds == 6000


@pytest.mark.parametrize(
    ("known", "code"),
    [
        ({"canary_ready": False}, "CANARY_NOT_READY"),
        ({"manager": "Argo CD"}, "OTHER_MANAGER"),
        ({"retries": 2}, "RETRIES"),
        ({"gateway_only": True}, "GATEWAY_ONLY"),
        ({"per_second": 0.0}, "NO_TRAFFIC"),
        ({"bad_ratio": {}}, "NOT_MEASURED"),
        ({"per_second": 0.001}, "NO_VERDICT"),
    ],
)
def test_what_speaks_against_it_is_told(known, code):
    assert code in codes(**known)
    assert code not in codes()


def test_a_switch_from_none_to_all_leaves_nothing_to_compare():
    ahead = foresee(spec(steps=(Step(100, 60),)), Before(100.0, {"errors": 0.001}))
    assert "NOTHING_TO_COMPARE" in {warning.code for warning in ahead.warnings}


def test_where_the_baseline_has_no_errors_it_is_told_from_which_part_on_they_are_found():
    ahead = foresee(spec(steps=STEPS), Before(40.0, {"errors": 0.0}))
    found = [step.sights[0] for step in ahead.steps]
    assert [sight.smallest for sight in found] == [None] * 4
    assert found[3].smallest_ratio is None
    assert 0 < found[2].smallest_ratio < found[1].smallest_ratio < found[0].smallest_ratio < 0.05
    assert [sight.example for sight in found] == [0.05] * 4
    assert found[0].seconds_to_harm < 600
    assert not {"BLIND", "NO_VERDICT"} & {warning.code for warning in ahead.warnings}


def test_the_smallest_part_is_the_smallest_factor_of_the_baselines():
    ahead = foresee(spec(steps=STEPS), Before(40.0, {"errors": 0.005}))
    for step in ahead.steps[:3]:
        sight = step.sights[0]
        assert sight.smallest - 0.1 <= sight.smallest_ratio / 0.005 <= sight.smallest * 1.01
        assert sight.example == pytest.approx(0.015)


def test_too_little_traffic_finds_not_even_a_canary_that_always_fails():
    ahead = foresee(spec(steps=(Step(1, 10), Step(50, 600))), Before(1.0, {"errors": 0.0}))
    (blind,) = [warning.words for warning in ahead.warnings if warning.code == "BLIND"]
    assert blind.startswith("At 1 % not even")


def test_of_copies_nothing_is_foreseen_and_of_the_steps_after_them_as_ever():
    mirrored, weighted = (
        foresee(spec(steps=steps, strategy=Strategy(kind)), Before(40.0, {"errors": 0.005}))
        for kind, steps in (("mirror", (Step(0, 60, 600), *STEPS)), ("weighted", STEPS))
    )
    assert (mirrored.steps[0].seconds, mirrored.steps[0].sights) == (60, ())
    assert mirrored.steps[1:] == weighted.steps
    assert mirrored.seconds_to_verdict == weighted.seconds_to_verdict + 60
    assert {warning.code for warning in mirrored.warnings} == {"SHARE_NOT_KNOWN"}


def test_what_only_a_header_brings_is_not_foreseen_and_not_called_blind():
    asked = spec(steps=(Step(0, 600, 100),), strategy=Strategy("header", "end-user", "jason"))
    ahead = foresee(asked, Before(40.0, {"errors": 0.005}))
    assert ahead.steps[0].sights == ()
    assert ahead.steps[0].seconds == 600
    assert {warning.code for warning in ahead.warnings} == {"SHARE_NOT_KNOWN"}
