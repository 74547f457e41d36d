"""The process dies at every boundary of a plan of three writes, and another one finds what it left.

boundaries    before and after each call to the cluster, and before and after each write to the database
afterwards    the record says exactly what the cluster has; Finish leads to what was planned, Revert back
"""

import subprocess
import sys
from contextlib import contextmanager, suppress
from datetime import timedelta

import pytest
from django.db import connection as database
from django.utils import timezone

from cluster import connection, kinds
from cluster.refs import Ref
from routing import apply, diff, finish, live, plans, processes, revert, stored
from routing.errors import ConflictError
from routing.models import Change
from routing.recovery import AFTER, finish_interrupted
from tests.people import own
from tests.routing.stage import (
    NO_TRAFFIC,
    REVIEWS,
    REVIEWS_SUBSETS,
    SPLIT,
    bookinfo,
    destination_rule,
    route,
    virtual_service,
    writes,
)

pytestmark = pytest.mark.django_db
TO_V1 = {"kind": "split", "namespace": "bookinfo", "service": "ratings", "weights": {"v1": 100}}
RULES = [SPLIT, TO_V1]
OBJECTS = [
    REVIEWS,
    REVIEWS_SUBSETS,
    Ref(kinds.VIRTUAL_SERVICE, "bookinfo", "ratings"),
    Ref(kinds.DESTINATION_RULE, "bookinfo", "ratings"),
]


class Killed(BaseException):
    """Nothing catches it, as nothing catches kill -9."""


class Boundaries:
    """Counts the boundaries that are passed, and dies at one of them."""

    def __init__(self, at=None):
        self.at, self.passed, self.armed = at, 0, True

    def passing(self):
        if self.armed:
            self.passed += 1
            if self.passed == self.at:
                self.armed = False
                raise Killed

    def query(self, execute, sql, params, many, context):
        """Around each statement of the database that writes."""
        if sql.split(" ", 1)[0] not in {"INSERT", "UPDATE", "DELETE"}:
            return execute(sql, params, many, context)
        self.passing()
        answer = execute(sql, params, many, context)
        self.passing()
        return answer


class Guarded:
    """The cluster, with a boundary before and after each call."""

    def __init__(self, person, boundaries):
        self._person, self._boundaries = person, boundaries

    def __getattr__(self, name):
        found = getattr(self._person, name)
        if name not in {"get", "list", "page", "create", "replace", "delete"}:
            return found

        def call(*args, **options):
            self._boundaries.passing()
            answer = found(*args, **options)
            self._boundaries.passing()
            return answer

        return call


def contents(cluster):
    found = {ref: live.get(cluster, ref) for ref in OBJECTS}
    return {ref: diff.content(item) if item else None for ref, item in found.items()}


@contextmanager
def staged():
    """Bookinfo with reviews at v1, and nothing about ratings; with the console's own rights."""
    cluster = bookinfo(
        virtual_service("reviews", [{"route": route(("v1", 100))}]), destination_rule("reviews", ["v1", "v2"])
    )
    with connection.override(cluster):
        yield cluster, own()


def killed(olga, acting, boundaries):
    """The plan whose application died at a boundary, or went through."""
    plan = plans.make({"rules": RULES}, olga, acting, NO_TRAFFIC)
    with database.execute_wrapper(boundaries.query), suppress(Killed):
        apply.apply(plan, olga, Guarded(acting, boundaries), sleep=lambda _: None)
    return plan


@pytest.fixture
def whole(olga, settings):
    """How many boundaries an application passes, and what the cluster has after it."""
    settings.ROUTING_SETTLE_SECONDS = 0
    with staged() as (cluster, acting):
        boundaries = Boundaries()
        plan = killed(olga, acting, boundaries)
        assert len(plan.operations) >= 3
        assert boundaries.passed > 40
        return boundaries.passed, contents(cluster)


def restart(cluster):
    """What the next process does: nobody has heard of the change for a while."""
    finish_interrupted("default", cluster, timezone.now() + AFTER + timedelta(seconds=1))


def assert_true(change, cluster):
    """The record says of each object exactly what the cluster has."""
    said = {}
    for entry in change.operations:
        state = entry["after"] if entry["state"] == "done" else entry["before"]
        if entry["state"] == "done" or stored.ref(entry["resource"]) not in said:
            said[stored.ref(entry["resource"])] = diff.content(state) if state else None
    now = contents(cluster)
    assert said == {ref: now[ref] for ref in said}


