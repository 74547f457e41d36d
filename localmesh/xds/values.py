"""Single values of Istio's API, checked and put into Envoy's form.

Envoy refuses a whole update for one bad value, so nothing may pass here that Envoy would not take. What
cannot be used raises `Unusable` with its field and a reason in plain words.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from typing import Any

import re2

Json = dict[str, Any]
Object = Mapping[str, Any]

_DURATION = re.compile(r"(\d+(?:\.\d+)?)(h|ms|m|s|us|µs|ns)")
_SECONDS = {
    "h": Decimal(3600),
    "m": Decimal(60),
    "s": Decimal(1),
    "ms": Decimal("0.001"),
    "us": Decimal("0.000001"),
    "µs": Decimal("0.000001"),
    "ns": Decimal("0.000000001"),
}
#: A century: Envoy's own limit is further away, and nobody means it.
_LONGEST = Decimal(3_155_760_000)
_HEADER = re.compile(r":?[!#$&'*+\-.^_`|~0-9A-Za-z]+\Z")
_UNPRINTABLE = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
#: Percentages are rendered in millionths, as Istio does: finer than 0.0001 % nobody can see.
_MILLIONTHS_PER_PERCENT = 10_000
_REGEX_LIMIT = 1_024


@dataclass(frozen=True, slots=True)
class Problem:
    """Something that is not acted on: the field's path, and why, in plain words.

    `conflict` means that another resource has taken its place; `code` is the Gateway API's own reason, where
    it has one.
    """

    path: str
    reason: str
    conflict: bool = False
    code: str = ""


class Unusable(Exception):  # noqa: N818  a value is unusable; nothing has gone wrong here
    """A value that Envoy would not take, at its field."""

    def __init__(self, path: str, reason: str) -> None:
        super().__init__(f"{path}: {reason}")
        self.problem = Problem(path, reason)


def duration(value: object, path: str, *, least: str = "0") -> str:
    """Envoy's form (`1.5s`) of a duration such as `7s`, `500ms` or `1m30s`; at least `least` seconds."""
    text = str(value)
    parts = _DURATION.findall(text)
    if not parts or "".join(number + unit for number, unit in parts) != text:
        raise Unusable(path, f"{text!r} is not a duration such as 1.5s, 500ms or 2m")
    seconds = sum((Decimal(number) * _SECONDS[unit] for number, unit in parts), Decimal(0))
    if seconds < Decimal(least):
        raise Unusable(path, f"{text!r} is too short: at least {least}s")
    if seconds > _LONGEST:
        raise Unusable(path, f"{text!r} is too long")
    digits = f"{seconds:.9f}".rstrip("0").rstrip(".")
    return f"{digits}s"


def percentage(value: object, path: str) -> Json:
    """Envoy's fraction for a percentage from 0 to 100; None means nobody, as in Istio."""
    try:
        percent = Decimal(str(0 if value is None else value))
    except InvalidOperation:
        raise Unusable(path, f"{value!r} is not a number") from None
    if not 0 <= percent <= 100:
        raise Unusable(path, f"{value} is not between 0 and 100")
    return {"numerator": round(percent * _MILLIONTHS_PER_PERCENT), "denominator": "MILLION"}


def integer(value: object, path: str, low: int, high: int) -> int:
    """A whole number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value != int(value):
        raise Unusable(path, f"{value!r} is not a whole number")
    if not low <= value <= high:
        raise Unusable(path, f"{value} is not between {low} and {high}")
    return int(value)


def number(value: object, path: str, low: float, high: float) -> float:
    """A number within bounds."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise Unusable(path, f"{value!r} is not a number")
    if not low <= value <= high:
        raise Unusable(path, f"{value} is not between {low:g} and {high:g}")
    return float(value)


def text(value: object, path: str) -> str:
    """A string that may stand in a header or a path."""
    if not isinstance(value, str):
        raise Unusable(path, f"{value!r} is not a string")
    if _UNPRINTABLE.search(value):
        raise Unusable(path, "it contains a control character")
    return value


def regex(value: object, path: str) -> Json:
    """An RE2 expression that Envoy compiles and matches against the whole value."""
    pattern = text(value, path)
    if not pattern:
        raise Unusable(path, "it is empty")
    if len(pattern) > _REGEX_LIMIT:
        raise Unusable(path, f"the expression is longer than {_REGEX_LIMIT} characters")
    options = re2.Options()
    options.log_errors = False
    try:
        re2.compile(pattern, options)
    except re2.error as error:
        raise Unusable(path, f"{pattern!r} is not an RE2 expression: {_words(error)}") from error
    return {"regex": pattern}


def _words(error: Exception) -> str:
    first = error.args[0] if error.args else ""
    return first.decode(errors="replace") if isinstance(first, bytes) else str(first)


def is_presence(match: Object) -> bool:
    """Whether a StringMatch only asks that there is a value: it is empty, or Istio's `regex: "*"`."""
    return not any(key in match for key in ("exact", "prefix", "regex")) or match.get("regex") == "*"


def string_match(match: Object, path: str) -> Json:
    """Envoy's StringMatcher for a StringMatch that says what to compare with."""
    if "exact" in match:
        return {"exact": text(match["exact"], f"{path}.exact")}
    if "prefix" in match:
        return {"prefix": _non_empty(text(match["prefix"], f"{path}.prefix"), f"{path}.prefix")}
    return {"safe_regex": regex(match["regex"], f"{path}.regex")}


def _non_empty(value: str, path: str) -> str:
    if not value:
        raise Unusable(path, "an empty prefix matches everything; leave it out")
    return value


def header_name(value: str, path: str) -> str:
    """A header's name."""
    if not _HEADER.match(value):
        raise Unusable(path, f"{value!r} cannot be the name of a header")
    return value


def header_value(value: object, path: str) -> str:
    """A header's value to be set. A percent sign would make Envoy read a command operator, so it is
    refused.
    """
    plain = text(value, path)
    if "%" in plain:
        raise Unusable(path, "values with a percent sign (Envoy's command operators) are not programmed")
    return plain


def substitution_problem(pattern: str, substitution: str) -> str | None:
    r"""Why RE2 would refuse a substitution (`\1` for a group that the pattern has not); None when it would
    not.
    """
    groups = re2.compile(pattern).groups
    for escape in re.findall(r"\\(.?)", substitution, re.DOTALL):
        if escape == "\\":
            continue
        if not escape.isdigit():
            return f"\\{escape} is neither a group such as \\1 nor an escaped backslash"
        if int(escape) > groups:
            return f"\\{escape} names a group that the expression has not"
    return None


def base64_text(value: object, path: str) -> str:
    """Bytes in base64, as protobuf's JSON has them."""
    try:
        base64.b64decode(str(value), validate=True)
    except ValueError as error:
        raise Unusable(path, f"it is not base64: {error}") from error
    return str(value)
