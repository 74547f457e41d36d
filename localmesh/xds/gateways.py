"""Gateways: which servers a router has, and on which port of its pod each of them listens."""

from collections.abc import Iterator
from dataclasses import dataclass

from localmesh.xds import clusters, names
from localmesh.xds.model import Mesh, Proxy, Rule
from localmesh.xds.values import Problem

_HTTP = {"HTTP", "HTTP2", "GRPC"}


@dataclass(frozen=True, slots=True)
class Server:
    """One HTTP server of a Gateway at one router; `port` as the Gateway writes it, `target_port` on the
    pod.
    """

    gateway: Rule
    port: int
    target_port: int
    hosts: tuple[str, ...]


def servers_of(mesh: Mesh, proxy: Proxy) -> tuple[Server, ...]:
    """The HTTP servers of all Gateways that select a router, the oldest Gateway first."""
    if proxy.kind != "router":
        return ()
    return tuple(
        Server(gateway, number, target_port(mesh, proxy, number), tuple(server.get("hosts") or ()))
        for gateway in mesh.all_gateways
        if selects(gateway, proxy)
        for server in gateway.spec.get("servers") or ()
        if str((server.get("port") or {}).get("protocol", "")).upper() in _HTTP
        and (number := int((server.get("port") or {}).get("number") or 0))
    )


def selects(gateway: Rule, proxy: Proxy) -> bool:
    """Whether a Gateway's selector fits a router's labels; in Istio the namespaces may differ."""
    selector = gateway.spec.get("selector") or {}
    return proxy.kind == "router" and selector.items() <= proxy.labels.items()


def target_port(mesh: Mesh, proxy: Proxy, number: int) -> int:
    """The pod's port for a server's port: where the gateway's Service sends that port, else the same
    number.
    """
    for service in clusters.services_of(mesh, proxy):
        port = service.port(number)
        if port and (target := proxy.port_of(port.target)):
            return target
    return number


def problems(mesh: Mesh, gateway: Rule) -> Iterator[Problem]:
    """What of a Gateway is not acted on because of its values."""
    if not any(selects(gateway, proxy) for proxy in mesh.proxies):
        yield Problem("spec.selector", "no running gateway pod has these labels")
    for index, server in enumerate(gateway.spec.get("servers") or ()):
        path, port = f"spec.servers[{index}]", server.get("port") or {}
        if str(port.get("protocol", "")).upper() not in _HTTP:
            yield Problem(f"{path}.port.protocol", f"{port.get('protocol')} is not programmed, only HTTP is")
        if not port.get("number"):
            yield Problem(f"{path}.port.number", "it is missing")
        for place, host in enumerate(server.get("hosts") or ()):
            if not names.is_host(host.rpartition("/")[2]):
                yield Problem(f"{path}.hosts[{place}]", f"{host!r} is not a host name")
