"""An hour of figures for every node and edge, in memory: columns of plain floats, in two resolutions.

The newest part has one point a tick, the whole hour one point in ten ticks (the mean of those ten; a mean of
quantiles is an approximation, good enough to look back with). One series takes about 20 KB, so the number of
series is bounded: the ones that were silent for longest give way.

Written by the collector's thread alone. Readers in other threads see whole points or none: a point's time is
written last. Pure: the time is passed in.
"""

import math
from array import array
from collections.abc import Iterable, Mapping
from typing import NamedTuple

from cluster.access import Visible
from telemetry.graph import Graph, Latency
from telemetry.identity import GraphType

COLUMNS = ("requests", "errors", "p50", "p95", "p99")
FINE_POINTS = 360
COARSE_POINTS = 360
TICKS_PER_COARSE_POINT = 10
MAX_SERIES = 2048
_NAN = math.nan


class Columns(NamedTuple):
    """Figures over time: seconds since the epoch, requests and errors per second, milliseconds (None:
    unknown).
    """

    step_seconds: float
    t: list[float]
    requests: list[float]
    errors: list[float]
    p50: list[float | None]
    p95: list[float | None]
    p99: list[float | None]

    def wire(self, series_id: str) -> dict[str, object]:
        """As the browser and the REST client read it."""
        return {"id": series_id, **self._asdict()}


Point = tuple[float, float, float, float, float]


class _Ring:
    """The last `size` points, oldest first when read."""

    def __init__(self, size: int) -> None:
        self._size = size
        self._written = 0
        self._times = array("d")
        self._columns = [array("f") for _ in COLUMNS]

    def append(self, at: float, point: Point) -> None:
        slot = self._written % self._size
        if slot == len(self._times):
            for column, value in zip(self._columns, point, strict=True):
                column.append(value)
            self._times.append(at)
        else:
            self._times[slot] = _NAN
            for column, value in zip(self._columns, point, strict=True):
                column[slot] = value
            self._times[slot] = at
        self._written += 1

    def since(self, start: float) -> list[tuple[float, ...]]:
        """(time, *figures) from `start` on."""
        count = len(self._times)
        first = self._written % self._size if count == self._size else 0
        slots = [(first + step) % self._size for step in range(count)]
        return [
            (self._times[slot], *(column[slot] for column in self._columns))
            for slot in slots
            if self._times[slot] >= start
        ]

    @property
    def size_in_bytes(self) -> int:
        return sum(column.itemsize * len(column) for column in (self._times, *self._columns))


class _Series:
    def __init__(self) -> None:
        self.fine = _Ring(FINE_POINTS)
        self.coarse = _Ring(COARSE_POINTS)
        self.active_at = -math.inf
        self.namespaces: set[str] = set()
        self._pending: list[Point] = []

    def append(self, at: float, point: Point) -> None:
        self.fine.append(at, point)
        self._pending.append(point)
        if len(self._pending) == TICKS_PER_COARSE_POINT:
            self.coarse.append(at, _mean_point(self._pending))
            self._pending.clear()
        if point[0] > 0 or self.active_at < 0:
            self.active_at = at


