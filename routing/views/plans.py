"""The preview of a plan."""

from typing import Any, Final
from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from cluster import people
from cluster.errors import ClusterError
from cluster.person import PersonCluster
from routing import mesh_problems, presenting, scope, stored
from routing.apply import is_stale
from routing.models import Plan, PlanState
from routing.views.base import may_not, shell, targets_of

REFUSALS: Final = {
    PlanState.APPLIED: "This plan is applied already.",
    PlanState.APPLYING: "This plan is being applied right now.",
    PlanState.STALE: "The cluster has changed since this was planned. Plan again to see what is needed now.",
    PlanState.FAILED: "The cluster refused this plan. Plan again when the reason is gone.",
}


@never_cache
@require_GET
def plan(request: HttpRequest, plan_id: UUID) -> HttpResponse:
    """The preview of a plan: what would be written, whom it meets, and Apply."""
    person = people.acting(request)
    rows = scope.seen_by(person, Plan.objects.filter(pk=plan_id))
    row = get_object_or_404(rows.select_related("created_by"))
    view = stored.plan_view(row, person)
    operations = [presenting.operation(item) for item in view["operations"]]
    said = [rule.get("rule") or rule for rule in row.rules]
    targets = targets_of(f"{each['namespace']}/{each['service']}" for each in said if "service" in each)
    problems = presenting.ranked(view["problems"])
    refusal = _refusal(row, problems, person)
    context = {
        "plan": {**view, "operations": operations},
        "summary": row.summary,
        "blast": presenting.blast_radius(view["blast_radius"]),
        "problems": problems,
        "foreseen": presenting.findings(mesh_problems.of_plan(person, row)),
        "targets": targets,
        "back": _editor(targets) if targets else _resource(row),
        "refusal": refusal,
        "plan_again": bool(refusal and row.rules and row.state != PlanState.APPLYING),
        "change_id": row.changes.order_by("-pk").values_list("pk", flat=True).first(),
        "apply_path": reverse("api-apply", args=[row.pk]),
        "example": shell({"hash": row.hash}),
        "data": {"id": str(row.pk), "hash": row.hash, "rules": row.rules, "note": row.note},
    }
    return render(request, "routing/plan.html", context)


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
    return REFUSALS[PlanState.STALE] if stale else may_not(person, row.operations)


def _editor(targets: list[dict[str, str]]) -> str:
    return reverse("routing-service", args=[targets[0]["namespace"], targets[0]["service"]])


def _resource(row: Plan) -> str:
    """Where a plan about no service was made: the page of its first resource, where that is there already."""
    refs = [stored.ref(item["resource"]) for item in row.operations if item["action"] != "create"]
    if not refs:
        return reverse("config")
    ref = refs[0]
    definition = f"{ref.kind.plural}.{ref.kind.group}"
    return reverse("config-resource", args=[definition, ref.namespace, ref.name])
