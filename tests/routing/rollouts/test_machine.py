"""The machine, rule by rule: how a rollout goes on, holds, pauses, goes back and ends."""

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from routing.rollouts import machine, states
from routing.rollouts.inputs import Command, Now, RefusedError, StaleEpochError, Written
from routing.rollouts.spec import Errors, Gate, Promql, Step, Strategy
from routing.rollouts.states import Rule, State
from tests.routing.rollouts.driving import Leader, Mesh, after, goes, started
from tests.routing.rollouts.specs import spec


def weights(mesh: Mesh) -> list[int]:
    return [rule.weight for _, _, rule in mesh.cluster.writes]


def why(leader: Leader) -> str:
    return leader.state.why.code if leader.state.why else ""


def test_a_healthy_rollout_goes_step_by_step_and_promotes_itself():
    mesh = Mesh(spec())
    leader = Leader(mesh, 1)
    assert goes(mesh, leader).status == "promoted"
    assert weights(mesh) == [5, 25, 50, 100]
    assert mesh.cluster.rule == Rule(100)
    assert [card["step"] for card in mesh.database.kept] == [0, 1, 2, 3]


@pytest.mark.parametrize("looks", range(1, 8))
def test_harm_at_any_time_with_a_baseline_to_compare_with_is_one_write_back(looks):
    mesh, leader = after(spec(), looks)
    before = len(weights(mesh))
    mesh.canary_bad = 0.05
    mesh.passes()
    leader.looks()
    assert leader.state.status == "rolled_back"
    assert weights(mesh)[before:] == [0]
    card = mesh.database.kept[-1]
    assert card["verdict"] == "harm"
    assert card["figures"][0]["e_value"] >= card["figures"][0]["bound"]


def test_harm_can_hold_instead_and_only_a_person_ends_that():
    mesh, leader = after(spec(on_harm="hold"), 1)
    mesh.canary_bad = 0.05
    for _ in range(5):
        mesh.passes()
        leader.looks()
    assert (leader.state.status, why(leader)) == ("held", "harm")
    assert weights(mesh) == [5]
    for name in ("promote", "resume"):
        with pytest.raises(RefusedError):
            leader.commands(name)
    leader.commands("abort")
    assert leader.state.status == "aborted"
    assert mesh.cluster.rule == Rule(0)


def test_without_a_verdict_nothing_is_promoted_however_long_it_takes():
    mesh, leader = after(spec(guards=(Errors(tolerated=0),)), 40, bad=0.0, canary_bad=0.0)
    assert (leader.state.status, why(leader)) == ("held", "no_verdict")
    assert max(weights(mesh)) == 50


def test_every_step_can_ask_for_a_verdict():
    wanted = spec(guards=(Errors(tolerated=0),), on_no_verdict="hold_each_step")
    mesh, leader = after(wanted, 20, bad=0.0, canary_bad=0.0)
    assert why(leader) == "no_verdict"
    assert weights(mesh) == [5]


def test_without_traffic_it_holds_and_goes_on_when_there_is_some():
    mesh, leader = after(spec(), 8, rate=0.0)
    assert (leader.state.status, why(leader)) == ("held", "no_traffic")
    assert weights(mesh) == [5]
    mesh.rate = 4000.0
    assert goes(mesh, leader).status == "promoted"


@pytest.mark.parametrize(
    ("name", "value", "code"),
    [("source", False, "source_away"), ("share", "differs", "share_differs"), ("share", "not_measured",
      "share_not_measured")],
)  # fmt: skip
def test_what_keeps_anybody_from_judging_holds_until_it_is_over(name, value, code):
    mesh, leader = after(spec(), 1)
    usual = getattr(mesh, name)
    setattr(mesh, name, value)
    for _ in range(30):
        mesh.passes()
        leader.looks()
    assert (leader.state.status, why(leader)) == ("held", code)
    assert weights(mesh) == [5]
    setattr(mesh, name, usual)
    assert goes(mesh, leader).status == "promoted"


def test_the_clock_of_a_step_waits_for_the_share_to_be_verified():
    mesh, leader = after(spec(), 20, share="not_yet_known")
    assert (leader.state.status, why(leader)) == ("running", "verifying")
    assert leader.state.clock.counted == 0
    mesh.share = "as_intended"
    mesh.passes()
    leader.looks()
    assert leader.state.clock.counted == 0
    assert weights(mesh) == [5]


def test_a_step_lasts_until_the_canary_had_its_requests():
    wanted = spec(steps=(Step(5, 10, requests=10_000), Step(100, 10)))
    mesh, leader = after(wanted, 4)
    assert why(leader) == "requests"
    assert goes(mesh, leader).status == "promoted"
    assert mesh.database.kept[0]["requests"]["value"] >= 10_000


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_wall_clock_that_jumps_ends_no_step_early(hours):
    mesh, leader = after(spec(steps=(Step(5, 600), Step(100, 10))), 3)
    mesh.shift = hours * 3600.0
    mesh.passes()
    leader.looks()
    assert leader.state.clock.counted == 30
    assert weights(mesh) == [5]


