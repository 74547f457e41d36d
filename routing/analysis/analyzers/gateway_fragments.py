"""One host of a gateway routed by several VirtualServices. Pure.

On a gateway, other than in the mesh, istiod merges them, in an order that it does not promise; rules that
take everything come last. Source:
https://istio.io/latest/docs/ops/best-practices/traffic-management/#split-virtual-services
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any, Final

from routing.analysis.analyzers.virtual_services import MESH_GATEWAY, gateway_name
from routing.analysis.findings import Finding, analyzer, finding
from routing.analysis.hosts import fqdn
from routing.analysis.kinds import VIRTUAL_SERVICE
from routing.analysis.objects import Obj, items, objects, strings
from routing.analysis.requests import covers, is_catch_all, takes_everything
from routing.analysis.world import Index, Look, Mesh
from routing.rules import quoted

MOST_RIVALS: Final = 50


def _served(obj: Obj, mesh: Mesh) -> Iterator[tuple[str, str, str]]:
    """The gateways (namespace and name) and hosts that a VirtualService routes by HTTP."""
    if not items(obj.spec.get("http")):
        return
    for written in dict.fromkeys(strings(obj.spec.get("gateways"))):
        if written != MESH_GATEWAY:
            for host in strings(obj.spec.get("hosts")):
                yield (*gateway_name(written, obj.namespace), fqdn(host, obj.namespace, mesh))


def _keys(obj: Obj, mesh: Mesh) -> Iterable[Hashable]:
    return _served(obj, mesh)


FRAGMENTS: Final = Index("gateway-fragment", (VIRTUAL_SERVICE,), _keys)
"""VirtualServices by gateway and host."""


def _check(look: Look, obj: Obj) -> Iterator[Finding]:
    told: set[Obj] = set()
    for place, gateway, host in _served(obj, look.mesh):
        for other in look.at(FRAGMENTS, (place, gateway, host))[:MOST_RIVALS]:
            if other is obj or other in told:
                continue
            told.add(other)
            where = f"{quoted(host)} at gateway {place}/{gateway}"
            if _overlap(obj, other):
                message = f"{other.key} routes {where} too, and some requests match routes of both."
                yield finding("MUI0005", obj, ("spec", "hosts"), message, other)
            else:
                message = f"{other.key} routes {where} too; the order of their routes is not defined."
                yield finding("MUI0004", obj, ("spec", "hosts"), message, other)


def _overlap(one: Obj, other: Obj) -> bool:
    """Whether some requests surely match rules of both, one that takes everything besides."""
    mine, theirs = (list(_matches(obj)) for obj in (one, other))
    if all(any(map(is_catch_all, _rules(obj))) for obj in (one, other)):
        return True
    return any(covers(match, rival, []) or covers(rival, match, []) for match in mine for rival in theirs)


def _rules(obj: Obj) -> list[Mapping[str, Any]]:
    return [rule for _, rule in objects(obj.spec.get("http"))]


def _matches(obj: Obj) -> Iterator[Mapping[str, Any]]:
    """The matches of a VirtualService that take some requests, and not all."""
    for rule in _rules(obj)[:100]:
        for _, match in objects(rule.get("match")):
            if not takes_everything(match):
                yield match


ANALYZERS: Final = (analyzer("meshui.GatewayFragments", "MUI0004 MUI0005", (VIRTUAL_SERVICE,), _check),)
