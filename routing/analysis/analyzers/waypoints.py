"""Rules for HTTP about services that no proxy for HTTP serves: in ambient mode that takes a waypoint. Pure.

Source: https://istio.io/latest/docs/ambient/usage/waypoint/
"""

from collections.abc import Iterator
from typing import Final

from routing.analysis.analyzers.destination_rules import has_waypoint
from routing.analysis.findings import Finding, analyzer, finding
from routing.analysis.hosts import target
from routing.analysis.kinds import (
    DESTINATION_RULE,
    GRPC_ROUTE,
    HTTP_ROUTE,
    NAMESPACE,
    SERVICE,
    VIRTUAL_SERVICE,
)
from routing.analysis.meshes import namespace_is_ambient
from routing.analysis.objects import Obj, items, objects, strings, text
from routing.analysis.world import Look
from routing.rules import quoted
from routing.yaml_files import Path


def _hosts(obj: Obj) -> Iterator[tuple[Path, str]]:
    """The hosts that need a proxy for HTTP to read this, with the way to each."""
    if obj.key.group_kind == DESTINATION_RULE:
        if obj.spec.get("subsets") or obj.spec.get("trafficPolicy"):
            yield ("spec", "host"), text(obj.spec.get("host"))
        return
    gateways = strings(obj.spec.get("gateways"))
    if items(obj.spec.get("http")) and (not gateways or "mesh" in gateways):
        for index, host in enumerate(strings(obj.spec.get("hosts"))):
            yield ("spec", "hosts", index), host


def _check_istio(look: Look, obj: Obj) -> Iterator[Finding]:
    for at, host in _hosts(obj):
        found = target(look, obj.namespace, strings(obj.spec.get("exportTo")), host)
        if found is not None and _is_unread(look, found.obj):
            yield _finding(obj, at, host, found.obj)


def _check_gateway_api(look: Look, obj: Obj) -> Iterator[Finding]:
    for index, parent in objects(obj.spec.get("parentRefs")):
        if parent.get("kind") != "Service":
            continue
        name = text(parent.get("name"))
        service = look.get(SERVICE, text(parent.get("namespace")) or obj.namespace, name)
        if service is not None and _is_unread(look, service):
            yield _finding(obj, ("spec", "parentRefs", index), name, service)


def _is_unread(look: Look, service: Obj) -> bool:
    if service.key.group_kind != SERVICE:
        return False
    namespace = look.get(NAMESPACE, "", service.namespace)
    return namespace_is_ambient(namespace) and not has_waypoint(look, service)


def _finding(obj: Obj, at: Path, host: str, service: Obj) -> Finding:
    message = f"The namespace of {quoted(host)} is in ambient mode, and no waypoint serves {service.key}."
    return finding("MUI0018", obj, at, message, service)


ANALYZERS: Final = (
    analyzer("meshui.Waypoints", "MUI0018", (VIRTUAL_SERVICE, DESTINATION_RULE), _check_istio),
    analyzer("meshui.WaypointsOfRoutes", "MUI0018", (HTTP_ROUTE, GRPC_ROUTE), _check_gateway_api),
)
