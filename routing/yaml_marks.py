"""Where in a text each field of a YAML document stands, to tell what is wrong at its place. Pure."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, TypeAlias

import yaml

from routing import yaml_io

Path: TypeAlias = tuple[str | int, ...]
_LOADER: Final = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
"""libyaml's events are ten times as fast; what they stand for was read and checked by `yaml_io` before."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A place in a text; both count from 1."""

    line: int
    column: int


@dataclass(frozen=True, slots=True)
class Marked:
    """A value, and where its fields stand: a field of an object where its key does."""

    value: Any
    marks: Mapping[Path, Mark]

    def of(self, path: Sequence[str | int]) -> Mark:
        """The place of the field at a path; where there is none, of the nearest that encloses it."""
        steps = tuple(path)
        while steps not in self.marks and steps:
            steps = steps[:-1]
        return self.marks.get(steps, Mark(1, 1))


@dataclass(slots=True)
class _Open:
    """A collection that has not ended: `step` is the key or the index of the next value."""

    path: Path
    mapping: bool
    step: str | int | None = None
    mark: Mark = field(default=Mark(1, 1))


def read(text: str | bytes) -> Marked:
    """The value of one document and the places of its fields. Raises `yaml_io.YamlError`."""
    value = yaml_io.read(text)
    decoded = text.decode("utf-8") if isinstance(text, bytes) else text
    # libyaml refuses some that PyYAML takes, such as half a character.
    with yaml_io.plain_words(decoded):
        return Marked(value, dict(_marks(decoded)))


def of_json(text: str, value: Any) -> Marked:
    """The value that was read from a JSON text, with its places as far as the text is YAML as well."""
    try:
        return Marked(value, dict(_marks(text)))
    except yaml.YAMLError:
        return Marked(value, {})


def path_text(path: Sequence[str | int]) -> str:
    """A path as the differences of a plan write it: `spec.http[0].match[0].headers["a.b"]`."""
    written = ""
    for step in path:
        if isinstance(step, int):
            written += f"[{step}]"
        elif "." in step or "[" in step:
            written += f'["{step}"]'
        else:
            written += f".{step}" if written else step
    return written


def _marks(text: str) -> Iterator[tuple[Path, Mark]]:
    opened: list[_Open] = []
    for event in yaml.parse(text, Loader=_LOADER):
        if isinstance(event, yaml.CollectionEndEvent):
            opened.pop()
        elif isinstance(event, yaml.NodeEvent):
            mark = _mark(event)
            top = opened[-1] if opened else None
            if top is not None and top.mapping and top.step is None:
                top.step, top.mark = getattr(event, "value", ""), mark
                continue
            path, place = _place(top, mark)
            yield path, place
            if isinstance(event, yaml.CollectionStartEvent):
                mapping = isinstance(event, yaml.MappingStartEvent)
                opened.append(_Open(path, mapping, None if mapping else 0))


def _mark(event: yaml.NodeEvent) -> Mark:
    start = event.start_mark
    return Mark(start.line + 1, start.column + 1) if start else Mark(1, 1)


def _place(top: _Open | None, mark: Mark) -> tuple[Path, Mark]:
    """The path and the place of a value, and makes ready for the next one."""
    if top is None:
        return (), mark
    path = (*top.path, top.step if top.step is not None else "")
    if isinstance(top.step, int):
        top.step += 1
        return path, mark
    top.step = None
    return path, top.mark
