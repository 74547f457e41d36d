"""Changes whose process died in the middle."""

from datetime import timedelta

import pytest
from django.utils import timezone

from routing import apply, plans
from routing.models import Change, Plan
from routing.recovery import finish_interrupted
from tests.routing.stage import DELAY, NO_TRAFFIC, SPLIT, writes

pytestmark = pytest.mark.django_db


def test_an_apply_whose_process_died_is_looked_up_and_ended(cluster, acting, olga):
    class Killed(BaseException):
        """Nothing catches it, as nothing catches kill -9."""

    def kill(_):
        raise Killed

    plan = plans.make({"rules": [SPLIT]}, olga, acting, NO_TRAFFIC)
    with pytest.raises(Killed):
        apply.apply(plan, olga, acting, sleep=kill)
    assert Change.objects.get().state == "started"
    assert finish_interrupted("default", cluster, timezone.now()) == []
    before = len(writes(cluster))
    (change,) = finish_interrupted("default", cluster, timezone.now() + timedelta(minutes=11))
    assert change.state == "partial"
    assert [item["state"] for item in change.operations] == ["done", "not_done"]
    assert len(writes(cluster)) == before
    assert Plan.objects.get().state == "failed"


def test_a_write_that_arrived_before_the_process_died_counts_as_done(cluster, acting, olga):
    plan = plans.make({"rules": [DELAY]}, olga, acting, NO_TRAFFIC)
    apply.apply(plan, olga, acting)
    Change.objects.update(state="started")
    row = Change.objects.get()
    row.operations[0]["state"] = "not_done"
    row.save()
    Plan.objects.update(state="applying")
    (change,) = finish_interrupted("default", cluster, timezone.now() + timedelta(minutes=11))
    assert change.state == "applied"
    assert Plan.objects.get().state == "applied"
