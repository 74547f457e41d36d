"""The promise: how many queries a tick costs is the same for any mesh and any number of viewers, counted by
the Prometheus that answers them.
"""

import time

import pytest

from telemetry.prometheus.client import Client, Server
from telemetry.prometheus.promql import equal
from telemetry.prometheus.source import PrometheusSource
from telemetry.runtime import Runtime
from telemetry.snapshot import View
from tests.telemetry.builders import labels
from tests.telemetry.prometheus.servers import with_past

NOW = (time.time() - 4 * 3600) // 60 * 60
MESHES = {"small": 1, "large": 50}
TICKS = 4
PER_TICK = 7


def series():
    for mesh, namespaces in MESHES.items():
        for number in range(namespaces):
            within = {
                "source_workload_namespace": f"ns-{number}",
                "destination_workload_namespace": f"ns-{number}",
                "destination_service_namespace": f"ns-{number}",
            }
            named = {**labels(**within)._asdict(), "response_code": "200", "mesh_id": mesh}
            yield "istio_requests_total", named, lambda at: 5 * (at - NOW + 600)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    server = with_past(tmp_path_factory.mktemp("past"), series(), NOW - 600, NOW, 15.0).start()
    yield server
    server.stop()


async def queries_of(prometheus, mesh: str, viewers: int, shards: int = 1) -> float:
    """How many queries one tick costs while so many people look, each at something of their own."""
    source = PrometheusSource(
        Client(Server(prometheus.url, timeout_seconds=60)),
        scrape_seconds=15,
        scope=(equal("mesh_id", mesh),),
        shard_count=shards,
        wall=lambda: NOW,
    )
    runtime = Runtime(source, tick_seconds=5, window_seconds=60, read_timeout_seconds=60)
    looking = [runtime.hub.join() for _ in range(viewers)]
    for number, subscription in enumerate(looking):
        namespaces = () if number % 2 else (f"ns-{number}",)
        subscription.subscribe(View(("app", "workload", "service", "versioned_app")[number % 4], namespaces))
    before = prometheus.queries_answered()
    for _ in range(TICKS):
        await runtime.collector.tick()
        for subscription in looking:
            await subscription.take()
    asked = prometheus.queries_answered() - before
    assert runtime.collector.state.state == "ok", runtime.collector.state
    assert len(runtime.collector.latest.samples.requests) == MESHES[mesh]
    for subscription in looking:
        subscription.close()
    await source.close()
    return asked / TICKS


@pytest.mark.parametrize("viewers", [1, 20])
@pytest.mark.parametrize("mesh", MESHES)
async def test_a_tick_costs_seven_queries(prometheus, mesh, viewers):
    assert await queries_of(prometheus, mesh, viewers) == PER_TICK


async def test_a_tick_in_four_shards_costs_four_times_as_many(prometheus):
    assert await queries_of(prometheus, "large", 2, shards=4) == 4 * PER_TICK
