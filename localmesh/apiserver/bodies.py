"""Bodies of requests: JSON or YAML into one object, with repeated keys noted and aliases refused.

Pure. It does not know what the object should look like.
"""

import json
from typing import Any

import yaml

from localmesh.apiserver import protobuf
from localmesh.apiserver.errors import BadRequest, TooLarge, UnsupportedMediaType

MAX_BYTES = 3 * 1024 * 1024
#: Nesting beyond this is refused before it can exhaust the stack.
MAX_DEPTH = 200

JSON = "application/json"
YAML_TYPES = ("application/yaml", "application/apply-patch+yaml", "application/x-yaml")


def parse(body: bytes, content_type: str) -> tuple[Any, list[str]]:
    """The value of a body, and the paths of keys that occur twice (the last one counts).

    Raises `BadRequest`, `TooLarge`, and `UnsupportedMediaType` for anything but JSON, YAML and the
    protobuf of a few kinds.
    """
    if len(body) > MAX_BYTES:
        raise TooLarge(f"Request entity too large: limit is {MAX_BYTES}")
    if content_type == protobuf.CONTENT_TYPE:
        return protobuf.decode(body), []
    if content_type in YAML_TYPES:
        value, repeated = _yaml(body)
    elif content_type in ("", JSON) or content_type.endswith("+json"):
        value, repeated = _json(body)
    else:
        raise UnsupportedMediaType(f"the body of the request was in an unknown format: {content_type}")
    _check_depth(value)
    return value, repeated


class _Object(dict[str, Any]):
    """A decoded JSON object that remembers keys that came twice."""

    repeated: tuple[str, ...] = ()


def _pairs(pairs: list[tuple[str, Any]]) -> _Object:
    found = _Object(pairs)
    if len(found) != len(pairs):
        keys = [key for key, _ in pairs]
        found.repeated = tuple(sorted({key for key in keys if keys.count(key) > 1}))
    return found


def _json(body: bytes) -> tuple[Any, list[str]]:
    try:
        value = json.loads(body, object_pairs_hook=_pairs, parse_constant=_no_constant)
    except RecursionError:
        raise BadRequest(f"the body is nested more than {MAX_DEPTH} deep") from None
    except ValueError as error:
        raise BadRequest(f"the body is not JSON: {error}") from None
    repeated: list[str] = []
    return _plain(value, "", repeated), repeated


def _no_constant(name: str) -> Any:
    raise ValueError(f"{name} is not a number in JSON")


def _plain(value: Any, path: str, repeated: list[str]) -> Any:
    if isinstance(value, _Object):
        repeated.extend(f"{path}.{key}".lstrip(".") for key in value.repeated)
        return {key: _plain(item, f"{path}.{key}", repeated) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item, f"{path}[{at}]", repeated) for at, item in enumerate(value)]
    return value


class _Loader(yaml.SafeLoader):
    """Safe YAML, in which a timestamp stays the text that it is."""


_Loader.yaml_implicit_resolvers = {
    key: [(tag, expression) for tag, expression in resolvers if tag != "tag:yaml.org,2002:timestamp"]
    for key, resolvers in yaml.SafeLoader.yaml_implicit_resolvers.items()
}


def _yaml(body: bytes) -> tuple[Any, list[str]]:
    try:
        text = body.decode()
        for token in yaml.scan(text, Loader=_Loader):
            if isinstance(token, yaml.AliasToken):
                raise BadRequest(f"YAML aliases are not accepted (line {token.start_mark.line + 1})")
        node = yaml.compose(text, Loader=_Loader)
        repeated: list[str] = []
        if node is not None:
            _find_repeated(node, "", repeated, 0)
        return _text_keys(yaml.load(text, Loader=_Loader)), repeated  # noqa: S506 (a safe loader)
    except RecursionError:
        raise BadRequest(f"the body is nested more than {MAX_DEPTH} deep") from None
    except (yaml.YAMLError, UnicodeDecodeError, ValueError) as error:
        raise BadRequest(f"the body is not YAML: {error}") from None


def _text_keys(value: Any) -> Any:
    """JSON has no other keys than texts: `80: x` is `"80": x`."""
    if isinstance(value, dict):
        return {_text(key): _text_keys(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_text_keys(item) for item in value]
    return value


def _text(key: Any) -> str:
    return key if isinstance(key, str) else json.dumps(key)


def _find_repeated(node: Any, path: str, repeated: list[str], depth: int) -> None:
    if depth > MAX_DEPTH:
        raise BadRequest(f"the body is nested more than {MAX_DEPTH} deep")
    if isinstance(node, yaml.MappingNode):
        seen: set[str] = set()
        for key, item in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise BadRequest(f"a key of the YAML is not a text (line {key.start_mark.line + 1})")
            below = f"{path}.{key.value}".lstrip(".")
            if key.value in seen:
                repeated.append(below)
            seen.add(key.value)
            _find_repeated(item, below, repeated, depth + 1)
    elif isinstance(node, yaml.SequenceNode):
        for at, item in enumerate(node.value):
            _find_repeated(item, f"{path}[{at}]", repeated, depth + 1)


def _check_depth(value: Any, depth: int = 0) -> None:
    if depth > MAX_DEPTH:
        raise BadRequest(f"the body is nested more than {MAX_DEPTH} deep")
    if isinstance(value, dict):
        for item in value.values():
            _check_depth(item, depth + 1)
    elif isinstance(value, list):
        for item in value:
            _check_depth(item, depth + 1)
