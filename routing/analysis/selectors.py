"""Which pods a selector means, and which services select a pod. Pure."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from typing import Any, Final

from routing.analysis.kinds import POD, SERVICE
from routing.analysis.objects import Obj, items, mapping, strings, text, texts
from routing.analysis.world import Index, Look, Mesh

Labels = Mapping[str, str]


def _pod_labels(obj: Obj, _mesh: Mesh) -> Iterable[Hashable]:
    return obj.labels.items()


def _namespace(obj: Obj, _mesh: Mesh) -> Iterable[Hashable]:
    return (obj.namespace,)


def _service_selector(obj: Obj, _mesh: Mesh) -> Iterable[Hashable]:
    selector = texts(obj.spec.get("selector"))
    yield (obj.namespace, *min(selector.items())) if selector else (obj.namespace,)


POD_LABELS: Final = Index("pod-label", (POD,), _pod_labels)
"""Pods by each of their labels."""
PODS_IN: Final = Index("pods-in", (POD,), _namespace)
"""Pods by namespace."""
SERVICE_SELECTORS: Final = Index("service-selector", (SERVICE,), _service_selector)
"""Services by namespace and one pair of their selector; by namespace alone when they have none."""


def covers(selector: Labels, labels: Labels) -> bool:
    """Whether a selector selects what has these labels; an empty one selects everything."""
    return all(labels.get(name) == value for name, value in selector.items())


def selector_text(selector: Labels) -> str:
    """A selector as people write it: `app=reviews,version=v1`."""
    return ",".join(f"{name}={value}" for name, value in sorted(selector.items()))


def pods(look: Look, selector: Labels, namespace: str | None = None) -> list[Obj]:
    """The pods that a selector selects, in one namespace or in all."""
    if selector:
        # A pod that is selected is in the bucket of every pair, so it is enough to ask the smallest one.
        pair = min(selector.items(), key=lambda pair: len(look.world.at(POD_LABELS, pair)))
        candidates: Sequence[Obj] = look.at(POD_LABELS, pair)
    else:
        candidates = look.of(POD) if namespace is None else look.at(PODS_IN, namespace)
    return [
        pod
        for pod in candidates
        if (namespace is None or pod.namespace == namespace) and covers(selector, pod.labels)
    ]


def services_of(look: Look, namespace: str, labels: Labels) -> list[Obj]:
    """The services with a selector that select what has these labels."""
    return [
        service
        for name, value in labels.items()
        for service in look.at(SERVICE_SELECTORS, (namespace, name, value))
        if covers(texts(service.spec.get("selector")), labels)
    ]


def label_selector(value: Any, labels: Labels) -> bool:
    """Whether Kubernetes' LabelSelector (matchLabels and matchExpressions) selects these labels.

    A missing one selects everything; one that is not valid selects nothing.
    """
    selector = mapping(value)
    return covers(texts(selector.get("matchLabels")), labels) and all(
        _holds(mapping(expression), labels) for expression in items(selector.get("matchExpressions"))
    )


def _holds(expression: Mapping[str, Any], labels: Labels) -> bool:
    name, values = text(expression.get("key")), strings(expression.get("values"))
    match expression.get("operator"):
        case "In":
            return labels.get(name) in values
        case "NotIn":
            return labels.get(name) not in values
        case "Exists":
            return name in labels
        case "DoesNotExist":
            return name not in labels
    return False


def unselective_services(look: Look, namespace: str) -> Sequence[Obj]:
    """The services without a selector, which istioctl takes for services of every pod in their namespace."""
    return look.at(SERVICE_SELECTORS, (namespace,))
