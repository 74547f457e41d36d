"""The graph of a reading, built plainly: flow by flow, sum by sum. What telemetry.building does by columns
has to come to the same.
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence

from cluster.access import Visible
from telemetry.flows import Flow
from telemetry.folding import NOT_FOLDED, Folding
from telemetry.graph import Edge, Graph, Latency, Limits, Node, rounded
from telemetry.health import Codes, Health, Subject
from telemetry.identity import Directory, GraphType, Identity, Service, service_of
from telemetry.quantiles import Histogram, merge, quantiles
from telemetry.redaction import redacted
from telemetry.samples import HIDDEN, EdgeLabels


def build_for(
    summed: Sequence[Flow],
    graph_type: GraphType,
    visible: Visible,
    limits: Limits | None = None,
    folded: Folding = NOT_FOLDED,
) -> Graph:
    """The graph of the flows as it may be shown to who may see these namespaces (None: all).

    A folded namespace is one node with the sums of all in it: calls inside it count there, and are no edge.
    """
    return _Builder(redacted(summed, visible), graph_type, limits or Limits(), folded).graph()


class _Sum:
    """What was added up for one edge or node."""

    def __init__(self) -> None:
        self.requests = 0.0
        self.errors = 0.0
        self.flags: dict[str, float] = {}
        self.codes: dict[str, float] = {}
        self.histograms: list[Histogram] = []
        self.services: set[Service] = set()
        self.idle_seconds = float("inf")
        self.sent_bytes = 0.0
        self.received_bytes = 0.0
        self.messages = 0.0
        self.connections = 0.0
        self._secured = 0.0
        self._told_of = 0.0

    def add(self, flow: Flow) -> None:
        self.requests += flow.requests
        self.errors += flow.errors
        self.idle_seconds = min(self.idle_seconds, flow.idle_seconds)
        self.sent_bytes += flow.sent_bytes
        self.received_bytes += flow.received_bytes
        self.messages += flow.messages
        self.connections += flow.connections
        if flow.mtls is not None:
            weight = flow.requests or flow.sent_bytes + flow.received_bytes
            self._secured += weight * flow.mtls
            self._told_of += weight
        if flow.histogram:
            self.histograms.append(flow.histogram)
        for flag, rate in flow.flags.items():
            self.flags[flag] = self.flags.get(flag, 0.0) + rate

    def add_codes(self, codes: Mapping[str, float]) -> None:
        for code, rate in codes.items():
            self.codes[code] = self.codes.get(code, 0.0) + rate

    @property
    def error_ratio(self) -> float:
        return self.errors / self.requests if self.requests else 0.0

    @property
    def mtls(self) -> float | None:
        return rounded(self._secured / self._told_of) if self._told_of else None

    @property
    def active(self) -> bool:
        return self.idle_seconds == 0

    def latency(self) -> Latency:
        if not self.histograms:
            return Latency()
        values = quantiles((0.5, 0.95, 0.99), merge(self.histograms))
        return Latency(*(None if value is None else rounded(value) for value in values))

    def health(self, limits: Limits) -> Health:
        if not self.active:
            return "idle"
        if self.error_ratio > limits.failing_above:
            return "failing"
        return "degraded" if self.error_ratio > limits.degraded_above else "ok"


_EdgeKey = tuple[str, str, str]
_NO_CODES: Codes = {}


class _Builder:
    def __init__(
        self, summed: Sequence[Flow], graph_type: GraphType, limits: Limits, folded: Folding
    ) -> None:
        self._flows = [flow for flow in summed if flow.idle_seconds <= _keep_seconds(flow.labels, limits)]
        self._limits = limits
        self._directory = Directory((flow.labels for flow in self._flows), graph_type, folded, limits.home)
        self._edges: dict[_EdgeKey, _Sum] = defaultdict(_Sum)
        self._received: dict[str, _Sum] = defaultdict(_Sum)
        self._sent: dict[str, _Sum] = defaultdict(_Sum)
        self._sent_to: dict[tuple[str, Service], float] = defaultdict(float)
        self._identities: dict[str, Identity] = {}

    def graph(self) -> Graph:
        for flow in self._flows:
            self._add(flow)
        edges = {edge.id: edge for edge in map(self._edge, sorted(self._edges)) if edge}
        sums = {
            node_id: self._received.get(node_id) or self._sent[node_id]
            for node_id in sorted(self._identities)
        }
        received, sent = self._codes()
        nodes = {
            node_id: self._node(
                node_id, total, received.get(node_id, _NO_CODES), sent.get(node_id, _NO_CODES)
            )
            for node_id, total in sums.items()
        }
        latency = {node_id: total.latency() for node_id, total in sums.items()}
        return Graph(nodes, edges, latency)

    def _add(self, flow: Flow) -> None:
        source, target = self._directory.ends(flow.labels)
        if not _shows_something(source, target):
            return
        service = service_of(flow.labels)
        self._identities[source.id] = source
        self._identities[target.id] = target
        if source.kind == "namespace" and source == target:
            self._received[target.id].add(flow)
            return
        edge = self._edges[source.id, target.id, _protocol(flow.labels)]
        edge.services.add(service)
        edge.add_codes(flow.codes)
        for total in (edge, self._sent[source.id], self._received[target.id]):
            total.add(flow)
        self._sent_to[source.id, service] += flow.requests

    def _codes(self) -> tuple[dict[str, Codes], dict[str, Codes]]:
        """By node, the response codes of what it received and of what it sent."""
        received: dict[str, dict[tuple[str, str], float]] = defaultdict(dict)
        sent: dict[str, dict[tuple[str, str], float]] = defaultdict(dict)
        for (source, target, protocol), total in self._edges.items():
            for code, rate in total.codes.items():
                status = code.removeprefix("grpc ")
                key = (protocol if status is code else "grpc", status)
                for codes in (sent[source], received[target]):
                    codes[key] = codes.get(key, 0.0) + rate
        return {**received}, {**sent}

    def _health(self, identity: Identity, total: _Sum, received: Codes, sent: Codes) -> Health:
        """A caller of which nothing is known is not to blame for what it calls, nor is a service."""
        if not total.active:
            return "idle"
        is_caller = identity.kind in ("app", "workload")
        name = {"app": identity.app, "workload": identity.workload}.get(identity.kind, identity.service)
        workload = identity.workload if is_caller else ""
        subject = Subject(identity.kind, identity.namespace, name, workload, identity.service)
        return self._limits.tolerances.health(subject, received, sent if is_caller else _NO_CODES)

    def _node(self, node_id: str, total: _Sum, received: Codes, sent: Codes) -> Node:
        identity = self._directory.described(self._identities[node_id])
        return Node(
            id=node_id,
            kind=identity.kind,
            namespace=identity.namespace,
            app=identity.app,
            version=identity.version,
            workload=identity.workload,
            service=identity.service,
            requests_per_second=rounded(total.requests),
            error_ratio=rounded(total.error_ratio),
            health=self._health(identity, total, received, sent),
            cluster=identity.cluster,
            bytes_per_second=rounded(total.sent_bytes + total.received_bytes),
            latency_ms=total.latency(),
        )

    def _edge(self, key: _EdgeKey) -> Edge | None:
        """The edge, or None when it was idle for long; its nodes stay longer."""
        total = self._edges[key]
        source, target, protocol = key
        if total.idle_seconds > self._limits.edge_idle_seconds:
            return None
        all_sent = sum(self._sent_to[source, service] for service in total.services)
        has_share = total.requests > 0 and all(namespace != HIDDEN for namespace, _ in total.services)
        return Edge(
            id=f"{source}->{target}:{protocol}",
            source=source,
            target=target,
            protocol=protocol,
            requests_per_second=rounded(total.requests),
            error_ratio=rounded(total.error_ratio),
            latency_ms=total.latency(),
            share=rounded(total.requests / all_sent) if has_share else None,
            response_flags={flag: rounded(rate) for flag, rate in sorted(total.flags.items())},
            health=total.health(self._limits),
            sent_bytes_per_second=rounded(total.sent_bytes),
            received_bytes_per_second=rounded(total.received_bytes),
            messages_per_second=rounded(total.messages),
            connections_per_second=rounded(total.connections),
            mtls=total.mtls,
        )


def _shows_something(source: Identity, target: Identity) -> bool:
    """False between two ends of which nothing may be shown: the service that was called is visible then, but
    in this type of graph it is no node.
    """
    kinds = {source.kind, target.kind}
    return "hidden" not in kinds or bool(kinds - {"hidden", "unknown"})


def _keep_seconds(labels: EdgeLabels, limits: Limits) -> float:
    """Where no workload was reached, the end is only a stand-in: it leaves with its edge."""
    return limits.node_idle_seconds if labels.destination_workload else limits.edge_idle_seconds


def _protocol(labels: EdgeLabels) -> str:
    protocol = labels.request_protocol.lower()
    return protocol if protocol in ("grpc", "tcp") else "http"
