"""Parts of rules that have a shape of their own in a resource: one dataclass says how both are read and
written. Pure.

A field's name is the request's; Istio's is the same in camel case unless `wire` says otherwise, and a name
that Python keeps for itself ends in `_` here only. A `wire` with dots, such as `port.number`, lies in an
object of its own there. What a dataclass does not name is not the rule's: rendering onto what is there leaves
it.
"""

import copy
import dataclasses
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, ClassVar, Final, Protocol, TypeVar

from routing import durations
from routing.rules import leaves
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


P = TypeVar("P", bound=Part)


@dataclass(frozen=True, slots=True)
class Member:
    """How requests have a field (`field`), how it is rendered onto what stands in the resource (`render`) and
    taken from there (`take`; None for what the rule cannot say).
    """

    field: Field
    take: Callable[[Any], Any]
    render: Callable[[Any, Any], Any] = lambda value, _: value
    wire: str = ""


def shape(cls: type[Part], check: Check = nothing_to_check) -> Shape:
    """How requests have a part."""
    return Shape(cls, {name: member.field for name, member in _members(cls).items()}, check)


def render_part(part: Part, live: object = None) -> dict[str, Any]:
    """A part as it stands in a resource, on what stands there now: fields that it does not name stay."""
    base = live if isinstance(live, Mapping) else {}
    rendered = clear_part(type(part), base)
    for name, member, value in _given(part):
        path = _path(name, member)
        _put(rendered, path, member.render(value, _at(base, path)))
    return rendered


def take_part(cls: type[P], live: object) -> P | None:
    """What a resource says of a part; None when it says nothing."""
    if not isinstance(live, Mapping):
        return None
    members = _members(cls).items()
    return cls(**{name: member.take(_at(live, _path(name, member))) for name, member in members})


def clear_part(cls: type[Part], live: Mapping[str, Any]) -> dict[str, Any]:
    """What is left of an object in a resource without what a part names."""
    left = copy.deepcopy(dict(live))
    for name, member in _members(cls).items():
        _drop(left, _path(name, member))
    return left


def whole(least: int = 0, most: int = MAX_INT32, wire: str = "") -> Any:
    """A whole number."""
    read = leaves.whole(least, most)
    return member(Member(read, lambda value: value if _is_int(value) else None, wire=wire))


def number(least: float, most: float) -> Any:
    """A number, whole or not."""

    def take(value: Any) -> float | None:
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    # Whole numbers as such: Kubernetes keeps 10.0 as 10, and would seem to have changed it.
    render = lambda value, _: int(value) if value == int(value) else value  # noqa: E731
    return member(Member(leaves.number(least, most), take, render))


def flag(wire: str = "") -> Any:
    """True or false."""
    return member(Member(leaves.FLAG, lambda value: value if isinstance(value, bool) else None, wire=wire))


def duration(least: int = durations.MILLISECOND, wire: str = "") -> Any:
    """A duration such as 2s; `least` in nanoseconds."""

    def take(value: Any) -> str | None:
        try:
            return durations.render(durations.parse(value)) if isinstance(value, str) else None
        except ValueError:
            return None

    return member(Member(leaves.duration("duration", least, LONGEST), take, wire=wire))


def choice(*words: str, wire: str = "") -> Any:
    """One of some words."""
    return member(Member(leaves.one_of(words), lambda value: value if value in words else None, wire=wire))


def text(is_one: Callable[[str], bool], what: str, wire: str = "") -> Any:
    """Text on one line; `what` it has to be, in words, such as `a host`."""
    read = leaves.fit(is_one, what)
    return member(Member(read, lambda value: value if isinstance(value, str) and value else None, wire=wire))


def texts(is_one: Callable[[str], bool], what: str, wire: str = "") -> Any:
    """Several texts, each once."""

    def take(value: Any) -> tuple[str, ...] | None:
        return tuple(str(item) for item in value) if isinstance(value, list) and value else None

    read = ListOf(leaves.fit(is_one, what), MAX_ITEMS, least=1, once="text")
    return member(Member(read, take, lambda value, _: list(value), wire))


