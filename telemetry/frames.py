"""The bytes of the messages between server and browser: docs/websocket.md names each. Pure.

Times are written as ISO 8601 in UTC.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from cluster.access import Visible
from telemetry.identity import Service
from telemetry.overview import Overview
from telemetry.packing import Frame
from telemetry.shortfall import Shortfall
from telemetry.snapshot import Delta, Snapshot, View
from telemetry.sparks import Sparks

_encoder = msgspec.json.Encoder()


class SourceState(msgspec.Struct, frozen=True):
    """Whether the source of metrics answers. Times in seconds since the epoch.

    `since`: not answering since then; `taken_at`: the last answer; `shortfall`: why it does not answer, or
    what is missing from its answer.
    """

    name: str
    state: Literal["ok", "stale", "starting"]
    window_seconds: float
    since: float | None = None
    shortfall: Shortfall = Shortfall()
    taken_at: float | None = None

    def wire(self, visible: Visible) -> dict[str, Any]:
        """As the browser reads it, in the words for who may see these namespaces (None: all)."""
        return {
            "name": self.name,
            "state": self.state,
            "since": iso(self.since),
            "message": self.shortfall.told_to(visible),
            "taken_at": iso(self.taken_at),
            "window_seconds": self.window_seconds,
        }


def iso(seconds: float | None) -> str | None:
    """Seconds since the epoch as ISO 8601 in UTC, to the millisecond."""
    if seconds is None:
        return None
    return datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def graph(snapshot: Snapshot, source: SourceState, tick_seconds: float) -> dict[str, Any]:
    """The whole picture: the answer of the REST call, and but for its type the full frame."""
    return {
        "seq": snapshot.seq,
        "taken_at": iso(snapshot.taken_at),
        "graph_type": snapshot.view.graph_type,
        "namespaces": snapshot.view.namespaces,
        "source": source.wire(snapshot.view.visible),
        "tick_seconds": tick_seconds,
        "folded": snapshot.folding.names,
        "left_out": snapshot.left_out,
        "nodes": list(snapshot.nodes.values()),
        "edges": list(snapshot.edges.values()),
    }


def full(snapshot: Snapshot, source: SourceState, tick_seconds: float) -> Frame:
    """On connecting, on another view, and after a gap."""
    notice = snapshot.view.notice
    return encode({"type": "full", "notice": notice, **graph(snapshot, source, tick_seconds)})


def delta(change: Delta, source: SourceState, visible: Visible) -> Frame:
    """Once a tick, changed or not: its `taken_at` is what tells the browser that its figures are fresh."""
    message = {
        "type": "delta",
        "seq": change.seq,
        "base": change.base,
        "taken_at": iso(change.taken_at),
        "source": source.wire(visible),
        "nodes": change.nodes,
        "edges": change.edges,
    }
    if change.folding is not None:
        message["folded"] = change.folding.names
    if change.left_out is not None:
        message["left_out"] = change.left_out
    return encode(message)


def overview(
    view: View,
    at: tuple[int, float],
    rows: Overview,
    *,
    source: SourceState,
    tick_seconds: float,
    sparks: Sparks | None,
) -> Frame:
    """The rows of an overview, whole. Without sparklines, those before stay."""
    told = overview_rows(at, rows, source.wire(view.visible), tick_seconds, sparks)
    return encode({"type": "overview", "notice": view.notice, **told})


def overview_rows(
    at: tuple[int, float],
    rows: Overview,
    source: Mapping[str, Any],
    tick_seconds: float,
    sparks: Sparks | None,
) -> dict[str, Any]:
    """The rows as of a reading (its number and time): the answer of the REST call, too."""
    return {
        "seq": at[0],
        "taken_at": iso(at[1]),
        "tick_seconds": tick_seconds,
        "source": source,
        "namespaces": rows.namespaces,
        "services": rows.services,
        "left_out": rows.left_out,
        "sparks": None if sparks is None else _sparks(rows, sparks),
    }


def _sparks(rows: Overview, sparks: Sparks) -> dict[str, dict[str, Any]]:
    within: dict[str, list[Service]] = {row.namespace: [] for row in rows.namespaces}
    for namespace, service in rows.every:
        within[namespace].append((namespace, service))
    return {
        "services": {row.id: sparks.of((row.namespace, row.service))._asdict() for row in rows.services},
        "namespaces": {name: sparks.of(*services)._asdict() for name, services in within.items()},
    }


def status(source: SourceState, visible: Visible, notice: str) -> Frame:
    """While the source does not answer, and before its first answer."""
    return encode({"type": "status", "notice": notice, "source": source.wire(visible)})


def series(columns: Mapping[str, Any], *, reset: bool) -> Frame:
    """Figures of the watched node or edge: all of them (reset), or what came since."""
    return encode({"type": "series", "reset": reset, **columns})


def error(message: str) -> Frame:
    """What was wrong with a message of the browser's."""
    return encode({"type": "error", "message": message})


def encode(message: Mapping[str, Any]) -> Frame:
    """JSON, as UTF-8."""
    return Frame(_encoder.encode(message))
