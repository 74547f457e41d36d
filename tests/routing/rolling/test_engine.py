"""The engine on a calm day: a rollout goes through its steps, is judged, and obeys."""

import pytest

from routing.errors import ConflictError
from routing.models import Rollout, RolloutCommand, RolloutEvent
from routing.rolling import commands, records
from routing.rollouts.inputs import COMMANDS, RefusedError
from routing.rollouts.spec import Gate, Told
from routing.rollouts.states import Rule
from tests.routing.rolling.stage import Played, Stage, assert_true, started, written
from tests.routing.rollouts.specs import spec

pytestmark = pytest.mark.django_db


def test_a_healthy_rollout_promotes_itself_step_by_step(olga):
    played = Played(olga)
    assert played.goes().status == "promoted"
    assert [rule.weight for _, rule in written(played)] == [5, 25, 50, 100]
    row = played.fresh
    assert (row.status, row.weight, row.occupies) == ("promoted", 100, None)
    assert row.started_at < row.finished_at
    assert row.course["points"]
    assert_true(played)


def test_harm_is_rolled_back_in_the_same_second(olga):
    played = Played(olga)
    played.looks(4)
    played.mesh.canary_bad = 0.2
    played.stage.passes()
    played.tick()
    assert (played.state.status, played.mesh.cluster.rule) == ("rolled_back", Rule(0))
    assert written(played)[-1] == ("rollback", Rule(0))
    assert_true(played)


@pytest.mark.parametrize("end", ["harm", "abort"])
def test_its_curves_end_with_what_was_written_last(olga, end):
    played = Played(olga)
    played.looks(4)
    if end == "abort":
        played.command("abort")
    played.mesh.canary_bad = 0.2
    played.stage.passes()
    played.tick()
    assert played.fresh.finished_at is not None
    last = played.fresh.course["points"][-1]
    assert (last["intended"], last["configured"]) == (0, 0)


def test_what_was_seen_of_the_weight_before_is_not_shown_as_of_the_one_just_written(olga):
    played = Played(olga)
    played.looks(3)
    assert played.fresh.observed_share is not None
    for command, weight in (("set_weight", 30), ("abort", 0)):
        played.command(command, weight or None)
        # Less than it takes to the next look.
        for _ in range(3):
            played.stage.passes(0.1)
            played.tick()
        row = played.fresh
        shown = (row.weight, row.configured_share, row.observed_share, row.share)
        assert shown == (weight, weight / 100, None, {})


def test_a_command_is_done_once_and_the_same_key_is_the_same_command(olga):
    played = Played(olga)
    played.looks(2)
    first = played.command("set_weight", 30, key="one")
    assert played.command("set_weight", 30, key="one") == first
    for other in (("set_weight", 40), ("pause", None)):
        with pytest.raises(ConflictError, match="another command"):
            played.command(*other, key="one")
    played.looks(2)
    assert played.command("set_weight", 30, key="one") == first
    played.looks(2)
    assert [rule.weight for _, rule in written(played)] == [5, 30]
    first.refresh_from_db()
    assert first.handled_at is not None
    assert first.refusal == ""
    assert (played.state.status, played.state.why.code) == ("paused", "weight_set")
    assert_true(played, 30)


def test_a_refused_command_says_why_in_its_row_and_in_the_log(olga):
    played = Played(olga)
    played.looks(2)
    command = played.command("resume")
    played.looks()
    command.refresh_from_db()
    assert command.refusal == "It is not paused."
    entry = RolloutEvent.objects.get(kind="command")
    assert (entry.code, entry.by) == ("resume", "olga")
    assert "It is not paused." in entry.words


def test_what_is_no_command_is_not_kept(olga):
    played = Played(olga)
    for name, weight in (("explode", None), ("set_weight", None), ("set_weight", 101), ("set_weight", True)):
        with pytest.raises(RefusedError):
            played.command(name, weight)
    assert not RolloutCommand.objects.exists()


def test_commands_that_are_allowed_are_told_before_they_are_tried(olga):
    played = Played(olga)
    planned = commands.allowed(played.row)
    assert set(planned) == set(COMMANDS)
    assert (planned["abort"], planned["pause"]) == ("", "")
    assert "not begun" in planned["promote"]
    played.goes()
    assert "ended" in commands.allowed(played.fresh)["abort"]


