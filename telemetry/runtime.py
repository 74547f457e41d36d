"""The observing half of this process, put together: for each cluster a source, collector, hub and history.

Started and stopped by the server's lifespan, after the clusters' watch caches and before them; everything
else asks of(). Commands (migrate, tests) run without.
"""

import asyncio
from collections.abc import Collection
from contextlib import suppress
from functools import partial
from typing import Final

from asgiref.sync import async_to_sync
from django.conf import settings

from cluster import connection
from cluster.cache import Cache
from telemetry import sources, tuning
from telemetry.attending import Attending
from telemetry.collector import Collector
from telemetry.counting import Ledger
from telemetry.frames import SourceState
from telemetry.graph import GRAPH_TYPES, Limits
from telemetry.history import History
from telemetry.hub import Hub
from telemetry.observation import GraphKey, Observation
from telemetry.past import Past
from telemetry.recorded import RecordedPast
from telemetry.recorder import MAX_BYTES, STEP_SECONDS, Recorder
from telemetry.reporting import Preference
from telemetry.roster import nobody
from telemetry.rostering import Rosters
from telemetry.samples import Samples
from telemetry.source import Counting, Source, SourceUnavailable, Timing, Watching
from telemetry.sparks import Sparks
from telemetry.watching import SAME_SECONDS, Watch

# One thread answers all pages: it is not to wait long.
_COUNT_TIMEOUT_SECONDS = 3.0
_FOR_EVER_SECONDS = 1e9
FEW_CALLS: Final = 300
"""So many calls make about as many series, in all types of graphs, as there is room for in the history. Of a
larger mesh there are the figures of the past (telemetry.past), and of what somebody watches.
"""


class NotRunningError(RuntimeError):
    """Nothing is observed in this process: it was not started as a server."""


class Runtime:
    """One collector and what it feeds."""

    def __init__(
        self,
        source: Source,
        *,
        tick_seconds: float,
        window_seconds: float,
        preference: Preference = "caller",
        remember_bytes: int = MAX_BYTES,
        read_timeout_seconds: float | None = None,
        limits: Limits | None = None,
        rosters: Rosters | None = None,
    ) -> None:
        self.tick_seconds = tick_seconds
        self.source = source
        self._preference: Preference = preference
        self.history = History(tick_seconds)
        self.attending: Attending | None = None
        if isinstance(source, Watching):
            lag, timeout = source.scrape_seconds, read_timeout_seconds or max(2.0, 2 * tick_seconds)
            # Only what is watched comes here, and it is kept by those that watch.
            self.ledger = Ledger(
                0.0, preference=preference, lag_seconds=lag, same_seconds=max(SAME_SECONDS, 4 * lag)
            )
            self.attending = Attending(
                source, self.ledger, tick_seconds=tick_seconds, timeout_seconds=timeout
            )
        else:
            self.ledger = Ledger(preference=preference)
        self.collector = Collector(
            source,
            self,
            tick_seconds=tick_seconds,
            window_seconds=window_seconds,
            preference=preference,
            read_timeout_seconds=read_timeout_seconds,
            limits=limits,
            roster=rosters.current if rosters else nobody,
        )
        self._is_small = True
        self.rosters = rosters
        self.recorder: Recorder | None = None
        self.past: Past
        if isinstance(source, Past):
            self.past = source
        else:
            step = max(STEP_SECONDS, tick_seconds)
            self.recorder = Recorder(step, preference=preference, max_bytes=remember_bytes)
            self.past = RecordedPast(self.recorder)
        self.sparks = Sparks()
        self.hub = Hub(self.history, self.collector.state, tick_seconds=tick_seconds, sparks=self.sparks)

    def counted(self, namespace: str, service: str, since: float) -> Ledger:
        """What was counted of a service since a moment. For threads: it may wait for the source."""
        if not isinstance(self.source, Counting):
            return self.ledger
        ledger = Ledger(kept_seconds=_FOR_EVER_SECONDS, preference=self._preference)
        with suppress(SourceUnavailable, TimeoutError):
            ledger.add(async_to_sync(_counts)(self.source, namespace, service, since))
        return ledger

    def watch(self, namespace: str, service: str, objective_ms: float = 0.0) -> Watch:
        """What a rollout counts of a service, from the first time that somebody asks. See Ledger.watch."""
        watch = self.ledger.watch(namespace, service, objective_ms)
        self._time()
        return watch

    def wanted(self) -> Collection[GraphKey]:
        """See telemetry.collector.Listener."""
        return {*self.hub.wanted(), *(map(GraphKey, GRAPH_TYPES) if self._is_small else ())}

    def observed(self, observation: Observation, source: SourceState) -> None:
        """See telemetry.collector.Listener. The history first: what is watched begins with it."""
        self._is_small = observation.calls <= FEW_CALLS
        if self._is_small:
            self.history.record(observation.taken_at, observation.graphs)
        else:
            # What is not written on would be shown as if nothing had come since.
            self.history.clear()
        if not isinstance(self.source, Counting):
            self.ledger.add(observation.samples)
            self._time()
        if self.recorder is not None:
            self.recorder.record(observation.samples, observation.reporting)
        self.sparks.record(observation.taken_at, observation.totals)
        self.hub.observed(observation, source)

    def _time(self) -> None:
        """Latencies cost: only those that are looked at are counted."""
        if isinstance(self.source, Timing):
            watched = self.ledger.watched.items()
            self.source.time(frozenset(where for where, watch in watched if watch.objective_ms))

    def silent(self, source: SourceState) -> None:
        """See telemetry.collector.Listener."""
        self.hub.silent(source)


