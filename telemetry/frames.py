"""The bytes of the messages between server and browser: docs/websocket.md names each. Pure.

Times are written as ISO 8601 in UTC.
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import msgspec

from telemetry.snapshot import Delta, Snapshot

_encoder = msgspec.json.Encoder()


class SourceState(msgspec.Struct, frozen=True):
    """Whether the source of metrics answers. Times in seconds since the epoch.

    `since`: not answering since then; `taken_at`: the last answer; `message`: plain words, also for what is
    missing from an answer.
    """

    name: str
    state: Literal["ok", "stale", "starting"]
    window_seconds: float
    since: float | None = None
    message: str = ""
    taken_at: float | None = None

    def wire(self) -> dict[str, Any]:
        """As the browser reads it."""
        return {
            "name": self.name,
            "state": self.state,
            "since": iso(self.since),
            "message": self.message,
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
        "source": source.wire(),
        "tick_seconds": tick_seconds,
        "nodes": list(snapshot.nodes.values()),
        "edges": list(snapshot.edges.values()),
    }


def full(snapshot: Snapshot, source: SourceState, tick_seconds: float) -> bytes:
    """On connecting, on another view, and after a gap."""
    return encode({"type": "full", **graph(snapshot, source, tick_seconds)})


def delta(change: Delta, source: SourceState) -> bytes:
    """Once a tick, changed or not: its `taken_at` is what tells the browser that its figures are fresh."""
    return encode(
        {
            "type": "delta",
            "seq": change.seq,
            "base": change.base,
            "taken_at": iso(change.taken_at),
            "source": source.wire(),
            "nodes": change.nodes,
            "edges": change.edges,
        }
    )


def status(source: SourceState) -> bytes:
    """While the source does not answer, and before its first answer."""
    return encode({"type": "status", "source": source.wire()})


def series(columns: Mapping[str, Any], *, reset: bool) -> bytes:
    """Figures of the watched node or edge: all of them (reset), or what came since."""
    return encode({"type": "series", "reset": reset, **columns})


def error(message: str) -> bytes:
    """What was wrong with a message of the browser's."""
    return encode({"type": "error", "message": message})


def encode(message: Mapping[str, Any]) -> bytes:
    """JSON, as UTF-8."""
    return _encoder.encode(message)
