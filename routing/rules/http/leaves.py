"""The single values of HTTP rules: texts, numbers, durations, hosts, headers. Pure.

Sources: RFC 9110 (headers, methods), https://istio.io/latest/docs/reference/config/networking/virtual-service/
"""

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass
from typing import Any, Final

import re2

from cluster import refs
from routing import durations
from routing.rules.reader import Reader, listed, quoted

TOKEN: Final = frozenset("!#$%&'*+-.^_`|~0123456789abcdefghijklmnopqrstuvwxyz")
"""The characters of a header's name, in lower case (RFC 9110, 5.6.2)."""
NOT_HEADERS: Final = frozenset({"uri", "scheme", "method", "authority", "host"})
"""Names that Istio does not match among the headers, but as parts of the request."""
MAX_REGEX: Final = 1024
MAX_TEXT: Final = 1024
MAX_HEADER_VALUE: Final = 4096
MAX_HOST: Final = 253
MAX_DURATION: Final = 24 * 3600 * durations.SECOND
_QUIET: Final = re2.Options()
_QUIET.log_errors = False
_ROUTE_NAME: Final = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9._ ]*[A-Za-z0-9])?")
_HOST_LABEL: Final = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9]{0,61}[A-Za-z0-9])?")
_LABEL_NAME: Final = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?")
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


def whole(least: int, most: int, example: int) -> Leaf:
    """A whole number within bounds."""

    def read(reader: Reader, value: object, at: str) -> int:
        if isinstance(value, bool) or not isinstance(value, int):
            reader.error(at, f"{quoted(value)} is not a whole number, such as {example}.")
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


def duration(what: str) -> Leaf:
    """A duration from 1 ms to a day; `what` it is, in a word."""

    def read(reader: Reader, value: object, at: str) -> str:
        return reader.duration(value, at, what=what, least=durations.MILLISECOND, most=MAX_DURATION)

    return Leaf(read)


def _flag(reader: Reader, value: object, at: str) -> bool:
    if not isinstance(value, bool):
        reader.error(at, f"{quoted(value)} must be true or false.")
    return value is True


def _percentage(reader: Reader, value: object, at: str) -> float:
    return reader.percentage(value, at)


def _namespace(reader: Reader, value: object, at: str) -> str:
    return reader.name(value, at, "a namespace")


def _version(reader: Reader, value: object, at: str) -> str:
    if not isinstance(value, str) or not refs.is_label_value(value):
        reader.error(at, f"{quoted(value)} cannot be a version.")
        return ""
    return value


def _host(reader: Reader, value: object, at: str) -> str:
    """A DNS name without any wildcard: where requests can be sent."""
    if isinstance(value, str) and "*" in value:
        reader.error(at, f"{quoted(value)} has a wildcard; requests can only be sent to one host.")
    elif not isinstance(value, str) or not is_host(value):
        reader.error(at, f"{quoted(value)} cannot be the name of a host.")
    else:
        return value.lower()
    return ""


def _authority(reader: Reader, value: object, at: str) -> str:
    """A host with or without a port, as it stands in a request."""
    host, _, port = value.partition(":") if isinstance(value, str) else ("", "", "")
    if not is_host(host) or (port and not port.isascii()) or (":" in str(value) and not port.isdigit()):
        reader.error(at, f"{quoted(value)} cannot be a host, with or without a port.")
        return ""
    return str(value)


def is_host(value: str) -> bool:
    """Whether this is a DNS name, without a wildcard."""
    return len(value) <= MAX_HOST and all(_HOST_LABEL.fullmatch(label) for label in value.split("."))


def _header_name(reader: Reader, value: object, at: str) -> str:
    if not isinstance(value, str) or not value or len(value) > 256 or not set(value.lower()) <= TOKEN:
        reader.error(at, f"{quoted(value)} cannot be the name of a header.")
        return ""
    return value.lower()


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


def _method(reader: Reader, value: object, at: str) -> str:
    if not isinstance(value, str) or not value or len(value) > 40 or not set(value.lower()) <= TOKEN:
        reader.error(at, f"{quoted(value)} cannot be an HTTP method.")
        return ""
    return value


def _word(reader: Reader, value: object, at: str) -> str:
    """The name of a header as it is sent to browsers, where its case is kept."""
    _header_name(reader, value, at)
    return str(value)


def _path(reader: Reader, value: object, at: str) -> str:
    found = checked_text(reader, value, at, MAX_TEXT)
    if found and not found.startswith("/"):
        reader.error(at, f"{quoted(found)} is no path; a path begins with /.")
    return found


def _regex(reader: Reader, value: object, at: str) -> str:
    """A regular expression that Envoy takes: RE2, which never takes long."""
    found = checked_text(reader, value, at, MAX_REGEX)
    if found:
        try:
            re2.compile(found, _QUIET)
        except re2.error as error:
            why = error.args[0] if error.args else ""
            told = why.decode(errors="replace") if isinstance(why, bytes) else str(why)
            reader.error(at, f"This is no regular expression of RE2: {quoted(told)}.")
    return found


def _label_name(reader: Reader, value: object, at: str) -> str:
    prefix, slash, name = value.rpartition("/") if isinstance(value, str) else ("", "", "")
    if not _LABEL_NAME.fullmatch(name) or (slash and not refs.is_dns_subdomain(prefix)):
        reader.error(at, f"{quoted(value)} cannot be the name of a label.")
        return ""
    return str(value)


def _label_value(reader: Reader, value: object, at: str) -> str:
    if value != "" and (not isinstance(value, str) or not refs.is_label_value(value)):
        reader.error(at, f"{quoted(value)} cannot be the value of a label.")
        return ""
    return str(value)


def _gateway(reader: Reader, value: object, at: str) -> str:
    """`mesh`, `name` or `namespace/name`."""
    namespace, slash, name = value.rpartition("/") if isinstance(value, str) else ("", "", "")
    if not refs.is_dns_subdomain(name) or (slash and not refs.is_dns_label(namespace)):
        reader.error(at, f"{quoted(value)} is no gateway; write mesh, name or namespace/name.")
        return ""
    return str(value)


def _route_name(reader: Reader, value: object, at: str) -> str:
    if not isinstance(value, str) or len(value) > 63 or not _ROUTE_NAME.fullmatch(value):
        told = "use up to 63 letters, digits, dots, dashes and spaces"
        reader.error(at, f"{quoted(value)} cannot be the name of a route; {told}.")
    elif value.startswith(RESERVED):
        reader.error(at, f"Names that begin with {RESERVED} are those of copies that faults make.")
    else:
        return value
    return ""


FLAG: Final = Leaf(_flag)
PERCENTAGE: Final = Leaf(_percentage)
PORT: Final = whole(1, 65535, 9080)
NAMESPACE: Final = Leaf(_namespace)
VERSION: Final = Leaf(_version)
HOST: Final = Leaf(_host)
AUTHORITY: Final = Leaf(_authority)
HEADER_NAME: Final = Leaf(_header_name)
MATCHED_HEADER: Final = Leaf(_matched_header)
HEADER_VALUE: Final = Leaf(_header_value)
METHOD: Final = Leaf(_method)
WORD: Final = Leaf(_word)
PATH: Final = Leaf(_path)
REGEX: Final = Leaf(_regex)
LABEL_NAME: Final = Leaf(_label_name)
LABEL_VALUE: Final = Leaf(_label_value)
GATEWAY: Final = Leaf(_gateway)
ROUTE_NAME: Final = Leaf(_route_name)
