"""Whether pods are in the mesh, and how. Pure.

Semantics: istio/istio pkg/config/analysis/analyzers/util/in_mesh.go.
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from routing.analysis.kinds import NAMESPACE
from routing.analysis.objects import Obj, dig, mapping, objects, text, texts
from routing.analysis.selectors import Labels
from routing.analysis.world import Look

PROXY: Final = "istio-proxy"
INJECTION: Final = "istio-injection"
REVISION: Final = "istio.io/rev"
DATAPLANE: Final = "istio.io/dataplane-mode"
INJECT: Final = "sidecar.istio.io/inject"
MANAGED: Final = "gateway.istio.io/managed"
SYSTEM_NAMESPACES: Final = frozenset({"kube-system", "kube-public", "kube-node-lease", "local-path-storage"})


def containers(pod: Mapping[str, Any], *fields: str) -> Iterable[tuple[str, int, Mapping[str, Any]]]:
    """The containers of a pod's spec, with field and index; `fields`: only those of these fields."""
    for field in fields or ("containers", "initContainers"):
        yield from ((field, index, container) for index, container in objects(pod.get(field)))


def proxy_image(pod: Mapping[str, Any], *fields: str) -> str:
    """The image of the proxy in a pod's spec; empty when there is none."""
    names = (container for _, _, container in containers(pod, *fields) if container.get("name") == PROXY)
    return text(next(names, {}).get("image"))


def namespace_is_ambient(namespace: Obj | None) -> bool:
    """Whether the pods of a namespace have no sidecars, but a proxy on their node."""
    if namespace is None or namespace.labels.get(INJECTION) == "enabled" or namespace.labels.get(REVISION):
        return False
    return namespace.labels.get(DATAPLANE) == "ambient"


def pod_is_ambient(pod: Obj) -> bool:
    """Whether the traffic of a pod goes through the proxy on its node."""
    return pod.annotations.get("ambient.istio.io/redirection") == "enabled"


def _in_mesh(look: Look, namespace: str, *, image: str, labels: Labels, annotations: Labels) -> bool:
    if image:
        return True
    for asked in (labels, annotations):
        if INJECT in asked:
            return asked[INJECT] == "true"
    found = look.get(NAMESPACE, "", namespace)
    return found is not None and found.labels.get(INJECTION) == "enabled"


def pod_in_mesh(look: Look, pod: Obj) -> bool:
    """Whether a pod has a sidecar, or would have one if it were created anew."""
    image = proxy_image(pod.spec)
    return _in_mesh(look, pod.namespace, image=image, labels=pod.labels, annotations=pod.annotations)


def deployment_in_mesh(look: Look, deployment: Obj) -> bool:
    """Whether the pods of a Deployment have sidecars."""
    template = mapping(deployment.spec.get("template"))
    metadata = mapping(template.get("metadata"))
    return _in_mesh(
        look,
        deployment.namespace,
        image=proxy_image(mapping(template.get("spec")), "containers"),
        labels=texts(metadata.get("labels")),
        annotations=texts(metadata.get("annotations")),
    )


def pod_spec(obj: Obj) -> tuple[tuple[str, ...], Mapping[str, Any]]:
    """The spec of a pod, or that in the template of a workload, and the way to it."""
    if obj.key.kind == "Pod":
        return ("spec",), obj.spec
    return ("spec", "template", "spec"), mapping(dig(obj.spec, "template", "spec"))


def is_control_plane(obj: Obj) -> bool:
    """Whether an object belongs to Istio itself."""
    return "istio" in obj.labels or obj.labels.get("release") == "istio"