def test_time_in_which_nobody_looked_does_not_count():
    mesh, leader = after(spec(steps=(Step(5, 600), Step(100, 10))), 2)
    mesh.passes(3600)
    leader.looks()
    assert leader.state.clock.counted <= 50
    assert weights(mesh) == [5]


def test_a_monotonic_reading_of_another_process_is_not_compared():
    mesh, leader = after(spec(), 1)
    mesh.passes()
    leader.process = "another"
    leader.looks()
    assert leader.state.clock.counted == 0


def test_faults_of_experiments_are_left_out_of_counts_and_clock():
    mesh, leader = after(spec(), 1)
    mesh.injected, mesh.canary_bad = True, 0.9
    for _ in range(10):
        mesh.passes()
        leader.looks()
    assert leader.state.status == "running"
    assert leader.state.evidence["errors"].canary_bad < 100
    mesh.injected, mesh.canary_bad = False, 0.001
    assert goes(mesh, leader).status == "promoted"


def test_the_same_look_twice_counts_once():
    mesh, leader = after(spec(), 1)
    seen = mesh.observed(leader.state, leader.process)
    once = leader.state.evidence["errors"]
    leader.hears(seen)
    leader.looks()
    assert leader.state.evidence["errors"] == once


@pytest.mark.parametrize("source", [True, False])
def test_somebody_elses_edit_pauses_and_is_told(source):
    mesh, leader = after(spec(), 1)
    mesh.source = source
    mesh.cluster.edit(Rule(77))
    mesh.passes()
    leader.looks()
    assert (leader.state.status, why(leader)) == ("paused", "foreign_edit")
    assert mesh.database.told[-1].event == "paused"
    assert mesh.cluster.rule == Rule(77)
    leader.commands("resume")
    assert mesh.cluster.rule == Rule(5)
    mesh.source = True
    assert goes(mesh, leader).status == "promoted"


def test_harm_does_not_write_over_somebody_elses_edit_but_is_told():
    mesh, leader = after(spec(), 1)
    mesh.cluster.edit(Rule(77))
    mesh.canary_bad = 0.5
    mesh.passes()
    leader.looks()
    assert why(leader) == "foreign_edit"
    assert "Harm was found by errors" in leader.state.why.words
    assert mesh.cluster.rule == Rule(77)
    leader.commands("abort")
    assert mesh.cluster.rule == Rule(0)


def test_what_stood_before_the_start_is_nobodys_edit():
    mesh = Mesh(spec())
    mesh.cluster.edit(Rule(30))
    leader = Leader(mesh, 1)
    assert goes(mesh, leader).status == "promoted"


def test_a_namespace_that_is_gone_ends_it_and_nothing_is_written():
    mesh, leader = after(spec(), 1)
    mesh.cluster.namespace_gone, mesh.cluster.rule = True, Rule(-1)
    mesh.passes()
    leader.looks()
    assert leader.state.status == "gone"
    assert weights(mesh) == [5]


def test_a_canary_that_is_gone_gets_no_request_any_more():
    mesh, leader = after(spec(), 1)
    mesh.cluster.canary = "gone"
    mesh.passes()
    leader.looks()
    assert leader.state.status == "gone"
    assert weights(mesh) == [5, 0]


@pytest.mark.parametrize("name", ["abort", "set_weight"])
def test_a_write_in_doubt_is_not_repeated_over_somebody_elses_edit(name):
    mesh, leader = after(spec(), 1)
    mesh.cluster.lost = "after"
    leader.commands(name, weight=12)
    mesh.cluster.edit(Rule(77))
    mesh.passes()
    leader.looks()
    assert (leader.state.status, why(leader), mesh.cluster.rule) == ("paused", "foreign_edit", Rule(77))
    leader.commands("abort")
    assert (leader.state.status, mesh.cluster.rule) == ("aborted", Rule(0))


def test_a_first_write_in_doubt_and_edited_over_leaves_what_stands_as_the_start():
    mesh = Mesh(spec())
    mesh.cluster.lost = "after"
    leader = Leader(mesh, 1)
    leader.looks()
    mesh.cluster.edit(Rule(77))
    mesh.passes()
    leader.looks()
    assert (leader.state.status, mesh.cluster.rule) == ("paused", Rule(77))
    leader.commands("resume")
    assert mesh.cluster.rule == Rule(77)
    assert goes(mesh, leader).status == "promoted"


def test_a_baseline_that_is_gone_ends_it():
    mesh, leader = after(spec(), 1)
    mesh.cluster.baseline = "gone"
    mesh.passes()
    leader.looks()
    assert leader.state.status == "gone"
    assert weights(mesh) == [5]


def test_a_canary_that_is_not_there_yet_is_waited_for():
    mesh = Mesh(spec())
    mesh.cluster.canary = "gone"
    leader = Leader(mesh, 1)
    goes(mesh, leader, looks=5)
    assert (leader.state.status, why(leader), weights(mesh)) == ("held", "not_ready", [])
    mesh.cluster.canary = "ready"
    assert goes(mesh, leader).status == "promoted"


