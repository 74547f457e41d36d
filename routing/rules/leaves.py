"""The single values of HTTP rules: texts, numbers, durations, hosts, headers. Pure.

Sources: RFC 9110 (headers, methods), https://istio.io/latest/docs/reference/config/networking/virtual-service/
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from cluster import refs
from routing import durations, expressions
from routing.rules.checks import is_dns_name, is_token
from routing.rules.reader import Reader, listed, quoted

NOT_HEADERS: Final = frozenset({"uri", "scheme", "method", "authority", "host"})
"""Names that Istio does not match among the headers, but as parts of the request."""
MAX_TEXT: Final = 1024
MAX_HEADER_VALUE: Final = 4096
MAX_DURATION: Final = 24 * 3600 * durations.SECOND
_ROUTE_NAME: Final = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9._ ]*[A-Za-z0-9])?")
_COMMANDS: Final = re.compile(r"%%|%[A-Z][A-Z0-9_]*(\([^()%]*\))?(:[0-9]+)?%")
RESERVED: Final = "meshui-fault-"
"""How the names of the copies begin that a fault for some requests adds."""


@dataclass(frozen=True)
class Leaf:
    """A value that is written as it is kept."""

    read: Callable[[Reader, object, str], Any]

    def write(self, value: Any) -> Any:
        """The value itself."""
        return value


def text(most: int = MAX_TEXT, *, lines: bool = False, empty: bool = False) -> Leaf:
    """Printable text of at most `most` characters; `lines`: it may have several lines."""

    def read(reader: Reader, value: object, at: str) -> str:
        return checked_text(reader, value, at, most, lines=lines, empty=empty)

    return Leaf(read)


def checked_text(
    reader: Reader, value: object, at: str, most: int, *, lines: bool = False, empty: bool = False
) -> str:
    """The text, or an empty one where an error was noted."""
    allowed = "\n\t" if lines else ""
    if not isinstance(value, str):
        reader.error(at, f"{quoted(value)} is not text.")
    elif len(value) > most:
        reader.error(at, f"This has {len(value)} characters; at most {most} are allowed.")
    elif not value and not empty:
        reader.error(at, "This must not be empty.")
    elif not all(char.isprintable() or char in allowed for char in value):
        reader.error(
            at, "This must be printable text on one line, without line breaks or control characters."
        )
    else:
        return value
    return ""


def whole(least: int, most: int) -> Leaf:
    """A whole number within bounds."""

    def read(reader: Reader, value: object, at: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            reader.error(at, f"{quoted(value)} is not a whole number.")
            return 0
        if not least <= value <= most:
            reader.error(at, f"{quoted(value)} is outside {least} to {most}.")
        return value

    return Leaf(read)


def one_of(words: Collection[Any]) -> Leaf:
    """One of a few fixed words or numbers."""

    def read(reader: Reader, value: object, at: str) -> Any:
        if isinstance(value, bool) or not isinstance(value, str | int) or value not in words:
            reader.error(at, f"{quoted(value)} is none of {listed(map(str, words))}.")
        return value

    return Leaf(read)


def duration(what: str, least: int = durations.MILLISECOND, most: int = MAX_DURATION) -> Leaf:
    """A duration from 1 ms to a day, or within other bounds in nanoseconds; `what` it is, in a word."""
    return Leaf(partial(Reader.duration, what=what, least=least, most=most))


def number(least: float, most: float) -> Leaf:
    """A number, whole or not."""

    def read(reader: Reader, value: object, at: str) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float):
            reader.error(at, f"{quoted(value)} is not a number.")
        elif not least <= value <= most:
            reader.error(at, f"{quoted(value)} is outside {least:g} to {most:g}.")
        else:
            return float(value)
        return 0.0

    return Leaf(read)


def fit(is_one: Callable[[str], bool], what: str, most: int = MAX_TEXT) -> Leaf:
    """Text on one line that is something; `what` it has to be, in words, such as `a host`."""

    def read(reader: Reader, value: object, at: str) -> str:
        plain = isinstance(value, str) and 0 < len(value) <= most and value.isprintable()
        if not plain or not isinstance(value, str) or not is_one(value):
            reader.error(at, f"{quoted(value)} cannot be {what}.")
            return ""
        return value

    return Leaf(read)


def _flag(reader: Reader, value: object, at: str) -> bool:
    if not isinstance(value, bool):
        reader.error(at, f"{quoted(value)} must be true or false.")
    return value is True


def _host(reader: Reader, value: object, at: str) -> str:
    """A DNS name without any wildcard: where requests can be sent."""
    if isinstance(value, str) and "*" in value:
        reader.error(at, f"{quoted(value)} has a wildcard; requests can only be sent to one host.")
        return ""
    return str(_A_HOST.read(reader, value, at)).lower()


def _is_host(text: str) -> bool:
    """Whether this is a DNS name, in any case."""
    return text.isascii() and is_dns_name(text.lower())


def _is_authority(text: str) -> bool:
    """Whether this is a host as it stands in a request."""
    host, colon, port = text.partition(":")
    return _is_host(host) and (not colon or (port.isascii() and port.isdigit()))


def _is_gateway(text: str) -> bool:
    namespace, slash, name = text.rpartition("/")
    return refs.is_dns_subdomain(name) and (not slash or refs.is_dns_label(namespace))


def _header_name(reader: Reader, value: object, at: str) -> str:
    return str(WORD.read(reader, value, at)).lower()


def _matched_header(reader: Reader, value: object, at: str) -> str:
    name = _header_name(reader, value, at)
    if name in NOT_HEADERS:
        reader.error(at, f"{quoted(value)} is not matched as a header.")
    return name


def _header_value(reader: Reader, value: object, at: str) -> str:
    """A value that Envoy puts into a header: a percent sign in it begins a command."""
    found = checked_text(reader, value, at, MAX_HEADER_VALUE, empty=True)
    if "%" in _COMMANDS.sub("", found):
        reader.error(at, "A percent sign begins one of Envoy's commands here; write %% for the sign itself.")
    return found


def _path(reader: Reader, value: object, at: str) -> str:
    found = checked_text(reader, value, at, MAX_TEXT)
    if found and not found.startswith("/"):
        reader.error(at, f"{quoted(found)} is no path; a path begins with /.")
    return found


def _regex(reader: Reader, value: object, at: str) -> str:
    """A regular expression that Envoy takes."""
    found = checked_text(reader, value, at, expressions.LONGEST)
    try:
        expressions.compiled(found)
    except ValueError as refusal:
        reader.error(at, f"This is no regular expression of RE2: {quoted(str(refusal))}.")
    return found


def _label_value(reader: Reader, value: object, at: str) -> str:
    return "" if value == "" else str(_A_LABEL.read(reader, value, at))


def _gateway(reader: Reader, value: object, at: str) -> str:
    if isinstance(value, str) and _is_gateway(value):
        return value
    reader.error(at, f"{quoted(value)} is no gateway; write mesh, name or namespace/name.")
    return ""


def _route_name(reader: Reader, value: object, at: str) -> str:
    if not isinstance(value, str) or len(value) > 63 or not _ROUTE_NAME.fullmatch(value):
        told = "use up to 63 letters, digits, dots, dashes and spaces"
        reader.error(at, f"{quoted(value)} cannot be the name of a route; {told}.")
    elif value.startswith(RESERVED):
        reader.error(at, f"Names that begin with {RESERVED} are those of copies that faults make.")
    else:
        return value
    return ""


_A_HOST: Final = fit(_is_host, "the name of a host")
_A_LABEL: Final = fit(refs.is_label_value, "the value of a label")
FLAG: Final = Leaf(_flag)
PERCENTAGE: Final = Leaf(Reader.percentage)
PORT: Final = whole(1, 65535)
NAMESPACE: Final = fit(refs.is_dns_label, "the name of a namespace")
VERSION: Final = fit(refs.is_label_value, "a version")
HOST: Final = Leaf(_host)
AUTHORITY: Final = fit(_is_authority, "a host, with or without a port")
WORD: Final = fit(is_token, "the name of a header", 256)
"""The name of a header as it is sent to browsers, where its case is kept."""
HEADER_NAME: Final = Leaf(_header_name)
MATCHED_HEADER: Final = Leaf(_matched_header)
HEADER_VALUE: Final = Leaf(_header_value)
METHOD: Final = fit(is_token, "an HTTP method", 40)
PATH: Final = Leaf(_path)
REGEX: Final = Leaf(_regex)
LABEL_NAME: Final = fit(refs.is_label_key, "the name of a label")
LABEL_VALUE: Final = Leaf(_label_value)
GATEWAY: Final = Leaf(_gateway)
ROUTE_NAME: Final = Leaf(_route_name)
