"""The observing half of this process, put together: source, collector, hub and history.

Started and stopped by the server's lifespan; everything else asks current(). Commands (migrate, tests) run
without.
"""

import asyncio
import contextlib
import time

from django.conf import settings

from cluster import connection
from telemetry.collector import Collector, Observation
from telemetry.direct import DirectSource
from telemetry.frames import SourceState
from telemetry.history import History
from telemetry.hub import Hub
from telemetry.scrape import Scraper
from telemetry.source import Source
from telemetry.targets import PodTargets


class NotRunningError(RuntimeError):
    """Nothing is observed in this process: it was not started as a server."""


class Runtime:
    """One collector and what it feeds."""

    def __init__(self, source: Source, *, tick_seconds: float, window_seconds: float) -> None:
        self.tick_seconds = tick_seconds
        self.source = source
        self.history = History(tick_seconds)
        self.collector = Collector(source, self, tick_seconds=tick_seconds, window_seconds=window_seconds)
        self.hub = Hub(self.history, self.collector.state, tick_seconds=tick_seconds)

    def observed(self, observation: Observation, source: SourceState) -> None:
        """See telemetry.collector.Listener. The history first: the hub sends its newest points."""
        self.history.record(observation.taken_at, observation.graphs)
        self.hub.observed(observation, source)

    def silent(self, source: SourceState) -> None:
        """See telemetry.collector.Listener."""
        self.hub.silent(source)


_runtime: Runtime | None = None
_task: asyncio.Task[None] | None = None


def current() -> Runtime:
    """The runtime of this process. Raises NotRunningError outside a server."""
    if _runtime is None:
        raise NotRunningError("The collector is not running in this process.")
    return _runtime


async def start(source: Source | None = None) -> Runtime:
    """Starts observing with the given source, or the direct one. A second start changes nothing."""
    global _runtime, _task  # noqa: PLW0603  one collector a process
    if _runtime is None:
        tick: float = settings.TELEMETRY_TICK_SECONDS
        # Two readings at least, or there is no difference to take a rate of.
        window = max(settings.TELEMETRY_WINDOW_SECONDS, 2 * tick)
        _runtime = Runtime(source or _direct(window), tick_seconds=tick, window_seconds=window)
        _task = asyncio.create_task(_runtime.collector.run(), name="telemetry-collector")
    return _runtime


async def stop() -> None:
    """Stops observing and closes the source."""
    global _runtime, _task  # noqa: PLW0603  one collector a process
    runtime, task = _runtime, _task
    _runtime = _task = None
    if task is not None:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task
    if runtime is not None:
        await runtime.source.close()


def source_is_live() -> bool:
    """True while the source answers: what /readyz asks."""
    return _runtime is not None and _runtime.collector.state.state == "ok"


def _direct(window_seconds: float) -> DirectSource:
    targets = PodTargets(connection.current, time.monotonic)
    return DirectSource(targets, Scraper(), window_seconds=window_seconds)
