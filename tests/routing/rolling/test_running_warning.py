"""Who plans for a service with a running rollout is told of it; the rollout itself is not."""

import pytest

from routing.models import Plan, Rollout
from routing.rolling.mesh.writer import Writer
from routing.rollouts.states import Rule
from tests.routing.rolling.rows import does, driven
from tests.routing.stage import DELAY, SPLIT

pytestmark = pytest.mark.django_db


def warnings(answer):
    return [each for each in answer.json()["problems"] if each["code"] == "ROLLOUT_RUNNING"]


def test_a_plan_for_its_service_names_the_rollout(api, cluster, olga):
    rollout = driven(olga, confirmed=Rule(0))
    (warning,) = warnings(api.plan(SPLIT))
    assert warning["level"] == "warning"
    assert warning["message"].startswith(f"Rollout #{rollout.row.pk} takes reviews from v1 to v3 just now.")


def test_a_plan_for_another_service_or_after_its_end_does_not(api, cluster, olga):
    driven(olga, confirmed=Rule(0))
    assert warnings(api.plan(DELAY)) == []
    Rollout.objects.update(occupies=None)
    assert warnings(api.plan(SPLIT)) == []


def test_the_writes_of_the_rollout_itself_carry_no_such_warning(cluster, olga):
    done, _ = does(Writer(), driven(olga, confirmed=Rule(0)), "advance", Rule(5))
    assert done.result == "done"
    assert "ROLLOUT_RUNNING" not in {each["code"] for each in Plan.objects.get().problems}


def test_who_may_not_see_the_rollout_learns_only_that_there_is_something(sign_in, people, shared_cluster):
    rollout = driven(people["administrator"], confirmed=Rule(0))
    Rollout.objects.filter(pk=rollout.row.pk).update(needs="Service./vault")
    (hidden,) = warnings(sign_in("operator").plan(SPLIT))
    assert hidden["message"] == "This is about an object that you may not read."
