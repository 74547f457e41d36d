"""One open watch: lines decoded into events as they come.

Source: k8s.io/apimachinery, watch and meta/v1 (WatchEvent): one JSON object to a line.
"""

from collections.abc import Callable, Iterator
from contextlib import closing
from functools import lru_cache
from typing import Any, Final, Generic, TypeAlias, TypeVar

import msgspec
from urllib3 import BaseHTTPResponse

from cluster import decoding
from cluster.errors import Unavailable
from cluster.kinds import Kind
from cluster.kube import answers
from cluster.kube.ongoing import Ongoing
from cluster.objects import Meta, metadata_of
from cluster.port import Event

T = TypeVar("T")
MAX_LINE_BYTES: Final = 8 * 1024 * 1024
"""An API server takes objects of at most 3 MiB (k8s.io/apiserver, MaxRequestBodyBytes)."""


class _Bookmarked(msgspec.Struct):
    metadata: Meta


class _Added(msgspec.Struct, Generic[T], tag_field="type", tag="ADDED"):
    object: T


class _Modified(msgspec.Struct, Generic[T], tag_field="type", tag="MODIFIED"):
    object: T


class _Deleted(msgspec.Struct, Generic[T], tag_field="type", tag="DELETED"):
    object: T


class _Bookmark(msgspec.Struct, tag_field="type", tag="BOOKMARK"):
    object: _Bookmarked


class _Error(msgspec.Struct, tag_field="type", tag="ERROR"):
    object: answers.Status


_Line: TypeAlias = _Added[T] | _Modified[T] | _Deleted[T] | _Bookmark | _Error


@lru_cache(maxsize=64)
def _lines_of(shape: Any) -> msgspec.json.Decoder[Any]:
    return decoding.decoder(_Line[shape])  # type: ignore[misc]


class KubeWatch(Ongoing, Generic[T]):
    """`cluster.port.Watch` over an answer that goes on. It keeps at most one line in memory."""

    def __init__(self, response: BaseHTTPResponse, kind: Kind, shape: type[T]) -> None:
        super().__init__(response)
        self._kind = kind
        wanted: Any = shape
        self._decode: Callable[[bytes], Any] = _lines_of(wanted).decode

    def __iter__(self) -> Iterator[Event[T]]:
        """See `cluster.port.Watch`."""
        with closing(self._until_closed(self._lines())) as lines:
            for line in lines:
                yield self._event(line)

    def _lines(self) -> Iterator[bytes]:
        rest = bytearray()
        while chunk := self._read():
            start = 0
            while (end := chunk.find(b"\n", start)) >= 0:
                line = bytes(rest) + chunk[start:end] if rest else chunk[start:end]
                rest.clear()
                start = end + 1
                if line:
                    yield line
            rest += chunk[start:]
            if len(rest) > MAX_LINE_BYTES:
                raise Unavailable(f"One change of {self._kind.plural} is longer than 8 MiB.")
        if rest.strip():
            raise Unavailable(f"The watch of {self._kind.plural} ended in the middle of a change.")

    def _event(self, line: bytes) -> Event[T]:
        try:
            told = self._decode(line)
        except msgspec.DecodeError as error:
            raise Unavailable(f"A change of {self._kind.plural} cannot be read ({error}).") from error
        if isinstance(told, _Error):
            raise answers.of_status(told.object.code or 500, told.object)
        if isinstance(told, _Bookmark):
            return Event("BOOKMARK", told.object.metadata.resource_version)
        version = metadata_of(told.object).resource_version
        return Event(told.__struct_config__.tag, version, told.object)
