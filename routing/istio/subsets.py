"""Versions and the subsets of a DestinationRule that select them. Pure."""

import copy
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from cluster import inventory
from cluster.kinds import DESTINATION_RULE
from cluster.refs import MAX_LABEL, Manifest


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
    rule = copy.deepcopy(destination_rule) if destination_rule else _new(service, set(taken), template)
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


def _new(service: inventory.Service, taken: set[str], template: Manifest | None) -> Manifest:
    spec = copy.deepcopy((template or {}).get("spec") or {})
    spec["host"] = service.name
    return {
        "apiVersion": DESTINATION_RULE.api_version,
        "kind": DESTINATION_RULE.kind,
        "metadata": {"name": free_name(service.name, taken), "namespace": service.namespace},
        "spec": spec,
    }
