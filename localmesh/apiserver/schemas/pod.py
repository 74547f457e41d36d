"""A pod. Source: the core/v1 API of Kubernetes."""

from typing import Annotated

from msgspec import field

from localmesh.apiserver.schemas.base import (
    ATOMIC_LIST,
    ATOMIC_MAP,
    Anything,
    Int32,
    Int64,
    Model,
    Quantity,
    Time,
    keyed,
)
from localmesh.apiserver.schemas.container import (
    AppArmorProfile,
    Container,
    EphemeralContainer,
    ResourceRequirements,
    SeccompProfile,
    SELinuxOptions,
)
from localmesh.apiserver.schemas.meta import LocalObjectReference, ObjectMeta
from localmesh.apiserver.schemas.scheduling import Affinity, Toleration, TopologySpreadConstraint
from localmesh.apiserver.schemas.volume import Volume


class PodDNSConfigOption(Model):
    """The Kubernetes type PodDNSConfigOption."""

    name: str = ""
    value: str = ""


class PodDNSConfig(Model):
    """The Kubernetes type PodDNSConfig."""

    nameservers: list[str] = []
    options: list[PodDNSConfigOption] = []
    searches: list[str] = []


class HostAlias(Model):
    """The Kubernetes type HostAlias."""

    ip: str
    hostnames: list[str] = []


class PodOS(Model):
    """The Kubernetes type PodOS."""

    name: str


class PodReadinessGate(Model):
    """The Kubernetes type PodReadinessGate."""

    condition_type: str


class PodResourceClaim(Model):
    """The Kubernetes type PodResourceClaim."""

    name: str
    resource_claim_name: str = ""
    resource_claim_template_name: str = ""


class PodSchedulingGate(Model):
    """The Kubernetes type PodSchedulingGate."""

    name: str


class Sysctl(Model):
    """The Kubernetes type Sysctl."""

    name: str
    value: str


class PodSecurityContext(Model):
    """The Kubernetes type PodSecurityContext."""

    app_armor_profile: AppArmorProfile | None = None
    fs_group: Int64 | None = None
    fs_group_change_policy: str = ""
    run_as_group: Int64 | None = None
    run_as_non_root: bool | None = None
    run_as_user: Int64 | None = None
    se_linux_change_policy: str = ""
    se_linux_options: SELinuxOptions | None = None
    seccomp_profile: SeccompProfile | None = None
    supplemental_groups: list[Int64] = []
    supplemental_groups_policy: str = ""
    sysctls: list[Sysctl] = []
    windows_options: Anything = {}


class PodSpec(Model):
    """The Kubernetes type PodSpec."""

    containers: Annotated[list[Container], keyed("name")]
    active_deadline_seconds: Int64 | None = None
    affinity: Affinity | None = None
    automount_service_account_token: bool | None = None
    dns_config: PodDNSConfig | None = None
    dns_policy: str = ""
    enable_service_links: bool | None = None
    ephemeral_containers: Annotated[list[EphemeralContainer], keyed("name")] = []
    host_aliases: Annotated[list[HostAlias], keyed("ip")] = []
    host_ipc: bool | None = field(name="hostIPC", default=None)
    host_network: bool | None = None
    host_pid: bool | None = field(name="hostPID", default=None)
    host_users: bool | None = None
    hostname: str = ""
    hostname_override: str = ""
    image_pull_secrets: Annotated[list[Annotated[LocalObjectReference, ATOMIC_MAP]], keyed("name")] = []
    init_containers: Annotated[list[Container], keyed("name")] = []
    node_name: str = ""
    node_selector: dict[str, str] = {}
    os: PodOS | None = None
    overhead: dict[str, Quantity] = {}
    preemption_policy: str = ""
    priority: Int32 | None = None
    priority_class_name: str = ""
    readiness_gates: list[PodReadinessGate] = []
    resource_claims: Annotated[list[PodResourceClaim], keyed("name")] = []
    resources: ResourceRequirements | None = None
    restart_policy: str = ""
    runtime_class_name: str = ""
    scheduler_name: str = ""
    scheduling_gates: Annotated[list[PodSchedulingGate], keyed("name")] = []
    security_context: PodSecurityContext | None = None
    service_account: str = ""
    service_account_name: str = ""
    set_hostname_as_fqdn: bool | None = field(name="setHostnameAsFQDN", default=None)
    share_process_namespace: bool | None = None
    subdomain: str = ""
    termination_grace_period_seconds: Int64 | None = None
    tolerations: Annotated[list[Toleration], ATOMIC_LIST] = []
    topology_spread_constraints: Annotated[
        list[TopologySpreadConstraint], keyed("topologyKey", "whenUnsatisfiable")
    ] = []
    volumes: Annotated[list[Volume], keyed("name")] = []


