"""Gateways: which servers a router has, and on which port of its pod each of them listens."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from localmesh.xds import clusters, names, tls
from localmesh.xds.model import Mesh, Proxy, Rule
from localmesh.xds.values import Json, Problem, Unusable

Spec = Mapping[str, Any]
#: Requests in the open or under TLS; connections in the open, under TLS that ends here, or passed on closed.
Way = Literal["http", "https", "tcp", "tls", "passthrough"]
_HTTP = {"HTTP", "HTTP2", "GRPC"}
_STREAMS = {"TCP", "MONGO", "MYSQL", "REDIS"}


@dataclass(frozen=True, slots=True)
class Server:
    """One server of a Gateway at one router; `port` as the Gateway writes it, `target_port` on the pod."""

    gateway: Rule
    index: int
    way: Way
    port: int
    target_port: int
    hosts: tuple[str, ...]
    tls: Spec

    @property
    def bound(self) -> str:
        """The name by which VirtualServices are bound to it."""
        return f"{self.gateway.namespace}/{self.gateway.name}"

    @property
    def route_name(self) -> str:
        """The name of its route configuration: shared by all open servers of a port."""
        if self.way == "http":
            return f"http.{self.target_port}"
        return f"https.{self.target_port}.{self.bound}.{self.index}"

    @property
    def server_names(self) -> tuple[str, ...]:
        """The names of TLS that are for it; `*` is for all."""
        return tuple(host.rpartition("/")[2].lower() for host in self.hosts)

    @property
    def redirects(self) -> bool:
        """Whether it sends everybody to HTTPS."""
        return self.way == "http" and bool(self.tls.get("httpsRedirect"))


def servers_of(mesh: Mesh, proxy: Proxy) -> tuple[Server, ...]:
    """The servers of all Gateways that select a router and can be served, the oldest Gateway first."""
    if proxy.kind != "router":
        return ()
    return tuple(
        server
        for gateway in mesh.all_gateways
        if selects(gateway, proxy)
        for server in _servers(mesh, proxy, gateway)
    )


def socket_of(mesh: Mesh, proxy: Proxy, server: Server) -> Json:
    """The transport socket of a server that ends TLS. Raises Unusable."""
    return tls.downstream(mesh, proxy.namespace, server.tls, _path(server), http=server.way == "https")


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
    routers = [proxy for proxy in mesh.proxies if selects(gateway, proxy)]
    if not routers:
        yield Problem("spec.selector", "no running gateway pod has these labels")
    for index, server in enumerate(gateway.spec.get("servers") or ()):
        path, port = f"spec.servers[{index}]", server.get("port") or {}
        if _way(server) is None:
            yield Problem(f"{path}.port.protocol", f"{port.get('protocol')} is not programmed")
        if not port.get("number"):
            yield Problem(f"{path}.port.number", "it is missing")
        for place, host in enumerate(server.get("hosts") or ()):
            if not names.is_host(host.rpartition("/")[2]):
                yield Problem(f"{path}.hosts[{place}]", f"{host!r} is not a host name")
    for router in routers[:1]:
        yield from _socket_problems(mesh, router, gateway)
        yield from _port_problems(mesh, router, gateway)


def _socket_problems(mesh: Mesh, router: Proxy, gateway: Rule) -> Iterator[Problem]:
    for server in _servers(mesh, router, gateway, usable_only=False):
        if server.way in ("https", "tls"):
            try:
                socket_of(mesh, router, server)
            except Unusable as error:
                yield error.problem


def _port_problems(mesh: Mesh, router: Proxy, gateway: Rule) -> Iterator[Problem]:
    """Open servers of one port have to speak the same: the first says what."""
    first: dict[int, Server] = {}
    for server in servers_of(mesh, router):
        if server.way not in ("http", "tcp"):
            continue
        before = first.setdefault(server.target_port, server)
        if before.way != server.way and server.gateway.key == gateway.key:
            reason = f"Gateway {before.bound} has this port for {before.way.upper()} already"
            yield Problem(f"spec.servers[{server.index}].port", reason, conflict=True)


def _servers(mesh: Mesh, proxy: Proxy, gateway: Rule, *, usable_only: bool = True) -> Iterator[Server]:
    for index, spec in enumerate(gateway.spec.get("servers") or ()):
        way, number = _way(spec), int((spec.get("port") or {}).get("number") or 0)
        if way is None or not number:
            continue
        at, hosts = target_port(mesh, proxy, number), tuple(spec.get("hosts") or ())
        server = Server(gateway, index, way, number, at, hosts, spec.get("tls") or {})
        if not usable_only or _is_usable(mesh, proxy, server):
            yield server


def _is_usable(mesh: Mesh, proxy: Proxy, server: Server) -> bool:
    if server.way not in ("https", "tls"):
        return True
    try:
        socket_of(mesh, proxy, server)
    except Unusable:
        return False
    return True


def _way(server: Spec) -> Way | None:
    protocol = str((server.get("port") or {}).get("protocol", "")).upper()
    if protocol in _HTTP:
        return "http"
    if protocol in _STREAMS:
        return "tcp"
    if protocol not in ("HTTPS", "TLS"):
        return None
    if (server.get("tls") or {}).get("mode", "PASSTHROUGH") in ("PASSTHROUGH", "AUTO_PASSTHROUGH"):
        return "passthrough"
    return "https" if protocol == "HTTPS" else "tls"


def _path(server: Server) -> str:
    return f"spec.servers[{server.index}].tls"
