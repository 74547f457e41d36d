"""A numbered picture of one view, and the difference between two of them. Pure.

The law that the browser relies on: patch(old, delta(old, new)) == new, and delta(x, x) changes nothing.
"""

from collections.abc import Iterable, Mapping
from typing import Generic, TypeVar

import msgspec

from cluster.access import Visible
from telemetry.cut import LeftOut
from telemetry.folding import NOT_FOLDED, Folding
from telemetry.graph import Edge, Graph, Node
from telemetry.identity import FOLDED_ID, GraphType

Item = TypeVar("Item", Node, Edge)


class View(msgspec.Struct, frozen=True):
    """What a person looks at: a graph type, and the namespaces (none means all). Names are sorted, once each.

    `visible` are the namespaces that the person may see; None means all. `notice` is what the person has to
    be told about that, or empty. `fold` and `unfold`: what the person folded or unfolded by hand (see
    telemetry.folding). `focus`: the node (id) whose neighbourhood within `depth` steps is shown; empty: all
    nodes. `idle`: with what runs and has no traffic. `overview`: not as a graph, but as the rows of
    telemetry.overview.
    """

    graph_type: GraphType
    namespaces: tuple[str, ...] = ()
    visible: Visible = None
    notice: str = ""
    fold: tuple[str, ...] = ()
    unfold: tuple[str, ...] = ()
    focus: str = ""
    depth: int = 1
    idle: bool = False
    overview: bool = False

    @classmethod
    def asked(
        cls,
        graph_type: GraphType,
        *,
        namespaces: Iterable[str] = (),
        fold: Iterable[str] = (),
        unfold: Iterable[str] = (),
        focus: str = "",
        depth: int = 1,
        idle: bool = False,
        visible: Visible = None,
        notice: str = "",
    ) -> "View":
        """The one view of all questions that mean the same: sockets that ask so share its frames.

        Who looks at a folded namespace wants it folded.
        """
        folded = frozenset(fold)
        if focus.startswith(FOLDED_ID):
            folded |= {focus.removeprefix(FOLDED_ID)}
        return cls(
            graph_type=graph_type,
            namespaces=tuple(sorted(set(namespaces))),
            visible=visible,
            notice=notice,
            fold=tuple(sorted(folded)),
            unfold=tuple(sorted(set(unfold) - folded)),
            focus=focus,
            depth=depth if focus else 1,
            idle=idle,
        )


class Snapshot(msgspec.Struct, frozen=True):
    """One view at one moment (`taken_at`: seconds since the epoch), numbered by the collector's readings.

    `folding`: what is folded in it, by hand or by itself.
    """

    seq: int
    taken_at: float
    view: View
    nodes: Mapping[str, Node]
    edges: Mapping[str, Edge]
    folding: Folding = NOT_FOLDED
    left_out: LeftOut = LeftOut()

    @classmethod
    def of(
        cls,
        seq: int,
        taken_at: float,
        view: View,
        graph: Graph,
        *,
        folding: Folding = NOT_FOLDED,
        left_out: LeftOut = LeftOut(),  # noqa: B008  immutable
    ) -> "Snapshot":
        """The picture of a graph that was cut to the view already."""
        return cls(seq, taken_at, view, graph.nodes, graph.edges, folding, left_out)


class Changes(msgspec.Struct, Generic[Item], frozen=True):
    """What was added or changed (whole), and the ids of what left."""

    set: list[Item]
    remove: list[str]

    @property
    def empty(self) -> bool:
        """True when nothing changed."""
        return not self.set and not self.remove


class Delta(msgspec.Struct, frozen=True):
    """From the snapshot numbered `base` to the one numbered `seq`, of the same view.

    `folding` and `left_out` are None where they are as before.
    """

    seq: int
    base: int
    taken_at: float
    nodes: Changes[Node]
    edges: Changes[Edge]
    folding: Folding | None = None
    left_out: LeftOut | None = None

    @property
    def empty(self) -> bool:
        """True when nothing changed."""
        same = self.folding is None and self.left_out is None
        return same and self.nodes.empty and self.edges.empty


class BaseMismatchError(ValueError):
    """A delta does not fit the snapshot it was to be applied to: frames were missed."""


def delta(old: Snapshot, new: Snapshot) -> Delta:
    """What leads from one snapshot of a view to another. Raises ValueError for two different views."""
    if old.view != new.view:
        raise ValueError("A delta leads from one snapshot of a view to another of the same view.")
    nodes, edges = _changes(old.nodes, new.nodes), _changes(old.edges, new.edges)
    folding = None if old.folding == new.folding else new.folding
    left_out = None if old.left_out == new.left_out else new.left_out
    return Delta(new.seq, old.seq, new.taken_at, nodes, edges, folding, left_out)


def patch(old: Snapshot, change: Delta) -> Snapshot:
    """The snapshot after the change. Raises BaseMismatchError when the change starts from another one."""
    if old.seq != change.base:
        raise BaseMismatchError(f"The delta starts at {change.base}, but the snapshot is {old.seq}.")
    nodes, edges = _patched(old.nodes, change.nodes), _patched(old.edges, change.edges)
    folding = old.folding if change.folding is None else change.folding
    left_out = old.left_out if change.left_out is None else change.left_out
    return Snapshot(change.seq, change.taken_at, old.view, nodes, edges, folding, left_out)


def _changes(old: Mapping[str, Item], new: Mapping[str, Item]) -> Changes[Item]:
    changed = [item for item_id, item in new.items() if old.get(item_id) != item]
    return Changes(changed, [item_id for item_id in old if item_id not in new])


def _patched(old: Mapping[str, Item], changes: Changes[Item]) -> dict[str, Item]:
    gone = frozenset(changes.remove)
    kept = {item_id: item for item_id, item in old.items() if item_id not in gone}
    return {**kept, **{item.id: item for item in changes.set}}
