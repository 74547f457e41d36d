"""What other people's services are sent about a rollout: one stable form (docs/webhooks.md), which says what
happened without another question.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings
from django.urls import get_script_prefix, reverse

from cluster import connection
from meshui.clusters import PREFIX
from routing.models import Rollout
from routing.rollouts.evidence import card
from routing.rollouts.spec import Spec
from routing.rollouts.states import State

_FIGURE: Final = ("name", "value", "baseline", "unit", "samples", "e_value", "bound", "verdict", "sentence")
_WORDS: Final = {
    "running": "The rollout goes on.",
    "promoted": "The canary is promoted: it gets all requests.",
    "rolled_back": "The canary is out of the traffic.",
    "aborted": "The canary is out of the traffic.",
}


def told(
    row: Rollout, spec: Spec, state: State, event: str, words: str, *, at: datetime, number: str
) -> dict[str, Any]:
    """What those are sent who want to be told. `number`: by which they know what they got already."""
    evidence = _evidence(spec, state, at)
    return {
        "id": number,
        "event": event,
        "at": _time(at),
        "rollout": rollout(row, spec, state),
        "words": words or _WORDS.get(event, ""),
        **evidence,
    }


def asked(row: Rollout, spec: Spec, state: State, stage: str, *, at: datetime, number: str) -> dict[str, Any]:
    """What a gate is sent. `next_weight` in percent: what the canary gets if all gates open."""
    return {
        "id": number,
        "stage": stage,
        "at": _time(at),
        "rollout": rollout(row, spec, state),
        "next_weight": _next_weight(spec, state, stage),
        **_evidence(spec, state, at),
    }


def rollout(row: Rollout, spec: Spec, state: State) -> dict[str, Any]:
    """Which rollout it is, and how it stands; `weight` in percent, `step` counts from 0 (-1: not begun)."""
    return {
        "id": row.pk,
        "cluster": row.cluster,
        "namespace": spec.namespace,
        "service": spec.service,
        "baseline": spec.baseline,
        "canary": spec.canary,
        "status": state.status,
        "step": state.step,
        "steps": len(spec.steps),
        "weight": state.wanted.weight,
        "url": link(row),
    }


def link(row: Rollout) -> str | None:
    """The address of a rollout's page from elsewhere; None if the console was not told its own."""
    if not settings.PUBLIC_URL:
        return None
    # The engine's thread is about no cluster, so the path is made without the prefix of any.
    path = reverse("rollout", args=[row.pk]).removeprefix(get_script_prefix())
    place = "/" if row.cluster == next(iter(connection.names()), "") else f"{PREFIX}{row.cluster}/"
    return f"{settings.PUBLIC_URL}{place}{path}"


def _evidence(spec: Spec, state: State, at: datetime) -> dict[str, Any]:
    found: Mapping[str, Any] = card(state, spec, at.timestamp())
    figures = [{key: each[key] for key in _FIGURE if key in each} for each in found["figures"]]
    return {"verdict": found["verdict"], "sentence": found["sentence"], "figures": figures}


def _next_weight(spec: Spec, state: State, stage: str) -> int | None:
    if stage == "after_end":
        return None
    if stage == "before_promotion" or state.step + 1 >= len(spec.steps):
        return 100
    return spec.steps[state.step + 1].weight


def _time(at: datetime) -> str:
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
