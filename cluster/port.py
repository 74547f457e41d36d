"""The port through which the console sees a cluster.

Synchronous and small. `cluster.kube` is the real adapter, `cluster.fake` the one in memory; one contract
suite runs on both, and on two API servers behind the real one. Manifests go in and come out as plain
dictionaries, so that fields nobody here has heard of survive; what is read by the thousand is decoded into
the shapes of `cluster.objects`, which hold only what the console uses.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Generic, Literal, Protocol, TypeAlias, TypeVar

from cluster.identity import Ask, Identity
from cluster.kinds import Kind
from cluster.refs import Manifest, Ref

T = TypeVar("T")
T_co = TypeVar("T_co", covariant=True)

PAGE_SIZE = 500
"""Objects to a page, as client-go's pager asks for."""


@dataclass(frozen=True, slots=True)
class ObjectList:
    """The objects of one kind at one moment; `resource_version` is that moment, opaque."""

    items: tuple[Manifest, ...]
    resource_version: str


@dataclass(frozen=True, slots=True)
class Page(Generic[T_co]):
    """A part of a list. All pages of one list show the same moment, `resource_version`.

    `continue_token` asks for the next page; it is empty on the last one.
    """

    items: tuple[T_co, ...]
    resource_version: str
    continue_token: str = ""


EventType: TypeAlias = Literal["ADDED", "MODIFIED", "DELETED", "BOOKMARK"]


@dataclass(frozen=True, slots=True)
class Event(Generic[T_co]):
    """One change of one object, and the moment after it, from which a watch can go on.

    `object` is the object afterwards; of a DELETED one as it last stood, of a BOOKMARK None.
    """

    type: EventType
    resource_version: str
    object: T_co | None = None


class Watch(Protocol[T_co]):
    """The changes of one kind since a moment, as they happen."""

    def __iter__(self) -> Iterator[Event[T_co]]:
        """Yields until the server ends the watch in good order, or `close` is called.

        Raises Expired when the moment is too long ago; Unavailable when the connection breaks, a line is
        cut or unreadable, or nothing at all comes for the `silence` that was agreed on.
        """
        ...

    def close(self) -> None:
        """Ends the iteration, from any thread, at once."""
        ...


class Log(Protocol):
    """The log of one container while it is written: pieces of any size, which need not end with a line."""

    def __iter__(self) -> Iterator[bytes]:
        """Yields until the container ends, or `close` is called.

        Raises Unavailable when the connection breaks, or nothing comes for the `silence` that was agreed on.
        """
        ...

    def close(self) -> None:
        """Ends the iteration, from any thread, at once."""
        ...


class Cluster(Protocol):
    """What the console may do with a cluster. Every method raises `cluster.errors.ClusterError`.

    Names and namespaces are checked before any call: an impossible one is a ValueError, and nothing is sent.
    A kind that the cluster does not serve is NotFound.
    """

    def list(self, kind: Kind, namespace: str | None = None, label_selector: str = "") -> ObjectList:
        """The objects of a kind, in one namespace or (None) in all, whole."""
        ...

    def page(
        self,
        kind: Kind,
        shape: type[T],
        *,
        namespace: str | None = None,
        limit: int = PAGE_SIZE,
        continue_token: str = "",
    ) -> Page[T]:
        """A part of a list, each object decoded as `shape`. Raises Expired for a token that is too old."""
        ...

    def watch(
        self,
        kind: Kind,
        shape: type[T],
        resource_version: str,
        *,
        namespace: str | None = None,
        seconds: float,
        silence: float,
    ) -> Watch[T]:
        """Every change after `resource_version`, each object decoded as `shape`.

        The server is asked to end it after `seconds`. `silence`: seconds without any word of the server's
        after which the connection counts as dead. Raises Expired at once or in the iteration.
        """
        ...

    def get(self, ref: Ref) -> Manifest:
        """One object. Raises NotFound."""
        ...

    def log(self, namespace: str, pod: str, container: str, *, tail_lines: int, silence: float) -> Log:
        """The log of a pod's container: its last lines, and what is written from now on.

        Needs the right to `get pods/log`. Raises NotFound for a pod that is not there, Invalid for a
        container that is not there or has not started. `silence`: as for `watch`; a log can be quiet long.
        """
        ...

    def create(self, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """Creates an object; returns it as the server keeps it. Raises AlreadyExists, Invalid, NotFound."""
        ...

    def replace(self, manifest: Manifest, *, dry_run: bool = False) -> Manifest:
        """Replaces an object, if it still has the manifest's `metadata.resourceVersion` (required).

        Raises Conflict when it has changed, NotFound when it is gone, Invalid when the server refuses it.
        """
        ...

    def delete(self, ref: Ref, resource_version: str, *, uid: str = "", dry_run: bool = False) -> None:
        """Deletes an object, if it still has this version (and uid, if given). Raises Conflict, NotFound."""
        ...

    def served_version(self, kind: Kind) -> str | None:
        """The version of `kind.versions`, newest first, that the cluster serves the kind in; None: in none.

        Asked anew at most once in 30 s, so that a definition installed later simply appears.
        """
        ...

    def server_version(self) -> str:
        """What the API server calls its version: "v1.36.3"."""
        ...

    def may(self, ask: Ask, identity: Identity | None = None) -> bool:
        """Whether the cluster's authorisation allows it: to this identity, or (None) to these credentials.

        Asked anew each time. Raises ClusterError when there is no answer, which the caller takes for a no.
        """
        ...

    def acting_as(self, identity: Identity) -> "Cluster":
        """The same cluster, in which every request is made by impersonating this identity."""
        ...
