"""Which plans and changes somebody may see: those of this cluster that are about nothing he may not read.

A row says what it is about in `needs`: `VirtualService.networking.istio.io/bookinfo Service./bookinfo`. Many
rows share one, so the database can leave out the others by itself, and a page of rows is full.
"""

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from django.db.models import QuerySet

from cluster.kinds import SERVICE
from cluster.person import PersonCluster
from routing import problems, stored
from routing.models import Change, Plan, Rollout
from routing.problems import Need

Row = TypeVar("Row", Plan, Change, Rollout)


def needs(
    operations: Iterable[Mapping[str, Any]], services: Iterable[str], sources: Iterable[Need] = ()
) -> str:
    """What must be readable to see these kept operations on these services (`namespace/name`).

    `sources`: what else they were made of.
    """
    refs = (stored.ref(item["resource"]) for item in operations)
    found = {(ref.kind, ref.namespace) for ref in refs}
    found |= {(SERVICE, name.partition("/")[0]) for name in services}
    return " ".join(sorted(map(problems.written, found.union(sources))))


def joined(*texts: str) -> str:
    """What must be readable to see all of what these are the `needs` of."""
    return " ".join(sorted({need for text in texts for need in text.split(" ") if need}))


def pairs(text: str) -> set[Need]:
    """What `needs` wrote."""
    return {problems.read(need) for need in text.split(" ") if need}


def seen_by(person: PersonCluster, rows: QuerySet[Row]) -> QuerySet[Row]:
    """Of these rows, those that the person may see: the others are as if they were not there."""
    # A row that says of nothing what it is about is nobody's.
    here = rows.filter(cluster=person.name).exclude(needs="")
    every = {text: pairs(text) for text in here.order_by().values_list("needs", flat=True).distinct()}
    readable = person.may_read({pair for needed in every.values() for pair in needed})
    return here.filter(needs__in=[text for text, needed in every.items() if needed <= readable])
