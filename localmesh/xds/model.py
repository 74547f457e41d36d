"""What the mesh consists of, read once from raw Kubernetes and Istio objects.

The rest of `localmesh.xds` works on these values alone. The specs of Istio resources stay raw dictionaries:
each translator reads the part that it acts on.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from ipaddress import IPv4Address
from typing import Any, Literal

from localmesh.xds import names

Object = Mapping[str, Any]
Labels = Mapping[str, str]
Protocol = Literal["http", "http2", "tcp"]
ProxyKind = Literal["sidecar", "router"]

OUTBOUND_PORT = 15001
SIDECAR_CONTAINER = "istio-proxy"
ROUTER_LABEL = ("istio", "ingressgateway")
#: The inside of pod 127.N.A.B is 127.N.(A+128).B.
_INNER_OFFSET = 128 << 8
_HTTP2 = {"http2", "grpc", "grpc-web", "kubernetes.io/h2c"}
_OPAQUE = {"tcp", "udp", "sctp", "tls", "https", "mongo", "mysql", "redis", "postgres"}


def inner_address(pod_ip: str) -> str:
    """Where a pod's application and its outbound proxy listen. Raises ValueError for what is no IPv4
    address.
    """
    return str(IPv4Address(pod_ip) + _INNER_OFFSET)


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
    """A Service of Kubernetes."""

    namespace: str
    name: str
    ports: tuple[ServicePort, ...]
    selector: Labels
    cluster_ip: str = ""

    @property
    def host(self) -> str:
        """Its full host name."""
        return names.service_host(self.name, self.namespace)

    @property
    def http_ports(self) -> tuple[ServicePort, ...]:
        """The ports that a request can be sent to."""
        return tuple(port for port in self.ports if port.protocol != "tcp")

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


@dataclass(frozen=True, slots=True)
class Rule:
    """An Istio resource. Sorted by age, so that the older of two wins."""

    namespace: str
    name: str
    created: str
    spec: Object

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

    def visible_to(self, namespace: str) -> bool:
        """Whether proxies of a namespace see it."""
        return self.exported_to is None or namespace in self.exported_to


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

    @cached_property
    def services_by_host(self) -> Mapping[str, Service]:
        """Each service under its full host name."""
        return {service.host: service for service in self.services}

    @cached_property
    def gateways_by_name(self) -> Mapping[str, Rule]:
        """Each Gateway under `namespace/name`."""
        return {f"{gateway.namespace}/{gateway.name}": gateway for gateway in self.gateways}

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
    def source_labels(self) -> frozenset[str]:
        """The keys of all labels by which some VirtualService tells its callers apart."""
        return frozenset(
            key
            for rule in self.virtual_services
            for route in rule.spec.get("http") or ()
            for match in route.get("match") or ()
            for key in match.get("sourceLabels") or ()
        )


def build(
    *,
    services: Iterable[Object] = (),
    endpoint_slices: Iterable[Object] = (),
    pods: Iterable[Object] = (),
    virtual_services: Iterable[Object] = (),
    destination_rules: Iterable[Object] = (),
    gateways: Iterable[Object] = (),
) -> Mesh:
    """The mesh that these objects describe. The order in which they come does not matter."""
    pods = list(pods)
    proxies = (proxy for pod in pods if (proxy := proxy_of(pod)))
    return Mesh(
        services=tuple(sorted(map(_service, services), key=lambda each: each.host)),
        endpoints=_endpoints(endpoint_slices, pods),
        proxies=tuple(sorted(proxies, key=lambda each: each.id)),
        virtual_services=_rules(virtual_services),
        destination_rules=_rules(destination_rules),
        gateways=_rules(gateways),
    )


def proxy_of(pod: Object) -> Proxy | None:
    """The proxy of a pod; None while it has no address, or when it is not in the mesh.

    A pod is in the mesh with a container named `istio-proxy`; it is a router when that is its only container
    and it is labelled (or annotated) `istio: ingressgateway`.
    """
    meta, spec = pod["metadata"], pod.get("spec") or {}
    ip = (pod.get("status") or {}).get("podIP")
    containers = [*(spec.get("containers") or ()), *(spec.get("initContainers") or ())]
    if not ip or SIDECAR_CONTAINER not in [each.get("name") for each in containers]:
        return None
    namespace, labels = meta.get("namespace", "default"), meta.get("labels") or {}
    marks = {**(meta.get("annotations") or {}), **labels}
    key, value = ROUTER_LABEL
    alone = all(each.get("name") == SIDECAR_CONTAINER for each in containers)
    kind: ProxyKind = "router" if alone and marks.get(key) == value else "sidecar"
    return Proxy(
        id=f"{kind}~{ip}~{meta['name']}.{namespace}~{namespace}.svc.{names.CLUSTER_DOMAIN}",
        kind=kind,
        namespace=namespace,
        pod=meta["name"],
        pod_ip=ip,
        labels=labels,
        workload=workload_of(pod),
        container_ports=_container_ports(containers, kind),
    )


def workload_of(pod: Object) -> Workload:
    """Who a pod is: its controller's name (a ReplicaSet's Deployment), its app and version.

    Canonical names follow Istio's order of labels, with the version `latest` where none is given.
    """
    meta = pod["metadata"]
    labels = meta.get("labels") or {}
    name = _controller(meta, labels)
    app, version = labels.get("app", ""), labels.get("version", "")
    service = (
        labels.get("service.istio.io/canonical-name") or labels.get("app.kubernetes.io/name") or app or name
    )
    revision = labels.get("service.istio.io/canonical-revision") or labels.get("app.kubernetes.io/version")
    return Workload(
        name, meta.get("namespace", "default"), app, version, service, revision or version or "latest"
    )


def _controller(meta: Object, labels: Labels) -> str:
    owner = next((each for each in meta.get("ownerReferences") or () if each.get("controller", True)), None)
    if owner is None:
        return str(meta["name"])
    name = str(owner["name"])
    return name.removesuffix(f"-{labels.get('pod-template-hash')}") if owner["kind"] == "ReplicaSet" else name


def _container_ports(containers: Iterable[Object], kind: ProxyKind) -> tuple[tuple[str, int], ...]:
    ports = (
        (port.get("name", ""), int(port["containerPort"]))
        for container in containers
        if kind == "router" or container.get("name") != SIDECAR_CONTAINER
        for port in container.get("ports") or ()
        if port.get("protocol", "TCP") == "TCP"
    )
    return tuple(dict.fromkeys(ports))


def _service(obj: Object) -> Service:
    meta, spec = obj["metadata"], obj.get("spec") or {}
    ip = spec.get("clusterIP") or ""
    ports = () if spec.get("type") == "ExternalName" else spec.get("ports") or ()
    return Service(
        namespace=meta.get("namespace", "default"),
        name=meta["name"],
        ports=tuple(_service_port(port) for port in ports),
        selector=spec.get("selector") or {},
        cluster_ip="" if ip == "None" else ip,
    )


def _service_port(port: Object) -> ServicePort:
    number = int(port["port"])
    return ServicePort(port.get("name") or "", number, port.get("targetPort") or number, _protocol(port))


def _protocol(port: Object) -> Protocol:
    """As Istio selects it: appProtocol, else the port name's prefix; what says nothing is taken for HTTP."""
    if port.get("protocol", "TCP") != "TCP":
        return "tcp"
    word = (port.get("appProtocol") or "").lower() or (port.get("name") or "").lower().split("-")[0]
    if word in _HTTP2:
        return "http2"
    return "tcp" if word in _OPAQUE else "http"


