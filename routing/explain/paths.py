r"""Paths as Envoy handles them: normalised before they are matched, rewritten before they are sent. Pure.

Istio lets proxies normalise paths by default (meshConfig.pathNormalization BASE): dot segments are resolved,
backslashes become slashes, what need not be escaped is unescaped, and what must be is escaped. The query is
left alone. (What exactly Envoy does was found by asking it: every byte, plain and escaped.)
"""

import re
from collections.abc import Iterator
from typing import Any, Final

from routing.explain.values import Unusable

_ESCAPE: Final = re.compile(r"%([0-9A-Fa-f]{2})")
_PLAIN: Final = frozenset("-._~0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")
"""The characters that an escape need not stand for (RFC 3986, 2.3)."""


_WRITTEN_OUT: Final = {character: f"%{ord(character):02X}" for character in '"<>^`{|}'}


def split(path: str) -> tuple[str, str]:
    """A path without its query, and the query with its question mark, or empty."""
    bare, mark, query = path.partition("?")
    return bare, mark + query


def normalised(path: str) -> str:
    """A path (without query) as it is matched."""
    if not path.startswith("/"):
        # `*` of OPTIONS, and what is no path at all, is left as it is.
        return path
    plain = _ESCAPE.sub(_unescaped, path).replace("\\", "/")
    plain = "".join(_WRITTEN_OUT.get(character, character) for character in plain)
    parts = plain[1:].split("/")
    kept: list[str] = []
    dots = ""
    for part in parts:
        # A dot segment stays one with a parameter behind it: `..;x`.
        dots = part.partition(";")[0]
        if dots == "..":
            del kept[-1:]
        elif dots != ".":
            kept.append(part)
    folder = "/" if kept and dots in (".", "..") else ""
    return f"/{'/'.join(kept)}{folder}"


def parameters(query: str) -> dict[str, str]:
    """The parameters of a query (with its question mark); of several of a name the first, nothing decoded."""
    found: dict[str, str] = {}
    for part in query.removeprefix("?").split("&") if len(query) > 1 else ():
        name, _, value = part.partition("=")
        found.setdefault(name, value)
    return found


def substitute(pattern: Any, replacement: str, path: str) -> str:
    r"""Every match of a compiled RE2 expression replaced; `\1` names a group. Raises Unusable.

    As RE2 replaces: an empty match right behind another one does not count.
    """
    template = tuple(_template(replacement, pattern.groups))
    found, position = [], 0
    last = -1
    for match in pattern.finditer(path):
        if match.start() == match.end() == last:
            continue
        found += [path[position : match.start()], *_expanded(template, match)]
        position = last = match.end()
    return "".join([*found, path[position:]])


def check_substitution(pattern: Any, replacement: str) -> None:
    """Raises Unusable for a replacement that RE2 would refuse."""
    tuple(_template(replacement, pattern.groups))


def _template(replacement: str, groups: int) -> Iterator[str | int]:
    position = 0
    while position < len(replacement):
        character = replacement[position]
        if character != "\\":
            yield character
            position += 1
            continue
        escaped = replacement[position + 1 : position + 2]
        if escaped == "\\":
            yield escaped
        elif escaped.isascii() and escaped.isdigit() and int(escaped) <= groups:
            yield int(escaped)
        else:
            raise Unusable("", f"\\{escaped} names no group of the expression.")
        position += 2


def _expanded(template: tuple[str | int, ...], match: Any) -> Iterator[str]:
    for part in template:
        yield (match.group(part) or "") if isinstance(part, int) else part


def _unescaped(escape: re.Match[str]) -> str:
    character = chr(int(escape[1], 16))
    return character if character in _PLAIN else escape[0]
