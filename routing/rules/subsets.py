"""Subsets of a service, added and removed. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cluster import inventory
from routing.rules import leaves
from routing.rules.reader import Reader, listed, quoted
from routing.rules.shape import MapOf
from routing.rules.word import Word

MAX_LABELS: Final = 20
_LABELS: Final = MapOf(leaves.LABEL_NAME, leaves.LABEL_VALUE, MAX_LABELS)


@dataclass(frozen=True, slots=True)
class Subset:
    """A name under which routes can choose the pods of a version. Without `name`, the version's; without
    `labels`, the one that names the version.
    """

    namespace: str
    service: str
    version: str
    name: str = ""
    labels: Mapping[str, str] | None = None


@dataclass(frozen=True, slots=True)
class RemoveSubset:
    """No subset of this name, or none for this version: one of the two is empty."""

    namespace: str
    service: str
    version: str = ""
    subset: str = ""


def _read(reader: Reader, value: Mapping[str, object], field: str) -> Subset:
    known = {"kind", "namespace", "service", "version", "name", "labels"}
    fields = reader.members(value, field, known) or {}
    namespace, service = reader.target(fields, field)
    version = reader.version(fields.get("version"), f"{field}.version")
    name = fields.get("name")
    read_name = "" if name is None else reader.name(name, f"{field}.name", "a subset")
    labels = _labels(reader, fields.get("labels"), f"{field}.labels", version)
    return Subset(namespace, service, version, read_name, labels)


def _labels(reader: Reader, value: object, field: str, version: str) -> dict[str, str] | None:
    if value is None:
        return None
    if not isinstance(value, Mapping) or not 0 < len(value) <= MAX_LABELS:
        reader.error(
            field, f'This must be an object of 1 to {MAX_LABELS} labels, such as {{"version": "v1"}}.'
        )
        return None
    before = len(reader.errors)
    labels: dict[str, str] = _LABELS.read(reader, value, field)
    if len(reader.errors) == before and inventory.version_of(labels)[0] != version:
        known = listed(inventory.VERSION_LABELS)
        reader.error(field, f"These labels do not name version {quoted(version)}; {known} can.")
    return labels


def _write(rule: Subset) -> dict[str, Any]:
    written: dict[str, Any] = {
        "namespace": rule.namespace,
        "service": rule.service,
        "version": rule.version,
    }
    if rule.name:
        written["name"] = rule.name
    if rule.labels is not None:
        written["labels"] = dict(rule.labels)
    return written


def _read_remove(reader: Reader, value: Mapping[str, object], field: str) -> RemoveSubset:
    fields = reader.members(value, field, {"kind", "namespace", "service", "version", "subset"}) or {}
    namespace, service = reader.target(fields, field)
    version, subset = fields.get("version"), fields.get("subset")
    if (version is None) == (subset is None):
        reader.error(field, "Say which one by its version or by the name of the subset: one of the two.")
    read_version = "" if version is None else reader.version(version, f"{field}.version")
    read_subset = "" if subset is None else reader.name(subset, f"{field}.subset", "a subset")
    return RemoveSubset(namespace, service, read_version, read_subset)


def _write_remove(rule: RemoveSubset) -> dict[str, Any]:
    named = {"version": rule.version} if rule.version else {"subset": rule.subset}
    return {"namespace": rule.namespace, "service": rule.service, **named}


def _sets(rule: Subset) -> str:
    return f"the subset {rule.name or rule.version} of {rule.namespace}/{rule.service}"


def _sets_remove(rule: RemoveSubset) -> str:
    return f"the subset {rule.subset or rule.version} of {rule.namespace}/{rule.service}"


SUBSET: Final = Word("subset", Subset, _read, _write, _sets)
REMOVE_SUBSET: Final = Word("remove_subset", RemoveSubset, _read_remove, _write_remove, _sets_remove)
