"""Objects held against their structural schema: unknown fields, types, ranges, enumerations, CEL rules,
defaults.

Pure: it knows schemas and values, not resources. Wording follows Kubernetes's apiextensions validation.
"""

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any

import msgspec
import re2

from localmesh.apiserver.errors import Cause
from localmesh.apiserver.schemas import rules
from localmesh.apiserver.schemas.structural import Schema

_NOT_SUPPORTED, _INVALID, _REQUIRED = "FieldValueNotSupported", "FieldValueInvalid", "FieldValueRequired"
_TYPES: dict[str, tuple[type, ...]] = {
    "object": (dict,),
    "array": (list,),
    "string": (str,),
    "boolean": (bool,),
    "integer": (int, float),
    "number": (int, float),
}


@dataclass(slots=True)
class Findings:
    """What is wrong with an object: fields that its schema does not know, and violations of the schema."""

    unknown: list[str] = field(default_factory=list)
    mistyped: list[Cause] = field(default_factory=list)
    causes: list[Cause] = field(default_factory=list)


def prune(schema: Schema, value: Any, findings: Findings, path: str = "") -> Any:
    """A copy of a value with defaults filled in and without nulls and unknown fields, which are noted in
    `findings`.
    """
    if isinstance(value, dict):
        return _prune_object(schema, value, findings, path)
    if isinstance(value, list) and "items" in schema:
        return [prune(schema["items"], item, findings, f"{path}[{at}]") for at, item in enumerate(value)]
    return value


def _prune_object(schema: Schema, value: dict[str, Any], findings: Findings, path: str) -> dict[str, Any]:
    known = schema.get("properties", {})
    others = schema.get("additionalProperties")
    free = schema.get("x-kubernetes-preserve-unknown-fields") or (not known and others is None)
    kept: dict[str, Any] = {}
    for key, item in value.items():
        below = _join(path, key)
        if key in known:
            if item is not None or known[key].get("nullable"):
                kept[key] = prune(known[key], item, findings, below)
        elif others is not None:
            kept[key] = prune(others, item, findings, below)
        elif free:
            kept[key] = item
        else:
            findings.unknown.append(below)
    for key, each in known.items():
        if "default" in each and key not in kept:
            kept[key] = prune(each, each["default"], findings, _join(path, key))
    return kept


def check(schema: Schema, value: Any, findings: Findings, path: str = "") -> None:
    """Note every violation of the schema in `findings`."""
    if value is None and schema.get("nullable"):
        return
    mistyped = _type_problem(schema, value, path)
    if mistyped:
        findings.mistyped.append(mistyped)
        return
    found = [*_bounds(schema, value, path), *_combinations(schema, value, path), *_rules(schema, value, path)]
    if isinstance(value, dict):
        _check_object(schema, value, findings, path)
    elif isinstance(value, list):
        found.extend(_keys_repeated(schema, value, path))
        for at, item in enumerate(value):
            check(schema.get("items", {}), item, findings, f"{path}[{at}]")
    findings.causes.extend(found)


def _check_object(schema: Schema, value: dict[str, Any], findings: Findings, path: str) -> None:
    for name in schema.get("required", ()):
        if name not in value:
            findings.causes.append(Cause(_join(path, name), "Required value", _REQUIRED))
    known = schema.get("properties", {})
    others = schema.get("additionalProperties")
    for key, item in value.items():
        each = known.get(key, others)
        if each is not None:
            check(each, item, findings, _join(path, key))


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key


def show(value: Any) -> str:
    """A value as Kubernetes prints it in messages; objects and lists only by their type."""
    if isinstance(value, dict):
        return '"object"'
    if isinstance(value, list):
        return '"array"'
    return msgspec.json.encode(value).decode()


def _type_name(value: Any) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "boolean"
    names = {dict: "object", list: "array", str: "string", int: "integer", float: "number"}
    return names.get(type(value), type(value).__name__)


def _type_problem(schema: Schema, value: Any, path: str) -> Cause | None:
    if schema.get("x-kubernetes-int-or-string"):
        fits = isinstance(value, int | float | str) and not isinstance(value, bool)
        return None if fits else _mistyped(path, "integer or string", value)
    wanted = schema.get("type")
    if wanted is None:
        return None
    fits = isinstance(value, _TYPES[wanted]) and (wanted == "boolean" or not isinstance(value, bool))
    if fits and wanted == "integer" and isinstance(value, float):
        fits = value.is_integer()
    if fits and wanted == "number":
        fits = math.isfinite(value)
    return None if fits else _mistyped(path, wanted, value)


