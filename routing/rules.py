"""The rules that a person can ask for, typed, and read from untrusted input. Pure.

    Split       weights over the versions of a service, in whole percent
    Fault       a delay, an abort or both, for everyone or for requests with a header
    ClearFault  takes back the fault that meshui set

Every rule is about one service. What becomes of it in the mesh is `routing.istio`'s business.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from cluster import refs
from routing import durations

MAX_RULES: Final = 20
MAX_VERSIONS: Final = 20
MAX_NOTE: Final = 500
MAX_HEADER_VALUE: Final = 1024
MIN_DELAY: Final = durations.MILLISECOND
MAX_DELAY: Final = 600 * durations.SECOND
"""Longer than any caller waits; Istio itself has no upper bound."""
MIN_PERCENTAGE: Final = 0.0001
"""Envoy counts in millionths."""
TOKEN: Final = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")
"""The characters of a header's name, in lower case (RFC 9110, 5.6.2)."""
NOT_HEADERS: Final = frozenset({"uri", "scheme", "method", "authority", "host"})
"""Names that Istio does not match among the headers, but as parts of the request."""


@dataclass(frozen=True, slots=True)
class Split:
    """Weights in whole percent by version; versions that are not named get none."""

    namespace: str
    service: str
    weights: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Delay:
    """A fixed delay (such as `2s`) before `percentage` (0-100) of the requests."""

    percentage: float
    fixed_delay: str


@dataclass(frozen=True, slots=True)
class Abort:
    """An answer with `http_status` in the place of `percentage` (0-100) of the requests."""

    percentage: float
    http_status: int


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """Requests whose header (in lower case) has exactly this value."""

    header: str
    value: str


@dataclass(frozen=True, slots=True)
class Fault:
    """A delay, an abort or both on the requests to a service; without a match, on everyone's."""

    namespace: str
    service: str
    delay: Delay | None = None
    abort: Abort | None = None
    match: HeaderMatch | None = None


@dataclass(frozen=True, slots=True)
class ClearFault:
    """No fault of meshui's on the requests to a service."""

    namespace: str
    service: str


