"""What a rollout does at a look. The first rule that has something to say decides: what is gone, harm, a
write in doubt, somebody else's edit, the initiator's rights, a pause, a reason to hold, and only then the
next step. Pure.
"""

from collections.abc import Callable
from dataclasses import replace
from typing import Final

from routing.rollouts.counting import counted, ticked, verdicts
from routing.rollouts.evidence import overall, sentence
from routing.rollouts.inputs import Ask, Observed
from routing.rollouts.moves import (
    Outcome,
    examined,
    foreign,
    held,
    intended,
    is_foreign,
    is_foreign_paused,
    is_harm_held,
    is_refused,
    landed,
    paused,
    rule_of,
    running,
    taken_back,
)
from routing.rollouts.spec import Spec
from routing.rollouts.states import Asked, Rule, State, Why

QUIET_SECONDS: Final = 60.0
"""So long may the canary be without a request before the rollout holds."""


def observed(state: State, spec: Spec, seen: Observed) -> Outcome:
    """What to do at a look."""
    if state.ended:
        return state, ()
    if not state.begun:
        # What stands before the first write is nobody's edit.
        state = replace(state, confirmed=seen.world.standing)
    watched = is_watched(state, seen)
    state = counted(state, spec, seen)
    state = replace(state, clock=ticked(state.clock, spec, seen, watched=watched))
    for rule in _RULES:
        found = rule(state, spec, seen)
        if found is not None:
            return found
    return _onward(state, spec, seen)


def is_watched(state: State, seen: Observed) -> bool:
    """Whether the time since the last look counts for the step: its share is what was written, and somebody
    could see what came of it.
    """
    if state.step < 0 or state.intent or state.status == "paused" or not seen.source or seen.injected:
        return False
    if seen.world.standing != state.confirmed or seen.share_of != state.written:
        return False
    # Nothing measures copies, or those with a header; nor a share of nothing.
    unmeasured = state.wanted.mirror or state.wanted.match or not state.wanted.weight
    fine = {"as_intended"} | ({"not_measured"} if unmeasured else set())
    return seen.share in fine or (state.clock.verified and seen.share == "not_yet_known")


def _gone(state: State, spec: Spec, seen: Observed) -> Outcome | None:
    world = seen.world
    if world.namespace_gone:
        return _ended(state, f"The namespace {spec.namespace} is gone."), ()
    if not state.begun:
        return None
    if world.baseline == "gone":
        return _ended(state, f"The baseline {spec.baseline} is gone."), ()
    if world.canary != "gone" or state.backward:
        return None
    words = f"The canary {spec.canary} is gone."
    others = is_foreign(state, world) or is_foreign_paused(state)
    if others or (state.intent is None and state.confirmed == Rule()):
        return _ended(state, words), ()
    # Requests must not go on to a version that is not there.
    return intended(replace(state, why=Why("gone", words)), "restore", Rule(), state.step, "gone")


def _ended(state: State, words: str) -> State:
    why = Why("gone", words)
    return replace(state, status="gone", why=why, intent=None, doubted=(), gate=None, finishing=False)


def _harm(state: State, spec: Spec, seen: Observed) -> Outcome | None:
    if not state.harmed or state.backward or is_harm_held(state) or is_foreign(state, seen.world):
        return None
    if is_foreign_paused(state):
        return None
    why = Why("harm", f"Harm was found by {', '.join(state.harmed)}.")
    if spec.on_harm == "rollback":
        return taken_back(state, why)
    if state.intent is not None or state.status == "paused":
        return None
    return replace(state, status="held", why=why, gate=None, finishing=False), ()


def _pending(state: State, _: Spec, seen: Observed) -> Outcome | None:
    return examined(state, seen.world, seen.now) if state.intent is not None else None


def _foreign(state: State, _: Spec, seen: Observed) -> Outcome | None:
    if not is_foreign(state, seen.world):
        return None
    return foreign(state, seen.world), ()


def _rights(state: State, _: Spec, seen: Observed) -> Outcome | None:
    if seen.world.may is not False or state.status == "paused":
        return None
    words = "Whoever started this may not change these routes any more."
    return paused(state, "rights", words), ()


def _still(state: State, _: Spec, _seen: Observed) -> Outcome | None:
    return (state, ()) if state.status == "paused" or is_harm_held(state) else None


