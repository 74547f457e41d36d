"""Clusters: one for each port of each service, one more for each subset, and the inbound ones of a sidecar.

Endpoints stand in the cluster itself (STATIC), so one acknowledgement covers both. Cluster and endpoint
carry, as metadata, what the destination half of Istio's standard labels is made from.
"""

from dataclasses import asdict

from localmesh.xds import destinations, names
from localmesh.xds.destinations import Destination
from localmesh.xds.model import Endpoint, Mesh, Protocol, Proxy, Service, ServicePort
from localmesh.xds.values import Json

#: The namespace of the metadata that telemetry reads.
METADATA = "istio"
#: Istio's default connect timeout.
_CONNECT_TIMEOUT = "10s"
#: Istio sets no limits of its own; Envoy's defaults of 1024 would be one.
_NO_LIMIT = 4_294_967_295
_LIMITS = ("max_connections", "max_pending_requests", "max_requests", "max_retries")
_CLUSTER = "type.googleapis.com/envoy.config.cluster.v3.Cluster"
_HTTP_OPTIONS = "envoy.extensions.upstreams.http.v3.HttpProtocolOptions"


def outbound(mesh: Mesh, client_namespace: str) -> tuple[Json, ...]:
    """The clusters by which proxies of a namespace reach every service of the mesh."""
    found = []
    for service in mesh.services:
        destination = destinations.effective(mesh, service, client_namespace)
        for port in service.http_ports:
            found += [
                _outbound(mesh, service, port, subset, destination) for subset in ("", *destination.subsets)
            ]
    return tuple(found)


def inbound(mesh: Mesh, proxy: Proxy) -> tuple[Json, ...]:
    """The clusters by which a sidecar hands requests to its own application."""
    return tuple(_inbound(mesh, proxy, port) for port in proxy.ports)


def subset_exists(mesh: Mesh, service: Service, client_namespace: str, subset: str) -> bool:
    """Whether clients of a namespace have a cluster for this subset."""
    return not subset or subset in destinations.effective(mesh, service, client_namespace).subsets


def _outbound(mesh: Mesh, service: Service, port: ServicePort, subset: str, destination: Destination) -> Json:
    endpoints = [
        (endpoint, endpoint.ports[port.name])
        for endpoint in mesh.endpoints.get(service.host, ())
        if port.name in endpoint.ports and destination.selects(endpoint, subset)
    ]
    name = names.outbound_cluster(service.host, port.number, subset)
    metadata = {"host": service.host, "name": service.name, "namespace": service.namespace}
    return {
        **_cluster(name, port.protocol, metadata, [_endpoint(each, number) for each, number in endpoints]),
        **destination.balancing(port.number, subset).cluster,
    }


def _inbound(mesh: Mesh, proxy: Proxy, port: int) -> Json:
    served = (each for service in services_of(mesh, proxy) for each in _ports_at(service, proxy, port))
    declared = next(served, None)
    protocol: Protocol = declared.protocol if declared else "http"
    return _cluster(names.inbound_cluster(port), protocol, {}, [_address(proxy.inner_ip, port)])


def services_of(mesh: Mesh, proxy: Proxy) -> tuple[Service, ...]:
    """The services that a proxy's pod stands behind."""
    return tuple(
        service
        for service in mesh.services
        if service.namespace == proxy.namespace
        and service.selector
        and service.selector.items() <= proxy.labels.items()
    )


def service_at(mesh: Mesh, proxy: Proxy, port: int) -> Service | None:
    """The service whose requests arrive at this port of the pod."""
    return next((each for each in services_of(mesh, proxy) if _ports_at(each, proxy, port)), None)


def _ports_at(service: Service, proxy: Proxy, port: int) -> list[ServicePort]:
    return [each for each in service.ports if proxy.port_of(each.target) == port]


def _cluster(name: str, protocol: Protocol, metadata: Json, endpoints: list[Json]) -> Json:
    cluster: Json = {
        "@type": _CLUSTER,
        "name": name,
        "type": "STATIC",
        "connect_timeout": _CONNECT_TIMEOUT,
        "circuit_breakers": {"thresholds": [dict.fromkeys(_LIMITS, _NO_LIMIT)]},
        "load_assignment": {"cluster_name": name, "endpoints": [{"lb_endpoints": endpoints}]},
    }
    if metadata:
        cluster["metadata"] = {"filter_metadata": {METADATA: metadata}}
    if protocol == "http2":
        options = {
            "@type": f"type.googleapis.com/{_HTTP_OPTIONS}",
            "explicit_http_config": {"http2_protocol_options": {}},
        }
        cluster["typed_extension_protocol_options"] = {_HTTP_OPTIONS: options}
    return cluster


def _endpoint(endpoint: Endpoint, port: int) -> Json:
    address = _address(endpoint.address, port)
    if endpoint.workload:
        known = {key: value for key, value in asdict(endpoint.workload).items() if value}
        address["metadata"] = {"filter_metadata": {METADATA: known}}
    return address


def _address(address: str, port: int) -> Json:
    return {"endpoint": {"address": {"socket_address": {"address": address, "port_value": port}}}}


def host_metadata(host: str) -> Json:
    """The metadata by which telemetry names a service."""
    name, namespace, *_ = [*host.split("."), ""]
    return {"host": host, "name": name, "namespace": namespace}
