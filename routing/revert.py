"""Takes changes back: a new plan, made of what they kept, applied like any other.

What was created goes, what was updated becomes what it was, what was deleted comes
back, in safe order. Of several changes the newest is undone first, in thought: only the outcome is written.
Somebody else's change since is a conflict, never an overwrite. The revert is itself a change, and can be
taken back.
"""

import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import User
from django.utils import timezone

from cluster.kinds import DESTINATION_RULE, VIRTUAL_SERVICE
from cluster.person import PersonCluster
from cluster.refs import Manifest, Ref
from routing import blast, diff, live, managers, planner, scope, stored
from routing.apply import Clock, apply, require_rights
from routing.errors import ConflictError
from routing.models import Change, ChangeState, Plan, PlanState
from routing.operations import Operation, hashed, outcome
from routing.settling import Sleep


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
    return revert_all([change], by, person, note=note, sleep=sleep, now=now)


def revert_all(
    changes: Sequence[Change],
    by: User,
    person: PersonCluster,
    *,
    note: str = "",
    sleep: Sleep = time.sleep,
    now: Clock = timezone.now,
) -> Change:
    """Takes several changes of one cluster back at once, the newest first, as one plan in safe order.

    Returns the change that did. Raises ConflictError, which names what was changed since by somebody else or
    by a change that is not among them, and what `apply` raises.
    """
    newest_first = sorted(changes, key=lambda change: -change.pk)
    for change in newest_first:
        if change.state not in (ChangeState.APPLIED, ChangeState.PARTIAL):
            raise ConflictError(f"Change #{change.pk} has written nothing that could be taken back.")
        if change.revert_claimed_at is not None:
            raise ConflictError(f"Change #{change.pk} has been taken back already, or is just now.")
    for change in newest_first:
        require_rights(person, stored.undoing(change.operations))
    plan = _plan(newest_first, by, person, note, now)
    try:
        return apply(plan, by, person, note=note, sleep=sleep, now=now)
    finally:
        # Nobody is to apply it later: what it takes back is claimed by its application alone.
        Plan.objects.filter(pk=plan.pk, state=PlanState.READY).update(state=PlanState.STALE)


@dataclass(frozen=True, slots=True)
class _Step:
    """What one change made of one object, from its first write to its last."""

    change: Change
    before: Manifest | None
    after: Manifest | None


def _plan(changes: list[Change], by: User, person: PersonCluster, note: str, now: Clock) -> Plan:
    conflicts: list[dict[str, Any]] = []
    operations: list[Operation] = []
    for ref, steps in _steps(changes).items():
        found = state = live.get(person, ref)
        for step in steps:
            if diff.same(state, step.after):
                state = step.before
            elif not diff.same(state, step.before):
                conflicts.append(stored.conflict(ref, step.after, state, step.before))
                break
        operation = planner.operation(found, state, _why(steps))
        operations += [operation] if operation else []
    if conflicts:
        raise ConflictError(_changed_since(changes, conflicts), conflicts)
    kinds = (VIRTUAL_SERVICE, DESTINATION_RULE)
    resources = [item for kind in kinds for item in live.rules(person, kind)] if operations else []
    ordered = planner.in_safe_order(operations, resources)
    if message := live.dangling(person, ordered) or live.unmet(person, ordered):
        raise ConflictError(f"{message} Nothing was taken back.")
    return _keep(changes, by, ordered, note, now)


def _steps(changes: list[Change]) -> dict[Ref, list[_Step]]:
    """By object, what the changes made of it, the newest first."""
    found: dict[Ref, list[_Step]] = {}
    for change in changes:
        done = [stored.restore(kept) for kept in change.operations if kept["state"] == "done"]
        for ref, (before, after) in outcome(done).items():
            found.setdefault(ref, []).append(_Step(change, before, after))
    return found


def _changed_since(changes: list[Change], conflicts: list[dict[str, Any]]) -> str:
    if len(changes) == 1:
        return "Somebody changed it since; nothing was taken back."
    about = ", ".join(
        f"{item['kind']} {item['namespace']}/{item['name']}"
        for item in (conflict["resource"] for conflict in conflicts)
    )
    return (
        f"{about} was changed since, by somebody else or by a change that is not among these; nothing was "
        "taken back."
    )


def _keep(changes: list[Change], by: User, operations: tuple[Operation, ...], note: str, now: Clock) -> Plan:
    newest = changes[0]
    names = [f"#{change.pk}" for change in changes]
    text = f"revert of {' '.join(names)} {planner.digest([], operations)}"
    kept = [stored.keep(operation) for operation in operations]
    also = f"#{newest.pk} ({newest.summary})" if len(changes) == 1 else ", ".join(names)
    plan = Plan.objects.create(
        cluster=newest.cluster,
        # What the changes were about stays the condition, even where there is less to take back; and there
        # may be more: a route that steps aside for a moment.
        needs=scope.joined(*(change.needs for change in changes), scope.needs(kept, ())),
        created_at=now(),
        created_by=by,
        note=note,
        operations=kept,
        problems=[problem.keep() for problem in managers.warnings(operations)],
        blast_radius=blast.unmeasured("What a revert meets is not measured."),
        hash=hashed(text),
        summary=f"Reverts {also}",
        reverts=newest,
    )
    plan.reverts_also.set(changes[1:])
    return plan


def _why(steps: list[_Step]) -> str:
    names = ", ".join(f"#{step.change.pk}" for step in steps)
    word = "change" if len(steps) == 1 else "changes"
    before, after = steps[-1].before, steps[0].after
    if before is None:
        return f"Deletes what {word} {names} created."
    return (
        f"Restores what {word} {names} deleted."
        if after is None
        else (f"Restores what stood here before {word} {names}.")
    )
