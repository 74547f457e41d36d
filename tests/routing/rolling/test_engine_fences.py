"""Writes in doubt are fenced off; what is broken in one rollout stops no other."""

import pytest
from django.db import IntegrityError

from routing.models import RolloutEvent
from routing.rolling.leader import saving
from routing.rolling.leader.leading import Leading
from routing.rolling.leader.lease import Lease
from routing.rollouts import deciding, machine, moves
from routing.rollouts.inputs import Write
from routing.rollouts.states import Rule
from tests.routing.rolling.stage import (
    Boundaries,
    Killed,
    Outage,
    Played,
    Stage,
    assert_true,
    started,
    written,
)
from tests.routing.rolling.stories import WANTED
from tests.routing.rollouts.specs import spec

pytestmark = pytest.mark.django_db


def late(played):
    """The next write is on its way, and its answer is not waited for."""
    played.mesh.cluster.lost = "late"
    for _ in range(10):
        played.looks()
        if played.stage.late:
            return played.stage.late.pop()
    raise AssertionError("nothing was written")


def test_a_write_that_arrives_after_a_pause_is_refused(olga):
    played = Played(olga)
    played.looks()
    on_its_way = late(played)
    played.command("pause")
    played.looks()
    assert on_its_way.arrives() == "refused"
    played.looks(2)
    assert (played.state.status, played.state.why.code) == ("paused", "person")
    assert played.mesh.cluster.rule == Rule(5)
    assert played.state.intent is None
    assert_true(played)


def test_a_write_that_arrived_before_a_command_is_known_when_it_is_done(olga):
    played = Played(olga)
    played.looks()
    on_its_way = late(played)
    assert on_its_way.arrives() == "done"
    played.command("abort")
    played.looks(2)
    assert (played.state.status, played.mesh.cluster.rule) == ("aborted", Rule(0))
    assert [rule.weight for _, rule in written(played)] == [5, 25, 0]
    assert_true(played)


def test_a_write_of_a_leader_that_is_gone_is_refused_when_it_arrives_after_the_next_one_looked(olga):
    played = Played(olga)
    played.looks()
    on_its_way = late(played)
    played.dies()
    played.looks()
    assert on_its_way.arrives() == "refused"
    assert played.goes().status == "promoted"
    assert_true(played)


def test_a_command_waits_for_no_look_of_an_api_server_that_is_away(olga):
    played = Played(olga)
    played.looks()
    late(played)
    played.mesh.cluster.away = True
    played.command("pause")
    played.looks()
    assert (played.state.status, played.state.why.code) == ("paused", "person")


def killed_after_a_write(olga):
    """A rollout whose second write landed, and whose leader was killed before he heard of it."""
    writes = []

    def dies(where):
        writes.append(where)
        if len(writes) == 2:
            raise Killed

    played = Played(olga, WANTED, boundaries=Each("written", dies))
    for _ in range(18):
        played.looks()
    played.engine.leading.release()
    assert played.deaths == 1
    assert played.state.status == "promoted"
    assert_true(played)


class Each(Boundaries):
    """Something happens at each boundary of one name."""

    def __init__(self, name, deed):
        super().__init__()
        self.name, self.each = name, deed

    def passing(self, where):
        if where == self.name:
            self.each(where)


def test_a_landed_write_that_is_taken_for_undone_is_noticed_by_these_tests(olga, monkeypatch):
    """A machine that forgets to look whether a write landed: what every boundary asserts tells."""

    def forgetful(state, world, now):
        if state.intent is not None and world.standing == state.intent.rule:
            return state, (Write(state.intent.id, state.intent.kind, state.intent.rule),)
        return moves.examined(state, world, now)

    killed_after_a_write(olga)
    for module in (machine, deciding):
        monkeypatch.setattr(module, "examined", forgetful)
    with pytest.raises(AssertionError):
        killed_after_a_write(olga)


def test_a_rollout_that_cannot_be_read_stops_no_other(olga, caplog):
    one, other = spec(), spec()
    object.__setattr__(other, "service", "basket")
    stage = Stage(one, other)
    broken, row = started(stage, olga, one), started(stage, olga, other)
    broken.state = {"written": "by another release"}
    broken.save()
    engine = stage.engine()
    for _ in range(20):
        engine.tick()
        stage.passes()
    row.refresh_from_db()
    assert row.status == "promoted"
    assert f"rollout #{broken.pk} cannot be read" in caplog.text


@pytest.mark.parametrize("part", ["world", "look", "write"])
def test_an_error_in_one_rollout_is_logged_and_stops_no_other(olga, part, caplog):
    one, other = spec(), spec()
    object.__setattr__(other, "service", "basket")
    stage = Stage(one, other)
    broken, row = started(stage, olga, one), started(stage, olga, other)
    engine = stage.engine()
    parts = engine._driver._jobs._worlds
    works = getattr(parts, part)

    def fails(driven, *more):
        if driven.row.pk == broken.pk:
            raise ZeroDivisionError("a part is broken")
        return works(driven, *more)

    setattr(parts, part, fails)
    for _ in range(20):
        engine.tick()
        stage.passes()
    row.refresh_from_db()
    assert row.status == "promoted"
    assert f"rollout #{broken.pk} could not be driven" in caplog.text
    assert RolloutEvent.objects.filter(rollout=broken, code="error").exists()
    setattr(parts, part, works)
    for _ in range(20):
        engine.tick()
        stage.passes()
    broken.refresh_from_db()
    assert broken.status == "promoted"


def test_one_that_cannot_be_saved_keeps_no_other_from_being_saved(olga, monkeypatch):
    one, other = spec(), spec()
    object.__setattr__(other, "service", "basket")
    stage = Stage(one, other)
    broken, row = started(stage, olga, one), started(stage, olga, other)
    kept = saving._kept

    def refused(each, epoch):
        if each.row.pk == broken.pk and each.state.step == 0:
            raise IntegrityError("it cannot be kept")
        return kept(each, epoch)

    monkeypatch.setattr(saving, "_kept", refused)
    engine = stage.engine()
    for _ in range(30):
        engine.tick()
        stage.passes()
    row.refresh_from_db()
    assert row.status == "promoted"


@pytest.mark.django_db(transaction=True)
def test_nothing_is_written_to_the_cluster_while_the_database_is_away(olga):
    played = Played(olga)
    played.looks(3)
    played.driven_by(Outage(played.stage, 1))
    before = written(played)
    played.looks(5)
    assert not played.boundaries.quiet()
    assert written(played) == before


class NoLease(Lease):
    """One that was not renewed."""

    held, others, problem = False, False, "The Lease cannot be renewed."

    def __init__(self):
        """Asks nobody."""

    def tend(self):
        """Asks nobody."""

    def leave(self, wait=0.0):
        """Asks nobody."""


def test_without_the_lease_only_the_way_back_is_gone(olga):
    played = Played(olga)
    played.looks(4)
    leading = played.engine.leading
    assert isinstance(leading, Leading)
    leading.lease = NoLease()
    leading._without_since = played.stage.time
    before = written(played)
    played.looks(2)
    assert written(played) == before
    assert (played.state.status, played.state.why.code) == ("held", "api_away")
    assert played.row.events.filter(code="lease").count() == 1
    played.mesh.canary_bad = 0.2
    played.looks(2)
    assert (played.state.status, played.mesh.cluster.rule) == ("rolled_back", Rule(0))
    assert_true(played)
