"""A container of a pod, with its environment, probes and ports."""

from typing import Annotated

from msgspec import field

from localmesh.apiserver.schemas.base import (
    ATOMIC_LIST,
    ATOMIC_MAP,
    Anything,
    Int32,
    Int64,
    IntOrString,
    Model,
    Quantity,
    extra,
    keyed,
)


class ConfigMapKeySelector(Model):
    """The Kubernetes type ConfigMapKeySelector."""

    key: str
    name: str = ""
    optional: bool | None = None


class ObjectFieldSelector(Model):
    """The Kubernetes type ObjectFieldSelector."""

    field_path: str
    api_version: str = ""


class FileKeySelector(Model):
    """The Kubernetes type FileKeySelector."""

    key: str
    path: str
    volume_name: str
    optional: bool | None = None


class ResourceFieldSelector(Model):
    """The Kubernetes type ResourceFieldSelector."""

    resource: str
    container_name: str = ""
    divisor: Quantity | None = None


class SecretKeySelector(Model):
    """The Kubernetes type SecretKeySelector."""

    key: str
    name: str = ""
    optional: bool | None = None


class EnvVarSource(Model):
    """The Kubernetes type EnvVarSource."""

    config_map_key_ref: Annotated[ConfigMapKeySelector, ATOMIC_MAP] | None = None
    field_ref: Annotated[ObjectFieldSelector, ATOMIC_MAP] | None = None
    file_key_ref: Annotated[FileKeySelector, ATOMIC_MAP] | None = None
    resource_field_ref: Annotated[ResourceFieldSelector, ATOMIC_MAP] | None = None
    secret_key_ref: Annotated[SecretKeySelector, ATOMIC_MAP] | None = None


class EnvVar(Model):
    """The Kubernetes type EnvVar."""

    name: str
    value: str = ""
    value_from: EnvVarSource | None = None


class ConfigMapEnvSource(Model):
    """The Kubernetes type ConfigMapEnvSource."""

    name: str = ""
    optional: bool | None = None


class SecretEnvSource(Model):
    """The Kubernetes type SecretEnvSource."""

    name: str = ""
    optional: bool | None = None


class EnvFromSource(Model):
    """The Kubernetes type EnvFromSource."""

    config_map_ref: ConfigMapEnvSource | None = None
    prefix: str = ""
    secret_ref: SecretEnvSource | None = None


class ExecAction(Model):
    """The Kubernetes type ExecAction."""

    command: list[str] = []


class HTTPHeader(Model):
    """The Kubernetes type HTTPHeader."""

    name: str
    value: str


class HTTPGetAction(Model):
    """The Kubernetes type HTTPGetAction."""

    port: IntOrString
    host: str = ""
    http_headers: list[HTTPHeader] = []
    path: str = ""
    protocol: str = ""
    scheme: str = ""


class SleepAction(Model):
    """The Kubernetes type SleepAction."""

    seconds: Int32


class TCPSocketAction(Model):
    """The Kubernetes type TCPSocketAction."""

    port: IntOrString
    host: str = ""


class LifecycleHandler(Model):
    """The Kubernetes type LifecycleHandler."""

    exec: ExecAction | None = None
    http_get: HTTPGetAction | None = None
    sleep: SleepAction | None = None
    tcp_socket: TCPSocketAction | None = None


class Lifecycle(Model):
    """The Kubernetes type Lifecycle."""

    post_start: LifecycleHandler | None = None
    pre_stop: LifecycleHandler | None = None
    stop_signal: str = ""


class GRPCAction(Model):
    """The Kubernetes type GRPCAction."""

    port: Int32
    mode: str = ""
    service: str = ""


class Probe(Model):
    """The Kubernetes type Probe."""

    exec: ExecAction | None = None
    failure_threshold: Int32 | None = None
    grpc: GRPCAction | None = None
    http_get: HTTPGetAction | None = None
    initial_delay_seconds: Int32 | None = None
    period_seconds: Int32 | None = None
    success_threshold: Int32 | None = None
    tcp_socket: TCPSocketAction | None = None
    termination_grace_period_seconds: Int64 | None = None
    timeout_seconds: Int32 | None = None


class ContainerPort(Model):
    """The Kubernetes type ContainerPort."""

    container_port: Int32
    host_ip: str = field(name="hostIP", default="")
    host_port: Int32 | None = None
    name: str = ""
    protocol: Annotated[str, extra(default="TCP")] = "TCP"


class ContainerResizePolicy(Model):
    """The Kubernetes type ContainerResizePolicy."""

    resource_name: str
    restart_policy: str


