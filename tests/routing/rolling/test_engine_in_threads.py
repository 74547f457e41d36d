"""The engine as a server runs it: threads and real seconds. What hangs holds up nothing else."""

import threading
import time
from dataclasses import replace

import pytest
from django.utils import timezone

from routing.models import Leadership, Rollout, RolloutCommand
from routing.rolling import commands
from routing.rolling.leader.engine import Engine
from routing.rolling.ports import Done, Sample
from routing.rollouts.inputs import Observed, World
from routing.rollouts.judge import Look
from routing.rollouts.spec import Step
from routing.rollouts.states import Rule
from tests.routing.rolling.stage import Stage, started
from tests.routing.rollouts.specs import spec

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.timeout(300)]
STEPS = (Step(10, 1), Step(100, 1))
PATIENCE = 120


class Parts:
    """A cluster and a traffic in a dictionary, safe in threads. `hangs`: what waits for `released`."""

    def __init__(self):
        self.rules, self.bad, self.hangs = {}, set(), set()
        self.released = threading.Event()

    def _may_hang(self, deed, service):
        if (deed, service) in self.hangs:
            assert self.released.wait(PATIENCE)

    def world(self, driven):
        self._may_hang("world", driven.spec.service)
        return World(self.rules.get(driven.spec.service, Rule(-1)), "ready", "ready", may=True)

    def write(self, driven, write):
        self._may_hang(write.kind, driven.spec.service)
        self.rules[driven.spec.service] = write.rule
        return Done("done")

    def fence(self, driven):
        return True

    def look(self, driven, world, now, epoch):
        bad = 0.3 if driven.spec.service in self.bad else 0.001
        look = Look(50_000.0, 50.0, 5_000.0, 5_000.0 * bad)
        seen = Observed(
            now=now, epoch=epoch, world=world, cursor=now.wall, looks={"errors": look}, requests=5000.0,
            share="as_intended", share_of=driven.state.written,
        )  # fmt: skip
        return seen, Sample()

    def reading(self, cluster):
        return None

    def ask(self, driven, ask):
        return True, ""


@pytest.fixture
def parts():
    return Parts()


@pytest.fixture
def engine(parts):
    running = Engine(parts, parts, parts, parts, every_seconds=0.2)
    running.start()
    running.start()
    yield running
    parts.released.set()
    running.stop()


def begins(olga, service, steps=STEPS, **more):
    wanted = replace(spec(steps, interval_seconds=1), service=service)
    return started(Stage(wanted), olga, wanted, **more)


def until(holds, what):
    end = time.monotonic() + PATIENCE
    while not holds():
        assert time.monotonic() < end, what
        time.sleep(0.05)


def status(row):
    return Rollout.objects.get(pk=row.pk).status


def test_it_drives_to_the_end_and_lets_another_lead_when_it_stops(olga, parts, engine):
    row = begins(olga, "cart")
    until(lambda: status(row) == "promoted", "the rollout did not end")
    assert parts.rules["cart"] == Rule(100)
    assert engine.leading.acts
    engine.stop()
    assert Leadership.objects.get().holder == ""
    assert not engine.leading.acts


def test_a_rollback_waits_for_no_forward_write_that_hangs(olga, parts, engine):
    harmful = begins(olga, "cart", (Step(10, 600),))
    until(lambda: parts.rules.get("cart") == Rule(10), "the rollout did not begin")
    many = [begins(olga, f"slow-{number}") for number in range(12)]
    parts.hangs |= {("advance", row.service) for row in many}
    until(lambda: all(status(row) == "running" for row in many), "nothing else began")
    parts.bad.add("cart")
    until(lambda: status(harmful) == "rolled_back", "the rollback was held up")
    assert parts.rules == {"cart": Rule(0)}
    assert all(status(row) == "running" for row in many)


def test_a_command_waits_for_its_own_write_and_for_no_look(olga, parts, engine):
    row = begins(olga, "cart", (Step(10, 600),))
    until(lambda: parts.rules.get("cart") == Rule(10), "the rollout did not begin")
    parts.hangs.add(("world", "cart"))
    # By now a look hangs, or will.
    commands.send(row, "abort", olga, now=timezone.now())
    until(lambda: status(row) == "aborted", "the abort waited for a look")
    other = begins(olga, "basket")
    parts.hangs.add(("advance", "basket"))
    until(lambda: Rollout.objects.get(pk=other.pk).state["intent"], "nothing was intended")
    waits = commands.send(other, "abort", olga, now=timezone.now())
    parts.released.set()
    until(lambda: RolloutCommand.objects.get(pk=waits.pk).handled_at, "the command was forgotten")
    until(lambda: status(other) in ("aborted", "promoted"), "the rollout did not end")


def test_looks_of_one_cluster_that_hang_hold_up_no_other_cluster(olga, parts, engine):
    services = [f"stuck-{number}" for number in range(6)]
    parts.hangs |= {("world", service) for service in services}
    for service in services:
        begins(olga, service, cluster="west")
    row = begins(olga, "cart")
    until(lambda: status(row) == "promoted", "another cluster's looks held it up")
