"""Strategic merge patches: merge patches that know which lists merge item by item.

Pure. Lists and their keys come from the schema (`x-kubernetes-patch-strategy`,
`x-kubernetes-patch-merge-key`); the directives are `$patch`, `$setElementOrder/..`,
`$deleteFromPrimitiveList/..` and `$retainKeys`. Source: k8s.io/apimachinery/pkg/util/strategicpatch, by its
documentation.
"""

from typing import Any

from localmesh.apiserver.errors import BadRequest
from localmesh.apiserver.schemas.structural import Schema

_ORDER, _DELETE_FROM = "$setElementOrder/", "$deleteFromPrimitiveList/"
_PATCH, _RETAIN = "$patch", "$retainKeys"

Map = dict[str, Any]


def strategic_merge(value: Map, patch: Map, schema: Schema) -> Map:
    """An object after a strategic merge patch. Raises `BadRequest` for directives that cannot be carried
    out.
    """
    directive = patch.get(_PATCH)
    if directive == "replace":
        replaced: Map = _without_directives(patch)
        return replaced
    if directive == "delete":
        return {}
    if directive not in (None, "merge"):
        raise BadRequest(f"unknown $patch directive: {directive!r}")
    merged = dict(value)
    _retain(merged, patch)
    known = schema.get("properties", {})
    others = schema.get("additionalProperties") or {}
    for key, change in patch.items():
        if not key.startswith("$"):
            _merge_member(merged, key, change, patch, known.get(key, others))
    _apply_list_directives(merged, patch, known)
    return merged


def _retain(merged: Map, patch: Map) -> None:
    retained = patch.get(_RETAIN)
    if retained is None:
        return
    if not isinstance(retained, list):
        raise BadRequest("$retainKeys must be a list of names")
    for key in [key for key in merged if key not in retained]:
        del merged[key]


def _merge_member(merged: Map, key: str, change: Any, patch: Map, schema: Schema) -> None:
    if change is None:
        merged.pop(key, None)
    elif isinstance(change, dict):
        old = merged.get(key)
        merged[key] = strategic_merge(old if isinstance(old, dict) else {}, change, schema)
    elif isinstance(change, list):
        merged[key] = _merge_list(merged.get(key), change, schema, patch.get(_ORDER + key))
    else:
        merged[key] = change


def _merge_list(old: Any, change: list[Any], schema: Schema, order: list[Any] | None) -> list[Any]:
    if schema.get("x-kubernetes-patch-strategy") != "merge":
        return [_without_directives(item) for item in change]
    old = old if isinstance(old, list) else []
    key = schema.get("x-kubernetes-patch-merge-key")
    if key is None:
        merged = [*old, *(item for item in change if item not in old)]
    else:
        merged = _merge_items(old, change, key, schema.get("items", {}))
    return _ordered(merged, old, order, key)


def _merge_items(old: list[Any], change: list[Any], key: str, schema: Schema) -> list[Any]:
    if any(isinstance(item, dict) and item.get(_PATCH) == "replace" for item in change):
        return [item for item in change if item.get(_PATCH) != "replace"]
    merged = list(old)
    for item in change:
        if not isinstance(item, dict) or key not in item:
            raise BadRequest(f"map: {item} does not contain declared merge key: {key}")
        at = next((at for at, each in enumerate(merged) if each.get(key) == item[key]), None)
        if item.get(_PATCH) == "delete":
            merged = [each for each in merged if each.get(key) != item[key]]
        elif at is None:
            merged.append(strategic_merge({}, item, schema))
        else:
            merged[at] = strategic_merge(merged[at], item, schema)
    return merged


def _ordered(merged: list[Any], old: list[Any], order: list[Any] | None, key: str | None) -> list[Any]:
    """The list in the order that the patch asks for; items it does not name keep their place among their
    neighbours.
    """
    if not order:
        return merged

    def name(item: Any) -> Any:
        return item.get(key) if key and isinstance(item, dict) else item

    wanted = [name(item) for item in order]
    places = {name(item): at for at, item in enumerate(old)}
    named = sorted(
        (item for item in merged if name(item) in wanted), key=lambda item: wanted.index(name(item))
    )
    result: list[Any] = []
    unnamed = [item for item in merged if name(item) not in wanted]
    for item in named:
        while unnamed and places.get(name(unnamed[0]), len(old)) < places.get(name(item), -1):
            result.append(unnamed.pop(0))
        result.append(item)
    return [*result, *unnamed]


def _apply_list_directives(merged: Map, patch: Map, known: dict[str, Schema]) -> None:
    for directive, values in patch.items():
        if not isinstance(values, list):
            continue
        if directive.startswith(_DELETE_FROM):
            name = directive.removeprefix(_DELETE_FROM)
            if name in merged:
                merged[name] = [item for item in merged[name] if item not in values]
        elif directive.startswith(_ORDER):
            name = directive.removeprefix(_ORDER)
            if name in merged and name not in patch:
                key = known.get(name, {}).get("x-kubernetes-patch-merge-key")
                merged[name] = _ordered(merged[name], merged[name], values, key)


def _without_directives(value: Any) -> Any:
    if isinstance(value, dict):
        return {
            key: _without_directives(item)
            for key, item in value.items()
            if key not in (_PATCH, _RETAIN)
            and not key.startswith((_ORDER, _DELETE_FROM))
            and item is not None
        }
    if isinstance(value, list):
        return [_without_directives(item) for item in value]
    return value