def _holding(state: State, spec: Spec, seen: Observed) -> Outcome | None:
    world = seen.world
    reasons = [
        (world.standing is None, "api_away", "The API server does not say what stands."),
        (world.may is None, "rights_unknown", "Nobody could tell whether the initiator still may."),
        (world.baseline != "ready", "not_ready", f"The baseline {spec.baseline} has no ready pod."),
        (world.canary != "ready", "not_ready", f"The canary {spec.canary} has no ready pod."),
    ]
    if not state.finishing:
        reasons += _unseen(state, seen)
    for holds, code, words in reasons:
        if holds:
            return held(state, code, words), ()
    return None


def _unseen(state: State, seen: Observed) -> list[tuple[bool, str, str]]:
    """What keeps anybody from judging."""
    about_this = seen.share_of == state.written and state.step >= 0
    unmeasured = seen.share == "not_measured" and not is_watched(state, seen) and not seen.injected
    quiet = state.step >= 0 and state.wanted.feeds and state.clock.quiet >= QUIET_SECONDS
    return [
        (not seen.source, "source_away", "The source of metrics is away; nothing is known of the traffic."),
        (
            about_this and seen.share == "differs",
            "share_differs",
            "The canary gets another share than written.",
        ),
        (about_this and unmeasured, "share_not_measured", "Nothing measures the share that the canary gets."),
        (quiet, "no_traffic", f"The canary got no request for {QUIET_SECONDS:.0f} seconds."),
    ]


_RULES: Final[tuple[Callable[[State, Spec, Observed], Outcome | None], ...]] = (
    _gone,
    _harm,
    _pending,
    _foreign,
    _rights,
    _still,
    _holding,
)


def _onward(state: State, spec: Spec, seen: Observed) -> Outcome:
    """The next step, if this one is over and the gates are open."""
    ends = state.finishing or state.step + 1 >= len(spec.steps)
    if state.step >= 0 and not state.finishing:
        waiting = _unfinished(state, spec)
        if waiting is not None:
            return waiting, ()
    asked = asking(state, spec, ends=ends)
    if asked is not None:
        return asked
    state = running(state)
    if ends:
        return _promoted(state, seen)
    found, actions = intended(state, "advance", rule_of(spec, state.step + 1), state.step + 1)
    return running(found), actions


def _promoted(state: State, seen: Observed) -> Outcome:
    found, actions = intended(state, "promote", Rule(100), state.step, "promoted")
    # After a step of 100 it stands already, as this look saw: there is nothing to write.
    if found.intent is not None and state.confirmed == found.intent.rule:
        return landed(found, found.intent, seen.now), ()
    return found, actions


def asking(state: State, spec: Spec, *, ends: bool) -> Outcome | None:
    """Asks the gates of the next move that did not open yet; None when all are open."""
    starts = () if state.begun else ("before_start",)
    for stage in ("before_promotion",) if ends else (*starts, "before_weight"):
        if not spec.asks(stage) or stage in state.passed:
            continue
        if state.gate is not None and state.gate.stage == stage:
            return state, ()
        gate = Asked(state.numbers + 1, stage)
        found, ask = replace(state, gate=gate, numbers=gate.id), (Ask(gate.id, stage),)
        if is_refused(state, stage):
            # It is asked again and again: until it opens there is nothing new to tell.
            return found, ask
        return running(found, Why("gate", f"The gates are asked: {stage.replace('_', ' ')}.")), ask
    return None


def _unfinished(state: State, spec: Spec) -> State | None:
    """The state of a step that is not over, with what it waits for; None when it is over."""
    step, clock = spec.steps[state.step], state.clock
    if not clock.verified:
        return running(
            state, Why("verifying", "The share is not verified yet; the step's clock waits for it.")
        )
    if clock.counted < step.seconds:
        return running(state)
    if state.wanted.feeds and not clock.requests:
        return held(state, "no_traffic", "The canary got no request in this step.")
    if clock.requests < step.requests:
        return running(state, Why("requests", f"{clock.requests:.0f} of {step.requests} requests were seen."))
    return _undecided(state, spec)


def _undecided(state: State, spec: Spec) -> State | None:
    """The state of a step that had its time, and lacks a person or a verdict; None when it lacks nothing."""
    if spec.steps[state.step].pause and state.approved != state.step:
        return paused(state, "step_pause", "This step ends when a person resumes the rollout.")
    said = verdicts(state, spec)
    if _needs_verdict(state, spec) and overall(said) != "no_worse":
        return held(state, "no_verdict", f"There is no verdict that allows more: {sentence(said)}")
    return None


def _needs_verdict(state: State, spec: Spec) -> bool:
    """All requests go to a canary, for good or for a step, only if it was found no worse."""
    ends = state.step + 1 >= len(spec.steps)
    if ends or spec.on_no_verdict == "hold_each_step":
        return True
    return state.wanted.feeds and spec.steps[state.step + 1].weight == 100
