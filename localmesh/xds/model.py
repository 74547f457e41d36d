"""What the mesh consists of, as `reading` reads it from raw Kubernetes and Istio objects.

The rest of `localmesh.xds` works on these values alone. The specs of Istio resources stay raw dictionaries:
each translator reads the part that it acts on.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address
from typing import Any, Literal

from localmesh.xds import localities, names
from localmesh.xds.localities import Locality

Object = Mapping[str, Any]
Labels = Mapping[str, str]
Protocol = Literal["http", "http2", "tcp", "tls", "udp"]
ProxyKind = Literal["sidecar", "router"]

OUTBOUND_PORT = 15001
_HTTP2 = {"http2", "grpc", "grpc-web", "kubernetes.io/h2c"}
_TLS = {"tls", "https"}
_OPAQUE = {"tcp", "mongo", "mysql", "redis", "postgres"}
_NOT_TCP = {"udp", "sctp"}
_STREAMS = ("tcp", "tls")
#: Where proxies listen themselves, outside or inside a pod.
RESERVED_PORTS = frozenset((15000, OUTBOUND_PORT, 15002, 15021, 15090))
#: The inside of pod 127.N.A.B is 127.N.(A+128).B.
_INNER_OFFSET = 128 << 8


def inner_address(pod_ip: str) -> str:
    """Where a pod's application and its outbound proxy listen. Raises ValueError for what is no IPv4
    address.
    """
    return str(IPv4Address(pod_ip) + _INNER_OFFSET)


def protocol_of(word: str) -> Protocol:
    """What a port speaks by Istio's word for it; what says nothing is taken for HTTP."""
    word = word.lower()
    kinds: tuple[tuple[set[str], Protocol], ...] = (
        (_HTTP2, "http2"),
        (_TLS, "tls"),
        (_OPAQUE, "tcp"),
        (_NOT_TCP, "udp"),
    )
    return next((protocol for words, protocol in kinds if word in words), "http")


@dataclass(frozen=True, slots=True)
class Workload:
    """Who a pod is, in the words of Istio's standard labels; empty where the pod does not say."""

    name: str
    namespace: str
    app: str
    version: str
    canonical_service: str
    canonical_revision: str


@dataclass(frozen=True, slots=True)
class ServicePort:
    """A port of a Service; `target` is a container's port number or name."""

    name: str
    number: int
    target: int | str
    protocol: Protocol


@dataclass(frozen=True, slots=True)
class Service:
    """A Service of Kubernetes, or a host of a ServiceEntry (`entry` is then its namespace and name)."""

    namespace: str
    name: str
    ports: tuple[ServicePort, ...]
    selector: Labels
    #: Addresses by which it may be called instead of its name.
    aliases: tuple[str, ...] = ()
    hostname: str = ""
    resolution: str = "STATIC"
    exported_to: frozenset[str] | None = None
    entry: tuple[str, str] | None = None

    @property
    def host(self) -> str:
        """Its full host name."""
        return self.hostname or names.service_host(self.name, self.namespace)

    def visible_to(self, namespace: str) -> bool:
        """Whether proxies of a namespace see it."""
        return self.exported_to is None or namespace in self.exported_to

    @property
    def http_ports(self) -> tuple[ServicePort, ...]:
        """The ports that a request can be sent to."""
        return tuple(port for port in self.ports if port.protocol in ("http", "http2"))

    @property
    def stream_ports(self) -> tuple[ServicePort, ...]:
        """The ports that speak something else over TCP."""
        return tuple(port for port in self.ports if port.protocol in _STREAMS)

    def port(self, number: int) -> ServicePort | None:
        """The port of that number."""
        return next((port for port in self.ports if port.number == number), None)


@dataclass(frozen=True, slots=True)
class Endpoint:
    """One ready address behind a service; `ports` by the Service's port name."""

    address: str
    ports: Mapping[str, int]
    labels: Labels
    workload: Workload | None
    locality: Locality = ("", "", "")
    weight: int = 0


@dataclass(frozen=True, slots=True)
class Rule:
    """A resource of Istio or the Gateway API. Sorted by age, so that the older of two wins."""

    namespace: str
    name: str
    created: str
    spec: Object
    kind: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """Namespace and name."""
        return self.namespace, self.name

    @property
    def age(self) -> tuple[str, str, str]:
        """Sorts the oldest first; of the same second, by namespace and name."""
        return self.created, self.namespace, self.name

    @property
    def exported_to(self) -> frozenset[str] | None:
        """The namespaces that it is visible to; None means all."""
        return names.exported_to(self.spec.get("exportTo") or (), self.namespace)

    @property
    def of_gateway_api(self) -> bool:
        """Whether it is a route of the Gateway API, or made from one, and means what that API says."""
        return self.kind in ("HTTPRoute", "GRPCRoute")

    def visible_to(self, namespace: str) -> bool:
        """Whether proxies of a namespace see it."""
        return self.exported_to is None or namespace in self.exported_to


