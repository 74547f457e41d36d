"""What can be told of a rollout before it starts: what its judge could see with the traffic of now, how long
that takes, and what speaks against starting. Pure.

Computed from expected counts: about half of all rollouts take longer. Nothing here is a promise.
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from routing.rollouts import judge
from routing.rollouts.judge import Evidence, Look, Traffic
from routing.rollouts.spec import Spec, Step

LONGEST_LOOKS: Final = 10_000
EXAMPLE: Final = 3.0
"""How many times more bad requests the time to a verdict is told for."""
EXAMPLE_OF_NONE: Final = 0.05
"""The part of bad requests (0-1) that it is told for where the baseline has none."""
_UNMEASURED: Final = {
    "header": "How many requests carry the header is not known",
    "cookie": "How many requests carry the cookie is not known",
    "mirror": "Nothing measures the copies that a mirror sends",
}


@dataclass(frozen=True, slots=True)
class Before:
    """What is known before the start. `per_second`: requests to baseline and canary together; `bad_ratio`:
    the baseline's ratio (0-1) of bad requests by guard, where it is known. `manager`: another tool writes the
    routes, too; `retries`: attempts that hide errors; `gateway_only`: the rule binds no caller in the mesh.
    `verifying`: seconds by weight until the share is verified, before which a step's clock does not run.
    """

    per_second: float
    bad_ratio: Mapping[str, float] = field(default_factory=dict)
    canary_ready: bool = True
    manager: str = ""
    retries: int = 0
    gateway_only: bool = False
    verifying: Mapping[int, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sight:
    """What a guard can see in a step. `smallest`: the smallest factor of bad requests found within it (None:
    none below a hundred, the baseline has none, or nothing to compare); `smallest_ratio` the same as a part
    (0-1) of the canary's requests. `seconds_to_harm`: until a part of `example` is found, which is three
    times the baseline's, or a twentieth where it has none.
    """

    guard: str
    smallest: float | None
    smallest_ratio: float | None
    example: float
    seconds_to_harm: float | None


@dataclass(frozen=True, slots=True)
class StepAhead:
    """A step to come. `seconds`: how long it takes (None: for ever); `sights` by guard."""

    weight: int
    seconds: float | None
    sights: tuple[Sight, ...]


@dataclass(frozen=True, slots=True)
class Caution:
    """What speaks against starting: a code for programs, words for people."""

    code: str
    words: str


@dataclass(frozen=True, slots=True)
class Foresight:
    """What is told before the start. `seconds`: until the expected end of a healthy rollout, without pauses
    and gates (None: it would hold, for ever).
    """

    steps: tuple[StepAhead, ...]
    seconds: float | None
    seconds_to_verdict: float | None
    warnings: tuple[Caution, ...]


def foresee(spec: Spec, before: Before) -> Foresight:
    """What a rollout would see and take, with the traffic of now."""
    steps = tuple(_ahead(step, spec, before) for step in spec.steps)
    took = [step.seconds for step in steps if step.seconds is not None]
    planned = sum(took) if len(took) == len(steps) else None
    verdict = _until_verdict(spec, before, [step.seconds or 0.0 for step in steps])
    verifying = sum(before.verifying.get(step.weight, 0.0) for step in spec.steps)
    ends = None if planned is None or verdict is None else max(planned, verdict) + verifying
    return Foresight(steps, ends, verdict, _warnings(spec, before, steps, verdict))


def _ahead(step: Step, spec: Spec, before: Before) -> StepAhead:
    known = not _is_unmeasured(step, spec)
    canary = before.per_second * step.weight / 100
    waiting = 0.0 if not step.requests or not known else (step.requests / canary if canary else None)
    seconds = None if waiting is None else max(float(step.seconds), waiting)
    looks = int((seconds or step.seconds) / spec.interval_seconds)
    sights = (_sight(name, step, spec, before, looks) for name in spec.judged if name in before.bad_ratio)
    return StepAhead(step.weight, seconds, tuple(sights) if known else ())


def _is_unmeasured(step: Step, spec: Spec) -> bool:
    """Whether the canary gets what nobody counts beforehand: copies, or what carries a header or cookie."""
    return spec.strategy.kind in _UNMEASURED and step.weight == 0


def _sight(name: str, step: Step, spec: Spec, before: Before, looks: int) -> Sight:
    limits, ratio = spec.limits(spec.judged[name]), before.bad_ratio[name]
    traffic = Traffic(before.per_second * spec.interval_seconds, step.weight / 100, ratio)
    example = min(1.0, EXAMPLE * ratio) if ratio > 0 else EXAMPLE_OF_NONE
    found = judge.looks_until_found(traffic, example, limits, LONGEST_LOOKS)
    return Sight(
        guard=name,
        smallest=judge.smallest_visible(traffic, looks, limits),
        smallest_ratio=judge.smallest_ratio_visible(traffic, looks, limits),
        example=example,
        seconds_to_harm=None if found is None else float(found * spec.interval_seconds),
    )


def _until_verdict(spec: Spec, before: Before, seconds: list[float]) -> float | None:
    """Until a healthy canary is found no worse by every guard, at the latest in the last step."""
    found = [_until_no_worse(name, spec, before, seconds) for name in spec.judged]
    known = [each for each in found if each is not None]
    return max(known, default=0.0) if len(known) == len(found) else None


def _until_no_worse(name: str, spec: Spec, before: Before, seconds: list[float]) -> float | None:
    """Goes step by step, and waits where the plan would: before all requests go to the canary."""
    guard, ratio = spec.judged[name], before.bad_ratio.get(name, 0.0)
    limits, evidence, passed = spec.limits(guard), Evidence(), 0.0
    for index, (step, lasts) in enumerate(zip(spec.steps, seconds, strict=True)):
        last = index + 1 == len(spec.steps) or (step.weight > 0 and spec.steps[index + 1].weight == 100)
        per_look = before.per_second * spec.interval_seconds
        canary = per_look * step.weight / 100
        one = Look(per_look - canary, (per_look - canary) * ratio, canary, canary * ratio)
        for _ in range(LONGEST_LOOKS if last else math.ceil(lasts / spec.interval_seconds)):
            evidence = judge.looked(evidence, one, limits)
            passed += spec.interval_seconds
            if judge.verdict(evidence, limits) == "no_worse":
                return passed
        if last:
            return None
    return None


def _warnings(
    spec: Spec, before: Before, steps: tuple[StepAhead, ...], verdict: float | None
) -> tuple[Caution, ...]:
    unknown = [name for name in spec.judged if name not in before.bad_ratio]
    compared = [step for step in steps if 0 < step.weight < 100]
    blind = [step.weight for step in compared if any(sight.smallest_ratio is None for sight in step.sights)]
    unknown_share = any(_is_unmeasured(step, spec) for step in spec.steps)
    said = [
        (
            not before.canary_ready,
            "CANARY_NOT_READY",
            f"{spec.canary} has no ready pod; the start waits for it.",
        ),
        (bool(before.manager), "OTHER_MANAGER", f"{before.manager} writes these routes, too."),
        (before.retries > 0, "RETRIES", f"Up to {before.retries} retries hide errors of the canary."),
        (
            before.gateway_only,
            "GATEWAY_ONLY",
            "The rule binds a gateway only; no caller in the mesh follows it.",
        ),
        (before.per_second <= 0, "NO_TRAFFIC", "There is no traffic now; a rollout without it holds."),
        (bool(unknown), "NOT_MEASURED", f"Nothing is known yet of {', '.join(unknown)}."),
        (
            bool(blind),
            "BLIND",
            f"At {_percent(blind)} not even a canary that always fails would be found in time.",
        ),
        (
            unknown_share,
            "SHARE_NOT_KNOWN",
            f"{_UNMEASURED.get(spec.strategy.kind)}; what could be seen at 0 % is not told.",
        ),
        (
            verdict is None and (bool(compared) or not unknown_share),
            "NO_VERDICT",
            "With this traffic there would be no verdict; it would hold.",
        ),
        (
            not compared and not unknown_share,
            "NOTHING_TO_COMPARE",
            "The two never get requests at once; only what is tolerated is judged, and queries.",
        ),
    ]
    return tuple(Caution(code, words) for holds, code, words in said if holds)


def _percent(weights: list[int]) -> str:
    return ", ".join(f"{weight} %" for weight in weights)
