"""The last minutes of what somebody watches: a point a tick, of just those nodes and edges. Pure.

Taken from the picture that is sent anyway, so that it costs the same however large the mesh is, and shows
what the viewer may see and nothing else.
"""

import math
from collections import deque
from typing import NamedTuple

from telemetry.graph import Edge, Node
from telemetry.history import Columns
from telemetry.snapshot import Snapshot

KEEP_SECONDS = 300.0


class Row(NamedTuple):
    """Figures at one moment (seconds since the epoch): per second, and milliseconds (None: unknown)."""

    t: float
    requests: float
    errors: float
    p50: float | None
    p95: float | None
    p99: float | None


class Trail:
    """The rows of one node or edge, oldest first. `asked`: somebody fetches, or has fetched, what was before
    the first one.
    """

    def __init__(self, tick_seconds: float, before: Columns | None = None) -> None:
        self.asked = False
        self._tick = tick_seconds
        self._rows: deque[Row] = deque(_rows(before) if before else ())

    def reaches(self, moment: float) -> bool:
        """Whether it begins no later than a moment."""
        return bool(self._rows) and self._rows[0].t <= moment

    def append(self, row: Row) -> None:
        """The newest; what is too old goes."""
        if not self._rows or row.t > self._rows[-1].t:
            self._rows.append(row)
        while self._rows[0].t < row.t - KEEP_SECONDS:
            self._rows.popleft()

    def prepend(self, before: Columns) -> None:
        """What was before the first row."""
        first = self._rows[0].t if self._rows else math.inf
        self._rows.extendleft(reversed([row for row in _rows(before) if row.t < first]))

    @property
    def columns(self) -> Columns:
        """All rows; the newest points are a tick apart, older ones may be further."""
        return columns(self._tick, *self._rows)


def columns(step_seconds: float, *rows: Row) -> Columns:
    """These rows as columns."""
    t, requests, errors, p50, p95, p99 = (
        ([*column] for column in zip(*rows, strict=True)) if rows else ([] for _ in Row._fields)
    )
    return Columns(step_seconds, t, requests, errors, p50, p95, p99)


def newest(snapshot: Snapshot, item_id: str) -> Row | None:
    """The figures of a node or edge in a picture; None where it is not there, or where one must be allowed to
    see more than the viewer is: what is outside the mesh adds up what many do with it, and calls from or to
    another namespace as a whole have no quantiles.
    """
    node, edge = snapshot.nodes.get(item_id), snapshot.edges.get(item_id)
    needed = _needed_for_edge(snapshot, edge) if edge else _needed_for_node(node)
    visible = snapshot.view.visible
    item = edge or node
    if item is None or needed is None or not (visible is None or needed <= visible):
        return None
    return _row(snapshot.taken_at, item)


def _needed_for_node(node: Node | None) -> set[str] | None:
    return None if node is None or node.kind == "hidden" else {node.namespace}


def _needed_for_edge(snapshot: Snapshot, edge: Edge) -> set[str] | None:
    """A call out of nowhere belongs to whom it reaches."""
    source, target = snapshot.nodes[edge.source], snapshot.nodes[edge.target]
    if "hidden" in (source.kind, target.kind):
        return None
    return {target.namespace} if source.kind == "unknown" else {source.namespace, target.namespace}


def _row(at: float, item: Node | Edge) -> Row:
    requests, latency = item.requests_per_second, item.latency_ms
    errors = float(f"{requests * item.error_ratio:.4g}")
    return Row(round(at, 3), requests, errors, latency.p50, latency.p95, latency.p99)


def _rows(told: Columns) -> list[Row]:
    return [Row(*each) for each in zip(*told[1:], strict=True)]
