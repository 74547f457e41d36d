"""Header operations of routes and destinations."""

from collections.abc import Iterator, Mapping
from typing import Any

from localmesh.xds import values
from localmesh.xds.values import Json, Unusable

_AUTHORITY = ("host", ":authority")


def operations(spec: Mapping[str, Any], path: str) -> Json:
    """Envoy's fields for a `headers` of Istio, on a route or on a destination. Raises Unusable."""
    result: Json = {}
    for side in ("request", "response"):
        part = spec.get(side) or {}
        added = [*_added(part, "set", f"{path}.{side}"), *_added(part, "add", f"{path}.{side}")]
        where = f"{path}.{side}.remove"
        removed = [
            values.header_name(name, where) for name in part.get("remove") or () if not _is_internal(name)
        ]
        if added:
            result[f"{side}_headers_to_add"] = added
        if removed:
            result[f"{side}_headers_to_remove"] = removed
    return result


def authority(spec: Mapping[str, Any], path: str) -> str:
    """The host that setting (or adding) the header Host or :authority asks for; empty when none does."""
    request = spec.get("request") or {}
    for operation in ("set", "add"):
        for name, value in (request.get(operation) or {}).items():
            if name.lower() in _AUTHORITY:
                return values.text(value, f"{path}.request.{operation}[{name}]")
    return ""


def _added(part: Mapping[str, Any], operation: str, path: str) -> Iterator[Json]:
    action = "OVERWRITE_IF_EXISTS_OR_ADD" if operation == "set" else "APPEND_IF_EXISTS_OR_ADD"
    for name, value in sorted((part.get(operation) or {}).items()):
        where = f"{path}.{operation}[{name}]"
        if _is_internal(name):
            if name.lower() not in _AUTHORITY:
                raise Unusable(where, "headers that begin with a colon cannot be changed")
            continue
        header = {"key": values.header_name(name, where), "value": values.header_value(value, where)}
        yield {"header": header, "append_action": action}


def _is_internal(name: str) -> bool:
    return name.startswith(":") or name.lower() == "host"
