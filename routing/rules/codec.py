"""Between the form of rules and Istio's own, field by field, in both directions. Pure.

`decode` gives what a rule would say, and notes the paths of what no rule can say. `encode` writes what a rule
says over what was there: what means the same stays as it is written, and what no rule can say stays too.
"""

import copy
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any, Final, Protocol, TypeAlias

from routing import durations
from routing.rules.shape import same

Json: TypeAlias = Any
Path: TypeAlias = tuple[str, ...]


class _Absent:
    """What is not there: neither null nor empty."""


ABSENT: Final = _Absent()


class Codec(Protocol):
    """One field: `raw` is Istio's form, ABSENT where there is none, and so is the other."""

    def decode(self, raw: Any, at: str, lost: list[str]) -> Json:
        """What a rule would say; adds to `lost` the paths of what it cannot."""

    def encode(self, value: Json, old: Any) -> Any:
        """Istio's form of what a rule says, over what was there."""


@dataclass(frozen=True)
class Leaf:
    """A single value. `read` raises ValueError, TypeError or AttributeError for what it cannot take.

    `default` is what it means that nothing is there; so is what is `empty`.
    """

    read: Callable[[Any], Json] = same
    write: Callable[[Json], Any] = same
    default: Json = ABSENT
    empty: tuple[Any, ...] = ("", [])

    def decode(self, raw: Any, at: str, lost: list[str]) -> Json:
        """The value; ABSENT and noted where it cannot be read."""
        if raw is ABSENT or raw is None or raw in self.empty:
            return self.default
        try:
            return self.read(raw)
        except (ValueError, TypeError, AttributeError):
            lost.append(at)
            return ABSENT

    def encode(self, value: Json, old: Any) -> Any:
        """The value, as it was written (or not) where it means the same."""
        return old if means(self, old, value) else self.write(value)


@dataclass(frozen=True)
class Object:
    """An object: each of a rule's members stands at a path in Istio's. Empty, it is not there.

    `inward` and `outward` turn members into a rule's and back: where one depends on another, or the rule has
    them in a type of their own.
    """

    members: Mapping[str, tuple[Path, Codec]]
    inward: Callable[[dict[str, Json]], Json] = same
    outward: Callable[[Json], Mapping[str, Json]] = same

    def decode(self, raw: Any, at: str, lost: list[str]) -> Json:
        """The members that are there; ABSENT when there are none."""
        if raw is ABSENT or raw is None:
            return ABSENT
        if not isinstance(raw, Mapping):
            lost.append(at)
            return ABSENT
        lost += [joined(at, path) for path in _unknown(raw, [path for path, _ in self.members.values()])]
        found = {}
        for name, (path, codec) in self.members.items():
            value = codec.decode(_get(raw, path), joined(at, path), lost)
            if value is not ABSENT:
                found[name] = value
        return self.inward(found) or ABSENT

    def encode(self, value: Json, old: Any) -> Any:
        """All members as the rule has them; those that it does not have go."""
        return self.some(self.outward(value), old, self.members)

    def some(self, value: Mapping[str, Json], old: Any, names: Collection[str]) -> dict[str, Any]:
        """Only some of the members; the others stay as they are."""
        found: dict[str, Any] = copy.deepcopy(dict(old)) if isinstance(old, Mapping) else {}
        for name in names:
            path, codec = self.members[name]
            wanted, there = value.get(name, ABSENT), _get(found, path)
            if wanted is not ABSENT:
                made = codec.encode(wanted, there)
                if made is not ABSENT:
                    _put(found, path, made)
            elif codec.decode(there, "", []) is not ABSENT:
                _drop(found, path)
        return found

    def without(self, old: Any) -> dict[str, Any]:
        """What is left without any of the members."""
        return self.some({}, old, self.members)


@dataclass(frozen=True)
class ListOf:
    """A list, which a rule has as a `type`. A new member takes over what was there for the old one that is
    `alike` by the first of these, or else by the next, or else the one that stands at its place, where
    `by_place`. `empty` makes a member of which nothing can be said.
    """

    item: Codec
    alike: tuple[Callable[[Json], Any], ...] = (same,)
    by_place: bool = False
    type: Callable[[list[Any]], Any] = list
    empty: Callable[[], Any] = dict

    def decode(self, raw: Any, at: str, lost: list[str]) -> Json:
        """The members; ABSENT for an empty list."""
        if raw is ABSENT or raw is None or raw == []:
            return ABSENT
        if not isinstance(raw, list):
            lost.append(at)
            return ABSENT
        return self.type([self._member(item, f"{at}[{index}]", lost) for index, item in enumerate(raw)])

    def encode(self, value: Json, old: Any) -> list[Any]:
        """The members in the order of the rule, each over its old one."""
        olds: list[Any] = list(old) if isinstance(old, list) else []
        known = [self._member(item, "", []) for item in olds]
        taken: dict[int, int] = {}
        for by in self.alike:
            for index in (index for index in range(len(value)) if index not in taken):
                free = [at for at in range(len(olds)) if at not in taken.values()]
                found = next((at for at in free if by(known[at]) == by(value[index])), None)
                taken |= {} if found is None else {index: found}
        if self.by_place:
            left = set(range(len(olds))) - set(taken.values())
            taken |= {index: index for index in range(len(value)) if index not in taken and index in left}
        return [
            self.item.encode(item, olds[taken[index]] if index in taken else ABSENT)
            for index, item in enumerate(value)
        ]

    def _member(self, raw: Any, at: str, lost: list[str]) -> Json:
        item = self.item.decode(raw, at, lost)
        return self.empty() if item is ABSENT else item


