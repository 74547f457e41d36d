"""The whole inventory of a cluster at once."""

from collections import Counter
from collections.abc import Collection, Iterable
from typing import Final

from msgspec.structs import replace

from cluster import kinds, objects
from cluster.inventory import endpoints, waypoints
from cluster.inventory.makers import workloads_of
from cluster.inventory.mesh import mesh
from cluster.inventory.model import Found, Inventory, Mode, Namespace, Service, Workload
from cluster.inventory.pods import Count, Seen, count, injection_of, is_ambient, seen
from cluster.inventory.selecting import by_namespace
from cluster.inventory.versions import services_of
from cluster.kinds import Kind

ELSEWHERE: Final = "another namespace"
"""How a waypoint is called that stands in a namespace which the inventory is not of."""


def derive(found: Found) -> Inventory:
    """All that can be told of what was found."""
    places = {namespace.metadata.name: namespace for namespace in found.namespaces}
    pods = seen(found.pods, places)
    pods_hidden = _hidden(found, kinds.POD)
    made = workloads_of(found.workloads, pods, pods_hidden)
    behind = endpoints.by_service(found.endpoint_slices)
    served = services_of(
        found.services, pods, made, behind=behind, namespaces=places, pods_hidden=pods_hidden
    )
    served = tuple(_without_foreign_names(each, places) for each in served)
    used = {each.waypoint for each in served} | {waypoints.used_in(each) for each in found.namespaces}
    hidden = _hidden(found, kinds.GATEWAY_API_GATEWAY)
    # Where Gateways may not be listed, nobody can tell that one is missing.
    used = {key for key in used if key.partition("/")[0] in places and key.partition("/")[0] not in hidden}
    deployments = found.workloads.get(kinds.DEPLOYMENT, ())
    return Inventory(
        namespaces=_namespaces(found.namespaces, served, made, pods),
        services=served,
        workloads=made,
        waypoints=waypoints.waypoints(found.gateways, used),
        mesh=mesh([item for item in deployments if isinstance(item, objects.Workload)], pods, made),
    )


def mode_of(namespace: objects.Namespace) -> Mode:
    """How its labels make pods join the mesh. A sidecar that is asked for comes before ambient mode.

    A namespace without a uid was not read: it is only known by its name.
    """
    if not namespace.metadata.uid:
        return "unknown"
    if injection_of(namespace)[0] == "enabled":
        return "sidecar"
    return "ambient" if is_ambient(namespace.metadata.labels) else "none"


def _namespaces(
    namespaces: Iterable[objects.Namespace],
    services: Iterable[Service],
    workloads: Iterable[Workload],
    pods: Iterable[Seen],
) -> tuple[Namespace, ...]:
    served = Counter(each.namespace for each in services)
    made = Counter(each.namespace for each in workloads)
    pods_in = by_namespace((each.pod.metadata.namespace, each) for each in pods)
    readable = {each.metadata.name for each in namespaces}
    found = [
        _namespace(each, served[name], made[name], count(pods_in.get(name, ())), readable)
        for each in namespaces
        for name in (each.metadata.name,)
    ]
    return tuple(sorted(found, key=lambda each: each.name))


def _namespace(
    item: objects.Namespace, services: int, workloads: int, pods: Count, readable: Collection[str]
) -> Namespace:
    injection, revision = injection_of(item)
    return Namespace(
        name=item.metadata.name,
        mode=mode_of(item),
        injection=injection,
        revision=revision,
        waypoint=_shown(waypoints.used_in(item), readable),
        terminating=item.status is not None and item.status.phase == "Terminating",
        services=services,
        workloads=workloads,
        pods=pods.pods,
        ready_pods=pods.ready,
        pods_with_sidecar=pods.with_sidecar,
        pods_ambient=pods.ambient,
        pods_missing_proxy=pods.missing_proxy,
    )


def _without_foreign_names(service: Service, readable: Collection[str]) -> Service:
    shown = _shown(service.waypoint, readable)
    return service if shown == service.waypoint else replace(service, waypoint=shown)


def _shown(waypoint: str, readable: Collection[str]) -> str:
    return waypoint if not waypoint or waypoint.partition("/")[0] in readable else ELSEWHERE


def _hidden(found: Found, kind: Kind) -> frozenset[str]:
    return frozenset(place for place, hidden in found.hidden.items() if kind in hidden)