def left_behind(olga, total):
    """For each boundary: the change of an application that died there and was looked up, with its cluster."""
    for number in range(1, total + 1):
        with staged() as (cluster, acting):
            before = contents(cluster)
            plan = killed(olga, acting, Boundaries(number))
            restart(cluster)
            plan.refresh_from_db()
            change = Change.objects.filter(plan=plan).first()
            if change is None:
                assert (plan.state, contents(cluster)) == ("ready", before)
                continue
            assert_true(change, cluster)
            assert plan.state == ("applied" if change.state == "applied" else "failed")
            yield number, change, cluster, acting, before


def test_wherever_the_process_dies_the_rest_can_be_finished(olga, whole):
    total, planned = whole
    seen = set()
    for number, change, cluster, acting, _ in left_behind(olga, total):
        seen.add(change.state)
        if change.state != "applied":
            rest = finish.plan_rest(change, olga, acting)
            done = apply.apply(rest, olga, acting, sleep=lambda _: None)
            assert (done.state, done.kind, done.finishes) == ("applied", "finish", change)
        assert contents(cluster) == planned, number
    assert seen == {"failed", "partial", "applied"}


def test_wherever_the_process_dies_what_was_done_can_be_taken_back(olga, whole):
    total, _ = whole
    for number, change, cluster, acting, before in left_behind(olga, total):
        if change.state != "failed":
            assert revert.revert(change, olga, acting, sleep=lambda _: None).state == "applied"
        assert contents(cluster) == before, number


def test_a_revert_that_dies_anywhere_can_be_tried_again(olga, whole):
    """Its own claim, its plan and its writes are boundaries as well."""
    number, reached_the_end = 0, False
    while not reached_the_end:
        number += 1
        with staged() as (cluster, acting):
            before = contents(cluster)
            change = apply.apply(
                plans.make({"rules": RULES}, olga, acting, NO_TRAFFIC), olga, acting, sleep=lambda _: None
            )
            boundaries = Boundaries(number)
            with database.execute_wrapper(boundaries.query), suppress(Killed):
                revert.revert(change, olga, Guarded(acting, boundaries), sleep=lambda _: None)
            reached_the_end = boundaries.armed
            restart(cluster)
            change = Change.objects.get(pk=change.pk)
            if stored.reverted_by(change) is None:
                assert revert.revert(change, olga, acting, sleep=lambda _: None).state == "applied"
            assert contents(cluster) == before, number
    assert number > 40


def test_a_recovery_that_dies_is_done_again_by_the_next(olga, whole):
    for number in range(1, 7):
        with staged() as (cluster, acting):
            plan = killed(olga, acting, Boundaries(whole[0] * 3 // 4))
            with database.execute_wrapper(Boundaries(number).query), suppress(Killed):
                restart(cluster)
            restart(cluster)
            plan.refresh_from_db()
            change = Change.objects.get(plan=plan)
            assert (change.state, plan.state) == ("partial", "failed")


def test_a_process_that_comes_back_after_it_was_given_up_writes_nothing_more(olga, settings):
    settings.ROUTING_SETTLE_SECONDS = 0.01
    with staged() as (cluster, acting):
        plan = plans.make({"rules": RULES}, olga, acting, NO_TRAFFIC)
        counted = []

        def held_up(_):
            restart(cluster)
            counted.append(len(writes(cluster)))

        with pytest.raises(ConflictError, match="held up"):
            apply.apply(plan, olga, acting, sleep=held_up)
        assert len(writes(cluster)) == counted[0]
        assert_true(Change.objects.get(plan=plan), cluster)


def test_the_change_of_a_process_that_is_gone_from_here_is_ended_at_once(olga, whole):
    with staged() as (cluster, acting):
        plan = killed(olga, acting, Boundaries(whole[0] * 3 // 4))
        assert finish_interrupted("default", cluster, timezone.now()).changes == []
        child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
        mine = processes.me()
        theirs = processes._named(child.pid)
        Change.objects.filter(plan=plan).update(process=theirs)
        assert finish_interrupted("default", cluster, timezone.now()).changes == []
        child.kill()
        child.wait()
        (change,) = finish_interrupted("default", cluster, timezone.now()).changes
        assert (change.plan, change.state) == (plan, "partial")
        assert not processes.is_gone(mine)


def test_of_a_process_elsewhere_only_its_silence_tells():
    host, boot, namespace, number, _ = processes.me().split(" ")
    assert processes.is_gone(f"{host} {boot} {namespace} {number} 1")
    for elsewhere in (f"other {boot} {namespace}", f"{host} other {namespace}", f"{host} {boot} pid:[1]"):
        assert not processes.is_gone(f"{elsewhere} {number} 1")
    assert not processes.is_gone("")
