"""Who drives the rollouts: one at any moment, by a row of the database, whatever the clocks say."""

import os
import signal
import subprocess
import sys

import pytest
from django.db import transaction
from django.db.utils import OperationalError

from routing import processes
from routing.models import Leadership
from routing.rolling.leader import leading as leaders
from routing.rolling.leader.leading import TIME_TO_LIVE, Leading
from routing.rollouts.inputs import StaleEpochError
from tests.routing.rolling.stage import database_away

pytestmark = pytest.mark.django_db(transaction=True)


class Clock:
    """One process's monotonic clock; nobody shares it."""

    def __init__(self, now=0.0):
        self.now = now

    def __call__(self):
        return self.now


def one(name, clock=None, gone=()):
    return Leading(name, monotonic=clock or Clock(), is_gone=set(gone).__contains__)


def test_the_first_one_leads_and_the_second_follows():
    first, second = one("first"), one("second")
    assert first.renew()
    assert not second.renew()
    assert (first.epoch, second.epoch) == (1, 0)
    assert first.acts
    assert first.goes_forward
    assert not second.acts


def test_a_follower_takes_over_when_the_leader_is_silent_by_the_followers_own_clock():
    theirs, mine = Clock(5_000_000.0), Clock(7.0)
    leader, follower = one("leader", theirs), one("follower", mine)
    leader.renew()
    follower.renew()
    for _ in range(10):
        mine.now += TIME_TO_LIVE - 1
        leader.renew()
        assert not follower.renew()
    mine.now += TIME_TO_LIVE - 0.1
    assert not follower.renew()
    mine.now += 0.2
    assert follower.renew()
    assert follower.epoch == 2


def test_a_leader_who_slept_finds_out_before_he_writes():
    clock = Clock()
    sleeper, other = one("sleeper", clock), one("other", gone=["sleeper"])
    sleeper.renew()
    epoch = sleeper.epoch
    assert sleeper.still(epoch)
    other.renew()
    assert not sleeper.still(epoch)
    with pytest.raises(StaleEpochError), transaction.atomic():
        leaders.require(epoch)
    assert not sleeper.renew()
    assert not sleeper.acts
    # And no epoch of an earlier time of his counts either.
    assert sleeper.renew() is False
    assert not sleeper.still(epoch)


def test_a_leader_who_cannot_renew_for_the_time_to_live_stops_by_himself():
    clock = Clock()
    leader = one("leader", clock)
    leader.renew()
    clock.now += TIME_TO_LIVE - 1
    with database_away(), pytest.raises(OperationalError):
        leader.renew()
    assert leader.acts
    clock.now += 1
    assert not leader.acts
    assert not leader.still(leader.epoch)
    # Nobody took over meanwhile: he goes on, in the same epoch.
    assert leader.renew()
    assert (leader.acts, leader.epoch) == (True, 1)


def test_who_stops_in_order_is_followed_at_once():
    leader, follower = one("leader"), one("follower")
    leader.renew()
    follower.renew()
    leader.release()
    assert not leader.acts
    assert follower.renew()
    leader.release()
    assert Leadership.objects.get().holder == "follower"


def test_of_two_who_take_over_one_does():
    dead, one_of, other = one("dead"), one("one", gone=["dead"]), one("other", gone=["dead"])
    dead.renew()
    seen = one_of._row()
    other._row = one_of._row = lambda: seen
    assert [one_of.renew(), other.renew()] == [True, False]
    assert Leadership.objects.get().epoch == 2


def test_a_name_tells_whether_its_process_has_ended():
    mine = leaders.named()
    assert mine != leaders.named()
    assert not leaders.gone(mine)
    child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    theirs = f"0123456789ab {processes._named(child.pid)}"
    assert not leaders.gone(theirs)
    os.kill(child.pid, signal.SIGSTOP)
    assert not leaders.gone(theirs)
    child.kill()
    child.wait()
    assert leaders.gone(theirs)
    assert not leaders.gone("")
