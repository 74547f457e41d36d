"""A rollout as gates and receivers are asked and told about it."""

from dataclasses import replace
from datetime import UTC, datetime

from routing.models import Rollout
from routing.rolling.ports import Driven
from routing.rollouts import spec as specs
from routing.rollouts import states
from routing.rollouts.spec import Gate, Spec, Step, Told
from routing.rollouts.states import Rule, State

NOW = datetime(2026, 11, 28, 8, 0, tzinfo=UTC)
STEPS = (Step(5, 60), Step(25, 60), Step(100, 60))


def spec(gates=(), notify=()) -> Spec:
    return Spec(
        "bookinfo", "reviews", "v1", "v3", STEPS,
        gates=tuple(Gate(*each) for each in gates),
        notify=tuple(Told(*each) for each in notify),
    )  # fmt: skip


def state(step=0, **more) -> State:
    weight = STEPS[step].weight if step >= 0 else 0
    found = State(status="running", step=step, wanted=Rule(weight), confirmed=Rule(weight), written=step + 1)
    return replace(found, **more)


def row(spec: Spec, state: State, **more) -> Rollout:
    fields = {
        "cluster": "default",
        "needs": "Service./bookinfo",
        "namespace": spec.namespace,
        "service": spec.service,
        "baseline": spec.baseline,
        "canary": spec.canary,
        "spec": specs.to_json(spec),
        "state": states.to_json(state),
        "status": state.status,
        "step": state.step,
        "weight": state.wanted.weight,
        "created_at": NOW,
    }
    return Rollout(**{**fields, **more})


def driven(spec: Spec, state: State, **more) -> Driven:
    return Driven(row(spec, state, **{"pk": 3, **more}), spec, state)
