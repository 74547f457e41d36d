"""Decoders of JSON for threads that share the types. Pure.

msgspec looks into a type when it is first decoded, and other threads may see what it has noted half-way: a
process whose reflectors began together died of it (SIGSEGV, msgspec 0.22). So all looking into types happens
here, one at a time, and what is decoded elsewhere is known whole.
"""

import threading
from functools import cache
from typing import Any, Final, TypeVar

import msgspec

T = TypeVar("T")
_ONE_AT_A_TIME: Final = threading.Lock()


def decode(content: bytes, shape: type[T]) -> T:
    """JSON as a value of a type. Raises msgspec.DecodeError."""
    wanted: Any = shape
    found: T = decoder(wanted).decode(content)
    return found


def convert(value: Any, shape: type[T]) -> T:
    """A plain value as one of a type. Raises msgspec.ValidationError."""
    wanted: Any = shape
    decoder(wanted)
    return msgspec.convert(value, shape)


@cache
def decoder(shape: Any) -> msgspec.json.Decoder[Any]:
    """The decoder for a type, made once."""
    with _ONE_AT_A_TIME:
        return msgspec.json.Decoder(shape)
