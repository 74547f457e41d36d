"""A rollout as a function: of what it remembers and hears, what it remembers next and wants done. Pure.

Whoever runs it keeps to this order. The new state and its actions are saved together, under the leader's
epoch; only then are they done. Of a Write, what became of it is told as `Written`; of an Ask, the answer as
`Answered`. Notify and Record may be done from what was saved, at any time. A leader that takes over, or
begins anew after a crash, calls `resumed` before anything else; what was intended is then looked up in the
cluster, so that no write is done twice and none is lost. A write carries the resource version that was read
with the world in which it was decided, and the epoch is asked once more right before it.
"""

from dataclasses import replace

from routing.rollouts.commanding import commanded
from routing.rollouts.deciding import observed
from routing.rollouts.evidence import card
from routing.rollouts.inputs import (
    Action,
    Answered,
    Ask,
    Command,
    Input,
    Notify,
    Now,
    Observed,
    Record,
    StaleEpochError,
    World,
    Written,
)
from routing.rollouts.moves import Outcome, closed, examined, held, landed
from routing.rollouts.spec import Spec
from routing.rollouts.states import State


def step(state: State, spec: Spec, heard: Input) -> Outcome:
    """What comes of a look, a command or an answer.

    Raises StaleEpochError for another leader's, and RefusedError for a command that makes no sense now.
    """
    if heard.epoch != state.epoch:
        raise StaleEpochError(
            f"The leader of epoch {state.epoch} has this rollout, not that of {heard.epoch}."
        )
    after, actions = _heard(state, spec, heard)
    return _told(state, after, spec, heard.now, actions)


def resumed(state: State, spec: Spec, world: World, now: Now, epoch: int) -> Outcome:
    """What a leader does first with a state that it reads: a write that was intended is looked up, an open
    question asked again. Raises StaleEpochError when a later leader had the state.
    """
    if epoch < state.epoch:
        raise StaleEpochError(f"The leader of epoch {state.epoch} has this rollout, not that of {epoch}.")
    mine = replace(state, epoch=epoch)
    if mine.ended:
        return mine, ()
    if mine.gate is not None:
        return mine, (Ask(mine.gate.id, mine.gate.stage),)
    after, actions = examined(mine, world, now)
    return _told(mine, after, spec, now, actions)


def _heard(state: State, spec: Spec, heard: Input) -> Outcome:
    if isinstance(heard, Observed):
        return observed(state, spec, heard)
    if isinstance(heard, Command):
        return commanded(state, spec, heard)
    return (_written(state, heard) if isinstance(heard, Written) else _answered(state, heard)), ()


def _written(state: State, heard: Written) -> State:
    """An answer to an intent that was given up since changes nothing: what stands is looked at anyway."""
    if state.intent is None or state.intent.id != heard.intent:
        return state
    if heard.result == "done":
        return landed(state, state.intent, heard.now)
    said = "was refused" if heard.result == "refused" else "was not answered"
    return held(state, f"write_{heard.result}", f"A write {said}: {heard.words or 'nothing was said why'}.")


def _answered(state: State, heard: Answered) -> State:
    gate = state.gate
    if gate is None or gate.id != heard.id:
        return state
    if heard.passed:
        return replace(state, gate=None, passed=(*state.passed, gate.stage))
    # The next look asks again: a gate may open later.
    words = f"{closed(gate.stage)}: {heard.words or 'nothing was said why'}."
    return held(replace(state, gate=None), "gate_refused", words)


def _told(before: State, after: State, spec: Spec, now: Now, actions: tuple[Action, ...]) -> Outcome:
    """The outcome with what is to be kept of it, and who is to be told."""
    more: list[Action] = []
    if after.written != before.written and before.step >= 0 and not after.ended:
        # What was wanted by then is the next step's already.
        left = replace(before, wanted=before.confirmed or before.wanted)
        more.append(Record(card(left, spec, now.wall, f"Step {before.step + 1} was left.")))
    if after.backward and not before.backward:
        # Told at once: the write may have to wait for the API server.
        more.append(Record(card(after, spec, now.wall)))
        more.append(Notify("taking_back", after.why.words if after.why else ""))
    reason = after.why.code if after.why else ""
    if after.status != before.status or (
        _is_still(after) and reason != (before.why.code if before.why else "")
    ):
        if _is_still(after) or after.ended:
            more.append(Record(card(after, spec, now.wall)))
        more.append(Notify(after.status, after.why.words if after.why else ""))
    if not after.ended or before.ended:
        return after, (*actions, *more)
    if spec.asks("after_end"):
        after = replace(after, numbers=after.numbers + 1)
        more.append(Ask(after.numbers, "after_end"))
    return after, (*actions, *more)


def _is_still(state: State) -> bool:
    return state.status in ("paused", "held")
