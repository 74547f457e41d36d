"""Rollouts as the engine has them in hand, and what it asks of the cluster with them."""

from dataclasses import replace

from django.utils import timezone

from routing.models import Rollout
from routing.rolling.ports import Driven
from routing.rollouts import spec as specs
from routing.rollouts import states
from routing.rollouts.inputs import Write
from routing.rollouts.states import Intent, Rule, State
from tests.routing.rollouts.scenes import spec

NEEDS = "Service./bookinfo VirtualService.networking.istio.io/bookinfo"


def driven(by, asked=None, *, confirmed=None, cluster="default", **state):
    """A rollout of reviews, v1 to v3, that somebody started. `confirmed`: what it believes to stand."""
    asked = asked or spec()
    begun = {"written": 1, "step": 0, "status": "running"} if confirmed is not None else {}
    made = State(confirmed=confirmed, **{**begun, **state})
    row = Rollout.objects.create(
        cluster=cluster,
        needs=NEEDS,
        namespace=asked.namespace,
        service=asked.service,
        baseline=asked.baseline,
        canary=asked.canary,
        spec=specs.to_json(asked),
        state=states.to_json(made),
        occupies=f"{cluster}/{asked.namespace}/{asked.service}",
        created_at=timezone.now(),
        created_by=by,
    )
    return Driven(row, asked, made)


def does(writer, rollout, kind, rule):
    """Has a writer do a write as the engine would; what came of it, and the rollout afterwards."""
    intent = Intent(rollout.state.numbers + 1, kind, rule, max(0, rollout.state.step))
    intended = replace(rollout.state, intent=intent, numbers=intent.id, wanted=rule)
    done = writer.write(replace(rollout, state=intended), Write(intent.id, kind, rule))
    if done.result != "done":
        return done, rollout
    after = replace(intended, intent=None, confirmed=rule, written=intent.id)
    return done, replace(rollout, state=after)


def goes(writer, rollout, *rules):
    """Has these rules stand, one after the other; the rollout afterwards."""
    for rule in rules:
        kind = "restore" if rule == Rule() and rollout.state.written else "advance"
        done, rollout = does(writer, rollout, kind, rule)
        assert done.result == "done", done
    return rollout
