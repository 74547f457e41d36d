"""The one loop of the process that observes: every tick it reads the source, builds the graphs and passes
them on.

It never dies of a source, and never passes on old numbers as new: without an answer it passes on nothing but
the fact.
"""

import asyncio
import logging
import time
from collections.abc import Awaitable, Callable, Collection
from typing import Protocol

import msgspec

from telemetry.frames import SourceState
from telemetry.graph import Limits
from telemetry.memory import Memory
from telemetry.observation import GraphKey, Observation
from telemetry.pausing import no_cycle_search
from telemetry.presence import Presence
from telemetry.reporting import Preference
from telemetry.roster import NOBODY, Roster, nobody
from telemetry.samples import Samples
from telemetry.shortfall import Shortfall
from telemetry.source import Source, SourceUnavailable

_log = logging.getLogger(__name__)


class Listener(Protocol):
    """Who is told of each tick, in the collector's thread."""

    def wanted(self) -> Collection[GraphKey]:
        """The graphs that are looked at now, or kept."""

    def observed(self, observation: Observation, source: SourceState) -> None:
        """There is a new reading."""

    def silent(self, source: SourceState) -> None:
        """The source did not answer this time."""


class Collector:
    """Reads the source once a tick. `clock` is monotonic, `wall` the time of day, both in seconds.

    `preference`: whose report of a call counts first.
    """

    def __init__(
        self,
        source: Source,
        listener: Listener,
        *,
        tick_seconds: float,
        window_seconds: float,
        limits: Limits | None = None,
        preference: Preference = "caller",
        roster: Callable[[], Roster] = nobody,
        read_timeout_seconds: float | None = None,
        clock: Callable[[], float] = time.monotonic,
        wall: Callable[[], float] = time.time,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._source = source
        self._listener = listener
        self._tick = tick_seconds
        self._limits = limits or Limits()
        self._preference: Preference = preference
        self._roster = roster
        self._last_roster = NOBODY
        # Long enough for a round of slow proxies, short enough that the page soon says that nothing comes.
        self._read_timeout = read_timeout_seconds or max(2.0, 2 * tick_seconds)
        self._clock = clock
        self._wall = wall
        self._sleep = sleep
        self._presence = Presence(self._limits.node_idle_seconds)
        self._memory = Memory()
        self.latest: Observation | None = None
        self.state = SourceState(source.name, "starting", window_seconds)

    async def run(self) -> None:
        """Ticks until it is cancelled. A tick that took too long is not made up for."""
        due = self._clock()
        while True:
            await self.tick()
            due = max(due + self._tick, self._clock())
            await self._sleep(due - self._clock())

    async def tick(self) -> None:
        """One reading, or the news that there is none."""
        began_at, wall_at = self._clock(), self._wall()
        try:
            async with asyncio.timeout(self._read_timeout):
                samples = await self._source.read()
            await self._accept(samples, began_at)
        except SourceUnavailable as error:
            self._miss(error.shortfall, wall_at)
        except TimeoutError:
            self._miss(Shortfall(f"No answer within {self._read_timeout:g} s."), wall_at)
        except Exception:  # noqa: BLE001  the edge of the loop: the next tick is due, whatever it was
            _log.exception("A reading of the source %s failed", self._source.name)
            self._miss(Shortfall("The reading failed; the log of the server says why."), wall_at)

    def age_seconds(self) -> float | None:
        """How old the latest reading is; None before the first one."""
        return None if self.latest is None else self._clock() - self.latest.began_at

    @property
    def home(self) -> str:
        """The cluster that ids do not name."""
        return self._limits.home

    def look_back(self, samples: Samples) -> Observation:
        """A reading of the past, seen as those of now are: by the same limits and reporters."""
        return Observation(
            0, samples.taken_at, samples.taken_at, samples, self._limits, preference=self._preference
        )

    async def _accept(self, samples: Samples, began_at: float) -> None:
        seq = self.latest.seq + 1 if self.latest else 1
        roster = self._take_roster()
        with no_cycle_search():
            observation = Observation(
                seq,
                samples.taken_at,
                began_at,
                self._presence.mark(samples, began_at),
                self._limits,
                preference=self._preference,
                roster=roster,
                memory=self._memory,
            )
        for key in self._listener.wanted():
            with no_cycle_search():
                observation.graph(*key)
            # In a mesh of thousands of edges each takes tens of milliseconds: let the sockets in between.
            await asyncio.sleep(0)
        self.latest = observation
        if self.state.state == "stale":
            _log.info("The source %s answers again", self._source.name)
        self.state = SourceState(
            name=self._source.name,
            state="ok",
            window_seconds=samples.window_seconds,
            shortfall=msgspec.structs.replace(samples.shortfall, notes=roster.notes),
            taken_at=samples.taken_at,
        )
        self._listener.observed(self.latest, self.state)

    def _take_roster(self) -> Roster:
        """What runs now. Tolerances remember what they were asked: they are made anew for a new one only."""
        roster = self._roster()
        if roster is not self._last_roster:
            self._last_roster = roster
            tolerances = self._limits.tolerances.with_annotations(roster.annotated)
            self._limits = self._limits._replace(tolerances=tolerances)
        return roster

    def _miss(self, shortfall: Shortfall, wall_at: float) -> None:
        if self.state.state != "stale":
            _log.warning("The source %s does not answer: %s", self._source.name, shortfall.told_to(None))
        since = wall_at if self.state.since is None else self.state.since
        self.state = msgspec.structs.replace(self.state, state="stale", since=since, shortfall=shortfall)
        self._listener.silent(self.state)
