"""VirtualServices: destinations, subsets, gateways, hosts that several claim, claims of a JWT. Pure.

Semantics: istio/istio pkg/config/analysis/analyzers/virtualservice.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from typing import Any, Final

from routing.analysis.findings import FEW, Finding, analyzer, few, finding
from routing.analysis.hosts import Target, overlap, service_name, target
from routing.analysis.kinds import (
    DESTINATION_RULE,
    GATEWAY,
    KUBERNETES_GATEWAY,
    REQUEST_AUTHENTICATION,
    VIRTUAL_SERVICE,
)
from routing.analysis.objects import Obj, dig, mapping, number, objects, strings, text, texts
from routing.analysis.selectors import covers, pods
from routing.analysis.world import Index, Look, Mesh
from routing.rules import quoted
from routing.yaml_files import Path

JWT_CLAIM: Final = "@request.auth.claims"
MESH_GATEWAY: Final = "mesh"


def destinations(obj: Obj) -> Iterator[tuple[Path, Mapping[str, Any], bool]]:
    """The destinations of a VirtualService: the way to each, the destination, and whether it is a mirror."""
    for protocol in ("tcp", "tls", "http"):
        for index, rule in objects(obj.spec.get(protocol)):
            for route_index, route in objects(rule.get("route")):
                at: Path = ("spec", protocol, index, "route", route_index, "destination")
                yield at, mapping(route.get("destination")), False
    for index, rule in objects(obj.spec.get("http")):
        if isinstance(rule.get("mirror"), dict):
            yield ("spec", "http", index, "mirror"), mapping(rule["mirror"]), True
        for mirror_index, mirror in objects(rule.get("mirrors")):
            at = ("spec", "http", index, "mirrors", mirror_index, "destination")
            yield at, mapping(mirror.get("destination")), True


def _check_destinations(look: Look, obj: Obj) -> Iterator[Finding]:
    export_to = strings(obj.spec.get("exportTo"))
    for at, destination, mirror in destinations(obj):
        host = text(destination.get("host"))
        found = target(look, obj.namespace, export_to, host)
        if found is None:
            what = "The host to mirror to" if mirror else "The host"
            yield finding("IST0101", obj, (*at, "host"), f"{what} {quoted(host)} is not known here.")
        else:
            yield from _check_port(obj, at, destination, host, found)
    yield from _check_subset_routes(look, obj)


def _check_port(
    obj: Obj, at: Path, destination: Mapping[str, Any], host: str, found: Target
) -> Iterator[Finding]:
    ports = found.ports
    shown = ", ".join(map(str, ports[:10]))
    if not isinstance(destination.get("port"), dict):
        if len(ports) > 1:
            message = f"{quoted(host)} has several ports ({shown}); say which one."
            yield finding("IST0112", obj, (*at, "host"), message, found.obj)
        return
    asked = number(dig(destination, "port", "number")) or 0
    if asked not in ports:
        message = f"{quoted(host)} has no port {asked}" + (f"; it has {shown}." if ports else ".")
        yield finding("IST0101", obj, (*at, "port", "number"), message, found.obj)


def _subset_hosts(obj: Obj, _mesh: Mesh) -> Iterable[Hashable]:
    return (text(destination.get("host")) for destination in _own_subsets(obj))


def _own_subsets(obj: Obj) -> Iterator[Mapping[str, Any]]:
    """The destinations with a subset in http routes whose host is one that the VirtualService is about."""
    hosts = strings(obj.spec.get("hosts"))
    for at, destination, mirror in destinations(obj):
        if at[1] == "http" and not mirror and text(destination.get("subset")):
            yield from (destination for host in hosts if host == destination.get("host"))


SUBSET_ROUTES: Final = Index("subset-route", (VIRTUAL_SERVICE,), _subset_hosts)
"""VirtualServices by the host, as written, that they split by subset."""


def _check_subset_routes(look: Look, obj: Obj) -> Iterator[Finding]:
    if not strings(obj.spec.get("gateways")):
        return
    for at, destination, mirror in destinations(obj):
        host = text(destination.get("host"))
        if at[1] != "http" or mirror or text(destination.get("subset")) or not host:
            continue
        for other in look.at(SUBSET_ROUTES, host)[:FEW]:
            message = (
                f"{other.key} sends requests to {quoted(host)} to subsets; this does not apply to requests "
                "that come through the gateways of this VirtualService."
            )
            for split in _own_subsets(other):
                if split.get("host") == host:
                    yield finding("IST0140", obj, (*at, "host"), message, other)


def _subsets(obj: Obj, mesh: Mesh) -> Iterable[Hashable]:
    place = service_name(text(obj.spec.get("host")), obj.namespace, mesh)
    for _, subset in objects(obj.spec.get("subsets")):
        yield (*place, text(subset.get("name")))


SUBSETS: Final = Index("subset", (DESTINATION_RULE,), _subsets)
"""DestinationRules by namespace and name of the service, and the name of a subset."""


def _check_subsets(look: Look, obj: Obj) -> Iterator[Finding]:
    for at, destination, _ in destinations(obj):
        host, subset = text(destination.get("host")), text(destination.get("subset"))
        if not subset:
            continue
        place = service_name(host, obj.namespace, look.mesh)
        if not look.at(SUBSETS, (*place, subset)):
            message = f"No DestinationRule for {quoted(host)} has the subset {quoted(subset)}."
            yield finding("IST0101", obj, (*at, "subset"), message)


def gateway_name(written: str, namespace: str) -> tuple[str, str]:
    """The namespace and name of a gateway, as a VirtualService in a namespace writes it."""
    place, slash, name = written.partition("/")
    return (place, name) if slash else (namespace, written)


def _check_gateways(look: Look, obj: Obj) -> Iterator[Finding]:
    hosts = strings(obj.spec.get("hosts"))
    for index, written in enumerate(strings(obj.spec.get("gateways"))):
        at: Path = ("spec", "gateways", index)
        if written == MESH_GATEWAY:
            continue
        place, name = gateway_name(written, obj.namespace)
        if any(f"{mark}istio-autogenerated-k8s-gateway{mark}" in name for mark in "~-"):
            message = f"{quoted(written)} is a gateway that Istio made for one of the Gateway API."
            yield finding("IST0165", obj, at, message)
            continue
        found = look.get(GATEWAY, place, name) or look.get(KUBERNETES_GATEWAY, place, name)
        if found is None:
            yield finding("IST0101", obj, at, f"There is no gateway {quoted(written)}.")
        if not _serves(found, hosts, obj.namespace):
            shown = ", ".join(hosts[:10])
            message = f"The gateway {quoted(written)} serves none of the hosts {quoted(shown)}."
            yield finding("IST0132", obj, at, message, *([found] if found else []))


def _serves(gateway: Obj | None, hosts: list[str], namespace: str) -> bool:
    if gateway is None:
        return False
    if gateway.key.group_kind == KUBERNETES_GATEWAY:
        offered = [
            text(listener.get("hostname")) or "*" for _, listener in objects(gateway.spec.get("listeners"))
        ]
    else:
        offered = list(_offered(gateway, namespace))
    return any(overlap(one, host) for one in offered for host in hosts)


def _offered(gateway: Obj, namespace: str) -> Iterator[str]:
    """The hosts that a gateway serves for VirtualServices in a namespace."""
    for _, server in objects(gateway.spec.get("servers")):
        for host in strings(server.get("hosts")):
            place, slash, name = host.partition("/")
            if not slash:
                yield host
            elif place == "*" or (gateway.namespace if place == "." else place) == namespace:
                yield name


def _claim(obj: Obj) -> tuple[Path, str] | None:
    """The first match on a claim of a JWT."""
    for index, rule in objects(obj.spec.get("http")):
        for match_index, match in objects(rule.get("match")):
            for field in ("headers", "withoutHeaders"):
                for name in mapping(match.get(field)):
                    if name.startswith(JWT_CLAIM):
                        return ("spec", "http", index, "match", match_index, field, name), name
    return None


def _authentications(obj: Obj, _mesh: Mesh) -> Iterable[Hashable]:
    return (obj.namespace,)


AUTHENTICATIONS: Final = Index("request-authentication", (REQUEST_AUTHENTICATION,), _authentications)
"""RequestAuthentications by namespace."""


def _check_claims(look: Look, obj: Obj) -> Iterator[Finding]:
    claim = _claim(obj)
    if claim is None:
        return
    for written in strings(obj.spec.get("gateways")):
        gateway = look.get(GATEWAY, *gateway_name(written, obj.namespace))
        if written == MESH_GATEWAY or gateway is None:
            continue
        served = pods(look, texts(gateway.spec.get("selector")))
        for pod in few(pod for pod in served if not _authenticated(look, pod))[:FEW]:
            message = (
                f"The match {quoted(claim[1])} needs a RequestAuthentication for {pod.key}, "
                f"which serves the gateway {quoted(written)}; there is none."
            )
            yield finding("IST0149", obj, claim[0], message, gateway, pod)


def _authenticated(look: Look, pod: Obj) -> bool:
    return any(
        covers(texts(dig(policy.spec, "selector", "matchLabels")), pod.labels)
        for namespace in (look.mesh.root_namespace, pod.namespace)
        for policy in look.at(AUTHENTICATIONS, namespace)
    )


ANALYZERS: Final = (
    analyzer(
        "virtualservice.DestinationHostAnalyzer",
        "IST0101 IST0112 IST0140",
        (VIRTUAL_SERVICE,),
        _check_destinations,
    ),
    analyzer("virtualservice.DestinationRuleAnalyzer", "IST0101", (VIRTUAL_SERVICE,), _check_subsets),
    analyzer(
        "virtualservice.GatewayAnalyzer", "IST0101 IST0132 IST0165", (VIRTUAL_SERVICE,), _check_gateways
    ),
    analyzer("virtualservice.JWTClaimRouteAnalyzer", "IST0149", (VIRTUAL_SERVICE,), _check_claims),
)
