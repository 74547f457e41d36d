"""Versions as Services of their own. The Gateway API sends requests to Services.

It knows no subsets. Pure.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from cluster import inventory


@dataclass(frozen=True, slots=True)
class Backends:
    """The Service for each version of a service, by name, the service itself, and its usual port.

    `port`: the one that requests go to where a rule names none; 0 where there is no telling. `home`: the
    namespace of the object that refers to them.
    """

    service: str
    namespace: str
    by_version: Mapping[str, str]
    port: int
    home: str

    @property
    def versions(self) -> dict[str, str]:
        """The version that each Service stands for."""
        return {name: version for version, name in self.by_version.items()}


def backends_of(service: inventory.Service, others: Iterable[inventory.Service], home: str) -> Backends:
    """The Services of a namespace that select the pods of exactly one version of a service.

    Where several do, the one named `<service>-<version>` is taken, else the first by name.
    """
    found: dict[str, list[str]] = {}
    for name, version in versions_behind(service, others).items():
        found.setdefault(version, []).append(name)
    chosen = {
        version: min(names, key=lambda name: (name != f"{service.name}-{version}", name))
        for version, names in sorted(found.items())
    }
    return Backends(service.name, service.namespace, chosen, _port(service), home)


def versions_behind(service: inventory.Service, others: Iterable[inventory.Service]) -> dict[str, str]:
    """The version of a service that each Service of its namespace stands for, whose pods are of one only."""
    found: dict[str, str] = {}
    mine = {version.version for version in service.versions}
    for other in others:
        one = other.versions[0].version if len(other.versions) == 1 else ""
        near = other.namespace == service.namespace and other.app == service.app
        if near and one in mine and not other.pods_without_version and other.name != service.name:
            found[other.name] = one
    return found


def _port(service: inventory.Service) -> int:
    requests = [
        port.number for port in service.ports if port.protocol in ("http", "http2", "grpc", "grpc-web")
    ]
    if len(requests) == 1:
        return requests[0]
    return service.ports[0].number if len(service.ports) == 1 else 0
