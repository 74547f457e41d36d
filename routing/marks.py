"""What was done to the mesh, as marks on a time axis: changes, reverts, steps of rollouts, and faults from
their start to their end.

A fault is over when a later change takes it back, clears the faults of its service or puts another one in its
place; one that nobody ended lasts. Of what the person may not see there is no mark, and it ends no fault.
"""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime
from typing import Final, NamedTuple

from django.db.models import QuerySet, TextField
from django.db.models.functions import Cast
from django.urls import reverse

from cluster.person import PersonCluster
from routing import history, scope
from routing.models import Change, ChangeState, Rollout, RolloutEvent

SHOWN: Final = (ChangeState.STARTED, ChangeState.APPLIED, ChangeState.PARTIAL)
# How many older faults are looked at that may still last, and how many later changes that may end one.
_FAULTS_BEFORE: Final = 50
_LATER: Final = 200


class Mark(NamedTuple):
    """`until` is the end of a fault, None while it lasts and for what takes no time. `url`: the page of the
    change, or of the rollout that made it.
    """

    at: datetime
    until: datetime | None
    kind: str
    title: str
    namespace: str
    service: str
    by: str
    url: str


def between(
    person: PersonCluster, since: datetime, until: datetime, namespaces: Collection[str], limit: int
) -> tuple[list[Mark], bool]:
    """The marks from one moment to another, the newest first, and whether there are more than `limit`.

    With namespaces, of what is about one of them. Faults that began earlier and still lasted are marks, too.
    """
    rows = history.found(person, {"namespaces": namespaces}).filter(state__in=SHOWN)
    inside = list(rows.filter(at__gte=since, at__lt=until)[: limit + 1])
    older = _with_faults(rows.filter(at__lt=since))[:_FAULTS_BEFORE]
    found = [mark(change, _end(change, person)) for change in inside[:limit]]
    found = _of_rollouts(person, inside[:limit], found)
    lasting = [(change, _end(change, person)) for change in older if _kind(change) == "fault"]
    found += [mark(change, end) for change, end in lasting if end is None or end > since]
    return found[:limit], len(inside) > limit or len(found) > limit


def mark(change: Change, end: datetime | None) -> Mark:
    """A change as a mark; `end`: when the fault that it is was over."""
    place, _, service = next(iter(change.services), f"{change.namespace}/").partition("/")
    return Mark(
        at=change.at,
        until=end,
        kind=_kind(change),
        title=change.summary,
        namespace=place or change.namespace,
        service=service,
        by=change.by.get_username(),
        url=reverse("change", args=[change.pk]),
    )


def _of_rollouts(person: PersonCluster, changes: Sequence[Change], marks: Sequence[Mark]) -> list[Mark]:
    """The marks of these changes, where those that a rollout made lead to it; as far as it may be seen."""
    events = RolloutEvent.objects.filter(kind="write", change__in=[each.pk for each in changes])
    written = {each.change_id: each for each in events.order_by("pk")}
    rollouts = Rollout.objects.filter(pk__in={each.rollout_id for each in written.values()})
    seen = set(scope.seen_by(person, rollouts).values_list("pk", flat=True)) if written else set()
    return [
        _of_rollout(each, event) if event is not None and event.rollout_id in seen else each
        for each, event in zip(marks, (written.get(change.pk) for change in changes), strict=True)
    ]


def _of_rollout(found: Mark, event: RolloutEvent) -> Mark:
    weight = event.data.get("weight")
    done = f"{max(0, weight)} %" if isinstance(weight, int) else found.title
    return found._replace(
        kind="rollout",
        title=f"Rollout #{event.rollout_id}: {done}",
        url=reverse("rollout", args=[event.rollout_id]),
    )


def _kind(change: Change) -> str:
    if change.kind == "revert":
        return "revert"
    return "fault" if any(kind == "fault" for kind, _ in _said(change)) else "change"


def _end(change: Change, person: PersonCluster) -> datetime | None:
    """When a fault was over; of one that concerns several services, when the last of them was calm again."""
    if _kind(change) != "fault":
        return None
    faulty = {service for kind, service in _said(change) if kind == "fault"}
    for later in _later(change, person):
        faulty -= _calmed(later, change)
        if not faulty:
            return later.at
    return None


def _later(change: Change, person: PersonCluster) -> Iterable[Change]:
    rows = scope.seen_by(person, Change.objects.filter(pk__gt=change.pk, state=ChangeState.APPLIED))
    named = history.about_services(change.services)
    return (
        rows.annotate(about=Cast("services", TextField()))
        .filter(named)
        .select_related("plan")
        .order_by("pk")
        .prefetch_related("reverts_also")[:_LATER]
    )


def _calmed(later: Change, fault: Change) -> set[str]:
    """The services that have this fault no more after a later change."""
    reverted = {later.reverts_id, *(each.pk for each in later.reverts_also.all())}
    if fault.pk in reverted:
        return set(fault.services)
    return {service for kind, service in _said(later) if kind in ("fault", "clear_fault")}


def _said(change: Change) -> list[tuple[str, str]]:
    """The kind and the service (`namespace/name`) of each rule of a change; a revert has none."""
    rules = (rule.get("rule") or rule for rule in change.plan.rules)
    return [(rule["kind"], f"{rule.get('namespace', '')}/{rule.get('service', '')}") for rule in rules]


def _with_faults(rows: QuerySet[Change]) -> QuerySet[Change]:
    """Those that may have set a fault: the database looks at the text of the rules only."""
    return rows.annotate(said=Cast("plan__rules", TextField())).filter(said__contains='"fault"')
