"""One view at two moments, side by side: what each node and edge was, and is. Pure.

What is shown of the one moment is looked up in the whole graph of the other: only what was really not there
is missing on a side, not what was left out of a picture because there was too much.
"""

from typing import Final, NamedTuple

import msgspec

from telemetry.folding import Folding
from telemetry.graph import Edge, Graph, Node
from telemetry.health import Health
from telemetry.snapshot import Snapshot

Item = Node | Edge
_NODE: Final = ("id", "kind", "namespace", "app", "version", "workload", "service")
_EDGE: Final = ("id", "source", "target", "protocol")


class Measured(msgspec.Struct, frozen=True):
    """A node or an edge at one moment: requests and bytes (both ways) per second, milliseconds (None:
    unknown).
    """

    requests_per_second: float
    error_ratio: float
    p50: float | None
    p95: float | None
    p99: float | None
    bytes_per_second: float
    health: Health


class Side(NamedTuple):
    """The view at one moment, and the graph that it was cut out of."""

    snapshot: Snapshot
    whole: Graph

    def node(self, node_id: str) -> Node | None:
        """The node, shown or left out; None where there was none."""
        return self.snapshot.nodes.get(node_id) or self.whole.nodes.get(node_id)

    def edge(self, edge_id: str) -> Edge | None:
        """The edge, shown or left out; None where there was none."""
        return self.snapshot.edges.get(edge_id) or self.whole.edges.get(edge_id)


def same_folding(before: Folding, after: Folding) -> tuple[str, ...]:
    """What has to be folded by hand, so that both moments are folded alike; sorted."""
    return tuple(sorted(before.alone | after.alone))


def compare(before: Side, after: Side) -> dict[str, list[dict[str, object]]]:
    """`nodes` and `edges` in the order of their ids, each with its figures `before` and `after` (None: it was
    not there).
    """
    nodes = sorted(before.snapshot.nodes.keys() | after.snapshot.nodes.keys())
    edges = sorted(before.snapshot.edges.keys() | after.snapshot.edges.keys())
    return {
        "nodes": [_compared(_NODE, before.node(node_id), after.node(node_id)) for node_id in nodes],
        "edges": [_compared(_EDGE, before.edge(edge_id), after.edge(edge_id)) for edge_id in edges],
    }


def _compared(names: tuple[str, ...], before: Item | None, after: Item | None) -> dict[str, object]:
    """By its names as they are now, or else as they were."""
    named = after or before
    return {
        **{name: getattr(named, name) for name in names},
        "before": before and _measured(before),
        "after": after and _measured(after),
    }


def _measured(item: Item) -> Measured:
    both_ways = (
        item.bytes_per_second
        if isinstance(item, Node)
        else item.sent_bytes_per_second + item.received_bytes_per_second
    )
    return Measured(
        requests_per_second=item.requests_per_second,
        error_ratio=item.error_ratio,
        p50=item.latency_ms.p50,
        p95=item.latency_ms.p95,
        p99=item.latency_ms.p99,
        bytes_per_second=both_ways,
        health=item.health,
    )
