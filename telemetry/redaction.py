"""The samples as somebody may see them who may not read every namespace. Pure.

What is not to be seen is taken out of the labels before anything is made of them: a node, an id, a count or a
word that is built afterwards cannot name it. What stands in a hidden namespace becomes one and the same thing
there, HIDDEN. Names without a namespace cannot be checked, and go: what bears them is unknown, as a caller
without a proxy is. A service of which no namespace is told counts as one of its workload's, as in the graph.
"""

from collections.abc import Iterable

from cluster.access import Visible
from telemetry.flows import Flow
from telemetry.identity import service_of
from telemetry.samples import HIDDEN, EdgeLabels


def redacted(flows: Iterable[Flow], visible: Visible) -> tuple[Flow, ...]:
    """The flows with an end in a visible namespace (None: all flows), without the names of other ends."""
    if visible is None:
        return tuple(flows)
    known: dict[EdgeLabels, EdgeLabels | None] = {}
    kept = []
    for flow in flows:
        if flow.labels not in known:
            known[flow.labels] = seen(flow.labels, visible)
        labels = known[flow.labels]
        if labels is not None:
            kept.append(flow._replace(labels=labels))
    return tuple(kept)


def seen(labels: EdgeLabels, visible: frozenset[str]) -> EdgeLabels | None:
    """The labels without what may not be seen; None when that is both ends."""
    service_namespace, service = service_of(labels)
    workload_namespace = labels.destination_workload_namespace or service_namespace
    reached = bool(labels.destination_workload or labels.destination_canonical_service)
    ends = (
        labels.source_workload_namespace in visible,
        bool(service) and service_namespace in visible,
        reached and workload_namespace in visible,
    )
    if not any(ends):
        return None
    source_seen, service_seen, workload_seen = ends
    if not source_seen:
        labels = _without_source(labels)
    if workload_seen:
        labels = labels._replace(destination_workload_namespace=workload_namespace)
    else:
        # Where no workload was reached, the cluster is the service's own.
        its_own = service_seen and not reached and workload_namespace == service_namespace
        cluster = labels.destination_cluster if its_own else ""
        labels = _without_workload(labels, _instead(workload_namespace) if reached else "")
        labels = labels._replace(destination_cluster=cluster)
    if service_seen:
        # The full host is only another name of it.
        return labels._replace(
            destination_service="",
            destination_service_name=service,
            destination_service_namespace=service_namespace,
        )
    return labels._replace(
        destination_service="",
        destination_service_name="",
        destination_service_namespace=_instead(service_namespace) if service else "",
    )


def _instead(namespace: str) -> str:
    """What stands for a namespace that is not to be seen; for none, nothing."""
    return HIDDEN if namespace else ""


def _without_source(labels: EdgeLabels) -> EdgeLabels:
    instead = _instead(labels.source_workload_namespace)
    return labels._replace(
        source_workload=instead,
        source_workload_namespace=instead,
        source_canonical_service="",
        source_canonical_revision="",
        source_cluster="",
    )


def _without_workload(labels: EdgeLabels, instead: str) -> EdgeLabels:
    return labels._replace(
        destination_workload=instead,
        destination_workload_namespace=instead,
        destination_canonical_service="",
        destination_canonical_revision="",
        destination_cluster="",
    )
