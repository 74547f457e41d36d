"""Plays the script once, with both sources reading the same proxies side by side, and keeps what they said.

Rates need time to pass; so it passes once, for all the tests.
"""

import asyncio
import contextlib
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from telemetry.direct import DirectSource
from telemetry.prometheus.client import Client, Server
from telemetry.prometheus.source import PrometheusSource
from telemetry.samples import Samples
from telemetry.scrape import Scraper
from telemetry.shortfall import Shortfall
from telemetry.source import Source, SourceUnavailable
from tests.telemetry.contract.mesh import Proxy, Script, proxies
from tests.telemetry.fakes import FakeTargets
from tests.telemetry.prometheus.servers import Prometheus

WINDOW_SECONDS = 5.0
BEFORE, END = 4.0, 25.0
FADING_SECONDS = 7.0


class Reading(NamedTuple):
    """What a source said: `at` in seconds of the script; no samples where it was unavailable."""

    at: float
    samples: Samples | None
    shortfall: Shortfall


class Recording(NamedTuple):
    """All readings of one source: during the script, without proxies, and without Prometheus."""

    played: Sequence[Reading]
    alone: Sequence[Reading]
    away: Reading

    def between(self, since: float, until: float) -> list[Reading]:
        found = [each for each in self.played if since <= each.at <= until]
        assert found, f"nothing was read between {since} and {until}"
        return found


def play(folder: Path) -> dict[str, Recording]:
    """By the name of the source."""
    return asyncio.run(_played(folder))


async def _played(folder: Path) -> dict[str, Recording]:
    script = Script()
    mesh = proxies(script)
    for proxy in mesh:
        await proxy.start()
    prometheus = Prometheus(folder, targets=[proxy.address for proxy in mesh], scrape_seconds=1.0)
    sources = _sources(mesh, prometheus)
    try:
        await asyncio.to_thread(prometheus.start)
        return await _recorded(script, mesh, prometheus, sources)
    finally:
        prometheus.stop()
        for closing in (*(proxy.stop() for proxy in mesh), *(source.close() for source in sources)):
            await closing


def _sources(mesh: Sequence[Proxy], prometheus: Prometheus) -> list[Source]:
    targets = FakeTargets(*(proxy.target for proxy in mesh))
    return [
        DirectSource(targets, Scraper(timeout_seconds=1.0), window_seconds=WINDOW_SECONDS),
        PrometheusSource(Client(Server(prometheus.url)), scrape_seconds=1.0, window_seconds=WINDOW_SECONDS),
    ]


async def _recorded(
    script: Script, mesh: Sequence[Proxy], prometheus: Prometheus, sources: Sequence[Source]
) -> dict[str, Recording]:
    script.begins_at = time.monotonic() + BEFORE
    played = await _read_for(BEFORE + END, script, sources)
    for proxy in mesh:
        await proxy.stop()
    alone = await _read_for(FADING_SECONDS, script, sources)
    await asyncio.to_thread(prometheus.stop)
    away = [await _read(source, script) for source in sources]
    recorded = zip(sources, played, alone, away, strict=True)
    return {source.name: Recording(*said) for source, *said in recorded}


async def _read_for(seconds: float, script: Script, sources: Sequence[Source]) -> list[tuple[Reading, ...]]:
    """Reads once a second; the readings of each source."""
    found = []
    due = time.monotonic()
    end = due + seconds
    while due < end:
        found.append(await asyncio.gather(*(_read(source, script) for source in sources)))
        due = max(due + 1, time.monotonic())
        await asyncio.sleep(due - time.monotonic())
    return list(zip(*found, strict=True))


async def _read(source: Source, script: Script) -> Reading:
    at, shortfall = script.now(), Shortfall()
    with contextlib.suppress(TimeoutError):
        try:
            async with asyncio.timeout(5):
                samples = await source.read()
            return Reading(at, samples, samples.shortfall)
        except SourceUnavailable as error:
            shortfall = error.shortfall
    return Reading(at, None, shortfall)
