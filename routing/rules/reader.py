"""Reads untrusted values field by field, and collects what is wrong instead of ending at the first. Pure."""

import math
from collections.abc import Collection, Iterable, Mapping
from typing import Final

from cluster import refs
from routing import durations
from routing.rules.errors import FieldError

MIN_PERCENTAGE: Final = 0.0001
"""Envoy counts in millionths."""


class Reader:
    """Reads members of a request. Each method answers something of the type that it promises, even where it
    noted an error: whoever reads on looks at `errors` in the end.
    """

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def error(self, field: str, message: str) -> None:
        """Notes what is wrong with a field."""
        self.errors.append(FieldError(field, message))

    def members(self, value: object, field: str, known: Collection[str]) -> Mapping[str, object] | None:
        """The members of an object, none of which may be unknown; None when it is no object."""
        if not isinstance(value, Mapping):
            self.error(field, "This must be an object with " + listed(sorted(known)) + ".")
            return None
        for key in [key for key in value if key not in known][:10]:
            name = path_part(key)
            self.error(f"{field}.{name}".lstrip("."), f"Unknown; known are {listed(sorted(known))}.")
        return value

    def target(self, fields: Mapping[str, object], field: str) -> tuple[str, str]:
        """The namespace and the service that a rule is about."""
        return (
            self.name(fields.get("namespace"), f"{field}.namespace", "a namespace"),
            self.name(fields.get("service"), f"{field}.service", "a service"),
        )

    def name(self, value: object, field: str, what: str) -> str:
        """A DNS label; `what` says of what it is the name."""
        if value is None:
            self.error(field, f"The name of {what} is missing.")
        elif not isinstance(value, str) or not refs.is_dns_label(value):
            self.error(field, f"{quoted(value)} cannot be the name of {what}.")
        else:
            return value
        return ""

    def object_name(self, value: object, field: str, kind: str) -> str:
        """The name of an object: a DNS subdomain."""
        if isinstance(value, str) and refs.is_dns_subdomain(value):
            return value
        shown = f"{quoted(value)} cannot be the name of a {kind}."
        self.error(field, shown if value is not None else f"The name of the {kind} is missing.")
        return ""

    def version(self, value: object, field: str) -> str:
        """The name of a version: the value of a label."""
        if isinstance(value, str) and refs.is_label_value(value):
            return value
        shown = "The version is missing" if value is None else f"{quoted(value)} cannot be a version"
        self.error(field, f"{shown}.")
        return ""

    def port(self, value: object, field: str) -> int:
        """The number of a port."""
        if isinstance(value, bool) or not isinstance(value, int) or not 0 < value < 65536:
            self.error(field, f"{quoted(value)} is not the number of a port.")
            return 0
        return value

    def percentage(self, value: object, field: str) -> float:
        """A number above 0 and up to 100, in steps that Envoy can count."""
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

    def duration(self, value: object, field: str, *, what: str, least: int, most: int) -> str:
        """A duration such as `2s`, as `durations.render` writes it; `least` and `most` in nanoseconds, `what`
        it is in a word.
        """
        if not isinstance(value, str):
            shown = "A duration is missing" if value is None else f"{quoted(value)} is not a duration"
            self.error(field, f"{shown}; write 2s or 500ms.")
            return ""
        try:
            nanoseconds = durations.parse(value)
        except ValueError as error:
            self.error(field, str(error))
            return ""
        if nanoseconds < least:
            self.error(field, f'"{value}" is too short; the least {what} is {durations.render(least)}.')
        elif nanoseconds > most:
            self.error(field, f'"{value}" is too long; the greatest {what} is {most // 60_000_000_000}m.')
        elif nanoseconds % durations.MILLISECOND:
            self.error(field, f'"{value}" is finer than Istio takes; use whole milliseconds.')
        return durations.render(nanoseconds)


def quoted(value: object) -> str:
    """An untrusted value as it may stand in a message: short, on one line."""
    text = value if isinstance(value, str) else repr(value)
    plain = "".join(char if char.isprintable() else "?" for char in text[:60])
    shown = plain + ("…" if len(text) > 60 else "")
    return f'"{shown}"' if isinstance(value, str) else shown


def path_part(key: object) -> str:
    """An untrusted key as it may stand in a field's path."""
    return quoted(str(key)).strip('"')


def listed(words: Iterable[str]) -> str:
    """`a, b and c`."""
    found = list(words)
    return " and ".join([", ".join(found[:-1]), found[-1]] if len(found) > 1 else found)
