"""The gates after the end: asked until they answered, whoever leads then."""

import pytest
from django.db import connection as database
from django.db.utils import OperationalError

from routing.rollouts.spec import Gate
from tests.routing.rolling.stage import Boundaries, Killed, Played
from tests.routing.rollouts.specs import spec

pytestmark = pytest.mark.django_db


def codes(played):
    return list(
        played.row.events.filter(code__startswith="after_end").order_by("pk").values_list("code", flat=True)
    )


@pytest.fixture
def asked_in_vain(olga):
    """A rollout that ended, and whose leader died while it asked."""

    def dies(where):
        boundaries.at = boundaries.passed + 1
        if where == "ask":
            raise Killed

    boundaries = Boundaries(1, dies)
    played = Played(olga, spec(gates=(Gate("after_end", "https://gate.example"),)), boundaries=boundaries)
    for _ in range(60):
        if "after_end_asked" in codes(played):
            break
        try:
            played.engine.tick()
        except Killed:
            played.stage.dead.add(played.engine.leading.holder)
        played.stage.passes()
    assert codes(played) == ["after_end_asked"]
    return played


def test_the_next_leader_asks_again(asked_in_vain):
    asked_in_vain.dies()
    asked_in_vain.tick()
    asked_in_vain.tick()
    assert codes(asked_in_vain) == ["after_end_asked", "after_end_opened"]


def test_a_database_that_is_away_just_then_is_asked_again_for_them(asked_in_vain):
    asked_in_vain.dies()

    def away(execute, sql, params, many, context):
        if 'FROM "routing_rolloutevent"' in sql:
            raise OperationalError("the database is away")
        return execute(sql, params, many, context)

    with database.execute_wrapper(away):
        asked_in_vain.engine.tick()
    assert asked_in_vain.engine.leading.acts
    asked_in_vain.tick()
    asked_in_vain.tick()
    assert codes(asked_in_vain) == ["after_end_asked", "after_end_opened"]
