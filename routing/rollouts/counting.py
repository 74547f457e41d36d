"""What a look adds to a rollout's memory: evidence, figures of queries, and the clock of the step. Pure."""

import math
from dataclasses import replace
from typing import Final

from routing.rollouts.inputs import Now, Observed
from routing.rollouts.judge import Evidence, Verdict, looked, verdict
from routing.rollouts.spec import Promql, Spec
from routing.rollouts.states import Clock, Figure, Point, State, Trail

LONGEST_GAP: Final = 3
"""Time counts as watched for so many intervals after a look, not longer: a suspended leader saw nothing."""

SOON_SECONDS: Final = 2.0
"""Between two looks while a step's clock waits for its share to be verified."""
_LEAST_SECONDS: Final = 0.2


def until_next_look(state: State, spec: Spec) -> float:
    """Seconds: the interval, or less, so that no step takes longer than it has to for want of a look.

    Not with guards by query: their looks in a row are what people chose, and are not to be over in seconds.
    """
    interval = float(spec.interval_seconds)
    if spec.queried or state.step < 0 or state.status not in ("running", "held"):
        return interval
    if not state.clock.verified:
        return soon(spec)
    left = spec.steps[state.step].seconds - state.clock.counted
    return interval if left <= 0 else min(interval, max(left, _LEAST_SECONDS))


def soon(spec: Spec) -> float:
    """Seconds until the first look after a write, and between two until the share is verified."""
    return float(spec.interval_seconds) if spec.queried else min(float(spec.interval_seconds), SOON_SECONDS)


def counted(state: State, spec: Spec, seen: Observed) -> State:
    """The state with the evidence of a look. One that was counted before (its cursor says so) adds nothing,
    nor does one in which an experiment injected faults.
    """
    if not seen.source or seen.cursor <= state.cursor:
        return state
    state = replace(state, cursor=seen.cursor)
    if seen.injected or state.step < 0:
        return state
    evidence, trails = dict(state.evidence), dict(state.trails)
    for name, guard in spec.judged.items():
        if name not in seen.looks:
            continue
        found = looked(evidence.get(name, Evidence()), seen.looks[name], spec.limits(guard))
        evidence[name] = found
        point = Point(seen.now.wall, found.canary, found.log_harm, found.log_no_worse)
        trails[name] = trails.get(name, Trail()).added(point)
    figures = {
        name: _figure(state.figures.get(name, Figure()), guard, seen.values.get(name))
        for name, guard in spec.queried.items()
    }
    clock = replace(state.clock, requests=state.clock.requests + seen.requests)
    found_state = replace(state, evidence=evidence, trails=trails, figures=figures, clock=clock)
    # What was found to do harm stays so, though a query may be within its bounds again.
    return replace(
        found_state, harmed=tuple(n for n, each in verdicts(found_state, spec).items() if each == "harm")
    )


def ticked(clock: Clock, spec: Spec, seen: Observed, *, watched: bool) -> Clock:
    """The clock at a look; the time since the last one counts if the step was `watched`, share and all."""
    passed = _passed(clock, seen.now, LONGEST_GAP * spec.interval_seconds)
    return replace(
        clock,
        verified=clock.verified or watched,
        # Nothing counts before the look that verified the share.
        counted=clock.counted + (passed if watched and clock.verified else 0.0),
        quiet=0.0 if seen.requests else clock.quiet + passed,
        reading=seen.now.monotonic,
        process=seen.now.process,
    )


def verdicts(state: State, spec: Spec) -> dict[str, Verdict]:
    """What each guard says by now; harm once found stays found."""
    found: dict[str, Verdict] = {
        name: verdict(state.evidence.get(name, Evidence()), spec.limits(guard))
        for name, guard in spec.judged.items()
    }
    queried = {
        name: _bounded(guard, state.figures.get(name, Figure())) for name, guard in spec.queried.items()
    }
    return {name: "harm" if name in state.harmed else said for name, said in {**found, **queried}.items()}


def _passed(clock: Clock, now: Now, most: float) -> float:
    if clock.process != now.process:
        return 0.0
    return min(max(0.0, now.monotonic - clock.reading), most)


def within(guard: Promql, value: float) -> bool:
    """Whether a figure keeps its bounds."""
    return (guard.least is None or value >= guard.least) and (guard.most is None or value <= guard.most)


def _figure(figure: Figure, guard: Promql, value: float | None) -> Figure:
    if value is None or math.isnan(value):
        return Figure(None, figure.out, figure.looks + 1)
    out = 0 if within(guard, value) else min(figure.out + 1, guard.looks)
    return Figure(value, out, figure.looks + 1)


def _bounded(guard: Promql, figure: Figure) -> Verdict:
    if figure.out >= guard.looks:
        return "harm"
    return "not_known" if figure.value is None or figure.out else "no_worse"
