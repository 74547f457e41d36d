"""Listeners: the outbound proxy and the inbound ports of a sidecar, the server ports of a router."""

from localmesh.xds import (
    clusters,
    cors,
    egress,
    gateways,
    matches,
    names,
    peer,
    routes,
    streams,
    telemetry,
    virtualservices,
)
from localmesh.xds.actions import FAULT_FILTER, FAULT_TYPE
from localmesh.xds.gateways import Server
from localmesh.xds.model import OUTBOUND_PORT, Mesh, Proxy
from localmesh.xds.sources import config_source
from localmesh.xds.streams import Chains
from localmesh.xds.values import Json

_LISTENER = "type.googleapis.com/envoy.config.listener.v3.Listener"
_MANAGER = (
    "type.googleapis.com/envoy.extensions.filters.network.http_connection_manager.v3.HttpConnectionManager"
)
_ROUTER_FILTER: Json = {
    "name": "envoy.filters.http.router",
    "typed_config": {"@type": "type.googleapis.com/envoy.extensions.filters.http.router.v3.Router"},
}
_FAULT: Json = {"name": FAULT_FILTER, "typed_config": {"@type": FAULT_TYPE}}


def sidecar(mesh: Mesh, proxy: Proxy) -> tuple[Json, ...]:
    """The outbound proxy and TCP ports on the pod's inside, and one listener for each port of the
    application.
    """
    ports = _stream_ports(mesh, proxy)
    return (
        _outbound(proxy),
        *(
            _stream(
                f"outbound_{port}", proxy.inner_ip, port, streams.reported(proxy.workload, each), "OUTBOUND"
            )
            for port, each in ports.items()
        ),
        *(_inbound(mesh, proxy, port) for port in proxy.ports),
    )


def _stream_ports(mesh: Mesh, proxy: Proxy) -> dict[int, Chains]:
    known = egress.egress_of(mesh, proxy)
    services = [each for each in egress.services_of(mesh, proxy.namespace, known) if each.stream_ports]
    if not services:
        return {}
    directory = virtualservices.Directory(virtualservices.in_mesh(mesh, proxy.namespace, known))
    return streams.outbound(mesh, proxy, services, directory)


def router(mesh: Mesh, proxy: Proxy) -> tuple[Json, ...]:
    """One listener for each port that a Gateway's servers need."""
    servers = gateways.servers_of(mesh, proxy)
    ports = sorted({server.target_port for server in servers})
    made = (
        (port, _gateway(mesh, proxy, [each for each in servers if each.target_port == port]))
        for port in ports
    )
    return tuple(
        _stream(
            f"{proxy.pod_ip}_{port}",
            proxy.pod_ip,
            port,
            streams.reported(proxy.workload, chains),
            "OUTBOUND",
        )
        for port, chains in made
        if chains.by_name or chains.rest
    )


def _outbound(proxy: Proxy) -> Json:
    manager = _manager(
        "outbound",
        telemetry.source_log(proxy.workload),
        [peer.protocol_reader(), _FAULT, cors.reader(), _ROUTER_FILTER],
        {"rds": {"config_source": config_source(), "route_config_name": routes.OUTBOUND}},
    )
    return _listener(f"outbound_{OUTBOUND_PORT}", proxy.inner_ip, OUTBOUND_PORT, manager, "OUTBOUND")


def _gateway(mesh: Mesh, proxy: Proxy, servers: list[Server]) -> Chains:
    """What a port of a router does: TLS by its names, and everything else as its first open server says."""
    by_name: list[tuple[tuple[str, ...], Json]] = []
    rest: Json | None = None
    for server in servers:
        socket = gateways.socket_of(mesh, proxy, server) if server.way in ("https", "tls") else {}
        if server.way == "https":
            by_name.append((server.server_names, {**_requests(proxy, server), **socket}))
        elif server.way == "http":
            rest = rest or _requests(proxy, server)
        else:
            found = list(streams.at_gateway(mesh, proxy, server))
            if server.way == "tcp":
                rest = rest or next((chain for _, chain in found), None)
            else:
                by_name += [(names, {**chain, **socket}) for names, chain in found]
    return Chains(tuple(by_name), rest)


def _requests(proxy: Proxy, server: Server) -> Json:
    manager = _manager(
        f"gateway_{server.target_port}",
        telemetry.source_log(proxy.workload),
        [peer.protocol_reader(), _FAULT, cors.reader(), _ROUTER_FILTER],
        {"rds": {"config_source": config_source(), "route_config_name": server.route_name}},
    )
    # The edge of the mesh: the caller's address is what the connection says, not what its headers claim.
    manager["use_remote_address"] = True
    return {"filters": [_http(manager)]}


def _inbound(mesh: Mesh, proxy: Proxy, port: int) -> Json:
    cluster = names.inbound_cluster(port)
    if clusters.protocol_at(mesh, proxy, port) not in ("http", "http2"):
        passing = streams.passing({"cluster": cluster}, f"inbound_{port}")
        return _stream(f"{proxy.pod_ip}_{port}", proxy.pod_ip, port, Chains(rest=passing), "INBOUND")
    route = {
        "name": "default",
        "match": dict(matches.EVERYTHING),
        "route": {"cluster": cluster, "timeout": "0s"},
    }
    host = {"name": cluster, "domains": ["*"], "routes": [route]}
    manager = _manager(
        f"inbound_{port}",
        telemetry.destination_log(proxy.workload, clusters.service_at(mesh, proxy, port)),
        [peer.reader(), _ROUTER_FILTER],
        {"route_config": {"name": cluster, "virtual_hosts": [host], "validate_clusters": False}},
    )
    return _listener(f"{proxy.pod_ip}_{port}", proxy.pod_ip, port, manager, "INBOUND")


def _manager(prefix: str, log: Json, filters: list[Json], where: Json) -> Json:
    return {
        "@type": _MANAGER,
        "stat_prefix": prefix,
        "access_log": [log],
        "http_filters": filters,
        "normalize_path": True,
        # Without a timeout in a VirtualService nothing ends a request, as in Istio.
        "stream_idle_timeout": "0s",
        "http_protocol_options": {"accept_http_10": True},
        "upgrade_configs": [{"upgrade_type": "websocket"}],
        **where,
    }


def _listener(name: str, address: str, port: int, manager: Json, direction: str) -> Json:
    return _bare(name, address, port, direction) | {"filter_chains": [{"filters": [_http(manager)]}]}


def _http(manager: Json) -> Json:
    return {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}


def _stream(name: str, address: str, port: int, chains: Chains, direction: str) -> Json:
    return _bare(name, address, port, direction) | chains.fields()


def _bare(name: str, address: str, port: int, direction: str) -> Json:
    return {
        "@type": _LISTENER,
        "name": name,
        "address": {"socket_address": {"address": address, "port_value": port}},
        "traffic_direction": direction,
        "metadata": telemetry.listener_metadata(),
        # With it, two proxies by mistake on one address would share its requests instead of one of them
        # failing.
        "enable_reuse_port": False,
    }
