"""Delays and aborts that are injected into the requests to a service, and taking them back. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, TypeAlias

from routing.rules.http.matches import MATCH, Match
from routing.rules.injections import Abort, Delay, read_abort, read_delay, write_abort, write_delay
from routing.rules.leaves import MATCHED_HEADER
from routing.rules.reader import Reader
from routing.rules.word import Word, of_service

MAX_HEADER_VALUE: Final = 1024


@dataclass(frozen=True, slots=True)
class HeaderMatch:
    """Requests whose header (in lower case) has exactly this value."""

    header: str
    value: str


FaultMatch: TypeAlias = HeaderMatch | Match


@dataclass(frozen=True, slots=True)
class Fault:
    """A delay, an abort or both on the requests to a service; without a match, on everyone's."""

    namespace: str
    service: str
    delay: Delay | None = None
    abort: Abort | None = None
    match: FaultMatch | None = None


@dataclass(frozen=True, slots=True)
class ClearFault:
    """No fault of meshui's on the requests to a service."""

    namespace: str
    service: str


def read_match(reader: Reader, value: object, at: str) -> FaultMatch | None:
    """The requests that a fault is for: `{"header", "value"}`, or a match as routes have it."""
    if value is None:
        return None
    if isinstance(value, Mapping) and ("header" not in value and "value" not in value) and value:
        found: Match | None = MATCH.read(reader, value, at)
        return found
    return _header_match(reader, value, at)


def write_match(match: FaultMatch) -> dict[str, Any]:
    """A match as `read_match` takes it."""
    if isinstance(match, HeaderMatch):
        return {"header": match.header, "value": match.value}
    return MATCH.write(match)


def _read(reader: Reader, value: Mapping[str, object], field: str) -> Fault:
    known = {"kind", "namespace", "service", "delay", "abort", "match"}
    fields = reader.members(value, field, known) or {}
    namespace, service = reader.target(fields, field)
    delay = read_delay(reader, fields.get("delay"), f"{field}.delay")
    abort = read_abort(reader, fields.get("abort"), f"{field}.abort")
    match = read_match(reader, fields.get("match"), f"{field}.match")
    if fields.get("delay") is None and fields.get("abort") is None:
        reader.error(field, "A fault needs a delay, an abort or both.")
    return Fault(namespace, service, delay, abort, match)


def _header_match(reader: Reader, value: object, field: str) -> HeaderMatch | None:
    fields = reader.members(value, field, {"header", "value"})
    if fields is None:
        return None
    header, text = fields.get("header"), fields.get("value")
    name = MATCHED_HEADER.read(reader, header, f"{field}.header")
    if not isinstance(text, str) or not text or not text.isprintable():
        reader.error(f"{field}.value", "The value must be text on one line, and not empty.")
    elif len(text) > MAX_HEADER_VALUE:
        reader.error(f"{field}.value", f"The value is longer than {MAX_HEADER_VALUE} characters.")
    return HeaderMatch(name, str(text))


def _write(rule: Fault) -> dict[str, Any]:
    written: dict[str, Any] = {"namespace": rule.namespace, "service": rule.service}
    if rule.delay:
        written["delay"] = write_delay(rule.delay)
    if rule.abort:
        written["abort"] = write_abort(rule.abort)
    if rule.match:
        written["match"] = write_match(rule.match)
    return written


def _read_clear(reader: Reader, value: Mapping[str, object], field: str) -> ClearFault:
    fields = reader.members(value, field, {"kind", "namespace", "service"}) or {}
    return ClearFault(*reader.target(fields, field))


def _write_clear(rule: ClearFault) -> dict[str, Any]:
    return {"namespace": rule.namespace, "service": rule.service}


FAULT: Final = Word("fault", Fault, _read, _write, of_service("fault"))
CLEAR_FAULT: Final = Word("clear_fault", ClearFault, _read_clear, _write_clear, of_service("fault"))
