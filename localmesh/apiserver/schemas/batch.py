"""What makes pods that end: Job and CronJob. Source: the batch/v1 API of Kubernetes."""

from typing import Annotated, Literal

from localmesh.apiserver.schemas.base import (
    ATOMIC_LIST,
    ATOMIC_MAP,
    UNIQUE,
    Anything,
    Int32,
    Int64,
    Model,
    Time,
    keyed,
)
from localmesh.apiserver.schemas.cluster import ObjectReference
from localmesh.apiserver.schemas.meta import ObjectMeta, Selector
from localmesh.apiserver.schemas.workloads import PodTemplateSpec


class PodFailurePolicy(Model):
    """The Kubernetes type PodFailurePolicy."""

    rules: Annotated[list[Anything], ATOMIC_LIST]


class SuccessPolicy(Model):
    """The Kubernetes type SuccessPolicy."""

    rules: Annotated[list[Anything], ATOMIC_LIST]


class JobSpec(Model):
    """The Kubernetes type JobSpec."""

    template: PodTemplateSpec
    active_deadline_seconds: Int64 | None = None
    backoff_limit: Int32 | None = None
    backoff_limit_per_index: Int32 | None = None
    completion_mode: Literal["Indexed", "NonIndexed"] | None = None
    completions: Int32 | None = None
    managed_by: str = ""
    manual_selector: bool | None = None
    max_failed_indexes: Int32 | None = None
    parallelism: Int32 | None = None
    pod_failure_policy: PodFailurePolicy | None = None
    pod_replacement_policy: Literal["Failed", "TerminatingOrFailed"] | None = None
    selector: Annotated[Selector, ATOMIC_MAP] | None = None
    success_policy: SuccessPolicy | None = None
    suspend: bool | None = None
    ttl_seconds_after_finished: Int32 | None = None


class JobCondition(Model):
    """The Kubernetes type JobCondition."""

    status: str
    type: str
    last_probe_time: Time | None = None
    last_transition_time: Time | None = None
    message: str = ""
    reason: str = ""


class UncountedTerminatedPods(Model):
    """The Kubernetes type UncountedTerminatedPods."""

    failed: Annotated[list[str], UNIQUE] = []
    succeeded: Annotated[list[str], UNIQUE] = []


class JobStatus(Model):
    """The Kubernetes type JobStatus."""

    active: Int32 | None = None
    completed_indexes: str = ""
    completion_time: Time | None = None
    conditions: Annotated[list[JobCondition], keyed("type", atomic=True)] = []
    failed: Int32 | None = None
    failed_indexes: str = ""
    ready: Int32 | None = None
    start_time: Time | None = None
    succeeded: Int32 | None = None
    terminating: Int32 | None = None
    uncounted_terminated_pods: UncountedTerminatedPods | None = None


class Job(Model):
    """The Kubernetes type Job."""

    metadata: ObjectMeta
    api_version: str = ""
    kind: str = ""
    spec: JobSpec | None = None
    status: JobStatus | None = None


class JobTemplateSpec(Model):
    """The Kubernetes type JobTemplateSpec."""

    metadata: ObjectMeta | None = None
    spec: JobSpec | None = None


class CronJobSpec(Model):
    """The Kubernetes type CronJobSpec."""

    job_template: JobTemplateSpec
    schedule: str
    concurrency_policy: Literal["Allow", "Forbid", "Replace"] | None = None
    failed_jobs_history_limit: Int32 | None = None
    starting_deadline_seconds: Int64 | None = None
    successful_jobs_history_limit: Int32 | None = None
    suspend: bool | None = None
    time_zone: str = ""


class CronJobStatus(Model):
    """The Kubernetes type CronJobStatus."""

    active: Annotated[list[Annotated[ObjectReference, ATOMIC_MAP]], ATOMIC_LIST] = []
    last_schedule_time: Time | None = None
    last_successful_time: Time | None = None


class CronJob(Model):
    """The Kubernetes type CronJob."""

    metadata: ObjectMeta
    api_version: str = ""
    kind: str = ""
    spec: CronJobSpec | None = None
    status: CronJobStatus | None = None
