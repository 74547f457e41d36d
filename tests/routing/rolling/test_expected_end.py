"""When a rollout that runs is expected to end, as its page says it."""

from dataclasses import replace
from datetime import UTC, datetime

import pytest

from routing.rolling.mesh.sharing import seconds_to_verify
from routing.rolling.showing import expected_end
from routing.rollouts.spec import Step
from routing.rollouts.states import Clock, State
from tests.routing.rollouts.specs import spec

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
WANTED = spec(steps=(Step(5, 60), Step(50, 60), Step(100, 60)))
RUNNING = State(status="running", step=1, clock=Clock(verified=True, counted=20))


def seconds(state, per_second=0.0, wanted=WANTED):
    return (expected_end(wanted, state, NOW, per_second) - NOW).total_seconds()


def test_what_is_left_of_this_step_and_those_to_come():
    assert seconds(RUNNING) == 40 + 60


def test_each_share_that_is_not_verified_yet_takes_its_time():
    last = seconds_to_verify(WANTED, 100, 20.0)
    assert seconds(RUNNING, 20.0) == pytest.approx(100 + last)
    new = replace(RUNNING, clock=Clock())
    assert seconds(new, 20.0) == pytest.approx(120 + last + seconds_to_verify(WANTED, 50, 20.0))


def test_nobody_knows_when_a_person_comes_or_what_holds_it_ends():
    paused = spec(steps=(Step(5, 60), Step(50, 60), Step(100, 60, pause=True)))
    assert expected_end(paused, RUNNING, NOW, 20.0) is None
    for status in ("held", "paused", "promoted"):
        assert expected_end(WANTED, replace(RUNNING, status=status), NOW, 20.0) is None
