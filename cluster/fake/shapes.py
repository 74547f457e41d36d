"""What the fake refuses as an API server with Istio's definitions does: a part of their schemas. Pure.

Only the kinds that the console writes, and of them what it writes: fields nobody here touches may hold
anything. Sources: istio.io/api, kubernetes/customresourcedefinitions.gen.yaml (types and required fields);
the refusals are worded as k8s.io/apimachinery words them (field errors, strict decoding).
"""

import re
from collections.abc import Collection, Iterator, Mapping
from typing import Any, Final, TypeAlias

from cluster import kinds
from cluster.errors import Cause, Invalid
from cluster.kinds import Kind
from cluster.refs import Manifest

Shape: TypeAlias = Any
"""`object` for anything, a type, [shape] for a list, or fields by name, a required one ending in `!`."""

_ANY: Final = object
_DESTINATION: Final = {"host!": str, "subset": str, "port": {"number": int}}
_ROUTE: Final = {"destination!": _DESTINATION, "weight": int, "headers": _ANY}
_HTTP: Final = {
    "name": str,
    "match": [dict],
    "route": [_ROUTE],
    "redirect": _ANY,
    "directResponse": _ANY,
    "delegate": _ANY,
    "rewrite": _ANY,
    "timeout": _ANY,
    "retries": _ANY,
    "fault": {"delay": dict, "abort": dict},
    "mirror": _DESTINATION,
    "mirrors": [{"destination!": _DESTINATION, "percentage": dict}],
    "mirrorPercent": _ANY,
    "mirror_percent": _ANY,
    "mirrorPercentage": _ANY,
    "corsPolicy": _ANY,
    "headers": _ANY,
}
_SPECS: Final[Mapping[Kind, Shape]] = {
    kinds.VIRTUAL_SERVICE: {
        "hosts": [str],
        "gateways": [str],
        "http": [_HTTP],
        "tls": _ANY,
        "tcp": _ANY,
        "exportTo": [str],
    },
    kinds.DESTINATION_RULE: {
        "host!": str,
        "trafficPolicy": dict,
        "subsets": [{"name!": str, "labels": dict, "trafficPolicy": dict}],
        "exportTo": [str],
        "workloadSelector": dict,
    },
}
_METADATA: Final = frozenset(
    {
        "name", "generateName", "namespace", "uid", "resourceVersion", "generation", "creationTimestamp",
        "deletionTimestamp", "deletionGracePeriodSeconds", "labels", "annotations", "ownerReferences",
        "finalizers", "managedFields", "selfLink",
    }
)  # fmt: skip
_INDEX: Final = re.compile(r"\[\d+\]")
_TYPES: Final = {dict: "object", list: "array", str: "string", int: "integer", bool: "boolean"}
_WITHOUT_STATUS: Final = frozenset({kinds.ENDPOINT_SLICE})


def keeps_status(kind: Kind) -> bool:
    """Whether writes of the object leave its status alone: whether it is a resource of its own."""
    return kind not in _WITHOUT_STATUS


def unknown_fields(kind: Kind, manifest: Manifest) -> list[str]:
    """The paths of the fields that the kind does not have, as far as is known here."""
    metadata = [f"metadata.{name}" for name in manifest["metadata"] if name not in _METADATA]
    known = _whole(kind) if kind in _SPECS else {**manifest, **_whole(kind)}
    return sorted([*metadata, *_unknown("", manifest, known)])


def anywhere(path: str) -> str:
    """A path without its places in lists: `spec.http[0].x` becomes `spec.http[].x`."""
    return _INDEX.sub("[]", path)


def check(kind: Kind, manifest: Manifest, newer: Collection[str] = ()) -> None:
    """Raises Invalid for unknown fields (400, as strict decoding does), then for wrong values (422).

    `newer`: fields, as `anywhere` writes them, that the cluster's own definitions have.
    """
    _refuse_unknown(kind, [path for path in unknown_fields(kind, manifest) if anywhere(path) not in newer])
    _refuse_wrong(kind, manifest, _whole(kind))


def _whole(kind: Kind) -> Mapping[str, Shape]:
    spec = _SPECS.get(kind, dict)
    return {"apiVersion": str, "kind": str, "metadata": dict, "spec": spec, "status": _ANY}


def _refuse_unknown(kind: Kind, unknown: list[str]) -> None:
    if unknown:
        told = "strict decoding error: " + ", ".join(f'unknown field "{path}"' for path in unknown)
        raise Invalid(
            f'{kind} in version "{kind.version}" cannot be handled as a {kind}: {told}',
            tuple(Cause(path, "unknown field") for path in unknown),
            status=400,
        )


def _refuse_wrong(kind: Kind, manifest: Manifest, known: Mapping[str, Shape]) -> None:
    given = {name: value for name, value in manifest.items() if name in known}
    causes = tuple(_wrong("", given, known))
    if causes:
        name = manifest["metadata"]["name"]
        told = ", ".join(f"{cause.field}: {cause.message}" for cause in causes)
        raise Invalid(f'{kind}.{kind.group} "{name}" is invalid: {told}', causes)


def _unknown(path: str, value: Any, shape: Shape) -> Iterator[str]:
    for place, item, inner in _inside(path, value, shape):
        if inner is None:
            yield place
        else:
            yield from _unknown(place, item, inner)


def _wrong(path: str, value: Any, shape: Shape) -> Iterator[Cause]:
    wanted = _kind_of(shape)
    if wanted is not _ANY and type(value) is not wanted:
        name = _TYPES.get(type(value), type(value).__name__)
        must = f"{path} in body must be of type {_TYPES[wanted]}"
        yield Cause(path, f'Invalid value: "{name}": {must}: "{name}"')
        return
    if isinstance(shape, Mapping):
        for name in shape:
            if name.endswith("!") and value.get(name[:-1]) is None:
                yield Cause(f"{path}.{name[:-1]}".lstrip("."), "Required value")
    for place, item, inner in _inside(path, value, shape):
        if inner is not None and item is not None:
            yield from _wrong(place, item, inner)


def _inside(path: str, value: Any, shape: Shape) -> Iterator[tuple[str, Any, Shape | None]]:
    """The parts of a value with their paths and shapes; the shape of an unknown field is None."""
    if isinstance(shape, list) and isinstance(value, list):
        for index, item in enumerate(value):
            yield f"{path}[{index}]", item, shape[0]
    elif isinstance(shape, Mapping) and isinstance(value, Mapping):
        for name, item in value.items():
            yield f"{path}.{name}".lstrip("."), item, shape.get(name, shape.get(f"{name}!"))


def _kind_of(shape: Shape) -> type:
    if isinstance(shape, type):
        return shape
    return list if isinstance(shape, list) else dict
