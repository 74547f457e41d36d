"""The clusters of this process, by name: each with its adapter and its watch cache.

Made when first needed, so that the console starts without a cluster.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock

from cluster import person
from cluster.cache import Cache
from cluster.identity import Identity
from cluster.person import PersonCluster
from cluster.port import Cluster

DEFAULT = "default"
_lock = Lock()
_connections: dict[str, "Connection"] = {}


class UnknownClusterError(LookupError):
    """No cluster of this name is configured."""


class Connection:
    """One cluster by its name. `cluster` acts with the console's own rights."""

    def __init__(self, name: str, cluster: Cluster) -> None:
        self.name = name
        self.cluster = cluster
        self.cache = Cache(cluster)

    def acting(self, identity: Identity | None) -> PersonCluster:
        """The cluster as a person may use it; None: with the console's own rights."""
        return person.acting(self.name, self.cluster, self.cache, identity)


def names() -> tuple[str, ...]:
    """The configured clusters, the default one first."""
    return tuple(_connections) or (DEFAULT,)


def get(name: str = "") -> Connection:
    """A cluster by its name; the empty name is the default one.

    Raises UnknownClusterError; Unavailable when nothing says how to reach it.
    """
    with _lock:
        wanted = name or names()[0]
        if wanted not in names():
            raise UnknownClusterError(wanted)
        if wanted not in _connections:
            # Imported here: the client library takes half a second and 33 MB, which a command that never
            # speaks to a cluster need not pay.
            from cluster.kube import KubeCluster  # noqa: PLC0415

            _connections[wanted] = Connection(wanted, KubeCluster.connect(os.environ.get("KUBECONFIG", "")))
        return _connections[wanted]


def start() -> None:
    """Starts the watch caches of all clusters."""
    for name in names():
        get(name).cache.start()


def stop() -> None:
    """Stops the watch caches."""
    for connection in _connections.values():
        connection.cache.stop()


def current() -> Cluster:
    """The default cluster with the console's own rights (goes away: use `get`)."""
    return get().cluster


@contextmanager
def override(*clusters: Cluster, **named: Cluster) -> Iterator[Cluster]:
    """Puts clusters in the place of the configured ones while the block runs: for tests."""
    global _connections  # noqa: PLW0603
    every = {DEFAULT: clusters[0], **named} if clusters else named
    with _lock:
        before, _connections = _connections, {name: Connection(name, it) for name, it in every.items()}
    try:
        yield next(iter(every.values()))
    finally:
        with _lock:
            _connections = before