Rule: TypeAlias = Split | Fault | ClearFault


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field; `field` is a path such as `rules[0].weights`."""

    field: str
    message: str


class RulesError(ValueError):
    """Input that is no set of rules; `errors` names each field."""

    def __init__(self, errors: Sequence[FieldError]) -> None:
        self.errors = tuple(errors)
        super().__init__("; ".join(f"{error.field}: {error.message}" for error in self.errors))


@dataclass(frozen=True, slots=True)
class Request:
    """What a person asks for: rules, and why."""

    rules: tuple[Rule, ...]
    note: str


def parse_request(body: object) -> Request:
    """The rules and the note of a request body. Raises RulesError that name every wrong field."""
    reader = _Reader()
    fields = reader.members(body, "", {"rules", "note"})
    note = reader.note((fields or {}).get("note", ""))
    rules = reader.rules((fields or {}).get("rules")) if fields is not None else []
    if reader.errors:
        raise RulesError(reader.errors)
    return Request(tuple(rules), note)


def parse(rules: object) -> tuple[Rule, ...]:
    """Rules from a list of objects. Raises RulesError that name every wrong field."""
    return parse_request({"rules": rules}).rules


def to_json(rule: Rule) -> dict[str, Any]:
    """A rule as `parse` reads it."""
    target: dict[str, Any] = {"namespace": rule.namespace, "service": rule.service}
    if isinstance(rule, Split):
        return {"kind": "split", **target, "weights": dict(rule.weights)}
    if isinstance(rule, ClearFault):
        return {"kind": "clear_fault", **target}
    parts: dict[str, Any] = {}
    if rule.delay:
        parts["delay"] = {"percentage": rule.delay.percentage, "fixed_delay": rule.delay.fixed_delay}
    if rule.abort:
        parts["abort"] = {"percentage": rule.abort.percentage, "http_status": rule.abort.http_status}
    if rule.match:
        parts["match"] = {"header": rule.match.header, "value": rule.match.value}
    return {"kind": "fault", **target, **parts}


class _Reader:
    """Reads untrusted values field by field and collects what is wrong, rather than stopping at the first."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def error(self, field: str, message: str) -> None:
        self.errors.append(FieldError(field, message))

    def members(self, value: object, field: str, known: set[str]) -> Mapping[str, object] | None:
        if not isinstance(value, Mapping):
            self.error(field, "This must be an object with " + _list(sorted(known)) + ".")
            return None
        for key in [key for key in value if key not in known][:10]:
            name = path_part(key)
            self.error(f"{field}.{name}".lstrip("."), f"Unknown; known are {_list(sorted(known))}.")
        return value

    def note(self, value: object) -> str:
        if not isinstance(value, str) or not all(char.isprintable() or char == "\n" for char in value):
            self.error("note", "The note must be plain text.")
        elif len(value) > MAX_NOTE:
            self.error("note", f"The note has {len(value)} characters; at most {MAX_NOTE} are kept.")
        else:
            return value.strip()
        return ""

    def rules(self, value: object) -> list[Rule]:
        if not isinstance(value, list) or not value:
            self.error("rules", "This must be a list of at least one rule.")
            return []
        if len(value) > MAX_RULES:
            self.error("rules", f"{len(value)} rules are too many; at most {MAX_RULES} go into one plan.")
            return []
        found = [self.rule(item, f"rules[{index}]") for index, item in enumerate(value)]
        self.contradictions(found)
        return [rule for rule in found if rule is not None]

    def contradictions(self, rules: list[Rule | None]) -> None:
        seen: dict[tuple[bool, str, str], int] = {}
        for index, rule in enumerate(rules):
            if rule is None:
                continue
            about = (isinstance(rule, Split), rule.namespace, rule.service)
            first = seen.setdefault(about, index)
            if first != index:
                what = "weights" if isinstance(rule, Split) else "fault"
                message = f"rules[{first}] already sets the {what} of {rule.namespace}/{rule.service}."
                self.error(f"rules[{index}]", message)

    def rule(self, value: object, field: str) -> Rule | None:
        kind = value.get("kind") if isinstance(value, Mapping) else None
        readers = {"split": self.split, "fault": self.fault, "clear_fault": self.clear_fault}
        if not isinstance(value, Mapping):
            self.error(field, "A rule must be an object.")
            return None
        if not isinstance(kind, str) or kind not in readers:
            self.error(f"{field}.kind", "The kind must be split, fault or clear_fault.")
            return None
        return readers[kind](value, field)

    def split(self, value: object, field: str) -> Rule | None:
        fields = self.members(value, field, {"kind", "namespace", "service", "weights"}) or {}
        namespace, service = self.target(fields, field)
        weights = self.weights(fields.get("weights"), f"{field}.weights")
        return Split(namespace, service, weights)

    def clear_fault(self, value: object, field: str) -> Rule | None:
        fields = self.members(value, field, {"kind", "namespace", "service"}) or {}
        return ClearFault(*self.target(fields, field))

    def fault(self, value: object, field: str) -> Rule | None:
        known = {"kind", "namespace", "service", "delay", "abort", "match"}
        fields = self.members(value, field, known) or {}
        namespace, service = self.target(fields, field)
        delay = self.delay(fields.get("delay"), f"{field}.delay")
        abort = self.abort(fields.get("abort"), f"{field}.abort")
        match = self.match(fields.get("match"), f"{field}.match")
        if fields.get("delay") is None and fields.get("abort") is None:
            self.error(field, "A fault needs a delay, an abort or both.")
        return Fault(namespace, service, delay, abort, match)

    def target(self, fields: Mapping[str, object], field: str) -> tuple[str, str]:
        return (
            self.name(fields.get("namespace"), f"{field}.namespace", "a namespace"),
            self.name(fields.get("service"), f"{field}.service", "a service"),
        )

    def name(self, value: object, field: str, what: str) -> str:
        if value is None:
            self.error(field, f"The name of {what} is missing.")
        elif not isinstance(value, str) or not refs.is_dns_label(value):
            self.error(field, f"{quoted(value)} cannot be the name of {what}.")
        else:
            return value
        return ""

    def weights(self, value: object, field: str) -> dict[str, int]:
        if not isinstance(value, Mapping) or not value:
            self.error(field, 'This must be an object of versions and percentages, such as {"v1": 100}.')
            return {}
        if len(value) > MAX_VERSIONS:
            self.error(field, f"{len(value)} versions are too many; at most {MAX_VERSIONS} can be weighed.")
            return {}
        before = len(self.errors)
        for version, weight in value.items():
            self.weight(version, weight, field)
        total = sum(value.values()) if len(self.errors) == before else 100
        if total != 100:
            self.error(field, f"The weights add up to {total}; they must add up to 100.")
        return dict(value) if len(self.errors) == before else {}

    def weight(self, version: object, weight: object, field: str) -> None:
        at = f"{field}.{path_part(version)}"
        if not isinstance(version, str) or not refs.is_label_value(version):
            self.error(at, f"{quoted(version)} cannot be a version.")
        elif isinstance(weight, bool) or not isinstance(weight, int):
            self.error(at, f"{quoted(weight)} is not a whole number of percent.")
        elif not 0 <= weight <= 100:
            self.error(at, f"{quoted(weight)} is outside 0 to 100.")

    def delay(self, value: object, field: str) -> Delay | None:
        if value is None:
            return None
        fields = self.members(value, field, {"percentage", "fixed_delay"})
        if fields is None:
            return None
        percentage = self.percentage(fields.get("percentage"), f"{field}.percentage")
        return Delay(percentage, self.duration(fields.get("fixed_delay"), f"{field}.fixed_delay"))

    def abort(self, value: object, field: str) -> Abort | None:
        if value is None:
            return None
        fields = self.members(value, field, {"percentage", "http_status"})
        if fields is None:
            return None
        percentage = self.percentage(fields.get("percentage"), f"{field}.percentage")
        status = fields.get("http_status")
        if isinstance(status, bool) or not isinstance(status, int):
            self.error(f"{field}.http_status", "This must be a status code, such as 503.")
            return None
        if not 200 <= status <= 599:
            self.error(f"{field}.http_status", f"{quoted(status)} is outside 200 to 599.")
        return Abort(percentage, status)

    def percentage(self, value: object, field: str) -> float:
        # A whole number may be too large for a float: only floats are asked whether they are finite.
        finite = isinstance(value, int) or (isinstance(value, float) and math.isfinite(value))
        if isinstance(value, bool) or not isinstance(value, int | float) or not finite:
            self.error(field, "This must be a number of percent, such as 50 or 0.5.")
        elif not 0 <= value <= 100:
            self.error(field, f"{quoted(value)} is outside 0 to 100.")
        elif value < MIN_PERCENTAGE:
            self.error(field, f"{quoted(value)} % affects no request; the least is 0.0001.")
        else:
            return round(float(value), 4)
        return 0.0

    def duration(self, value: object, field: str) -> str:
        if not isinstance(value, str):
            shown = "A duration is missing" if value is None else f"{quoted(value)} is not a duration"
            self.error(field, f"{shown}; write 2s or 500ms.")
            return ""
        try:
            nanoseconds = durations.parse(value)
        except ValueError as error:
            self.error(field, str(error))
            return ""
        if nanoseconds < MIN_DELAY:
            self.error(field, f'"{value}" is too short; the least delay is 1ms.')
        elif nanoseconds > MAX_DELAY:
            self.error(field, f'"{value}" is too long; the greatest delay is {MAX_DELAY // 60_000_000_000}m.')
        return durations.render(nanoseconds)

    def match(self, value: object, field: str) -> HeaderMatch | None:
        if value is None:
            return None
        fields = self.members(value, field, {"header", "value"})
        if fields is None:
            return None
        header, text = fields.get("header"), fields.get("value")
        if not isinstance(header, str) or not header or not set(header.lower()) <= TOKEN or len(header) > 256:
            self.error(f"{field}.header", f"{quoted(header)} cannot be the name of a header.")
        elif header.lower() in NOT_HEADERS:
            self.error(f"{field}.header", f"{quoted(header)} is not matched as a header.")
        if not isinstance(text, str) or not text or not text.isprintable():
            self.error(f"{field}.value", "The value must be text on one line, and not empty.")
        elif len(text) > MAX_HEADER_VALUE:
            self.error(f"{field}.value", f"The value is longer than {MAX_HEADER_VALUE} characters.")
        return HeaderMatch(str(header).lower(), str(text))


def quoted(value: object) -> str:
    """An untrusted value as it may stand in a message: short, on one line."""
    text = value if isinstance(value, str) else repr(value)
    plain = "".join(char if char.isprintable() else "?" for char in text[:60])
    shown = plain + ("…" if len(text) > 60 else "")
    return f'"{shown}"' if isinstance(value, str) else shown


def path_part(key: object) -> str:
    """An untrusted key as it may stand in a field's path."""
    return quoted(str(key)).strip('"')


def _list(words: list[str]) -> str:
    return " and ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)
