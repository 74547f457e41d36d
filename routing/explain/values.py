"""Reads the parts of a manifest that may be anything, and says in plain words what cannot be used. Pure.

Nothing here raises for a manifest of the wrong shape: what is no list is an empty one. Only a value that
Istio or Envoy would refuse raises `Unusable`.
"""

from typing import Any

from routing import durations, expressions
from routing.rules import quoted
from routing.shapes import Fields, is_number, labels, mapping, mappings, text, texts, whole

__all__ = [
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


def expression(pattern: str) -> Any:
    """A compiled RE2 expression, as Envoy has it. Raises Unusable (with an empty path)."""
    if not pattern:
        raise Unusable("", "The expression is empty.")
    if len(pattern) > expressions.LONGEST:
        raise Unusable("", f"The expression is longer than {expressions.LONGEST} characters.")
    try:
        return expressions.compiled(pattern)
    except ValueError as error:
        raise Unusable("", f"{quoted(pattern)} is not an expression of RE2: {error}.") from error


def regex(value: object, path: str) -> Any:
    """A compiled RE2 expression, for the field at `path`. Raises Unusable."""
    if not isinstance(value, str):
        raise Unusable(path, f"{quoted(value)} is not text.")
    try:
        return expression(value)
    except Unusable as error:
        raise Unusable(path, error.reason) from None
