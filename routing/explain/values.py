"""Reads the parts of a manifest that may be anything, and says in plain words what cannot be used. Pure.

Nothing here raises for a manifest of the wrong shape: what is no list is an empty one. Only a value that
Istio or Envoy would refuse raises `Unusable`.
"""

from functools import lru_cache
from typing import Any, Final

import re2

from routing import durations
from routing.rules import quoted
from routing.shapes import Fields, is_number, labels, mapping, mappings, text, texts, whole

__all__ = [
    "MAX_REGEX",
    "Fields",
    "Unusable",
    "expression",
    "labels",
    "mapping",
    "mappings",
    "percentage",
    "regex",
    "seconds",
    "text",
    "texts",
    "whole",
]

MAX_REGEX: Final = 1024
"""The longest expression that Istio's validation lets through (pkg/config/validation)."""


class Unusable(Exception):  # noqa: N818  (a value is unusable; nothing has gone wrong here)
    """A value that keeps a rule from being used; `path` is its place below the rule, `reason` says why."""

    def __init__(self, path: str, reason: str) -> None:
        self.path, self.reason = path, reason
        super().__init__(f"{path}: {reason}" if path else reason)


def percentage(value: object, path: str) -> float:
    """A percentage as a ratio 0-1; nothing at all is 0, as it is for Istio. Raises Unusable."""
    if value is None:
        return 0.0
    if isinstance(value, bool) or not isinstance(value, int | float) or not is_number(value):
        raise Unusable(path, f"{quoted(value)} is not a number of percent.")
    if not 0 <= value <= 100:
        raise Unusable(path, f"{quoted(value)} is not between 0 and 100.")
    # Envoy counts in millionths.
    return round(value * 10_000) / 1_000_000


def seconds(value: object, path: str) -> float:
    """A duration such as `1.5s` in seconds. Raises Unusable."""
    if not isinstance(value, str):
        raise Unusable(path, f"{quoted(value)} is not a duration, such as 2s or 500ms.")
    try:
        return durations.parse(value) / durations.SECOND
    except ValueError as error:
        raise Unusable(path, str(error)) from error


@lru_cache(maxsize=4096)
def expression(pattern: str) -> Any:
    """A compiled RE2 expression, as Envoy has it. Raises Unusable (with an empty path)."""
    if not pattern:
        raise Unusable("", "The expression is empty.")
    if len(pattern) > MAX_REGEX:
        raise Unusable("", f"The expression is longer than {MAX_REGEX} characters.")
    options = re2.Options()
    options.log_errors = False
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        words = error.args[0] if error.args else ""
        told = words.decode(errors="replace") if isinstance(words, bytes) else str(words)
        raise Unusable("", f"{quoted(pattern)} is not an expression of RE2: {told}.") from error


def regex(value: object, path: str) -> Any:
    """A compiled RE2 expression, for the field at `path`. Raises Unusable."""
    if not isinstance(value, str):
        raise Unusable(path, f"{quoted(value)} is not text.")
    try:
        return expression(value)
    except (Unusable, UnicodeError) as error:
        reason = error.reason if isinstance(error, Unusable) else "The expression is not valid text."
        raise Unusable(path, reason) from None
