"""A rollout that is asked for, as the form types it: durations with a unit, ratios as percent. Pure."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any, Final

from routing.rollouts.spec import Errors, Latency

Json = dict[str, Any]
UNITS: Final = (("h", 3600), ("min", 60), ("s", 1))
STRATEGIES: Final = (
    ("weighted", "Weighted canary", "By weights only, step by step."),
    ("header", "A/B by header", "Requests with a header go to the canary; the others by the weights."),
    ("cookie", "A/B by cookie", "Requests with a cookie go to the canary; the others by the weights."),
    ("mirror", "Mirror first", "In steps of weight 0 the canary gets copies, and nobody its answers."),
    ("blue_green", "Blue-green", "None, then all."),
)
STAGES: Final = (
    ("before_start", "Before the start"),
    ("before_weight", "Before each weight"),
    ("before_promotion", "Before the promotion"),
    ("after_end", "After the end"),
)
FORMATS: Final = (("json", "JSON"), ("slack", "Slack"))


def typed(body: Mapping[str, Any]) -> Json:
    """What the fields of the form begin with, for a request as POST rollouts takes it."""
    guards = {guard["kind"]: guard for guard in body["guards"] if guard["kind"] != "promql"}
    errors = {**asdict(Errors()), **guards.get("errors", {})}
    latency = {**asdict(Latency(0)), "objective_ms": "", **guards.get("latency", {})}
    return {
        **body,
        "steps": [_step(step) for step in body["steps"]],
        "errors": {"on": "errors" in guards, **_in_percent(errors)},
        "latency": {
            "on": "latency" in guards,
            "objective": shortest(latency["objective_ms"]),
            **_in_percent(latency),
        },
        "alpha": percent(body["alpha"]),
    }


def percent(ratio: float) -> str:
    """A ratio as percent, without the dust of binary fractions."""
    return f"{100 * ratio:.10g}"


def shortest(number: float | str) -> str:
    """A number without a fraction that says nothing."""
    return f"{number:.15g}" if isinstance(number, int | float) else number


def duration(seconds: int) -> tuple[str, str]:
    """The amount and the largest unit that says some seconds without a fraction."""
    unit, size = next((unit, size) for unit, size in UNITS if seconds % size == 0)
    return str(seconds // size), unit


def _step(step: Mapping[str, Any]) -> Json:
    amount, unit = duration(step["seconds"])
    return {**step, "amount": amount, "unit": unit, "requests": step["requests"] or ""}


def _in_percent(guard: Mapping[str, Any]) -> Json:
    return {name: percent(guard[name]) for name in ("margin", "tolerated")}
