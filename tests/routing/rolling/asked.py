"""Rollouts as somebody asks for them, and somebody who does what is commanded: in the engine's place, for
tests of what is around it.
"""

import threading
import time
from contextlib import contextmanager

from django.db import connection
from django.db.utils import OperationalError
from django.utils import timezone

from routing.models import Rollout, RolloutCommand
from routing.rolling import records
from routing.rollouts import machine, states
from routing.rollouts.inputs import Command, Now, RefusedError, Written
from routing.rollouts.states import Rule

STEPS = [{"weight": weight, "seconds": 60} for weight in (5, 25, 50, 100)]
BODY = {
    "namespace": "bookinfo",
    "service": "reviews",
    "baseline": "v1",
    "canary": "v3",
    "strategy": "weighted",
    "steps": STEPS,
}
LEDGER = {**BODY, "namespace": "vault", "service": "ledger", "canary": "v2"}
NOW = Now(1000.0, 1000.0, "test")


def begun(pk, step=0):
    """Has a rollout stand at a step, as if its write was just done."""
    driven = records.driven(Rollout.objects.get(pk=pk))
    weight = driven.spec.steps[step].weight
    state = states.State(
        status="running",
        step=step,
        wanted=Rule(weight),
        confirmed=Rule(weight),
        written=1,
        numbers=1,
        epoch=driven.state.epoch,
    )
    kept(driven.row, state)


def kept(row, state, **more):
    """Saves a state, as a leader would."""
    why = {"code": state.why.code, "words": state.why.words} if state.why else None
    Rollout.objects.filter(pk=row.pk).update(
        state=states.to_json(state),
        status=state.status,
        step=state.step,
        weight=max(state.wanted.weight, 0),
        why=why,
        version=Rollout.objects.get(pk=row.pk).version + 1,
        finished_at=timezone.now() if state.ended else None,
        occupies=None if state.ended else row.occupies,
        **more,
    )


def ends(pk, status="promoted"):
    """Has a rollout end."""
    driven = records.driven(Rollout.objects.get(pk=pk))
    kept(driven.row, states.State(status=status, step=driven.state.step, written=1, numbers=1))


def obeys():
    """Does all commands that nobody has done yet, with writes that always land."""
    for command in RolloutCommand.objects.filter(handled_at=None).order_by("pk"):
        driven = records.driven(Rollout.objects.get(pk=command.rollout_id))
        refusal = ""
        try:
            heard = Command(
                command.name, NOW, driven.state.epoch, by=command.by.username, weight=command.weight
            )
            state, _ = machine.step(driven.state, driven.spec, heard)
            if state.intent is not None:
                written = Written(state.intent.id, "done", NOW, state.epoch)
                state, _ = machine.step(state, driven.spec, written)
            kept(driven.row, state)
        except RefusedError as refused:
            refusal = str(refused)
        RolloutCommand.objects.filter(pk=command.pk).update(handled_at=timezone.now(), refusal=refusal)


@contextmanager
def somebody_obeys():
    """Somebody in another thread, while the block runs: needs a database that all threads see."""
    stopping = threading.Event()

    def run():
        while not stopping.wait(0.02):
            try:
                obeys()
            except OperationalError:
                time.sleep(0.01)  # the test's database is one in memory: who reads at this moment locks it
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    try:
        yield
    finally:
        stopping.set()
        thread.join(15)
