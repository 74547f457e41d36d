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
from typing import Any, ClassVar, Final, Protocol, TypeAlias, TypeVar

from routing import durations
from routing.rules.reader import Reader, listed, quoted

MAX_TEXT: Final = 1024
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
Check: TypeAlias = Callable[[Reader, P, str], P | None]
"""Notes what is wrong with a part at a path; None when it is to stay as it is."""


def _same(value: Any) -> Any:
    return value


@dataclass(frozen=True, slots=True)
class Member:
    """How a field is read from a request (`read`) and written as one (`write`), rendered onto what stands in
    the resource (`render`) and taken from there (`take`; None for what the rule cannot say).
    """

    read: Callable[[Reader, object, str], Any]
    take: Callable[[Any], Any]
    write: Callable[[Any], Any] = _same
    render: Callable[[Any, Any], Any] = lambda value, _: value
    wire: str = ""


def read_part(
    reader: Reader, cls: type[P], value: object, field: str, check: Check[P] | None = None
) -> P | None:
    """A part of a request. `check` looks at what was read without an error, and may answer another in its
    place.
    """
    members = _members(cls)
    given = reader.members(value, field, [_asked(name) for name in members])
    if given is None:
        return None
    before = len(reader.errors)
    found = {}
    for name, member in members.items():
        asked = given.get(_asked(name))
        if asked is not None:
            found[name] = member.read(reader, asked, f"{field}.{_asked(name)}")
    part = cls(**found)
    if check is not None and len(reader.errors) == before:
        return check(reader, part, field) or part
    return part


def write_part(part: Part) -> dict[str, Any]:
    """A part as `read_part` reads it."""
    return {_asked(name): member.write(value) for name, member, value in _given(part)}


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

    def read(reader: Reader, value: object, field: str) -> int | None:
        if isinstance(value, bool) or not isinstance(value, int):
            reader.error(field, f"{quoted(value)} is not a whole number.")
        elif not least <= value <= most:
            reader.error(field, f"{quoted(value)} is outside {least} to {most}.")
        else:
            return value
        return None

    return member(Member(read, lambda value: value if _is_int(value) else None, wire=wire))


def number(least: float, most: float) -> Any:
    """A number, whole or not."""

    def read(reader: Reader, value: object, field: str) -> float | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            reader.error(field, f"{quoted(value)} is not a number.")
        elif not least <= value <= most:
            reader.error(field, f"{quoted(value)} is outside {least:g} to {most:g}.")
        else:
            return float(value)
        return None

    def take(value: Any) -> float | None:
        return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None

    # Whole numbers as such: Kubernetes keeps 10.0 as 10, and would seem to have changed it.
    return member(Member(read, take, render=lambda value, _: int(value) if value == int(value) else value))


def flag(wire: str = "") -> Any:
    """True or false."""

    def read(reader: Reader, value: object, field: str) -> bool | None:
        if isinstance(value, bool):
            return value
        reader.error(field, f"{quoted(value)} is neither true nor false.")
        return None

    return member(Member(read, lambda value: value if isinstance(value, bool) else None, wire=wire))


def duration(least: int = durations.MILLISECOND, wire: str = "") -> Any:
    """A duration such as 2s; `least` in nanoseconds."""

    def read(reader: Reader, value: object, field: str) -> str:
        return reader.duration(value, field, what="duration", least=least, most=LONGEST)

    def take(value: Any) -> str | None:
        try:
            return durations.render(durations.parse(value)) if isinstance(value, str) else None
        except ValueError:
            return None

    return member(Member(read, take, wire=wire))


def choice(*words: str, wire: str = "") -> Any:
    """One of some words."""

    def read(reader: Reader, value: object, field: str) -> str | None:
        if isinstance(value, str) and value in words:
            return value
        *others, last = words
        reader.error(field, f"{quoted(value)} is none of {', '.join(others)} and {last}.")
        return None

    return member(Member(read, lambda value: value if value in words else None, wire=wire))


