import asyncio
import threading
import time

import pytest

from cluster import connection
from telemetry import live, runtime
from tests.browsers import listen
from tests.pages.world import FollowingTraffic, bookinfo
from tests.people import person


@pytest.fixture
def cluster():
    with connection.override(bookinfo()) as fake:
        yield fake


@pytest.fixture
def ada(db):
    return person("ada", password="correct horse battery")


@pytest.fixture
def signed_in(client, ada):
    client.force_login(ada)
    return client


@pytest.fixture
def traffic(cluster, settings):
    """The collector, running as it does in a server, on traffic that follows the fake cluster's rules."""
    settings.TELEMETRY_TICK_SECONDS = 0.2
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def run(work):
        return asyncio.run_coroutine_threadsafe(work, loop).result(timeout=10)

    run(runtime.start(FollowingTraffic(cluster)))
    deadline = time.monotonic() + 10
    while not live.of("", None).available():
        assert time.monotonic() < deadline, "the collector has read nothing"
        time.sleep(0.02)
    yield
    run(runtime.stop())
    loop.call_soon_threadsafe(loop.stop)
    thread.join(timeout=10)
    loop.close()


@pytest.fixture
def page(transactional_db, live_server, browser, client, traffic):
    """A signed-in page of the running console. The test fails when its console shows an error."""
    client.force_login(person("ada"))
    context = browser.new_context(base_url=live_server.url, viewport={"width": 1440, "height": 900})
    context.set_default_timeout(10_000)
    session = client.cookies["sessionid"].value
    context.add_cookies([{"name": "sessionid", "value": session, "url": live_server.url}])
    page = context.new_page()
    heard = listen(page, expected=("Failed to load resource",))
    yield page
    context.close()
    assert heard == []