def _mistyped(path: str, wanted: str, value: Any) -> Cause:
    found = _type_name(value)
    told = f'Invalid value: "{found}": {path} in body must be of type {wanted}: "{found}"'
    return Cause(path, told, "FieldValueTypeInvalid")


def _bounds(schema: Schema, value: Any, path: str) -> Iterator[Cause]:
    def wrong(told: str) -> Cause:
        return Cause(path, f"Invalid value: {show(value)}: {path} in body {told}", _INVALID)

    if "enum" in schema and value not in schema["enum"]:
        supported = ", ".join(f'"{each}"' for each in schema["enum"])
        yield Cause(path, f"Unsupported value: {show(value)}: supported values: {supported}", _NOT_SUPPORTED)
    if isinstance(value, str):
        yield from (wrong(told) for told in _text_problems(schema, value))
    elif isinstance(value, dict | list):
        yield from (wrong(told) for told in _size_problems(schema, value))
    elif isinstance(value, int | float) and not isinstance(value, bool):
        if value < schema.get("minimum", value):
            yield wrong(f"should be greater than or equal to {schema['minimum']}")
        if value > schema.get("maximum", value):
            yield wrong(f"should be less than or equal to {schema['maximum']}")
        if schema.get("format") == "int32" and not -(2**31) <= value < 2**31:
            yield wrong("must be of type int32")


def _text_problems(schema: Schema, value: str) -> Iterator[str]:
    length = len(value)
    if length < schema.get("minLength", 0):
        yield f"should be at least {schema['minLength']} chars long"
    if length > schema.get("maxLength", length):
        yield f"may not be more than {schema['maxLength']} bytes"
    pattern = schema.get("pattern")
    if pattern and not _compiled(pattern).search(value):
        yield f"should match '{pattern}'"
    if schema.get("format") == "date-time" and not _TIME.fullmatch(value):
        yield f'must be of type date-time: "{value}"'


_TIME = re.compile(r"\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(\.\d+)?([Zz]|[+-]\d\d:\d\d)")


@cache
def _compiled(pattern: str) -> Any:
    return re2.compile(pattern)


def _size_problems(schema: Schema, value: dict[str, Any] | list[Any]) -> Iterator[str]:
    what, noun = ("Properties", "properties") if isinstance(value, dict) else ("Items", "items")
    least, most = schema.get(f"min{what}", 0), schema.get(f"max{what}", len(value))
    if len(value) < least:
        yield f"should have at least {least} {noun}"
    if len(value) > most:
        yield f"should have at most {most} {noun}"


def _combinations(schema: Schema, value: Any, path: str) -> Iterator[Cause]:
    for part in [schema, *schema.get("allOf", ())]:
        choices = part.get("oneOf")
        if choices is None:
            continue
        valid = sum(_matches(choice, value) for choice in choices)
        if valid != 1:
            found = f"{valid} valid alternatives" if valid else "none valid"
            told = f'"{path}" must validate one and only one schema (oneOf). Found {found}'
            yield Cause(path, f'Invalid value: "": {told}', _INVALID)


def _matches(schema: Schema, value: Any) -> bool:
    """Whether a value fits one of the small schemas that oneOf is made of: required, not, anyOf."""
    if any(name not in value for name in schema.get("required", ())):
        return False
    if "not" in schema and _matches(schema["not"], value):
        return False
    return "anyOf" not in schema or any(_matches(each, value) for each in schema["anyOf"])


def _rules(schema: Schema, value: Any, path: str) -> Iterator[Cause]:
    for each in schema.get("x-kubernetes-validations", ()):
        if not rules.holds(each["rule"], value):
            yield Cause(path, f"Invalid value: {show(value)}: {each['message']}", _INVALID)


def _keys_repeated(schema: Schema, value: list[Any], path: str) -> Iterator[Cause]:
    keys = schema.get("x-kubernetes-list-map-keys")
    unique = schema.get("x-kubernetes-list-type") == "set"
    if not keys and not unique:
        return
    seen = []
    for at, item in enumerate(value):
        if keys and not isinstance(item, dict):
            continue
        told = {key: item.get(key) for key in keys} if keys else item
        if told in seen:
            shown = msgspec.json.encode(told).decode()
            yield Cause(f"{path}[{at}]", f"Duplicate value: {shown}", "FieldValueDuplicate")
        seen.append(told)
