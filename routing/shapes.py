"""Reads the parts of a manifest that may be anything. Pure.

Nothing here raises for a manifest of the wrong shape: what is no list is an empty one.
"""

from collections.abc import Mapping
from math import isfinite
from typing import Any, TypeAlias

Fields: TypeAlias = Mapping[str, Any]


def mapping(value: object) -> Mapping[str, Any]:
    """The value where it is an object, else an empty one."""
    return value if isinstance(value, Mapping) else {}


def mappings(value: object) -> list[Mapping[str, Any]]:
    """The objects of a list; what is none of them counts as an empty one, so that indexes stay true."""
    return [mapping(item) for item in value] if isinstance(value, list) else []


def texts(value: object) -> list[str]:
    """The texts of a list."""
    return [item for item in value if isinstance(item, str)] if isinstance(value, list) else []


def text(value: object) -> str:
    """The value where it is text, else an empty one."""
    return value if isinstance(value, str) else ""


def labels(value: object) -> dict[str, str]:
    """The texts of an object of texts, such as labels or headers to set."""
    return {str(name): each for name, each in mapping(value).items() if isinstance(each, str)}


def whole(value: object) -> int:
    """A whole number, 0 where there is none."""
    return int(value) if is_number(value) else 0  # type: ignore[call-overload]


def is_number(value: object) -> bool:
    """Whether a value is a finite number; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    # A whole number can be too large to be a float.
    return abs(value) < 1e300 and isfinite(value)