def _endpoints(slices: Iterable[Object], pods: Iterable[Object]) -> Mapping[str, tuple[Endpoint, ...]]:
    by_ip = {ip: pod for pod in pods if (ip := (pod.get("status") or {}).get("podIP"))}
    found: dict[str, dict[tuple[str, tuple[tuple[str, int], ...]], Endpoint]] = {}
    for each in slices:
        meta = each["metadata"]
        service = (meta.get("labels") or {}).get("kubernetes.io/service-name")
        if not service:
            continue
        host = names.service_host(service, meta.get("namespace", "default"))
        ports = {
            port.get("name") or "": int(port["port"]) for port in each.get("ports") or () if port.get("port")
        }
        for endpoint in each.get("endpoints") or ():
            for address in _ready_addresses(endpoint):
                key = (address, tuple(sorted(ports.items())))
                found.setdefault(host, {})[key] = _endpoint(address, ports, by_ip.get(address))
    return {host: tuple(each[key] for key in sorted(each)) for host, each in sorted(found.items())}


def _ready_addresses(endpoint: Object) -> Iterable[str]:
    # Kubernetes: a condition that is not given counts as ready.
    ready = (endpoint.get("conditions") or {}).get("ready")
    return () if ready is False else endpoint.get("addresses") or ()


def _endpoint(address: str, ports: Mapping[str, int], pod: Object | None) -> Endpoint:
    labels = (pod["metadata"].get("labels") or {}) if pod else {}
    return Endpoint(address, ports, labels, workload_of(pod) if pod else None)


def _rules(objects: Iterable[Object]) -> tuple[Rule, ...]:
    return tuple(sorted(map(_rule, objects), key=lambda rule: rule.age))


def _rule(obj: Object) -> Rule:
    meta = obj["metadata"]
    created = str(meta.get("creationTimestamp") or "")
    return Rule(meta.get("namespace", "default"), meta["name"], created, obj.get("spec") or {})
