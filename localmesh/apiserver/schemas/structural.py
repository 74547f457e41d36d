"""From structures to structural schemas, as CustomResourceDefinitions and OpenAPI carry them.

A schema is a plain dictionary without references. The same dictionaries steer validation, patches and field
ownership, so what is published and what is checked cannot differ.
"""

from functools import cache
from typing import Any, cast

from msgspec import inspect

from localmesh.apiserver.schemas.base import Model

Schema = dict[str, Any]

_BOUNDS = (
    ("ge", "minimum"),
    ("le", "maximum"),
    ("pattern", "pattern"),
    ("min_length", "minLength"),
    ("max_length", "maxLength"),
)
_SCALARS: dict[type[inspect.Type], str] = {
    inspect.BoolType: "boolean",
    inspect.IntType: "integer",
    inspect.FloatType: "number",
    inspect.StrType: "string",
}


@cache
def schema_of(model: type[Model]) -> Schema:
    """The structural schema of a structure. Shared: treat it as frozen."""
    return _schema(inspect.type_info(model))


def _schema(of: inspect.Type) -> Schema:
    extra: Schema = {}
    while isinstance(of, inspect.Metadata):
        extra = {**(of.extra_json_schema or {}), **extra}
        of = of.type
    return {**_plain(of), **extra}


def _plain(of: inspect.Type) -> Schema:
    match of:
        case inspect.UnionType():
            schema = _union(of)
        case inspect.StructType():
            schema = _struct(of)
        case inspect.LiteralType():
            schema = {"type": "string", "enum": list(of.values)}
        case inspect.ListType():
            schema = _sized({"type": "array", "items": _schema(of.item_type)}, of, "Items")
        case inspect.DictType():
            schema = _dict(of)
        case inspect.AnyType():
            schema = {"x-kubernetes-preserve-unknown-fields": True}
        case _:
            schema = {"type": _SCALARS[type(of)], **_bounds(of)}
    return schema


def _union(of: inspect.UnionType) -> Schema:
    """`X | None` is an optional X; the only other union is a number or a string, told by its annotation."""
    members = [each for each in of.types if not isinstance(each, inspect.NoneType)]
    return _schema(members[0]) if len(members) == 1 else {}


def _dict(of: inspect.DictType) -> Schema:
    if isinstance(of.value_type, inspect.AnyType):
        return {"type": "object"}
    return _sized({"type": "object", "additionalProperties": _schema(of.value_type)}, of, "Properties")


def _bounds(of: inspect.Type) -> Schema:
    found = {theirs: getattr(of, ours, None) for ours, theirs in _BOUNDS}
    return {key: value for key, value in found.items() if value is not None}


def _sized(schema: Schema, of: inspect.ListType | inspect.DictType, what: str) -> Schema:
    if of.min_length is not None:
        schema[f"min{what}"] = of.min_length
    if of.max_length is not None:
        schema[f"max{what}"] = of.max_length
    return schema


def _struct(of: inspect.StructType) -> Schema:
    model = cast(type[Model], of.cls)
    schema: Schema = {"type": "object"}
    if model.__doc__:
        schema["description"] = " ".join(model.__doc__.split())
    schema["properties"] = {each.encode_name: _schema(each.type) for each in of.fields}
    required = [each.encode_name for each in of.fields if each.required]
    if required:
        schema["required"] = required
    groups = [_at_most_one(group) for group in model.at_most_one]
    if len(groups) == 1:
        schema.update(groups[0])
    elif groups:
        schema["allOf"] = groups
    if model.cel:
        schema["x-kubernetes-validations"] = [
            {"message": each.message, "rule": each.cel} for each in model.cel
        ]
    return schema


def _at_most_one(names: tuple[str, ...]) -> Schema:
    """How Istio writes "one of these, or none" in its own CustomResourceDefinitions."""
    each = [{"required": [name]} for name in names]
    return {"oneOf": [{"not": {"anyOf": each}}, *each]}
