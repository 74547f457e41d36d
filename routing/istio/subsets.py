"""Versions and the subsets of a DestinationRule that select them. Pure."""

import copy
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cluster import inventory
from cluster.inventory import VERSION_LABELS
from cluster.kinds import DESTINATION_RULE
from cluster.refs import MAX_LABEL, Manifest
from routing.istio.errors import CannotApply
from routing.istio.hosts import PROTOCOLS, name_of, names_subset, percentages, rules_of
from routing.rules import Subset


@dataclass(frozen=True, slots=True)
class Subsets:
    """The subsets of one service: the name of the one for each version, and the version of each name."""

    by_version: Mapping[str, str]
    versions: Mapping[str, str]


def read_subsets(destination_rule: Manifest | None, service: inventory.Service) -> Subsets:
    """The subsets in force. The one for a version selects its pods and no other version's.

    Where several do, the one named like the version is taken, else the first.
    """
    by_version: dict[str, str] = {}
    versions: dict[str, str] = {}
    for subset in subsets_of(destination_rule):
        name, labels = str(subset.get("name", "")), subset.get("labels") or {}
        version = inventory.version_of(labels)[0]
        if not version or not _selects(labels, service.version(version)):
            continue
        versions.setdefault(name, version)
        if version not in by_version or name == version:
            by_version[version] = name
    return Subsets(by_version, versions)


def ensure_subsets(
    destination_rule: Manifest | None,
    service: inventory.Service,
    wanted: Iterable[str],
    *,
    taken: Iterable[str] = (),
    template: Manifest | None = None,
) -> Manifest:
    """The DestinationRule with a subset for each wanted version; a new one where there is none.

    A new DestinationRule takes a name that is not `taken`, and the traffic policy of `template`, the one that
    it puts out of force. Raises KeyError for a version that the service does not have.
    """
    rule = (
        copy.deepcopy(destination_rule)
        if destination_rule
        else new_destination_rule(service, taken, template)
    )
    have = read_subsets(rule, service).by_version
    missing = [version for version in wanted if version not in have]
    if not missing:
        return rule
    spec = rule.setdefault("spec", {})
    subsets = spec.get("subsets") if isinstance(spec.get("subsets"), list) else []
    for name in missing:
        version = next(version for version in service.versions if version.version == name)
        names = {str(subset.get("name", "")) for subset in subsets}
        subsets = [*subsets, {"name": _name(name, names), "labels": {version.label: name}}]
    spec["subsets"] = subsets
    return rule


def read_subset(destination_rule: Manifest, namespace: str, service: str, name: str) -> Subset | None:
    """A subset as a rule; None where there is none of this name, or where it is for no version."""
    for subset in subsets_of(destination_rule):
        labels = {str(key): str(value) for key, value in (subset.get("labels") or {}).items()}
        version = inventory.version_of(labels)[0]
        if subset.get("name") == name and version:
            return Subset(namespace, service, version, name, labels)
    return None


def add_subset(destination_rule: Manifest, rule: Subset, service: inventory.Service) -> Manifest:
    """The DestinationRule with the subset. Raises CannotApply where its name is another's.

    A rule without a name is content with any subset that selects the version.
    """
    version = service.version(rule.version)
    labels = dict(rule.labels or {version.label if version else VERSION_LABELS[0]: rule.version})
    have = subsets_of(destination_rule)
    if not rule.name and any(_is_for(subset, rule, labels) for subset in have):
        return destination_rule
    name = rule.name or _name(rule.version, {str(subset.get("name", "")) for subset in have})
    same = next((subset for subset in have if subset.get("name") == name), None)
    if same is not None and (same.get("labels") or {}) != labels:
        message = f"{name_of(destination_rule)} has a subset {name} already, which selects other pods."
        raise CannotApply("SUBSET_EXISTS", message, "name")
    if same is not None:
        return destination_rule
    changed = copy.deepcopy(destination_rule)
    changed.setdefault("spec", {})["subsets"] = [*have, {"name": name, "labels": labels}]
    return changed


