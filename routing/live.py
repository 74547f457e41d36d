"""Reads from the cluster what a plan is made of, fresh each time."""

from collections.abc import Iterable

from cluster import inventory, kinds
from cluster.errors import Forbidden, NotFound
from cluster.kinds import Kind
from cluster.port import Cluster
from cluster.refs import Manifest, Ref
from routing.istio.hosts import ROOT_NAMESPACE
from routing.planner import Live


def read(cluster: Cluster, namespaces: Iterable[str] | None = None) -> Live:
    """The services of some namespaces (None: of all), and every VirtualService and DestinationRule.

    Raises `cluster.errors.ClusterError`. Where not all namespaces may be read,
    those asked for and the root namespace have to do.
    """
    places = sorted(set(namespaces)) if namespaces is not None else None
    services, pods, deployments = (
        _in_places(cluster, kind, places) for kind in (kinds.SERVICE, kinds.POD, kinds.DEPLOYMENT)
    )
    return Live(
        services=inventory.services(services, pods, deployments),
        virtual_services=_everywhere(cluster, kinds.VIRTUAL_SERVICE, places),
        destination_rules=_everywhere(cluster, kinds.DESTINATION_RULE, places),
    )


def get(cluster: Cluster, ref: Ref) -> Manifest | None:
    """One object, or None where there is none."""
    try:
        return cluster.get(ref)
    except NotFound:
        return None


def _in_places(cluster: Cluster, kind: Kind, places: list[str] | None) -> tuple[Manifest, ...]:
    if places is None:
        return cluster.list(kind).items
    return tuple(item for place in places for item in cluster.list(kind, place).items)


def _everywhere(cluster: Cluster, kind: Kind, places: list[str] | None) -> tuple[Manifest, ...]:
    try:
        return cluster.list(kind).items
    except NotFound:
        # Istio's kinds are not installed: nothing routes here. A write will say so.
        return ()
    except Forbidden:
        if places is None:
            raise
    found = _in_places(cluster, kind, [place for place in places if place != ROOT_NAMESPACE])
    try:
        return found + cluster.list(kind, ROOT_NAMESPACE).items
    except Forbidden:
        return found
