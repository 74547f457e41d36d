"""What several of Istio's kinds share."""

from typing import Annotated

from msgspec import Meta

from localmesh.apiserver.schemas import rules
from localmesh.apiserver.schemas.base import OPTIONAL_DOMAIN, Model, rule
from localmesh.apiserver.schemas.traffic_policy import PortSelector


class LabelSelector(Model):
    """Workloads, by their labels."""

    match_labels: Annotated[
        dict[str, Annotated[str, Meta(max_length=63), rule(rules.NO_WILDCARD_IN_LABEL_VALUE)]],
        Meta(max_length=4096),
        rule(rules.NO_WILDCARD_IN_LABEL_KEY, rules.LABEL_KEY),
    ] = {}


class WorkloadSelector(Model):
    """Workloads, by their labels."""

    labels: Annotated[
        dict[str, Annotated[str, Meta(max_length=63), rule(rules.NO_WILDCARD_IN_SELECTOR)]],
        Meta(max_length=256),
    ] = {}


class PolicyTarget(Model):
    """The object that a policy attaches to."""

    kind: Annotated[str, Meta(min_length=1, max_length=63, pattern="^[a-zA-Z]([-a-zA-Z0-9]*[a-zA-Z0-9])?$")]
    name: Annotated[str, Meta(min_length=1, max_length=253)]
    group: Annotated[str, Meta(max_length=253, pattern=OPTIONAL_DOMAIN)] | None = None
    namespace: Annotated[str, rule(rules.SAME_NAMESPACE)] = ""


class Destination(Model):
    """A host, and perhaps a subset and port of it."""

    host: str
    port: PortSelector | None = None
    subset: str = ""
