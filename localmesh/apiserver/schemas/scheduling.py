"""Where a pod may run. localmesh stores it; there is one machine."""

from typing import Annotated

from localmesh.apiserver.schemas.base import ATOMIC_MAP, Int32, Int64, Model
from localmesh.apiserver.schemas.meta import Selector


class NodeSelectorRequirement(Model):
    """The Kubernetes type NodeSelectorRequirement."""

    key: str
    operator: str
    values: list[str] = []


class NodeSelectorTerm(Model):
    """The Kubernetes type NodeSelectorTerm."""

    match_expressions: list[NodeSelectorRequirement] = []
    match_fields: list[NodeSelectorRequirement] = []


class PreferredSchedulingTerm(Model):
    """The Kubernetes type PreferredSchedulingTerm."""

    preference: Annotated[NodeSelectorTerm, ATOMIC_MAP]
    weight: Int32


class NodeSelector(Model):
    """The Kubernetes type NodeSelector."""

    node_selector_terms: list[Annotated[NodeSelectorTerm, ATOMIC_MAP]]


class NodeAffinity(Model):
    """The Kubernetes type NodeAffinity."""

    preferred_during_scheduling_ignored_during_execution: list[PreferredSchedulingTerm] = []
    required_during_scheduling_ignored_during_execution: Annotated[NodeSelector, ATOMIC_MAP] | None = None


class PodAffinityTerm(Model):
    """The Kubernetes type PodAffinityTerm."""

    topology_key: str
    label_selector: Annotated[Selector, ATOMIC_MAP] | None = None
    match_label_keys: list[str] = []
    mismatch_label_keys: list[str] = []
    namespace_selector: Annotated[Selector, ATOMIC_MAP] | None = None
    namespaces: list[str] = []


class WeightedPodAffinityTerm(Model):
    """The Kubernetes type WeightedPodAffinityTerm."""

    pod_affinity_term: PodAffinityTerm
    weight: Int32


class PodAffinity(Model):
    """The Kubernetes type PodAffinity."""

    preferred_during_scheduling_ignored_during_execution: list[WeightedPodAffinityTerm] = []
    required_during_scheduling_ignored_during_execution: list[PodAffinityTerm] = []


class PodAntiAffinity(Model):
    """The Kubernetes type PodAntiAffinity."""

    preferred_during_scheduling_ignored_during_execution: list[WeightedPodAffinityTerm] = []
    required_during_scheduling_ignored_during_execution: list[PodAffinityTerm] = []


class Affinity(Model):
    """The Kubernetes type Affinity."""

    node_affinity: NodeAffinity | None = None
    pod_affinity: PodAffinity | None = None
    pod_anti_affinity: PodAntiAffinity | None = None


class Toleration(Model):
    """The Kubernetes type Toleration."""

    effect: str = ""
    key: str = ""
    operator: str = ""
    toleration_seconds: Int64 | None = None
    value: str = ""


class TopologySpreadConstraint(Model):
    """The Kubernetes type TopologySpreadConstraint."""

    max_skew: Int32
    topology_key: str
    when_unsatisfiable: str
    label_selector: Annotated[Selector, ATOMIC_MAP] | None = None
    match_label_keys: list[str] = []
    min_domains: Int32 | None = None
    node_affinity_policy: str = ""
    node_taints_policy: str = ""
