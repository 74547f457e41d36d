"""Which plans and changes somebody may see: those of this cluster that are about nothing he may not read.

A row says what it is about in `needs`: `VirtualService.networking.istio.io/bookinfo Service./bookinfo`. Many
rows share one, so the database can leave out the others by itself, and a page of rows is full.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final, TypeVar

from django.db.models import QuerySet

from cluster import kinds
from cluster.kinds import Kind
from cluster.person import PersonCluster
from routing.models import Change, Plan

Row = TypeVar("Row", Plan, Change)
_KINDS: Final[Mapping[str, Kind]] = {f"{kind.kind}.{kind.group}": kind for kind in kinds.ALL}


def needs(operations: Iterable[Mapping[str, Any]], services: Iterable[str]) -> str:
    """What must be readable to see these kept operations on these services (`namespace/name`)."""
    found = {_need(item["resource"]) for item in operations}
    found |= {f"Service./{name.partition('/')[0]}" for name in services}
    return " ".join(sorted(found))


def seen_by(person: PersonCluster, rows: QuerySet[Row]) -> QuerySet[Row]:
    """Of these rows, those that the person may see: the others are as if they were not there."""
    here = rows.filter(cluster=person.name)
    every = {text: _pairs(text) for text in here.order_by().values_list("needs", flat=True).distinct()}
    readable = person.may_read({pair for pairs in every.values() for pair in pairs})
    return here.filter(needs__in=[text for text, pairs in every.items() if pairs <= readable])


def _need(resource: Mapping[str, str]) -> str:
    group = resource["api_version"].rpartition("/")[0]
    return f"{resource['kind']}.{group}/{resource['namespace']}"


def _pairs(text: str) -> set[tuple[Kind, str]]:
    parts = (need.partition("/") for need in text.split(" ") if need)
    return {(_KINDS[kind], namespace) for kind, _, namespace in parts}
