"""Waypoint proxies: which there are, and which serves what.

Sources: https://istio.io/latest/docs/ambient/usage/waypoint/ (the labels, and what a waypoint may be for) and
https://gateway-api.sigs.k8s.io/reference/spec/ (the conditions of a Gateway).
"""

from collections.abc import Iterable, Mapping
from typing import Any, Final

from cluster import objects
from cluster.inventory.model import Waypoint
from cluster.inventory.pods import REVISION
from cluster.refs import Manifest

USE: Final = "istio.io/use-waypoint"
USE_IN: Final = "istio.io/use-waypoint-namespace"
SERVES: Final = "istio.io/waypoint-for"
CLASS: Final = "istio-waypoint"
_NOBODY: Final = "none"


def used_by(item: objects.Meta, namespace: objects.Namespace | None) -> str:
    """The waypoint, as "namespace/name", that the labels of an object name, else its namespace's; or ""."""
    for labels in (item.labels, namespace.metadata.labels if namespace else {}):
        name = labels.get(USE)
        if name:
            return "" if name == _NOBODY else f"{labels.get(USE_IN) or item.namespace}/{name}"
    return ""


def used_in(namespace: objects.Namespace) -> str:
    """The waypoint, as "namespace/name", that a namespace uses unless its objects say otherwise; or ""."""
    labels = namespace.metadata.labels
    name = labels.get(USE)
    if not name or name == _NOBODY:
        return ""
    return f"{labels.get(USE_IN) or namespace.metadata.name}/{name}"


def waypoints(gateways: Iterable[Manifest], used: Iterable[str]) -> tuple[Waypoint, ...]:
    """The waypoints that there are, and those that are `used` ("namespace/name") though there are none."""
    found = {}
    for gateway in gateways:
        waypoint = _waypoint(gateway)
        if waypoint is not None:
            found[f"{waypoint.namespace}/{waypoint.name}"] = waypoint
    for key in used:
        if key and key not in found:
            namespace, _, name = key.partition("/")
            found[key] = Waypoint(namespace, name, exists=False, ready=False, serves="", revision="")
    return tuple(sorted(found.values(), key=lambda each: (each.namespace, each.name)))


def _waypoint(gateway: Manifest) -> Waypoint | None:
    # Gateways are read whole, as they stand on the wire: of a part that is not what it should be, nothing.
    spec, status = _object(gateway.get("spec")), _object(gateway.get("status"))
    if spec.get("gatewayClassName") != CLASS:
        return None
    metadata = _object(gateway.get("metadata"))
    labels = _object(metadata.get("labels"))
    programmed = _condition(status, "Programmed")
    return Waypoint(
        namespace=str(metadata.get("namespace") or ""),
        name=str(metadata.get("name") or ""),
        exists=True,
        ready=programmed.get("status") == "True",
        serves=str(labels.get(SERVES) or "service"),
        revision=str(labels.get(REVISION) or ""),
        reason="" if programmed.get("status") == "True" else str(programmed.get("message") or ""),
    )


def _condition(status: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    conditions = status.get("conditions")
    found = (_object(item) for item in conditions) if isinstance(conditions, list) else ()
    return next((item for item in found if item.get("type") == kind), {})


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, dict) else {}
