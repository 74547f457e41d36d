"""Holds a manifest against the schema that the cluster publishes for its kind. Pure.

What a CustomResourceDefinition carries is structural OpenAPI: a field that it does not name is pruned, in
silence. Here such a field is an error, as with the API server's own strict validation. The rules in CEL
(`x-kubernetes-validations`) are the server's alone: they speak in the dry run of a plan.
"""

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

import jsonschema_rs

from routing.rules import listed, quoted

Path: TypeAlias = tuple[str | int, ...]
Json: TypeAlias = Mapping[str, Any]
MAX_VIOLATIONS: Final = 50
MAX_PATTERN_BYTES: Final = 10 * 1024 * 1024
"""What one pattern may take when it is compiled: bounded repetitions unfold."""

_TEXT: Final = {"type": "string"}
_TEXTS: Final = {"type": "object", "additionalProperties": _TEXT}
METADATA: Final[Json] = {
    "type": "object",
    "description": "What every object has: its name, its namespace, labels and annotations.",
    "properties": {
        "name": {**_TEXT, "description": "The name; it cannot be changed."},
        "namespace": {**_TEXT, "description": "The namespace; it cannot be changed."},
        "labels": {**_TEXTS, "description": "By which objects are chosen."},
        "annotations": {**_TEXTS, "description": "Whatever else somebody wants to note."},
        "generateName": _TEXT,
        "finalizers": {"type": "array", "items": _TEXT},
        "ownerReferences": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
        "managedFields": {"type": "array", "items": {"type": "object", "additionalProperties": True}},
        **dict.fromkeys(
            ("resourceVersion", "uid", "creationTimestamp", "deletionTimestamp", "selfLink"), _TEXT
        ),
        "generation": {"type": "integer"},
        "deletionGracePeriodSeconds": {"type": "integer"},
    },
    "required": ["name"],
}
_TYPES: Final = {
    "array": "a list",
    "boolean": "true or false",
    "integer": "a whole number",
    "null": "null",
    "number": "a number",
    "object": "an object",
    "string": "text",
}


@dataclass(frozen=True, slots=True)
class Violation:
    """One field that is not as its schema wants it. `unknown`: the schema does not have the field at all."""

    path: Path
    message: str
    unknown: bool = False


class Schema:
    """The schema of a version of a kind: `published` as the cluster has it, and what is known of metadata."""

    def __init__(self, schema: Json) -> None:
        """Raises ValueError for what is no schema."""
        properties = {
            "apiVersion": _TEXT,
            "kind": _TEXT,
            **(schema.get("properties") or {}),
            "metadata": METADATA,
        }
        self.published: Json = {**schema, "type": "object", "properties": properties}
        # Patterns are Go's: of the same family as Rust's own, which take linear time on any text.
        linear = jsonschema_rs.RegexOptions(size_limit=MAX_PATTERN_BYTES)
        self._validator = jsonschema_rs.Draft7Validator(strict(self.published), pattern_options=linear)

    def violations(self, manifest: Any) -> tuple[Violation, ...]:
        """What of a manifest is against the schema, each at its field; at most 50."""
        found: dict[tuple[Path, str], Violation] = {}
        for error in self._validator.iter_errors(manifest):
            for violation in _violations(error, self.published):
                found.setdefault((violation.path, violation.message), violation)
            if len(found) >= MAX_VIOLATIONS:
                break
        return tuple(found.values())[:MAX_VIOLATIONS]


def strict(schema: Json) -> dict[str, Any]:
    """A JSON Schema that refuses what the structural one would prune, or the API server would refuse."""
    found: dict[str, Any] = {}
    for key, value in schema.items():
        if key == "properties":
            found[key] = {name: strict(each) for name, each in value.items()}
        elif key in ("items", "additionalProperties", "not") and isinstance(value, Mapping):
            found[key] = strict(value) if key != "not" else dict(value)
        elif key in _KEPT:
            found[key] = value
    _close(schema, found)
    if schema.get("x-kubernetes-int-or-string"):
        found.pop("type", None)
        found["anyOf"] = [{"type": "integer"}, {"type": "string"}]
    if schema.get("nullable") and isinstance(found.get("type"), str):
        found["type"] = [found["type"], "null"]
    return found


def at(schema: Json, path: Sequence[str | int]) -> Json | None:
    """The part of a published schema that is about the field at a path; None where it has no such field."""
    for step in path:
        if isinstance(step, int):
            following = schema.get("items")
        else:
            following = (schema.get("properties") or {}).get(step, schema.get("additionalProperties"))
        if not isinstance(following, Mapping):
            return None
        schema = following
    return schema


_KEPT: Final = frozenset(
    {
        "type", "enum", "required", "minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum",
        "multipleOf", "minLength", "maxLength", "pattern", "minItems", "maxItems", "uniqueItems",
        "minProperties", "maxProperties", "oneOf", "anyOf", "allOf", "additionalProperties",
    }
)  # fmt: skip
"""What both dialects mean alike. OpenAPI's exclusive bounds are flags, and are made the other form below."""


