"""Objects, lists and maps of requests, each described once for reading and for writing. Pure."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from routing.rules.reader import Reader, path_part, quoted


class Field(Protocol):
    """How one value is read from untrusted input and written again."""

    def read(self, reader: Reader, value: object, at: str) -> Any:
        """The typed value; anything where an error was noted."""

    def write(self, value: Any) -> Any:
        """The value in the form that `read` takes."""


Check: TypeAlias = Callable[[Reader, Any, str], Any]
"""Notes what is wrong with an object at a path; answers another in its place, or None."""


def nothing_to_check(_reader: Reader, _made: Any, _at: str) -> None:
    """A check that finds nothing."""


def same(value: Any) -> Any:
    """The value itself."""
    return value


@dataclass(frozen=True)
class Shape:
    """A dataclass and its members; those without a default are required.

    `check` looks at a whole object whose members are right. What equals its default is not written. A name
    that Python keeps for itself ends in `_` here only.
    """

    type: type[Any]
    members: Mapping[str, Field]
    check: Check = nothing_to_check

    def read(self, reader: Reader, value: object, at: str) -> Any:
        """The object; None where an error was noted."""
        before = len(reader.errors)
        fields = reader.members(value, at, [asked(name) for name in self.members])
        found = {} if fields is None else self.some(reader, fields, at)
        if fields is not None:
            for name in self._required() - set(found):
                reader.error(f"{at}.{asked(name)}", "This is missing.")
        if len(reader.errors) > before:
            return None
        made = self.type(**found)
        return self.check(reader, made, at) or made

    def some(self, reader: Reader, fields: Mapping[str, object], at: str) -> dict[str, Any]:
        """The members that stand in `fields`, each read."""
        return {
            name: member.read(reader, fields[asked(name)], f"{at}.{asked(name)}")
            for name, member in self.members.items()
            if fields.get(asked(name)) is not None
        }

    def write(self, value: Any) -> dict[str, Any]:
        """The object without what equals its default."""
        empty = {item.name: _default(item) for item in dataclasses.fields(self.type)}
        found = {name: getattr(value, name) for name in self.members}
        return {asked(name): self.members[name].write(v) for name, v in found.items() if v != empty[name]}

    def _required(self) -> set[str]:
        made = {item.name: item for item in dataclasses.fields(self.type)}
        return {name for name in self.members if _default(made[name]) is dataclasses.MISSING}


@dataclass(frozen=True)
class ListOf:
    """A list of `least` to `most` members, kept as a tuple; where each is there `once`, in a word what it is,
    no two have the same `key`.
    """

    item: Field
    most: int
    least: int = 0
    once: str = ""
    key: Callable[[Any], object] = same

    def read(self, reader: Reader, value: object, at: str) -> Any:
        """The members, read one by one."""
        if not isinstance(value, list | tuple):
            reader.error(at, f"This must be a list of {self.least} to {self.most} items.")
            return ()
        if not self.least <= len(value) <= self.most:
            many = f"{len(value)} are too {'few' if len(value) < self.least else 'many'}"
            reader.error(at, f"{many}; this must be a list of {self.least} to {self.most} items.")
            return ()
        before = len(reader.errors)
        found = tuple(self.item.read(reader, item, f"{at}[{index}]") for index, item in enumerate(value))
        if self.once and len(reader.errors) == before:
            self._refuse_twice(reader, [self.key(item) for item in found], at)
        return found

    def write(self, value: Any) -> list[Any]:
        """The members as a list."""
        return [self.item.write(item) for item in value]

    def _refuse_twice(self, reader: Reader, keys: list[object], at: str) -> None:
        for index, key in enumerate(keys):
            if key in keys[:index]:
                first = f"{at}[{keys.index(key)}]"
                reader.error(f"{at}[{index}]", f"This is here twice: it is the same {self.once} as {first}.")


@dataclass(frozen=True)
class MapOf:
    """An object with free keys; `key` reads each of them, and two may not be the same afterwards."""

    key: Field
    item: Field
    most: int
    least: int = 0

    def read(self, reader: Reader, value: object, at: str) -> Any:
        """The members, read one by one."""
        if not isinstance(value, Mapping):
            reader.error(at, f"This must be an object of {self.least} to {self.most} members.")
            return {}
        if not self.least <= len(value) <= self.most:
            many = f"{len(value)} members are too {'few' if len(value) < self.least else 'many'}"
            reader.error(at, f"{many}; this must be an object of {self.least} to {self.most} members.")
            return {}
        found: dict[str, Any] = {}
        for name, item in value.items():
            here = f"{at}.{path_part(name)}"
            key = self.key.read(reader, name, here)
            if key and key in found:
                reader.error(here, f"{quoted(name)} is here twice.")
            found[key] = self.item.read(reader, item, here)
        return found

    def write(self, value: Any) -> dict[str, Any]:
        """The members as an object."""
        return {name: self.item.write(item) for name, item in value.items()}


def not_empty(reader: Reader, made: Any, at: str) -> None:
    """Notes an error for an object of which every member has its default."""
    if all(getattr(made, item.name) == _default(item) for item in dataclasses.fields(made)):
        names = ", ".join(item.name for item in dataclasses.fields(made))
        reader.error(at, f"This says nothing; set at least one of {names}.")


def asked(name: str) -> str:
    """What requests call a member."""
    return name.rstrip("_")


def _default(field: "dataclasses.Field[Any]") -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default
