"""JSON Patch (RFC 6902) and JSON Merge Patch (RFC 7386) on plain values.

Pure. The values handed in are left as they are; what comes back may share parts with them.
"""

from typing import Any

from localmesh.apiserver.errors import BadRequest, Cause, Invalid

#: More operations than this in one JSON patch are refused, as Kubernetes does.
MAX_OPERATIONS = 10_000


def merge(value: Any, patch: Any) -> Any:
    """A value after a merge patch: null removes, objects merge, anything else replaces."""
    if not isinstance(patch, dict):
        return patch
    merged = dict(value) if isinstance(value, dict) else {}
    for key, change in patch.items():
        if change is None:
            merged.pop(key, None)
        else:
            merged[key] = merge(merged.get(key), change)
    return merged


def merge_difference(old: Any, new: Any) -> Any:
    """The merge patch that turns `old` into `new`, both objects without nulls."""
    patch: dict[str, Any] = {key: None for key in old if key not in new}
    for key, value in new.items():
        before = old.get(key)
        if isinstance(value, dict) and isinstance(before, dict):
            below = merge_difference(before, value)
            if below:
                patch[key] = below
        elif key not in old or before != value or type(before) is not type(value):
            patch[key] = value
    return patch


def json_patch(value: Any, operations: Any) -> Any:
    """A value after a JSON patch. Raises `BadRequest` for a malformed patch, `Invalid` for one that does
    not apply.
    """
    if not isinstance(operations, list) or not all(isinstance(each, dict) for each in operations):
        raise BadRequest("a JSON patch is a list of operations")
    if len(operations) > MAX_OPERATIONS:
        raise BadRequest(f"a JSON patch may have {MAX_OPERATIONS} operations at most, not {len(operations)}")
    for operation in operations:
        value = _apply(value, operation)
    return value


class _Missing(LookupError):  # noqa: N818
    """The path leads nowhere."""


def _apply(value: Any, operation: dict[str, Any]) -> Any:
    name, path = operation.get("op"), operation.get("path")
    if not isinstance(path, str) or name not in ("add", "remove", "replace", "move", "copy", "test"):
        raise BadRequest(f"not an operation of a JSON patch: {operation}")
    if name in ("add", "replace", "test") and "value" not in operation:
        raise BadRequest(f"{name} operation at {path!r} is missing its value")
    try:
        return _carry_out(value, name, path, operation)
    except _Missing as missing:
        raise _refused(f"{name} operation does not apply: doc is missing path: {path!r}: {missing}") from None


def _carry_out(value: Any, name: str, path: str, operation: dict[str, Any]) -> Any:
    at = _pointer(path)
    if name == "test":
        if _get(value, at) != operation["value"]:
            raise _refused(f"testing value {path} failed")
        return value
    if name in ("add", "replace"):
        if name == "replace":
            _get(value, at)
        return _set(value, at, operation["value"], insert=name == "add")
    if name == "remove":
        return _set(value, at, None, remove=True)
    source = _pointer(str(operation.get("from", "")))
    moved = _get(value, source)
    if name == "move":
        value = _set(value, source, None, remove=True)
    return _set(value, at, moved, insert=True)


def _pointer(path: str) -> list[str]:
    if path and not path.startswith("/"):
        raise BadRequest(f"not a JSON pointer: {path!r}")
    return [part.replace("~1", "/").replace("~0", "~") for part in path.split("/")[1:]]


def _get(value: Any, at: list[str]) -> Any:
    for part in at:
        if isinstance(value, list):
            value = value[_index(part, len(value) - 1)]
        elif isinstance(value, dict) and part in value:
            value = value[part]
        else:
            raise _Missing(f"no such member: {part}")
    return value


def _set(value: Any, at: list[str], new: Any, *, insert: bool = False, remove: bool = False) -> Any:
    """A copy of `value`, changed at the path only."""
    if not at:
        return None if remove else new
    part, rest = at[0], at[1:]
    if isinstance(value, list):
        return _set_item(value, part, rest, new, insert=insert, remove=remove)
    if not isinstance(value, dict) or ((rest or remove) and part not in value):
        raise _Missing(f"no such member: {part}")
    changed = dict(value)
    if rest:
        changed[part] = _set(value[part], rest, new, insert=insert, remove=remove)
    elif remove:
        del changed[part]
    else:
        changed[part] = new
    return changed


def _set_item(value: list[Any], part: str, rest: list[str], new: Any, *, insert: bool, remove: bool) -> Any:
    changed = list(value)
    if rest:
        at = _index(part, len(value) - 1)
        changed[at] = _set(value[at], rest, new, insert=insert, remove=remove)
    elif insert:
        changed.insert(len(value) if part == "-" else _index(part, len(value)), new)
    elif remove:
        del changed[_index(part, len(value) - 1)]
    else:
        changed[_index(part, len(value) - 1)] = new
    return changed


def _index(part: str, last: int) -> int:
    if not (part.isascii() and part.isdecimal()) or int(part) > last:
        raise _Missing(f"no such index: {part}")
    return int(part)


def _refused(told: str) -> Invalid:
    return Invalid("", "", "", [Cause("patch", told)])
