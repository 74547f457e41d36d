"""What became of each Istio resource: everything about it that is not acted on, with the reason."""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from localmesh.xds import (
    destinations,
    egress,
    gatewayapi,
    gateways,
    routereports,
    serviceentries,
    streams,
    virtualservices,
)
from localmesh.xds.coverage import not_programmed
from localmesh.xds.model import Mesh, Rule
from localmesh.xds.values import Problem


def _virtual_service(mesh: Mesh, rule: Rule) -> Iterator[Problem]:
    yield from virtualservices.problems(mesh, rule)
    yield from streams.problems(mesh, rule)


Check = Callable[[Mesh, Rule], Iterator[Problem]]
_CHECKS: Mapping[tuple[str, str], tuple[str, Check]] = {
    ("networking.istio.io", "VirtualService"): ("virtual_services", _virtual_service),
    ("networking.istio.io", "DestinationRule"): ("destination_rules", destinations.problems),
    ("networking.istio.io", "Gateway"): ("gateways", gateways.problems),
    ("networking.istio.io", "ServiceEntry"): ("service_entries", serviceentries.problems),
    ("networking.istio.io", "WorkloadEntry"): ("workload_entries", serviceentries.workload_problems),
    ("networking.istio.io", "Sidecar"): ("sidecars", egress.problems),
    (gatewayapi.GROUP, "HTTPRoute"): ("routes", routereports.problems),
    (gatewayapi.GROUP, "GRPCRoute"): ("routes", routereports.problems),
    (gatewayapi.GROUP, "Gateway"): ("k8s_gateways", gatewayapi.gateway_problems),
}


def report(mesh: Mesh, obj: Mapping[str, Any]) -> list[Problem]:
    """All problems of one raw resource in this mesh: unhandled fields, unusable values, missing references,
    conflicts.

    Each field once, in the order of discovery; an empty list means that all of it is acted on.
    """
    kind, group = str(obj["kind"]), str(obj.get("apiVersion", "")).rpartition("/")[0]
    found = not_programmed(kind, obj)
    if (group, kind) in _CHECKS:
        place, check = _CHECKS[group, kind]
        key = obj["metadata"].get("namespace", "default"), obj["metadata"]["name"]
        found += [
            problem
            for rule in getattr(mesh, place)
            if rule.key == key and rule.kind in ("", kind)
            for problem in check(mesh, rule)
        ]
    return list({problem.path: problem for problem in reversed(found)}.values())[::-1]


def attached_routes(mesh: Mesh, obj: Mapping[str, Any]) -> dict[str, int] | None:
    """How many routes each listener of a Gateway of the Gateway API has; None for other resources."""
    key = obj["metadata"].get("namespace", "default"), obj["metadata"]["name"]
    if not str(obj.get("apiVersion", "")).startswith(gatewayapi.GROUP) or obj["kind"] != "Gateway":
        return None
    return next((gatewayapi.attached_routes(mesh, each) for each in mesh.k8s_gateways if each.key == key), {})