def test_lost_rights_pause_but_harm_still_rolls_back():
    mesh, leader = after(spec(), 1)
    mesh.cluster.may = False
    mesh.passes()
    leader.looks()
    assert (leader.state.status, why(leader)) == ("paused", "rights")
    mesh.canary_bad = 0.05
    mesh.passes()
    leader.looks()
    assert leader.state.status == "rolled_back"
    assert mesh.cluster.rule == Rule(0)


def test_while_nobody_can_tell_the_rights_it_holds():
    mesh, leader = after(spec(), 1)
    mesh.cluster.may = None
    goes(mesh, leader, looks=10)
    assert why(leader) == "rights_unknown"
    assert weights(mesh) == [5]


def test_the_api_server_away_holds_and_a_rollback_waits_for_it():
    mesh, leader = after(spec(), 1)
    mesh.cluster.away = True
    mesh.canary_bad = 0.05
    for _ in range(6):
        mesh.passes()
        leader.looks()
    assert (leader.state.status, why(leader)) == ("held", "harm")
    mesh.cluster.away = False
    mesh.passes()
    leader.looks()
    assert leader.state.status == "rolled_back"
    assert weights(mesh) == [5, 0]


@pytest.mark.parametrize("lost", ["before", "after"])
@pytest.mark.parametrize("canary_bad", [0.001, 0.05])
def test_a_lost_answer_is_looked_up_and_no_write_is_done_twice(lost, canary_bad):
    mesh, leader = after(spec(), 1)
    mesh.canary_bad, mesh.cluster.lost = canary_bad, lost
    goes(mesh, leader)
    assert leader.state.status == ("promoted" if canary_bad < 0.01 else "rolled_back")
    numbers = [number for number, _, _ in mesh.cluster.writes]
    assert len(set(numbers)) == len(numbers)


def test_a_query_out_of_its_bounds_in_a_row_is_harm_and_one_without_a_value_is_no_verdict():
    wanted = spec(guards=(Promql("queue", "queue_length", most=10, looks=2),))
    mesh, leader = after(wanted, 6, values={"queue": None})
    assert why(leader) == "no_verdict" or max(weights(mesh)) < 100
    mesh.values = {"queue": math.nan}
    goes(mesh, leader, looks=20)
    assert why(leader) == "no_verdict"
    mesh.values = {"queue": 11.0}
    mesh.passes()
    leader.looks()
    assert leader.state.status == "held"
    mesh.passes()
    leader.looks()
    assert leader.state.status == "rolled_back"


def test_a_step_that_asks_for_a_person_waits_for_one():
    mesh, leader = after(spec(steps=(Step(5, 20, pause=True), Step(100, 10))), 6)
    assert (leader.state.status, why(leader), weights(mesh)) == ("paused", "step_pause", [5])
    leader.commands("resume")
    assert goes(mesh, leader).status == "promoted"


@pytest.mark.parametrize(
    ("strategy", "steps", "rules"),
    [
        (Strategy("mirror"), (Step(0, 20), Step(50, 20)), [Rule(0, mirror=True), Rule(50)]),
        (Strategy("header", "x-canary", "yes"), (Step(0, 20),), [Rule(0, match=True)]),
        (Strategy("blue_green"), (Step(100, 20),), [Rule(100)]),
    ],
)
def test_each_strategy_has_its_rules_and_ends_with_the_canary_alone(strategy, steps, rules):
    mesh = Mesh(spec(steps=steps, strategy=strategy))
    leader = Leader(mesh, 1)
    mesh.share = "not_measured" if not steps[0].weight else "as_intended"
    for _ in range(60):
        leader.looks()
        mesh.share = "as_intended" if leader.state.wanted.weight else "not_measured"
        mesh.passes()
    assert leader.state.status == "promoted"
    assert [rule for rule in mesh.cluster.stood if rule != Rule(100)] == [r for r in rules if r != Rule(100)]
    assert mesh.cluster.rule == Rule(100)


def test_a_stale_epoch_is_refused():
    mesh, leader = after(spec(), 1)
    Leader(mesh, 2).looks()
    with pytest.raises(StaleEpochError):
        leader.looks()
    with pytest.raises(StaleEpochError):
        machine.resumed(mesh.database.state, mesh.spec, mesh.cluster.world(), mesh.now("old"), 1)
    for heard in (Command("abort", Now(0, 0, ""), 1), Written(1, "done", Now(0, 0, ""), 1)):
        with pytest.raises(StaleEpochError):
            machine.step(mesh.database.state, mesh.spec, heard)


@given(st.integers(1, 12), st.floats(0, 0.02), st.sampled_from(["as_intended", "differs", "not_yet_known"]))
def test_a_state_survives_being_written_down(looks, bad, share):
    wanted = spec(
        guards=(Errors(), Promql("q", "up", least=1)), gates=(Gate("before_weight", "https://x.example"),)
    )
    _, leader = after(wanted, looks, canary_bad=bad, share=share, values={"q": 2.0}, rate=100.0)
    state = leader.state
    assert states.from_json(json.loads(json.dumps(states.to_json(state)))) == state
    assert started(wanted)[1].state != State()
