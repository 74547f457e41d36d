"""Files of YAML: many documents, and the line of each field. Pure.

The same refusals as `routing.yaml_io` (aliases, tags, duplicate keys, depth, size), with caps for whole
files. The events of libyaml are turned into values here in one pass: PyYAML's own constructor takes ten times
as long, and forgets where a value stood.
"""

import re
from array import array
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import yaml

from routing.yaml_io import YamlError, plain_words

MAX_FILE_BYTES: Final = 8 * 1024 * 1024
MAX_FILE_NODES: Final = 500_000
MAX_FILE_DEPTH: Final = 64
"""More than for one resource: definitions (CRD) that hold the schema of a pod come to more than 30 levels."""
Path: TypeAlias = tuple[str | int, ...]
"""The way to a field: keys of objects and indexes of lists."""

_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_CONSTANTS: Final[dict[str, Any]] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}
_INT: Final = re.compile(r"[-+]?(?:0|[1-9][0-9]*)")
_FLOAT: Final = re.compile(r"[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?")
_NUMERIC: Final = frozenset("-+.0123456789")


@dataclass(frozen=True, slots=True)
class Document:
    """One document of a file: its value, and the lines of its nodes in the order in which they stand.

    A value in an object counts as standing where its key does.
    """

    value: Any
    lines: "array[int]"

    def line(self, path: Sequence[str | int] = ()) -> int:
        """The line, counted from 1, of the field at a path; of what is nearest to it when there is none."""
        position, value = 0, self.value
        for step in path:
            found = _child(value, step)
            if found is None:
                break
            position, value = position + found[0], found[1]
        return self.lines[position]


def read_documents(text: str | bytes) -> Iterator[Document]:
    """The documents of a YAML or JSON file, in order; those without a value are left out.

    Raises YamlError, with the line, while iterating: what was yielded before is sound.
    """
    if len(text) > MAX_FILE_BYTES:
        raise YamlError(f"The file is larger than {MAX_FILE_BYTES // 1024**2} MiB.")
    with plain_words(text):
        decoded = text.decode("utf-8-sig") if isinstance(text, bytes) else text
        reading = _Reading()
        for event in yaml.parse(decoded, Loader=_LOADER):
            handler = _HANDLERS.get(type(event))
            if handler is not None:
                handler(reading, event)
            elif isinstance(event, yaml.DocumentEndEvent) and (document := reading.ended()) is not None:
                yield document


def _child(value: Any, step: str | int) -> tuple[int, Any] | None:
    """How many nodes after its parent a child stands, and the child."""
    if isinstance(value, dict) and step in value:
        names, children = list(value), list(value.values())
        index = names.index(step)
    elif isinstance(value, list) and isinstance(step, int) and step < len(value):
        index, children = step, value
    else:
        return None
    return 1 + sum(map(_size, children[:index])), children[index]


def _size(value: Any) -> int:
    if isinstance(value, dict):
        return 1 + sum(map(_size, value.values()))
    return 1 + sum(map(_size, value)) if isinstance(value, list) else 1


@dataclass(slots=True)
class _Open:
    """A container whose end has not come yet; `key` is the key that waits for its value."""

    value: dict[str, Any] | list[Any]
    key: str | None = None
    line: int = 0


@dataclass(slots=True)
class _Reading:
    """What was read of a file so far."""

    nodes: int = 0
    lines: "array[int]" = field(default_factory=lambda: array("I"))
    open: list[_Open] = field(default_factory=list)
    root: Any = None

    def scalar(self, event: yaml.ScalarEvent) -> None:
        line = self.node(event)
        top = self.open[-1] if self.open else None
        if top is not None and top.key is None and isinstance(top.value, dict):
            if event.value in top.value:
                raise YamlError(f"The key {event.value[:60]!r} stands here a second time.", line)
            top.key, top.line = event.value, line
        else:
            try:
                self.put(_scalar(event), line)
            except ValueError as error:  # more digits than Python converts (sys.get_int_max_str_digits)
                raise YamlError("A number is too long.", line) from error

    def start(self, event: yaml.CollectionStartEvent) -> None:
        line = self.node(event)
        top = self.open[-1] if self.open else None
        if top is not None and top.key is None and isinstance(top.value, dict):
            raise YamlError("A key must be plain text.", line)
        if len(self.open) >= MAX_FILE_DEPTH:
            raise YamlError(f"This is nested more than {MAX_FILE_DEPTH} levels deep.", line)
        value: dict[str, Any] | list[Any] = {} if isinstance(event, yaml.MappingStartEvent) else []
        self.put(value, line)
        self.open.append(_Open(value))

    def end(self, _event: yaml.CollectionEndEvent) -> None:
        self.open.pop()

    def alias(self, event: yaml.AliasEvent) -> None:
        raise YamlError("An alias (*name) is not accepted; write the value out.", _line(event))

    def node(self, event: yaml.NodeEvent) -> int:
        """Counts and checks a node. Returns its line."""
        line = _line(event)
        self.nodes += 1
        if self.nodes > MAX_FILE_NODES:
            raise YamlError(f"The file holds more than {MAX_FILE_NODES} values.", line)
        if event.anchor is not None:
            raise YamlError("An anchor (&name) is not accepted; write the value out.", line)
        if getattr(event, "tag", None) is not None:
            raise YamlError("A tag (!name) is not accepted.", line)
        return line

    def put(self, value: Any, line: int) -> None:
        """Puts a value where it belongs."""
        if not self.open:
            self.root = value
        elif isinstance(top := self.open[-1].value, list):
            top.append(value)
        else:
            waiting = self.open[-1]
            top[waiting.key or ""] = value
            line, waiting.key = waiting.line, None
        self.lines.append(line)

    def ended(self) -> Document | None:
        """The document that ended here, unless it has no value."""
        document = None if self.root is None else Document(self.root, self.lines)
        self.root, self.lines = None, array("I")
        return document


_HANDLERS: Final[dict[type[yaml.Event], Callable[[_Reading, Any], None]]] = {
    yaml.ScalarEvent: _Reading.scalar,
    yaml.MappingStartEvent: _Reading.start,
    yaml.SequenceStartEvent: _Reading.start,
    yaml.MappingEndEvent: _Reading.end,
    yaml.SequenceEndEvent: _Reading.end,
    yaml.AliasEvent: _Reading.alias,
}


def _line(event: yaml.Event) -> int:
    return event.start_mark.line + 1 if event.start_mark else 0


def _scalar(event: yaml.ScalarEvent) -> Any:
    """The value of a scalar: JSON's types when it is plain, else text."""
    text: str = event.value
    if not event.implicit[0]:
        return text
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] in _NUMERIC:
        if _INT.fullmatch(text):
            return int(text)
        if _FLOAT.fullmatch(text):
            return float(text)
    return text
