"""The parts of Kubernetes objects that the console uses, decoded from raw JSON. Pure.

Projections: fields that nobody here reads are skipped by the decoder and cost nothing. One pod takes
kilobytes as a plain dictionary, and hundreds of bytes so. Kinds that are edited stay whole, as manifests.
Sources: k8s.io/api (core/v1, apps/v1, batch/v1, discovery/v1), field names as on the wire.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import msgspec

from cluster import kinds
from cluster.kinds import Kind

Labels: TypeAlias = Mapping[str, str]
_NONE: Final[Labels] = {}


class _Part(msgspec.Struct, frozen=True, rename="camel", gc=False, omit_defaults=True):
    """What all projections have in common."""


class Owner(_Part, frozen=True, gc=False):
    """One entry of `ownerReferences`."""

    kind: str
    name: str
    uid: str = ""
    controller: bool = False


class Annotations(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The annotations that say how a proxy came to an object; the others can be long, and are skipped."""

    redirection: str = msgspec.field(default="", name="ambient.istio.io/redirection")
    sidecar_status: str = msgspec.field(default="", name="sidecar.istio.io/status")


class Meta(_Part, frozen=True, gc=False):
    """`metadata`."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    creation_timestamp: str | None = None
    deletion_timestamp: str | None = None
    label_map: dict[str, str] | None = msgspec.field(default=None, name="labels")
    annotations: Annotations | None = None
    owner_references: tuple[Owner, ...] | None = None

    @property
    def labels(self) -> Labels:
        """The labels, empty where there are none."""
        return self.label_map or _NONE

    @property
    def owner(self) -> Owner | None:
        """Who manages the object: the one reference with `controller`, or None."""
        return next((owner for owner in self.owner_references or () if owner.controller), None)


class _Object(_Part, frozen=True, gc=False, kw_only=True):
    metadata: Meta


class NamespaceStatus(_Part, frozen=True, gc=False):
    """`status` of a Namespace; `phase` is Active or Terminating."""

    phase: str = ""


class Namespace(_Object, frozen=True, gc=False, kw_only=True):
    """A Namespace."""

    status: NamespaceStatus = NamespaceStatus()


class ServicePort(_Part, frozen=True, gc=False):
    """One port of a Service. `target_port` is a number or the name of a container's port."""

    port: int
    name: str | None = None
    protocol: str | None = None
    app_protocol: str | None = None
    target_port: int | str | None = None


class ServiceSpec(_Part, frozen=True, gc=False):
    """`spec` of a Service."""

    selector: dict[str, str] | None = None
    ports: tuple[ServicePort, ...] | None = None
    type: str | None = None
    cluster_ip: str | None = msgspec.field(default=None, name="clusterIP")
    external_name: str | None = None


class Service(_Object, frozen=True, gc=False, kw_only=True):
    """A Service."""

    spec: ServiceSpec = ServiceSpec()


class Container(_Part, frozen=True, gc=False):
    """A container, by its name and image."""

    name: str
    image: str | None = None


class PodSpec(_Part, frozen=True, gc=False):
    """`spec` of a Pod."""

    containers: tuple[Container, ...] | None = None
    init_containers: tuple[Container, ...] | None = None
    service_account_name: str | None = None


class Condition(_Part, frozen=True, gc=False):
    """One condition of a status."""

    type: str
    status: str = ""


class PodStatus(_Part, frozen=True, gc=False):
    """`status` of a Pod."""

    phase: str | None = None
    pod_ip: str | None = msgspec.field(default=None, name="podIP")
    conditions: tuple[Condition, ...] | None = None


class Pod(_Object, frozen=True, gc=False, kw_only=True):
    """A Pod."""

    spec: PodSpec = PodSpec()
    status: PodStatus = PodStatus()


class Template(_Part, frozen=True, gc=False):
    """The pod template of a workload."""

    metadata: Meta = Meta()
    spec: PodSpec = PodSpec()


class Selector(_Part, frozen=True, gc=False):
    """A label selector; only its equalities."""

    match_labels: dict[str, str] | None = None


class WorkloadSpec(_Part, frozen=True, gc=False):
    """`spec` of what makes pods; a DaemonSet and a Job have no replicas."""

    replicas: int | None = None
    template: Template = Template()
    selector: Selector | None = None


class WorkloadStatus(_Part, frozen=True, gc=False):
    """`status` of what makes pods, each kind with its own words."""

    replicas: int | None = None
    ready_replicas: int | None = None
    desired_number_scheduled: int | None = None
    number_ready: int | None = None
    active: int | None = None


class Workload(_Object, frozen=True, gc=False, kw_only=True):
    """A Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, or a Rollout of Argo's."""

    spec: WorkloadSpec = WorkloadSpec()
    status: WorkloadStatus = WorkloadStatus()


class JobTemplate(_Part, frozen=True, gc=False):
    """What a CronJob makes."""

    spec: WorkloadSpec = WorkloadSpec()


class CronJobSpec(_Part, frozen=True, gc=False):
    """`spec` of a CronJob."""

    schedule: str = ""
    suspend: bool | None = None
    job_template: JobTemplate = JobTemplate()


class CronJob(_Object, frozen=True, gc=False, kw_only=True):
    """A CronJob."""

    spec: CronJobSpec = CronJobSpec()


class EndpointConditions(_Part, frozen=True, gc=False):
    """Whether an endpoint takes traffic; None counts as ready (discovery/v1)."""

    ready: bool | None = None


class TargetRef(_Part, frozen=True, gc=False):
    """What an endpoint stands for, mostly a Pod."""

    kind: str | None = None
    name: str | None = None
    namespace: str | None = None


class Endpoint(_Part, frozen=True, gc=False):
    """One endpoint."""

    addresses: tuple[str, ...] | None = None
    conditions: EndpointConditions = EndpointConditions()
    target_ref: TargetRef | None = None


class EndpointSlice(_Object, frozen=True, gc=False, kw_only=True):
    """A part of a Service's endpoints; the label `kubernetes.io/service-name` says of which."""

    endpoints: tuple[Endpoint, ...] | None = None


SHAPES: Final[Mapping[Kind, type[Any]]] = {
    kinds.NAMESPACE: Namespace,
    kinds.SERVICE: Service,
    kinds.POD: Pod,
    kinds.DEPLOYMENT: Workload,
    kinds.STATEFUL_SET: Workload,
    kinds.DAEMON_SET: Workload,
    kinds.REPLICA_SET: Workload,
    kinds.JOB: Workload,
    kinds.ROLLOUT: Workload,
    kinds.CRON_JOB: CronJob,
    kinds.ENDPOINT_SLICE: EndpointSlice,
}
"""Which shape a kind is read in by the thousand."""


def shape_of(kind: Kind) -> type[Any]:
    """The shape that a kind is cached in: a projection, or a whole manifest for what is edited."""
    return SHAPES.get(kind, dict[str, Any])


def metadata_of(item: Any) -> Meta:
    """The metadata of a projection or of a manifest."""
    if isinstance(item, dict):
        return msgspec.convert(item.get("metadata") or {}, Meta)
    metadata: Meta = item.metadata
    return metadata
