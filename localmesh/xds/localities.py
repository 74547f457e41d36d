"""Localities: where endpoints and clients are, and which endpoints a client prefers.

As in Istio (istio/istio pilot/pkg/networking/core/loadbalancer): shares by `distribute`, or, with outlier
detection, priorities by `failoverPriority` and `failover`. Envoy turns to the next priority when endpoints of
the better one are ejected.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from math import ceil
from typing import Any

from localmesh.xds import values
from localmesh.xds.values import Json, Unusable

Spec = Mapping[str, Any]
Labels = Mapping[str, str]

#: The label by which a pod says where it is: region.zone.subzone (Istio's own).
LOCALITY_LABEL = "istio-locality"
_NODE_LABELS = ("topology.kubernetes.io/region", "topology.kubernetes.io/zone", "topology.istio.io/subzone")
_ANYWHERE = ("", "", "")
Locality = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class Group:
    """Endpoints of one locality and one priority; `weight` is the locality's, by default one for each
    endpoint.
    """

    locality: Locality
    members: tuple[Json, ...]
    priority: int = 0
    weight: int = 0

    def as_envoy(self, *, weighted: bool) -> Json:
        """Envoy's LocalityLbEndpoints."""
        result: Json = {"lb_endpoints": list(self.members)}
        if self.locality != _ANYWHERE:
            parts = zip(("region", "zone", "sub_zone"), self.locality, strict=True)
            result["locality"] = {key: value for key, value in parts if value}
        if self.priority:
            result["priority"] = self.priority
        if weighted:
            result["load_balancing_weight"] = self.weight or len(self.members) or 1
        return result


@dataclass(frozen=True, slots=True)
class Placed:
    """An endpoint in Envoy's form, where it is, and its labels (for `failoverPriority`)."""

    endpoint: Json
    locality: Locality = _ANYWHERE
    labels: Labels = field(default_factory=dict)


def of_pod(labels: Labels, node: Labels) -> Locality:
    """Where a pod is: its own label, else what its node says."""
    own = labels.get(LOCALITY_LABEL)
    return split(own.replace(".", "/")) if own else _triple(node.get(key, "") for key in _NODE_LABELS)


def split(text: str) -> Locality:
    """Region, zone and subzone of `region/zone/subzone`; what is not said is empty."""
    return _triple(text.split("/"))


def labels_with(labels: Labels, locality: Locality) -> dict[str, str]:
    """A pod's labels together with those that `failoverPriority` knows its locality by."""
    said = {key: value for key, value in zip(_NODE_LABELS, locality, strict=True) if value}
    return {**labels, **said}


def assignment(
    endpoints: Sequence[Placed], spec: Spec | None, *, here: Locality, labels: Labels, failover: bool
) -> tuple[list[Json], bool]:
    """The groups of Envoy's load assignment for a client, and whether localities are chosen by weight.

    `failover` says whether failing endpoints are ejected; without that Envoy never leaves a priority.
    """
    groups = _by_locality(endpoints)
    spec = spec or {}
    weighted = bool(spec.get("distribute"))
    if spec.get("enabled") is False:
        return [each.as_envoy(weighted=False) for each in groups], False
    if spec.get("distribute"):
        groups = _distributed(groups, spec["distribute"], here)
    elif failover:
        weighted = bool(spec.get("failover") or spec.get("failoverPriority"))
        if spec.get("failoverPriority"):
            groups = _by_labels(endpoints, spec["failoverPriority"], labels)
        if spec.get("failover") or not spec.get("failoverPriority"):
            groups = _by_nearness(groups, spec.get("failover") or (), here)
    return [each.as_envoy(weighted=weighted) for each in groups], weighted


def failover_labels(policy: Spec) -> Iterator[str]:
    """The labels of clients by which a policy, in any of its parts, prefers endpoints."""
    for part in (policy, *(policy.get("portLevelSettings") or ())):
        setting = (part.get("loadBalancer") or {}).get("localityLbSetting") or {}
        yield from (each.partition("=")[0] for each in setting.get("failoverPriority") or ())


