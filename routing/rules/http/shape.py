"""Objects, lists and maps of requests, each described once for reading and for writing. Pure."""

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from routing.rules.reader import Reader, path_part, quoted


class Field(Protocol):
    """How one value is read from untrusted input and written again."""

    def read(self, reader: Reader, value: object, at: str) -> Any:
        """The typed value; anything where an error was noted."""

    def write(self, value: Any) -> Any:
        """The value in the form that `read` takes."""


def nothing_to_check(_reader: Reader, _made: Any, _at: str) -> None:
    """A check that finds nothing."""


@dataclass(frozen=True)
class Shape:
    """A dataclass and its members; those without a default are required.

    `check` looks at a whole object whose members are right. What equals its default is not written.
    """

    type: type[Any]
    members: Mapping[str, Field]
    check: Callable[[Reader, Any, str], None] = nothing_to_check

    def read(self, reader: Reader, value: object, at: str) -> Any:
        """The object; None where an error was noted."""
        before = len(reader.errors)
        fields = reader.members(value, at, self.members)
        found = {} if fields is None else self.some(reader, fields, at)
        if fields is not None:
            for name in self._required() - set(found):
                reader.error(f"{at}.{name}", "This is missing.")
        if len(reader.errors) > before:
            return None
        made = self.type(**found)
        self.check(reader, made, at)
        return made

    def some(self, reader: Reader, fields: Mapping[str, object], at: str) -> dict[str, Any]:
        """The members that stand in `fields`, each read."""
        return {
            name: member.read(reader, fields[name], f"{at}.{name}")
            for name, member in self.members.items()
            if fields.get(name) is not None
        }

    def write(self, value: Any) -> dict[str, Any]:
        """The object without what equals its default."""
        empty = {item.name: _default(item) for item in dataclasses.fields(self.type)}
        found = {name: getattr(value, name) for name in self.members}
        return {name: self.members[name].write(v) for name, v in found.items() if v != empty[name]}

    def _required(self) -> set[str]:
        made = {item.name: item for item in dataclasses.fields(self.type)}
        return {name for name in self.members if _default(made[name]) is dataclasses.MISSING}


@dataclass(frozen=True)
class ListOf:
    """A list of at most `most` members, kept as a tuple."""

    item: Field
    most: int
    least: int = 0

    def read(self, reader: Reader, value: object, at: str) -> Any:
        """The members, read one by one."""
        if not isinstance(value, list | tuple):
            reader.error(at, "This must be a list.")
            return ()
        if not self.least <= len(value) <= self.most:
            reader.error(at, f"{len(value)} are too {'few' if len(value) < self.least else 'many'}; "
                         f"there can be {self.least} to {self.most}.")  # fmt: skip
            return ()
        return tuple(self.item.read(reader, item, f"{at}[{index}]") for index, item in enumerate(value))

    def write(self, value: Any) -> list[Any]:
        """The members as a list."""
        return [self.item.write(item) for item in value]


@dataclass(frozen=True)
class MapOf:
    """An object with free keys; `key` reads each of them, and two may not be the same afterwards."""

    key: Field
    item: Field
    most: int

    def read(self, reader: Reader, value: object, at: str) -> Any:
        """The members, read one by one."""
        if not isinstance(value, Mapping):
            reader.error(at, "This must be an object.")
            return {}
        if len(value) > self.most:
            reader.error(at, f"{len(value)} members are too many; there can be {self.most}.")
            return {}
        found: dict[str, Any] = {}
        for name, item in value.items():
            here = f"{at}.{path_part(name)}"
            key = self.key.read(reader, name, here)
            if key in found:
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


def _default(field: "dataclasses.Field[Any]") -> Any:
    if field.default_factory is not dataclasses.MISSING:
        return field.default_factory()
    return field.default
