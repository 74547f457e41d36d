"""The moves of a rollout that are alike whoever asks: an intent is made, lands, or it stands still. Pure."""

from dataclasses import replace
from typing import TypeAlias

from routing.rollouts.inputs import Action, Now, World, Write
from routing.rollouts.spec import Spec
from routing.rollouts.states import Clock, Intent, Kind, Rule, State, Status, Why

Outcome: TypeAlias = tuple[State, tuple[Action, ...]]


def rule_of(spec: Spec, step: int) -> Rule:
    """What is to stand during a step."""
    return steering(spec, spec.steps[step].weight)


def steering(spec: Spec, weight: int) -> Rule:
    """What is to stand while the canary gets a weight in percent, as the strategy has it."""
    kind = spec.strategy.kind
    return Rule(weight, mirror=kind == "mirror" and not weight, match=kind in ("header", "cookie"))


def intended(state: State, kind: Kind, rule: Rule, step: int, end: str = "") -> Outcome:
    """A new intent in the place of any other; to be saved before its write is done."""
    intent, before = Intent(state.numbers + 1, kind, rule, step, end), state.intent
    # What comes to stand of a write that was given up is this rollout's own, not somebody else's.
    doubted = state.doubted if before is None else tuple(dict.fromkeys((*state.doubted, before.rule)))
    found = replace(state, numbers=intent.id, intent=intent, doubted=doubted, wanted=rule, gate=None)
    return found, (_write(intent),)


def taken_back(state: State, why: Why) -> Outcome:
    """The canary gets nothing any more, because of harm: one write, whoever may what."""
    found = replace(state, why=why, finishing=False)
    return intended(found, "rollback", Rule(), state.step, "rolled_back")


def landed(state: State, intent: Intent, now: Now) -> State:
    """The pending intent was done: what it wanted stands, and a step's clock begins anew, unverified."""
    found = replace(
        state,
        confirmed=intent.rule,
        written=intent.id,
        step=intent.step,
        intent=None,
        doubted=(),
        passed=(),
    )
    if intent.end:
        # What the end was for stays to be read, as the step's clock does; a promotion needs no reason.
        why = None if intent.end == "promoted" else state.why
        return replace(found, status=_ending(intent.end), why=why, finishing=False)
    found = replace(found, clock=Clock(reading=now.monotonic, process=now.process))
    return found if state.status == "paused" or is_harm_held(state) else running(found)


def dropped(state: State) -> State:
    """The pending intent was not done, and is not to be done any more."""
    return replace(state, intent=None, doubted=(), wanted=state.confirmed or state.wanted)


def examined(state: State, world: World, now: Now) -> Outcome:
    """What became of the pending intent, by what stands in the cluster: done, to be done still, or overtaken
    by somebody else's edit. While nobody knows what stands, nothing is done.
    """
    intent, standing = state.intent, world.standing
    if intent is None:
        return state, ()
    if standing is None:
        return held(state, "api_away", "The API server does not say what stands; a write is in doubt."), ()
    if standing == intent.rule:
        return landed(state, intent, now), ()
    if standing in state.doubted:
        state = replace(state, confirmed=standing)
    if not _is_still_wanted(state, intent):
        state = dropped(state)
        return (foreign(state, world), ()) if standing != state.confirmed else (state, ())
    if standing == state.confirmed or state.confirmed is None:
        return replace(state, confirmed=standing), (_write(intent),)
    # It may have been done, and somebody wrote over it: not even a way back is written over that twice.
    return foreign(dropped(state), world), ()


def _is_still_wanted(state: State, intent: Intent) -> bool:
    """A step up that was not done yet is not done after a pause or a verdict of harm; a command is."""
    if state.backward or state.finishing or intent.kind in ("back", "set"):
        return True
    return state.status != "paused" and not state.harmed


def is_foreign(state: State, world: World) -> bool:
    """Whether somebody else changed what the rollout owns, since it began to write."""
    if not state.begun or world.standing is None:
        return False
    ours = {state.confirmed, state.intent.rule if state.intent else None, *state.doubted}
    return world.standing not in ours or bool(world.foreign)


def is_foreign_paused(state: State) -> bool:
    """Whether it is paused because of somebody else's edit."""
    return state.status == "paused" and state.why is not None and state.why.code == "foreign_edit"


def foreign(state: State, world: World) -> State:
    """The rollout pauses, because somebody else's edit stands; what was wanted is kept, for a resume."""
    said = world.foreign or "Other weights stand in the cluster than this rollout wrote"
    harm = (
        f" Harm was found by {', '.join(state.harmed)}; abort takes the canary out." if state.harmed else ""
    )
    words = f"{said.rstrip('.')}. Resume writes the step's again.{harm}"
    found = replace(state, confirmed=world.standing, intent=None, doubted=())
    return paused(found, "foreign_edit", words)


def running(state: State, why: Why | None = None) -> State:
    """It goes on; before anything was written it is still planned. `why`: what the step waits for."""
    return replace(state, status="running" if state.begun else "planned", why=why)


def paused(state: State, code: str, words: str) -> State:
    """It stands still until a person resumes it; gates that opened before are asked again then."""
    return replace(state, status="paused", why=Why(code, words), finishing=False, gate=None, passed=())


def held(state: State, code: str, words: str) -> State:
    """It stands still until the reason is gone. A pause stays a pause, a reason to go back is kept.

    Gates that opened are asked again then, unless it is another gate that holds it.
    """
    if state.status == "paused" or is_harm_held(state):
        return state
    why = state.why if state.backward else Why(code, words)
    return replace(state, status="held", why=why, passed=state.passed if code == "gate_refused" else ())


def closed(stage: str) -> str:
    """That a gate of a stage keeps the rollout, in words."""
    return f"A gate {stage.replace('_', ' ')} did not open"


def is_refused(state: State, stage: str) -> bool:
    """Whether it stands still because a gate of this stage did not open."""
    why = state.why
    if state.status != "held" or why is None or why.code != "gate_refused":
        return False
    return why.words.startswith(closed(stage))


def is_harm_held(state: State) -> bool:
    """Whether it stands still because of harm: only a person ends that."""
    return (
        state.status == "held" and not state.backward and state.why is not None and state.why.code == "harm"
    )


def _ending(word: str) -> Status:
    ends: dict[str, Status] = {
        "promoted": "promoted",
        "rolled_back": "rolled_back",
        "aborted": "aborted",
        "gone": "gone",
    }
    return ends[word]


def _write(intent: Intent) -> Write:
    return Write(intent.id, intent.kind, intent.rule)
