"""Istio's Sidecar, as of istio.io/api 1.27."""

from typing import Literal

from localmesh.apiserver.schemas.base import Model, UInt32
from localmesh.apiserver.schemas.common import Destination, WorkloadSelector
from localmesh.apiserver.schemas.gateway import ServerTls
from localmesh.apiserver.schemas.meta import ObjectMeta, OpenIstioStatus
from localmesh.apiserver.schemas.traffic_policy import ConnectionPool


class SidecarPort(Model):
    """A port of a sidecar's listener."""

    name: str = ""
    number: UInt32 | None = None
    protocol: str = ""
    target_port: UInt32 | None = None


class EgressListener(Model):
    """What a sidecar lets out."""

    hosts: list[str]
    bind: str = ""
    capture_mode: Literal["DEFAULT", "IPTABLES", "NONE"] | None = None
    port: SidecarPort | None = None


class IngressListener(Model):
    """What a sidecar lets in."""

    port: SidecarPort
    bind: str = ""
    capture_mode: Literal["DEFAULT", "IPTABLES", "NONE"] | None = None
    connection_pool: ConnectionPool | None = None
    default_endpoint: str = ""
    tls: ServerTls | None = None


class OutboundTrafficPolicy(Model):
    """What happens to traffic for unknown hosts."""

    egress_proxy: Destination | None = None
    mode: Literal["REGISTRY_ONLY", "ALLOW_ANY"] | None = None


class SidecarSpec(Model):
    """What the proxies of workloads know and accept."""

    egress: list[EgressListener] = []
    inbound_connection_pool: ConnectionPool | None = None
    ingress: list[IngressListener] = []
    outbound_traffic_policy: OutboundTrafficPolicy | None = None
    workload_selector: WorkloadSelector | None = None


class Sidecar(Model):
    """A Sidecar: what the proxies of workloads know and accept."""

    metadata: ObjectMeta
    spec: SidecarSpec
    api_version: str = ""
    kind: str = ""
    status: OpenIstioStatus | None = None
