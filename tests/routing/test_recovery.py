"""Changes whose process died in the middle."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from cluster.errors import Unavailable
from routing import apply, plans, revert
from routing.errors import ConflictError
from routing.models import Change, Plan
from routing.recovery import finish_interrupted
from tests.routing.stage import DELAY, NO_TRAFFIC, SPLIT, writes

pytestmark = pytest.mark.django_db
LONG = timedelta(minutes=11)


def test_an_apply_whose_process_died_is_looked_up_and_ended(cluster, acting, olga):
    class Killed(BaseException):
        """Nothing catches it, as nothing catches kill -9."""

    def kill(_):
        raise Killed

    plan = plans.make({"rules": [SPLIT]}, olga, acting, NO_TRAFFIC)
    with pytest.raises(Killed):
        apply.apply(plan, olga, acting, sleep=kill)
    assert Change.objects.get().state == "started"
    assert finish_interrupted("default", cluster, timezone.now()).changes == []
    before = len(writes(cluster))
    (change,) = finish_interrupted("default", cluster, timezone.now() + LONG).changes
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
    (change,) = finish_interrupted("default", cluster, timezone.now() + LONG).changes
    assert change.state == "applied"
    assert Plan.objects.get().state == "applied"


@pytest.fixture
def interrupted(cluster, acting, olga):
    """Two plans whose writes arrived before the process died, long ago."""
    made = []
    for rule in (DELAY, SPLIT):
        plan = plans.make({"rules": [rule]}, olga, acting, NO_TRAFFIC)
        apply.apply(plan, olga, acting, sleep=lambda _: None)
        made.append(plan)
    for change in Change.objects.all():
        change.state, change.at, change.beat_at = "started", change.at - LONG, change.beat_at - LONG
        change.operations[0]["state"] = "not_done"
        change.save()
    Plan.objects.update(state="applying")
    return [Plan.objects.get(pk=plan.pk) for plan in made]


def states():
    return list(Change.objects.order_by("pk").values_list("state", flat=True))


def test_a_change_that_cannot_be_looked_up_keeps_no_later_one_from_being_ended(interrupted, cluster, capsys):
    cluster.fail_next("get", Unavailable("gone"))
    with pytest.raises(CommandError, match=r"^default: #\d+ .*: The cluster does not answer"):
        call_command("finish_changes")
    assert states() == ["started", "applied"]
    assert ": applied" in capsys.readouterr().out
    call_command("finish_changes")
    assert states() == ["applied", "applied"]


def test_who_applies_an_interrupted_plan_again_has_that_one_looked_up_and_no_other(interrupted, olga, acting):
    _other, mine = interrupted
    assert apply.apply(mine, olga, acting).plan == mine
    assert states() == ["started", "applied"]


def test_a_plan_that_cannot_be_looked_up_counts_as_being_applied(interrupted, cluster, olga, acting):
    cluster.fail_next("get", Unavailable("gone"))
    with pytest.raises(ConflictError, match="being applied right now"):
        apply.apply(interrupted[0], olga, acting)
    assert states() == ["started", "started"]


class AnotherIsFirst:
    """A cluster in which, while one console looks something up, another one does all of what it is about."""

    def __init__(self, cluster, act):
        self._cluster, self._act = cluster, act

    def get(self, ref):
        found = self._cluster.get(ref)
        act, self._act = self._act, lambda: None
        act()
        return found


def test_of_two_consoles_that_end_a_change_one_does_and_gives_nothing_back_twice(cluster, acting, olga):
    class Killed(BaseException):
        """Nothing catches it, as nothing catches kill -9."""

    def kill(_):
        raise Killed

    plan = plans.make({"rules": [SPLIT]}, olga, acting, NO_TRAFFIC)
    change = apply.apply(plan, olga, acting, sleep=lambda _: None)
    with pytest.raises(Killed):
        revert.revert(change, olga, acting, sleep=kill)
    interrupted = Change.objects.get(kind="revert")
    later = timezone.now() + LONG

    def end_and_take_back_again():
        assert finish_interrupted("default", cluster, later).changes == [interrupted]
        Change.objects.filter(pk=change.pk, revert_claimed_at=None).update(revert_claimed_at=later)

    both = AnotherIsFirst(cluster, end_and_take_back_again)
    assert finish_interrupted("default", both, later).changes == []
    change.refresh_from_db()
    assert change.revert_claimed_at == later
