"""Whether the cluster still has what a change wrote: what somebody changed outside since is shown beside it.

What is compared is what meshui wrote last of each resource, by this change or a later one, with what the
watch cache knows.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from cluster.errors import ClusterError
from cluster.kinds import Kind
from cluster.person import PersonCluster
from cluster.refs import Manifest, Ref
from routing import diff, live, stored
from routing.models import Change, ChangeState

Json = dict[str, Any]
WROTE: Final = (ChangeState.APPLIED, ChangeState.PARTIAL)
SAME, CHANGED, GONE, UNKNOWN = "same", "changed", "gone", "unknown"


class Present:
    """The resources as the watch cache has them for one person; asked for fresh where it does not run."""

    def __init__(self, person: PersonCluster) -> None:
        self._person = person
        self._read: dict[tuple[Kind, str], dict[str, Manifest] | None] = {}

    def get(self, ref: Ref) -> Manifest | None:
        """One resource, None where there is none. Raises `cluster.errors.ClusterError`."""
        place = (ref.kind, ref.namespace)
        if place not in self._read:
            known = self._person.known(ref.kind, ref.namespace or None)
            current = known.age_seconds is not None and not known.problem
            named = {str(item["metadata"]["name"]): item for item in known.items} if current else None
            self._read[place] = named
        found = self._read[place]
        return live.get(self._person, ref) if found is None else found.get(ref.name)


def of(change: Change, person: PersonCluster) -> list[Json]:
    """For each resource that a change wrote: `state`, and what differs from what meshui wrote last.

    `last_change` is the change that wrote it last. A resource that the cluster does not tell of is `unknown`.
    """
    if change.state not in WROTE:
        return []
    present, found = Present(person), []
    for ref in _written(change.operations):
        last = _last(change, ref)
        expected = _written(last.operations).get(ref)
        found.append(_compared(ref, expected, present) | {"last_change": last.pk})
    return found


def marks(changes: Iterable[Change], person: PersonCluster) -> dict[int, str]:
    """For each of these changes whose resources were changed outside since: `changed` or `gone`.

    Only where no later change of meshui's wrote the resource: the latest is the one to look at.
    """
    changes = [change for change in changes if change.state in WROTE]
    if not changes:
        return {}
    latest = _latest(min(change.pk for change in changes), person.name)
    present, found = Present(person), {}
    for change in changes:
        own = _written(change.operations)
        states = {
            _compared(ref, expected, present)["state"]
            for ref, expected in own.items()
            if latest.get(stored.touch(ref).strip()) == change.pk
        }
        worst = next((state for state in (GONE, CHANGED) if state in states), None)
        if worst:
            found[change.pk] = worst
    return found


def _compared(ref: Ref, expected: Manifest | None, present: Present) -> Json:
    nothing: Json = {"resource": stored.resource(ref), "diff": [], "unified_diff": ""}
    try:
        found = present.get(ref)
    except ClusterError:
        return {**nothing, "state": UNKNOWN}
    if diff.same(found, expected):
        return {**nothing, "state": SAME}
    return {
        **nothing,
        "state": GONE if found is None else CHANGED,
        "diff": [each.to_json() for each in diff.fields(expected, found)],
        "unified_diff": diff.unified(expected, found, str(ref), ("written", "live")),
    }


def _written(operations: Iterable[Mapping[str, Any]]) -> dict[Ref, Manifest | None]:
    """What stood in the cluster after the writes that were done, by resource."""
    return {stored.ref(kept["resource"]): kept["after"] for kept in operations if kept["state"] == "done"}


def _last(change: Change, ref: Ref) -> Change:
    """The newest change that wrote a resource: this one, or a later one."""
    later = Change.objects.filter(cluster=change.cluster, state__in=WROTE, pk__gt=change.pk)
    rows = later.filter(touches__contains=stored.touch(ref)).order_by("-pk")
    return next((row for row in rows.iterator(chunk_size=5) if ref in _written(row.operations)), change)


def _latest(first: int, cluster: str) -> dict[str, int]:
    """By resource, as `stored.touches` names it, the newest change that wrote it, from one change on."""
    rows = Change.objects.filter(cluster=cluster, state__in=WROTE, pk__gte=first).order_by("pk")
    found: dict[str, int] = {}
    for pk, touches in rows.values_list("pk", "touches"):
        found.update(dict.fromkeys(touches.split(), pk))
    return found
