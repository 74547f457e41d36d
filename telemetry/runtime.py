"""The observing half of this process, put together: for each cluster a source, collector, hub and history.

Started and stopped by the server's lifespan, after the clusters' watch caches and before them; everything
else asks of(). Commands (migrate, tests) run without.
"""

import asyncio
from collections.abc import Collection
from functools import partial

from django.conf import settings

from cluster import connection
from cluster.cache import Cache
from telemetry.collector import Collector
from telemetry.counting import Ledger
from telemetry.direct import DirectSource
from telemetry.frames import SourceState
from telemetry.history import History
from telemetry.hub import Hub
from telemetry.observation import GraphKey, Observation
from telemetry.reporting import Preference
from telemetry.scrape import Scraper
from telemetry.source import Source
from telemetry.sparks import Sparks
from telemetry.targets import PodTargets


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
    ) -> None:
        self.tick_seconds = tick_seconds
        self.source = source
        self.history = History(tick_seconds)
        self.ledger = Ledger(preference=preference)
        self.collector = Collector(
            source, self, tick_seconds=tick_seconds, window_seconds=window_seconds, preference=preference
        )
        self.sparks = Sparks()
        self.hub = Hub(self.history, self.collector.state, tick_seconds=tick_seconds, sparks=self.sparks)

    def wanted(self) -> Collection[GraphKey]:
        """See telemetry.collector.Listener."""
        return self.hub.wanted()

    def observed(self, observation: Observation, source: SourceState) -> None:
        """See telemetry.collector.Listener. The history first: the hub sends its newest points."""
        self.history.record(observation.taken_at, observation.graphs)
        self.ledger.add(observation.samples)
        self.sparks.record(observation.taken_at, observation.flows)
        self.hub.observed(observation, source)

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
            _runtimes[name] = _runtime(name, given.get(name))
            _tasks.append(asyncio.create_task(_runtimes[name].collector.run(), name=f"telemetry-{name}"))
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


def _configured(name: str) -> str:
    names = connection.names()
    if name and name not in names:
        raise connection.UnknownClusterError(name)
    return name or names[0]


def _runtime(cluster_name: str, source: Source | None) -> Runtime:
    tick: float = settings.TELEMETRY_TICK_SECONDS
    # Two readings at least, or there is no difference to take a rate of.
    window = max(settings.TELEMETRY_WINDOW_SECONDS, 2 * tick)
    if source is None:
        targets = PodTargets(partial(_cache, cluster_name))
        source = DirectSource(targets, Scraper(), window_seconds=window)
    preference: Preference = "destination" if settings.TELEMETRY_REPORTER == "destination" else "caller"
    return Runtime(source, tick_seconds=tick, window_seconds=window, preference=preference)


def _cache(cluster_name: str) -> Cache:
    return connection.get(cluster_name).cache
