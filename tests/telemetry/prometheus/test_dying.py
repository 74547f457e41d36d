"""A real Prometheus that dies under a running collector, and comes back: never old as new."""

import time

import pytest

from telemetry.prometheus.client import Client, Server
from telemetry.prometheus.source import PrometheusSource
from telemetry.runtime import Runtime
from telemetry.snapshot import View
from tests.telemetry.builders import labels
from tests.telemetry.prometheus.servers import with_past

NOW = (time.time() - 4 * 3600) // 60 * 60


@pytest.fixture
def prometheus(tmp_path):
    named = {**labels()._asdict(), "response_code": "200"}
    rising = [("istio_requests_total", named, lambda at: 5 * (at - NOW + 600))]
    server = with_past(tmp_path, rising, NOW - 600, NOW + 60, 15.0).start()
    yield server
    server.stop()


async def test_while_it_is_away_nothing_is_told_as_new_and_all_is_when_it_is_back(prometheus):
    source = PrometheusSource(Client(Server(prometheus.url)), scrape_seconds=15, wall=lambda: NOW)
    running = Runtime(source, tick_seconds=5, window_seconds=60)
    looking = running.hub.join()
    looking.subscribe(View("app"))
    await running.collector.tick()
    before = running.collector.latest
    assert running.collector.state.state == "ok"
    prometheus.stop()
    for _ in range(2):
        await running.collector.tick()
    state = running.collector.state
    assert (state.state, state.taken_at) == ("stale", before.samples.taken_at)
    assert state.shortfall.told_to(frozenset()) == "Prometheus cannot be reached."
    assert running.collector.latest is before
    prometheus.start()
    await running.collector.tick()
    assert (running.collector.state.state, running.collector.latest.seq) == ("ok", before.seq + 1)
    assert running.collector.latest.samples.requests == before.samples.requests
    looking.close()
    await source.close()
