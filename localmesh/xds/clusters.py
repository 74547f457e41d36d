"""Clusters: one for each port of each service, one more for each subset, and the inbound ones of a sidecar.

Endpoints stand in the cluster itself (STATIC), so one acknowledgement covers both. Cluster and endpoint
carry, as metadata, what the destination half of Istio's standard labels is made from.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from localmesh.xds import destinations, egress, names, policies, pools, serviceentries, tls
from localmesh.xds.destinations import Destination
from localmesh.xds.localities import Placed
from localmesh.xds.model import Endpoint, Mesh, Protocol, Proxy, Service, ServicePort
from localmesh.xds.policies import Client
from localmesh.xds.values import Json

#: The namespace of the metadata that telemetry reads.
METADATA = "istio"
#: Over the bootstrap's own, which binds a proxy's connections to its pod's address.
_FROM_ANYWHERE: Json = {"upstream_bind_config": {"source_address": {"address": "0.0.0.0", "port_value": 0}}}
_CLUSTER = "type.googleapis.com/envoy.config.cluster.v3.Cluster"


def outbound(mesh: Mesh, client: Client) -> tuple[Json, ...]:
    """The clusters by which proxies of one kind reach every service of the mesh."""
    found = []
    for service in _reachable(mesh, client):
        destination = destinations.effective(mesh, service, client.namespace)
        found += [
            _outbound(_Target(mesh, service, port, subset), destination, client)
            for port in (*service.http_ports, *service.stream_ports)
            for subset in ("", *destination.subsets)
        ]
    return tuple(found)


def _reachable(mesh: Mesh, client: Client) -> list[Service]:
    """The services that a client calls by name, or by a rule that sends its requests on to them."""
    known = egress.services_of(mesh, client.namespace, client.egress)
    if client.egress is None:
        return known
    hosts = {each.host for each in known} | set(client.routed)
    return [each for each in mesh.services if each.host in hosts and each.visible_to(client.namespace)]


def inbound(mesh: Mesh, proxy: Proxy) -> tuple[Json, ...]:
    """The clusters by which a sidecar hands requests to its own application."""
    return tuple(_inbound(mesh, proxy, port) for port in proxy.ports)


def subset_exists(mesh: Mesh, service: Service, client_namespace: str, subset: str) -> bool:
    """Whether clients of a namespace have a cluster for this subset."""
    return not subset or subset in destinations.effective(mesh, service, client_namespace).subsets


@dataclass(frozen=True, slots=True)
class _Target:
    """A port of a service, or of one subset of it."""

    mesh: Mesh
    service: Service
    port: ServicePort
    subset: str

    @property
    def name(self) -> str:
        return names.outbound_cluster(self.service.host, self.port.number, self.subset)

    @property
    def metadata(self) -> Json:
        return service_metadata(self.service)

    @property
    def leads_out(self) -> bool:
        """Whether it may lead out of this machine, where nobody can be reached from a pod's own address."""
        endpoints = self.mesh.endpoints.get(self.service.host, ())
        return bool(self.service.entry) or not all(each.address.startswith("127.") for each in endpoints)

    def placed(self, destination: Destination) -> list[Placed]:
        port = self.port.name
        return [
            Placed(_endpoint(each, each.ports[port]), each.locality, each.labels)
            for each in self.mesh.endpoints.get(self.service.host, ())
            if port in each.ports and destination.selects(each, self.subset)
        ]


def _outbound(target: _Target, destination: Destination, client: Client) -> Json:
    policy = destination.at(target.port.number, target.subset)
    fields, groups = policies.endpoints(policy, target.placed(destination), client)
    found = serviceentries.cluster_type(target.service)
    protected = tls.usable_upstream(
        target.mesh, client.namespace, policy.get("tls"), alpn=_alpn(policy, target.port)
    )
    return {
        **_cluster(target.name, target.metadata, groups),
        **policies.limits(policy, target.port.protocol, protected.http),
        **fields,
        **protected.fields,
        # Names are looked up by Envoy itself, which then knows which endpoints are new.
        **(found if "dns_lookup_family" in found else {}),
        **(_FROM_ANYWHERE if target.leads_out else {}),
    }


def _alpn(policy: Mapping[str, Any], port: ServicePort) -> str:
    pool = policy.get("connectionPool") or {}
    if port.protocol in ("http", "http2") and pools.speaks_http2(pool, http2=port.protocol == "http2"):
        return "h2"
    return ""


def _inbound(mesh: Mesh, proxy: Proxy, port: int) -> Json:
    name, groups = names.inbound_cluster(port), [{"lb_endpoints": [_address(proxy.inner_ip, port)]}]
    served = ((each, at) for each in services_of(mesh, proxy) for at in _ports_at(each, proxy, port))
    service, declared = next(served, (None, None))
    protocol: Protocol = declared.protocol if declared else "http"
    policy: Mapping[str, Any] = {}
    if service and declared:
        # As in Istio, the receiving side keeps the same limits, and nothing else of the policy.
        effective = destinations.effective(mesh, service, proxy.namespace).at(declared.number)
        policy = {"connectionPool": effective.get("connectionPool")}
    sidecar = egress.sidecar_of(mesh, proxy)
    if sidecar and sidecar.spec.get("inboundConnectionPool"):
        policy = {"connectionPool": sidecar.spec["inboundConnectionPool"]}
    return {**_cluster(name, {}, groups), **policies.limits(_for_application(policy), protocol)}


def _for_application(policy: Mapping[str, Any]) -> Mapping[str, Any]:
    """Without the upgrade to HTTP/2: it is between proxies, and says nothing of the application."""
    pool = policy.get("connectionPool") or {}
    http = {key: value for key, value in (pool.get("http") or {}).items() if key != "h2UpgradePolicy"}
    return {"connectionPool": {**pool, "http": http}}


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


def protocol_at(mesh: Mesh, proxy: Proxy, port: int) -> Protocol:
    """What the application speaks on a port of its pod, as its service says."""
    served = (at for each in services_of(mesh, proxy) for at in _ports_at(each, proxy, port))
    declared = next(served, None)
    return declared.protocol if declared else "http"


def _ports_at(service: Service, proxy: Proxy, port: int) -> list[ServicePort]:
    return [each for each in service.ports if proxy.port_of(each.target) == port]


def _cluster(name: str, metadata: Json, groups: list[Json]) -> Json:
    cluster: Json = {
        "@type": _CLUSTER,
        "name": name,
        "type": "STATIC",
        "load_assignment": {"cluster_name": name, "endpoints": groups},
    }
    if metadata:
        cluster["metadata"] = {"filter_metadata": {METADATA: metadata}}
    return cluster


def _endpoint(endpoint: Endpoint, port: int) -> Json:
    address = _address(endpoint.address, port)
    if endpoint.workload:
        known = {key: value for key, value in asdict(endpoint.workload).items() if value}
        address["metadata"] = {"filter_metadata": {METADATA: known}}
    if endpoint.weight:
        address["load_balancing_weight"] = endpoint.weight
    return address


def _address(address: str, port: int) -> Json:
    return {"endpoint": {"address": {"socket_address": {"address": address, "port_value": port}}}}


def service_metadata(service: Service) -> Json:
    """The metadata by which telemetry names a service that is known."""
    return {"host": service.host, "name": service.name, "namespace": service.namespace}


def host_metadata(host: str) -> Json:
    """The metadata by which telemetry names a service."""
    name, namespace, *_ = [*host.split("."), ""]
    return {"host": host, "name": name, "namespace": namespace}
