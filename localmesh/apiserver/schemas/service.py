"""A service, its endpoints, and the data that pods are given."""

from typing import Annotated

from msgspec import field

from localmesh.apiserver.schemas.base import (
    ATOMIC_LIST,
    ATOMIC_MAP,
    Bytes,
    Int32,
    IntOrString,
    Model,
    extra,
    keyed,
)
from localmesh.apiserver.schemas.cluster import ObjectReference
from localmesh.apiserver.schemas.meta import Condition, ObjectMeta


class ServicePort(Model):
    """The Kubernetes type ServicePort."""

    port: Int32
    app_protocol: str = ""
    name: str = ""
    node_port: Int32 | None = None
    protocol: Annotated[str, extra(default="TCP")] = "TCP"
    target_port: IntOrString | None = None


class ClientIPConfig(Model):
    """The Kubernetes type ClientIPConfig."""

    timeout_seconds: Int32 | None = None


class SessionAffinityConfig(Model):
    """The Kubernetes type SessionAffinityConfig."""

    client_ip: ClientIPConfig | None = field(name="clientIP", default=None)


class ServiceSpec(Model):
    """The Kubernetes type ServiceSpec."""

    allocate_load_balancer_node_ports: bool | None = None
    cluster_ip: str = field(name="clusterIP", default="")
    cluster_ips: list[str] = field(name="clusterIPs", default_factory=list)
    external_ips: list[str] = field(name="externalIPs", default_factory=list)
    external_name: str = ""
    external_traffic_policy: str = ""
    health_check_node_port: Int32 | None = None
    internal_traffic_policy: str = ""
    ip_families: list[str] = []
    ip_family_policy: str = ""
    load_balancer_class: str = ""
    load_balancer_ip: str = field(name="loadBalancerIP", default="")
    load_balancer_source_ranges: list[str] = []
    ports: Annotated[list[ServicePort], keyed("port", "protocol")] = []
    publish_not_ready_addresses: bool | None = None
    selector: dict[str, str] = {}
    session_affinity: str = ""
    session_affinity_config: SessionAffinityConfig | None = None
    traffic_distribution: str = ""
    type: str = ""


class PortStatus(Model):
    """The Kubernetes type PortStatus."""

    port: Int32
    protocol: str
    error: str = ""


class LoadBalancerIngress(Model):
    """The Kubernetes type LoadBalancerIngress."""

    hostname: str = ""
    ip: str = ""
    ip_mode: str = ""
    ports: list[PortStatus] = []


class LoadBalancerStatus(Model):
    """The Kubernetes type LoadBalancerStatus."""

    ingress: list[LoadBalancerIngress] = []


class ServiceStatus(Model):
    """The Kubernetes type ServiceStatus."""

    conditions: Annotated[list[Condition], keyed("type")] = []
    load_balancer: LoadBalancerStatus | None = None


class Service(Model):
    """The Kubernetes type Service."""

    metadata: ObjectMeta
    api_version: str = ""
    kind: str = ""
    spec: ServiceSpec | None = None
    status: ServiceStatus | None = None


class ConfigMap(Model):
    """The Kubernetes type ConfigMap."""

    metadata: ObjectMeta
    api_version: str = ""
    binary_data: dict[str, Bytes] = {}
    data: dict[str, str] = {}
    immutable: bool | None = None
    kind: str = ""


class Secret(Model):
    """The Kubernetes type Secret."""

    metadata: ObjectMeta
    api_version: str = ""
    data: dict[str, Bytes] = {}
    immutable: bool | None = None
    kind: str = ""
    string_data: dict[str, str] = {}
    type: str = ""


class EndpointAddress(Model):
    """The Kubernetes type EndpointAddress."""

    ip: str
    hostname: str = ""
    node_name: str = ""
    target_ref: Annotated[ObjectReference, ATOMIC_MAP] | None = None


class SubsetPort(Model):
    """The Kubernetes type SubsetPort."""

    port: Int32
    app_protocol: str = ""
    name: str = ""
    protocol: str = ""


class EndpointSubset(Model):
    """The Kubernetes type EndpointSubset."""

    addresses: list[EndpointAddress] = []
    not_ready_addresses: list[EndpointAddress] = []
    ports: list[SubsetPort] = []


class Endpoints(Model):
    """The Kubernetes type Endpoints."""

    metadata: ObjectMeta
    api_version: str = ""
    kind: str = ""
    subsets: list[EndpointSubset] = []


class EndpointConditions(Model):
    """The Kubernetes type EndpointConditions."""

    ready: bool | None = None
    serving: bool | None = None
    terminating: bool | None = None


class ForNode(Model):
    """The Kubernetes type ForNode."""

    name: str


class ForZone(Model):
    """The Kubernetes type ForZone."""

    name: str


class EndpointHints(Model):
    """The Kubernetes type EndpointHints."""

    for_nodes: list[ForNode] = []
    for_zones: list[ForZone] = []


class Endpoint(Model):
    """The Kubernetes type Endpoint."""

    addresses: list[str]
    conditions: EndpointConditions | None = None
    deprecated_topology: dict[str, str] = {}
    hints: EndpointHints | None = None
    hostname: str = ""
    node_name: str = ""
    target_ref: Annotated[ObjectReference, ATOMIC_MAP] | None = None
    zone: str = ""


class EndpointPort(Model):
    """The Kubernetes type EndpointPort."""

    app_protocol: str = ""
    name: str = ""
    port: Int32 | None = None
    protocol: str = ""


class EndpointSlice(Model):
    """The Kubernetes type EndpointSlice."""

    address_type: str
    metadata: ObjectMeta
    api_version: str = ""
    endpoints: Annotated[list[Endpoint], ATOMIC_LIST] = []
    kind: str = ""
    ports: Annotated[list[EndpointPort], ATOMIC_LIST] = []
