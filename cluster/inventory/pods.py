"""What a pod says about itself: its readiness, its proxy, and whether it should have one.

Sources: https://istio.io/latest/docs/setup/additional-setup/sidecar-injection/ (who is injected) and
https://istio.io/latest/docs/ambient/usage/add-workloads/ (who is redirected to ztunnel).
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from typing import Final, Literal, NamedTuple, TypeAlias

import msgspec

from cluster import objects
from cluster.inventory.labels import revision_of, version_of

Proxy: TypeAlias = Literal["", "sidecar", "gateway", "waypoint", "ztunnel"]

CONTAINER: Final = "istio-proxy"
INJECTION: Final = "istio-injection"
INJECT: Final = "sidecar.istio.io/inject"
REVISION: Final = "istio.io/rev"
DATAPLANE_MODE: Final = "istio.io/dataplane-mode"
MANAGED: Final = "gateway.istio.io/managed"
_WAYPOINTS: Final = "istio.io-mesh-controller"
_NEVER_INJECTED: Final = frozenset({"kube-system", "kube-public", "kube-node-lease", "local-path-storage"})


class Seen(msgspec.Struct, frozen=True, gc=False):
    """One pod that is not finished, with what is asked of it more than once."""

    pod: objects.Pod
    version: str
    label: str
    revision: str
    ready: bool
    proxy: Proxy
    ambient: bool
    missing_proxy: bool

    @property
    def labels(self) -> objects.Labels:
        """Its labels."""
        return self.pod.metadata.labels


class Count(NamedTuple):
    """How many pods there are, and of what sort."""

    pods: int = 0
    ready: int = 0
    with_sidecar: int = 0
    ambient: int = 0
    missing_proxy: int = 0


def seen(pods: Iterable[objects.Pod], namespaces: Mapping[str, objects.Namespace]) -> list[Seen]:
    """The pods that are not finished; `namespaces` by name tell whether they should have a proxy."""
    return [_seen(pod, namespaces.get(pod.metadata.namespace)) for pod in pods if not is_finished(pod)]


def count(pods: Iterable[Seen]) -> Count:
    """How many pods there are, and of what sort."""
    total = ready = sidecars = ambient = missing = 0
    for each in pods:
        total += 1
        ready += each.ready
        sidecars += each.proxy == "sidecar"
        ambient += each.ambient
        missing += each.missing_proxy
    return Count(total, ready, sidecars, ambient, missing)


def is_ready(pod: objects.Pod) -> bool:
    """Whether a pod takes traffic."""
    if pod.metadata.deletion_timestamp is not None:
        return False
    return any(item.type == "Ready" and item.status == "True" for item in pod.status.conditions)


def is_finished(pod: objects.Pod) -> bool:
    """Whether a pod has ended for good, and only waits to be cleared away."""
    return pod.status.phase in ("Succeeded", "Failed")


def proxy_of(pod: objects.Pod) -> Proxy:
    """Which of Istio's proxies a pod carries, or is; empty when none.

    All of them are containers of one name. Istio marks the gateways that it deploys itself; of the others, a
    sidecar stands beside other containers or among the init containers, and a gateway alone.
    """
    spec = pod.spec
    if _proxy_in(spec.init_containers) is not None:
        return "sidecar"
    proxy = _proxy_in(spec.containers)
    if proxy is None:
        return ""
    managed = pod.metadata.labels.get(MANAGED)
    if managed:
        return "waypoint" if managed == _WAYPOINTS else "gateway"
    if len(spec.containers) > 1:
        return "sidecar"
    return "ztunnel" if _repository(proxy.image or "") == "ztunnel" else "gateway"


def has_sidecar(pod: objects.Pod) -> bool:
    """Whether a pod carries Istio's proxy beside its own containers."""
    return proxy_of(pod) == "sidecar"


def has_envoy(pod: objects.Pod) -> bool:
    """Whether Istio's Envoy runs in a pod, with its own metrics on port 15090; ztunnel is none."""
    return proxy_of(pod) in ("sidecar", "gateway", "waypoint")


def proxy_image(pod: objects.Pod) -> str:
    """The image of Istio's proxy in a pod, or an empty string."""
    found = _proxy_in(pod.spec.containers) or _proxy_in(pod.spec.init_containers)
    return (found.image or "") if found else ""


def image_version(image: str) -> str:
    """The version in the tag of an image: 1.31.1 of registry/pilot:1.31.1-distroless; empty without a tag."""
    tag = _last(image).partition(":")[2]
    for variant in ("-distroless", "-debug"):
        tag = tag.removesuffix(variant)
    return tag


def main_proxy(pods: Iterable[Seen]) -> Proxy:
    """The proxy that most of the pods carry."""
    found = Counter(each.proxy for each in pods)
    return found.most_common(1)[0][0] if found else ""


def injection_of(namespace: objects.Namespace) -> tuple[Literal["enabled", "disabled", ""], str]:
    """Whether the labels of a namespace ask for sidecars, and from which revision (empty: the default)."""
    labels = namespace.metadata.labels
    asked, revision = labels.get(INJECTION, ""), labels.get(REVISION, "")
    if asked == "enabled":
        # Where both labels stand, Istio heeds this one alone.
        return "enabled", ""
    if asked == "disabled":
        return "disabled", ""
    return ("enabled", revision) if revision else ("", "")


def is_ambient(labels: Mapping[str, str]) -> bool:
    """Whether the labels of a namespace put its pods into ambient mode."""
    return labels.get(DATAPLANE_MODE) == "ambient"


def _seen(pod: objects.Pod, namespace: objects.Namespace | None) -> Seen:
    labels = pod.metadata.labels
    version, label = version_of(labels)
    proxy = proxy_of(pod)
    ambient = not proxy and pod.metadata.annotations.redirection == "enabled"
    missing = not proxy and not ambient and namespace is not None and _should_join(pod, namespace)
    return Seen(pod, version, label, revision_of(labels), is_ready(pod), proxy, ambient, missing)


def _proxy_in(containers: Iterable[objects.Container]) -> objects.Container | None:
    for container in containers:
        if container.name == CONTAINER:
            return container
    return None


def _should_join(pod: objects.Pod, namespace: objects.Namespace) -> bool:
    """Whether a pod without a proxy should be in the mesh, by its labels and its namespace's."""
    if pod.spec.host_network or namespace.metadata.name in _NEVER_INJECTED:
        return False
    if _wants_sidecar(pod, namespace):
        return True
    wanted = pod.metadata.labels.get(DATAPLANE_MODE) or namespace.metadata.labels.get(DATAPLANE_MODE)
    # Istio redirects a pod when it gets its network, so one that waits for a node lacks nothing yet.
    return wanted == "ambient" and pod.status.phase == "Running"


def _wants_sidecar(pod: objects.Pod, namespace: objects.Namespace) -> bool:
    labels = pod.metadata.labels
    asked = labels.get(INJECT) or pod.metadata.annotations.inject or ""
    injection = injection_of(namespace)[0]
    if asked == "false" or injection == "disabled":
        return False
    return injection == "enabled" or asked == "true" or bool(labels.get(REVISION))


def _repository(image: str) -> str:
    return _last(image).partition(":")[0]


def _last(image: str) -> str:
    """An image without its digest and all of its path but the last part; a registry's port is no tag."""
    return image.partition("@")[0].rpartition("/")[2]
