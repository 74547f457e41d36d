"""Rows as they go to a browser: masked, and without what this person may not see. Pure."""

from collections.abc import Mapping
from typing import Any, Literal

import msgspec

from cluster.access import Visible
from telemetry.frames import iso
from telemetry.packing import Frame
from telemetry.tap import masking
from telemetry.tap.ends import End, Seen, ServiceName


class Side(msgspec.Struct, frozen=True):
    """One end of a request.

    Kinds: workload; hidden (in a namespace that may not be seen: no names); forwarded (a client whose address
    a gateway passed on); unknown (no pod of the mesh, or none was reached).
    """

    kind: Literal["workload", "hidden", "forwarded", "unknown"]
    namespace: str = ""
    workload: str = ""
    app: str = ""
    version: str = ""


class Row(msgspec.Struct, frozen=True):
    """One request: docs/websocket.md. `service` is "namespace/name", the bare host, or empty."""

    at: str | None
    direction: Literal["in", "out"]
    method: str
    path: str
    protocol: str
    code: int
    flags: tuple[str, ...]
    duration_ms: float | None
    authority: str
    agent: str
    service: str
    caller: Side
    target: Side


def row(seen: Seen, visible: Visible) -> Row:
    """What somebody who may see these namespaces (None: all) is shown of a request."""
    line = seen.line
    own = seen.caller if seen.direction == "out" else seen.target
    return Row(
        at=iso(line.at),
        direction=seen.direction,
        method=line.method,
        path=masking.path(line.path),
        protocol=line.protocol[:10],
        code=line.code,
        flags=line.flags,
        duration_ms=line.duration_ms,
        authority=_authority(line.authority, own, visible),
        agent=masking.agent(line.user_agent),
        service=_service(seen.service, visible),
        caller=_side(seen.caller, visible, forwarded=seen.forwarded),
        target=_side(seen.target, visible),
    )


def _side(end: End | None, visible: Visible, *, forwarded: bool = False) -> Side:
    if end is None:
        return Side("forwarded" if forwarded else "unknown")
    if visible is not None and end.namespace not in visible:
        return Side("hidden")
    return Side("workload", end.namespace, end.workload, end.app, end.version)


def _service(service: ServiceName | None, visible: Visible) -> str:
    if service is None or not _may_be_named(service, visible):
        return ""
    return "/".join(filter(None, service))


def _authority(text: str, own: End | None, visible: Visible) -> str:
    """The host that was asked for, where naming it gives no other namespace away.

    Of somebody who may not see every namespace a host of another domain could be anything's.
    """
    shown = masking.host(text)
    if visible is None:
        return shown
    name = shown.rpartition(":")[0] or shown
    parts = name.split(".")
    if len(parts) == 1:
        return shown if own is not None and own.namespace in visible else ""
    return shown if parts[1] in visible and (len(parts) == 2 or parts[2] == "svc") else ""


def _may_be_named(service: ServiceName, visible: Visible) -> bool:
    """A host outside the cluster belongs to no namespace: it is named to who may see all."""
    return visible is None or service[0] in visible


def encoded(message: Mapping[str, Any]) -> Frame:
    """One message, as UTF-8 JSON."""
    return Frame(msgspec.json.encode(message))
