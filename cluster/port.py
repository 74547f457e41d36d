"""The port through which the console sees a cluster.

Synchronous and small: manifests go in and come out as plain dictionaries, so that fields
nobody here has heard of survive. `cluster.kube` is the real adapter, `cluster.fake` the
one in memory; one contract suite runs on both.
"""

from dataclasses import dataclass
from typing import Protocol

from cluster.kinds import Kind
from cluster.refs import Manifest, Ref


@dataclass(frozen=True, slots=True)
class ObjectList:
    """The objects of one kind at one moment; `resource_version` is that moment, opaque."""

    items: tuple[Manifest, ...]
    resource_version: str


class Cluster(Protocol):
    """What the console may do with a cluster. Every method raises `cluster.errors.ClusterError`.

    Names and namespaces are checked before any call: an impossible one is a ValueError, and nothing is sent.
    """

    def list(self, kind: Kind, namespace: str | None = None, label_selector: str = "") -> ObjectList:
        """The objects of a kind, in one namespace or (None) in all."""
        ...

    def get(self, ref: Ref) -> Manifest:
        """One object. Raises NotFound."""
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