class PodCondition(Model):
    """The Kubernetes type PodCondition."""

    status: str
    type: str
    last_probe_time: Time | None = None
    last_transition_time: Time | None = None
    message: str = ""
    observed_generation: Int64 | None = None
    reason: str = ""


class ContainerStateRunning(Model):
    """The Kubernetes type ContainerStateRunning."""

    started_at: Time | None = None


class ContainerStateTerminated(Model):
    """The Kubernetes type ContainerStateTerminated."""

    exit_code: Int32
    container_id: str = field(name="containerID", default="")
    finished_at: Time | None = None
    message: str = ""
    reason: str = ""
    signal: Int32 | None = None
    started_at: Time | None = None


class ContainerStateWaiting(Model):
    """The Kubernetes type ContainerStateWaiting."""

    message: str = ""
    reason: str = ""


class ContainerState(Model):
    """The Kubernetes type ContainerState."""

    running: ContainerStateRunning | None = None
    terminated: ContainerStateTerminated | None = None
    waiting: ContainerStateWaiting | None = None


class ContainerStatus(Model):
    """The Kubernetes type ContainerStatus."""

    image: str
    image_id: str = field(name="imageID")
    name: str
    ready: bool
    restart_count: Int32
    allocated_resources: dict[str, Quantity] = {}
    allocated_resources_status: list[Anything] = []
    container_id: str = field(name="containerID", default="")
    last_state: ContainerState | None = None
    resources: ResourceRequirements | None = None
    started: bool | None = None
    state: ContainerState | None = None
    stop_signal: str = ""
    user: Anything = {}
    volume_mounts: list[Anything] = []


class HostIP(Model):
    """The Kubernetes type HostIP."""

    ip: str


class PodIP(Model):
    """The Kubernetes type PodIP."""

    ip: str


class PodResourceClaimStatus(Model):
    """The Kubernetes type PodResourceClaimStatus."""

    name: str
    resource_claim_name: str = ""


class PodStatus(Model):
    """The Kubernetes type PodStatus."""

    allocated_resources: dict[str, Quantity] = {}
    conditions: Annotated[list[PodCondition], keyed("type")] = []
    container_statuses: list[ContainerStatus] = []
    ephemeral_container_statuses: list[ContainerStatus] = []
    host_ip: str = field(name="hostIP", default="")
    host_ips: Annotated[list[HostIP], keyed("ip", atomic=True)] = field(name="hostIPs", default_factory=list)
    init_container_statuses: list[ContainerStatus] = []
    message: str = ""
    nominated_node_name: str = ""
    observed_generation: Int64 | None = None
    phase: str = ""
    pod_ip: str = field(name="podIP", default="")
    pod_ips: Annotated[list[PodIP], keyed("ip")] = field(name="podIPs", default_factory=list)
    qos_class: str = ""
    reason: str = ""
    resize: str = ""
    resource_claim_statuses: Annotated[list[PodResourceClaimStatus], keyed("name")] = []
    resources: ResourceRequirements | None = None
    start_time: Time | None = None


class Pod(Model):
    """The Kubernetes type Pod."""

    metadata: ObjectMeta
    api_version: str = ""
    kind: str = ""
    spec: PodSpec | None = None
    status: PodStatus | None = None
