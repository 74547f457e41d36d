"""The addresses behind services, out of EndpointSlices.

Source: https://kubernetes.io/docs/concepts/services-networking/endpoint-slices/ (one service may have many
slices; one endpoint may stand in several of them for a while; each IP family has its own).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from cluster import objects
from cluster.inventory.model import Endpoints

SERVICE_NAME: Final = "kubernetes.io/service-name"
Key: TypeAlias = tuple[str, str]
"""Namespace and name of a service."""


@dataclass(frozen=True, slots=True)
class Behind:
    """What stands behind one service: pods by name and addresses by themselves, each with its readiness."""

    pods: Mapping[str, bool]
    others: Mapping[str, bool]

    def total(self) -> Endpoints:
        """All of them."""
        ready = sum(self.pods.values()) + sum(self.others.values())
        return Endpoints(ready, len(self.pods) + len(self.others) - ready)

    def of(self, pods: Iterable[str]) -> Endpoints:
        """Those of some pods."""
        states = [self.pods[name] for name in pods if name in self.pods]
        return Endpoints(sum(states), len(states) - sum(states))


NOTHING: Final = Behind({}, {})


def by_service(slices: Iterable[objects.EndpointSlice]) -> dict[Key, Behind]:
    """What stands behind each service. An endpoint in two slices is one, ready when either says so."""
    found: dict[Key, Behind] = {}
    pods: dict[Key, dict[str, bool]] = {}
    others: dict[Key, dict[str, bool]] = {}
    for each in slices:
        name = each.metadata.labels.get(SERVICE_NAME)
        if not name:
            continue
        key = (each.metadata.namespace, name)
        if key not in found:
            found[key] = Behind(pods.setdefault(key, {}), others.setdefault(key, {}))
        for endpoint in each.endpoints:
            _note(endpoint, pods[key], others[key])
    return found


def _note(endpoint: objects.Endpoint, pods: dict[str, bool], others: dict[str, bool]) -> None:
    target = endpoint.target_ref
    if target is not None and target.kind == "Pod" and target.name:
        pods[target.name] = endpoint.ready or pods.get(target.name, False)
        return
    # The addresses of one endpoint are interchangeable (discovery/v1): they count once.
    for address in endpoint.addresses[:1]:
        others[address] = endpoint.ready or others.get(address, False)