def named_for_version(destination_rule: Manifest, version: str) -> list[str]:
    """The names of the subsets whose labels name a version."""
    return [
        str(subset.get("name", ""))
        for subset in subsets_of(destination_rule)
        if inventory.version_of(subset.get("labels") or {})[0] == version
    ]


def drop_subset(destination_rule: Manifest, name: str) -> Manifest:
    """The DestinationRule without a subset."""
    changed = copy.deepcopy(destination_rule)
    left = [subset for subset in subsets_of(changed) if subset.get("name") != name]
    if left:
        changed["spec"]["subsets"] = left
    else:
        changed["spec"].pop("subsets", None)
    return changed


def drop_destination(virtual_service: Manifest, host: str, subset: str) -> Manifest:
    """The VirtualService whose routes do not name a subset any more.

    Raises CannotApply while one of them sends it requests, as its share or as a mirror.
    """
    changed = copy.deepcopy(virtual_service)
    for rule in (rule for protocol in PROTOCOLS for rule in rules_of(changed, protocol)):
        _refuse_mirrors(rule, host, subset, changed)
        route = rule.get("route")
        if not isinstance(route, list):
            continue
        gone = [names_subset(item.get("destination"), host, subset, changed) for item in route]
        if not any(gone):
            continue
        weight = sum(share for share, goes in zip(percentages(route), gone, strict=True) if goes)
        if weight or all(gone):
            message = f"{name_of(changed)} sends {weight:g} % to subset {subset}; take its weight to 0 first."
            raise CannotApply("SUBSET_HAS_WEIGHT", message)
        rule["route"] = [item for item, goes in zip(route, gone, strict=True) if not goes]
    return changed


def _refuse_mirrors(rule: Mapping[str, Any], host: str, subset: str, virtual_service: Manifest) -> None:
    mirrors = [rule.get("mirror"), *(item.get("destination") for item in rule.get("mirrors") or [])]
    if any(names_subset(destination, host, subset, virtual_service) for destination in mirrors):
        message = f"{name_of(virtual_service)} mirrors requests to subset {subset}; take that away first."
        raise CannotApply("SUBSET_HAS_WEIGHT", message)


def _is_for(subset: Mapping[str, Any], rule: Subset, labels: Mapping[str, str]) -> bool:
    found = subset.get("labels") or {}
    if rule.labels is not None:
        return dict(found) == dict(labels)
    return inventory.version_of(found)[0] == rule.version


def subsets_of(destination_rule: Manifest | None) -> list[dict[str, Any]]:
    """The subsets of a DestinationRule, as they stand in it."""
    found = ((destination_rule or {}).get("spec") or {}).get("subsets")
    return found if isinstance(found, list) else []


def free_name(wanted: str, taken: set[str]) -> str:
    """`wanted`, or the first of wanted-2, wanted-3, ... that is not taken."""
    name, number = wanted, 2
    while name in taken:
        suffix = f"-{number}"
        name, number = wanted[: MAX_LABEL - len(suffix)].rstrip("-") + suffix, number + 1
    return name


def _selects(labels: Mapping[str, str], version: inventory.Version | None) -> bool:
    # A version that has no pods and no Deployment any more can only be known by the subset's own word.
    return version is None or all(version.labels.get(name) == value for name, value in labels.items())


def _name(version: str, taken: set[str]) -> str:
    """A subset's name is a DNS label, which a version need not be: 1.2.0 becomes 1-2-0."""
    return free_name(re.sub(r"[^a-z0-9]+", "-", version.lower()).strip("-") or "version", taken)


def new_destination_rule(
    service: inventory.Service, taken: Iterable[str], template: Manifest | None
) -> Manifest:
    """A DestinationRule for a service that has none, with what `template`, a wildcard's, said of it."""
    spec = copy.deepcopy((template or {}).get("spec") or {})
    spec["host"] = service.name
    return {
        "apiVersion": DESTINATION_RULE.api_version,
        "kind": DESTINATION_RULE.kind,
        "metadata": {"name": free_name(service.name, set(taken)), "namespace": service.namespace},
        "spec": spec,
    }
