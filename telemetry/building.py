"""Puts the figures of a reading into the layout of a graph. Pure.

All sums are made by columns; nodes and edges that are what they were in the tick before are the same objects.
"""

from collections.abc import Callable, Iterable, Sequence
from itertools import compress
from operator import ne
from typing import Final, Generic, NamedTuple, TypeVar

import numpy as np

from telemetry.flows import code_of
from telemetry.graph import MOST_DIGITS, Edge, Graph, Latency, Limits, Node, rounded
from telemetry.health import Codes, Health, Subject
from telemetry.identity import Identity
from telemetry.latencies import latencies
from telemetry.layout import PROTOCOLS, Layout, Places
from telemetry.register import Floats, Numbers, Outcome, sums
from telemetry.table import Table

_HEALTH: Final[tuple[Health, ...]] = ("ok", "degraded", "failing", "idle")
_IDLE: Final = _HEALTH.index("idle")
_UNKNOWN: Final = Latency()
_NO_CODES: Final[Codes] = {}
# Columns of what is summed up for edges and nodes.
_REQUESTS, _ERROR_RATIO, _SENT, _RECEIVED = range(4)


_Thing = TypeVar("_Thing", Edge, Node)


class _Cast(Generic[_Thing]):
    """What things were made with, and the things."""

    def __init__(self, figures: Floats, marks: Sequence[object], things: list[_Thing]) -> None:
        self.figures = figures
        self.marks = marks
        self.things: list[_Thing] = things


class _Casts(NamedTuple):
    edges: _Cast[Edge] | None = None
    nodes: _Cast[Node] | None = None


def kept(table: Table, limits: Limits) -> Numbers:
    """The rows of the flows that are shown: where no workload was reached, the end is only a stand-in, and
    leaves with its edge.
    """
    keep = np.where(table.reached, limits.node_idle_seconds, limits.edge_idle_seconds)
    return np.flatnonzero(table.idle_seconds <= keep)


def build(table: Table, rows: Numbers, layout: Layout, limits: Limits) -> Graph:
    """The graph of these rows of the table; the layout is that of their label sets."""
    flows = _Flows.of(table, rows)
    before = layout.last if isinstance(layout.last, _Casts) else _Casts()
    new_edges = _edges(flows, layout, limits, before.edges)
    new_nodes = _nodes(flows, layout, limits, before.nodes)
    layout.last = _Casts(new_edges, new_nodes)
    idle = flows.idle_of(layout.by_edge)
    shown = compress(new_edges.things, (idle <= limits.edge_idle_seconds).tolist())
    return Graph(
        {node.id: node for node in new_nodes.things},
        {edge.id: edge for edge in shown},
        {node.id: node.latency_ms for node in new_nodes.things},
    )


class _Flows(NamedTuple):
    """The rows of a table that a graph shows, and which row is the how-many-eth of them."""

    table: Table
    rows: Numbers
    place: Numbers
    figures: Floats
    idle_seconds: Floats

    @classmethod
    def of(cls, table: Table, rows: Numbers) -> "_Flows":
        place = np.full(len(table.numbers), -1)
        place[rows] = np.arange(len(rows))
        told = ~np.isnan(table.mtls)
        weights = np.where(table.requests > 0, table.requests, table.volumes[:, 0] + table.volumes[:, 1])
        secured = np.where(told, weights * np.where(told, table.mtls, 0.0), 0.0)
        figures = np.column_stack(
            (table.requests, table.errors, table.volumes, secured, np.where(told, weights, 0.0))
        )
        return cls(table, rows, place, figures[rows], table.idle_seconds[rows])

    def sums(self, places: Places) -> Floats:
        """The figures of what each group is made of, before they are rounded: columns as of _FIGURES."""
        columns = [
            sums(places.groups, self.figures[places.flows, column], places.size)
            for column in range(self.figures.shape[1])
        ]
        requests, errors, sent, received, messages, connections, secured, told = columns
        ratio = np.divide(errors, requests, out=np.zeros(places.size), where=requests > 0)
        mtls = np.divide(secured, told, out=np.full(places.size, np.nan), where=told > 0)
        return np.stack((requests, ratio, sent, received, messages, connections, mtls), axis=1)

    def idle_of(self, places: Places) -> Floats:
        """For how long each group has been idle: as long as what of it was active last."""
        idle = np.full(places.size, np.inf)
        np.minimum.at(idle, places.groups, self.idle_seconds[places.flows])
        return idle

    def latencies(self, places: Places) -> Floats:
        """The latency quantiles of each group."""
        durations = self.table.durations
        of_flow = self.place[durations.flows]
        order = np.argsort(of_flow, kind="stable")
        ordered = of_flow[order]
        first = np.searchsorted(ordered, places.flows)
        count = np.searchsorted(ordered, places.flows, side="right") - first
        # A flow counts for several groups, and may have several histograms.
        rows = order[np.repeat(first, count) + _within(count)]
        return latencies(durations.histograms, rows, np.repeat(places.groups, count), places.size)

    def endings(self, places: Places) -> tuple[Numbers, Numbers, Floats]:
        """For each request that counts for a group: the group, the outcome, and how many per second."""
        told = self.table.endings
        of_flow = np.full(len(self.rows), -1)
        of_flow[places.flows] = places.groups
        groups = of_flow[self.place[told.flows]]
        counted = groups >= 0
        return groups[counted], told.outcomes[counted], told.rates[counted]


