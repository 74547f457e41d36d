"""Takes a change back: a new plan, made of what the change kept, applied like any other.

What was created goes, what was updated becomes what it was, what was deleted comes
back, in safe order. Somebody else's change since is a conflict, never an overwrite. The
revert is itself a change, and can be taken back.
"""

import hashlib
import time
from datetime import datetime
from typing import Any, Final

from django.contrib.auth.models import User
from django.db.models import Q
from django.utils import timezone

from cluster.person import PersonCluster
from routing import blast, diff, live, planner, stored
from routing.apply import Clock, Sleep, apply, require_rights
from routing.errors import ConflictError
from routing.models import Change, ChangeState, Plan
from routing.planner import Operation
from routing.recovery import AFTER

UNDER_WAY: Final = (ChangeState.STARTED, ChangeState.APPLIED)
"""States of a revert that keep another one from beginning."""


def revert(
    change: Change,
    by: User,
    person: PersonCluster,
    *,
    note: str = "",
    sleep: Sleep = time.sleep,
    now: Clock = timezone.now,
) -> Change:
    """Takes a change back, as this person and in his cluster, which must be the change's.

    Returns the change that did. Raises ConflictError and what `apply` raises.
    """
    if change.state not in (ChangeState.APPLIED, ChangeState.PARTIAL):
        raise ConflictError(f"Change #{change.pk} has written nothing that could be taken back.")
    require_rights(person, stored.undoing(change.operations))
    if not _claim(change, now()):
        raise ConflictError(f"Change #{change.pk} has been taken back already, or is just now.")
    applied = False
    try:
        plan = _plan(change, by, person, note, now)
        done = apply(plan, by, person, note=note, sleep=sleep, now=now)
        applied = done.state == ChangeState.APPLIED
        return done
    finally:
        if not applied:
            Change.objects.filter(pk=change.pk).update(revert_claimed_at=None)


def _claim(change: Change, now: datetime) -> bool:
    """Whether the change is ours to take back: of two who try at once, one gets it.

    A claim whose process died before it came to anything runs out.
    """
    forgotten = Q(revert_claimed_at__lte=now - AFTER) & ~Q(reverted_by__state__in=UNDER_WAY)
    free = Change.objects.filter(Q(revert_claimed_at=None) | forgotten, pk=change.pk)
    # An UPDATE cannot join; the subquery runs in the same statement.
    return bool(Change.objects.filter(pk__in=free.values("pk")).update(revert_claimed_at=now))


def _plan(change: Change, by: User, person: PersonCluster, note: str, now: Clock) -> Plan:
    operations: list[Operation] = []
    conflicts: list[dict[str, Any]] = []
    for kept in change.operations:
        if kept["state"] != "done":
            continue
        done = stored.restore(kept)
        found = live.get(person, done.ref)
        if diff.same(found, done.before):
            continue
        if not diff.same(found, done.after):
            conflicts.append(stored.conflict(done.ref, done.after, found, done.before))
            continue
        operation = planner.operation(found, done.before, _why(done, change))
        if operation is not None:
            operations.append(operation)
    if conflicts:
        raise ConflictError("Somebody changed it since; nothing was taken back.", conflicts)
    _refuse_dangling(operations, person)
    return _keep(change, by, operations, note, now)


def _refuse_dangling(operations: list[Operation], person: PersonCluster) -> None:
    message = live.dangling(person, operations)
    if message:
        raise ConflictError(f"{message} Nothing was taken back.")


def _keep(change: Change, by: User, operations: list[Operation], note: str, now: Clock) -> Plan:
    ordered = planner.in_safe_order(operations)
    text = f"revert of {change.pk} {planner.digest([], ordered)}"
    kept = [stored.keep(operation) for operation in ordered]
    return Plan.objects.create(
        cluster=change.cluster,
        # What the change was about stays the condition, even where there is less to take back.
        needs=change.needs,
        created_at=now(),
        created_by=by,
        note=note,
        operations=kept,
        blast_radius=blast.unmeasured("What a revert meets is not measured."),
        hash=hashlib.sha256(text.encode()).hexdigest(),
        summary=f"Reverts #{change.pk} ({change.summary})",
        reverts=change,
    )


def _why(done: Operation, change: Change) -> str:
    undone = {
        "create": "Deletes what",
        "update": "Restores what stood here before",
        "delete": "Restores what",
    }
    verb = {"create": "created", "update": "", "delete": "deleted"}[done.action]
    return f"{undone[done.action]} change #{change.pk} {verb}".strip() + "."
