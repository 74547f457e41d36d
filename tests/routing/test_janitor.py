"""What a server does by itself when it starts: it ends the changes of a process that is gone."""

import threading

import pytest
from django.db.utils import OperationalError

from cluster.errors import Unavailable
from routing import apply, janitor, plans, processes
from routing.models import Change
from tests.routing.stage import DELAY, NO_TRAFFIC

pytestmark = pytest.mark.django_db


@pytest.fixture
def interrupted(cluster, acting, olga):
    """A change whose one write arrived, by a process of this machine that is gone."""
    plan = plans.make({"rules": [DELAY]}, olga, acting, NO_TRAFFIC)
    change = apply.apply(plan, olga, acting)
    place = processes.me().rsplit(" ", 2)[0]
    change.state, change.process = "started", f"{place} {2**22 + 1} 1"
    change.operations[0]["state"] = "not_done"
    change.save()
    return change


def test_it_ends_what_a_process_left(interrupted, caplog):
    (found,) = janitor.tidy_up()
    assert [change.pk for change in found.changes] == [interrupted.pk]
    assert Change.objects.get().state == "applied"
    assert f"change #{interrupted.pk} was interrupted, and is now applied" in caplog.text


def test_a_cluster_that_is_away_is_asked_again_later(interrupted, cluster, caplog):
    cluster.fail_next("get", Unavailable("gone"))
    janitor.tidy_up()
    assert Change.objects.get().state == "started"
    assert "does not answer" in caplog.text
    janitor.tidy_up()
    assert Change.objects.get().state == "applied"


def test_it_runs_until_it_is_stopped_and_survives_a_database_that_is_away(monkeypatch):
    rounds, twice = [], threading.Event()

    def looked(*_):
        rounds.append(threading.current_thread().name)
        if len(rounds) >= 2:
            twice.set()
        raise OperationalError("locked")

    monkeypatch.setattr(janitor, "finish_interrupted", looked)
    monkeypatch.setattr(janitor, "close_old_connections", lambda: None)
    monkeypatch.setattr(janitor.connection, "names", lambda: ["default"])
    running = janitor.Janitor(every_seconds=0.01)
    running.start()
    running.start()
    assert twice.wait(10)
    running.stop()
    seen = len(rounds)
    assert set(rounds) == {"janitor"}
    running.stop()
    assert len(rounds) == seen
