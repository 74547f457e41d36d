"""One followed log of a container: bytes as they come."""

from collections.abc import Iterator

from cluster.kube.ongoing import Ongoing


class KubeLog(Ongoing):
    """`cluster.port.Log` over an answer that goes on. It keeps nothing in memory."""

    read_bytes = 64 * 1024

    def __iter__(self) -> Iterator[bytes]:
        """See `cluster.port.Log`."""
        return self._until_closed(iter(self._read, b""))
