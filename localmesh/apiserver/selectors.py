"""Label selectors and field selectors, parsed and matched.

Pure. Source: "Labels and Selectors" and "Field Selectors" in the documentation of Kubernetes.
"""

import re
from dataclasses import dataclass
from typing import Any, Literal

from localmesh.apiserver.errors import BadRequest

Operator = Literal["=", "!=", "in", "notin", "exists", "!"]

_TOKEN = re.compile(r"\s*(==|!=|=|!|\(|\)|,|[^\s=!(),]+)")

_PLACE = ("metadata.namespace", "metadata.name")

#: Fields by which objects can be selected, by kind; name and namespace always.
_FIELDS: dict[str, tuple[str, ...]] = {
    "Pod": (
        "spec.nodeName",
        "spec.restartPolicy",
        "spec.schedulerName",
        "spec.serviceAccountName",
        "spec.hostNetwork",
        "status.phase",
        "status.podIP",
        "status.nominatedNodeName",
    ),
    "Event": (
        "involvedObject.kind",
        "involvedObject.namespace",
        "involvedObject.name",
        "involvedObject.uid",
        "involvedObject.apiVersion",
        "involvedObject.resourceVersion",
        "involvedObject.fieldPath",
        "reason",
        "reportingComponent",
        "source",
        "type",
    ),
    "Namespace": ("status.phase",),
    "Node": ("spec.unschedulable",),
    "Secret": ("type",),
    "Service": ("spec.clusterIP", "spec.type"),
    "ReplicaSet": ("status.replicas",),
}


@dataclass(frozen=True, slots=True)
class Requirement:
    """One condition; all of a selector's must hold."""

    key: str
    operator: Operator
    values: frozenset[str] = frozenset()

    def holds(self, found: str | None) -> bool:
        """Whether the condition holds for a value; None where there is none."""
        if self.operator == "exists":
            return found is not None
        if self.operator == "!":
            return found is None
        if self.operator in ("=", "in"):
            return found in self.values
        return found not in self.values


class LabelSelector:
    """A parsed label selector: `app=reviews,version in (v1, v2),!canary`. Raises `BadRequest`."""

    def __init__(self, text: str) -> None:
        self.requirements = _Parser(text).requirements() if text.strip() else []

    def __bool__(self) -> bool:
        return bool(self.requirements)

    def matches(self, labels: dict[str, str]) -> bool:
        """Whether an object with these labels is selected."""
        return all(each.holds(labels.get(each.key)) for each in self.requirements)


class FieldSelector:
    """A parsed field selector: `metadata.name=x,status.phase!=Running`. Raises `BadRequest`."""

    def __init__(self, text: str, kind: str) -> None:
        self.requirements = [_field(term, kind) for term in text.split(",") if term.strip()]

    def __bool__(self) -> bool:
        return bool(self.requirements)

    def matches(self, obj: dict[str, Any]) -> bool:
        """Whether an object is selected. A missing field is the empty text."""
        return all(each.holds(_value(obj, each.key)) for each in self.requirements)

    @property
    def needs_content(self) -> bool:
        """Whether it asks for more than name and namespace."""
        return any(each.key not in _PLACE for each in self.requirements)

    def matches_place(self, namespace: str, name: str) -> bool:
        """Whether an object of that name may be selected, as far as its place tells."""
        place = dict(zip(_PLACE, (namespace, name), strict=True))
        return all(each.holds(place[each.key]) for each in self.requirements if each.key in place)

    def required(self, key: str) -> str | None:
        """The one value that a field must have, if the selector says so."""
        for each in self.requirements:
            if each.key == key and each.operator == "=":
                return next(iter(each.values))
        return None


def _field(term: str, kind: str) -> Requirement:
    found = re.fullmatch(r"\s*([^=!\s]+)\s*(==|!=|=)\s*(\S*)\s*", term)
    if not found:
        raise BadRequest(f"invalid field selector: {term!r}")
    key, operator, value = found.groups()
    if key not in (*_PLACE, *_FIELDS.get(kind, ())):
        raise BadRequest(f"field label not supported: {key}")
    return Requirement(key, "!=" if operator == "!=" else "=", frozenset({value}))


def _value(obj: dict[str, Any], path: str) -> str:
    value: Any = obj
    for part in path.split("."):
        value = value.get(part) if isinstance(value, dict) else None
    if path == "source" and isinstance(value, dict):
        value = value.get("component")
    if value is None:
        return "false" if path in ("spec.hostNetwork", "spec.unschedulable") else ""
    return str(value).lower() if isinstance(value, bool) else str(value)


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = _TOKEN.findall(text)
        if "".join(self._tokens) != re.sub(r"\s+", "", text):
            raise self._wrong("unexpected character")

    def requirements(self) -> list[Requirement]:
        found = [self._requirement()]
        while self._tokens:
            self._expect(",")
            found.append(self._requirement())
        return found

    def _requirement(self) -> Requirement:
        if self._peek() == "!":
            self._next()
            return Requirement(self._word(), "!")
        key = self._word()
        operator = self._peek()
        if operator in ("=", "==", "!="):
            self._next()
            value = "" if self._peek() in (",", "") else self._word()
            return Requirement(key, "!=" if operator == "!=" else "=", frozenset({value}))
        if operator in ("in", "notin"):
            self._next()
            return Requirement(key, "in" if operator == "in" else "notin", self._values())
        return Requirement(key, "exists")

    def _values(self) -> frozenset[str]:
        self._expect("(")
        values = {self._word()}
        while self._peek() == ",":
            self._next()
            values.add(self._word())
        self._expect(")")
        return frozenset(values)

    def _peek(self) -> str:
        return self._tokens[0] if self._tokens else ""

    def _next(self) -> str:
        if not self._tokens:
            raise self._wrong("it ends too early")
        token: str = self._tokens.pop(0)
        return token

    def _word(self) -> str:
        token = self._next()
        if token in ("=", "==", "!=", "!", "(", ")", ","):
            raise self._wrong(f"found '{token}', expected: identifier")
        return token

    def _expect(self, wanted: str) -> None:
        token = self._next()
        if token != wanted:
            raise self._wrong(f"found '{token}', expected: '{wanted}'")

    def _wrong(self, why: str) -> BadRequest:
        return BadRequest(f'unable to parse requirement: {why} in "{self._text}"')
