"""The kinds that the analysis reads: any API group, whatever the version. Pure."""

from typing import Final

from routing.analysis.objects import GroupKind

NETWORKING: Final = "networking.istio.io"
SECURITY: Final = "security.istio.io"
GATEWAY_API: Final = "gateway.networking.k8s.io"
ADMISSION: Final = "admissionregistration.k8s.io"

NAMESPACE: Final[GroupKind] = ("", "Namespace")
NODE: Final[GroupKind] = ("", "Node")
SERVICE: Final[GroupKind] = ("", "Service")
POD: Final[GroupKind] = ("", "Pod")
SECRET: Final[GroupKind] = ("", "Secret")
CONFIG_MAP: Final[GroupKind] = ("", "ConfigMap")
DEPLOYMENT: Final[GroupKind] = ("apps", "Deployment")
MUTATING_WEBHOOK: Final[GroupKind] = (ADMISSION, "MutatingWebhookConfiguration")
VALIDATING_WEBHOOK: Final[GroupKind] = (ADMISSION, "ValidatingWebhookConfiguration")
CRD: Final[GroupKind] = ("apiextensions.k8s.io", "CustomResourceDefinition")

VIRTUAL_SERVICE: Final[GroupKind] = (NETWORKING, "VirtualService")
DESTINATION_RULE: Final[GroupKind] = (NETWORKING, "DestinationRule")
GATEWAY: Final[GroupKind] = (NETWORKING, "Gateway")
SERVICE_ENTRY: Final[GroupKind] = (NETWORKING, "ServiceEntry")
SIDECAR: Final[GroupKind] = (NETWORKING, "Sidecar")
WORKLOAD_ENTRY: Final[GroupKind] = (NETWORKING, "WorkloadEntry")
WORKLOAD_GROUP: Final[GroupKind] = (NETWORKING, "WorkloadGroup")
ENVOY_FILTER: Final[GroupKind] = (NETWORKING, "EnvoyFilter")
PROXY_CONFIG: Final[GroupKind] = (NETWORKING, "ProxyConfig")
AUTHORIZATION_POLICY: Final[GroupKind] = (SECURITY, "AuthorizationPolicy")
PEER_AUTHENTICATION: Final[GroupKind] = (SECURITY, "PeerAuthentication")
REQUEST_AUTHENTICATION: Final[GroupKind] = (SECURITY, "RequestAuthentication")
TELEMETRY: Final[GroupKind] = ("telemetry.istio.io", "Telemetry")
WASM_PLUGIN: Final[GroupKind] = ("extensions.istio.io", "WasmPlugin")

KUBERNETES_GATEWAY: Final[GroupKind] = (GATEWAY_API, "Gateway")
HTTP_ROUTE: Final[GroupKind] = (GATEWAY_API, "HTTPRoute")
GRPC_ROUTE: Final[GroupKind] = (GATEWAY_API, "GRPCRoute")

MESH_NETWORKS: Final[GroupKind] = ("", "MeshNetworks")
"""Not a kind of the API: the networks of the mesh, as an object of their own."""

ISTIO: Final[tuple[GroupKind, ...]] = (
    VIRTUAL_SERVICE,
    DESTINATION_RULE,
    GATEWAY,
    SERVICE_ENTRY,
    SIDECAR,
    WORKLOAD_ENTRY,
    WORKLOAD_GROUP,
    ENVOY_FILTER,
    PROXY_CONFIG,
    AUTHORIZATION_POLICY,
    PEER_AUTHENTICATION,
    REQUEST_AUTHENTICATION,
    TELEMETRY,
    WASM_PLUGIN,
)
"""Istio's own kinds."""
