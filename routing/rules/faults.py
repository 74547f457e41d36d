"""Delays and aborts that are injected into the requests to a service, and taking them back. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from routing import durations
from routing.rules.reader import Reader, quoted
from routing.rules.word import Word, of_service

MAX_HEADER_VALUE: Final = 1024
MIN_DELAY: Final = durations.MILLISECOND
MAX_DELAY: Final = 600 * durations.SECOND
"""Longer than any caller waits; Istio itself has no upper bound."""
TOKEN: Final = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")
"""The characters of a header's name, in lower case (RFC 9110, 5.6.2)."""
NOT_HEADERS: Final = frozenset({"uri", "scheme", "method", "authority", "host"})
"""Names that Istio does not match among the headers, but as parts of the request."""


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


def _read(reader: Reader, value: Mapping[str, object], field: str) -> Fault:
    known = {"kind", "namespace", "service", "delay", "abort", "match"}
    fields = reader.members(value, field, known) or {}
    namespace, service = reader.target(fields, field)
    delay = _delay(reader, fields.get("delay"), f"{field}.delay")
    abort = _abort(reader, fields.get("abort"), f"{field}.abort")
    match = _match(reader, fields.get("match"), f"{field}.match")
    if fields.get("delay") is None and fields.get("abort") is None:
        reader.error(field, "A fault needs a delay, an abort or both.")
    return Fault(namespace, service, delay, abort, match)


def _delay(reader: Reader, value: object, field: str) -> Delay | None:
    if value is None:
        return None
    fields = reader.members(value, field, {"percentage", "fixed_delay"})
    if fields is None:
        return None
    percentage = reader.percentage(fields.get("percentage"), f"{field}.percentage")
    at = f"{field}.fixed_delay"
    return Delay(
        percentage,
        reader.duration(fields.get("fixed_delay"), at, what="delay", least=MIN_DELAY, most=MAX_DELAY),
    )


def _abort(reader: Reader, value: object, field: str) -> Abort | None:
    if value is None:
        return None
    fields = reader.members(value, field, {"percentage", "http_status"})
    if fields is None:
        return None
    percentage = reader.percentage(fields.get("percentage"), f"{field}.percentage")
    status = fields.get("http_status")
    if isinstance(status, bool) or not isinstance(status, int):
        reader.error(f"{field}.http_status", "This must be a status code, such as 503.")
        return None
    if not 200 <= status <= 599:
        reader.error(f"{field}.http_status", f"{quoted(status)} is outside 200 to 599.")
    return Abort(percentage, status)


def _match(reader: Reader, value: object, field: str) -> HeaderMatch | None:
    if value is None:
        return None
    fields = reader.members(value, field, {"header", "value"})
    if fields is None:
        return None
    header, text = fields.get("header"), fields.get("value")
    if not isinstance(header, str) or not header or not set(header.lower()) <= TOKEN or len(header) > 256:
        reader.error(f"{field}.header", f"{quoted(header)} cannot be the name of a header.")
    elif header.lower() in NOT_HEADERS:
        reader.error(f"{field}.header", f"{quoted(header)} is not matched as a header.")
    if not isinstance(text, str) or not text or not text.isprintable():
        reader.error(f"{field}.value", "The value must be text on one line, and not empty.")
    elif len(text) > MAX_HEADER_VALUE:
        reader.error(f"{field}.value", f"The value is longer than {MAX_HEADER_VALUE} characters.")
    return HeaderMatch(str(header).lower(), str(text))


def _write(rule: Fault) -> dict[str, Any]:
    written: dict[str, Any] = {"namespace": rule.namespace, "service": rule.service}
    if rule.delay:
        written["delay"] = {"percentage": rule.delay.percentage, "fixed_delay": rule.delay.fixed_delay}
    if rule.abort:
        written["abort"] = {"percentage": rule.abort.percentage, "http_status": rule.abort.http_status}
    if rule.match:
        written["match"] = {"header": rule.match.header, "value": rule.match.value}
    return written


def _read_clear(reader: Reader, value: Mapping[str, object], field: str) -> ClearFault:
    fields = reader.members(value, field, {"kind", "namespace", "service"}) or {}
    return ClearFault(*reader.target(fields, field))


def _write_clear(rule: ClearFault) -> dict[str, Any]:
    return {"namespace": rule.namespace, "service": rule.service}


FAULT: Final = Word("fault", Fault, _read, _write, of_service("fault"))
CLEAR_FAULT: Final = Word("clear_fault", ClearFault, _read_clear, _write_clear, of_service("fault"))
