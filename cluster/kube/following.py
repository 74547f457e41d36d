"""One followed log of a container: bytes as they come."""

import threading
from collections.abc import Iterator
from typing import Final

from urllib3 import BaseHTTPResponse

from cluster.errors import Unavailable
from cluster.kube.wire import reading

READ_BYTES: Final = 64 * 1024


class KubeLog:
    """`cluster.port.Log` over an answer that goes on. It keeps nothing in memory."""

    def __init__(self, response: BaseHTTPResponse) -> None:
        self._response = response
        self._closed = threading.Event()

    def __iter__(self) -> Iterator[bytes]:
        """See `cluster.port.Log`."""
        try:
            while not self._closed.is_set() and (piece := self._read()):
                yield piece
        except Unavailable:
            # A read that `close` has ended looks like a broken connection.
            if not self._closed.is_set():
                raise
        finally:
            self._response.close()

    def close(self) -> None:
        """See `cluster.port.Log`."""
        self._closed.set()
        try:
            # Ends a read that is under way in another thread; closing alone would wait for it.
            self._response.shutdown()
        except (OSError, RuntimeError, ValueError):
            return  # it is over already

    def _read(self) -> bytes:
        with reading():
            return self._response.read1(READ_BYTES, decode_content=False)