def test_a_service_has_one_rollout_at_a_time_and_it_is_named(olga):
    played = Played(olga)
    with pytest.raises(records.OccupiedError, match=f"#{played.row.pk} of cart") as refused:
        started(played.stage, olga, spec())
    assert refused.value.rollout == played.row.pk
    assert records.active() == records.active("default") == [played.row]
    assert records.active("west") == []


def test_the_same_key_starts_the_same_rollout(olga):
    wanted = spec()
    stage = Stage(wanted)
    first = started(stage, olga, wanted, key="one")
    assert started(stage, olga, wanted, key="one") == first
    with pytest.raises(ConflictError, match="another rollout"):
        started(stage, olga, spec(interval_seconds=5), key="one")
    assert Rollout.objects.count() == 1


def test_a_retry_of_what_ended_takes_the_service_again_unless_another_one_has_it(olga):
    played = Played(olga)
    played.looks(2)
    played.command("abort")
    played.tick()
    assert played.state.status == "aborted"
    other = started(played.stage, olga, spec())
    assert f"#{other.pk}" in commands.allowed(played.fresh)["retry"]
    refused = played.command("retry")
    played.tick()
    refused.refresh_from_db()
    assert f"#{other.pk}" in refused.refusal
    assert played.fresh.status == "aborted"
    commands.send(other, "abort", olga, now=played.stage.now())
    played.tick()
    retried = played.command("retry")
    played.looks(2)
    retried.refresh_from_db()
    assert retried.refusal == ""
    assert played.fresh.occupies == "default/shop/cart"
    assert played.goes().status == "promoted"


def test_who_is_told_is_told_of_every_status(olga):
    told = (Told("https://one.example/hook"), Told("https://two.example/hook", "slack"))
    played = Played(olga, spec(notify=told))
    played.goes()
    messages = list(played.row.messages.order_by("pk"))
    assert {each.url for each in messages} == {each.url for each in told}
    assert [each.event for each in messages][-2:] == ["promoted", "promoted"]
    assert all(each.next_at is not None and each.sent_at is None for each in messages)
    statuses = [each.code for each in played.row.events.filter(kind="status").order_by("pk")]
    assert [each.event for each in messages[::2]] == [code for code in statuses if code != "planned"]


def test_gates_are_asked_before_each_move_and_after_the_end(olga):
    stages = ("before_start", "before_weight", "before_promotion", "after_end")
    gates = tuple(Gate(stage, "https://gate.example") for stage in stages)
    played = Played(olga, spec(gates=gates))
    played.mesh.gates = False
    played.looks(6)
    assert (played.state.status, played.state.why.code) == ("held", "gate_refused")
    assert not written(played)
    played.mesh.gates = True
    played.goes()
    told = list(played.row.events.filter(kind="gate").order_by("pk").values_list("code", flat=True))
    assert told[:3] == ["before_start_asked", "before_start_refused", "before_start_opened"]
    assert told.count("before_weight_asked") == told.count("before_weight_opened") == len(played.spec.steps)
    assert told[-2:] == ["after_end_asked", "after_end_opened"]
    assert_true(played)


def test_a_refusal_that_is_repeated_is_told_once(olga):
    played = Played(olga)
    played.looks(2)
    write, refusals = played.mesh.cluster.write, []

    def refused(action, version):
        refusals.append(action)
        return "refused" if len(refusals) < 6 else write(action, version)

    played.mesh.cluster.write = refused
    played.looks(20)
    assert len(refusals) > 6
    assert played.row.events.filter(kind="write", code="refused").count() == 1
    assert played.row.events.filter(kind="write", code="intended", data__weight=25).count() == 1
    assert played.state.status == "promoted"
    assert_true(played)


def test_a_landed_write_says_from_when_on_requests_count(olga):
    played = Played(olga)
    played.tick()
    assert played.fresh.counted_from == played.stage.time
    before = played.stage.time
    played.stage.passes()
    played.tick()
    assert played.fresh.counted_from == before
