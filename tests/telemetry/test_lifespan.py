"""The start and end of the server: watch caches and collectors come up, whatever is away, and go with it."""

import asyncio

import pytest
from asgiref.testing import ApplicationCommunicator

from cluster import connection, kinds
from cluster.errors import Unavailable
from cluster.fake import FakeCluster
from meshui.asgi import application
from telemetry import runtime


@pytest.fixture
def clusters():
    """Two clusters, of which west is away."""

    def refuse(*_):
        raise Unavailable("connection refused")

    west = FakeCluster()
    west.list = west.page = west.watch = refuse
    with connection.override(FakeCluster(), west=west):
        yield


@pytest.mark.usefixtures("clusters")
async def test_caches_and_collectors_run_as_long_as_the_server(settings):
    settings.TELEMETRY_TICK_SECONDS = 0.05
    before = asyncio.all_tasks()
    server = ApplicationCommunicator(application, {"type": "lifespan"})
    await server.send_input({"type": "lifespan.startup"})
    assert await server.receive_output(timeout=5) == {"type": "lifespan.startup.complete"}
    for name in ("default", "west"):
        assert connection.get(name).cache.running
        assert runtime.of(name).source.name == "direct"
    async with asyncio.timeout(5):
        while not runtime.source_is_live():  # noqa: ASYNC110  no event tells of it
            await asyncio.sleep(0.02)
    west = runtime.of("west").collector.state
    assert (west.state, connection.get("west").cache.read(kinds.POD).age_seconds) == ("stale", None)
    await server.send_input({"type": "lifespan.shutdown"})
    assert await server.receive_output(timeout=15) == {"type": "lifespan.shutdown.complete"}
    await server.wait()
    assert asyncio.all_tasks() == before
    with pytest.raises(runtime.NotRunningError):
        runtime.of()
