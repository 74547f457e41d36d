"""Reads from the cluster what a plan is made of: fresh for planning, from the watch cache for the pages."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from cluster import connection, inventory, objects, reading
from cluster.cache import Known
from cluster.errors import Forbidden, NotFound
from cluster.identity import Ask
from cluster.kinds import (
    DEPLOYMENT,
    DESTINATION_RULE,
    GRPC_ROUTE,
    HTTP_ROUTE,
    POD,
    ROLLOUT,
    SERVICE,
    STATEFUL_SET,
    VIRTUAL_SERVICE,
    Kind,
)
from cluster.person import PersonCluster
from cluster.port import Cluster
from cluster.refs import Manifest, Ref
from routing import problems
from routing.planner import AFTER_ROUTES, Live, Operation, dangling_subsets, missing_subsets

MAKERS: Final = (DEPLOYMENT, STATEFUL_SET, ROLLOUT)
"""What can stand without a pod: of these a version counts even while none of its pods runs."""
RULES: Final = (VIRTUAL_SERVICE, DESTINATION_RULE, HTTP_ROUTE, GRPC_ROUTE)
"""The kinds that say which version of a service gets which part of its requests."""
SHOWN: Final = (SERVICE, POD, VIRTUAL_SERVICE, DESTINATION_RULE)
"""The kinds by which a page counts as current or not."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What is known of the cluster; of what age, and why not newer, as in `cluster.cache.Known`.

    `unread`: the namespaces whose VirtualServices or DestinationRules this person may not list.
    """

    live: Live
    age_seconds: float | None
    problem: str
    unread: frozenset[str]


def read(
    person: PersonCluster,
    namespaces: Iterable[str],
    touched: Iterable[Kind] = (VIRTUAL_SERVICE, DESTINATION_RULE),
) -> Live:
    """The services of some namespaces, and the resources of these kinds in all, as they are now.

    Raises `cluster.errors.ClusterError`. Where not all namespaces may be read, those that may have to do;
    the ones asked for must be among them.
    """
    places = sorted(set(namespaces))
    touched = tuple(touched)
    services, pods = (_in_places(person, kind, places) for kind in (SERVICE, POD))
    makers = {kind: _if_any(person, kind, places) for kind in MAKERS}
    resources = {kind: rules(person, kind, places) for kind in touched}
    return Live(
        services=_services(services, pods, makers),
        resources=tuple(item for found in resources.values() for item in found),
        whole=all(not person.why_not(Ask("list", kind)) for kind in (SERVICE, *touched)),
        unserved=frozenset(
            kind for kind, found in resources.items() if not found and not person.served_version(kind)
        ),
    )


def rules(person: PersonCluster, kind: Kind, places: Iterable[str] = ()) -> tuple[Manifest, ...]:
    """Every object of a kind of Istio's that the person may read. Raises ClusterError; Forbidden when he may
    not read those in `places`.
    """
    for place in places:
        refusal = person.why_not(Ask("list", kind, place))
        if refusal:
            raise Forbidden(refusal, status=403)
    try:
        return _all(person, kind, None)
    except NotFound:
        # Istio's kinds are not installed: nothing routes here. A write will say so.
        return ()


def dangling(person: PersonCluster, operations: Sequence[Operation]) -> str:
    """What these operations would take from a route that still names it, whoever may read that; or empty.

    Raises ClusterError.
    """
    if not any(item.phase == AFTER_ROUTES for item in operations):
        return ""
    # A route that this person may not read would break as well: the console's own account reads them all.
    console = connection.get(person.name).acting(None)
    for found in dangling_subsets(rules(console, VIRTUAL_SERVICE), operations):
        needs = set(found.needs)
        return found.message if needs <= person.may_read(needs) else problems.ELSEWHERE
    return ""


def unmet(person: PersonCluster, operations: Sequence[Operation]) -> str:
    """Which route these operations would have send requests to a subset that is not there, whoever may read
    that; or empty. Of writes that were decided earlier: what they refer to may have gone since.

    Raises ClusterError.
    """
    if not any(item.ref.kind == VIRTUAL_SERVICE and item.after for item in operations):
        return ""
    console = connection.get(person.name).acting(None)
    standing = [item for kind in (VIRTUAL_SERVICE, DESTINATION_RULE) for item in rules(console, kind)]
    for found in missing_subsets(operations, standing):
        needs = set(found.needs)
        return found.message if needs <= person.may_read(needs) else problems.ELSEWHERE
    return ""


def seen(person: PersonCluster, namespace: str | None = None) -> Seen:
    """The services of one namespace (None: of all), with what routes them, as the watch cache knows them."""
    # Rules for a service may stand in any namespace.
    known = {kind: person.known(kind, namespace) for kind in (SERVICE, POD, *MAKERS)}
    known |= {kind: person.known(kind) for kind in RULES}
    places = {item.metadata.namespace for item in known[SERVICE].items}
    shown = _services(
        known[SERVICE].items,
        known[POD].items,
        {kind: known[kind].items for kind in MAKERS},
        person.hidden(POD, places),
    )
    return Seen(
        live=Live(shown, tuple(item for kind in RULES for item in known[kind].items)),
        age_seconds=_age(known),
        problem=next((known[kind].problem for kind in SHOWN if known[kind].problem), ""),
        unread=person.hidden(VIRTUAL_SERVICE, places) | person.hidden(DESTINATION_RULE, places),
    )


def get(cluster: Cluster, ref: Ref) -> Manifest | None:
    """One object, or None where there is none."""
    try:
        return cluster.get(ref)
    except NotFound:
        return None


def _services(
    services: Iterable[Any],
    pods: tuple[Any, ...],
    makers: Mapping[Kind, Iterable[Any]],
    pods_hidden: Collection[str] = (),
) -> tuple[inventory.Service, ...]:
    made = inventory.workloads(makers, pods, pods_hidden=pods_hidden)
    return inventory.services(services, pods, made, pods_hidden=pods_hidden)


def _age(known: Mapping[Kind, Known[Any]]) -> float | None:
    if known[SERVICE].age_seconds is None:
        return None
    return max(known[kind].age_seconds or 0.0 for kind in SHOWN)


def _all(person: PersonCluster, kind: Kind, namespace: str | None) -> tuple[Any, ...]:
    return reading.everything(person, kind, objects.shape_of(kind), namespace).items


def _in_places(person: PersonCluster, kind: Kind, places: Iterable[str]) -> tuple[Any, ...]:
    return tuple(item for place in places for item in _all(person, kind, place))


def _if_any(person: PersonCluster, kind: Kind, places: Iterable[str]) -> tuple[Any, ...]:
    """What makes pods, where it is served and may be read: without it only versions without pods lack."""
    try:
        return _in_places(person, kind, places) if person.served_version(kind) else ()
    except (Forbidden, NotFound):
        return ()