@dataclass(frozen=True, slots=True)
class Credential:
    """What a Secret of TLS holds, in PEM; `problem` says why it cannot be used."""

    certificate: str = ""
    key: str = field(default="", repr=False)
    authority: str = ""
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Proxy:
    """One Envoy: a pod's sidecar, or a router (the ingress gateway)."""

    id: str
    kind: ProxyKind
    namespace: str
    pod: str
    pod_ip: str
    labels: Labels
    workload: Workload
    container_ports: tuple[tuple[str, int], ...] = ()
    locality: Locality = ("", "", "")

    @property
    def inner_ip(self) -> str:
        """Where its application listens, and its own outbound side."""
        return inner_address(self.pod_ip)

    @property
    def ports(self) -> tuple[int, ...]:
        """The application's ports."""
        return tuple(sorted({number for _, number in self.container_ports}))

    def port_of(self, target: int | str) -> int | None:
        """The number of a Service's targetPort on this pod."""
        return target if isinstance(target, int) else dict(self.container_ports).get(target)


@dataclass(frozen=True)
class Mesh:
    """Everything that configuration is made from. Rules are ordered by age, proxies by id."""

    services: tuple[Service, ...] = ()
    endpoints: Mapping[str, tuple[Endpoint, ...]] = field(default_factory=dict)
    proxies: tuple[Proxy, ...] = ()
    virtual_services: tuple[Rule, ...] = ()
    destination_rules: tuple[Rule, ...] = ()
    gateways: tuple[Rule, ...] = ()
    #: HTTPRoutes and GRPCRoutes, and what they refer to.
    routes: tuple[Rule, ...] = ()
    k8s_gateways: tuple[Rule, ...] = ()
    reference_grants: tuple[Rule, ...] = ()
    namespace_labels: Mapping[str, Labels] = field(default_factory=dict)
    service_entries: tuple[Rule, ...] = ()
    workload_entries: tuple[Rule, ...] = ()
    sidecars: tuple[Rule, ...] = ()
    #: By namespace and name of the Secret.
    credentials: Mapping[tuple[str, str], Credential] = field(default_factory=dict)
    #: The file with the authorities that the machine trusts.
    system_roots: str = ""
    #: The lowest port that a process without root may listen on.
    lowest_port: int = 0
    #: VirtualServices and Gateways that resources of the Gateway API mean.
    generated: tuple[Rule, ...] = ()
    generated_gateways: tuple[Rule, ...] = ()

    @cached_property
    def rules(self) -> tuple[Rule, ...]:
        """All that routes requests, the oldest first."""
        return tuple(sorted((*self.virtual_services, *self.generated), key=lambda rule: rule.age))

    @cached_property
    def all_gateways(self) -> tuple[Rule, ...]:
        """All Gateways in Istio's form, the oldest first."""
        return tuple(sorted((*self.gateways, *self.generated_gateways), key=lambda rule: rule.age))

    @cached_property
    def services_by_host(self) -> Mapping[str, Service]:
        """Each service under its full host name."""
        return {service.host: service for service in self.services}

    @cached_property
    def virtual_services_by_key(self) -> Mapping[tuple[str, str], Rule]:
        """Each VirtualService under its namespace and name."""
        return {rule.key: rule for rule in self.virtual_services}

    @cached_property
    def gateways_by_name(self) -> Mapping[str, Rule]:
        """Each Gateway under `namespace/name`."""
        return {f"{gateway.namespace}/{gateway.name}": gateway for gateway in self.all_gateways}

    @cached_property
    def destination_rules_by_host(self) -> Mapping[str, Mapping[str, tuple[Rule, ...]]]:
        """The DestinationRules by namespace and full host (or wildcard), the oldest first."""
        found: dict[str, dict[str, tuple[Rule, ...]]] = {}
        for rule in self.destination_rules:
            hosts = found.setdefault(rule.namespace, {})
            host = names.resolve(str(rule.spec.get("host") or ""), rule.namespace)
            hosts[host] = (*hosts.get(host, ()), rule)
        return found

    @cached_property
    def destination_wildcards(self) -> Mapping[str, tuple[str, ...]]:
        """The wildcards among the hosts of DestinationRules, by namespace, the most specific first."""
        return {
            namespace: tuple(
                sorted((host for host in hosts if host.startswith("*")), key=names.specificity, reverse=True)
            )
            for namespace, hosts in self.destination_rules_by_host.items()
        }

    @cached_property
    def rules_by_written_host(self) -> Mapping[str, tuple[Rule, ...]]:
        """All that routes requests by the full host names that it gives, the oldest first."""
        found: dict[str, tuple[Rule, ...]] = {}
        for rule in self.rules:
            hosts = (names.resolve(each, rule.namespace) for each in rule.spec.get("hosts") or ())
            for host in dict.fromkeys(hosts):
                found[host] = (*found.get(host, ()), rule)
        return found

    @cached_property
    def services_by_alias(self) -> Mapping[str, Service]:
        """Each Service of Kubernetes under its names with a namespace that are not its full one."""
        return {
            alias: service
            for service in self.services
            if not service.entry
            for alias in names.service_aliases(service.name, service.namespace)[1:]
        }

    @cached_property
    def source_labels(self) -> frozenset[str]:
        """The keys of all labels by which some VirtualService tells its callers apart."""
        return frozenset(
            key
            for rule in self.virtual_services
            for kind in ("http", "tcp", "tls")
            for route in rule.spec.get(kind) or ()
            for match in route.get("match") or ()
            for key in match.get("sourceLabels") or ()
        )

    @cached_property
    def failover_labels(self) -> frozenset[str]:
        """The keys of all labels of clients by which some DestinationRule prefers endpoints."""
        return frozenset(
            label
            for rule in self.destination_rules
            for part in (rule.spec, *(rule.spec.get("subsets") or ()))
            for label in localities.failover_labels(part.get("trafficPolicy") or {})
        )
