"""The card that is kept of every step and every stop: all figures with their bounds, not only the one that
failed. Pure, and plain JSON.
"""

import math
from collections.abc import Mapping
from typing import Any, Final

from routing.rollouts.counting import verdicts
from routing.rollouts.judge import Evidence, Verdict
from routing.rollouts.spec import Errors, Latency, Promql, Spec, in_words
from routing.rollouts.states import Figure, State, Trail

_GREATEST: Final = 1e300
"""An e-value can be larger than what a float holds; a card has no infinity, which is no JSON."""


def card(state: State, spec: Spec, wall: float, words: str = "") -> dict[str, Any]:
    """The evidence of a rollout at a moment (`wall` in epoch seconds); `words` say what it is kept for."""
    said = verdicts(state, spec)
    step = spec.steps[state.step] if 0 <= state.step < len(spec.steps) else None
    return {
        "at": wall,
        "namespace": spec.namespace,
        "service": spec.service,
        "baseline": spec.baseline,
        "canary": spec.canary,
        "status": state.status,
        "step": state.step,
        "weight": state.wanted.weight,
        "confirmed_weight": None if state.confirmed is None else state.confirmed.weight,
        "seconds": {"value": round(state.clock.counted, 1), "bound": step.seconds if step else 0},
        "requests": {"value": round(state.clock.requests), "bound": step.requests if step else 0},
        "share_verified": state.clock.verified,
        "why": words or (state.why.words if state.why else ""),
        "verdict": overall(said),
        "sentence": sentence(said),
        "figures": [
            *(_judged(name, guard, spec, state, said[name]) for name, guard in spec.judged.items()),
            *(_queried(name, guard, state, said[name]) for name, guard in spec.queried.items()),
        ],
    }


def overall(said: Mapping[str, Verdict]) -> Verdict:
    """The verdict of all guards: the worst."""
    found = set(said.values())
    if "harm" in found:
        return "harm"
    return "not_known" if "not_known" in found else "no_worse"


def sentence(said: Mapping[str, Verdict]) -> str:
    """The verdict of all guards in words."""
    by = {word: ", ".join(name for name, each in said.items() if each == word) for word in said.values()}
    parts = [
        f"harm by {by['harm']}" if "harm" in by else "",
        f"not known yet by {by['not_known']}" if "not_known" in by else "",
        f"no worse by {by['no_worse']}" if "no_worse" in by else "",
    ]
    text = "; ".join(part for part in parts if part)
    return f"{text[:1].upper()}{text[1:]}."


def _judged(name: str, guard: Errors | Latency, spec: Spec, state: State, said: Verdict) -> dict[str, Any]:
    found, limits = state.evidence.get(name, Evidence()), spec.limits(guard)
    canary, baseline = _ratio(found.canary_bad, found.canary), _ratio(found.baseline_bad, found.baseline)
    trail = state.trails.get(name, Trail())
    return {
        "name": name,
        "query": in_words(guard),
        "value": canary,
        "baseline": baseline,
        "unit": "ratio of bad requests",
        "margin": guard.margin,
        "tolerated": guard.tolerated,
        "samples": {
            "looks": found.looks,
            "canary": found.canary,
            "canary_bad": found.canary_bad,
            "baseline": found.baseline,
            "baseline_bad": found.baseline_bad,
            "needed": limits.requests,
        },
        "e_value": exp(found.log_harm),
        "highest_e_value": exp(found.highest_harm),
        "e_value_no_worse": exp(found.log_no_worse),
        "bound": 1 / limits.alpha,
        "p_value": found.p_value,
        "over_time": [
            {
                "at": each.at,
                "requests": each.requests,
                "harm": exp(each.harm),
                "no_worse": exp(each.no_worse),
            }
            for each in trail.points
        ],
        "verdict": said,
        "sentence": _sentence(found, said),
    }


def _queried(name: str, guard: Promql, state: State, said: Verdict) -> dict[str, Any]:
    figure = state.figures.get(name, Figure())
    words = {
        "harm": f"It was out of its bounds at {figure.out} looks in a row.",
        "no_worse": "It is within its bounds.",
        "not_known": "It has no usable value."
        if figure.value is None
        else "It is out of its bounds for now.",
    }
    return {
        "name": name,
        "query": guard.query,
        "value": figure.value if figure.value is None or math.isfinite(figure.value) else None,
        "bound": {"least": guard.least, "most": guard.most, "looks": guard.looks},
        "samples": {"looks": figure.looks, "out_in_a_row": figure.out},
        "verdict": said,
        "sentence": words[said],
    }


def _sentence(found: Evidence, said: Verdict) -> str:
    seen = (
        f"{found.canary_bad:g} of {found.canary:g} requests of the canary were bad, "
        f"{found.baseline_bad:g} of {found.baseline:g} of the baseline"
    )
    words = {
        "harm": "more than chance and the margin explain",
        "no_worse": "no worse than the margin, or than what is tolerated",
        "not_known": "which does not tell them apart yet",
    }
    return f"{seen}: {words[said]}."


def _ratio(bad: float, all_requests: float) -> float | None:
    return bad / all_requests if all_requests else None


def exp(log: float) -> float:
    """The e-value of its logarithm, as large as JSON can tell it."""
    return math.exp(log) if log < math.log(_GREATEST) else _GREATEST
