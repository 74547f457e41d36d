"""Takes the names of objects that somebody may not read out of what the engine wrote with the console's own
sight: reasons and diagnoses name the rules of others, wherever they stand. Pure.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any, Final

Readable = Callable[[str, str], bool]
"""Whether objects of a kind (`VirtualService`) in a namespace may be read."""
ELSEWHERE: Final = "an object that you may not read"
_NAMED: Final = re.compile(
    r"\b([A-Z][A-Za-z]+) ([a-z0-9](?:[-a-z0-9]*[a-z0-9])?)/([a-z0-9](?:[-.a-z0-9]*[a-z0-9])?)"
)
"""How messages name an object: `VirtualService bookinfo/reviews`, as `istio.name_of` and `Ref` write it."""


def veiled(value: Any, readable: Readable) -> Any:
    """A value as JSON knows it, whose texts name nothing that may not be read."""
    if isinstance(value, str):
        return _text(value, readable)
    if isinstance(value, Mapping):
        return {key: veiled(each, readable) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [veiled(each, readable) for each in value]
    return value


def _text(text: str, readable: Readable) -> str:
    if "/" not in text:
        return text
    return _NAMED.sub(lambda found: found[0] if readable(found[1], found[2]) else ELSEWHERE, text)
