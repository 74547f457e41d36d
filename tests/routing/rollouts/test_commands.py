"""What a person may command at any moment, and what is refused with words."""

import pytest

from routing.rollouts.inputs import COMMANDS, Command, Now, RefusedError
from routing.rollouts.machine import step
from routing.rollouts.spec import Gate
from routing.rollouts.states import Rule, State
from tests.routing.rollouts.driving import Leader, Mesh, after, goes
from tests.routing.rollouts.specs import spec


def refused(leader: Leader, name: str, **more) -> str:
    with pytest.raises(RefusedError) as error:
        leader.commands(name, **more)
    return str(error.value)


def test_a_pause_stops_the_steps_and_a_resume_lets_them_go_on():
    mesh, leader = after(spec(), 1)
    leader.commands("pause")
    for _ in range(20):
        mesh.passes()
        leader.looks()
    assert (leader.state.status, mesh.cluster.rule) == ("paused", Rule(5))
    assert "paused already" in refused(leader, "pause")
    leader.commands("resume")
    assert "not paused" in refused(leader, "resume")
    assert goes(mesh, leader).status == "promoted"


def test_harm_rolls_back_in_a_pause_too():
    mesh, leader = after(spec(), 1)
    leader.commands("pause")
    mesh.canary_bad = 0.05
    mesh.passes()
    leader.looks()
    assert leader.state.status == "rolled_back"


@pytest.mark.parametrize(("weight", "then"), [(0, 5), (1, 5), (10, 25), (25, 50), (99, 100)])
def test_a_set_weight_stands_until_a_person_resumes_and_the_next_step_gives_more(weight, then):
    mesh, leader = after(spec(), 1)
    leader.commands("set_weight", weight=weight)
    mesh.passes()
    leader.looks()
    assert (leader.state.status, mesh.cluster.rule) == ("paused", Rule(weight))
    leader.commands("resume")
    if weight == 0:
        mesh.share = "not_measured"
    while mesh.cluster.rule == Rule(weight):
        mesh.passes()
        leader.looks()
    assert mesh.cluster.rule == Rule(then)


@pytest.mark.parametrize("weight", [None, -1, 101, True])
def test_a_weight_that_is_none_is_refused(weight):
    _, leader = after(spec(), 1)
    assert "0 to 100" in refused(leader, "set_weight", weight=weight)


def test_a_step_back_writes_the_step_before():
    mesh, leader = after(spec(), 4)
    assert leader.state.step == 1
    leader.commands("step_back")
    assert (leader.state.step, mesh.cluster.rule) == (0, Rule(5))
    assert "no step before" in refused(leader, "step_back")
    assert goes(mesh, leader).status == "promoted"


def test_a_person_promotes_without_a_verdict_and_not_against_harm():
    mesh, leader = after(spec(), 1)
    leader.commands("promote")
    assert (leader.state.status, mesh.cluster.rule) == ("promoted", Rule(100))
    mesh, leader = after(spec(on_harm="hold"), 3, canary_bad=0.05)
    assert "Harm was found by errors" in refused(leader, "promote")


def test_a_gate_is_asked_before_a_person_promotes():
    mesh, leader = after(spec(gates=(Gate("before_promotion", "https://x.example"),)), 1, gates=False)
    leader.commands("promote")
    assert leader.state.status == "held"
    mesh.gates = True
    mesh.passes()
    leader.looks()
    mesh.passes()
    leader.looks()
    assert leader.state.status == "promoted"


@pytest.mark.parametrize("looks", range(9))
def test_an_abort_at_any_time_is_one_write_back(looks):
    mesh, leader = after(spec(), looks)
    before = len(mesh.cluster.writes)
    leader.commands("abort")
    assert (leader.state.status, mesh.cluster.rule) == ("aborted", Rule(0))
    assert len(mesh.cluster.writes) == before + 1
    assert "has ended" in refused(leader, "abort")


def test_an_abort_before_anything_was_written_writes_nothing():
    mesh = Mesh(spec(), source=False)
    leader = Leader(mesh, 1)
    leader.looks()
    leader.commands("abort")
    assert (leader.state.status, mesh.cluster.writes) == ("aborted", [])


def test_while_it_is_taken_back_nothing_else_is_taken():
    mesh, leader = after(spec(), 1)
    mesh.cluster.away = True
    leader.commands("abort")
    for name in COMMANDS:
        assert "being taken out" in refused(leader, name)
    mesh.cluster.away = False
    mesh.passes()
    leader.looks()
    assert leader.state.status == "aborted"


def test_a_retry_after_a_rollback_begins_again_with_fresh_evidence():
    mesh, leader = after(spec(), 3, canary_bad=0.05)
    assert leader.state.status == "rolled_back"
    mesh.canary_bad = 0.001
    mesh.passes()
    leader.commands("retry")
    assert goes(mesh, leader).status == "promoted"
    numbers = [number for number, _, _ in mesh.cluster.writes]
    assert len(set(numbers)) == len(numbers)


def test_a_retry_of_what_is_held_for_harm_judges_anew():
    mesh, leader = after(spec(on_harm="hold"), 2, canary_bad=0.05)
    assert "Nothing failed" not in leader.state.why.words
    mesh.canary_bad = 0.001
    # What came meanwhile belongs to the canary as it was.
    mesh.passes()
    leader.looks()
    leader.commands("retry")
    assert goes(mesh, leader).status == "promoted"


@pytest.mark.parametrize("name", ["step_back", "set_weight", "promote", "retry", "resume", "dance"])
def test_before_the_start_most_make_no_sense(name):
    weight = 5 if name == "set_weight" else None
    with pytest.raises(RefusedError):
        step(State(), spec(), Command(name, Now(0, 0, "p"), 0, weight=weight))


def test_what_was_promoted_stays_so():
    mesh, leader = after(spec(), 30)
    assert leader.state.status == "promoted"
    for name in COMMANDS:
        assert refused(leader, name)
    assert mesh.cluster.rule == Rule(100)
