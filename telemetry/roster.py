"""What runs in a cluster whether or not it has traffic, and what is annotated on it. Pure.

Made of the projections of `cluster.objects`; names nodes as telemetry.identity does, so that what gets its
first request stays the same node.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final, NamedTuple

from cluster import inventory, kinds, objects
from cluster.access import Visible
from cluster.inventory import Workload
from cluster.kinds import Kind
from telemetry.folding import NOT_FOLDED, Folding
from telemetry.graph import Graph, Latency, Node
from telemetry.health import ANNOTATION, Annotated, BadToleranceError, Tolerance, read_annotation
from telemetry.identity import GraphType, Identity
from telemetry.shortfall import Note

KINDS: Final[tuple[Kind, ...]] = (
    kinds.SERVICE,
    *(kind for kind in kinds.WORKLOADS if kind not in (kinds.JOB, kinds.CRON_JOB)),
)
"""What is read. A job comes and goes: that it has no traffic means nothing."""


class Named(NamedTuple):
    """A service. `led_to`: whether a workload stands behind it; `app` is what most likely answers."""

    namespace: str
    name: str
    app: str
    led_to: bool


class Standing(NamedTuple):
    """A workload, by the names that Istio's metrics have for it; `service` leads to it, or is empty."""

    namespace: str
    workload: str
    app: str
    version: str
    service: str


class Roster(NamedTuple):
    """What runs. `notes`: the annotations that cannot be read."""

    workloads: tuple[Standing, ...] = ()
    services: tuple[Named, ...] = ()
    annotated: Annotated = {}
    notes: tuple[Note, ...] = ()


NOBODY = Roster()


def nobody() -> Roster:
    """Where nobody knows what runs."""
    return NOBODY


def of(items: Mapping[Kind, Iterable[Any]]) -> Roster:
    """The roster of these objects (KINDS); pods are not needed, so that it seldom has to be made again."""
    services: list[objects.Service] = list(items.get(kinds.SERVICE, ()))
    by_kind = {kind: list(items.get(kind, ())) for kind in KINDS if kind != kinds.SERVICE}
    made = inventory.workloads(by_kind, ())
    served = inventory.services(services, (), made)
    leading: dict[tuple[str, str], str] = {}
    for each in sorted(served, key=lambda each: (each.namespace, each.name != each.app, each.name)):
        leading.setdefault((each.namespace, each.app), each.name)
    annotated, notes = _annotations(services, by_kind)
    return Roster(
        workloads=tuple(_standing(each, leading) for each in made),
        services=tuple(Named(each.namespace, each.name, each.app, bool(each.versions)) for each in served),
        annotated=annotated,
        notes=notes,
    )


def with_idle(
    graph: Graph,
    roster: Roster,
    graph_type: GraphType,
    visible: Visible,
    *,
    home: str,
    folded: Folding = NOT_FOLDED,
) -> Graph:
    """The graph and, as idle nodes, what may be seen and is not in it. `home`: the cluster of the roster.

    What is folded is left out: the folded node counts it. A service stands for itself in the graph of
    services, and in the others only where nothing stands behind it.
    """
    several = any(node.cluster for node in graph.nodes.values())
    nodes = dict(graph.nodes)
    for identity in _identities(roster, graph_type):
        seen = visible is None or identity.namespace in visible
        there = identity.id in nodes or _stand_in(identity) in graph.nodes
        if seen and not there and not folded.group(identity.kind, identity.namespace):
            nodes[identity.id] = _idle(identity, home if several else "")
    latency = {node_id: graph.node_latency.get(node_id, Latency()) for node_id in nodes}
    return Graph(dict(sorted(nodes.items())), graph.edges, latency)


def _stand_in(identity: Identity) -> str:
    """What is drawn in the graph of services instead of a service that only calls: a gateway's app."""
    return f"app:{identity.namespace}/{identity.app}" if identity.kind == "service" else identity.id


def _standing(workload: Workload, leading: Mapping[tuple[str, str], str]) -> Standing:
    return Standing(
        namespace=workload.namespace,
        workload=workload.name,
        app=workload.app,
        version=inventory.revision_of(workload.labels),
        service=leading.get((workload.namespace, workload.app), ""),
    )


def _identities(roster: Roster, graph_type: GraphType) -> Iterator[Identity]:
    for service in roster.services:
        if graph_type == "service" or not service.led_to:
            yield Identity(
                id=f"service:{service.namespace}/{service.name}",
                kind="service",
                namespace=service.namespace,
                app=service.app,
                service=service.name,
            )
    if graph_type == "service":
        return
    behind: dict[str, list[Standing]] = {}
    for each in roster.workloads:
        behind.setdefault(_id(each, graph_type), []).append(each)
    for node_id, standing in behind.items():
        yield _of_workloads(node_id, standing, graph_type)


def _id(standing: Standing, graph_type: GraphType) -> str:
    namespace, workload, app, version, _ = standing
    if graph_type == "workload":
        return f"workload:{namespace}/{workload}"
    return f"app:{namespace}/{app}/{version}" if graph_type == "versioned_app" else f"app:{namespace}/{app}"


def _of_workloads(node_id: str, standing: list[Standing], graph_type: GraphType) -> Identity:
    """A node says its workload where it has only one."""
    first = standing[0]
    return Identity(
        id=node_id,
        kind="workload" if graph_type == "workload" else "app",
        namespace=first.namespace,
        app=first.app,
        version="" if graph_type == "app" else first.version,
        workload=first.workload if len(standing) == 1 else "",
        service=first.service,
    )


def _idle(identity: Identity, cluster: str) -> Node:
    return Node(*identity[:7], requests_per_second=0.0, error_ratio=0.0, health="idle", cluster=cluster)


def _annotations(
    services: Iterable[objects.Service], by_kind: Mapping[Kind, Iterable[Any]]
) -> tuple[Annotated, tuple[Note, ...]]:
    found: dict[tuple[str, str, str], tuple[Tolerance, ...]] = {}
    notes = []
    for word, item in _annotated(services, by_kind):
        namespace, name = item.metadata.namespace, item.metadata.name
        try:
            found[word, namespace, name] = read_annotation(item.metadata.annotations.health)
        except BadToleranceError as error:
            told = f"The annotation {ANNOTATION} of the {word} {namespace}/{name} is not used: {error}."
            notes.append(Note(namespace, told))
    return found, tuple(notes)


def _annotated(
    services: Iterable[objects.Service], by_kind: Mapping[Kind, Iterable[Any]]
) -> Iterator[tuple[str, Any]]:
    """The objects with the annotation. A ReplicaSet has a copy of its Deployment's, which tells nothing."""
    every: list[tuple[str, Any]] = [("service", item) for item in services]
    for kind, items in by_kind.items():
        copies = kind == kinds.REPLICA_SET
        every += [("workload", item) for item in items if not (copies and item.metadata.owner)]
    return ((word, item) for word, item in every if item.metadata.annotations.health is not None)
