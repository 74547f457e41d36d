"""What the console knows of a cluster: every kind it looks at, kept up to date by watches.

Reads never wait for the cluster; each says how old it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from cluster import kinds, objects, reading
from cluster.kinds import Kind
from cluster.port import Cluster

T_co = TypeVar("T_co", covariant=True)
CACHED: Final = kinds.ALL


@dataclass(frozen=True, slots=True)
class Known(Generic[T_co]):
    """The objects of a kind as far as they are known.

    `age_seconds`: 0 while the watch is open and speaks, else the time since it last did; None when the kind
    was never listed. `problem`: why it is not up to date, in plain words; empty when it is.
    """

    items: tuple[T_co, ...]
    age_seconds: float | None = 0.0
    problem: str = ""


class Cache:
    """The watch cache of one cluster. Safe in any thread."""

    def __init__(
        self, cluster: Cluster, kinds: Iterable[Kind] = CACHED, *, namespaces: tuple[str, ...] = ()
    ) -> None:
        """`namespaces`: where the console may look; empty means everywhere."""
        self._cluster = cluster
        self._namespaces = namespaces
        self._kinds = tuple(kinds)

    @property
    def running(self) -> bool:
        """Whether watches keep it up to date."""
        return False

    def start(self) -> None:
        """Begins to list and watch, in threads of its own."""

    def stop(self) -> None:
        """Ends all watches."""

    def read(self, kind: Kind, namespace: str | None = None) -> Known[Any]:
        """The known objects of a kind, in one namespace or (None) in all.

        Where it does not run (commands, tests), the cluster is asked now. Never raises for a cluster that
        does not answer: the answer says so.
        """
        listed = reading.everything(self._cluster, kind, objects.shape_of(kind), namespace)
        return Known(listed.items)
