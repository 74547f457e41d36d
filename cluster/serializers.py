"""The shapes of what the REST API of the inventory takes and answers, for the OpenAPI document.

Answers are built by `cluster.presenting`; a test holds them against these shapes.
"""

from typing import Any

from rest_framework import serializers

from cluster.presenting import LIMIT, MAX_LIMIT

Base = serializers.Serializer[Any]


def _count(**more: Any) -> serializers.IntegerField:
    return serializers.IntegerField(min_value=0, **more)


def _unknown() -> serializers.IntegerField:
    return _count(allow_null=True, help_text="Null where the pods may not be listed")


class NamespacesQuery(Base):
    """Which namespaces."""

    namespaces = serializers.RegexField(
        r"^([a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?(,(?=.)|$))*$",
        default="",
        allow_blank=True,
        max_length=8000,
        help_text="Names with commas between; empty for all",
        error_messages={"invalid": "These are not names of namespaces with commas between."},
    )


class InventoryQuery(NamespacesQuery):
    """Which part of the inventory."""

    limit = serializers.IntegerField(
        default=LIMIT, min_value=1, max_value=MAX_LIMIT, help_text="At most so many of each list"
    )


class ControlPlaneSerializer(Base):
    """One istiod."""

    namespace = serializers.CharField()
    name = serializers.CharField()
    revision = serializers.CharField()
    version = serializers.CharField(allow_blank=True)
    wanted = _count(allow_null=True)
    ready_pods = _count()


class ProxyVersionSerializer(Base):
    """How many proxies run in one version; empty where the image has no tag."""

    version = serializers.CharField(allow_blank=True)
    pods = _count()


class GatewayWorkloadSerializer(Base):
    """A workload that is a gateway."""

    namespace = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.CharField()
    ready_pods = _count()


class WaypointSerializer(Base):
    """A waypoint, or (`exists` false) the name of one that is used and is not there."""

    namespace = serializers.CharField()
    name = serializers.CharField()
    exists = serializers.BooleanField()
    ready = serializers.BooleanField()
    serves = serializers.CharField(allow_blank=True, help_text="service, workload, all or none")
    revision = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True, help_text="Why it is not ready")


class IstioSerializer(Base):
    """Istio, as far as it may be seen."""

    versions = serializers.ListField(child=serializers.CharField())
    revisions = serializers.ListField(child=serializers.CharField())
    control_planes = ControlPlaneSerializer(many=True)
    proxies = ProxyVersionSerializer(many=True)
    ztunnels = ProxyVersionSerializer(many=True)
    gateways = GatewayWorkloadSerializer(many=True)
    waypoints = WaypointSerializer(many=True)


class ServedKindSerializer(Base):
    """A kind, and the version in which the cluster serves it; null when it does not."""

    group = serializers.CharField()
    kind = serializers.CharField()
    version = serializers.CharField(allow_null=True)


class PodsSerializer(Base):
    """How many pods there are. `missing_proxy`: should be in the mesh by their labels, and are not."""

    total = _count()
    ready = _count()
    with_sidecar = _count()
    ambient = _count()
    missing_proxy = _count()


class InventoryNamespaceSerializer(Base):
    """One namespace. A count of what may not be listed is null."""

    name = serializers.CharField()
    mode = serializers.ChoiceField(["sidecar", "ambient", "none", "unknown"])
    injection = serializers.ChoiceField(["enabled", "disabled", ""])
    revision = serializers.CharField(allow_blank=True)
    waypoint = serializers.CharField(allow_blank=True, help_text='"namespace/name"')
    terminating = serializers.BooleanField()
    services = _count(allow_null=True)
    workloads = _count(allow_null=True)
    pods = PodsSerializer(allow_null=True)
    not_listed = serializers.ListField(child=serializers.CharField())


class InventoryPortSerializer(Base):
    """One port of a service, with its application protocol."""

    name = serializers.CharField(allow_blank=True)
    number = serializers.IntegerField()
    protocol = serializers.CharField()


class EndpointsSerializer(Base):
    """How many endpoints a service has."""

    ready = _count()
    not_ready = _count()


class InventoryVersionSerializer(Base):
    """One version of a service. `revisions`: what Istio's metrics call it."""

    version = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # the wire's word
    revisions = serializers.ListField(child=serializers.CharField())
    pods = _count()
    ready_pods = _count()
    pods_with_sidecar = _unknown()
    pods_ambient = _unknown()


class InventoryServiceSerializer(Base):
    """One service. `pods_known` false: the figures are those of its workloads' status."""

    namespace = serializers.CharField()
    name = serializers.CharField()
    app = serializers.CharField()
    kind = serializers.CharField(help_text="ClusterIP, Headless, NodePort, LoadBalancer or ExternalName")
    selects = serializers.BooleanField(help_text="Whether it selects pods")
    ports = InventoryPortSerializer(many=True)
    endpoints = EndpointsSerializer(allow_null=True)
    waypoint = serializers.CharField(allow_blank=True)
    pods_known = serializers.BooleanField()
    pods_without_version = _unknown()
    versions = InventoryVersionSerializer(many=True)


class InventoryWorkloadSerializer(Base):
    """One workload. `wanted` is null where nothing says how many pods there should be."""

    namespace = serializers.CharField()
    kind = serializers.CharField()
    name = serializers.CharField()
    app = serializers.CharField()
    version = serializers.CharField()
    owner = serializers.CharField(allow_blank=True)
    proxy = serializers.ChoiceField(["sidecar", "gateway", "waypoint", "ztunnel", ""])
    suspended = serializers.BooleanField()
    wanted = _count(allow_null=True)
    pods = _count()
    ready_pods = _count()
    pods_known = serializers.BooleanField()
    pods_with_sidecar = _unknown()
    pods_ambient = _unknown()
    pods_missing_proxy = _unknown()


class LeftOutSerializer(Base):
    """How many of each list are not told; ask for fewer namespaces, or with a higher limit."""

    namespaces = _count()
    services = _count()
    workloads = _count()


class InventorySerializer(Base):
    """What runs in a cluster."""

    cluster = serializers.CharField()
    server_version = serializers.CharField(allow_null=True)
    age_seconds = serializers.FloatField(allow_null=True)
    problems = serializers.ListField(child=serializers.CharField())
    istio = IstioSerializer()
    kinds = ServedKindSerializer(many=True)
    namespaces = InventoryNamespaceSerializer(many=True)
    services = InventoryServiceSerializer(many=True)
    workloads = InventoryWorkloadSerializer(many=True)
    left_out = LeftOutSerializer()
