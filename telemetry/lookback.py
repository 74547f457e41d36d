"""Looks back through the port: the mesh at a moment as it was drawn then, and the figures of a node or edge.

Whoever may not read all that a node or an edge is about is told nothing of it, by the rights of now.
"""

import asyncio
import math
from collections.abc import Coroutine
from itertools import chain
from typing import Any, Final, NamedTuple, TypeVar

from cluster.access import Visible
from telemetry import figures, subjects
from telemetry.figures import Figures
from telemetry.frames import SourceState
from telemetry.history import Columns
from telemetry.identity import GraphType
from telemetry.observation import Observation
from telemetry.past import MAX_POINTS
from telemetry.runtime import Runtime
from telemetry.samples import EdgeLabels

ANSWER_SECONDS: Final = 15.0
Answer = TypeVar("Answer")


class Span(NamedTuple):
    """From one moment to another (seconds since the epoch), in steps."""

    since: float
    until: float
    step_seconds: float


async def bounded(answer: Coroutine[Any, Any, Answer]) -> Answer:
    """The answer, unless it takes too long. Raises TimeoutError, and what the port raises."""
    async with asyncio.timeout(ANSWER_SECONDS):
        return await answer


async def observation(running: Runtime, moment: float) -> Observation:
    """The mesh at a moment, to be looked at like that of now. Raises NoHistory, SourceUnavailable."""
    return running.collector.look_back(await running.past.samples_at(moment))


def source_then(running: Runtime, then: Observation) -> SourceState:
    """What there is to say of the source about a reading of the past."""
    samples = then.samples
    return SourceState(
        name=running.source.name,
        state="ok",
        window_seconds=samples.window_seconds,
        shortfall=samples.shortfall,
        taken_at=samples.taken_at,
    )


async def span(running: Runtime, since: float | None, until: float, points: int, back: float) -> Span:
    """What of a range one can have: from `since` (None: `back` seconds before `until`) or the earliest
    moment on, in steps that make at most `points`.
    """
    reach = await running.past.reach()
    begin = until - back if since is None else since
    if reach.earliest is not None and begin < reach.earliest < until:
        begin = reach.earliest
    wanted = max(reach.step_seconds, (until - begin) / max(1, min(points, MAX_POINTS) - 1))
    return Span(begin, until, math.ceil(wanted / reach.step_seconds - 1e-9) * reach.step_seconds)


async def figures_of(
    running: Runtime, graph_type: GraphType, item_id: str, over: Span, visible: Visible
) -> Figures | None:
    """The figures of a node or edge; None where there can be no such thing, and just so where it is not all
    in namespaces that the viewer may see. Raises NoHistory, SourceUnavailable.
    """
    found = None
    for subject in subjects.of(graph_type, item_id, _known(running)):
        if visible is None or visible.issuperset(subject.namespaces):
            readings = await running.past.samples_between(subject, *over)
            answer = figures.of(readings)
            if not answer.empty:
                return answer
            found = found or answer
    return found


async def series_of(
    running: Runtime, graph_type: GraphType, item_id: str, over: Span, visible: Visible
) -> Columns | None:
    """The columns that a side panel shows; see figures_of."""
    found = await figures_of(running, graph_type, item_id, over, visible)
    if found is None:
        return None
    return Columns(over.step_seconds, found.t, found.requests, found.errors, found.p50, found.p95, found.p99)


def _known(running: Runtime) -> list[EdgeLabels]:
    latest = running.collector.latest
    if latest is None:
        return []
    samples = latest.samples
    requests = (each.labels for each in samples.requests)
    moved = (each.labels for each in samples.volumes)
    idle = (each.labels for each in samples.idle)
    return [*dict.fromkeys(chain(requests, moved, idle))]