_runtimes: dict[str, Runtime] = {}
_tasks: list[asyncio.Task[None]] = []


def of(cluster_name: str = "") -> Runtime:
    """What observes a cluster; the empty name is the default one.

    Raises UnknownClusterError for a cluster that is not configured, NotRunningError outside a server.
    """
    name = _configured(cluster_name)
    try:
        return _runtimes[name]
    except KeyError:
        raise NotRunningError("The collector is not running in this process.") from None


async def start(source: Source | None = None, **named: Source) -> Runtime:
    """Starts observing every cluster, and returns what observes the default one.

    `source` takes the place of the default cluster's own source, `named` that of the others'. What runs
    already stays as it is.
    """
    given = {_configured(""): source, **named}
    for name in connection.names():
        if name not in _runtimes:
            made = _runtimes[name] = _runtime(name, given.get(name))
            _tasks.append(asyncio.create_task(made.collector.run(), name=f"telemetry-{name}"))
            if made.attending:
                _tasks.append(asyncio.create_task(made.attending.run(), name=f"attending-{name}"))
            if made.rosters:
                _tasks.append(asyncio.create_task(made.rosters.run(), name=f"roster-{name}"))
    return of()


async def stop() -> None:
    """Stops observing and closes the sources."""
    runtimes, tasks = list(_runtimes.values()), list(_tasks)
    _runtimes.clear()
    _tasks.clear()
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    for runtime in runtimes:
        await runtime.source.close()


def source_is_live() -> bool:
    """True while the source of the default cluster answers: what /readyz asks.

    Another cluster that is away makes no process unready, as it would be away for any other process, too.
    """
    runtime = _runtimes.get(_configured(""))
    return runtime is not None and runtime.collector.state.state == "ok"


async def _counts(source: Counting, namespace: str, service: str, since: float) -> Samples:
    async with asyncio.timeout(_COUNT_TIMEOUT_SECONDS):
        return await source.counted(namespace, service, since)


def _configured(name: str) -> str:
    names = connection.names()
    if name and name not in names:
        raise connection.UnknownClusterError(name)
    return name or names[0]


def _runtime(cluster_name: str, source: Source | None) -> Runtime:
    if source is None:
        chosen = sources.of(cluster_name)
    else:
        chosen = sources.Chosen(source, settings.TELEMETRY_TICK_SECONDS, sources.default_window())
    return Runtime(
        chosen.source,
        tick_seconds=chosen.tick_seconds,
        window_seconds=chosen.window_seconds,
        read_timeout_seconds=chosen.read_timeout_seconds,
        preference=sources.preference(),
        remember_bytes=round(settings.TELEMETRY_HISTORY_MEGABYTES * 1024 * 1024),
        limits=tuning.limits(cluster_name),
        rosters=Rosters(partial(_cache, cluster_name)),
    )


def _cache(cluster_name: str) -> Cache:
    return connection.get(cluster_name).cache