def _within(counts: Numbers) -> Numbers:
    """0, 1 and so on for each of the counts: for 2 and 3 it is 0 1 0 1 2."""
    ends = np.cumsum(counts)
    found: Numbers = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - counts, counts)
    return found


def _edges(flows: _Flows, layout: Layout, limits: Limits, before: _Cast[Edge] | None) -> _Cast[Edge]:
    places = layout.by_edge
    totals = flows.sums(places)
    shares = _shares(flows, layout, totals[:, _REQUESTS])
    ratio = totals[:, _ERROR_RATIO]
    health = np.where(ratio > limits.failing_above, 2, ratio > limits.degraded_above)
    health = np.where(flows.idle_of(places) > 0, _IDLE, health)
    rounded_all = _rounded(np.column_stack((totals, shares, flows.latencies(places))))
    figures = np.column_stack((rounded_all, health))
    flags = _flags(flows, places)

    def made(numbers: list[int]) -> Iterable[Edge]:
        names = layout.edges
        for number, row in zip(numbers, figures[numbers].tolist(), strict=True):
            requests, ratio, sent, received, messages, connections, mtls, share, p50, p95, p99, how = row
            yield Edge(
                *names[number],
                requests,
                ratio,
                _latency(p50, p95, p99),
                share if share >= 0 else None,
                flags[number],
                _HEALTH[int(how)],
                sent,
                received,
                messages,
                connections,
                mtls if mtls >= 0 else None,
            )

    return _cast(figures, flags, made, before)


def _nodes(flows: _Flows, layout: Layout, limits: Limits, before: _Cast[Node] | None) -> _Cast[Node]:
    places = layout.figures
    totals = flows.sums(places)
    active = (flows.idle_of(places) == 0).tolist()
    health = _healths(flows, layout, active, limits)
    moved = totals[:, _SENT] + totals[:, _RECEIVED]
    figures = _rounded(
        np.column_stack((totals[:, _REQUESTS], totals[:, _ERROR_RATIO], moved, flows.latencies(places)))
    )

    def made(numbers: list[int]) -> Iterable[Node]:
        for number, row in zip(numbers, figures[numbers].tolist(), strict=True):
            requests, ratio, both, p50, p95, p99 = row
            one = layout.nodes[number]
            yield Node(
                one.id,
                one.kind,
                one.namespace,
                one.app,
                one.version,
                one.workload,
                one.service,
                requests,
                ratio,
                health[number],
                one.cluster,
                0,
                both,
                _latency(p50, p95, p99),
            )

    return _cast(figures, health, made, before)


def _cast(
    figures: Floats,
    marks: Sequence[object],
    made: Callable[[list[int]], Iterable[_Thing]],
    before: _Cast[_Thing] | None,
) -> _Cast[_Thing]:
    """The things with these figures and marks; those that had the same before are the same."""
    if before is None or len(before.things) != len(figures):
        every = list(range(len(figures)))
        return _Cast(figures, marks, list(made(every)))
    same = (figures == before.figures) | (np.isnan(figures) & np.isnan(before.figures))
    is_new = ~same.all(axis=1)
    is_new |= np.fromiter(map(ne, marks, before.marks), np.bool_, len(figures))
    numbers = np.flatnonzero(is_new).tolist()
    things = list(before.things)
    for number, thing in zip(numbers, made(numbers), strict=True):
        things[number] = thing
    return _Cast(figures, marks, things)


