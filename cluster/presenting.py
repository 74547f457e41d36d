"""A survey as plain data, for the REST interface and for the page.

What is not known is null, never nought.
"""

from collections.abc import Collection, Iterable, Sequence
from typing import Any, Final, TypeVar

from cluster import kinds
from cluster.inventory import Inventory, Namespace, Service, Version, Waypoint, Workload
from cluster.kinds import Kind
from cluster.surveying import Survey

T = TypeVar("T")
Json = dict[str, Any]
LIMIT: Final = 500
"""How many of each sort are told unless somebody asks for more."""
MAX_LIMIT: Final = 20_000


def survey(found: Survey, namespaces: Collection[str] = (), limit: int = LIMIT) -> Json:
    """The whole, or some `namespaces` of it; at most `limit` of each list, and how many are left out.

    What Istio is, is told of all that this person may see, whichever namespaces are asked for.
    """
    whole = found.inventory

    def chosen(items: Iterable[Any], name: str) -> list[Any]:
        return [item for item in items if not namespaces or getattr(item, name) in namespaces]

    places, left_places = _cut(chosen(whole.namespaces, "name"), limit)
    services, left_services = _cut(chosen(whole.services, "namespace"), limit)
    workloads, left_workloads = _cut(chosen(whole.workloads, "namespace"), limit)
    return {
        "cluster": found.cluster,
        "server_version": found.serving.version or None,
        "age_seconds": found.age_seconds,
        "problems": list(found.problems),
        "istio": _istio(whole),
        "kinds": [
            {"group": kind.group, "kind": kind.kind, "version": version}
            for kind, version in found.serving.kinds
        ],
        "namespaces": [_namespace(item, found.hidden.get(item.name, ())) for item in places],
        "services": [_service(item, found.hidden.get(item.namespace, ())) for item in services],
        "workloads": [_workload(item) for item in workloads],
        "left_out": {
            "namespaces": left_places,
            "services": left_services,
            "workloads": left_workloads,
        },
    }


def _cut(items: Sequence[T], limit: int) -> tuple[Sequence[T], int]:
    return items[:limit], max(0, len(items) - limit)


def _istio(whole: Inventory) -> Json:
    mesh = whole.mesh
    return {
        "versions": list(mesh.versions),
        "revisions": list(mesh.revisions),
        "control_planes": [
            {
                "namespace": plane.namespace,
                "name": plane.name,
                "revision": plane.revision,
                "version": plane.version,
                "wanted": plane.wanted,
                "ready_pods": plane.ready_pods,
            }
            for plane in mesh.control_planes
        ],
        "proxies": [{"version": version, "pods": pods} for version, pods in mesh.proxies.items()],
        "ztunnels": [{"version": version, "pods": pods} for version, pods in mesh.ztunnels.items()],
        "gateways": [
            {"namespace": each.namespace, "name": each.name, "kind": each.kind, "ready_pods": each.ready_pods}
            for each in mesh.gateways
        ],
        "waypoints": [_waypoint(each) for each in whole.waypoints],
    }


def _waypoint(item: Waypoint) -> Json:
    return {
        "namespace": item.namespace,
        "name": item.name,
        "exists": item.exists,
        "ready": item.ready,
        "serves": item.serves,
        "revision": item.revision,
        "reason": item.reason,
    }


def _namespace(item: Namespace, hidden: Collection[Kind]) -> Json:
    pods = {
        "total": item.pods,
        "ready": item.ready_pods,
        "with_sidecar": item.pods_with_sidecar,
        "ambient": item.pods_ambient,
        "missing_proxy": item.pods_missing_proxy,
    }
    return {
        "name": item.name,
        "mode": item.mode,
        "injection": item.injection,
        "revision": item.revision,
        "waypoint": item.waypoint,
        "terminating": item.terminating,
        "services": None if kinds.SERVICE in hidden else item.services,
        "workloads": None if _no_workloads(hidden) else item.workloads,
        "pods": None if kinds.POD in hidden else pods,
        "not_listed": sorted(kind.plural for kind in hidden),
    }


def _no_workloads(hidden: Collection[Kind]) -> bool:
    """Whether workloads cannot be counted. Rollouts can by what they own, whoever may list them."""
    return any(kind in hidden for kind in kinds.WORKLOADS if kind != kinds.ROLLOUT)


def _service(item: Service, hidden: Collection[Kind]) -> Json:
    behind = {"ready": item.endpoints.ready, "not_ready": item.endpoints.not_ready}
    return {
        "namespace": item.namespace,
        "name": item.name,
        "app": item.app,
        "kind": item.kind,
        "selects": item.selects,
        "ports": [
            {"name": port.name, "number": port.number, "protocol": port.protocol} for port in item.ports
        ],
        "endpoints": None if kinds.ENDPOINT_SLICE in hidden else behind,
        "waypoint": item.waypoint,
        "pods_known": item.pods_known,
        "pods_without_version": item.pods_without_version if item.pods_known else None,
        "versions": [_version(version, known=item.pods_known) for version in item.versions],
    }


def _version(item: Version, *, known: bool) -> Json:
    return {
        "version": item.version,
        "label": item.label,
        "revisions": list(item.revisions),
        "pods": item.pods,
        "ready_pods": item.ready_pods,
        "pods_with_sidecar": item.pods_with_sidecar if known else None,
        "pods_ambient": item.pods_ambient if known else None,
    }


def _workload(item: Workload) -> Json:
    known = item.pods_known
    return {
        "namespace": item.namespace,
        "kind": item.kind,
        "name": item.name,
        "app": item.app,
        "version": item.version,
        "owner": item.owner,
        "proxy": item.proxy,
        "suspended": item.suspended,
        "wanted": item.wanted,
        "pods": item.pods,
        "ready_pods": item.ready_pods,
        "pods_known": known,
        "pods_with_sidecar": item.pods_with_sidecar if known else None,
        "pods_ambient": item.pods_ambient if known else None,
        "pods_missing_proxy": item.pods_missing_proxy if known else None,
    }
