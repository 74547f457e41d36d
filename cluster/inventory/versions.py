"""Services, and the versions behind them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Final

from cluster import objects
from cluster.inventory import endpoints, waypoints
from cluster.inventory.endpoints import Behind, Key
from cluster.inventory.labels import VERSION_LABELS, app_of, natural, revision_of, version_of
from cluster.inventory.model import Port, Service, Version, Workload
from cluster.inventory.pods import Seen, count, seen
from cluster.inventory.selecting import Index, by_namespace

_PROTOCOLS: Final = frozenset(
    {"http", "https", "http2", "grpc", "grpc-web", "tcp", "tls", "mongo", "mysql", "redis", "udp"}
)
_LASTING: Final = frozenset({"Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Rollout"})
"""Kinds of workloads that exist without pods, too: a version of theirs is one even when scaled to zero."""


def services(
    services: Iterable[objects.Service],
    pods: Iterable[objects.Pod],
    workloads: Iterable[Workload] = (),
    endpoint_slices: Iterable[objects.EndpointSlice] = (),
    namespaces: Iterable[objects.Namespace] = (),
    *,
    pods_hidden: Collection[str] = (),
) -> tuple[Service, ...]:
    """The services, by namespace and name, with their versions in natural order.

    A version of a workload without pods counts too, with none: it exists, it is scaled to zero or cannot
    start. `namespaces` name the waypoints. `pods_hidden`: the namespaces whose pods may not be listed; there
    the workloads' own figures stand for their pods'.
    """
    places = {namespace.metadata.name: namespace for namespace in namespaces}
    behind = endpoints.by_service(endpoint_slices)
    return services_of(
        list(services),
        seen(pods, places),
        workloads,
        behind=behind,
        namespaces=places,
        pods_hidden=pods_hidden,
    )


def services_of(
    services: Sequence[objects.Service],
    pods: Iterable[Seen],
    workloads: Iterable[Workload],
    *,
    behind: Mapping[Key, Behind],
    namespaces: Mapping[str, objects.Namespace],
    pods_hidden: Collection[str],
) -> tuple[Service, ...]:
    """As `services`, of what is read already."""
    pods_in = by_namespace((each.pod.metadata.namespace, each) for each in pods)
    lasting = by_namespace((each.namespace, each) for each in workloads if each.kind in _LASTING)
    found: list[Service] = []
    for place, mine in _by_namespace(services).items():
        selectors = [service.spec.selector for service in mine]
        maker = _Maker(
            pods=Index(pods_in.get(place, ()), selectors),
            workloads=Index(lasting.get(place, ()), selectors),
            namespace=namespaces.get(place),
            pods_known=place not in pods_hidden,
        )
        found += [maker.service(service, behind.get((place, service.metadata.name))) for service in mine]
    return tuple(sorted(found, key=lambda service: (service.namespace, service.name)))


def protocol_of(port: objects.ServicePort) -> str:
    """A service port's application protocol: `appProtocol`, else the prefix of its name, else its transport.

    Source: https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/
    """
    explicit = (port.app_protocol or "").rpartition("/")[2].lower()
    if explicit in _PROTOCOLS:
        return explicit
    named = (port.name or "").partition("-")[0].lower()
    return named if named in _PROTOCOLS else (port.protocol or "TCP").lower()


def kind_of(spec: objects.ServiceSpec) -> str:
    """The type of a service as Kubernetes writes it, or Headless."""
    if spec.type != "ExternalName" and spec.cluster_ip == "None":
        return "Headless"
    return spec.type or "ClusterIP"


class _Maker:
    """Makes the services of one namespace."""

    def __init__(
        self,
        *,
        pods: Index[Seen],
        workloads: Index[Workload],
        namespace: objects.Namespace | None,
        pods_known: bool,
    ) -> None:
        self._pods = pods
        self._workloads = workloads
        self._namespace = namespace
        self._pods_known = pods_known

    def service(self, item: objects.Service, behind: Behind | None) -> Service:
        metadata, spec = item.metadata, item.spec
        # An ExternalName is a name for something else, whatever it selects (core/v1).
        selector = {} if spec.type == "ExternalName" else spec.selector
        pods, workloads = self._pods.selected(selector), self._workloads.selected(selector)
        behind = behind or endpoints.NOTHING
        return Service(
            namespace=metadata.namespace,
            name=metadata.name,
            app=app_of(selector) or app_of(metadata.labels) or metadata.name,
            ports=tuple(Port(port.name or "", port.port, protocol_of(port)) for port in spec.ports),
            versions=_versions(pods, workloads, behind, pods_known=self._pods_known),
            pods_without_version=sum(1 for pod in pods if not pod.version),
            kind=kind_of(spec),
            selects=bool(selector),
            endpoints=behind.total(),
            waypoint=waypoints.used_by(metadata, self._namespace),
            pods_known=self._pods_known,
        )


def _versions(
    pods: Iterable[Seen], workloads: Iterable[Workload], behind: Behind, *, pods_known: bool
) -> tuple[Version, ...]:
    by_version: dict[str, list[Seen]] = {}
    for pod in pods:
        by_version.setdefault(pod.version, []).append(pod)
    without_pods: dict[str, list[Workload]] = {}
    for workload in workloads:
        version = version_of(workload.labels)[0]
        if version not in by_version:
            without_pods.setdefault(version, []).append(workload)
    found = [_of_pods(name, mine, behind) for name, mine in by_version.items() if name]
    found += [_of_workloads(name, mine, known=pods_known) for name, mine in without_pods.items() if name]
    return tuple(sorted(found, key=lambda version: natural(version.version)))


def _of_pods(name: str, pods: list[Seen], behind: Behind) -> Version:
    counted = count(pods)
    labels = common([pod.labels for pod in pods])
    return Version(
        version=name,
        label=_label(name, labels) or pods[0].label,
        pods=counted.pods,
        ready_pods=counted.ready,
        pods_with_sidecar=counted.with_sidecar,
        labels=labels,
        revisions=tuple(sorted({pod.revision for pod in pods})),
        pods_ambient=counted.ambient,
        endpoints=behind.of(pod.pod.metadata.name for pod in pods),
    )


def _of_workloads(name: str, workloads: list[Workload], *, known: bool) -> Version:
    labels = common([workload.labels for workload in workloads])
    return Version(
        version=name,
        label=_label(name, labels) or version_of(workloads[0].labels)[1],
        pods=0 if known else sum(workload.pods for workload in workloads),
        ready_pods=0 if known else sum(workload.ready_pods for workload in workloads),
        pods_with_sidecar=0,
        labels=labels,
        revisions=tuple(sorted({revision_of(workload.labels) for workload in workloads})),
    )


def common(sets: Sequence[objects.Labels]) -> objects.Labels:
    """The labels that all of some sets have."""
    found = sets[0]
    for labels in sets[1:]:
        if labels != found:
            found = {name: value for name, value in found.items() if labels.get(name) == value}
    return found


def _label(version: str, labels: objects.Labels) -> str:
    """The label by which all pods of a version can be selected; empty when they do not agree on one."""
    for name in VERSION_LABELS:
        if labels.get(name) == version:
            return name
    return ""


def _by_namespace(services: Iterable[objects.Service]) -> dict[str, list[objects.Service]]:
    grouped: dict[str, list[objects.Service]] = {}
    for service in services:
        grouped.setdefault(service.metadata.namespace, []).append(service)
    return grouped
