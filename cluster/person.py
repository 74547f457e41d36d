"""A cluster as one person may use it: every read filtered and every write authorised by RBAC."""

from typing import Any, Literal, TypeAlias

from cluster.access import Access, Visible
from cluster.cache import Cache, Known
from cluster.identity import Ask, Identity
from cluster.kinds import NAMESPACE, Kind
from cluster.objects import metadata_of
from cluster.port import Cluster

Mode: TypeAlias = Literal["impersonate", "review"]


class PersonCluster:
    """`cluster.port.Cluster` for one person, and what the cache knows that this person may read."""

    def __init__(self, name: str, cluster: Cluster, cache: Cache, access: Access) -> None:
        self.name = name
        self.access = access
        self._cluster = cluster
        self._cache = cache

    def known(self, kind: Kind, namespace: str | None = None) -> Known[Any]:
        """What the cache knows of a kind, without what this person may not list."""
        found = self._cache.read(kind, namespace)
        if self.access.may(Ask("list", kind, namespace or "")):
            return found
        allowed: dict[str, bool] = {}
        kept = []
        for item in found.items:
            place = metadata_of(item).namespace
            if place not in allowed:
                allowed[place] = bool(place) and self.access.may(Ask("list", kind, place))
            if allowed[place]:
                kept.append(item)
        return Known(tuple(kept), found.age_seconds, found.problem)

    def visible(self) -> Visible:
        """The namespaces that this person may read; None: all."""
        known = self._cache.read(NAMESPACE)
        return self.access.visible(metadata_of(item).name for item in known.items)

    def __getattr__(self, name: str) -> Any:
        # A scaffold until each method of the port is written out with its check.
        return getattr(self._cluster, name)


def acting(name: str, cluster: Cluster, cache: Cache, identity: Identity | None) -> PersonCluster:
    """A scaffold: see `cluster.connection.Connection.acting`."""
    return PersonCluster(name, cluster, cache, Access(cluster, identity))