def _close(schema: Json, found: dict[str, Any]) -> None:
    for bound, word in (("minimum", "exclusiveMinimum"), ("maximum", "exclusiveMaximum")):
        if isinstance(found.get(word), bool):
            exclusive = found.pop(word)
            if exclusive and bound in found:
                found[word] = found.pop(bound)
    open_ended = schema.get("x-kubernetes-preserve-unknown-fields") or schema.get(
        "x-kubernetes-embedded-resource"
    )
    if "properties" in found and "additionalProperties" not in found and not open_ended:
        found["additionalProperties"] = False


def _violations(error: jsonschema_rs.ValidationError, published: Json) -> Iterator[Violation]:
    path, kind = tuple(error.instance_path), error.kind
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.AdditionalProperties):
        known = (at(published, path) or {}).get("properties") or {}
        for name in kind.unexpected:
            yield Violation((*path, name), _unknown(name, list(known)), unknown=True)
        return
    message = _message(error, at(published, path) or {})
    if isinstance(kind, jsonschema_rs.ValidationErrorKind.Required):
        path = (*path, kind.property)
    yield Violation(path, message)


def _unknown(name: str, known: list[str]) -> str:
    near = difflib.get_close_matches(name, known, n=1)
    if near:
        return f"There is no field {quoted(name)}; perhaps {quoted(near[0])} is meant."
    shown = listed(sorted(known)) if len(known) <= 12 else f"{listed(sorted(known)[:11])} and others"
    return f"There is no field {quoted(name)}" + (f"; known are {shown}." if known else ".")


def _message(error: jsonschema_rs.ValidationError, schema: Json) -> str:
    kind, value = error.kind, error.instance
    kinds = jsonschema_rs.ValidationErrorKind
    if isinstance(kind, kinds.Required):
        return f"The field {quoted(kind.property)} is missing."
    if isinstance(kind, kinds.Type):
        return f"This must be {_words(kind.types)}, not {_kind_of(value)}."
    if isinstance(kind, kinds.Enum):
        return f"{quoted(value)} is none of {listed(str(one) for one in kind.options)}."
    if isinstance(kind, kinds.OneOfNotValid | kinds.OneOfMultipleValid | kinds.AnyOf):
        return _choice(schema, value)
    if isinstance(kind, kinds.Pattern):
        return f"{quoted(value)} does not have the form {kind.pattern[:200]}."
    return _bounds(kind, value) or "This value is not allowed here."


def _bounds(kind: Any, value: Any) -> str:
    kinds = jsonschema_rs.ValidationErrorKind
    if isinstance(kind, kinds.Minimum | kinds.ExclusiveMinimum | kinds.Maximum | kinds.ExclusiveMaximum):
        least = isinstance(kind, kinds.Minimum | kinds.ExclusiveMinimum)
        edge = " itself excluded" if isinstance(kind, kinds.ExclusiveMinimum | kinds.ExclusiveMaximum) else ""
        return (
            f"{quoted(value)} is too {'small' if least else 'large'}; the limit is {kind.limit:.15g}{edge}."
        )
    few = isinstance(kind, kinds.MinItems | kinds.MinLength | kinds.MinProperties)
    if few or isinstance(kind, kinds.MaxItems | kinds.MaxLength | kinds.MaxProperties):
        what = "characters" if isinstance(kind, kinds.MinLength | kinds.MaxLength) else "entries"
        return f"At {'least' if few else 'most'} {kind.limit} {what} are allowed; this has {len(value)}."
    return ""


def _choice(schema: Json, value: Any) -> str:
    """What to say where one of several forms is wanted: Istio's are "one of these fields, or none"."""
    names = [name for name in _alternatives(schema) if name]
    given = [name for name in names if isinstance(value, Mapping) and name in value]
    if len(given) > 1:
        return f"Only one of {listed(names)} may be given; here are {listed(given)}."
    if names and isinstance(value, Mapping):
        return f"One of {listed(names)} is needed."
    return f"{quoted(value)} has none of the forms that are allowed here."


def _alternatives(schema: Json) -> list[str]:
    found: list[str] = []
    for word in ("oneOf", "anyOf"):
        for each in schema.get(word) or ():
            found += [str(name) for name in each.get("required") or ()]
    for each in schema.get("allOf") or ():
        found += _alternatives(each)
    return list(dict.fromkeys(found))


def _words(types: Sequence[str]) -> str:
    return " or ".join(_TYPES.get(one, one) for one in types)


def _kind_of(value: Any) -> str:
    if value is None:
        return "empty"
    if isinstance(value, bool | int | float | str):
        return f"{quoted(value)}"
    return _TYPES["object" if isinstance(value, Mapping) else "array"]
