"""Where the flows of a reading stand in one graph: which edge, which nodes. Pure.

That depends on the labels alone, so it holds from tick to tick as long as nobody new calls and nobody is
forgotten; the figures are then put in their places by columns (telemetry.building).
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from cluster.access import Visible
from telemetry.folding import Folding
from telemetry.identity import Directory, GraphType, Identity, Service, service_of
from telemetry.redaction import seen
from telemetry.register import Flags, Numbers, protocol_of
from telemetry.samples import HIDDEN, EdgeLabels

PROTOCOLS = ("http", "grpc", "tcp")


class Plan(NamedTuple):
    """What makes the layout of one graph another than the next."""

    graph_type: GraphType
    visible: Visible
    folded: Folding
    home: str


class Places(NamedTuple):
    """Some of the flows, and for each the edge, the node or whatever else it counts for."""

    flows: Numbers
    groups: Numbers
    size: int


class EdgeName(NamedTuple):
    """An edge without its figures."""

    id: str
    source: str
    target: str
    protocol: str


class _Way(NamedTuple):
    """Where one flow goes; without an edge inside a folded namespace."""

    flow: int
    source: str
    target: str
    protocol: str
    service: Service
    has_edge: bool


class Layout:
    """The nodes and edges of one graph, in the order of their ids, and what counts for each.

    `figures`: what a node shows: what it receives, or of one that nobody calls what it sends. `sent_to`: what
    one node sends to one service; `shares`: which of those stand behind an edge (an entry for each pair).
    """

    def __init__(self, numbers: Numbers, labels: Sequence[EdgeLabels], plan: Plan) -> None:
        self.numbers = numbers
        directory, ways, identities = _survey(labels, plan)
        drawn = [way for way in ways if way.has_edge]
        self.nodes = [directory.described(identities[node_id]) for node_id in sorted(identities)]
        self.edges = _names(drawn)
        place = {node.id: number for number, node in enumerate(self.nodes)}
        edge_place = {edge[1:]: number for number, edge in enumerate(self.edges)}
        of_edge = [edge_place[way.source, way.target, way.protocol] for way in drawn]
        self.by_edge = _places([way.flow for way in drawn], of_edge, len(self.edges))
        self.received = _places([way.flow for way in drawn], [place[way.target] for way in drawn], len(place))
        self.sent = _places([way.flow for way in drawn], [place[way.source] for way in drawn], len(place))
        self.figures = _figures(ways, place)
        self.protocols = np.array([PROTOCOLS.index(edge.protocol) for edge in self.edges], np.int64)
        self._lay_out_shares(drawn, of_edge)
        # What was made of it last, for telemetry.building: what has not changed since is not made again.
        self.last: object = None

    def _lay_out_shares(self, drawn: Sequence[_Way], of_edge: list[int]) -> None:
        pairs: dict[tuple[str, Service], int] = {}
        numbers = [pairs.setdefault((way.source, way.service), len(pairs)) for way in drawn]
        self.sent_to = _places([way.flow for way in drawn], numbers, len(pairs))
        both = sorted(set(zip(of_edge, numbers, strict=True)))
        self.shares = _places([pair for _, pair in both], [edge for edge, _ in both], len(self.edges))
        self.tells_share: Flags = np.ones(len(self.edges), np.bool_)
        secret = [edge for edge, way in zip(of_edge, drawn, strict=True) if way.service[0] == HIDDEN]
        self.tells_share[secret] = False


def _survey(labels: Sequence[EdgeLabels], plan: Plan) -> tuple[Directory, list[_Way], dict[str, Identity]]:
    shown = [
        (flow, each)
        for flow, each in enumerate(labels if plan.visible is None else _redacted(labels, plan.visible))
        if each is not None
    ]
    directory = Directory((each for _, each in shown), plan.graph_type, plan.folded, plan.home)
    ways: list[_Way] = []
    identities: dict[str, Identity] = {}
    for flow, each in shown:
        source, target = directory.ends(each)
        if _shows_something(source, target):
            identities[source.id], identities[target.id] = source, target
            inside = source.kind == "namespace" and source == target
            ways.append(_Way(flow, source.id, target.id, protocol_of(each), service_of(each), not inside))
    return directory, ways, identities


def _redacted(labels: Iterable[EdgeLabels], visible: frozenset[str]) -> Iterable[EdgeLabels | None]:
    return (seen(each, visible) for each in labels)


def _shows_something(source: Identity, target: Identity) -> bool:
    """False between two ends of which nothing may be shown: the service that was called is visible then, but
    in this type of graph it is no node.
    """
    kinds = {source.kind, target.kind}
    return "hidden" not in kinds or bool(kinds - {"hidden", "unknown"})


def _names(drawn: Iterable[_Way]) -> list[EdgeName]:
    keys = sorted({(way.source, way.target, way.protocol) for way in drawn})
    return [
        EdgeName(f"{source}->{target}:{protocol}", source, target, protocol)
        for source, target, protocol in keys
    ]


def _figures(ways: Sequence[_Way], place: dict[str, int]) -> Places:
    called = {way.target for way in ways}
    roots = [way for way in ways if way.source not in called]
    flows = [way.flow for way in ways] + [way.flow for way in roots]
    groups = [place[way.target] for way in ways] + [place[way.source] for way in roots]
    return _places(flows, groups, len(place))


def _places(flows: Sequence[int], groups: Sequence[int], count: int) -> Places:
    return Places(np.array(flows, np.int64), np.array(groups, np.int64), count)
