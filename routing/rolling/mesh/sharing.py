"""Whether the canary gets the share that a rollout wrote, so that the clock of a step may run. Pure, but for
the types that it shares with the rest.

It is the verification of changes (routing.verifying) with another margin: a step is not there to measure its
weight to a point, but to have requests of the canary. Its share has to be known to be above nothing, and no
further off than itself, two points at least, ten at most. Requests that it takes, of both versions together:

| weight | 1 | 2 | 5 | 10 | 25 | 50 | 75 | 90 | 95 | 99 | 0 or 100 |
|---|---|---|---|---|---|---|---|---|---|---|---|
| requests | 706 | 1,057 | 370 | 157 | 259 | 298 | 259 | 157 | 370 | 706 | 320 |
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Final

from routing import verifying
from routing.rollouts.inputs import Share
from routing.rollouts.moves import steering
from routing.rollouts.spec import Spec
from routing.rollouts.states import Rule
from routing.sample_ratio import Range, enough
from routing.verifying import SETTLING_SECONDS, Counted, Facts, Setting, Verification

_LEAST: Final = 0.02
_MOST: Final = 0.10


@dataclass(frozen=True, slots=True)
class Counts:
    """What was counted for a share: since the write, and since a later moment. `last`: requests per second by
    version, in the last look; `per_second`: all of them, as last known.
    """

    counted: Counted | None
    lately: Counted | None
    last: Mapping[str, float]
    per_second: float
    seconds_since: float
    unavailable: str = ""


def margin(share: Range) -> float:
    """How near to its range a share has to be known, as a ratio."""
    if share.is_open:
        return 1.0
    return max(_LEAST, min(_MOST, max(0.0, share.middle), max(0.0, 1 - share.middle)))


def verified(
    spec: Spec, rule: Rule, configured: Setting | None, counts: Counts
) -> tuple[Share, Verification]:
    """The verdict on the share of a rule that stands, for the machine and for people."""
    unmeasurable = _unmeasurable(spec, rule)
    if unmeasurable:
        return "not_measured", Verification("not_measured", unmeasurable)
    found = verifying.judge(_facts(spec, rule, configured, counts), margin)
    requests = counts.counted.requests if counts.counted else {}
    if found.verdict == "as_intended" and rule.weight and not requests.get(spec.canary):
        words = "Configured as intended; the canary got no request yet."
        found = replace(found, verdict="not_yet_known", sentence=words)
    return found.verdict, found


def seconds_to_verify(spec: Spec, weight: int, per_second: float) -> float:
    """How long it takes until the share of a weight is verified, at so many requests to both versions; 0
    where nothing measures it, or nobody calls.
    """
    if per_second <= 0 or _unmeasurable(spec, steering(spec, weight)):
        return 0.0
    return SETTLING_SECONDS + _needed(weight) / per_second


@cache
def _needed(weight: int) -> int:
    """Requests to both versions, if they are shared as written."""
    part = weight / 100
    return enough({"canary": Range(part, part), "others": Range(1 - part, 1 - part)}, margin)


def _unmeasurable(spec: Spec, rule: Rule) -> str:
    if rule.mirror:
        return f"{spec.canary} gets copies of requests; nothing measures the share of copies."
    if rule.match:
        by = "cookie" if spec.strategy.kind == "cookie" else "header"
        return f"Requests with a {by} go to {spec.canary}; nobody knows beforehand how many they are."
    if rule.weight < 0:
        return "No weights stand."
    return ""


def _facts(spec: Spec, rule: Rule, configured: Setting | None, counts: Counts) -> Facts:
    total = sum(counts.last.values())
    intended, known = _intended(spec, rule, configured), configured.weights if configured else None
    return Facts(
        intended=intended,
        # What is not as written is seen in the cluster itself; the cache may only be late.
        configured=intended if _same(intended.weights or {}, known) else None,
        counted=counts.counted,
        lately=counts.lately,
        observed={name: each / total for name, each in counts.last.items()} if total else {},
        requests_per_second=counts.per_second,
        seconds_since=counts.seconds_since,
        unavailable=counts.unavailable,
    )


def _intended(spec: Spec, rule: Rule, configured: Setting | None) -> Setting:
    """What the rule means; with what is known of other routes, where it is what stands."""
    weights = {spec.baseline: 100.0 - rule.weight, spec.canary: float(rule.weight)}
    if configured is not None and _same(weights, configured.weights):
        return replace(configured, weights=weights)
    return Setting(weights, {name: Range(each / 100, each / 100) for name, each in weights.items()})


def _same(weights: Mapping[str, float], others: Mapping[str, float] | None) -> bool:
    """Whether the weights are the same; a version that is not named has none."""
    if others is None:
        return False
    return all(abs(weights.get(name, 0.0) - others.get(name, 0.0)) < 1e-6 for name in {*weights, *others})


def canary_share(spec: Spec, counts: Mapping[str, float]) -> float | None:
    """The part (0-1) of the requests that the canary got; None without any."""
    total = sum(counts.values())
    return counts.get(spec.canary, 0.0) / total if total else None