def mapping(key: Field, item: Field, type_: type[Any], wire: str = "") -> Any:
    """An object of names and values."""

    def take(value: Any) -> dict[str, Any] | None:
        if not isinstance(value, Mapping) or not value:
            return None
        return {str(key): item for key, item in value.items() if isinstance(item, type_)}

    return member(Member(MapOf(key, item, MAX_ITEMS, least=1), take, lambda value, _: dict(value), wire))


def labels(wire: str = "") -> Any:
    """Labels of pods."""
    return mapping(leaves.LABEL_NAME, leaves.LABEL_VALUE, str, wire)


def nested(cls: type[Part], wire: str = "", check: Check = nothing_to_check) -> Any:
    """Another part."""
    return member(Member(shape(cls, check), lambda value: take_part(cls, value), render_part, wire))


def each(
    cls: type[Part],
    key: Callable[[Mapping[str, Any]], object],
    wire: str = "",
    check: Check = nothing_to_check,
    loose: Callable[[Mapping[str, Any]], object] | None = None,
) -> Any:
    """Several parts, in order; by its `key`, else by a `loose` one, each is known again in the resource."""

    def take(value: Any) -> tuple[Part, ...] | None:
        if not isinstance(value, list) or not value:
            return None
        found = (take_part(cls, item) for item in value)
        return tuple(item for item in found if item is not None)

    def render(value: tuple[Part, ...], live: Any) -> list[dict[str, Any]]:
        left = [item for item in live if isinstance(item, Mapping)] if isinstance(live, list) else []
        plain = [render_part(part) for part in value]
        known: dict[int, Mapping[str, Any]] = {}
        for by in (key, loose or key):
            for index, item in enumerate(plain):
                same = next((one for one in left if by(one) == by(item)), None)
                if index not in known and same is not None:
                    known[index] = same
                    left = [one for one in left if one is not same]
        return [render_part(part, known.get(index)) for index, part in enumerate(value)]

    return member(Member(ListOf(shape(cls, check), MAX_ITEMS, least=1), take, render, wire))


def member(found: Member) -> Any:
    """A field of a part that is read and written so."""
    return dataclasses.field(default=None, metadata={_MEMBER: found})


def one_of(reader: Reader, part: Part, field: str, *names: str) -> None:
    """An error where more than one of these fields is given."""
    given = [name for name in names if getattr(part, name) is not None]
    if len(given) > 1:
        reader.error(field, f"{listed(given)} exclude each other; give one of them.")


def _members(cls: type[Part]) -> dict[str, Member]:
    return {name: field.metadata[_MEMBER] for name, field in cls.__dataclass_fields__.items()}


def _given(part: Part) -> list[tuple[str, Member, Any]]:
    found = [(name, member, getattr(part, name)) for name, member in _members(type(part)).items()]
    return [(name, member, value) for name, member, value in found if value is not None]


def _path(name: str, found: Member) -> list[str]:
    """Where a field stands in the resource."""
    if found.wire:
        return found.wire.split(".")
    first, *rest = asked(name).split("_")
    return [first + "".join(word[:1].upper() + word[1:] for word in rest)]


def _at(live: Any, path: Sequence[str]) -> Any:
    for name in path:
        live = live.get(name) if isinstance(live, Mapping) else None
    return live


def _put(live: dict[str, Any], path: Sequence[str], value: Any) -> None:
    first, *rest = path
    if rest:
        inner = live.get(first)
        live[first] = inner if isinstance(inner, dict) else {}
        _put(live[first], rest, value)
    else:
        live[first] = value


def _drop(live: dict[str, Any], path: Sequence[str]) -> None:
    """Takes a field away, and the object that it was alone in."""
    first, *rest = path
    inner = live.get(first)
    if rest and isinstance(inner, dict) and inner:
        _drop(inner, rest)
        if inner:
            return
    live.pop(first, None)


def _is_int(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)
