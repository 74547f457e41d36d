"""Which node a label set belongs to, in each graph type, and what else is known about that node.

Pure. Knows labels only: no rates, no cluster.
"""

from collections import defaultdict
from collections.abc import Iterable
from typing import Literal, NamedTuple
from urllib.parse import quote, unquote

from telemetry.folding import NOT_FOLDED, OTHERS, OUTSIDE, Folding
from telemetry.samples import HIDDEN, EdgeLabels

GraphType = Literal["versioned_app", "app", "workload", "service"]


class Identity(NamedTuple):
    """A node without its figures. Kinds: app, workload, service, namespace, unknown, hidden.

    All that the viewer may not see is one node, of kind hidden and without a name. A folded namespace is one
    of kind namespace; of several together, and of what is outside the mesh, the namespace is empty.
    `cluster` is empty where only one is known.
    """

    id: str
    kind: str
    namespace: str = ""
    app: str = ""
    version: str = ""
    workload: str = ""
    service: str = ""
    cluster: str = ""


Service = tuple[str, str]
"""Namespace and short name, or the host as it was given."""

HOME = "Kubernetes"
"""What istiod calls its cluster unless it is told otherwise (values.global.multiCluster.clusterName)."""
FOLDED_ID = "namespace:"
"""How the id of a folded namespace begins."""
_UNKNOWN = Identity("unknown", "unknown")
_HIDDEN = Identity("hidden", "hidden")


def service_of(labels: EdgeLabels) -> Service:
    """The service that was called."""
    namespace = labels.destination_service_namespace or labels.destination_workload_namespace
    return namespace, labels.destination_service_name or labels.destination_service


def folded_into(group: str) -> Identity:
    """The node that stands for a folded namespace."""
    return Identity(f"{FOLDED_ID}{group}", "namespace", "" if group in (OTHERS, OUTSIDE) else group)


def cluster_of(node_id: str) -> tuple[str, str]:
    """The id without the cluster that it bears, and that cluster; empty where it bears none."""
    kind, _, place = node_id.partition(":")
    rest, at, cluster = node_id.rpartition("@")
    # What stands in no namespace stands in no cluster: a host may be called as it likes.
    if not at or place.startswith("/") or kind not in ("app", "workload", "service"):
        return node_id, ""
    return rest, unquote(cluster)


def _at(cluster: str, workload_namespace: str, service: Service) -> str:
    """The cluster of a service: that of a workload of its own namespace. Who sees it need not know others."""
    return cluster if workload_namespace in ("", service[0]) else ""


def _quoted(cluster: str) -> str:
    """Fit for the end of an id: usual names stay as they are."""
    return quote(cluster, safe="", errors="replace")


class Directory:
    """Names the nodes of one graph type; knows from the labels which services lead to which apps.

    What is folded bears the name of the node that stands for it. In a mesh of several clusters, what runs in
    another one than `home` bears that one's name in its id; a namespace is the same in all of them.
    """

    def __init__(
        self,
        labels: Iterable[EdgeLabels],
        graph_type: GraphType,
        folded: Folding = NOT_FOLDED,
        home: str = HOME,
    ) -> None:
        self._graph_type = graph_type
        self._folded = folded
        self._home = home
        self._clusters: set[str] = set()
        self._apps_of: dict[Service, set[str]] = defaultdict(set)
        self._services_of: dict[tuple[str, str], set[Service]] = defaultdict(set)
        self._workloads: dict[str, set[str]] = defaultdict(set)
        for each in labels:
            self._learn(each)
        self._several = len((self._clusters - {""}) | {home}) > 1

    def _learn(self, labels: EdgeLabels) -> None:
        namespace, service = service_of(labels)
        app = labels.destination_canonical_service
        self._clusters.add(labels.source_cluster)
        self._clusters.add(labels.destination_cluster)
        if app and service:
            self._apps_of[namespace, service].add(app)
        if app and service and labels.destination_workload:
            self._services_of[labels.destination_workload_namespace or namespace, app].add(
                (namespace, service)
            )

    def ends(self, labels: EdgeLabels) -> tuple[Identity, Identity]:
        """The node that sent the requests, and the one that they reached: a service if no workload."""
        source, target = self._drawn(self._source(labels)), self._drawn(self._target(labels))
        self._workloads[source.id].add(labels.source_workload)
        self._workloads[target.id].add(labels.destination_workload)
        return source, target

    def described(self, identity: Identity) -> Identity:
        """The identity with what is known besides: a node's only workload, the service that leads to it."""
        if identity.kind in ("hidden", "namespace"):
            return identity
        workloads = self._workloads[identity.id]
        if identity.kind != "service" and not identity.workload and len(workloads) == 1:
            identity = identity._replace(workload=next(iter(workloads)))
        if identity.kind != "service" and not identity.service:
            namespace, service = self._service_of(identity.namespace, identity.app)
            return identity._replace(service=service if namespace == identity.namespace else "")
        return identity

    def _drawn(self, identity: Identity) -> Identity:
        group = self._folded.group(identity.kind, identity.namespace)
        return folded_into(group) if group else identity

    def _in(self, cluster: str, identity: Identity) -> Identity:
        """The node in its cluster; an id names none where it is the home cluster, or not known."""
        if not self._several or not identity.namespace:
            return identity
        if cluster in ("", self._home):
            return identity._replace(cluster=self._home)
        return identity._replace(id=f"{identity.id}@{_quoted(cluster)}", cluster=cluster)

    def _source(self, labels: EdgeLabels) -> Identity:
        namespace, app = labels.source_workload_namespace, labels.source_canonical_service
        if self._graph_type == "service":
            service = self._service_of(namespace, app)
            if service[1]:
                return self._in(_at(labels.source_cluster, namespace, service), self._service(*service))
        return self._in(
            labels.source_cluster,
            self._workload_side(namespace, app, labels.source_canonical_revision, labels.source_workload),
        )

    def _target(self, labels: EdgeLabels) -> Identity:
        namespace, service = service_of(labels)
        if service and (self._graph_type == "service" or not labels.destination_workload):
            cluster = _at(
                labels.destination_cluster, labels.destination_workload_namespace, (namespace, service)
            )
            return self._in(cluster, self._service(namespace, service))
        return self._in(
            labels.destination_cluster,
            self._workload_side(
                labels.destination_workload_namespace or namespace,
                labels.destination_canonical_service,
                labels.destination_canonical_revision,
                labels.destination_workload,
            ),
        )

    def _workload_side(self, namespace: str, app: str, version: str, workload: str) -> Identity:
        """A caller without a service of its own (a gateway) is an app in the graph of services, too."""
        if namespace == HIDDEN:
            return _HIDDEN
        if workload and (self._graph_type == "workload" or not app):
            return Identity(f"workload:{namespace}/{workload}", "workload", namespace, app, version, workload)
        if not app:
            return _UNKNOWN
        if self._graph_type == "versioned_app" and version:
            return Identity(f"app:{namespace}/{app}/{version}", "app", namespace, app, version)
        return Identity(f"app:{namespace}/{app}", "app", namespace, app)

    def _service(self, namespace: str, service: str) -> Identity:
        apps = self._apps_of.get((namespace, service), set())
        app = service if service in apps else min(apps, default="")
        return Identity(
            f"service:{namespace}/{service}", "service", namespace=namespace, app=app, service=service
        )

    def _service_of(self, namespace: str, app: str) -> Service:
        """The service that leads to an app: rather one of its own namespace, and of its own name."""
        services = self._services_of.get((namespace, app), set())
        return min(
            services, key=lambda each: (each[0] != namespace, each[1] != app, each), default=(namespace, "")
        )
