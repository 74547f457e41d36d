"""The parts of Kubernetes objects that the console uses, decoded from raw JSON. Pure.

Projections: fields that nobody here reads are skipped by the decoder and cost nothing. One pod takes
kilobytes as a plain dictionary, and hundreds of bytes so. Kinds that are edited stay whole, as manifests.

Null reads as absent, as it does to Kubernetes' own decoder: the API server itself writes it for some lists
(`ports`, `endpoints`), and other writers do in what it does not look into (the template of a Rollout). One
object that cannot be read would take the whole list with it. What may be null stands here as `given_...`;
the property beside it is never None.
Sources: k8s.io/api (core/v1, apps/v1, batch/v1, discovery/v1), field names as on the wire.
"""

from collections.abc import Mapping
from typing import Any, Final, TypeAlias

import msgspec

from cluster import decoding, kinds
from cluster.kinds import Kind

Labels: TypeAlias = Mapping[str, str]
_NONE: Final[Labels] = {}
_TEXT: Final = {str}


def _given(name: str) -> Any:
    """A field that may be absent or null on the wire, where it is called `name`."""
    return msgspec.field(default=None, name=name)


class _Part(msgspec.Struct, frozen=True, rename="camel", gc=False, omit_defaults=True):
    """What all projections have in common."""


class Owner(_Part, frozen=True, gc=False):
    """One entry of `ownerReferences`."""

    kind: str
    name: str
    uid: str = ""
    controller: bool | None = None


