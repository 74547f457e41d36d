"""What one person may do in one cluster, by the cluster's own authorisation. No answer is a no."""

from collections.abc import Iterable
from typing import TypeAlias

from cluster import kinds
from cluster.errors import ClusterError
from cluster.identity import Ask, Identity
from cluster.port import Cluster

Visible: TypeAlias = frozenset[str] | None
"""The namespaces that a person may read; None means every one."""


class Access:
    """The rights of one identity; None stands for the console's own account."""

    def __init__(self, cluster: Cluster, identity: Identity | None) -> None:
        self._cluster = cluster
        self._identity = identity

    def may(self, ask: Ask) -> bool:
        """Whether the cluster allows it, by an answer of the last seconds: for what is only shown."""
        return self.may_now(ask)

    def may_now(self, ask: Ask) -> bool:
        """Whether the cluster allows it at this moment: for what is written."""
        try:
            return self._cluster.may(ask, self._identity)
        except ClusterError:
            return False

    def visible(self, namespaces: Iterable[str]) -> Visible:
        """Which of the namespaces may be read: those whose services may be listed; None when all may."""
        if self.may(Ask("list", kinds.SERVICE)):
            return None
        return frozenset(name for name in namespaces if self.may(Ask("list", kinds.SERVICE, name)))