@dataclass(frozen=True)
class MapOf:
    """An object with free keys, which a rule knows as `key` gives them."""

    item: Codec
    key: Callable[[str], str] = same

    def decode(self, raw: Any, at: str, lost: list[str]) -> Json:
        """The members; ABSENT when there are none."""
        if raw is ABSENT or raw is None or raw == {}:
            return ABSENT
        if not isinstance(raw, Mapping):
            lost.append(at)
            return ABSENT
        names, others = self._names(raw)
        lost += [f"{at}.{name}" for name in others]
        return {
            key: self.item.decode(_object(raw[name]), f"{at}.{name}", lost) for key, name in names.items()
        } or ABSENT

    def encode(self, value: Json, old: Any) -> dict[str, Any]:
        """The members that the rule has, under the names that they had, and those that no rule can say."""
        olds = old if isinstance(old, Mapping) else {}
        names, others = self._names(olds)
        kept = {name: copy.deepcopy(olds[name]) for name in others}
        return kept | {
            names.get(key, key): self.item.encode(item, olds.get(names.get(key, key), ABSENT))
            for key, item in value.items()
        }

    def _names(self, raw: Mapping[str, Any]) -> tuple[dict[str, str], list[str]]:
        """The name of each member that can be read, by its key, and the names of the others."""
        names: dict[str, str] = {}
        others: list[str] = []
        for name, item in raw.items():
            readable = self.item.decode(_object(item), "", []) is not ABSENT
            if readable and self.key(name) not in names:
                names[self.key(name)] = name
            else:
                others.append(name)
        return names, others


def of(*types: type) -> Leaf:
    """A single value of one of these types; true and false are no numbers."""
    return Leaf(lambda raw: _only(raw, types))


def map_of(kind: type) -> Leaf:
    """An object with free keys and values of a type, which is one value to a rule."""
    return Leaf(lambda raw: {str(key): _only(item, (kind,)) for key, item in raw.items()}, dict, empty=({},))


def number(raw: Any) -> float:
    """A number. Raises TypeError for anything else."""
    return float(_only(raw, (int, float)))


def plain(value: float) -> float:
    """A number as Kubernetes keeps it: 10.0 would come back as 10, and seem to have changed."""
    return int(value) if value == int(value) else value


def _only(raw: Any, types: tuple[type, ...]) -> Any:
    if not isinstance(raw, types) or (isinstance(raw, bool) and bool not in types):
        raise TypeError
    return raw


DURATION: Final = Leaf(lambda raw: durations.render(durations.parse(raw)))
NUMBER: Final = Leaf(number, plain)
TEXTS: Final = Leaf(lambda raw: tuple(_only(item, (str,)) for item in _only(raw, (list,))), list)


def means(codec: Codec, raw: Any, value: Json) -> bool:
    """Whether what is there says exactly this already."""
    lost: list[str] = []
    return bool(codec.decode(raw, "", lost) == value and not lost)


def placed(members: Mapping[str, Codec], **wires: str) -> dict[str, tuple[Path, Codec]]:
    """Each member at its place in Istio's form: by its name in camel case, unless `wires` says otherwise.

    A wire with dots, such as `port.number`, lies in an object of its own there.
    """
    return {name: (tuple(wires.get(name, camel(name)).split(".")), codec) for name, codec in members.items()}


def camel(name: str) -> str:
    """`httpStatus` for `http_status`."""
    first, *rest = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in rest)


def joined(at: str, path: Path) -> str:
    """A path below another one."""
    return ".".join(part for part in (at, *path) if part)


def _unknown(raw: Mapping[str, Any], known: Collection[Path]) -> list[Path]:
    found: list[Path] = []
    for name, value in raw.items():
        below = [path[1:] for path in known if path[0] == name]
        if not below or (all(below) and not isinstance(value, Mapping)):
            found.append((name,))
        elif all(below):
            found += [(name, *path) for path in _unknown(value, below)]
    return found


def _object(item: Any) -> Any:
    return {} if item is None else item


def _get(raw: Any, path: Path) -> Any:
    for name in path:
        if not isinstance(raw, Mapping) or name not in raw:
            return ABSENT
        raw = raw[name]
    return raw


def _put(raw: dict[str, Any], path: Path, value: Any) -> None:
    for name in path[:-1]:
        if not isinstance(raw.get(name), dict):
            raw[name] = {}
        raw = raw[name]
    raw[path[-1]] = value


def _drop(raw: dict[str, Any], path: Path) -> None:
    """Takes a member away, and what is empty without it."""
    inner = raw.get(path[0])
    if len(path) > 1 and isinstance(inner, dict):
        _drop(inner, path[1:])
        if inner:
            return
    raw.pop(path[0], None)
