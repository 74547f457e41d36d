"""Finishes a change that stopped half-way: a new plan of exactly the writes that are left.

They lead to the state that was planned, whatever stood there when the change stopped: a route that was to
come back to a subset does. What was written and what was not is looked up once more, so that an answer that
was lost, or a finish that stopped itself, is no obstacle; what somebody changed since is.
"""

from dataclasses import replace
from itertools import chain
from typing import Any, Final

from django.contrib.auth.models import User
from django.utils import timezone

from cluster.person import PersonCluster
from cluster.refs import Manifest, Ref
from routing import blast, claiming, diff, live, managers, planner, scope, stored
from routing.apply import Clock
from routing.errors import ConflictError
from routing.models import Change, ChangeState, Plan
from routing.operations import Operation, hashed

UNFINISHED: Final = (ChangeState.PARTIAL, ChangeState.FAILED)


def why_not(change: Change) -> str:
    """Why a change cannot be finished, by its record; empty when it can."""
    if change.state not in UNFINISHED:
        return f"Change #{change.pk} did not stop half-way."
    return claiming.why_not_open(change)


def plan_rest(
    change: Change, by: User, person: PersonCluster, *, note: str = "", now: Clock = timezone.now
) -> Plan:
    """A plan of what a change has not written yet, in its cluster; nothing is written.

    Raises ConflictError when it cannot be finished, or somebody changed an object since;
    `cluster.errors.ClusterError` when the cluster does not answer.
    """
    if reason := why_not(change):
        raise ConflictError(reason)
    operations = _left(change, person)
    if not operations:
        raise ConflictError(f"Nothing is left of change #{change.pk}: the cluster has all of it.")
    if message := live.dangling(person, operations) or live.unmet(person, operations):
        raise ConflictError(f"{message} Nothing was planned.")
    kept = [stored.keep(operation) for operation in operations]
    return Plan.objects.create(
        cluster=change.cluster,
        needs=scope.joined(change.needs, scope.needs(kept, change.services)),
        created_at=now(),
        created_by=by,
        note=note,
        operations=kept,
        problems=[problem.keep() for problem in managers.warnings(operations)],
        blast_radius=blast.unmeasured("What the rest of a change meets is not measured."),
        hash=hashed(f"finish of {change.pk} {planner.digest([], operations)}"),
        summary=f"Finishes #{change.pk} ({change.summary})",
        finishes=change,
    )


def _left(change: Change, person: PersonCluster) -> tuple[Operation, ...]:
    """The writes that are not done, in their order, the first of each object from what stands there."""
    conflicts: list[dict[str, Any]] = []
    left: set[int] = set()
    starts: dict[int, Manifest | None] = {}
    operations = [stored.restore(kept) for kept in change.operations]
    for ref, indexes in _by_object(operations).items():
        found = live.get(person, ref)
        first = _reached(change, operations, indexes, found)
        if first is None:
            last = operations[indexes[-1]]
            conflicts.append(stored.conflict(ref, last.before, found, last.after))
        elif first < len(indexes):
            left.update(indexes[first:])
            starts[indexes[first]] = found
    if conflicts:
        raise ConflictError("Somebody changed it since; plan the rules again instead.", conflicts)
    return tuple(
        replace(item, before=starts.get(index, item.before))
        for index, item in enumerate(operations)
        if index in left
    )


def _by_object(operations: list[Operation]) -> dict[Ref, list[int]]:
    found: dict[Ref, list[int]] = {}
    for index, item in enumerate(operations):
        found.setdefault(item.ref, []).append(index)
    return found


def _reached(
    change: Change, operations: list[Operation], indexes: list[int], found: Manifest | None
) -> int | None:
    """How many of the writes on one object are done, by what stands there; None when that is none of it."""
    noted = len([index for index in indexes if change.operations[index]["state"] == "done"])
    expected = [operations[indexes[0]].before, *(operations[index].after for index in indexes)]
    # What the record says comes first: a route that leaves and comes back looks the same before and after.
    for number in chain(range(noted, len(expected)), range(noted)):
        if diff.same(found, expected[number]):
            return number
    return None
