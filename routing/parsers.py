"""The bodies of requests, read strictly: JSON, and YAML for plans.

Both refuse what two readers could understand differently, and more than a plan can need.
"""

import json
from collections.abc import Mapping
from typing import Any, Final

from rest_framework.parsers import BaseParser

from routing import yaml_io
from routing.errors import TooLongError, UnreadableError

MAX_BYTES: Final = yaml_io.MAX_BYTES


class JsonParser(BaseParser):
    """Reads `application/json`: no duplicate keys, no NaN, at most 256 KiB. An empty body is {}."""

    media_type = "application/json"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,  # noqa: ARG002
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Any:
        """The value of the body. Raises UnreadableError, TooLongError."""
        return read_json(_text(stream))


class YamlParser(BaseParser):
    """Reads `application/yaml`; a body that is not read is a 400 that says why and on which line."""

    media_type = yaml_io.CONTENT_TYPES[0]

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,  # noqa: ARG002
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Any:
        """The value of the body. Raises UnreadableError, TooLongError."""
        try:
            return yaml_io.read(_body(stream))
        except yaml_io.YamlError as error:
            raise UnreadableError(str(error)) from error


class XYamlParser(YamlParser):
    """The same, by YAML's older name."""

    media_type = yaml_io.CONTENT_TYPES[1]


class TextYamlParser(YamlParser):
    """The same, by YAML's name as text."""

    media_type = yaml_io.CONTENT_TYPES[2]


class TextOfJson(BaseParser):
    """Takes `application/json` as the text that it is: for a view that says where in it a field stands."""

    media_type = "application/json"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,  # noqa: ARG002
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Any:
        """The text of the body. Raises UnreadableError, TooLongError."""
        return _text(stream)


class TextOfYaml(TextOfJson):
    """The same of YAML."""

    media_type = yaml_io.CONTENT_TYPES[0]


class TextOfXYaml(TextOfJson):
    """The same, by YAML's older name."""

    media_type = yaml_io.CONTENT_TYPES[1]


class TextOfTextYaml(TextOfJson):
    """The same, by YAML's name as text."""

    media_type = yaml_io.CONTENT_TYPES[2]


def read_json(text: str) -> Any:
    """The value of a JSON text, {} of an empty one. Raises UnreadableError."""
    try:
        if not text.strip():
            return {}
        return json.loads(text, object_pairs_hook=_unique, parse_constant=_refuse, parse_float=yaml_io.finite)
    except json.JSONDecodeError as error:
        raise UnreadableError(f"Line {error.lineno}: this is not JSON: {error.msg}.") from error
    except yaml_io.YamlError as error:
        raise UnreadableError(str(error)) from error
    except ValueError as error:
        raise UnreadableError("A number is too long.") from error
    except RecursionError as error:
        raise UnreadableError("This is nested too deep.") from error


def _text(stream: Any) -> str:
    try:
        return _body(stream).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableError("The text is not UTF-8.") from error


def _body(stream: Any) -> bytes:
    body: bytes = stream.read(MAX_BYTES + 1)
    if len(body) > MAX_BYTES:
        raise TooLongError(f"The body is longer than {MAX_BYTES // 1024} KiB.")
    return body


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise UnreadableError(f"The key {key[:60]!r} stands twice in one object.")
        found[key] = value
    return found


def _refuse(constant: str) -> Any:
    raise UnreadableError(f"{constant} is not JSON.")
