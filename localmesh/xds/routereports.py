"""What of an HTTPRoute or GRPCRoute is not in force."""

from collections.abc import Iterator

from localmesh.xds import gatewayapi, names, virtualservices
from localmesh.xds.delegates import Part
from localmesh.xds.matches import Scope
from localmesh.xds.model import Mesh, Rule
from localmesh.xds.values import Problem


def problems(mesh: Mesh, route: Rule) -> Iterator[Problem]:
    """Parents that do not take it, backends that are missing, values that cannot be used, older rules."""
    yield from gatewayapi.problems(mesh, route)
    scope = Scope(route.namespace, {}, names.MESH, 80)
    for path, spec in gatewayapi.converted(mesh, route).http:
        found = virtualservices.unusable(mesh, Part(spec, path, route.namespace, gateway_api=True), scope)
        if found:
            yield Problem(path, found.reason)
    yield from _overruled(mesh, route)


def _overruled(mesh: Mesh, route: Rule) -> Iterator[Problem]:
    for index, host in gatewayapi.mesh_hosts(mesh, route):
        line = virtualservices.Directory(virtualservices.in_mesh(mesh, route.namespace)).find(host)
        first = line[0] if line else route
        if first.kind != route.kind and first.age < route.age:
            what = f"the older {first.kind} {first.namespace}/{first.name}"
            yield Problem(f"spec.parentRefs[{index}]", f"{what} has the host {host} already", conflict=True)
