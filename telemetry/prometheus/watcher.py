"""Asks a Prometheus for all services that rollouts watch: two queries a tick, however many they are."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Final, Protocol

from telemetry.pausing import no_cycle_search
from telemetry.prometheus import watched
from telemetry.prometheus.answers import Tracks, Vector
from telemetry.prometheus.promql import Matcher
from telemetry.prometheus.watched import Follower, Service
from telemetry.samples import Samples
from telemetry.source import Watched

EDGES_KEPT_SECONDS: Final = 300.0


class Asking(Protocol):
    """The part of the HTTP client that is used here; everything raises NoAnswerError."""

    async def at(self, query: str, moment: float) -> Vector:
        """What a query yields at a moment."""

    async def tracks(self, query: str, moment: float) -> Tracks:
        """The samples of a range before a moment."""


class Watcher:
    """Asks. Moments are in seconds since the epoch."""

    def __init__(self, client: Asking, scrape_seconds: float, scope: tuple[Matcher, ...] = ()) -> None:
        self._client = client
        self._scope = scope
        self._follower = Follower(scrape_seconds)
        self._edges: dict[Service, dict[float, str]] = {}
        self._edges_at = float("-inf")
        self._edges_of: frozenset[Service] = frozenset()

    async def watched(self, services: Mapping[Service, Watched], now: float) -> Samples | None:
        """See telemetry.source.Watching. Raises NoAnswerError."""
        if not services:
            return None
        seconds = self._follower.reach(services, now)
        asked = [watched.of_requests(services, seconds, self._scope)]
        timed = {where: each.objective_ms for where, each in services.items() if each.objective_ms > 0}
        edges = await self._wanted_edges(timed, now)
        if edges:
            asked.append(watched.of_times(timed, edges, seconds, self._scope))
        answers = await asyncio.gather(*(self._client.tracks(each.text, now) for each in asked))
        with no_cycle_search():
            return self._follower.taken_in(services, _joined(answers), now)

    async def _wanted_edges(self, timed: Mapping[Service, float], now: float) -> set[str]:
        """How the edges are written above which a request to some of these services is slow."""
        if not timed:
            return set()
        if now - self._edges_at > EDGES_KEPT_SECONDS or self._edges_of != frozenset(timed):
            answer = await self._client.at(watched.of_edges(timed, self._scope).text, now)
            self._edges, self._edges_at, self._edges_of = watched.edges(answer), now, frozenset(timed)
            if not self._edges.keys() >= timed.keys():
                # Without a request yet there is no histogram.
                self._edges_at = float("-inf")
        found = {watched.edge_of(self._edges.get(where, {}), ms) for where, ms in timed.items()}
        return {each for each in found if each}


def _joined(answers: Sequence[Tracks]) -> Tracks:
    return Tracks([line for each in answers for line in each.lines])
