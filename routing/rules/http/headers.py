"""What is done to the headers of requests and responses. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from routing.rules import leaves
from routing.rules.shape import ListOf, MapOf, Shape, not_empty

MAX_HEADERS: Final = 50


@dataclass(frozen=True, slots=True)
class HeaderOperations:
    """`set` replaces a header, `add` adds to it, `remove` takes it away."""

    set: Mapping[str, str] = field(default_factory=dict)
    add: Mapping[str, str] = field(default_factory=dict)
    remove: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Headers:
    """Operations on the headers of requests and of responses."""

    request: HeaderOperations | None = None
    response: HeaderOperations | None = None


_VALUES: Final = MapOf(leaves.HEADER_NAME, leaves.HEADER_VALUE, MAX_HEADERS)
_OPERATIONS: Final = Shape(
    HeaderOperations,
    {"set": _VALUES, "add": _VALUES, "remove": ListOf(leaves.HEADER_NAME, MAX_HEADERS)},
    not_empty,
)
HEADERS: Final = Shape(Headers, {"request": _OPERATIONS, "response": _OPERATIONS}, not_empty)
