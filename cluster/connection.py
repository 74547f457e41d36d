"""The clusters of this process, by name: each with its adapter and its watch cache.

Which they are says the setting CLUSTERS (meshui/settings.py), read when first needed. Making one never fails
and asks nobody: a cluster that is away, or a kubeconfig that cannot be read, is told by each call, and by the
cache.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import Lock, Thread
from typing import TypeVar

from django.conf import settings

from cluster import person
from cluster.access import Mode
from cluster.cache import Cache
from cluster.identity import Identity
from cluster.person import PersonCluster
from cluster.port import Cluster

T = TypeVar("T")
DEFAULT = "default"


class UnknownClusterError(LookupError):
    """No cluster of this name is configured."""


class Connection:
    """One cluster by its name. `cluster` acts with the console's own rights.

    `namespaces`: where the console may look; empty means everywhere. `mode`: how a person's rights come to
    bear, by impersonation or by a review before each write.
    """

    def __init__(
        self, name: str, cluster: Cluster, *, namespaces: tuple[str, ...] = (), mode: Mode = "impersonate"
    ) -> None:
        self.name = name
        self.cluster = cluster
        self.mode = mode
        self.cache = Cache(cluster, namespaces=namespaces)

    def acting(self, identity: Identity | None) -> PersonCluster:
        """The cluster as a person may use it; None: with the console's own rights."""
        return person.acting(self.name, self.cluster, self.cache, identity, mode=self.mode)


_lock = Lock()
_made: dict[str, Connection] = {}
_staged: dict[str, Connection] | None = None
"""What `override` has put in the place of the configured clusters."""


def names() -> tuple[str, ...]:
    """The configured clusters, the default one first."""
    if _staged is not None:
        return tuple(_staged)
    return tuple(name for name, _, _ in settings.CLUSTERS)


def get(name: str = "") -> Connection:
    """A cluster by its name; the empty name is the default one. Raises UnknownClusterError."""
    with _lock:
        if _staged is not None:
            return _of(_staged, name or next(iter(_staged)))
        wanted = name or names()[0]
        if wanted not in _made:
            _made[wanted] = _configured(wanted)
        return _made[wanted]


def start() -> None:
    """Starts the watch caches of all clusters; one that is away says so in its cache."""
    for name in names():
        get(name).cache.start()


def stop() -> None:
    """Stops the watch caches."""
    # At the same time: a thread in a request holds its cache up for seconds, and they would add up.
    stopping = [Thread(target=each.cache.stop) for each in tuple(_made.values())]
    for thread in stopping:
        thread.start()
    for thread in stopping:
        thread.join()


@contextmanager
def override(*clusters: Cluster, **named: Cluster) -> Iterator[Cluster]:
    """Puts clusters in the place of the configured ones while the block runs: for tests.

    `override(fake)` makes it the default one, `override(west=one, east=another)` makes several, the first of
    which is the default. Their caches are not started; those that were are stopped at the end.
    """
    global _staged  # noqa: PLW0603
    every = {DEFAULT: clusters[0], **named} if clusters else named
    before = _staged
    with _lock:
        _staged = staged = {name: _connection(name, cluster) for name, cluster in every.items()}
    try:
        yield next(iter(every.values()))
    finally:
        with _lock:
            _staged = before
        for connection in staged.values():
            connection.cache.stop()


def _configured(wanted: str) -> Connection:
    sources = {name: (kubeconfig, context) for name, kubeconfig, context in settings.CLUSTERS}
    kubeconfig, context = _of(sources, wanted)
    # Imported here: the client library takes half a second and 33 MB, which a command that never speaks to a
    # cluster need not pay.
    from cluster.kube import KubeCluster  # noqa: PLC0415

    return _connection(wanted, KubeCluster.connect(kubeconfig, context))


def _connection(name: str, cluster: Cluster) -> Connection:
    mode: Mode = settings.CLUSTER_ACCESS  # type: ignore[assignment]  # one of the two: settings have checked
    return Connection(name, cluster, namespaces=tuple(settings.CLUSTER_NAMESPACES), mode=mode)


def _of(known: dict[str, T], name: str) -> T:
    try:
        return known[name]
    except KeyError:
        raise UnknownClusterError(name) from None