def check(spec: Spec, path: str) -> None:
    """Raises Unusable for settings that cannot be used."""
    if spec.get("distribute") and (spec.get("failover") or spec.get("failoverPriority")):
        raise Unusable(path, "distribute cannot be together with failover or failoverPriority")
    for index, each in enumerate(spec.get("distribute") or ()):
        where = f"{path}.distribute[{index}]"
        if not each.get("from"):
            raise Unusable(f"{where}.from", "it is empty")
        shares = each.get("to") or {}
        total = sum(values.integer(share, f"{where}.to[{to}]", 1, 100) for to, share in shares.items())
        if total != 100:
            raise Unusable(f"{where}.to", f"the shares sum to {total}, not to 100")


def _triple(parts: Iterable[str]) -> Locality:
    region, zone, subzone, *_ = [*parts, "", "", ""]
    return region, zone, subzone


def _by_locality(endpoints: Sequence[Placed]) -> list[Group]:
    found: dict[Locality, list[Json]] = {}
    for each in endpoints:
        found.setdefault(each.locality, []).append(each.endpoint)
    groups = [Group(locality, tuple(found[locality])) for locality in sorted(found)]
    return groups or [Group(_ANYWHERE, ())]


def _matches(locality: Locality, pattern: str) -> bool:
    region, zone, subzone = split(pattern)
    return (
        region in ("*", locality[0]) and zone in ("*", "", locality[1]) and subzone in ("*", "", locality[2])
    )


def _distributed(groups: list[Group], distribute: Sequence[Spec], here: Locality) -> list[Group]:
    shares = next((each.get("to") or {} for each in distribute if _matches(here, each["from"])), None)
    if shares is None:
        return groups
    left, chosen = list(groups), []
    for pattern, share in sorted(shares.items()):
        meant = [each for each in left if _matches(each.locality, pattern)]
        left = [each for each in left if each not in meant]
        total = sum(len(each.members) for each in meant)
        # Localities under one pattern divide its share by the number of their endpoints.
        chosen += [
            Group(each.locality, each.members, weight=ceil(len(each.members) * share / total))
            for each in meant
            if share and total
        ]
    return sorted(chosen, key=lambda each: each.locality) or [Group(_ANYWHERE, ())]


def _by_labels(endpoints: Sequence[Placed], priorities: Sequence[str], own: Labels) -> list[Group]:
    wanted = [_wanted(each, own) for each in priorities]
    found: dict[tuple[int, Locality], list[Json]] = {}
    for each in endpoints:
        has = labels_with(each.labels, each.locality)
        differs = next((i for i, (key, value) in enumerate(wanted) if has.get(key, "") != value), None)
        priority = 0 if differs is None else len(wanted) - differs
        found.setdefault((priority, each.locality), []).append(each.endpoint)
    groups = [
        Group(locality, tuple(members), priority) for (priority, locality), members in sorted(found.items())
    ]
    return _without_gaps(groups) or [Group(_ANYWHERE, ())]


def _wanted(written: str, own: Labels) -> tuple[str, str]:
    """The label and the value that a preferred endpoint has: the client's, unless `key=value` says which."""
    key, has_value, value = written.partition("=")
    return (key, value) if has_value else (key, own.get(key, ""))


def _by_nearness(groups: list[Group], failover: Sequence[Spec], here: Locality) -> list[Group]:
    return _without_gaps(
        [
            # Five steps of nearness refine each priority that the labels gave.
            Group(each.locality, each.members, 5 * each.priority + _distance(each.locality, failover, here))
            for each in groups
        ]
    )


def _distance(there: Locality, failover: Sequence[Spec], here: Locality) -> int:
    same = next((steps for steps in (3, 2, 1) if there[:steps] == here[:steps]), 0)
    if same:
        return 3 - same
    target = next((each.get("to", "") for each in failover if each.get("from") == here[0]), None)
    return 3 if target in (None, there[0]) else 4


def _without_gaps(groups: list[Group]) -> list[Group]:
    ranks = {priority: rank for rank, priority in enumerate(sorted({each.priority for each in groups}))}
    ordered = sorted(groups, key=lambda each: (each.priority, each.locality))
    return [Group(each.locality, each.members, ranks[each.priority], each.weight) for each in ordered]
