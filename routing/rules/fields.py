"""Parts of rules that have a shape of their own in a resource: one dataclass says how both are read and
written. Pure.

A field's name is the request's; Istio's is the same in camel case unless `wire` says otherwise, and a name
that Python keeps for itself ends in `_` here only. A `wire` with dots, such as `port.number`, lies in an
object of its own there. What a dataclass does not name is not the rule's: rendering onto what is there leaves
it.
"""

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar, Final, Protocol

from routing import durations
from routing.rules import codec as codecs
from routing.rules import leaves
from routing.rules.codec import Codec, Object, camel, placed
from routing.rules.reader import Reader, listed
from routing.rules.shape import Check, Field, ListOf, MapOf, Shape, asked, nothing_to_check

MAX_ITEMS: Final = 100
MAX_INT32: Final = 2**31 - 1
MAX_UINT32: Final = 2**32 - 1
LONGEST: Final = 10_000 * 3_600 * durations.SECOND
_MEMBER: Final = "member"


class Clear(Enum):
    """What a request says with null: the part is to go."""

    CLEAR = "clear"


CLEAR: Final = Clear.CLEAR


class Part(Protocol):
    """A frozen dataclass whose fields are made by this module."""

    __dataclass_fields__: ClassVar[dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Member:
    """How requests have a field, how a resource has it, and where there."""

    field: Field
    codec: Codec
    wire: str


def shape(cls: type[Part], check: Check = nothing_to_check) -> Shape:
    """How requests have a part."""
    return Shape(cls, {name: member.field for name, member in _members(cls).items()}, check)


def codec(cls: type[Part]) -> Object:
    """How a resource has a part."""
    members = _members(cls)
    wires = {name: member.wire or camel(asked(name)) for name, member in members.items()}
    by_name = {name: member.codec for name, member in members.items()}
    return Object(placed(by_name, **wires), lambda found: cls(**found), _given)


def whole(least: int = 0, most: int = MAX_INT32, wire: str = "") -> Any:
    """A whole number."""
    return _member(leaves.whole(least, most), codecs.of(int), wire)


def number(least: float, most: float) -> Any:
    """A number, whole or not."""
    return _member(leaves.number(least, most), codecs.NUMBER)


def flag(wire: str = "") -> Any:
    """True or false."""
    return _member(leaves.FLAG, codecs.of(bool), wire)


def duration(least: int = durations.MILLISECOND, wire: str = "") -> Any:
    """A duration such as 2s; `least` in nanoseconds."""
    return _member(leaves.duration("duration", least, LONGEST), codecs.DURATION, wire)


def choice(*words: str, wire: str = "") -> Any:
    """One of some words."""
    return _member(leaves.one_of(words), codecs.of(str), wire)


def text(is_one: Callable[[str], bool], what: str, wire: str = "") -> Any:
    """Text on one line; `what` it has to be, in words, such as `a host`."""
    return _member(leaves.fit(is_one, what), codecs.of(str), wire)


def texts(is_one: Callable[[str], bool], what: str, wire: str = "") -> Any:
    """Several texts, each once."""
    return _member(ListOf(leaves.fit(is_one, what), MAX_ITEMS, 1, "text"), codecs.TEXTS, wire)


def mapping(key: Field, item: Field, type_: type[Any], wire: str = "") -> Any:
    """An object of names and values."""
    return _member(MapOf(key, item, MAX_ITEMS, 1), codecs.map_of(type_), wire)


def labels(wire: str = "") -> Any:
    """Labels of pods."""
    return mapping(leaves.LABEL_NAME, leaves.LABEL_VALUE, str, wire)


def nested(cls: type[Part], wire: str = "", check: Check = nothing_to_check) -> Any:
    """Another part."""
    return _member(shape(cls, check), codec(cls), wire)


def each(cls: type[Part], *alike: Callable[[Any], object], check: Check = nothing_to_check) -> Any:
    """Several parts, in order; by what is `alike`, each is known again in the resource."""
    listed = codecs.ListOf(codec(cls), alike, type=tuple, empty=cls)
    return _member(ListOf(shape(cls, check), MAX_ITEMS, 1), listed)


def _member(field: Field, codec: Codec, wire: str = "") -> Any:
    return dataclasses.field(default=None, metadata={_MEMBER: Member(field, codec, wire)})


def one_of(reader: Reader, part: Part, field: str, *names: str) -> None:
    """An error where more than one of these fields is given."""
    given = [name for name in names if getattr(part, name) is not None]
    if len(given) > 1:
        reader.error(field, f"{listed(given)} exclude each other; give one of them.")


def _members(cls: type[Part]) -> dict[str, Member]:
    return {name: field.metadata[_MEMBER] for name, field in cls.__dataclass_fields__.items()}


def _given(part: Part) -> dict[str, Any]:
    found = {name: getattr(part, name) for name in part.__dataclass_fields__}
    return {name: value for name, value in found.items() if value is not None}
