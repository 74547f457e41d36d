"""A write that may still arrive: whoever goes back while nobody knows has the last word."""

import pytest

from routing.rolling.ports import Done
from routing.rollouts.states import Rule
from tests.routing.rolling import stage
from tests.routing.rolling.stage import Played
from tests.routing.rollouts.specs import spec

pytestmark = pytest.mark.django_db


@pytest.fixture
def played(olga):
    return Played(olga)


def stands(played, weight):
    """Has it go on until this weight stands."""
    for _ in range(40):
        if played.mesh.cluster.rule.weight == weight:
            return
        played.looks()
    raise AssertionError(played.state)


def arrives(played):
    """The write that was under way all the time."""
    (late,) = played.stage.late
    return late.arrives()


def under_way(played):
    """Has the next write be one of which no answer comes, and which has not arrived yet."""
    played.mesh.cluster.lost = "late"
    while not played.stage.late:
        played.looks()


@pytest.mark.parametrize("when", ["while away", "before the way back", "afterwards"])
@pytest.mark.parametrize("ending", ["harm", "abort"])
def test_a_step_up_that_arrives_late_does_not_keep_the_canary_in_the_traffic(played, ending, when):
    stands(played, 25)
    under_way(played)
    played.mesh.cluster.away = True
    if ending == "harm":
        played.mesh.canary_bad = 0.5
    else:
        played.command("abort")
    played.looks(3)
    assert played.state.backward
    if when == "while away":
        arrives(played)
    played.mesh.cluster.away = False
    if when == "before the way back":
        arrives(played)
    played.looks(5)
    if when == "afterwards":
        assert arrives(played) != "done"
    played.looks(2)
    assert played.state.status == {"harm": "rolled_back", "abort": "aborted"}[ending]
    assert played.mesh.cluster.rule == Rule(0)


class Thrifty(stage.Parts):
    """A writer that writes nothing where what is wanted stands already, as the real one; `deaf`: a cluster
    that answers everything but the fence.
    """

    deaf = False

    def fence(self, driven):
        return not Thrifty.deaf and super().fence(driven)

    def write(self, driven, write):
        cluster = self.mesh(driven).cluster
        if not cluster.away and cluster.rule == write.rule:
            return Done("done", "It stands already; nothing had to be written.")
        return super().write(driven, write)


def test_a_step_up_that_arrives_late_is_fenced_off_though_nothing_has_to_be_taken_back(olga, monkeypatch):
    monkeypatch.setattr(stage, "Parts", Thrifty)
    played = Played(olga)
    stands(played, 5)
    played.command("set_weight", 0)
    stands(played, 0)
    played.command("resume")
    under_way(played)
    monkeypatch.setattr(Thrifty, "deaf", True)
    played.command("abort")
    played.looks(3)
    assert played.state.status != "aborted"
    monkeypatch.setattr(Thrifty, "deaf", False)
    played.looks(5)
    assert played.state.status == "aborted"
    assert arrives(played) != "done"
    assert played.mesh.cluster.rule == Rule(0)


def test_a_way_back_is_tried_again_soon_however_seldom_the_rollout_is_looked_at(olga):
    played = Played(olga, spec(interval_seconds=600))
    for _ in range(40):
        played.looks(seconds=600)
        if played.mesh.cluster.rule.weight == 25:
            break
    played.mesh.cluster.away = True
    played.command("abort")
    played.looks(120, seconds=1)
    played.mesh.cluster.away = False
    played.looks(5, seconds=1)
    assert played.state.status == "aborted"
