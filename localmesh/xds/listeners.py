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
            _stream(f"outbound_{port}", proxy.inner_ip, port, each, "OUTBOUND")
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
    ports = sorted({server.target_port for server in gateways.servers_of(mesh, proxy)})
    return tuple(_gateway(proxy, port) for port in ports)


def _outbound(proxy: Proxy) -> Json:
    manager = _manager(
        "outbound",
        telemetry.source_log(proxy.workload),
        [peer.protocol_reader(), _FAULT, cors.reader(), _ROUTER_FILTER],
        {"rds": {"config_source": config_source(), "route_config_name": routes.OUTBOUND}},
    )
    return _listener(f"outbound_{OUTBOUND_PORT}", proxy.inner_ip, OUTBOUND_PORT, manager, "OUTBOUND")


def _gateway(proxy: Proxy, port: int) -> Json:
    name = routes.gateway_route_name(port)
    manager = _manager(
        f"gateway_{port}",
        telemetry.source_log(proxy.workload),
        [peer.protocol_reader(), _FAULT, cors.reader(), _ROUTER_FILTER],
        {"rds": {"config_source": config_source(), "route_config_name": name}},
    )
    # The edge of the mesh: the caller's address is what the connection says, not what its headers claim.
    manager["use_remote_address"] = True
    return _listener(f"{proxy.pod_ip}_{port}", proxy.pod_ip, port, manager, "OUTBOUND")


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
    http = {"name": "envoy.filters.network.http_connection_manager", "typed_config": manager}
    return _bare(name, address, port, direction) | {"filter_chains": [{"filters": [http]}]}


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
