"""What an inventory consists of. What there are thousands of is a struct: made in a third of the time."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal, TypeAlias

import msgspec

from cluster import objects
from cluster.kinds import Kind
from cluster.refs import Manifest

Mode: TypeAlias = Literal["sidecar", "ambient", "none", "unknown"]
"""How the pods of a namespace join the mesh; unknown when its labels may not be read."""
Injection: TypeAlias = Literal["enabled", "disabled", ""]


class Port(msgspec.Struct, frozen=True, gc=False):
    """One port of a service; `protocol` is the application protocol (http, grpc...) as Istio picks it."""

    name: str
    number: int
    protocol: str


class Endpoints(msgspec.Struct, frozen=True, gc=False):
    """How many addresses stand behind a service: each pod once, even where it has one of each IP family."""

    ready: int = 0
    not_ready: int = 0


class Version(msgspec.Struct, frozen=True, gc=False):
    """One version of a service.

    `labels` are those that all its pods carry; `label` is the one that names the version, by which a subset
    selects it. `revisions`: what Istio's metrics call it; mostly the same name, and not always one.
    """

    version: str
    label: str
    pods: int
    ready_pods: int
    pods_with_sidecar: int
    labels: Mapping[str, str]
    revisions: tuple[str, ...] = ()
    pods_ambient: int = 0
    endpoints: Endpoints = Endpoints()


class Service(msgspec.Struct, frozen=True, gc=False):
    """One service and the versions behind it; `pods_without_version` belong to none.

    `kind`: its type as Kubernetes writes it, or Headless. `selects`: whether it selects pods; else its
    endpoints come from elsewhere. `waypoint`: "namespace/name" of the one that serves it, or empty.
    `pods_known`: false where the pods of the namespace may not be listed; then the versions and their pods
    are what the workloads say, and proxies are not counted.
    """

    namespace: str
    name: str
    app: str
    ports: tuple[Port, ...]
    versions: tuple[Version, ...]
    pods_without_version: int
    kind: str = "ClusterIP"
    selects: bool = True
    endpoints: Endpoints = Endpoints()
    waypoint: str = ""
    pods_known: bool = True

    def version(self, name: str) -> Version | None:
        """The version of this name, or None."""
        return next((version for version in self.versions if version.version == name), None)


class Workload(msgspec.Struct, frozen=True, gc=False):
    """What makes pods, or a pod that nothing makes.

    A ReplicaSet counts for the Deployment or Rollout that owns it, a Job for its CronJob. `wanted`: pods
    asked for; None where nothing says (a Job that is over, an owner that may not be read). `owner`: who
    manages the workload itself ("Gateway waypoint"), or empty. `proxy`: see `proxy_of`, of most of its pods.
    `labels`: of its pod template. `pods_known`: as in Service; then the counts are what its own status says.
    """

    kind: str
    namespace: str
    name: str
    app: str
    version: str
    wanted: int | None
    pods: int
    ready_pods: int
    pods_with_sidecar: int
    pods_ambient: int
    pods_missing_proxy: int
    labels: Mapping[str, str]
    owner: str = ""
    proxy: str = ""
    suspended: bool = False
    pods_known: bool = True


@dataclass(frozen=True, slots=True)
class Namespace:
    """One namespace: how it joins the mesh, and what runs in it.

    `injection` and `revision` are what its labels say. `pods_missing_proxy`: pods that should be in the mesh
    by its labels or their own, and are not. `waypoint`: "namespace/name" of the one that its services use.
    """

    name: str
    mode: Mode
    injection: Injection
    revision: str
    waypoint: str
    terminating: bool
    services: int
    workloads: int
    pods: int
    ready_pods: int
    pods_with_sidecar: int
    pods_ambient: int
    pods_missing_proxy: int


@dataclass(frozen=True, slots=True)
class Waypoint:
    """A waypoint proxy: there is one, or (`exists` false) somebody wants to use it.

    `serves`: what its traffic may be for: service, workload, all or none.
    """

    namespace: str
    name: str
    exists: bool
    ready: bool
    serves: str
    revision: str
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ControlPlane:
    """One istiod: a Deployment of a revision. `version` is its image's tag, empty where there is none."""

    namespace: str
    name: str
    revision: str
    version: str
    wanted: int | None
    ready_pods: int


@dataclass(frozen=True, slots=True)
class MeshInfo:
    """Istio in this cluster, as far as it may be seen.

    `proxies`: how many Envoys there are of each version; `ztunnels`: the same of ztunnel.
    `gateways`: the workloads that are gateways.
    """

    control_planes: tuple[ControlPlane, ...] = ()
    proxies: Mapping[str, int] = field(default_factory=dict)
    ztunnels: Mapping[str, int] = field(default_factory=dict)
    gateways: tuple[Workload, ...] = ()

    @property
    def versions(self) -> tuple[str, ...]:
        """The versions of its control planes."""
        return tuple(dict.fromkeys(plane.version for plane in self.control_planes if plane.version))

    @property
    def revisions(self) -> tuple[str, ...]:
        """The revisions of its control planes."""
        return tuple(dict.fromkeys(plane.revision for plane in self.control_planes))


@dataclass(frozen=True, slots=True)
class Found:
    """What an inventory is made of.

    `gateways`: the Gateway API's Gateways, whole. `hidden`: which kinds may not be listed in which namespace.
    """

    namespaces: Sequence[objects.Namespace] = ()
    services: Sequence[objects.Service] = ()
    pods: Sequence[objects.Pod] = ()
    workloads: Mapping[Kind, Sequence[objects.Workload | objects.CronJob]] = field(default_factory=dict)
    endpoint_slices: Sequence[objects.EndpointSlice] = ()
    gateways: Sequence[Manifest] = ()
    hidden: Mapping[str, Collection[Kind]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Inventory:
    """What runs in a cluster, each list in order of namespace and name."""

    namespaces: tuple[Namespace, ...]
    services: tuple[Service, ...]
    workloads: tuple[Workload, ...]
    waypoints: tuple[Waypoint, ...]
    mesh: MeshInfo
