"""From rates to a graph: the nodes and edges of one graph type, with their health. A pure function of the
samples.

A request that reached no workload (an injected abort, a service without endpoints) ends at a node of kind
"service". A graph is built once a tick for all who may see the same; what a view shows of it is cut out by
within().
"""

import math
from collections.abc import Collection
from typing import Final, NamedTuple, get_args

import msgspec

from telemetry.health import Health, Tolerances
from telemetry.identity import HOME, GraphType

GRAPH_TYPES: tuple[GraphType, ...] = get_args(GraphType)


# A float has a power of ten up to 308.
MOST_DIGITS: Final = 300


class Limits(NamedTuple):
    """When errors are more than a blemish, and after how many seconds without a request things leave.

    Of edges an error ratio (0-1) says so, of nodes the tolerances. `home`: the cluster whose nodes bear no
    cluster in their ids.
    """

    degraded_above: float = 0.01
    failing_above: float = 0.05
    edge_idle_seconds: float = 60.0
    node_idle_seconds: float = 300.0
    tolerances: Tolerances = Tolerances()
    home: str = HOME


class Latency(msgspec.Struct, frozen=True):
    """Milliseconds as the caller saw them; None when unknown."""

    p50: float | None = None
    p95: float | None = None
    p99: float | None = None


class Node(msgspec.Struct, frozen=True):
    """What receives requests, with what it receives.

    A node that nothing observed calls (an ingress gateway) shows what it sends instead. `members`: for how
    many nodes a folded namespace stands (0: a node that stands for itself). `bytes_per_second`: both ways
    together.
    """

    id: str
    kind: str
    namespace: str
    app: str
    version: str
    workload: str
    service: str
    requests_per_second: float
    error_ratio: float
    health: Health
    cluster: str = ""
    members: int = 0
    bytes_per_second: float = 0.0
    latency_ms: Latency = Latency()


class Edge(msgspec.Struct, frozen=True):
    """The requests from one node to another by one protocol.

    `share` is the part (0-1) of the source's requests to the same service that takes this edge;
    `response_flags` are requests per second by Envoy's flag. Without a share: an edge without requests, and
    one to a service that the viewer may not see, whose other versions he does not see either. `sent` goes
    the way of the call. `messages`: gRPC's, both ways; `connections`: TCP's, opened. `mtls`: the part (0-1)
    of the traffic that the destination got over mutual TLS; None where no destination reports.
    """

    id: str
    source: str
    target: str
    protocol: str
    requests_per_second: float
    error_ratio: float
    latency_ms: Latency
    share: float | None
    response_flags: dict[str, float]
    health: Health
    sent_bytes_per_second: float = 0.0
    received_bytes_per_second: float = 0.0
    messages_per_second: float = 0.0
    connections_per_second: float = 0.0
    mtls: float | None = None


class Graph(msgspec.Struct, frozen=True):
    """Nodes and edges by id, each in the order of their ids; latency of nodes for the figures."""

    nodes: dict[str, Node]
    edges: dict[str, Edge]
    node_latency: dict[str, Latency]


def within(graph: Graph, namespaces: Collection[str]) -> Graph:
    """The edges with either end in the namespaces, their nodes, and the nodes of the namespaces. None given:
    all.
    """
    if not namespaces:
        return graph
    inside = {node_id for node_id, node in graph.nodes.items() if node.namespace in namespaces}
    edges = {
        edge_id: edge
        for edge_id, edge in graph.edges.items()
        if edge.source in inside or edge.target in inside
    }
    kept = inside.union(*((edge.source, edge.target) for edge in edges.values()))
    nodes = {node_id: node for node_id, node in graph.nodes.items() if node_id in kept}
    return Graph(nodes, edges, {node_id: graph.node_latency[node_id] for node_id in nodes})


def rounded(value: float) -> float:
    """Three significant digits: what a person can read, and few enough for most figures to stay still."""
    if value == 0:
        return value
    size = math.floor(math.log10(abs(value)))
    fine, coarse = 10.0 ** min(max(2 - size, 0), MOST_DIGITS), 10.0 ** max(size - 2, 0)
    return round(value * fine / coarse) / fine * coarse