class Annotations(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """The annotations that are read: how a proxy came to an object, and which part of its requests may fail.

    The others can be long, and are skipped.
    """

    redirection: str | None = msgspec.field(default=None, name="ambient.istio.io/redirection")
    inject: str | None = msgspec.field(default=None, name="sidecar.istio.io/inject")
    health: str | None = msgspec.field(default=None, name="health.kiali.io/rate")


_NO_ANNOTATIONS: Final = Annotations()


class Meta(_Part, frozen=True, gc=False):
    """`metadata`."""

    name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    deletion_timestamp: str | None = None
    given_labels: dict[str, str] | None = _given("labels")
    given_annotations: Annotations | None = _given("annotations")
    owner_references: tuple[Owner, ...] | None = None

    @property
    def labels(self) -> Labels:
        """The labels, empty where there are none."""
        return self.given_labels or _NONE

    @property
    def annotations(self) -> Annotations:
        """The annotations that are read here."""
        return self.given_annotations or _NO_ANNOTATIONS

    @property
    def owner(self) -> Owner | None:
        """Who manages the object: the one reference with `controller`, or None."""
        for owner in self.owner_references or ():
            if owner.controller:
                return owner
        return None


class _Object(_Part, frozen=True, gc=False, kw_only=True):
    metadata: Meta


class NamespaceStatus(_Part, frozen=True, gc=False):
    """`status` of a Namespace; `phase` is Active or Terminating."""

    phase: str | None = None


class Namespace(_Object, frozen=True, gc=False, kw_only=True):
    """A Namespace."""

    status: NamespaceStatus | None = None


class ServicePort(_Part, frozen=True, gc=False):
    """One port of a Service."""

    port: int
    name: str | None = None
    protocol: str | None = None
    app_protocol: str | None = None


class ServiceSpec(_Part, frozen=True, gc=False):
    """`spec` of a Service."""

    given_selector: dict[str, str] | None = _given("selector")
    given_ports: tuple[ServicePort, ...] | None = _given("ports")
    type: str | None = None
    cluster_ip: str | None = _given("clusterIP")

    @property
    def selector(self) -> Labels:
        """The labels that its pods carry; empty when its endpoints come from elsewhere."""
        return self.given_selector or _NONE

    @property
    def ports(self) -> tuple[ServicePort, ...]:
        """Its ports; a headless service need not have any."""
        return self.given_ports or ()


_NO_SERVICE: Final = ServiceSpec()


class Service(_Object, frozen=True, gc=False, kw_only=True):
    """A Service."""

    given_spec: ServiceSpec | None = _given("spec")

    @property
    def spec(self) -> ServiceSpec:
        """The spec, empty where there is none."""
        return self.given_spec or _NO_SERVICE


class Container(_Part, frozen=True, gc=False):
    """A container, by its name and image."""

    name: str
    image: str | None = None


class PodSpec(_Part, frozen=True, gc=False):
    """`spec` of a Pod."""

    given_containers: tuple[Container, ...] | None = _given("containers")
    given_init_containers: tuple[Container, ...] | None = _given("initContainers")
    host_network: bool | None = None

    @property
    def containers(self) -> tuple[Container, ...]:
        """Its containers."""
        return self.given_containers or ()

    @property
    def init_containers(self) -> tuple[Container, ...]:
        """Those that start before; a native sidecar is one that stays."""
        return self.given_init_containers or ()


_NO_POD: Final = PodSpec()


class Condition(_Part, frozen=True, gc=False):
    """One condition of a status."""

    type: str
    status: str | None = None


class PodStatus(_Part, frozen=True, gc=False):
    """`status` of a Pod."""

    phase: str | None = None
    pod_ip: str | None = _given("podIP")
    given_conditions: tuple[Condition, ...] | None = _given("conditions")

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """Its conditions."""
        return self.given_conditions or ()


_NO_POD_STATUS: Final = PodStatus()


class Pod(_Object, frozen=True, gc=False, kw_only=True):
    """A Pod."""

    given_spec: PodSpec | None = _given("spec")
    given_status: PodStatus | None = _given("status")

    @property
    def spec(self) -> PodSpec:
        """The spec, empty where there is none."""
        return self.given_spec or _NO_POD

    @property
    def status(self) -> PodStatus:
        """The status, empty where there is none."""
        return self.given_status or _NO_POD_STATUS


class TemplateMeta(_Part, frozen=True, gc=False):
    """`metadata` of a pod template. Nobody checks a Rollout's, so that a label may be anything there."""

    given_labels: dict[str, Any] | None = _given("labels")

    @property
    def labels(self) -> Labels:
        """The labels, without those whose value is no text."""
        labels = self.given_labels or _NONE
        if {*map(type, labels.values())} <= _TEXT:
            return labels
        return {name: value for name, value in labels.items() if isinstance(value, str)}


_NO_META: Final = TemplateMeta()


class Template(_Part, frozen=True, gc=False):
    """The pod template of a workload."""

    given_metadata: TemplateMeta | None = _given("metadata")
    given_spec: PodSpec | None = _given("spec")

    @property
    def metadata(self) -> TemplateMeta:
        """The pods' metadata."""
        return self.given_metadata or _NO_META

    @property
    def spec(self) -> PodSpec:
        """The pods' spec."""
        return self.given_spec or _NO_POD


_NO_TEMPLATE: Final = Template()


class WorkloadSpec(_Part, frozen=True, gc=False):
    """`spec` of what makes pods; a DaemonSet and a Job have no replicas."""

    replicas: int | None = None
    given_template: Template | None = _given("template")

    @property
    def template(self) -> Template:
        """What its pods are made by."""
        return self.given_template or _NO_TEMPLATE


_NO_WORKLOAD: Final = WorkloadSpec()


class WorkloadStatus(_Part, frozen=True, gc=False):
    """`status` of what makes pods, each kind with its own words."""

    replicas: int | None = None
    ready_replicas: int | None = None
    desired_number_scheduled: int | None = None
    current_number_scheduled: int | None = None
    number_ready: int | None = None
    active: int | None = None
    ready: int | None = None


_NO_WORKLOAD_STATUS: Final = WorkloadStatus()


class Workload(_Object, frozen=True, gc=False, kw_only=True):
    """A Deployment, StatefulSet, DaemonSet, ReplicaSet, Job, or a Rollout of Argo's."""

    given_spec: WorkloadSpec | None = _given("spec")
    given_status: WorkloadStatus | None = _given("status")

    @property
    def spec(self) -> WorkloadSpec:
        """The spec, empty where there is none."""
        return self.given_spec or _NO_WORKLOAD

    @property
    def status(self) -> WorkloadStatus:
        """The status, empty where there is none."""
        return self.given_status or _NO_WORKLOAD_STATUS


class JobTemplate(_Part, frozen=True, gc=False):
    """What a CronJob makes."""

    given_spec: WorkloadSpec | None = _given("spec")


class CronJobSpec(_Part, frozen=True, gc=False):
    """`spec` of a CronJob."""

    suspend: bool | None = None
    given_job_template: JobTemplate | None = _given("jobTemplate")

    @property
    def template(self) -> Template:
        """What the pods of its Jobs are made by."""
        job = self.given_job_template
        return job.given_spec.template if job and job.given_spec else _NO_TEMPLATE


_NO_CRON_JOB: Final = CronJobSpec()


class CronJob(_Object, frozen=True, gc=False, kw_only=True):
    """A CronJob."""

    given_spec: CronJobSpec | None = _given("spec")

    @property
    def spec(self) -> CronJobSpec:
        """The spec, empty where there is none."""
        return self.given_spec or _NO_CRON_JOB


class EndpointConditions(_Part, frozen=True, gc=False):
    """Whether an endpoint takes traffic; None counts as ready (discovery/v1)."""

    ready: bool | None = None


class TargetRef(_Part, frozen=True, gc=False):
    """What an endpoint stands for, mostly a Pod."""

    kind: str | None = None
    name: str | None = None


class Endpoint(_Part, frozen=True, gc=False):
    """One endpoint."""

    given_addresses: tuple[str, ...] | None = _given("addresses")
    conditions: EndpointConditions | None = None
    target_ref: TargetRef | None = None

    @property
    def addresses(self) -> tuple[str, ...]:
        """Where it is; the API server wants at least one."""
        return self.given_addresses or ()

    @property
    def ready(self) -> bool:
        """Whether it takes traffic."""
        return self.conditions is None or self.conditions.ready is not False


class EndpointSlice(_Object, frozen=True, gc=False, kw_only=True):
    """A part of a Service's endpoints; the label `kubernetes.io/service-name` says of which."""

    given_endpoints: tuple[Endpoint, ...] | None = _given("endpoints")

    @property
    def endpoints(self) -> tuple[Endpoint, ...]:
        """The endpoints of this part."""
        return self.given_endpoints or ()


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
        return decoding.convert(item.get("metadata") or {}, Meta)
    metadata: Meta = item.metadata
    return metadata