def _latency(p50: float, p95: float, p99: float) -> Latency:
    """All three are known, or none is."""
    return Latency(p50, p95, p99) if p50 >= 0 else _UNKNOWN


def _shares(flows: _Flows, layout: Layout, requests: Floats) -> Floats:
    """Which part of what its source sends to the same services each edge takes; NaN where none is told."""
    sent = sums(layout.sent_to.groups, flows.figures[layout.sent_to.flows, 0], layout.sent_to.size)
    behind = sums(layout.shares.groups, sent[layout.shares.flows], layout.shares.size)
    told = (requests > 0) & layout.tells_share
    found: Floats = np.divide(requests, behind, out=np.full(len(requests), np.nan), where=told)
    return found


def _flags(flows: _Flows, places: Places) -> list[dict[str, float]]:
    """Requests per second of each edge by Envoy's flag."""
    none: dict[str, float] = {}
    found = [none] * places.size
    edges, outcomes, rates = flows.endings(places)
    names = [[*filter(None, outcome.response_flags.split(","))] for outcome in flows.table.outcomes]
    flagged = np.array([bool(each) for each in names], np.bool_)[outcomes]
    summed: dict[int, dict[str, float]] = {}
    for edge, outcome, rate in zip(
        edges[flagged].tolist(), outcomes[flagged].tolist(), rates[flagged].tolist(), strict=True
    ):
        of_edge = summed.setdefault(edge, {})
        for flag in names[outcome]:
            of_edge[flag] = of_edge.get(flag, 0.0) + rate
    for edge, of_edge in summed.items():
        found[edge] = {flag: rounded(rate) for flag, rate in sorted(of_edge.items())}
    return found


def _healths(flows: _Flows, layout: Layout, active: list[bool], limits: Limits) -> list[Health]:
    received, sent = _codes(flows, layout, layout.received), _codes(flows, layout, layout.sent)
    return [
        _health(identity, received.get(number, _NO_CODES), sent.get(number, _NO_CODES), limits)
        if active[number]
        else "idle"
        for number, identity in enumerate(layout.nodes)
    ]


def _health(identity: Identity, received: Codes, sent: Codes, limits: Limits) -> Health:
    """A caller of which nothing is known is not to blame for what it calls, nor is a service."""
    is_caller = identity.kind in ("app", "workload")
    name = {"app": identity.app, "workload": identity.workload}.get(identity.kind, identity.service)
    workload = identity.workload if is_caller else ""
    subject = Subject(identity.kind, identity.namespace, name, workload, identity.service)
    return limits.tolerances.health(subject, received, sent if is_caller else _NO_CODES)


def _codes(flows: _Flows, layout: Layout, places: Places) -> dict[int, dict[tuple[str, str], float]]:
    """By node, the response codes of what it receives, or sends, per second."""
    nodes, outcomes, rates = flows.endings(places)
    if not nodes.size:
        return {}
    edges, _, _ = flows.endings(layout.by_edge)
    protocols = layout.protocols[edges]
    keys = _keys(flows.table.outcomes)
    both = (nodes * len(PROTOCOLS) + protocols) * len(keys) + outcomes
    named, inverse = np.unique(both, return_inverse=True)
    summed = np.bincount(inverse, rates)
    found: dict[int, dict[tuple[str, str], float]] = {}
    for number, rate in zip(named.tolist(), summed.tolist(), strict=True):
        rest, outcome = divmod(number, len(keys))
        node, protocol = divmod(rest, len(PROTOCOLS))
        key = keys[outcome][protocol]
        of_node = found.setdefault(node, {})
        of_node[key] = of_node.get(key, 0.0) + rate
    return found


def _keys(outcomes: Sequence[Outcome]) -> list[list[tuple[str, str]]]:
    """For each outcome and protocol how the code is called: a gRPC status is gRPC's, whatever it came by."""
    found = []
    for code, _, status in outcomes:
        called = code_of(code, status)
        found.append([("grpc", status) if status else (protocol, called) for protocol in PROTOCOLS])
    return found


def _rounded(values: Floats) -> Floats:
    """Three significant digits, as telemetry.graph.rounded() has them."""
    some = np.isfinite(values) & (values != 0)
    size = np.floor(np.log10(np.abs(np.where(some, values, 1.0))))
    fine, coarse = 10.0 ** np.clip(2 - size, 0, MOST_DIGITS), 10.0 ** np.maximum(size - 2, 0)
    found: Floats = np.where(some, np.rint(values * fine / coarse) / fine * coarse, values)
    return found
