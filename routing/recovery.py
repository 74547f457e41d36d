"""Changes whose process died in the middle: brought to a final state by looking at what the cluster has.

Nothing is written to the cluster. The row was there before the first write, and each write was noted before
the next began: so there is one at most of which it is not known whether it arrived, and the object tells.

A change whose process ran here and is gone is ended at once. One of another replica is ended when it has
given no sign of life for longer than any write takes; should that process come back, it notices, and stops.
"""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Final

from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from cluster.errors import ClusterError
from cluster.port import Cluster
from routing import diff, live, processes, stored
from routing.models import Change, ChangeState, Plan, PlanState

AFTER: Final = timedelta(minutes=2)
"""Longer than a process is silent while it writes: each call to the cluster ends within seconds."""


@dataclass(frozen=True, slots=True)
class Recovered:
    """The `changes` that were ended, and of each that could not be looked up, why not."""

    changes: list[Change] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)


def finish_interrupted(
    name: str, cluster: Cluster, now: datetime, *, after: timedelta = AFTER, plan: Plan | None = None
) -> Recovered:
    """Ends every change in the cluster of this name whose process is gone, or has been silent for `after`.

    `cluster` acts with the console's own rights: a person's may have been taken away. With a `plan`, only
    that plan's changes. What cannot be looked up stays as it is, and keeps no other from being ended.
    """
    left = Change.objects.filter(cluster=name, state=ChangeState.STARTED).order_by("pk")
    if plan is not None:
        left = left.filter(plan=plan)
    left = left.annotate(last_sign=Coalesce(F("beat_at"), F("at")))
    recovered = Recovered()
    for change in left.select_related("plan", "by", "reverts"):
        if change.last_sign > now - after and not processes.is_gone(change.process):
            continue
        try:
            ended = _finish(change, cluster, now)
        except ClusterError as error:
            recovered.problems.append(f"#{change.pk} {change.summary}: {error.message}")
            continue
        if ended:
            recovered.changes.append(change)
    return recovered


def give_back(change: Change) -> None:
    """Lets the changes that this one did not take back be taken back by another."""
    taken = [each for each in (change.reverts, *change.reverts_also.all()) if each is not None]
    Change.objects.filter(pk__in=[each.pk for each in taken]).update(revert_claimed_at=None)


def _finish(change: Change, cluster: Cluster, now: datetime) -> bool:
    """Whether the change was still to be ended: another console, or its own process, may have been first."""
    left = [entry for entry in change.operations if entry["state"] != "done"]
    if left:
        _look_up(left[0], cluster)
    for entry in left[1:]:
        entry.update(state="not_done", message="It was not reached.")
    done = sum(entry["state"] == "done" for entry in change.operations)
    if done == len(change.operations):
        change.state, plan_state = ChangeState.APPLIED, PlanState.APPLIED
    else:
        change.state = ChangeState.PARTIAL if done else ChangeState.FAILED
        plan_state = PlanState.FAILED
    change.message = "The server stopped in the middle; the writes were looked up afterwards."
    change.finished_at = now
    with transaction.atomic():
        open_still = Change.objects.filter(pk=change.pk, state=ChangeState.STARTED)
        fields = {name: getattr(change, name) for name in ("state", "operations", "message", "finished_at")}
        if not open_still.update(**fields):
            return False
        Plan.objects.filter(pk=change.plan_id).update(state=plan_state)
        if change.state != ChangeState.APPLIED:
            give_back(change)
    return True


def _look_up(entry: dict[str, Any], cluster: Cluster) -> None:
    operation = stored.restore(entry)
    found = live.get(cluster, operation.ref)
    if diff.same(found, operation.after):
        entry.update(state="done", message="Looked up afterwards: the cluster has the write.")
        entry["after"] = stored.trimmed(found)
    elif diff.same(found, operation.before):
        entry.update(state="not_done", message="Looked up afterwards: it was not written.")
    else:
        message = "Looked up afterwards: it is neither what was there nor what was to be written."
        entry.update(state="failed", message=message)
