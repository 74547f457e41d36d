"""What a person may have a rollout do, at any moment; what makes no sense is refused with words. Pure."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Final

from routing.rollouts.deciding import asking
from routing.rollouts.inputs import Command, RefusedError
from routing.rollouts.moves import Outcome, intended, is_foreign_paused, paused, rule_of, running, steering
from routing.rollouts.spec import Spec
from routing.rollouts.states import Clock, Rule, State, Why


def commanded(state: State, spec: Spec, command: Command) -> Outcome:
    """What a command does. Raises RefusedError."""
    do = _COMMANDS.get(command.name)
    if do is None:
        raise RefusedError(f"There is no such command; known are {', '.join(_COMMANDS)}.")
    if state.ended and command.name != "retry":
        raise RefusedError(f"This rollout has ended: {state.status.replace('_', ' ')}.")
    if state.backward:
        raise RefusedError("The canary is being taken out already; wait for the end.")
    return do(state, spec, command)


def _pause(state: State, _: Spec, command: Command) -> Outcome:
    if state.status == "paused":
        raise RefusedError("It is paused already.")
    return paused(state, "person", f"{command.by or 'A person'} paused it."), ()


def _resume(state: State, _: Spec, _command: Command) -> Outcome:
    if state.status != "paused" or state.why is None:
        held = "It is held, and goes on when the reason is gone: " + (state.why.words if state.why else "")
        raise RefusedError(held if state.status == "held" else "It is not paused.")
    if state.harmed:
        raise RefusedError(f"Harm was found by {', '.join(state.harmed)}: step back, retry or abort.")
    code = state.why.code
    if code == "step_pause":
        return running(replace(state, approved=state.step)), ()
    # Where nothing of the rollout stands yet, it starts from what stands.
    if code == "foreign_edit" and state.intent is None and state.written:
        return intended(running(state), "set", state.wanted, state.step)
    return running(state), ()


def _step_back(state: State, spec: Spec, _: Command) -> Outcome:
    if state.step <= 0:
        raise RefusedError("There is no step before this one; abort takes the canary out.")
    back = state.step - 1
    return intended(replace(state, finishing=False, approved=-1), "back", rule_of(spec, back), back)


def _set_weight(state: State, spec: Spec, command: Command) -> Outcome:
    weight = command.weight
    if weight is None or isinstance(weight, bool) or not 0 <= weight <= 100:
        raise RefusedError("A whole weight from 0 to 100 is needed.")
    if not state.begun:
        raise RefusedError("It has not begun; no weight of it stands yet.")
    # It goes on from there, later: to the first step that gives more.
    step = sum(each.weight <= weight for each in spec.steps) - 1
    words = f"{command.by or 'A person'} set the weight to {weight}; resume goes on from there."
    found = paused(replace(state, approved=step), "weight_set", words)
    return intended(found, "set", steering(spec, weight), step)


def _promote(state: State, spec: Spec, _: Command) -> Outcome:
    if not state.begun:
        raise RefusedError("It has not begun; there is nothing to promote.")
    if state.harmed:
        raise RefusedError(
            f"Harm was found by {', '.join(state.harmed)}: retry judges anew, abort takes it out."
        )
    if state.finishing:
        raise RefusedError("It is being promoted already.")
    found = replace(running(state), finishing=True, gate=None)
    asked = asking(found, spec, ends=True)
    return asked if asked is not None else intended(found, "promote", Rule(100), state.step, "promoted")


def _abort(state: State, _: Spec, command: Command) -> Outcome:
    found = replace(state, why=Why("person", f"{command.by or 'A person'} aborted it."), finishing=False)
    if not state.begun:
        return replace(found, status="aborted", gate=None), ()
    return intended(found, "restore", Rule(), state.step, "aborted")


def _retry(state: State, _: Spec, command: Command) -> Outcome:
    if state.status in ("promoted", "gone"):
        raise RefusedError(f"This rollout has ended: {state.status}; start another one.")
    if state.status not in ("held", "paused", "rolled_back", "aborted"):
        raise RefusedError("Nothing failed that could be tried again.")
    if state.intent is not None:
        raise RefusedError("A write is still in doubt; it is looked after first.")
    if is_foreign_paused(state):
        raise RefusedError("Somebody else's edit stands; resume writes the step's again.")
    if state.ended:
        # Numbers and cursor go on: no intent is mistaken for an old one, and nothing is counted twice.
        return State(epoch=state.epoch, numbers=state.numbers, cursor=state.cursor), ()
    anew = replace(state, evidence={}, trails={}, figures={}, harmed=(), gate=None)
    clock = Clock(reading=command.now.monotonic, process=command.now.process)
    return running(replace(anew, clock=clock)), ()


_COMMANDS: Final[Mapping[str, Callable[[State, Spec, Command], Outcome]]] = {
    "pause": _pause,
    "resume": _resume,
    "step_back": _step_back,
    "set_weight": _set_weight,
    "promote": _promote,
    "abort": _abort,
    "retry": _retry,
}
