"""Sets of fields, as server-side apply compares them, and objects merged by them.

Pure. A path is a tuple of elements in the notation of `FieldsV1`: `f:name` is a member, `k:{...}` an item
of a keyed list, `v:...` an item of a set. The schema tells which lists and objects are owned part by part
and which as a whole.
"""

from typing import Any

import msgspec

from localmesh.apiserver.schemas.structural import Schema

Path = tuple[str, ...]
Paths = frozenset[Path]

_encode = msgspec.json.Encoder(order="sorted").encode
MISSING = object()


def paths_of(value: Any, schema: Schema, at: Path = ()) -> set[Path]:
    """The fields that an object sets."""
    if isinstance(value, dict) and value and not _whole(schema):
        found: set[Path] = set()
        for key, item in value.items():
            found |= paths_of(item, member_schema(schema, key), (*at, f"f:{key}"))
        return found
    items = elements(value, schema)
    if not items:
        return {at} if at else set()
    found = set()
    for element, item in items:
        below = (*at, element)
        found.add(below)
        if element.startswith("k:"):
            found |= paths_of(item, schema.get("items", {}), below)
    return found


def elements(value: Any, schema: Schema) -> list[tuple[str, Any]]:
    """The items of a list that is owned item by item, with their path elements; empty for anything else."""
    kind = schema.get("x-kubernetes-list-type")
    if not isinstance(value, list) or kind not in ("map", "set"):
        return []
    if kind == "set":
        return [(f"v:{_encode(item).decode()}", item) for item in value]
    keys = schema["x-kubernetes-list-map-keys"]
    known = schema.get("items", {}).get("properties", {})
    return [
        ("k:" + _encode({key: _key_value(item, key, known) for key in keys}).decode(), item)
        for item in value
        if isinstance(item, dict)
    ]


def member_schema(schema: Schema, key: str) -> Schema:
    """The schema of one member of an object; empty where it is not told."""
    found: Schema = schema.get("properties", {}).get(key) or schema.get("additionalProperties") or {}
    return found


def merged(old: Any, new: Any, schema: Schema) -> Any:
    """`old` with everything that `new` sets, part by part where the schema says so."""
    if isinstance(old, dict) and isinstance(new, dict) and not _whole(schema):
        result = dict(old)
        for key, item in new.items():
            result[key] = merged(old[key], item, member_schema(schema, key)) if key in old else item
        return result
    theirs, ours = elements(old, schema), elements(new, schema)
    if not theirs or not ours:
        return new
    left = dict(ours)
    result_items = [
        merged(item, left.pop(element), schema.get("items", {})) if element in left else item
        for element, item in theirs
    ]
    return [*result_items, *(item for element, item in ours if element in left)]


def value_at(value: Any, schema: Schema, path: Path) -> Any:
    """What an object has at a path; `MISSING` where it has nothing."""
    for element in path:
        if element.startswith("f:"):
            key = element[2:]
            if not isinstance(value, dict) or key not in value:
                return MISSING
            value, schema = value[key], member_schema(schema, key)
        else:
            found = dict(elements(value, schema)).get(element, MISSING)
            if found is MISSING:
                return MISSING
            value, schema = found, schema.get("items", {})
    return value


def without(value: Any, schema: Schema, path: Path) -> Any:
    """A copy of an object without what it has at a path."""
    element, rest = path[0], path[1:]
    if element.startswith("f:"):
        key = element[2:]
        if not isinstance(value, dict) or key not in value:
            return value
        kept = {each: item for each, item in value.items() if each != key}
        return {**value, key: without(value[key], member_schema(schema, key), rest)} if rest else kept
    pairs = elements(value, schema)
    if not pairs:
        return value
    items = schema.get("items", {})
    if rest:
        return [without(item, items, rest) if each == element else item for each, item in pairs]
    return [item for each, item in pairs if each != element]


def to_fields(paths: Paths | set[Path]) -> dict[str, Any]:
    """The nested form of `FieldsV1`."""
    fields: dict[str, Any] = {}
    inner = {path[:length] for path in paths for length in range(1, len(path))}
    for path in sorted(paths):
        below = fields
        for element in path:
            below = below.setdefault(element, {})
        if path in inner:
            below["."] = {}
    return fields


def from_fields(fields: dict[str, Any], at: Path = ()) -> set[Path]:
    """The paths of a nested `FieldsV1`."""
    found: set[Path] = set()
    for element, below in fields.items():
        if element == ".":
            found.add(at)
        elif below:
            found |= from_fields(below, (*at, element))
        else:
            found.add((*at, element))
    return found


def shown(path: Path) -> str:
    """A path as messages show it: `.spec.ports[port=80].name`."""
    text = ""
    for element in path:
        if element.startswith("f:"):
            text += f".{element[2:]}"
        elif element.startswith("k:"):
            keys: dict[str, Any] = msgspec.json.decode(element[2:].encode())
            text += "[" + ",".join(f"{key}={_quoted(value)}" for key, value in keys.items()) + "]"
        else:
            text += f"[={element[2:]}]"
    return text


def _quoted(value: Any) -> str:
    return f'"{value}"' if isinstance(value, str) else str(value)


def _whole(schema: Schema) -> bool:
    return schema.get("x-kubernetes-map-type") == "atomic"


def _key_value(item: dict[str, Any], key: str, known: dict[str, Schema]) -> Any:
    return item.get(key, known.get(key, {}).get("default"))
