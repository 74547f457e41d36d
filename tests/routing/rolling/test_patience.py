"""A cluster that hangs holds up nobody for long: it is asked once, and what was known is used meanwhile."""

import threading

import pytest

from cluster import connection
from cluster.identity import Ask
from cluster.kinds import VIRTUAL_SERVICE
from routing.rolling.mesh import pictures, rights
from routing.rolling.mesh.rights import KEPT_SECONDS, OLDEST_SECONDS, Rights
from tests.people import person
from tests.routing.stage import bookinfo

pytestmark = pytest.mark.django_db
ASK = Ask("update", VIRTUAL_SERVICE, "bookinfo", "reviews")


class Clock:
    """Stands still until it is told."""

    def __init__(self):
        self.now = 1000.0

    def __call__(self):
        return self.now


class Hanging:
    """Something that is asked, and answers when it is let go."""

    def __init__(self, answer):
        self.answer, self.asked, self.goes = answer, 0, threading.Event()

    def __call__(self, *_args, **_more):
        self.asked += 1
        assert self.goes.wait(60)
        return self.answer


@pytest.fixture
def impatient(monkeypatch):
    """Nobody waits long for what does not answer at all."""
    monkeypatch.setattr(pictures, "PATIENCE_SECONDS", 0.05)
    monkeypatch.setattr(rights, "PATIENCE_SECONDS", 0.05)


class TestReading:
    def kept(self, hanging, clock):
        return pictures._Kept(hanging, clock)

    @pytest.mark.usefixtures("impatient")
    def test_who_comes_while_it_hangs_gets_nothing_and_asks_nothing(self):
        clock, hanging = Clock(), Hanging("the cluster")
        kept = self.kept(hanging, clock)
        assert kept.get(clock.now) is None
        clock.now += 1
        assert [kept.get(0) for _ in range(200)] == [None] * 200
        assert hanging.asked == 1
        hanging.goes.set()

    def test_the_answer_that_came_late_is_the_next_ones(self, impatient, monkeypatch):
        clock, hanging = Clock(), Hanging("the cluster")
        kept = self.kept(hanging, clock)
        assert kept.get(clock.now) is None
        hanging.goes.set()
        monkeypatch.setattr(pictures, "PATIENCE_SECONDS", 60)
        assert kept.get(clock.now) == "the cluster"
        assert hanging.asked == 1

    def test_what_was_read_before_a_write_is_read_again(self):
        clock, hanging = Clock(), Hanging("the cluster")
        hanging.goes.set()
        kept = self.kept(hanging, clock)
        assert kept.get(0) == kept.get(0) == "the cluster"
        assert hanging.asked == 1
        clock.now += 0.5
        assert kept.get(clock.now) == "the cluster"
        assert hanging.asked == 2
        clock.now += pictures.SHARED_SECONDS
        assert kept.get(0) == "the cluster"
        assert hanging.asked == 3

    def test_a_failure_is_shared_for_a_second_too(self):
        clock, asked = Clock(), []

        def fails():
            asked.append(1)
            raise ValueError("broken")

        kept = pictures._Kept(fails, clock)
        assert [kept.get(clock.now) for _ in range(10)] == [None] * 10
        assert len(asked) == 1
        clock.now += pictures.SHARED_SECONDS
        assert kept.get(clock.now) is None
        assert len(asked) == 2


class TestRights:
    """Asked of a cluster that says yes, then hangs, then says no."""

    @pytest.fixture
    def hanging(self):
        return Hanging(answer=False)

    @pytest.fixture
    def world(self, db, hanging, monkeypatch):
        staged = bookinfo()
        ada = person("ada", "ada")
        with connection.override(staged):
            clock = Clock()
            asked = Rights(clock)
            monkeypatch.setattr(rights, "PATIENCE_SECONDS", 60)
            assert asked.may(ada.pk, "default", [ASK]) is True
            monkeypatch.setattr(rights, "PATIENCE_SECONDS", 0.05)
            staged.rights = lambda identity, ask: identity is None or hanging()
            yield clock, lambda: asked.may(ada.pk, "default", [ASK])
            hanging.goes.set()

    def test_an_answer_of_the_last_seconds_is_kept(self, world, hanging):
        clock, may = world
        clock.now += KEPT_SECONDS - 1
        assert may() is True
        assert hanging.asked == 0

    def test_an_older_one_does_while_the_next_is_on_its_way_and_then_no_more(self, world, hanging):
        clock, may = world
        clock.now += KEPT_SECONDS
        assert [may() for _ in range(50)] == [True] * 50
        assert hanging.asked <= 1
        clock.now += OLDEST_SECONDS - KEPT_SECONDS
        assert may() is None

    def test_the_new_answer_counts_when_it_comes(self, world, hanging):
        clock, may = world
        hanging.goes.set()
        clock.now += OLDEST_SECONDS
        for _ in range(200):
            if may() is not None:
                break
            clock.now += 0.1
        assert may() is False
