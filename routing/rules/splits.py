"""Weights over the versions of a service. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from cluster import refs
from routing.rules.reader import Reader, path_part, quoted
from routing.rules.word import Word, of_service

MAX_VERSIONS: Final = 20


@dataclass(frozen=True, slots=True)
class Split:
    """Weights in whole percent by version; versions that are not named get none."""

    namespace: str
    service: str
    weights: Mapping[str, int]


def _read(reader: Reader, value: Mapping[str, object], field: str) -> Split:
    fields = reader.members(value, field, {"kind", "namespace", "service", "weights"}) or {}
    namespace, service = reader.target(fields, field)
    return Split(namespace, service, _weights(reader, fields.get("weights"), f"{field}.weights"))


def _weights(reader: Reader, value: object, field: str) -> dict[str, int]:
    if not isinstance(value, Mapping) or not value:
        reader.error(field, 'This must be an object of versions and percentages, such as {"v1": 100}.')
        return {}
    if len(value) > MAX_VERSIONS:
        reader.error(field, f"{len(value)} versions are too many; at most {MAX_VERSIONS} can be weighed.")
        return {}
    before = len(reader.errors)
    for version, weight in value.items():
        _check_weight(reader, version, weight, field)
    total = sum(value.values()) if len(reader.errors) == before else 100
    if total != 100:
        reader.error(field, f"The weights add up to {total}; they must add up to 100.")
    return dict(value) if len(reader.errors) == before else {}


def _check_weight(reader: Reader, version: object, weight: object, field: str) -> None:
    at = f"{field}.{path_part(version)}"
    if not isinstance(version, str) or not refs.is_label_value(version):
        reader.error(at, f"{quoted(version)} cannot be a version.")
    elif isinstance(weight, bool) or not isinstance(weight, int):
        reader.error(at, f"{quoted(weight)} is not a whole number of percent.")
    elif not 0 <= weight <= 100:
        reader.error(at, f"{quoted(weight)} is outside 0 to 100.")


def _write(rule: Split) -> dict[str, Any]:
    return {"namespace": rule.namespace, "service": rule.service, "weights": dict(rule.weights)}


SPLIT: Final = Word("split", Split, _read, _write, of_service("weights"))
