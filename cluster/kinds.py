"""The kinds of resources that the console reads or writes, by their names on the wire.

Pure: no client library and no discovery. `version` is the one the console prefers; the adapter asks
the cluster which of `Kind.versions` it serves.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

ISTIO_NETWORKING: Final = "networking.istio.io"
ISTIO_SECURITY: Final = "security.istio.io"
ISTIO_TELEMETRY: Final = "telemetry.istio.io"
ISTIO_EXTENSIONS: Final = "extensions.istio.io"
GATEWAY_API: Final = "gateway.networking.k8s.io"


@dataclass(frozen=True, slots=True)
class Kind:
    """One kind of resource: where its objects live in the API.

    `older`: the versions, newest first, that the console can speak besides the preferred one. Istio's carry
    the same fields in all of them (istio.io/api).
    """

    group: str
    version: str
    kind: str
    plural: str
    namespaced: bool = True
    older: tuple[str, ...] = ()

    @property
    def api_version(self) -> str:
        """The value of `apiVersion`: `v1` for the core group, else `group/version`."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions that the console can speak, preferred first."""
        return (self.version, *self.older)

    def __str__(self) -> str:
        return self.kind


def _istio(group: str, kind: str, plural: str, *older: str) -> Kind:
    return Kind(group, "v1", kind, plural, older=older)


def _gateway_api(kind: str, plural: str, *older: str, namespaced: bool = True) -> Kind:
    return Kind(GATEWAY_API, "v1", kind, plural, namespaced=namespaced, older=older)


NAMESPACE: Final = Kind("", "v1", "Namespace", "namespaces", namespaced=False)
SERVICE: Final = Kind("", "v1", "Service", "services")
POD: Final = Kind("", "v1", "Pod", "pods")
DEPLOYMENT: Final = Kind("apps", "v1", "Deployment", "deployments")
STATEFUL_SET: Final = Kind("apps", "v1", "StatefulSet", "statefulsets")
DAEMON_SET: Final = Kind("apps", "v1", "DaemonSet", "daemonsets")
REPLICA_SET: Final = Kind("apps", "v1", "ReplicaSet", "replicasets")
JOB: Final = Kind("batch", "v1", "Job", "jobs")
CRON_JOB: Final = Kind("batch", "v1", "CronJob", "cronjobs")
ROLLOUT: Final = Kind("argoproj.io", "v1alpha1", "Rollout", "rollouts")
ENDPOINT_SLICE: Final = Kind("discovery.k8s.io", "v1", "EndpointSlice", "endpointslices")

VIRTUAL_SERVICE: Final = _istio(ISTIO_NETWORKING, "VirtualService", "virtualservices", "v1beta1", "v1alpha3")
DESTINATION_RULE: Final = _istio(
    ISTIO_NETWORKING, "DestinationRule", "destinationrules", "v1beta1", "v1alpha3"
)
GATEWAY: Final = _istio(ISTIO_NETWORKING, "Gateway", "gateways", "v1beta1", "v1alpha3")
SERVICE_ENTRY: Final = _istio(ISTIO_NETWORKING, "ServiceEntry", "serviceentries", "v1beta1", "v1alpha3")
SIDECAR: Final = _istio(ISTIO_NETWORKING, "Sidecar", "sidecars", "v1beta1", "v1alpha3")
WORKLOAD_ENTRY: Final = _istio(ISTIO_NETWORKING, "WorkloadEntry", "workloadentries", "v1beta1", "v1alpha3")
PEER_AUTHENTICATION: Final = _istio(ISTIO_SECURITY, "PeerAuthentication", "peerauthentications", "v1beta1")
AUTHORIZATION_POLICY: Final = _istio(
    ISTIO_SECURITY, "AuthorizationPolicy", "authorizationpolicies", "v1beta1"
)
REQUEST_AUTHENTICATION: Final = _istio(
    ISTIO_SECURITY, "RequestAuthentication", "requestauthentications", "v1beta1"
)
TELEMETRY: Final = _istio(ISTIO_TELEMETRY, "Telemetry", "telemetries", "v1alpha1")

GATEWAY_API_GATEWAY: Final = _gateway_api("Gateway", "gateways", "v1beta1")
HTTP_ROUTE: Final = _gateway_api("HTTPRoute", "httproutes", "v1beta1")
GRPC_ROUTE: Final = _gateway_api("GRPCRoute", "grpcroutes")

ISTIO: Final = (
    VIRTUAL_SERVICE,
    DESTINATION_RULE,
    GATEWAY,
    SERVICE_ENTRY,
    SIDECAR,
    WORKLOAD_ENTRY,
    PEER_AUTHENTICATION,
    AUTHORIZATION_POLICY,
    REQUEST_AUTHENTICATION,
    TELEMETRY,
)
"""Istio's own kinds that the console looks at."""

GATEWAY_KINDS: Final = (GATEWAY_API_GATEWAY, HTTP_ROUTE, GRPC_ROUTE)
"""The Gateway API's kinds that the console looks at."""

WORKLOADS: Final = (DEPLOYMENT, STATEFUL_SET, DAEMON_SET, REPLICA_SET, JOB, CRON_JOB, ROLLOUT)
"""What makes pods."""

ALL: Final = (NAMESPACE, SERVICE, POD, *WORKLOADS, ENDPOINT_SLICE, *ISTIO, *GATEWAY_KINDS)

DEFINITION: Final = Kind(
    "apiextensions.k8s.io",
    "v1",
    "CustomResourceDefinition",
    "customresourcedefinitions",
    namespaced=False,
)
"""What says which fields a kind of Istio's or the Gateway API's has. Read one at a time, and not watched."""

LEASE: Final = Kind("coordination.k8s.io", "v1", "Lease", "leases")
"""By which consoles agree on one of them. Read and written one at a time, and not watched."""

_BY_NAME: Final[Mapping[tuple[str, str], Kind]] = {
    (kind.group, kind.kind): kind for kind in (*ALL, DEFINITION, LEASE)
}


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
