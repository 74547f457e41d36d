"""Claims a plan, and with it the changes that it takes back or finishes: of two who want to, one does."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from django.contrib.auth.models import User
from django.db import transaction

from routing import processes, stored
from routing.errors import ConflictError
from routing.models import Change, Plan, PlanState


def claim(plan: Plan, by: User, note: str, at: datetime) -> Change | None:
    """The change of a plan that is ours to apply; None when somebody else's is."""
    # One transaction: a claim without the row that tells of it would be lost with the process.
    with transaction.atomic():
        ready = Plan.objects.filter(pk=plan.pk, state=PlanState.READY)
        return _start(plan, by, note, at) if ready.update(state=PlanState.APPLYING) else None


def _start(plan: Plan, by: User, note: str, at: datetime) -> Change:
    untouched = {"state": "not_done", "message": ""}
    about = stored.about(plan.rules)
    reverted = _reverted(plan)
    if origins := reverted or [each for each in [plan.finishes] if each is not None]:
        about = sorted({name for each in origins for name in each.services})
    _take(reverted, at)
    if plan.finishes and (reason := why_not_open(Change.objects.get(pk=plan.finishes.pk))):
        raise ConflictError(reason)
    change = Change.objects.create(
        cluster=plan.cluster,
        needs=plan.needs,
        plan=plan,
        kind="revert" if plan.reverts else "finish" if plan.finishes else "apply",
        reverts=plan.reverts,
        finishes=plan.finishes,
        by=by,
        at=at,
        beat_at=at,
        process=processes.me(),
        note=note,
        summary=plan.summary,
        namespace=_namespace(about, plan.operations),
        services=about,
        operations=[{**kept, **untouched} for kept in plan.operations],
        touches=stored.touches(plan.operations),
    )
    change.reverts_also.set(reverted[1:])
    return change


def _reverted(plan: Plan) -> list[Change]:
    """The changes that a plan takes back, the newest first."""
    newest = plan.reverts
    return [] if newest is None else [newest, *plan.reverts_also.all()]


def _take(changes: list[Change], at: datetime) -> None:
    """Makes these changes ours to take back. Raises ConflictError where one is not to be had."""
    free = Change.objects.filter(pk__in=[each.pk for each in changes], revert_claimed_at=None)
    if free.update(revert_claimed_at=at) != len(changes):
        names = ", ".join(f"#{each.pk}" for each in changes)
        word = "Change" if len(changes) == 1 else "One of the changes"
        raise ConflictError(f"{word} {names} has been taken back already, or is just now.")


def why_not_open(change: Change) -> str:
    """Why the rest of a change is not to be written any more, by its record; empty when it is."""
    if change.revert_claimed_at is not None:
        return f"Change #{change.pk} has been taken back already, or is just now."
    if (by := stored.finished_by(change)) is not None:
        return f"Change #{change.pk} was finished by #{by} already."
    return ""


def _namespace(about: Sequence[str], operations: Sequence[Mapping[str, Any]]) -> str:
    """Where a change is: at its first service, else at the first object that it writes."""
    if about:
        return about[0].partition("/")[0]
    return str(operations[0]["resource"]["namespace"]) if operations else ""
