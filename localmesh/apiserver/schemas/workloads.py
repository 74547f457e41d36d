"""What makes pods: Deployment, ReplicaSet, StatefulSet, DaemonSet. Source: the apps/v1 API of Kubernetes."""

from typing import Annotated

from localmesh.apiserver.schemas.base import (
    ATOMIC_MAP,
    RETAIN_KEYS,
    Anything,
    Int32,
    Int64,
    IntOrString,
    Model,
    Time,
    keyed,
)
from localmesh.apiserver.schemas.meta import ObjectMeta, Selector
from localmesh.apiserver.schemas.pod import PodSpec


class RollingUpdateDeployment(Model):
    """The Kubernetes type RollingUpdateDeployment."""

    max_surge: IntOrString | None = None
    max_unavailable: IntOrString | None = None


class DeploymentStrategy(Model):
    """The Kubernetes type DeploymentStrategy."""

    rolling_update: RollingUpdateDeployment | None = None
    type: str = ""


class PodTemplateSpec(Model):
    """The Kubernetes type PodTemplateSpec."""

    metadata: ObjectMeta | None = None
    spec: PodSpec | None = None


class DeploymentSpec(Model):
    """The Kubernetes type DeploymentSpec."""

    selector: Annotated[Selector, ATOMIC_MAP]
    template: PodTemplateSpec
    min_ready_seconds: Int32 | None = None
    paused: bool | None = None
    progress_deadline_seconds: Int32 | None = None
    replicas: Int32 | None = None
    revision_history_limit: Int32 | None = None
    strategy: Annotated[DeploymentStrategy, RETAIN_KEYS] | None = None


class DeploymentCondition(Model):
    """The Kubernetes type DeploymentCondition."""

    last_transition_time: Time | None = None
    last_update_time: Time | None = None
    message: str = ""
    reason: str = ""
    status: str = ""
    type: str = ""


class DeploymentStatus(Model):
    """The Kubernetes type DeploymentStatus."""

    available_replicas: Int32 | None = None
    collision_count: Int32 | None = None
    conditions: Annotated[list[DeploymentCondition], keyed("type")] = []
    observed_generation: Int64 | None = None
    ready_replicas: Int32 | None = None
    replicas: Int32 | None = None
    terminating_replicas: Int32 | None = None
    unavailable_replicas: Int32 | None = None
    updated_replicas: Int32 | None = None


class Deployment(Model):
    """The Kubernetes type Deployment."""

    metadata: ObjectMeta
    spec: DeploymentSpec
    api_version: str = ""
    kind: str = ""
    status: DeploymentStatus | None = None


class ReplicaSetSpec(Model):
    """The Kubernetes type ReplicaSetSpec."""

    selector: Annotated[Selector, ATOMIC_MAP]
    min_ready_seconds: Int32 | None = None
    replicas: Int32 | None = None
    template: PodTemplateSpec | None = None


class ReplicaSetCondition(Model):
    """The Kubernetes type ReplicaSetCondition."""

    last_transition_time: Time | None = None
    message: str = ""
    reason: str = ""
    status: str = ""
    type: str = ""


class ReplicaSetStatus(Model):
    """The Kubernetes type ReplicaSetStatus."""

    replicas: Int32
    available_replicas: Int32 | None = None
    conditions: Annotated[list[ReplicaSetCondition], keyed("type")] = []
    fully_labeled_replicas: Int32 | None = None
    observed_generation: Int64 | None = None
    ready_replicas: Int32 | None = None
    terminating_replicas: Int32 | None = None


class ReplicaSet(Model):
    """The Kubernetes type ReplicaSet."""

    metadata: ObjectMeta
    spec: ReplicaSetSpec
    api_version: str = ""
    kind: str = ""
    status: ReplicaSetStatus | None = None


class StatefulSetPersistentVolumeClaimRetentionPolicy(Model):
    """The Kubernetes type StatefulSetPersistentVolumeClaimRetentionPolicy."""

    when_deleted: str = ""
    when_scaled: str = ""


class RollingUpdateStatefulSetStrategy(Model):
    """The Kubernetes type RollingUpdateStatefulSetStrategy."""

    max_unavailable: IntOrString | None = None
    partition: Int32 | None = None


class StatefulSetUpdateStrategy(Model):
    """The Kubernetes type StatefulSetUpdateStrategy."""

    rolling_update: RollingUpdateStatefulSetStrategy | None = None
    type: str = ""


class StatefulSetSpec(Model):
    """The Kubernetes type StatefulSetSpec."""

    selector: Annotated[Selector, ATOMIC_MAP]
    template: PodTemplateSpec
    min_ready_seconds: Int32 | None = None
    ordinals: Anything = {}
    persistent_volume_claim_retention_policy: StatefulSetPersistentVolumeClaimRetentionPolicy | None = None
    pod_management_policy: str = ""
    replicas: Int32 | None = None
    revision_history_limit: Int32 | None = None
    service_name: str = ""
    update_strategy: StatefulSetUpdateStrategy | None = None
    volume_claim_templates: list[Anything] = []


class StatefulSetCondition(Model):
    """The Kubernetes type StatefulSetCondition."""

    last_transition_time: Time | None = None
    message: str = ""
    reason: str = ""
    status: str = ""
    type: str = ""


class StatefulSetStatus(Model):
    """The Kubernetes type StatefulSetStatus."""

    replicas: Int32
    available_replicas: Int32 | None = None
    collision_count: Int32 | None = None
    conditions: Annotated[list[StatefulSetCondition], keyed("type")] = []
    current_replicas: Int32 | None = None
    current_revision: str = ""
    observed_generation: Int64 | None = None
    ready_replicas: Int32 | None = None
    update_revision: str = ""
    updated_replicas: Int32 | None = None


class StatefulSet(Model):
    """The Kubernetes type StatefulSet."""

    metadata: ObjectMeta
    spec: StatefulSetSpec
    api_version: str = ""
    kind: str = ""
    status: StatefulSetStatus | None = None


class RollingUpdateDaemonSet(Model):
    """The Kubernetes type RollingUpdateDaemonSet."""

    max_surge: IntOrString | None = None
    max_unavailable: IntOrString | None = None


class DaemonSetUpdateStrategy(Model):
    """The Kubernetes type DaemonSetUpdateStrategy."""

    rolling_update: RollingUpdateDaemonSet | None = None
    type: str = ""


class DaemonSetSpec(Model):
    """The Kubernetes type DaemonSetSpec."""

    selector: Annotated[Selector, ATOMIC_MAP]
    template: PodTemplateSpec
    min_ready_seconds: Int32 | None = None
    revision_history_limit: Int32 | None = None
    update_strategy: DaemonSetUpdateStrategy | None = None


class DaemonSetCondition(Model):
    """The Kubernetes type DaemonSetCondition."""

    last_transition_time: Time | None = None
    message: str = ""
    reason: str = ""
    status: str = ""
    type: str = ""


class DaemonSetStatus(Model):
    """The Kubernetes type DaemonSetStatus."""

    current_number_scheduled: Int32
    desired_number_scheduled: Int32
    number_misscheduled: Int32
    number_ready: Int32
    collision_count: Int32 | None = None
    conditions: Annotated[list[DaemonSetCondition], keyed("type")] = []
    number_available: Int32 | None = None
    number_unavailable: Int32 | None = None
    observed_generation: Int64 | None = None
    updated_number_scheduled: Int32 | None = None


class DaemonSet(Model):
    """The Kubernetes type DaemonSet."""

    metadata: ObjectMeta
    spec: DaemonSetSpec
    api_version: str = ""
    kind: str = ""
    status: DaemonSetStatus | None = None
