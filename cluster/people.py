"""The clusters as the signed-in people may use them.

Both functions read the person's identity from the database: in asynchronous code, call them in a thread
(`channels.db.database_sync_to_async`).
"""

from typing import Protocol

from django.contrib.auth.models import AnonymousUser, User

from cluster import connection
from cluster.identity import Identity
from cluster.models import KubernetesIdentity
from cluster.person import PersonCluster, nobody


class Request(Protocol):
    """Django's request, or rest framework's."""

    @property
    def user(self) -> User | AnonymousUser:
        """Who asks."""


def acting(request: Request) -> PersonCluster:
    """The cluster that a request is about (`request.cluster`, from its address), for the one who asks.

    Raises what `of` raises.
    """
    return of(request.user, getattr(request, "cluster", ""))


def of(user: User | AnonymousUser, cluster_name: str = "") -> PersonCluster:
    """A cluster, by its name or (empty) the default one, as this person may use it.

    Who has no Kubernetes identity gets one in which nothing can be seen or done. Raises
    `cluster.connection.UnknownClusterError`.
    """
    there = connection.get(cluster_name)
    kept = _kept(user)
    if kept is None:
        return nobody(there.name, there.cluster, there.cache)
    identity = None if kept.own else Identity(kept.username, tuple(kept.groups))
    return there.acting(identity)


def _kept(user: User | AnonymousUser) -> KubernetesIdentity | None:
    if not user.is_authenticated or not user.is_active:
        return None
    return KubernetesIdentity.objects.filter(user=user).first()
