"""The resources that the API serves: one constant per kind, and how to find it by path or by kind.

It holds names and shapes only. What a valid object looks like is told by `schemas`, how a row of a table
reads by `printers`.
"""

from dataclasses import dataclass

READ_VERBS = ("get", "list", "watch")
ALL_VERBS = ("create", "delete", "deletecollection", "get", "list", "patch", "update", "watch")
CREATE_ONLY = ("create",)


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a custom resource's table; `path` is the JSONPath of its CustomResourceDefinition."""

    name: str
    path: str
    type: str = "string"
    priority: int = 0
    description: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Resource:
    """One resource of the API. The first of `versions` is preferred, and the one in which objects are stored.

    Compared by identity: there is exactly one constant per resource.
    """

    group: str
    versions: tuple[str, ...]
    kind: str
    plural: str
    namespaced: bool = True
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    columns: tuple[Column, ...] = ()
    verbs: tuple[str, ...] = ALL_VERBS
    custom: bool = False

    @property
    def version(self) -> str:
        """The preferred version."""
        return self.versions[0]

    @property
    def singular(self) -> str:
        """The name for one object, as `kubectl` takes it."""
        return self.kind.lower()

    @property
    def api_version(self) -> str:
        """`apiVersion` of stored objects."""
        return self.api_version_of(self.version)

    def api_version_of(self, version: str) -> str:
        """`apiVersion` of objects served in `version`."""
        return f"{self.group}/{version}" if self.group else version

    @property
    def key(self) -> str:
        """The name under which it is stored: `virtualservices.networking.istio.io`."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    @property
    def list_kind(self) -> str:
        """`kind` of a list of these."""
        return f"{self.kind}List"

    @property
    def has_status(self) -> bool:
        """Whether status is written through its own subresource only."""
        return "status" in self.subresources

    @property
    def has_scale(self) -> bool:
        """Whether replicas can be set through the scale subresource."""
        return "scale" in self.subresources

    def __repr__(self) -> str:
        return f"<Resource {self.key}>"


_AGE = Column("Age", ".metadata.creationTimestamp", "date")
_ISTIO_NETWORKING = ("v1", "v1beta1", "v1alpha3")
_ISTIO_SECURITY = ("v1", "v1beta1")
_ISTIO_CATEGORIES = ("istio-io", "networking-istio-io")
_SECURITY_CATEGORIES = ("istio-io", "security-istio-io")


def _core(
    kind: str, plural: str, short: str = "", subresources: str = "", *, namespaced: bool = True
) -> Resource:
    return Resource(
        "",
        ("v1",),
        kind,
        plural,
        namespaced=namespaced,
        short_names=tuple(short.split()),
        categories=("all",) if kind in ("Pod", "Service") else (),
        subresources=tuple(subresources.split()),
    )


def _workload(group: str, kind: str, plural: str, short: str, subresources: str) -> Resource:
    return Resource(
        group,
        ("v1",),
        kind,
        plural,
        short_names=tuple(short.split()),
        categories=("all",),
        subresources=tuple(subresources.split()),
    )


def _istio(kind: str, plural: str, short: str = "", *columns: Column) -> Resource:
    return Resource(
        "networking.istio.io",
        _ISTIO_NETWORKING,
        kind,
        plural,
        short_names=tuple(short.split()),
        categories=_ISTIO_CATEGORIES,
        subresources=("status",),
        columns=columns or (_AGE,),
        custom=True,
    )


def _istio_security(kind: str, plural: str, short: str, *columns: Column) -> Resource:
    return Resource(
        "security.istio.io",
        _ISTIO_SECURITY,
        kind,
        plural,
        short_names=tuple(short.split()),
        categories=_SECURITY_CATEGORIES,
        subresources=("status",),
        columns=columns or (_AGE,),
        custom=True,
    )


def _gateway_api(
    kind: str, plural: str, short: str, *columns: Column, versions: str = "v1", namespaced: bool = True
) -> Resource:
    return Resource(
        "gateway.networking.k8s.io",
        tuple(versions.split()),
        kind,
        plural,
        namespaced=namespaced,
        short_names=tuple(short.split()),
        categories=("gateway-api",),
        subresources=() if kind == "ReferenceGrant" else ("status",),
        columns=columns,
        custom=True,
    )


def _rbac(kind: str, plural: str, *, namespaced: bool) -> Resource:
    return Resource("rbac.authorization.k8s.io", ("v1",), kind, plural, namespaced=namespaced)


def _review(group: str, kind: str, *, namespaced: bool = False) -> Resource:
    return Resource(group, ("v1",), kind, kind.lower() + "s", namespaced=namespaced, verbs=CREATE_ONLY)


NAMESPACES = _core("Namespace", "namespaces", "ns", "status finalize", namespaced=False)
NODES = _core("Node", "nodes", "no", "status", namespaced=False)
PODS = _core("Pod", "pods", "po", "status log")
SERVICES = _core("Service", "services", "svc", "status")
SERVICE_ACCOUNTS = _core("ServiceAccount", "serviceaccounts", "sa")
CONFIG_MAPS = _core("ConfigMap", "configmaps", "cm")
SECRETS = _core("Secret", "secrets")
EVENTS = _core("Event", "events", "ev")
ENDPOINTS = _core("Endpoints", "endpoints", "ep")

DEPLOYMENTS = _workload("apps", "Deployment", "deployments", "deploy", "status scale")
REPLICA_SETS = _workload("apps", "ReplicaSet", "replicasets", "rs", "status scale")
STATEFUL_SETS = _workload("apps", "StatefulSet", "statefulsets", "sts", "status scale")
DAEMON_SETS = _workload("apps", "DaemonSet", "daemonsets", "ds", "status")
JOBS = _workload("batch", "Job", "jobs", "", "status")
CRON_JOBS = _workload("batch", "CronJob", "cronjobs", "cj", "status")

ENDPOINT_SLICES = Resource("discovery.k8s.io", ("v1",), "EndpointSlice", "endpointslices")
LEASES = Resource("coordination.k8s.io", ("v1",), "Lease", "leases")

VIRTUAL_SERVICES = _istio(
    "VirtualService",
    "virtualservices",
    "vs",
    Column(
        "Gateways", ".spec.gateways", description="The names of gateways and sidecars that apply these routes"
    ),
    Column("Hosts", ".spec.hosts", description="The destination hosts to which traffic is sent"),
    _AGE,
)
DESTINATION_RULES = _istio(
    "DestinationRule",
    "destinationrules",
    "dr",
    Column("Host", ".spec.host", description="The name of a service from the service registry"),
    _AGE,
)
GATEWAYS = _istio("Gateway", "gateways", "gw")
SERVICE_ENTRIES = _istio(
    "ServiceEntry",
    "serviceentries",
    "se",
    Column("Hosts", ".spec.hosts", description="The hosts of the service entry"),
    Column("Location", ".spec.location", description="Inside or outside the mesh"),
    Column("Resolution", ".spec.resolution", description="How the hosts are resolved"),
    _AGE,
)
SIDECARS = _istio("Sidecar", "sidecars")
WORKLOAD_ENTRIES = _istio(
    "WorkloadEntry",
    "workloadentries",
    "we",
    _AGE,
    Column("Address", ".spec.address", description="The network endpoint without the port"),
)

PEER_AUTHENTICATIONS = _istio_security(
    "PeerAuthentication",
    "peerauthentications",
    "pa",
    Column("Mode", ".spec.mtls.mode", description="The mTLS mode"),
    _AGE,
)
AUTHORIZATION_POLICIES = _istio_security(
    "AuthorizationPolicy",
    "authorizationpolicies",
    "ap",
    Column("Action", ".spec.action", description="What is done with a matching request"),
    _AGE,
)
REQUEST_AUTHENTICATIONS = _istio_security("RequestAuthentication", "requestauthentications", "ra")

TELEMETRIES = Resource(
    "telemetry.istio.io",
    ("v1", "v1alpha1"),
    "Telemetry",
    "telemetries",
    short_names=("telemetry",),
    categories=("istio-io", "telemetry-istio-io"),
    subresources=("status",),
    columns=(_AGE,),
    custom=True,
)

GATEWAY_CLASSES = _gateway_api(
    "GatewayClass",
    "gatewayclasses",
    "gc",
    Column("Controller", ".spec.controllerName"),
    Column("Accepted", '.status.conditions[?(@.type=="Accepted")].status'),
    _AGE,
    Column("Description", ".spec.description", priority=1),
    versions="v1 v1beta1",
    namespaced=False,
)
K8S_GATEWAYS = _gateway_api(
    "Gateway",
    "gateways",
    "gtw",
    Column("Class", ".spec.gatewayClassName"),
    Column("Address", ".status.addresses[*].value"),
    Column("Programmed", '.status.conditions[?(@.type=="Programmed")].status'),
    _AGE,
    versions="v1 v1beta1",
)
HTTP_ROUTES = _gateway_api(
    "HTTPRoute", "httproutes", "", Column("Hostnames", ".spec.hostnames"), _AGE, versions="v1 v1beta1"
)
GRPC_ROUTES = _gateway_api("GRPCRoute", "grpcroutes", "", Column("Hostnames", ".spec.hostnames"), _AGE)
REFERENCE_GRANTS = _gateway_api("ReferenceGrant", "referencegrants", "refgrant", _AGE, versions="v1beta1")

CUSTOM_RESOURCE_DEFINITIONS = Resource(
    "apiextensions.k8s.io",
    ("v1",),
    "CustomResourceDefinition",
    "customresourcedefinitions",
    namespaced=False,
    short_names=("crd", "crds"),
    categories=("api-extensions",),
    verbs=READ_VERBS,
)

ROLES = _rbac("Role", "roles", namespaced=True)
ROLE_BINDINGS = _rbac("RoleBinding", "rolebindings", namespaced=True)
CLUSTER_ROLES = _rbac("ClusterRole", "clusterroles", namespaced=False)
CLUSTER_ROLE_BINDINGS = _rbac("ClusterRoleBinding", "clusterrolebindings", namespaced=False)

SELF_SUBJECT_ACCESS_REVIEWS = _review("authorization.k8s.io", "SelfSubjectAccessReview")
SUBJECT_ACCESS_REVIEWS = _review("authorization.k8s.io", "SubjectAccessReview")
LOCAL_SUBJECT_ACCESS_REVIEWS = _review("authorization.k8s.io", "LocalSubjectAccessReview", namespaced=True)
SELF_SUBJECT_RULES_REVIEWS = _review("authorization.k8s.io", "SelfSubjectRulesReview")
SELF_SUBJECT_REVIEWS = _review("authentication.k8s.io", "SelfSubjectReview")

ALL: tuple[Resource, ...] = tuple(value for value in list(globals().values()) if isinstance(value, Resource))

_BY_PATH = {(each.group, version, each.plural): each for each in ALL for version in each.versions}
_BY_KIND = {(each.group, each.kind): each for each in ALL}
_BY_KEY = {each.key: each for each in ALL}


def by_path(group: str, version: str, plural: str) -> Resource | None:
    """The resource at `/apis/{group}/{version}/{plural}`, or `/api/{version}/{plural}` for the group ""."""
    return _BY_PATH.get((group, version, plural))


def by_kind(group: str, kind: str) -> Resource | None:
    """The resource whose objects have that kind, in any version."""
    return _BY_KIND.get((group, kind))


def by_key(key: str) -> Resource | None:
    """The resource of a stored `Resource.key`."""
    return _BY_KEY.get(key)


def group_versions() -> dict[str, list[str]]:
    """Every group with its versions, the preferred first."""
    found: dict[str, list[str]] = {}
    for each in ALL:
        versions = found.setdefault(each.group, [])
        versions.extend(version for version in each.versions if version not in versions)
    return found


def served_at(group: str, version: str) -> list[Resource]:
    """The resources of one group and version."""
    return [each for each in ALL if each.group == group and version in each.versions]