def text(is_one: Callable[[str], bool], what: str, wire: str = "") -> Any:
    """Text on one line; `what` it has to be, in words, such as `a host`."""

    def read(reader: Reader, value: object, field: str) -> str | None:
        return read_text(reader, value, field, is_one, what)

    return member(Member(read, lambda value: value if isinstance(value, str) and value else None, wire=wire))


def texts(is_one: Callable[[str], bool], what: str, wire: str = "") -> Any:
    """Several texts, each once."""

    def read(reader: Reader, value: object, field: str) -> tuple[str, ...]:
        items = read_list(reader, value, field)
        found = [
            read_text(reader, item, f"{field}[{index}]", is_one, what) for index, item in enumerate(items)
        ]
        for index, item in enumerate(found):
            if item is not None and item in found[:index]:
                reader.error(f"{field}[{index}]", f"{quoted(item)} stands here twice.")
        return tuple(item for item in found if item is not None)

    def take(value: Any) -> tuple[str, ...] | None:
        return tuple(str(item) for item in value) if isinstance(value, list) and value else None

    return member(Member(read, take, list, lambda value, _: list(value), wire))


def mapping(
    read_value: Callable[[Reader, object, object, str], Any], type_: type[Any], wire: str = ""
) -> Any:
    """An object of names and values; `read_value` reads one by its name, its value and the path of all."""

    def read(reader: Reader, value: object, field: str) -> dict[str, Any]:
        if not isinstance(value, Mapping) or not 0 < len(value) <= MAX_ITEMS:
            reader.error(field, f"This must be an object of 1 to {MAX_ITEMS} members.")
            return {}
        return {str(key): read_value(reader, key, item, field) for key, item in value.items()}

    def take(value: Any) -> dict[str, Any] | None:
        if not isinstance(value, Mapping) or not value:
            return None
        return {str(key): item for key, item in value.items() if isinstance(item, type_)}

    return member(Member(read, take, dict, lambda value, _: dict(value), wire))


def nested(cls: type[P], wire: str = "", check: Check[P] | None = None) -> Any:
    """Another part."""

    def read(reader: Reader, value: object, field: str) -> P | None:
        return read_part(reader, cls, value, field, check)

    return member(Member(read, lambda value: take_part(cls, value), write_part, render_part, wire))


def each(
    cls: type[P],
    key: Callable[[Mapping[str, Any]], object],
    wire: str = "",
    check: Check[P] | None = None,
    loose: Callable[[Mapping[str, Any]], object] | None = None,
) -> Any:
    """Several parts, in order; by its `key`, else by a `loose` one, each is known again in the resource."""

    def read(reader: Reader, value: object, field: str) -> tuple[P, ...]:
        found = []
        for index, item in enumerate(read_list(reader, value, field)):
            part = read_part(reader, cls, item, f"{field}[{index}]", check)
            found += [part] if part is not None else []
        return tuple(found)

    def take(value: Any) -> tuple[P, ...] | None:
        if not isinstance(value, list) or not value:
            return None
        found = (take_part(cls, item) for item in value)
        return tuple(item for item in found if item is not None)

    def render(value: tuple[P, ...], live: Any) -> list[dict[str, Any]]:
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

    return member(Member(read, take, lambda value: [write_part(part) for part in value], render, wire))


def read_list(reader: Reader, value: object, field: str) -> list[object]:
    """A list of at least one item."""
    if not isinstance(value, list) or not 0 < len(value) <= MAX_ITEMS:
        reader.error(field, f"This must be a list of 1 to {MAX_ITEMS} items.")
        return []
    return value


def read_text(
    reader: Reader, value: object, field: str, is_one: Callable[[str], bool], what: str
) -> str | None:
    """Text on one line that is something."""
    plain = isinstance(value, str) and 0 < len(value) <= MAX_TEXT and value.isprintable()
    if not plain or not isinstance(value, str) or not is_one(value):
        reader.error(field, f"{quoted(value)} cannot be {what}.")
        return None
    return value


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


def _asked(name: str) -> str:
    return name.rstrip("_")


def _path(name: str, found: Member) -> list[str]:
    """Where a field stands in the resource."""
    if found.wire:
        return found.wire.split(".")
    first, *rest = _asked(name).split("_")
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