class History:
    """The figures by graph type and id of node or edge."""

    def __init__(self, tick_seconds: float, max_series: int = MAX_SERIES) -> None:
        self._tick = tick_seconds
        self._max_series = max_series
        self._series: dict[tuple[GraphType, str], _Series] = {}
        self._full_until = -math.inf

    def record(self, at: float, graphs: Mapping[GraphType, Graph]) -> None:
        """Adds one point (at: seconds since the epoch) to every series of the graphs."""
        for graph_type, graph in graphs.items():
            for series_id, namespaces, point in _points(graph):
                if series := self._writable(graph_type, series_id, at):
                    series.namespaces.update(namespaces)
                    series.append(at, point)
        self._forget(at - COARSE_POINTS * TICKS_PER_COARSE_POINT * self._tick)

    def columns(
        self, graph_type: GraphType, series_id: str, since: float, now: float, visible: Visible = None
    ) -> Columns | None:
        """The figures of a node or edge from `since` on; None when it was not seen in the last hour, and just
        so when it is not all in namespaces that the viewer may see (None: all).

        One point a tick where that reaches back far enough, else one in ten ticks. There are none of calls
        from or to another namespace as a whole: quantiles of the calls that it is made of cannot be added up.
        """
        series = self._series.get((graph_type, series_id))
        if series is None or not (visible is None or series.namespaces <= visible):
            return None
        if now - since <= FINE_POINTS * self._tick:
            return _columns(series.fine.since(since), self._tick)
        return _columns(series.coarse.since(since), self._tick * TICKS_PER_COARSE_POINT)

    def clear(self) -> None:
        """Forgets everything."""
        self._series.clear()

    @property
    def size_in_bytes(self) -> int:
        """What the columns take; Python's own overhead per series (about 2 KB) comes on top."""
        return sum(each.fine.size_in_bytes + each.coarse.size_in_bytes for each in self._series.values())

    def __len__(self) -> int:
        return len(self._series)

    def _writable(self, graph_type: GraphType, series_id: str, at: float) -> _Series | None:
        """The series, made if there is room for it or room can be made; None when all others are active."""
        known = self._series.get((graph_type, series_id))
        if known is not None:
            return known
        if len(self._series) >= self._max_series and not self._make_room(at):
            return None
        series = self._series[graph_type, series_id] = _Series()
        return series

    def _make_room(self, at: float) -> bool:
        """Gives up the series that was silent for longest, if one was silent for some ticks at all."""
        if at <= self._full_until:
            return False
        key = min(self._series, key=lambda key: self._series[key].active_at)
        if self._series[key].active_at >= at - TICKS_PER_COARSE_POINT * self._tick:
            # Searching again for each new series of this tick would find the same.
            self._full_until = at
            return False
        del self._series[key]
        return True

    def _forget(self, start: float) -> None:
        for key in [key for key, series in self._series.items() if series.active_at < start]:
            del self._series[key]


def _points(graph: Graph) -> Iterable[tuple[str, Iterable[str], Point]]:
    """The id, the figures, and the namespaces that one must be allowed to read for them.

    What stands in no namespace (outside the mesh) adds up what many do with it: that is for who may see
    everything. But a call out of nowhere belongs to whom it reaches.
    """
    for node in graph.nodes.values():
        latency = graph.node_latency[node.id]
        yield node.id, (node.namespace,), _point(node.requests_per_second, node.error_ratio, latency)
    for edge in graph.edges.values():
        source, target = graph.nodes[edge.source], graph.nodes[edge.target]
        namespaces = (target.namespace,) if source.kind == "unknown" else (source.namespace, target.namespace)
        yield edge.id, namespaces, _point(edge.requests_per_second, edge.error_ratio, edge.latency_ms)


def _point(requests: float, error_ratio: float, latency: Latency) -> Point:
    p50, p95, p99 = (_NAN if value is None else value for value in (latency.p50, latency.p95, latency.p99))
    return requests, requests * error_ratio, p50, p95, p99


def _mean_point(points: list[Point]) -> Point:
    first, second, third, fourth, fifth = (_mean(column) for column in zip(*points, strict=True))
    return first, second, third, fourth, fifth


def _mean(values: tuple[float, ...]) -> float:
    known = [value for value in values if not math.isnan(value)]
    return sum(known) / len(known) if known else _NAN


def _columns(rows: list[tuple[float, ...]], step_seconds: float) -> Columns:
    t, requests, errors, p50, p95, p99 = zip(*rows, strict=True) if rows else ((),) * 6
    return Columns(
        step_seconds=step_seconds,
        t=[round(at, 3) for at in t],
        requests=[_short(value) for value in requests],
        errors=[_short(value) for value in errors],
        p50=[_known(value) for value in p50],
        p95=[_known(value) for value in p95],
        p99=[_known(value) for value in p99],
    )


def _short(value: float) -> float:
    return float(f"{value:.4g}")


def _known(value: float) -> float | None:
    return None if math.isnan(value) else _short(value)
