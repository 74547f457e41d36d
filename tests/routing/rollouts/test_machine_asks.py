"""A rollout that waits for others: for an answer that was lost, and for gates."""

import pytest

from routing.rollouts.spec import Gate
from routing.rollouts.states import Rule
from tests.routing.rollouts.driving import Leader, Mesh, after, goes
from tests.routing.rollouts.specs import spec


def why(leader):
    return leader.state.why and leader.state.why.code


def weights(mesh):
    return [rule.weight for _, _, rule in mesh.cluster.writes]


@pytest.mark.parametrize("lost", ["after", "before"])
@pytest.mark.parametrize("ending", ["harm", "abort", "step_back", "set_weight"])
def test_a_write_whose_answer_was_lost_keeps_nobody_from_going_back_while_the_api_is_away(lost, ending):
    mesh, leader = after(spec(), 1)
    while mesh.cluster.rule.weight < 25:
        goes(mesh, leader, looks=1)
    mesh.cluster.lost = lost
    while mesh.cluster.lost:
        goes(mesh, leader, looks=1)
    mesh.cluster.away = True
    if ending == "harm":
        mesh.canary_bad = 0.5
        goes(mesh, leader, looks=5)
    elif ending == "set_weight":
        leader.commands("set_weight", weight=10)
    else:
        leader.commands(ending)
    goes(mesh, leader, looks=2)
    mesh.cluster.away = False
    goes(mesh, leader, looks=3)
    expected = {"harm": ("rolled_back", 0), "abort": ("aborted", 0), "step_back": ("running", 5)}
    assert (leader.state.status, mesh.cluster.rule.weight) == expected.get(ending, ("paused", 10))
    assert leader.state.doubted == ()


def test_what_somebody_else_wrote_meanwhile_is_still_his():
    mesh, leader = after(spec(), 1)
    mesh.cluster.lost = "after"
    while mesh.cluster.lost:
        goes(mesh, leader, looks=1)
    mesh.cluster.away = True
    leader.commands("abort")
    mesh.cluster.away = False
    mesh.cluster.edit(Rule(77))
    goes(mesh, leader, looks=3)
    assert (leader.state.status, why(leader), mesh.cluster.rule) == ("paused", "foreign_edit", Rule(77))


def test_gates_are_asked_and_hold_until_they_open():
    stages = ("before_start", "before_weight", "before_promotion", "after_end")
    wanted = spec(gates=tuple(Gate(stage, "https://gate.example") for stage in stages))
    mesh = Mesh(wanted, gates=False)
    leader = Leader(mesh, 1)
    goes(mesh, leader, looks=5)
    assert (leader.state.status, why(leader), weights(mesh)) == ("held", "gate_refused", [])
    mesh.gates = True
    assert goes(mesh, leader).status == "promoted"


@pytest.mark.parametrize("stage", ["before_start", "before_weight", "before_promotion"])
def test_a_gate_that_stays_closed_is_told_once_however_often_it_is_asked(stage):
    mesh = Mesh(spec(gates=(Gate(stage, "https://gate.example"),)))
    leader = Leader(mesh, 1)
    mesh.gates = False
    goes(mesh, leader, looks=30)
    before, kept, asked = len(mesh.database.told), len(mesh.database.kept), leader.state.numbers
    goes(mesh, leader, looks=10)
    assert (leader.state.status, why(leader)) == ("held", "gate_refused")
    assert leader.state.numbers == asked + 10
    assert (mesh.database.told[before:], mesh.database.kept[kept:]) == ([], [])
    mesh.gates = True
    assert goes(mesh, leader).status == "promoted"
    assert mesh.database.told[before].event in ("running", "promoted")


@pytest.mark.parametrize("pause", [False, True])
def test_a_gate_that_opened_is_asked_again_if_the_rollout_stood_still_since(pause):
    mesh, leader = after(spec(gates=(Gate("before_weight", "https://gate.example"),)), 1)
    while leader.state.passed != ("before_weight",) or leader.state.step < 1:
        goes(mesh, leader, looks=1)
    if pause:
        leader.commands("pause")
    mesh.cluster.canary = "not_ready"
    goes(mesh, leader, looks=2)
    mesh.cluster.canary, mesh.gates = "ready", False
    if pause:
        leader.commands("resume")
    goes(mesh, leader, looks=3)
    assert (leader.state.status, why(leader), mesh.cluster.rule.weight) == ("held", "gate_refused", 25)
    mesh.gates = True
    assert goes(mesh, leader).status == "promoted"
