"""YAML at the edge: reading what strangers send, writing what people read. Pure.

Reading refuses what makes YAML dangerous or ambiguous: aliases (324 bytes of them unfold to
226 MB), tags, duplicate keys, several documents, and more than the caps below allow. Values
are JSON's: a date stays the text that it is. Whole files, with the line of each field, are
`routing.yaml_files`' business.
"""

import math
import re
from collections.abc import Hashable, Iterator
from contextlib import contextmanager
from typing import Any, Final

import yaml

from cluster.refs import Manifest

MAX_BYTES: Final = 256 * 1024
MAX_DEPTH: Final = 32
MAX_NODES: Final = 20_000
CONTENT_TYPES: Final = ("application/yaml", "application/x-yaml", "text/yaml")
_FIRST: Final = ("apiVersion", "kind", "metadata", "spec")
_FIRST_OF_METADATA: Final = ("name", "namespace", "labels", "annotations")


class YamlError(ValueError):
    """Text that is not read, and why; `line` counts from 1, 0 when there is none."""

    def __init__(self, message: str, line: int = 0) -> None:
        self.line = line
        super().__init__(f"Line {line}: {message}" if line else message)


def read(text: str | bytes) -> Any:
    """The value of one YAML document (JSON is YAML too). Raises YamlError."""
    if len(text) > MAX_BYTES:
        raise YamlError(f"The text is longer than {MAX_BYTES // 1024} KiB.")
    with plain_words(text):
        decoded = text.decode("utf-8") if isinstance(text, bytes) else text
        _check(decoded)
        return yaml.load(decoded, Loader=_Loader)  # noqa: S506  (a SafeLoader that knows less)


def finite(text: str) -> float:
    """A number as it is written. Raises YamlError for one that is too large, such as 1e400."""
    value = float(text)
    if not math.isfinite(value):
        raise YamlError(f"The number {text[:20]} is too large.")
    return value


@contextmanager
def plain_words(read: str | bytes) -> Iterator[None]:
    """Makes a YamlError of whatever the parser raises inside; `read` is what it reads."""
    try:
        yield
    except UnicodeDecodeError as error:
        raise YamlError("The text is not UTF-8.", error.object.count(b"\n", 0, error.start) + 1) from error
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 0
        raise YamlError(f"This is not YAML: {error.problem or error.context}.", line) from error
    except yaml.YAMLError as error:
        message = "This is not YAML: it holds characters that YAML does not allow."
        raise YamlError(message, _forbidden(read)) from error
    except ValueError as error:
        if isinstance(error, YamlError):
            raise
        # A number with more digits than Python converts (sys.get_int_max_str_digits).
        raise YamlError("A number is too long.") from error


def _forbidden(read: str | bytes) -> int:
    """The line of the first character that YAML does not allow; 0 when there is none.

    PyYAML says where it stands, but one of its parsers counts characters, and the other one bytes.
    """
    text = read.decode("utf-8", "replace") if isinstance(read, bytes) else read
    found = yaml.reader.Reader.NON_PRINTABLE.search(text)
    return text.count("\n", 0, found.start()) + 1 if found else 0


def write(manifest: Manifest) -> str:
    """One object as YAML: apiVersion, kind, metadata and spec first, everything below in order of its keys.

    The API server answers custom resources with sorted keys, so this is what `kubectl get -o yaml` shows too.
    """
    return yaml.dump(_ordered(manifest), Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)


def _check(text: str) -> None:
    depth = nodes = documents = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent):
            raise YamlError("An alias (*name) is not accepted; write the value out.", line)
        if isinstance(event, yaml.DocumentStartEvent):
            documents += 1
            if documents > 1:
                raise YamlError("A second document begins here; only one is accepted.", line)
        if isinstance(event, yaml.NodeEvent):
            nodes += 1
            _check_node(event, line)
        depth += isinstance(event, yaml.CollectionStartEvent)
        depth -= isinstance(event, yaml.CollectionEndEvent)
        if depth > MAX_DEPTH:
            raise YamlError(f"This is nested more than {MAX_DEPTH} levels deep.", line)
        if nodes > MAX_NODES:
            raise YamlError(f"The text holds more than {MAX_NODES} values.", line)


def _check_node(event: yaml.NodeEvent, line: int) -> None:
    if event.anchor is not None:
        raise YamlError("An anchor (&name) is not accepted; write the value out.", line)
    if getattr(event, "tag", None) is not None:
        raise YamlError("A tag (!name) is not accepted.", line)


class _Loader(yaml.SafeLoader):
    """A SafeLoader that knows JSON's types only and refuses duplicate keys."""

    yaml_implicit_resolvers = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002  (PyYAML's own signature)
        seen: set[str] = set()
        for key, _ in node.value:
            line = key.start_mark.line + 1
            if not isinstance(key, yaml.ScalarNode):
                raise YamlError("A key must be plain text.", line)
            if key.value in seen:
                raise YamlError(f"The key {key.value[:60]!r} stands here a second time.", line)
            seen.add(key.value)
            # Keys are text, as in JSON, whatever they look like: `on` and `1` too.
            key.tag = "tag:yaml.org,2002:str"
        return super().construct_mapping(node, deep=deep)

    def construct_yaml_float(self, node: yaml.ScalarNode) -> float:
        """A number of JSON's: there is no infinite one."""
        try:
            return finite(str(node.value))
        except YamlError as error:
            raise YamlError(str(error), node.start_mark.line + 1) from error


_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"^(?:~|null|Null|NULL|)$"), ["~", "n", "N", ""]
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|True|TRUE|false|False|FALSE)$"), list("tTfF")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^[-+]?(?:0|[1-9][0-9]*)$"), list("-+0123456789")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float",
    re.compile(r"^[-+]?(?:[0-9]+\.[0-9]*|\.[0-9]+|[0-9]+(?=[eE]))(?:[eE][-+]?[0-9]+)?$"),
    list("-+0123456789."),
)
_Loader.add_constructor("tag:yaml.org,2002:float", _Loader.construct_yaml_float)


class _Dumper(yaml.SafeDumper):
    """A SafeDumper that writes a value out each time it occurs."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002
        return True


_ELSEWHERE: Final = re.compile(
    r"[yYnN]|[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?|[-+]?0o[0-7_]+", re.ASCII
)
"""Text that PyYAML leaves bare, and that `read`, or kubectl's reader, takes for a boolean or a number."""


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.ScalarNode:
    # Line separators that few notice would be written raw, and read back as something else.
    plain = all(char.isprintable() or char == "\n" for char in text) and not _ELSEWHERE.fullmatch(text)
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=None if plain else '"')


_Dumper.add_representer(str, _represent_text)


def _ordered(manifest: Manifest) -> Manifest:
    ordered = _first(manifest, _FIRST)
    if isinstance(manifest.get("metadata"), dict):
        ordered["metadata"] = _first(manifest["metadata"], _FIRST_OF_METADATA)
    return ordered


def _first(mapping: Manifest, names: tuple[str, ...]) -> Manifest:
    keys = [name for name in names if name in mapping] + sorted(set(mapping) - set(names))
    return {key: _sorted(mapping[key]) for key in keys}


def _sorted(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _sorted(value[key]) for key in sorted(value)}
    return [_sorted(item) for item in value] if isinstance(value, list) else value
