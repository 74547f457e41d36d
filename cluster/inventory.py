"""What runs in the cluster: services with their versions, from plain lists of objects. Pure.

A version is what a pod's `version` label says; where there is none, Istio's canonical revision, then
Kubernetes's recommended label. The label's name is kept: a subset selects by it.
Source: https://istio.io/latest/docs/ops/deployment/application-requirements/
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from cluster.refs import Manifest

VERSION_LABELS: Final = ("version", "service.istio.io/canonical-revision", "app.kubernetes.io/version")
APP_LABELS: Final = ("app", "service.istio.io/canonical-name", "app.kubernetes.io/name")
SIDECAR: Final = "istio-proxy"


@dataclass(frozen=True, slots=True)
class Port:
    """One port of a service; `protocol` is the application protocol (http, grpc...) as Istio picks it."""

    name: str
    number: int
    protocol: str


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a service. `labels` are those that all its pods carry; `label` is the version's own."""

    version: str
    label: str
    pods: int
    ready_pods: int
    pods_with_sidecar: int
    labels: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Service:
    """One service and the versions behind it; `pods_without_version` belong to none."""

    namespace: str
    name: str
    app: str
    ports: tuple[Port, ...]
    versions: tuple[Version, ...]
    pods_without_version: int

    def version(self, name: str) -> Version | None:
        """The version of this name, or None."""
        return next((version for version in self.versions if version.version == name), None)


def services(
    services: Iterable[Manifest], pods: Iterable[Manifest], deployments: Iterable[Manifest]
) -> tuple[Service, ...]:
    """The services, by namespace and name, with their versions in natural order.

    A version of a Deployment without pods counts too, with none: it
    exists, it is scaled to zero or cannot start.
    """
    pods_by_namespace = _by_namespace(pod for pod in pods if not _finished(pod))
    deployments_by_namespace = _by_namespace(deployments)
    found = [
        _service(
            manifest,
            pods_by_namespace.get(_namespace(manifest), []),
            deployments_by_namespace.get(_namespace(manifest), []),
        )
        for manifest in services
    ]
    return tuple(sorted(found, key=lambda service: (service.namespace, service.name)))


def version_of(labels: Mapping[str, str]) -> tuple[str, str]:
    """The version that labels name and the label that names it; two empty strings when none does."""
    return _first(labels, VERSION_LABELS)


def app_of(labels: Mapping[str, str]) -> str:
    """The app that labels name, or an empty string."""
    return _first(labels, APP_LABELS)[0]


def is_ready(pod: Manifest) -> bool:
    """Whether a pod takes traffic."""
    conditions = (pod.get("status") or {}).get("conditions") or []
    ready = any(item.get("type") == "Ready" and item.get("status") == "True" for item in conditions)
    return ready and "deletionTimestamp" not in (pod.get("metadata") or {})


def has_sidecar(pod: Manifest) -> bool:
    """Whether a pod carries Istio's proxy, as a container or as a native sidecar."""
    spec = pod.get("spec") or {}
    containers = [*(spec.get("containers") or []), *(spec.get("initContainers") or [])]
    return any(container.get("name") == SIDECAR for container in containers)


def protocol_of(port: Mapping[str, Any]) -> str:
    """A service port's application protocol: `appProtocol`, else the prefix of its name, else its transport.

    Source: https://istio.io/latest/docs/ops/configuration/traffic-management/protocol-selection/
    """
    explicit = str(port.get("appProtocol") or "").rpartition("/")[2].lower()
    named = str(port.get("name") or "").partition("-")[0].lower()
    known = {"http", "https", "http2", "grpc", "grpc-web", "tcp", "tls", "mongo", "mysql", "redis", "udp"}
    if explicit in known:
        return explicit
    return named if named in known else str(port.get("protocol") or "TCP").lower()


def _service(manifest: Manifest, pods: list[Manifest], deployments: list[Manifest]) -> Service:
    spec = manifest.get("spec") or {}
    selector = spec.get("selector") or {}
    mine = [pod for pod in pods if _selects(selector, _labels(pod))]
    templates = [_template_labels(deployment) for deployment in deployments]
    templates = [labels for labels in templates if _selects(selector, labels)]
    return Service(
        namespace=_namespace(manifest),
        name=manifest["metadata"]["name"],
        app=app_of(selector) or app_of(_labels(manifest)) or manifest["metadata"]["name"],
        ports=tuple(
            Port(str(port.get("name") or ""), int(port["port"]), protocol_of(port))
            for port in spec.get("ports") or []
        ),
        versions=_versions(mine, templates),
        pods_without_version=sum(1 for pod in mine if not version_of(_labels(pod))[0]),
    )


def _versions(pods: list[Manifest], templates: list[dict[str, str]]) -> tuple[Version, ...]:
    by_version: dict[tuple[str, str], list[Manifest]] = {}
    for pod in pods:
        by_version.setdefault(version_of(_labels(pod)), []).append(pod)
    scaled_to_zero: dict[tuple[str, str], dict[str, str]] = {}
    for labels in templates:
        if version_of(labels) not in by_version:
            scaled_to_zero.setdefault(version_of(labels), labels)
    found = [_version(key, pods) for key, pods in by_version.items() if key[0]]
    found += [Version(*key, 0, 0, 0, labels) for key, labels in scaled_to_zero.items() if key[0]]
    return tuple(sorted(found, key=lambda version: natural(version.version)))


def _version(key: tuple[str, str], pods: list[Manifest]) -> Version:
    common = dict(_labels(pods[0]))
    for pod in pods[1:]:
        labels = _labels(pod)
        common = {name: value for name, value in common.items() if labels.get(name) == value}
    ready, proxied = sum(map(is_ready, pods)), sum(map(has_sidecar, pods))
    return Version(*key, pods=len(pods), ready_pods=ready, pods_with_sidecar=proxied, labels=common)


def natural(text: str) -> tuple[tuple[int, int | str], ...]:
    """A sort key under which v2 comes before v10."""
    parts: list[tuple[int, int | str]] = []
    digits = ""
    for char in [*text, ""]:
        if char and char in "0123456789":
            digits += char
            continue
        if digits:
            parts.append((0, int(digits)))
            digits = ""
        if char:
            parts.append((1, char))
    return tuple(parts)


def _by_namespace(manifests: Iterable[Manifest]) -> dict[str, list[Manifest]]:
    grouped: dict[str, list[Manifest]] = {}
    for manifest in manifests:
        grouped.setdefault(_namespace(manifest), []).append(manifest)
    return grouped


def _first(labels: Mapping[str, str], names: tuple[str, ...]) -> tuple[str, str]:
    return next(((str(labels[name]), name) for name in names if labels.get(name)), ("", ""))


def _selects(selector: Mapping[str, str], labels: Mapping[str, str]) -> bool:
    # A service without a selector has its endpoints from elsewhere; it selects no pod.
    return bool(selector) and all(labels.get(name) == value for name, value in selector.items())


def _finished(pod: Manifest) -> bool:
    return (pod.get("status") or {}).get("phase") in {"Succeeded", "Failed"}


def _namespace(manifest: Manifest) -> str:
    return str((manifest.get("metadata") or {}).get("namespace") or "")


def _labels(manifest: Manifest) -> dict[str, str]:
    return (manifest.get("metadata") or {}).get("labels") or {}


def _template_labels(deployment: Manifest) -> dict[str, str]:
    return _labels((deployment.get("spec") or {}).get("template") or {})
