"""What a cluster consists of: namespaces, nodes, accounts, events, leases and roles."""

from typing import Annotated

from msgspec import field

from localmesh.apiserver.schemas.base import (
    ATOMIC_LIST,
    ATOMIC_MAP,
    UNIQUE,
    Anything,
    Int32,
    Int64,
    Model,
    Quantity,
    Time,
    keyed,
)
from localmesh.apiserver.schemas.meta import LocalObjectReference, ObjectMeta


class NamespaceSpec(Model):
    """The Kubernetes type NamespaceSpec."""

    finalizers: Annotated[list[str], ATOMIC_LIST] = []


class NamespaceCondition(Model):
    """The Kubernetes type NamespaceCondition."""

    status: str
    type: str
    last_transition_time: Time | None = None
    message: str = ""
    reason: str = ""


class NamespaceStatus(Model):
    """The Kubernetes type NamespaceStatus."""

    conditions: Annotated[list[NamespaceCondition], keyed("type")] = []
    phase: str = ""


class Namespace(Model):
    """The Kubernetes type Namespace."""

    metadata: ObjectMeta
    api_version: str = ""
    kind: str = ""
    spec: NamespaceSpec | None = None
    status: NamespaceStatus | None = None


class Taint(Model):
    """The Kubernetes type Taint."""

    effect: str
    key: str
    time_added: Time | None = None
    value: str = ""


class NodeSpec(Model):
    """The Kubernetes type NodeSpec."""

    config_source: Anything = {}
    external_id: str = field(name="externalID", default="")
    pod_cidr: str = field(name="podCIDR", default="")
    pod_cidrs: Annotated[list[str], UNIQUE] = field(name="podCIDRs", default_factory=list)
    provider_id: str = field(name="providerID", default="")
    taints: Annotated[list[Taint], keyed("key", atomic=True)] = []
    unschedulable: bool | None = None


class NodeAddress(Model):
    """The Kubernetes type NodeAddress."""

    address: str
    type: str


class NodeCondition(Model):
    """The Kubernetes type NodeCondition."""

    status: str
    type: str
    last_heartbeat_time: Time | None = None
    last_transition_time: Time | None = None
    message: str = ""
    reason: str = ""


class DaemonEndpoint(Model):
    """The Kubernetes type DaemonEndpoint."""

    port: Int32 = field(name="Port")


class NodeDaemonEndpoints(Model):
    """The Kubernetes type NodeDaemonEndpoints."""

    kubelet_endpoint: DaemonEndpoint | None = None


class ContainerImage(Model):
    """The Kubernetes type ContainerImage."""

    names: list[str] = []
    size_bytes: Int64 | None = None


class NodeSystemInfo(Model):
    """The Kubernetes type NodeSystemInfo."""

    architecture: str
    boot_id: str = field(name="bootID")
    container_runtime_version: str
    kernel_version: str
    kube_proxy_version: str
    kubelet_version: str
    machine_id: str = field(name="machineID")
    operating_system: str
    os_image: str
    system_uuid: str = field(name="systemUUID")
    running_in_user_namespace: bool | None = None
    swap: Anything = {}


class NodeStatus(Model):
    """The Kubernetes type NodeStatus."""

    addresses: Annotated[list[NodeAddress], keyed("type")] = []
    allocatable: dict[str, Quantity] = {}
    capacity: dict[str, Quantity] = {}
    conditions: Annotated[list[NodeCondition], keyed("type")] = []
    config: Anything = {}
    daemon_endpoints: NodeDaemonEndpoints | None = None
    declared_features: list[str] = []
    features: Anything = {}
    images: list[ContainerImage] = []
    node_info: NodeSystemInfo | None = None
    phase: str = ""
    runtime_handlers: list[Anything] = []
    volumes_attached: list[Anything] = []
    volumes_in_use: list[str] = []


class Node(Model):
    """The Kubernetes type Node."""

    metadata: ObjectMeta
    api_version: str = ""
    kind: str = ""
    spec: NodeSpec | None = None
    status: NodeStatus | None = None


class ObjectReference(Model):
    """The Kubernetes type ObjectReference."""

    api_version: str = ""
    field_path: str = ""
    kind: str = ""
    name: str = ""
    namespace: str = ""
    resource_version: str = ""
    uid: str = ""


class ServiceAccount(Model):
    """The Kubernetes type ServiceAccount."""

    metadata: ObjectMeta
    api_version: str = ""
    automount_service_account_token: bool | None = None
    image_pull_secrets: list[Annotated[LocalObjectReference, ATOMIC_MAP]] = []
    kind: str = ""
    secrets: Annotated[list[Annotated[ObjectReference, ATOMIC_MAP]], keyed("name")] = []


class EventSeries(Model):
    """The Kubernetes type EventSeries."""

    count: Int32 | None = None
    last_observed_time: Time | None = None


class EventSource(Model):
    """The Kubernetes type EventSource."""

    component: str = ""
    host: str = ""


class Event(Model):
    """The Kubernetes type Event."""

    involved_object: Annotated[ObjectReference, ATOMIC_MAP]
    metadata: ObjectMeta
    action: str = ""
    api_version: str = ""
    count: Int32 | None = None
    event_time: Time | None = None
    first_timestamp: Time | None = None
    kind: str = ""
    last_timestamp: Time | None = None
    message: str = ""
    reason: str = ""
    related: Annotated[ObjectReference, ATOMIC_MAP] | None = None
    reporting_component: str = ""
    reporting_instance: str = ""
    series: EventSeries | None = None
    source: EventSource | None = None
    type: str = ""


class LeaseSpec(Model):
    """The Kubernetes type LeaseSpec."""

    acquire_time: Time | None = None
    holder_identity: str = ""
    lease_duration_seconds: Int32 | None = None
    lease_transitions: Int32 | None = None
    preferred_holder: str = ""
    renew_time: Time | None = None
    strategy: str = ""


class Lease(Model):
    """The Kubernetes type Lease."""

    metadata: ObjectMeta
    api_version: str = ""
    kind: str = ""
    spec: LeaseSpec | None = None


class PolicyRule(Model):
    """The Kubernetes type PolicyRule."""

    verbs: list[str]
    api_groups: list[str] = []
    non_resource_urls: list[str] = field(name="nonResourceURLs", default_factory=list)
    resource_names: list[str] = []
    resources: list[str] = []


class Role(Model):
    """The Kubernetes type Role."""

    metadata: ObjectMeta
    api_version: str = ""
    kind: str = ""
    rules: list[PolicyRule] = []


class RoleRef(Model):
    """The Kubernetes type RoleRef."""

    kind: str
    name: str
    api_group: str = ""


class Subject(Model):
    """The Kubernetes type Subject."""

    kind: str
    name: str
    api_group: str = ""
    namespace: str = ""


class RoleBinding(Model):
    """The Kubernetes type RoleBinding."""

    metadata: ObjectMeta
    role_ref: Annotated[RoleRef, ATOMIC_MAP]
    api_version: str = ""
    kind: str = ""
    subjects: list[Annotated[Subject, ATOMIC_MAP]] = []


class ClusterRole(Model):
    """The Kubernetes type ClusterRole."""

    metadata: ObjectMeta
    aggregation_rule: Anything = {}
    api_version: str = ""
    kind: str = ""
    rules: list[PolicyRule] = []


class ClusterRoleBinding(Model):
    """The Kubernetes type ClusterRoleBinding."""

    metadata: ObjectMeta
    role_ref: Annotated[RoleRef, ATOMIC_MAP]
    api_version: str = ""
    kind: str = ""
    subjects: list[Annotated[Subject, ATOMIC_MAP]] = []
