"""The engine on a calm day: a rollout goes through its steps, is judged, and obeys."""

import pytest

from routing.rollouts.states import Rule
from tests.routing.rolling.stage import Played, assert_true, written

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
