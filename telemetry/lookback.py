"""Looks back through the port: the mesh at a moment as it was drawn then, and the figures of a node or edge.

Whoever may not read all that a node or an edge is about is told nothing of it, by the rights of now.
"""

import asyncio
import logging
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
from telemetry.past import MAX_POINTS, NoHistory
from telemetry.runtime import Runtime
from telemetry.samples import EdgeLabels
from telemetry.snapshot import View
from telemetry.source import SourceUnavailable
from telemetry.trails import KEEP_SECONDS

_log = logging.getLogger(__name__)
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


async def span(running: Runtime, since: float, until: float, points: int = MAX_POINTS) -> Span:
    """What of a range one can have: from the earliest moment on, if that is later than `since`, in steps that
    make at most so many points.
    """
    reach = await running.past.reach()
    if reach.earliest is not None and since < reach.earliest < until:
        since = reach.earliest
    step = max(reach.step_seconds, (until - since) / max(1, points - 1))
    return Span(since, until, math.ceil(step / reach.step_seconds - 1e-9) * reach.step_seconds)


async def figures_of(
    running: Runtime, graph_type: GraphType, item_id: str, over: Span, visible: Visible
) -> Figures | None:
    """The figures of a node or edge; None where there can be no such thing, and just so where it is not all
    in namespaces that the viewer may see. Raises NoHistory, SourceUnavailable.
    """
    found = None
    for subject in subjects.of(graph_type, item_id, _known(running), running.collector.home):
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


async def tell_past(running: Runtime, view: View, series_id: str) -> None:
    """Gives the hub what was of a node or edge before somebody watched it. Where the past cannot be had,
    there is none: the figures of now come all the same.
    """
    latest = running.collector.latest
    if latest is None:
        return
    try:
        over = await bounded(span(running, latest.taken_at - KEEP_SECONDS, latest.taken_at))
        before = await bounded(series_of(running, view.graph_type, series_id, over, view.visible))
    except (NoHistory, SourceUnavailable, TimeoutError) as error:
        _log.info("What was of %r cannot be had: %s", series_id[:200], error)
        return
    if before and before.t:
        running.hub.tell_past(view, series_id, before)


def _known(running: Runtime) -> list[EdgeLabels]:
    latest = running.collector.latest
    if latest is None:
        return []
    samples = latest.samples
    requests = (each.labels for each in samples.requests)
    moved = (each.labels for each in samples.volumes)
    idle = (each.labels for each in samples.idle)
    return [*dict.fromkeys(chain(requests, moved, idle))]
