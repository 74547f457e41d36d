"""The acting pages: rendered here with what is known now; commands go to the REST interface.

Services are shown from the watch cache: when the cluster does not answer, a page shows what was last known,
and says from when it is. Every page is of one cluster and one person: what he may not read is not there.
"""

import json
import shlex
from collections.abc import Iterable, Mapping
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from cluster import people, refs
from cluster.errors import ClusterError
from cluster.person import PersonCluster
from routing import presenting, scope, services, stored
from routing.apply import is_stale
from routing.models import Change, Plan, PlanState
from telemetry import live

PRESETS: Final = (0, 1, 5, 10, 25, 50, 100)
PAGE: Final = 50
REFUSALS: Final = {
    PlanState.APPLIED: "This plan is applied already.",
    PlanState.APPLYING: "This plan is being applied right now.",
    PlanState.STALE: "The cluster has changed since this was planned. Plan again to see what is needed now.",
    PlanState.FAILED: "The cluster refused this plan. Plan again when the reason is gone.",
}
OUTCOME_HELP: Final = {
    "conflict": "Somebody changed the same resources after the preview. Nothing was written; plan again.",
    "partial": "Some writes were done and some not; each says which. Revert takes back those that were.",
    "failed": "Nothing was written, and traffic keeps flowing as before.",
    "started": "It is being written, or the server stopped half-way; the writes say how far it came.",
}


@never_cache
@require_GET
def index(request: HttpRequest) -> HttpResponse:
    """The services with their routing."""
    person = people.acting(request)
    found = services.everything(person, _traffic(person))
    chosen = [name for name in request.GET.get("ns", "").split(",") if name]
    shown = [item for item in found.items if not chosen or item["namespace"] in chosen]
    context = {
        "services": [presenting.service(item) for item in shown],
        "namespaces": sorted({item["namespace"] for item in found.items}),
        "chosen_namespaces": chosen,
        "known_at": found.known_at,
        "away": found.problem,
    }
    return render(request, "routing/index.html", context)


@never_cache
@require_GET
def service(request: HttpRequest, namespace: str, name: str) -> HttpResponse:
    """The editor of one service."""
    if not refs.is_dns_label(namespace) or not refs.is_dns_label(name):
        raise Http404
    person = people.acting(request)
    found = services.one(person, _traffic(person), namespace, name)
    if not found.items and not (found.problem and services.may_know(person, namespace)):
        raise Http404
    if not found.items:
        context: dict[str, Any] = {"away": found.problem, "services": [], "known_at": None}
        return render(request, "routing/index.html", context, status=503)
    item = found.items[0]
    weights = {version["version"]: 0 for version in item["versions"][1:]}
    weights = {version["version"]: 100 for version in item["versions"][:1]} | weights
    rule = {"kind": "split", "namespace": namespace, "service": name, "weights": weights}
    context = {
        "service": presenting.service(item),
        "data": item,
        "presets": PRESETS,
        "known_at": found.known_at,
        "away": found.problem,
        "example": _shell({"rules": [rule]}),
    }
    return render(request, "routing/service.html", context)


