"""Services and Deployments: names of ports, services that disagree about a workload, the proxy's own user.
Pure.

Semantics: istio/istio pkg/config/analysis/analyzers/service and deployment.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from routing.analysis.findings import Finding, analyzer, finding
from routing.analysis.kinds import DEPLOYMENT, POD, SERVICE
from routing.analysis.meshes import (
    MANAGED,
    PROXY,
    SYSTEM_NAMESPACES,
    containers,
    deployment_in_mesh,
    is_control_plane,
    pod_spec,
)
from routing.analysis.objects import Obj, dig, mapping, number, objects, text, texts
from routing.analysis.selectors import services_of
from routing.analysis.world import Look
from routing.rules import quoted
from routing.yaml_files import Path

PROTOCOLS: Final = frozenset(
    {"tcp", "udp", "grpc", "http", "http_proxy", "http2", "https", "tls", "mongo", "redis", "mysql", "hbone"}
)
"""What the name of a port may begin with, up to its first hyphen."""
STANDARD: Final = frozenset({"kubernetes.io/h2c", "kubernetes.io/ws", "kubernetes.io/wss"})
"""Protocols that Kubernetes itself names."""
NOT_GUESSED: Final = frozenset({25, 53, 3306, 27017})
"""Ports where servers speak first, so Istio takes them for TCP."""
MADE_BY_GATEWAYS: Final = frozenset(
    {"istio.io-gateway-controller", "istio.io-mesh-controller", "istio.io-eastwest-controller"}
)
PROXY_USER: Final = 1337


def port_says_protocol(port: Mapping[str, Any]) -> bool:
    """Whether Istio knows the protocol of a service's port without looking at the traffic.

    Source: https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/
    """
    if port.get("protocol") == "UDP":
        return True
    said = port.get("appProtocol")
    name = said if isinstance(said, str) else text(port.get("name"))
    if (name == said and name in STANDARD) or name.lower().startswith("grpc-web"):
        return True
    return name.partition("-")[0].lower() in PROTOCOLS or number(port.get("port")) in NOT_GUESSED


def _check_port_names(look: Look, obj: Obj) -> Iterator[Finding]:  # noqa: ARG001  (one object is enough)
    if obj.namespace in SYSTEM_NAMESPACES or is_control_plane(obj):
        return
    if obj.labels.get(MANAGED) in MADE_BY_GATEWAYS:
        return
    external = obj.spec.get("type") == "ExternalName"
    for index, port in objects(obj.spec.get("ports")):
        name, shown = text(port.get("name")), number(port.get("port")) or 0
        at = ("spec", "ports", index, "name") if "name" in port else ("spec", "ports", index)
        if external and (name == "tcp" or not port_says_protocol(port)):
            message = f"Port {shown} of an ExternalName service needs a name that says its protocol, not tcp."
            yield finding("IST0150", obj, at, message)
        elif not port_says_protocol(port):
            called = f"The name {quoted(name)} of port {shown} does" if name else f"Port {shown} does"
            yield finding("IST0118", obj, at, f"{called} not say a protocol; Istio guesses it.")


def _check_services(look: Look, obj: Obj) -> Iterator[Finding]:
    if obj.labels.get(MANAGED) == "istio.io-mesh-controller" or not deployment_in_mesh(look, obj):
        return
    labels = texts(dig(obj.spec, "template", "metadata", "labels"))
    services = services_of(look, obj.namespace, labels)
    by_port: dict[int, dict[str, list[Obj]]] = {}
    by_target: dict[str, dict[int, Obj]] = {}
    for service in services:
        for _, port in objects(service.spec.get("ports")):
            shown = number(port.get("port")) or 0
            protocol = text(port.get("protocol")) or "TCP"
            by_port.setdefault(shown, {}).setdefault(protocol, []).append(service)
            by_target.setdefault(_target_port(port, shown), {})[shown] = service
    at = ("metadata", "name")
    for shown, protocols in sorted(by_port.items()):
        if len(protocols) > 1:
            found = [service for several in protocols.values() for service in several]
            message = (
                f"{_names(found)} use port {shown} with different protocols: {', '.join(sorted(protocols))}."
            )
            yield finding("IST0116", obj, at, message, *found)
    for target, ports in sorted(by_target.items()):
        if len(ports) > 1:
            found = list(ports.values())
            numbers = ", ".join(map(str, sorted(ports)))
            message = (
                f"{_names(found)} lead to port {quoted(target)} of the pods under several ports: {numbers}."
            )
            yield finding("IST0137", obj, at, message, *found)


def _target_port(port: Mapping[str, Any], shown: int) -> str:
    target = port.get("targetPort")
    return str(target) if isinstance(target, (int, str)) and target not in {0, "", "0"} else str(shown)


def _names(services: list[Obj]) -> str:
    return ", ".join(sorted({str(service.key) for service in services})[:10])


def _check_user(look: Look, obj: Obj) -> Iterator[Finding]:  # noqa: ARG001  (one object is enough)
    if is_control_plane(obj):
        return
    where, spec = pod_spec(obj)
    users: list[tuple[Path, Mapping[str, Any]]] = [((*where, "securityContext", "runAsUser"), spec)] + [
        ((*where, field, index, "securityContext", "runAsUser"), container)
        for field, index, container in containers(spec, "containers")
        if text(container.get("name")) not in {PROXY, "istio-operator"}
    ]
    for at, holder in users:
        if number(mapping(holder.get("securityContext")).get("runAsUser")) == PROXY_USER:
            yield finding(
                "IST0144", obj, at, f"User {PROXY_USER} is the sidecar's: this traffic passes it by."
            )
            return


ANALYZERS: Final = (
    analyzer("service.PortNameAnalyzer", "IST0118 IST0150", (SERVICE,), _check_port_names),
    analyzer("deployment.ServiceAssociationAnalyzer", "IST0116 IST0137", (DEPLOYMENT,), _check_services),
    analyzer("deployment.ApplicationUIDAnalyzer", "IST0144", (POD, DEPLOYMENT), _check_user),
)
