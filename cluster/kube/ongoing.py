"""An answer that goes on until somebody has enough of it: a watch, or a followed log."""

import threading
from collections.abc import Generator, Iterator
from typing import ClassVar, TypeVar

from urllib3 import BaseHTTPResponse

from cluster.errors import Unavailable
from cluster.kube.wire import READ_BYTES, reading

Piece = TypeVar("Piece")


class Ongoing:
    """What a watch and a log have in common: one thread reads, and any may close.

    `read_bytes`: so many are read at once at the most.
    """

    read_bytes: ClassVar[int] = READ_BYTES

    def __init__(self, response: BaseHTTPResponse) -> None:
        self._response = response
        self._closed = threading.Event()

    def close(self) -> None:
        """Ends it, and a read that is under way in another thread."""
        self._closed.set()
        try:
            # Closing alone would wait for that read.
            self._response.shutdown()
        except (OSError, RuntimeError, ValueError):
            return  # it is over already

    def _until_closed(self, pieces: Iterator[Piece]) -> Generator[Piece, None, None]:
        try:
            for piece in pieces:
                if self._closed.is_set():
                    return
                yield piece
        except Unavailable:
            # A read that `close` has ended looks like a broken connection.
            if not self._closed.is_set():
                raise
        finally:
            self._response.close()

    def _read(self) -> bytes:
        """What has come, at least one byte; nothing at the end."""
        with reading():
            return self._response.read1(self.read_bytes, decode_content=False)