@never_cache
@require_GET
def plan(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """The preview of a plan: what would be written, whom it meets, and Apply."""
    person = people.acting(request)
    rows = scope.seen_by(person, Plan.objects.filter(pk=plan_id))
    row = get_object_or_404(rows.select_related("created_by"))
    view = stored.plan_view(row, person)
    operations = [presenting.operation(item) for item in view["operations"]]
    targets = _targets(f"{rule['namespace']}/{rule['service']}" for rule in row.rules)
    problems = presenting.ranked(view["problems"])
    refusal = _refusal(row, problems, person)
    context = {
        "plan": {**view, "operations": operations},
        "summary": row.summary,
        "blast": presenting.blast_radius(view["blast_radius"]),
        "problems": problems,
        "targets": targets,
        "back": _editor(targets),
        "refusal": refusal,
        "plan_again": bool(refusal and row.rules and row.state != PlanState.APPLYING),
        "change_id": row.changes.order_by("-pk").values_list("pk", flat=True).first(),
        "apply_path": reverse("api-apply", args=[row.pk]),
        "example": _shell({"hash": row.hash}),
        "data": {"id": str(row.pk), "hash": row.hash, "rules": row.rules, "note": row.note},
    }
    return render(request, "routing/plan.html", context)


@never_cache
@require_GET
def changes(request: HttpRequest) -> HttpResponse:
    """What was changed, the newest first."""
    before = request.GET.get("before", "")
    rows = scope.seen_by(people.acting(request), Change.objects.order_by("-pk"))
    if before.isascii() and before.isdecimal() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    page = list(rows.select_related("by").prefetch_related("reverted_by")[: PAGE + 1])
    context = {
        "changes": [presenting.change(stored.change_view(row)) for row in page[:PAGE]],
        "next": page[PAGE - 1].pk if len(page) > PAGE else None,
        "before": before,
    }
    return render(request, "routing/changes.html", context)


@never_cache
@require_GET
def change(request: HttpRequest, change_id: int) -> HttpResponse:
    """One change: what was written, what it does to the traffic, and Revert."""
    person = people.acting(request)
    rows = scope.seen_by(person, Change.objects.filter(pk=change_id))
    row = get_object_or_404(rows.select_related("by", "plan").prefetch_related("reverted_by"))
    view = presenting.change(stored.change_view(row))
    undoing = stored.undoing(view["operations"])
    revertible = bool(undoing) and not view["reverted_by"] and row.state in ("applied", "partial")
    intent = _intent(row)
    context = {
        "change": view,
        "targets": _targets(row.services),
        "revertible": revertible,
        "undoing": undoing,
        "may_not": _may_not(person, undoing) if revertible else "",
        "watched": intent is not None,
        "outcome_help": OUTCOME_HELP.get(row.state, ""),
        "revert_path": reverse("api-revert", args=[row.pk]),
        "data": {"id": row.pk, "intent": intent},
    }
    return render(request, "routing/change.html", context)


def _traffic(person: PersonCluster) -> live.Traffic:
    return live.of(person.name, person.visible())


def _refusal(row: Plan, problems: list[dict[str, Any]], person: PersonCluster) -> str:
    """Why a plan cannot be applied; empty when it can."""
    errors = sum(problem["level"] == "error" for problem in problems)
    if row.state != PlanState.READY:
        return REFUSALS[PlanState(row.state)]
    if errors:
        return f"{errors} error{'s' if errors > 1 else ''} must be solved first."
    if not row.operations:
        return "There is nothing to do."
    try:
        stale = is_stale(row, person)
    except ClusterError as error:
        return f"{error.summary} Load this page again when it does."
    return REFUSALS[PlanState.STALE] if stale else _may_not(person, row.operations)


def _may_not(person: PersonCluster, operations: Iterable[Mapping[str, Any]]) -> str:
    """Why this person may not do some of these (kept or shown) operations; empty when he may do all."""
    return next((reason for ask in map(stored.ask, operations) if (reason := person.why_not(ask))), "")


def _intent(row: Change) -> dict[str, Any] | None:
    """The weights that an applied change intended, for watching them come true; None when it set none."""
    splits = [rule for rule in row.plan.rules if rule["kind"] == "split"]
    return splits[0] if splits and row.state == "applied" else None


def _targets(names: Any) -> list[dict[str, str]]:
    """Services named `namespace/service`, each once, as the templates link them."""
    pairs = dict.fromkeys(tuple(str(name).split("/", 1)) for name in names)
    return [{"namespace": pair[0], "service": pair[1]} for pair in pairs if len(pair) == 2]


def _editor(targets: list[dict[str, str]]) -> str:
    if not targets:
        return reverse("routing")
    return reverse("routing-service", args=[targets[0]["namespace"], targets[0]["service"]])


def _shell(body: object) -> str:
    return shlex.quote(json.dumps(body, separators=(",", ":")))
