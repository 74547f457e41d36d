"""What of a graph a view shows: the surroundings of one node, and no more than a page can draw. Pure.

Cut out of a built graph, so that everybody who may see the same shares the building of it.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from typing import NamedTuple

import msgspec

from telemetry.folding import ALL, OTHERS, OUTSIDE, Folding, place_of
from telemetry.graph import Edge, Graph, Latency, Node
from telemetry.health import WORST_FIRST, worst
from telemetry.identity import folded_into

MAX_DEPTH = 5
# How much less traffic an edge may have than another and still keep its place from one tick to the next.
_HOLD = 1.25
_NOWHERE = ("hidden", "unknown")


class LeftOut(msgspec.Struct, frozen=True):
    """How many nodes and edges of a view are not sent, because there are too many."""

    nodes: int = 0
    edges: int = 0


class Bounds(NamedTuple):
    """How much of a view is sent: edges at most, besides those of what was unfolded by hand; and however much
    was unfolded, what a browser still draws in some way.
    """

    edges: int = 900
    nodes: int = 5000
    edges_unfolded: int = 15000


BOUNDS = Bounds()


def members(graph: Graph) -> dict[str, int]:
    """How many nodes stand in each namespace, of those that could be folded."""
    found: dict[str, int] = defaultdict(int)
    for node in graph.nodes.values():
        place = place_of(node.kind, node.namespace)
        if place:
            found[place] += 1
    return dict(found)


def counted(graph: Graph, whole: Graph, folded: Folding) -> Graph:
    """A folded graph with what its folded nodes stand for, out of the graph without folding.

    A folded node is as healthy as the worst that it stands for: what fails must show while it is folded.
    What stands for nothing but idle nodes is added.
    """
    inside: dict[str, list[Node]] = defaultdict(list)
    for node in whole.nodes.values():
        if group := folded.group(node.kind, node.namespace):
            inside[group].append(node)
    nodes, latency = dict(graph.nodes), dict(graph.node_latency)
    for group, each in inside.items():
        identity = folded_into(group)
        health = worst(node.health for node in each)
        node = nodes.get(identity.id) or Node(
            *identity[:7], requests_per_second=0.0, error_ratio=0.0, health="idle"
        )
        nodes[identity.id] = msgspec.structs.replace(node, members=len(each), health=health)
        latency.setdefault(identity.id, Latency())
    return Graph(dict(sorted(nodes.items())), graph.edges, latency)


def neighbourhood(graph: Graph, focus: str, depth: int) -> Graph:
    """The nodes within so many steps of one node, whichever way the calls go, and the edges between them.

    Empty where the node is not there. What stands for much that has nothing to do with each other (hidden,
    unknown, many namespaces together) is an end: no step leads on from it.
    """
    if focus not in graph.nodes:
        return Graph({}, {}, {})
    beside: dict[str, set[str]] = defaultdict(set)
    for edge in graph.edges.values():
        beside[edge.source].add(edge.target)
        beside[edge.target].add(edge.source)
    kept = reached = {focus}
    for _ in range(depth):
        onward = [node_id for node_id in reached if node_id == focus or not _is_an_end(graph.nodes[node_id])]
        reached = set().union(*(beside[node_id] for node_id in onward)) - kept
        kept = kept | reached
    return _only(graph, kept)


def bounded(
    graph: Graph, unfold: Collection[str] = (), before: Collection[str] = (), bounds: Bounds = BOUNDS
) -> tuple[Graph, LeftOut]:
    """No more of the graph than a page can draw, and how much is left out.

    `unfold`: the namespaces that somebody unfolded by hand. Edges with errors go first, then the busiest;
    what was sent a tick before (`before`: ids) is not given up for what is about as busy.
    """
    kept = graph
    if len(graph.nodes) > bounds.nodes:
        kept = _only(graph, _first(graph.nodes, bounds.nodes, before))
    if len(kept.edges) > bounds.edges:
        asked, others = _asked_for(kept, unfold)
        chosen = _first(asked, bounds.edges_unfolded, before) | _first(others, bounds.edges, before)
        edges = {edge_id: edge for edge_id, edge in kept.edges.items() if edge_id in chosen}
        kept = Graph(kept.nodes, edges, kept.node_latency)
    return kept, LeftOut(len(graph.nodes) - len(kept.nodes), len(graph.edges) - len(kept.edges))


def _asked_for(graph: Graph, unfold: Collection[str]) -> tuple[dict[str, Edge], dict[str, Edge]]:
    """The edges of what was unfolded by hand, and the others."""
    if ALL in unfold:
        return graph.edges, {}
    places = {node.id for node in graph.nodes.values() if place_of(node.kind, node.namespace) in unfold}
    asked = {
        edge_id: edge
        for edge_id, edge in graph.edges.items()
        if edge.source in places or edge.target in places
    }
    return asked, {edge_id: edge for edge_id, edge in graph.edges.items() if edge_id not in asked}


def _first(items: Mapping[str, Node] | Mapping[str, Edge], count: int, before: Collection[str]) -> set[str]:
    def rank(item_id: str) -> tuple[int, float, float, str]:
        item, held = items[item_id], _HOLD if item_id in before else 1.0
        return _rank(item), -held * item.requests_per_second, -held * _bytes(item), item_id

    return set(sorted(items, key=rank)[:count])


def _rank(item: Node | Edge) -> int:
    """A folded namespace is never given up for one node."""
    return -1 if isinstance(item, Node) and item.members else WORST_FIRST.index(item.health)


def _bytes(item: Node | Edge) -> float:
    if isinstance(item, Node):
        return item.bytes_per_second
    return item.sent_bytes_per_second + item.received_bytes_per_second


def _only(graph: Graph, kept: Collection[str]) -> Graph:
    nodes = {node_id: node for node_id, node in graph.nodes.items() if node_id in kept}
    edges = {
        edge_id: edge
        for edge_id, edge in graph.edges.items()
        if edge.source in nodes and edge.target in nodes
    }
    return Graph(nodes, edges, {node_id: graph.node_latency[node_id] for node_id in nodes})


def _is_an_end(node: Node) -> bool:
    several = (folded_into(OTHERS).id, folded_into(OUTSIDE).id)
    return node.kind in _NOWHERE or node.id in several