class ResourceClaim(Model):
    """The Kubernetes type ResourceClaim."""

    name: str
    request: str = ""


class ResourceRequirements(Model):
    """The Kubernetes type ResourceRequirements."""

    claims: list[ResourceClaim] = []
    limits: dict[str, Quantity] = {}
    requests: dict[str, Quantity] = {}


class AppArmorProfile(Model):
    """The Kubernetes type AppArmorProfile."""

    type: str
    localhost_profile: str = ""


class Capabilities(Model):
    """The Kubernetes type Capabilities."""

    add: list[str] = []
    drop: list[str] = []


class SELinuxOptions(Model):
    """The Kubernetes type SELinuxOptions."""

    level: str = ""
    role: str = ""
    type: str = ""
    user: str = ""


class SeccompProfile(Model):
    """The Kubernetes type SeccompProfile."""

    type: str
    localhost_profile: str = ""


class SecurityContext(Model):
    """The Kubernetes type SecurityContext."""

    allow_privilege_escalation: bool | None = None
    app_armor_profile: AppArmorProfile | None = None
    capabilities: Capabilities | None = None
    privileged: bool | None = None
    proc_mount: str = ""
    read_only_root_filesystem: bool | None = None
    run_as_group: Int64 | None = None
    run_as_non_root: bool | None = None
    run_as_user: Int64 | None = None
    se_linux_options: SELinuxOptions | None = None
    seccomp_profile: SeccompProfile | None = None
    windows_options: Anything = {}


class VolumeDevice(Model):
    """The Kubernetes type VolumeDevice."""

    device_path: str
    name: str


class VolumeMount(Model):
    """The Kubernetes type VolumeMount."""

    mount_path: str
    name: str
    bind_mount_options: list[str] = []
    mount_propagation: str = ""
    read_only: bool | None = None
    recursive_read_only: str = ""
    sub_path: str = ""
    sub_path_expr: str = ""


class Container(Model):
    """The Kubernetes type Container."""

    name: str
    args: Annotated[list[str], ATOMIC_LIST] = []
    command: Annotated[list[str], ATOMIC_LIST] = []
    env: Annotated[list[EnvVar], keyed("name")] = []
    env_from: Annotated[list[EnvFromSource], ATOMIC_LIST] = []
    image: str = ""
    image_pull_policy: str = ""
    lifecycle: Lifecycle | None = None
    liveness_probe: Probe | None = None
    ports: Annotated[list[ContainerPort], keyed("containerPort", "protocol")] = []
    readiness_probe: Probe | None = None
    resize_policy: list[ContainerResizePolicy] = []
    resources: ResourceRequirements | None = None
    restart_policy: str = ""
    restart_policy_rules: list[Anything] = []
    security_context: SecurityContext | None = None
    startup_probe: Probe | None = None
    stdin: bool | None = None
    stdin_once: bool | None = None
    termination_message_path: str = ""
    termination_message_policy: str = ""
    tty: bool | None = None
    volume_devices: Annotated[list[VolumeDevice], keyed("devicePath")] = []
    volume_mounts: Annotated[list[VolumeMount], keyed("mountPath")] = []
    working_dir: str = ""


class EphemeralContainer(Model):
    """The Kubernetes type EphemeralContainer."""

    name: str
    args: Annotated[list[str], ATOMIC_LIST] = []
    command: Annotated[list[str], ATOMIC_LIST] = []
    env: Annotated[list[EnvVar], keyed("name")] = []
    env_from: Annotated[list[EnvFromSource], ATOMIC_LIST] = []
    image: str = ""
    image_pull_policy: str = ""
    lifecycle: Lifecycle | None = None
    liveness_probe: Probe | None = None
    ports: Annotated[list[ContainerPort], keyed("containerPort", "protocol")] = []
    readiness_probe: Probe | None = None
    resize_policy: list[ContainerResizePolicy] = []
    resources: ResourceRequirements | None = None
    restart_policy: str = ""
    restart_policy_rules: list[Anything] = []
    security_context: SecurityContext | None = None
    startup_probe: Probe | None = None
    stdin: bool | None = None
    stdin_once: bool | None = None
    target_container_name: str = ""
    termination_message_path: str = ""
    termination_message_policy: str = ""
    tty: bool | None = None
    volume_devices: Annotated[list[VolumeDevice], keyed("devicePath")] = []
    volume_mounts: Annotated[list[VolumeMount], keyed("mountPath")] = []
    working_dir: str = ""
