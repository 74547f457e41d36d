"""What differs between two manifests, as data and as text. Pure.

Lists whose members have an identity are matched by it, not by position: a new route in front of the others is
one addition, not a change of everything behind it.
"""

import difflib
import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal, TypeAlias

from cluster.refs import Manifest
from routing import yaml_io

NOISE: Final = ("managedFields", "resourceVersion", "uid", "generation", "creationTimestamp", "selfLink")
"""Members of `metadata` that the server alone keeps."""
LAST_APPLIED: Final = "kubectl.kubernetes.io/last-applied-configuration"
"""kubectl's own copy of the whole object, in one long line."""

Op: TypeAlias = Literal["add", "remove", "change"]


@dataclass(frozen=True, slots=True)
class FieldDiff:
    """One difference: `path` such as `spec.http[0].route[1].weight`; what was there and what is there now.

    The index of a list counts in the list after the change; for a removal, in the one before.
    """

    op: Op
    path: str
    old: Any
    new: Any

    def to_json(self) -> dict[str, Any]:
        """The difference as the REST API answers it."""
        return {"op": self.op, "path": self.path, "old": self.old, "new": self.new}


def content(manifest: Manifest | None) -> Manifest:
    """What people decide about an object: without what the server keeps, and without its status."""
    if manifest is None:
        return {}
    metadata = {key: value for key, value in (manifest.get("metadata") or {}).items() if key not in NOISE}
    annotations = {k: v for k, v in (metadata.pop("annotations", None) or {}).items() if k != LAST_APPLIED}
    if annotations:
        metadata["annotations"] = annotations
    if not metadata.get("labels", True):
        del metadata["labels"]
    rest = {key: value for key, value in manifest.items() if key not in {"metadata", "status"}}
    return {**rest, "metadata": metadata}


def same(one: Manifest | None, other: Manifest | None) -> bool:
    """Whether two manifests say the same; the served version of their API does not count."""
    left, right = content(one), content(other)
    return {**left, "apiVersion": ""} == {**right, "apiVersion": ""} if left and right else left == right


def fields(before: Manifest | None, after: Manifest | None) -> tuple[FieldDiff, ...]:
    """The differences of content between two manifests; None stands for no object."""
    return tuple(_differences(content(before), content(after), ""))


def to_yaml(manifest: Manifest | None) -> str:
    """The content of a manifest as YAML; empty for no object."""
    return yaml_io.write(content(manifest)) if manifest is not None else ""


def unified(
    before: Manifest | None, after: Manifest | None, name: str, sides: tuple[str, str] = ("live", "planned")
) -> str:
    """The difference of content as a unified text diff of YAML; empty when there is none.

    `sides`: what the two are called.
    """
    old, new = to_yaml(before).splitlines(), to_yaml(after).splitlines()
    lines = difflib.unified_diff(old, new, f"{name} ({sides[0]})", f"{name} ({sides[1]})", lineterm="", n=3)
    return "".join(f"{line}\n" for line in lines)


def canonical(value: Any) -> str:
    """A value as text that is equal exactly when the value is."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def _differences(old: Any, new: Any, path: str) -> Iterator[FieldDiff]:
    if isinstance(old, dict) and isinstance(new, dict):
        yield from _of_mappings(old, new, path)
    elif isinstance(old, list) and isinstance(new, list):
        yield from _of_lists(old, new, path)
    elif old != new or isinstance(old, bool) is not isinstance(new, bool):
        yield FieldDiff("change", path, old, new)


def _of_mappings(old: Mapping[str, Any], new: Mapping[str, Any], path: str) -> Iterator[FieldDiff]:
    for key in [*old, *(key for key in new if key not in old)]:
        at = _member(path, key)
        if key not in new:
            yield FieldDiff("remove", at, old[key], None)
        elif key not in old:
            yield FieldDiff("add", at, None, new[key])
        else:
            yield from _differences(old[key], new[key], at)


def _of_lists(old: list[Any], new: list[Any], path: str) -> Iterator[FieldDiff]:
    identity = _IDENTITIES.get(path.rpartition(".")[2], canonical)
    before, after = _keyed(old, identity), _keyed(new, identity)
    for key, index in before.items():
        if key not in after:
            yield FieldDiff("remove", f"{path}[{index}]", old[index], None)
    for key, index in after.items():
        if key not in before:
            yield FieldDiff("add", f"{path}[{index}]", None, new[index])
        else:
            yield from _differences(old[before[key]], new[index], f"{path}[{index}]")
    if [key for key in before if key in after] != [key for key in after if key in before]:
        yield FieldDiff("change", f"{path} (order)", old, new)


def _keyed(items: list[Any], identity: Callable[[Any], str]) -> dict[tuple[str, int], int]:
    """Each member's identity, counted where it occurs more than once, with its index."""
    counts: dict[str, int] = {}
    keyed = {}
    for index, item in enumerate(items):
        key = identity(item)
        counts[key] = counts.get(key, 0) + 1
        keyed[(key, counts[key])] = index
    return keyed


def _by_name(item: Any) -> str:
    return canonical(item.get("name")) if isinstance(item, dict) and "name" in item else canonical(item)


def _by_destination(item: Any) -> str:
    return canonical(item.get("destination")) if isinstance(item, dict) else canonical(item)


def _by_match(item: Any) -> str:
    if not isinstance(item, dict):
        return canonical(item)
    return _by_name(item) if "name" in item else canonical(item.get("match") or [])


_IDENTITIES: Final[Mapping[str, Callable[[Any], str]]] = {
    "http": _by_match,
    "route": _by_destination,
    "subsets": _by_name,
}


def _member(path: str, key: str) -> str:
    if "." in key or "[" in key:
        return f"{path}[{json.dumps(key)}]"
    return f"{path}.{key}" if path else key
