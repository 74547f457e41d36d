"""Changes whose process died in the middle: brought to a final state by looking at what the cluster has.

Nothing is written to the cluster. The row was there before the first write, so every operation can be looked
up: the object says what it says after the write, or what it said before, or something else.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from cluster.errors import ClusterError
from cluster.port import Cluster
from routing import diff, live, stored
from routing.models import Change, ChangeState, Plan, PlanState

AFTER: Final = timedelta(minutes=10)
"""Longer than any application takes: each call to the cluster ends within seconds."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """The `changes` that were ended, and of each that could not be looked up, why not."""

    changes: list[Change] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def finish_interrupted(
    name: str, cluster: Cluster, now: datetime, *, after: timedelta = AFTER, plan: Plan | None = None
) -> Recovered:
    """Ends every change in the cluster of this name that began longer ago than `after` and has not ended.

    `cluster` acts with the console's own rights: a person's may have been taken away. With a `plan`, only
    that plan's changes. What cannot be looked up stays as it is, and keeps no other from being ended.
    """
    left = Change.objects.filter(cluster=name, state=ChangeState.STARTED, at__lte=now - after).order_by("pk")
    if plan is not None:
        left = left.filter(plan=plan)
    recovered = Recovered()
    for change in left.select_related("plan", "by", "reverts"):
        try:
            recovered.changes.append(_finish(change, cluster, now))
        except ClusterError as error:
            recovered.problems.append(f"#{change.pk} {change.summary}: {error.message}")
    return recovered


def _finish(change: Change, cluster: Cluster, now: datetime) -> Change:
    for entry in change.operations:
        if entry["state"] != "done":
            _look_up(entry, cluster)
    done = sum(entry["state"] == "done" for entry in change.operations)
    if done == len(change.operations):
        change.state, plan_state = ChangeState.APPLIED, PlanState.APPLIED
    else:
        change.state = ChangeState.PARTIAL if done else ChangeState.FAILED
        plan_state = PlanState.FAILED
    change.message = "The server stopped in the middle; the writes were looked up afterwards."
    change.finished_at = now
    change.save(update_fields=["state", "operations", "message", "finished_at"])
    Plan.objects.filter(pk=change.plan_id).update(state=plan_state)
    if change.reverts is not None and change.state != ChangeState.APPLIED:
        Change.objects.filter(pk=change.reverts.pk).update(revert_claimed_at=None)
    return change


def _look_up(entry: dict[str, Any], cluster: Cluster) -> None:
    operation = stored.restore(entry)
    found = live.get(cluster, operation.ref)
    if diff.same(found, operation.after):
        entry.update(state="done", message="Looked up afterwards: the cluster has the write.")
    elif diff.same(found, operation.before):
        entry.update(state="not_done", message="Looked up afterwards: it was not written.")
    else:
        message = "Looked up afterwards: it is neither what was there nor what was to be written."
        entry.update(state="failed", message=message)
