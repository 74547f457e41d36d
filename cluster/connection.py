"""Which cluster this process speaks to: the one of `KUBECONFIG`, or the one it runs in.

One adapter per process, made when first needed, so that the console starts without a cluster.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from cluster.port import Cluster

_lock = Lock()
_current: Cluster | None = None


def current() -> Cluster:
    """The cluster of this process. Raises `Unavailable` when nothing says which one that is."""
    global _current  # noqa: PLW0603  (one adapter, with its pool of connections, for the whole process)
    with _lock:
        if _current is None:
            # Imported here: the client library takes half a second and 33 MB, which a command that never
            # speaks to a cluster need not pay.
            from cluster.kube import KubeCluster  # noqa: PLC0415

            _current = KubeCluster.connect(os.environ.get("KUBECONFIG", ""))
        return _current


@contextmanager
def override(cluster: Cluster) -> Iterator[Cluster]:
    """Puts `cluster` in the place of the real one while the block runs: for tests."""
    global _current  # noqa: PLW0603
    with _lock:
        before, _current = _current, cluster
    try:
        yield cluster
    finally:
        with _lock:
            _current = before
