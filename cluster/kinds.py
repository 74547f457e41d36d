"""The kinds of resources that the console reads or writes, by their names on the wire.

Pure: no client library and no discovery. `version` is the one the console prefers; the adapter asks
the cluster which of `Kind.versions` it serves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

ISTIO_NETWORKING: Final = "networking.istio.io"
ISTIO_NETWORKING_VERSIONS: Final = ("v1", "v1beta1", "v1alpha3")
"""Newest first. All three carry the same fields for the kinds below (istio.io/api, networking)."""


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of resource: where its objects live in the API."""

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True

    @property
    def api_version(self) -> str:
        """The value of `apiVersion`: `v1` for the core group, else `group/version`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions that the console can speak, preferred first."""
        return ISTIO_NETWORKING_VERSIONS if self.group == ISTIO_NETWORKING else (self.version,)

    def __str__(self) -> str:
        return self.kind


NAMESPACE: Final = Kind("", "v1", "Namespace", "namespaces", namespaced=False)
SERVICE: Final = Kind("", "v1", "Service", "services")
POD: Final = Kind("", "v1", "Pod", "pods")
DEPLOYMENT: Final = Kind("apps", "v1", "Deployment", "deployments")
REPLICA_SET: Final = Kind("apps", "v1", "ReplicaSet", "replicasets")
ENDPOINT_SLICE: Final = Kind("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices")
VIRTUAL_SERVICE: Final = Kind(ISTIO_NETWORKING, "v1", "VirtualService", "virtualservices")
DESTINATION_RULE: Final = Kind(ISTIO_NETWORKING, "v1", "DestinationRule", "destinationrules")
GATEWAY: Final = Kind(ISTIO_NETWORKING, "v1", "Gateway", "gateways")
SERVICE_ENTRY: Final = Kind(ISTIO_NETWORKING, "v1", "ServiceEntry", "serviceentries")

ALL: Final = (
    NAMESPACE,
    SERVICE,
    POD,
    DEPLOYMENT,
    REPLICA_SET,
    ENDPOINT_SLICE,
    VIRTUAL_SERVICE,
    DESTINATION_RULE,
    GATEWAY,
    SERVICE_ENTRY,
)

_BY_NAME: Final[Mapping[tuple[str, str], Kind]] = {(kind.group, kind.kind): kind for kind in ALL}


def of(manifest: Mapping[str, Any]) -> Kind:
    """The kind of a manifest, whichever version of its group it is written in.

    Raises ValueError for a kind that the console does not know.
    """
    api_version, name = str(manifest.get("apiVersion", "")), str(manifest.get("kind", ""))
    group = api_version.rpartition("/")[0]
    try:
        return _BY_NAME[(group, name)]
    except KeyError:
        raise ValueError(f"{api_version} {name} is not a kind that the console knows") from None
