"""All services and namespaces at one glance, the worst first: what the Overview page shows. Pure.

Made of the graph of services, so that a figure is the same here as there.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from typing import Final

import msgspec

from telemetry.graph import Graph, Latency, Node, rounded
from telemetry.health import Health
from telemetry.identity import Service

MOST_SERVICES: Final = 200
_WORST_FIRST: Final[Mapping[Health, int]] = {"failing": 0, "degraded": 1, "ok": 2, "idle": 3}


class ServiceRow(msgspec.Struct, frozen=True):
    """A service by its golden signals; `id` is that of its node in the graph of services."""

    id: str
    namespace: str
    service: str
    cluster: str
    requests_per_second: float
    error_ratio: float
    latency_ms: Latency
    bytes_per_second: float
    health: Health


class NamespaceRow(msgspec.Struct, frozen=True):
    """What the services of a namespace receive together; `services` of each health.

    `p95_ms` is that of its slowest service: quantiles of several cannot be added up.
    """

    namespace: str
    requests_per_second: float
    error_ratio: float
    p95_ms: float | None
    bytes_per_second: float
    health: Health
    services: dict[Health, int]


class Overview(msgspec.Struct, frozen=True):
    """The rows, each list with the worst first; `left_out`: how many more services there are. `every`: all of
    them.
    """

    namespaces: list[NamespaceRow]
    services: list[ServiceRow]
    left_out: int
    every: tuple[Service, ...]


def overview(graph: Graph, namespaces: Collection[str] = (), most: int = MOST_SERVICES) -> Overview:
    """The rows of a graph of services; with namespaces, only of those."""
    nodes = [
        node
        for node in graph.nodes.values()
        if node.kind == "service" and node.namespace and (not namespaces or node.namespace in namespaces)
    ]
    latency = {node.id: graph.node_latency.get(node.id, Latency()) for node in nodes}
    services = sorted((_service(node, latency[node.id]) for node in nodes), key=_badness)
    by_namespace: dict[str, list[ServiceRow]] = defaultdict(list)
    for row in services:
        by_namespace[row.namespace].append(row)
    spaces = sorted((_namespace(name, rows) for name, rows in by_namespace.items()), key=_badness)
    every = tuple((row.namespace, row.service) for row in services)
    return Overview(spaces, services[:most], max(0, len(services) - most), every)


def _service(node: Node, latency: Latency) -> ServiceRow:
    return ServiceRow(
        id=node.id,
        namespace=node.namespace,
        service=node.service,
        cluster=node.cluster,
        requests_per_second=node.requests_per_second,
        error_ratio=node.error_ratio,
        latency_ms=latency,
        bytes_per_second=node.bytes_per_second,
        health=node.health,
    )


def _namespace(name: str, rows: list[ServiceRow]) -> NamespaceRow:
    requests = sum(row.requests_per_second for row in rows)
    errors = sum(row.requests_per_second * row.error_ratio for row in rows)
    counts: dict[Health, int] = defaultdict(int)
    for row in rows:
        counts[row.health] += 1
    return NamespaceRow(
        namespace=name,
        requests_per_second=rounded(requests),
        error_ratio=rounded(errors / requests) if requests else 0.0,
        p95_ms=max((row.latency_ms.p95 for row in rows if row.latency_ms.p95 is not None), default=None),
        bytes_per_second=rounded(sum(row.bytes_per_second for row in rows)),
        health=_worst(row.health for row in rows),
        services=dict(counts),
    )


def _worst(healths: Iterable[Health]) -> Health:
    return min(healths, key=_WORST_FIRST.__getitem__)


def _badness(row: ServiceRow | NamespaceRow) -> tuple[int, float, float, str, str]:
    """The worse the health the earlier; then by errors, then by requests a second."""
    name = row.service if isinstance(row, ServiceRow) else ""
    errors = row.requests_per_second * row.error_ratio
    return _WORST_FIRST[row.health], -errors, -row.requests_per_second, row.namespace, name
