"""How long it is until the next look: nobody waits for one in vain."""

from dataclasses import replace

import pytest

from routing.rollouts.counting import SOON_SECONDS, until_next_look
from routing.rollouts.spec import Errors, Promql, Step
from routing.rollouts.states import Clock, State
from tests.routing.rollouts.specs import spec

RUNNING = State(status="running", step=0, clock=Clock(verified=True))
QUERY = Promql("queue", "sum(queue)", most=10)


STEPS = (Step(5, 25), Step(100, 25))


def wait(state, **more):
    return until_next_look(state, spec(steps=STEPS, interval_seconds=10, **more))


def counted(seconds):
    return replace(RUNNING, clock=Clock(verified=True, counted=seconds))


def test_a_share_that_is_not_verified_is_looked_at_soon():
    assert wait(replace(RUNNING, clock=Clock())) == SOON_SECONDS
    assert wait(replace(RUNNING, status="held", clock=Clock())) == SOON_SECONDS


@pytest.mark.parametrize(("seconds", "left"), [(0, 10), (10, 10), (20, 5), (24.5, 0.5), (25, 10), (40, 10)])
def test_the_next_look_is_not_later_than_the_end_of_the_step(seconds, left):
    assert wait(counted(seconds)) == left


def test_a_step_is_over_at_a_look_and_not_looked_at_for_ever_just_before():
    assert wait(counted(24.9999)) >= 0.1


def test_a_shorter_interval_than_soon_is_kept():
    assert until_next_look(replace(RUNNING, clock=Clock()), spec(interval_seconds=1)) == 1


@pytest.mark.parametrize(
    "state", [State(), replace(RUNNING, status="paused"), replace(RUNNING, status="promoted")]
)
def test_what_waits_for_nothing_that_a_look_could_bring_sooner_is_looked_at_every_interval(state):
    assert wait(state) == 10


def test_guards_by_query_are_asked_every_interval_as_people_count_their_looks():
    for state in (counted(20), replace(RUNNING, clock=Clock())):
        assert wait(state, guards=(Errors(), QUERY)) == 10
