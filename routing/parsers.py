"""YAML as the body of a request, by the strict reader."""

from collections.abc import Mapping
from typing import Any

from rest_framework.parsers import BaseParser

from routing import yaml_io
from routing.errors import UnreadableError


class YamlParser(BaseParser):
    """Reads `application/yaml`; a body that is not read is a 400 that says why and on which line."""

    media_type = yaml_io.CONTENT_TYPES[0]

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,  # noqa: ARG002
        parser_context: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> Any:
        """The value of the body. Raises UnreadableError."""
        try:
            return yaml_io.read(stream.read(yaml_io.MAX_BYTES + 1))
        except yaml_io.YamlError as error:
            raise UnreadableError(str(error)) from error


class XYamlParser(YamlParser):
    """The same, by YAML's older name."""

    media_type = yaml_io.CONTENT_TYPES[1]


class TextYamlParser(YamlParser):
    """The same, by YAML's name as text."""

    media_type = yaml_io.CONTENT_TYPES[2]
