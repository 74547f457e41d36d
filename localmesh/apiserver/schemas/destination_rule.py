"""Istio's DestinationRule, as of istio.io/api 1.27."""

from localmesh.apiserver.schemas.base import Model
from localmesh.apiserver.schemas.common import LabelSelector
from localmesh.apiserver.schemas.meta import ObjectMeta, OpenIstioStatus
from localmesh.apiserver.schemas.traffic_policy import TrafficPolicy


class Subset(Model):
    """A named set of a service's endpoints, told by labels."""

    name: str
    labels: dict[str, str] = {}
    traffic_policy: TrafficPolicy | None = None


class DestinationRuleSpec(Model):
    """What applies to traffic of a host after routing."""

    host: str
    export_to: list[str] = []
    subsets: list[Subset] = []
    traffic_policy: TrafficPolicy | None = None
    workload_selector: LabelSelector | None = None


class DestinationRule(Model):
    """A DestinationRule: what applies to traffic of a host after routing."""

    metadata: ObjectMeta
    spec: DestinationRuleSpec
    api_version: str = ""
    kind: str = ""
    status: OpenIstioStatus | None = None
