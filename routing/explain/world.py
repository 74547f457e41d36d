"""Makes of what is read from a cluster or from files the world that an answer is made from. Pure.

Manifests that cannot be any rule (no name, no spec) are left out here, so that nothing further on trips.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from cluster import inventory, objects
from cluster.kinds import GRPC_ROUTE, HTTP_ROUTE
from cluster.refs import Manifest
from routing import gatewayapi
from routing.explain import values
from routing.explain.question import Host, Port, Protocol, World
from routing.istio import hosts

_OPAQUE: Final = frozenset({"tcp", "udp", "sctp", "mongo", "mysql", "redis", "postgres"})
_ENCRYPTED: Final = frozenset({"tls", "https"})


def build(
    *,
    services: Iterable[objects.Service] = (),
    pods: Iterable[objects.Pod] | None = None,
    pods_hidden: Iterable[str] = (),
    service_entries: Iterable[object] = (),
    virtual_services: Iterable[object] = (),
    http_routes: Iterable[object] = (),
    grpc_routes: Iterable[object] = (),
    destination_rules: Iterable[object] = (),
    gateways: Iterable[object] = (),
    whole: bool = True,
) -> World:
    """The world. `pods`: None where none may be read; `pods_hidden`: the namespaces where they may not.

    Of rules, the older comes first, whatever the order here.
    """
    known = {} if pods is None else _by_namespace(pods)
    unknown = set(pods_hidden)
    found: dict[str, Host] = {}
    for service in services:
        namespace = service.metadata.namespace
        there = None if pods is None or namespace in unknown else known.get(namespace, ())
        host = _service(service, there)
        found[host.host] = host
    for entry in _rules(service_entries, "ServiceEntry"):
        for host in _entries(entry):
            found.setdefault(host.host, host)
    routes = (*_rules(http_routes, HTTP_ROUTE.kind), *_rules(grpc_routes, GRPC_ROUTE.kind))
    return World(
        hosts=found,
        virtual_services=_rules(virtual_services, "VirtualService"),
        routes=tuple(gatewayapi.virtual_services(routes, lambda host: _ports(found, host))),
        destination_rules=_rules(destination_rules, "DestinationRule"),
        gateways=_rules(gateways, "Gateway"),
        whole=whole,
    )


def _ports(known: Mapping[str, Host], name: str) -> list[int] | None:
    host = known.get(name)
    return None if host is None else [port.number for port in host.ports]


def protocol(word: str) -> Protocol:
    """What Istio routes a port's protocol by; what says nothing is taken for HTTP."""
    if word in _ENCRYPTED:
        return "tls"
    return "tcp" if word in _OPAQUE else "http"


def _by_namespace(pods: Iterable[objects.Pod]) -> Mapping[str, list[objects.Pod]]:
    found: dict[str, list[objects.Pod]] = {}
    for pod in pods:
        found.setdefault(pod.metadata.namespace, []).append(pod)
    return found


def _service(service: objects.Service, around: Sequence[objects.Pod] | None) -> Host:
    meta, spec = service.metadata, service.spec
    ports = () if spec.type == "ExternalName" else spec.ports
    return Host(
        host=hosts.service_host(meta.namespace, meta.name),
        namespace=meta.namespace,
        ports=tuple(Port(port.name or "", port.port, _protocol(port)) for port in ports),
        resource=f"Service {meta.namespace}/{meta.name}",
        address=(spec.cluster_ip or "").replace("None", ""),
        selector=spec.selector,
        around=around,
    )


def _protocol(port: objects.ServicePort) -> Protocol:
    if (port.protocol or "TCP") != "TCP":
        return "tcp"
    return protocol(inventory.protocol_of(port))


def _entries(entry: Manifest) -> Iterable[Host]:
    spec = entry["spec"]
    ports = tuple(
        Port(values.text(port.get("name")), values.whole(port.get("number")), _declared(port))
        for port in values.mappings(spec.get("ports"))
    )
    for host in values.texts(spec.get("hosts")):
        yield Host(host, hosts.namespace_of(entry), ports, hosts.name_of(entry))


def _declared(port: Mapping[str, Any]) -> Protocol:
    return protocol(values.text(port.get("protocol")).lower().split("-")[0])


def _rules(manifests: Iterable[object], kind: str) -> tuple[Manifest, ...]:
    found = [rule for manifest in manifests if (rule := _rule(manifest, kind))]
    return tuple(sorted(found, key=hosts.age))


def _rule(manifest: object, kind: str) -> Manifest | None:
    fields = values.mapping(manifest)
    meta, spec = values.mapping(fields.get("metadata")), values.mapping(fields.get("spec"))
    name, namespace = values.text(meta.get("name")), values.text(meta.get("namespace"))
    if not name:
        return None
    metadata = {**meta, "name": name, "namespace": namespace}
    return {**fields, "kind": kind, "metadata": metadata, "spec": dict(spec)}
