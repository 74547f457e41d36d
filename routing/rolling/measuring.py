"""Rollouts as figures for a Prometheus, as far as one person may see them; docs/rollouts.md names each."""

from collections.abc import Iterable
from datetime import timedelta
from typing import Final

from django.db.models import Q
from django.utils import timezone

from cluster.person import PersonCluster
from routing import scope
from routing.models import Rollout, RolloutStatus
from routing.rolling import records, vitals
from routing.rolling.exposing import Exposition
from routing.rolling.ports import Driven
from routing.rollouts.evidence import exp
from routing.rollouts.judge import Evidence
from routing.rollouts.spec import Spec
from routing.rollouts.states import ENDED, State

KEPT: Final = timedelta(hours=1)
"""So long after its end a rollout is told of one by one."""
_ABOUT: Final = ("rollout", "namespace", "service")
_GAUGES: Final = {
    "meshui_rollouts": "Rollouts by status; those that have ended count for ever.",
    "meshui_rollout_info": "What a rollout is about; always 1.",
    "meshui_rollout_status": "1 for the status that a rollout has, 0 for the others.",
    "meshui_rollout_step": "Index of the step, from 0; -1 before the first.",
    "meshui_rollout_steps": "How many steps there are.",
    "meshui_rollout_step_seconds": "Seconds of verified share that count for the step.",
    "meshui_rollout_weight": "The canary's intended weight in percent.",
    "meshui_rollout_configured_share_ratio": "The canary's share (0-1) as the cluster has it.",
    "meshui_rollout_observed_share_ratio": "The canary's share (0-1) of the requests that were counted.",
    "meshui_rollout_share_verified": "Whether the share of this step was verified.",
    "meshui_rollout_guard_e_value": "Evidence of harm; harm is found at the bound.",
    "meshui_rollout_guard_e_value_no_worse": "Evidence that the canary is no worse than the margin.",
    "meshui_rollout_guard_e_value_bound": "The e-value at which there is a verdict.",
    "meshui_rollout_guard_p_value": "The sequential p-value of harm.",
    "meshui_rollout_guard_requests": "Requests that were judged.",
    "meshui_rollout_guard_bad_requests": "Those of them that were bad.",
    "meshui_rollout_guard_looks": "Looks that were judged.",
    "meshui_rollout_guard_value": "What a query answered last; for who may read every namespace.",
    "meshui_rollouts_leader": "Whether this process drives the rollouts.",
    "meshui_rollouts_tick_seconds": "How long this process's last round over all rollouts took.",
}


def exposition(person: PersonCluster) -> str:
    """The rollouts that somebody may see, in Prometheus' text format."""
    found = Exposition()
    for name, words in _GAUGES.items():
        found.family(name, "gauge", words)
    seen = scope.seen_by(person, Rollout.objects.all())
    statuses = list(seen.order_by().values_list("status", flat=True))
    for status in RolloutStatus.values:
        found.add("meshui_rollouts", statuses.count(status), {"status": status})
    recent = seen.filter(~Q(status__in=ENDED) | Q(finished_at__gte=timezone.now() - KEPT))
    everything = person.visible() is None
    for row in recent.select_related("created_by").order_by("pk"):
        driven = records.readable(row)
        if driven is not None:
            _rollout(found, driven, everything=everything)
    found.add("meshui_rollouts_leader", int(vitals.now.leads))
    found.add("meshui_rollouts_tick_seconds", vitals.now.tick_seconds)
    return found.text()


def _rollout(found: Exposition, driven: Driven, *, everything: bool) -> None:
    row, spec, state = driven.row, driven.spec, driven.state
    about = dict(zip(_ABOUT, (str(row.pk), row.namespace, row.service), strict=True))
    more = {
        "cluster": row.cluster,
        "baseline": row.baseline,
        "canary": row.canary,
        "strategy": spec.strategy.kind,
    }
    found.add("meshui_rollout_info", 1, {**about, **more})
    for status in RolloutStatus.values:
        found.add("meshui_rollout_status", int(state.status == status), {**about, "status": status})
    for name, value in (
        ("step", state.step),
        ("steps", len(spec.steps)),
        ("step_seconds", state.clock.counted),
        ("weight", max(state.wanted.weight, 0)),
        ("configured_share_ratio", row.configured_share),
        ("observed_share_ratio", row.observed_share),
        ("share_verified", int(state.clock.verified)),
    ):
        found.add(f"meshui_rollout_{name}", value, about)
    _guards(found, spec, state, about)
    for name in spec.queried if everything else ():
        figure = state.figures.get(name)
        found.add("meshui_rollout_guard_value", figure.value if figure else None, {**about, "guard": name})


def _guards(found: Exposition, spec: Spec, state: State, about: dict[str, str]) -> None:
    for name, guard in spec.judged.items():
        evidence, labels = state.evidence.get(name, Evidence()), {**about, "guard": name}
        figures = (
            ("e_value", exp(evidence.log_harm)),
            ("e_value_no_worse", exp(evidence.log_no_worse)),
            ("e_value_bound", 1 / spec.limits(guard).alpha),
            ("p_value", evidence.p_value),
            ("looks", evidence.looks),
        )
        for figure, value in figures:
            found.add(f"meshui_rollout_guard_{figure}", value, labels)
        for figure, version, count in _counts(evidence):
            found.add(f"meshui_rollout_guard_{figure}", count, {**labels, "version": version})


def _counts(evidence: Evidence) -> Iterable[tuple[str, str, float]]:
    yield "requests", "baseline", evidence.baseline
    yield "requests", "canary", evidence.canary
    yield "bad_requests", "baseline", evidence.baseline_bad
    yield "bad_requests", "canary", evidence.canary_bad
