"""What rollouts watch, and what their guards ask, of a real Prometheus that scrapes real HTTP servers."""

import asyncio
import time

import pytest
from aiohttp import web

from telemetry import instant
from telemetry.instant import QueryError
from telemetry.live import Traffic
from telemetry.prometheus.client import Client, Server
from telemetry.prometheus.source import PrometheusSource
from telemetry.runtime import Runtime
from tests.telemetry.builders import metrics
from tests.telemetry.exporters import Exporter
from tests.telemetry.prometheus.servers import Prometheus, free_port

HERE = ("bookinfo", "reviews")


class Proxy(Exporter):
    """One whose requests take up to 5 ms, or, the slow ones, up to 50."""

    slow = 0.0

    async def metrics(self, _request: web.Request) -> web.StreamResponse:
        fast = self.requests - self.slow
        return web.Response(text=metrics(self.pod, self.requests, (0, fast, fast, *[self.requests] * 3)))


@pytest.fixture
async def proxies():
    made = [await Proxy(name).start() for name in ("a-v1", "b-v1")]
    yield made
    for each in made:
        await each.stop()


@pytest.fixture
async def prometheus(proxies, tmp_path):
    server = Prometheus(tmp_path, targets=[_address(each) for each in proxies])
    await asyncio.to_thread(server.start)
    yield server
    server.stop()


def _address(proxy):
    return proxy.target.url.split("/")[2]


async def watching(prometheus):
    source = PrometheusSource(Client(Server(prometheus.url)), scrape_seconds=1.0)
    return Runtime(source, tick_seconds=1, window_seconds=source.window_seconds), source


async def looks_until(runtime, cursor, requests):
    """Looks until so many requests were counted; what was, in how many looks, and up to where."""
    traffic, total, slow, looks, end = Traffic(runtime, None), 0.0, 0.0, 0, time.monotonic() + 60
    while total < requests and time.monotonic() < end:
        await runtime.attending.once()
        found = traffic.looked(*HERE, cursor, 3.0)
        cursor, looks = found.cursor, looks + 1
        for seen in found.versions.values():
            total, slow = total + seen.requests, slow + seen.slow
        await asyncio.sleep(0.3)
    return total, slow, looks, cursor


async def test_each_request_is_in_one_look_whoever_looks_on(prometheus, proxies):
    runtime, source = await watching(prometheus)
    for proxy in proxies:
        proxy.requests = 1000
    await _scraped(prometheus, 2000)
    Traffic(runtime, None).looked(*HERE, -1.0, 3.0)
    await runtime.attending.once()
    began = Traffic(runtime, None).looked(*HERE, -1.0, 3.0).cursor
    counting = asyncio.create_task(looks_until(runtime, began, 300))
    for _ in range(15):
        for proxy in proxies:
            proxy.requests, proxy.slow = proxy.requests + 10, proxy.slow + 2
        await asyncio.sleep(0.2)
    total, slow, looks, cursor = await counting
    assert (total, slow) == (300, 60)
    assert looks > 3
    # Another process begins where this one ended.
    other, other_source = await watching(prometheus)
    proxies[0].requests += 7
    Traffic(other, None).looked(*HERE, cursor, 3.0)
    assert (await looks_until(other, cursor, 7))[0] == 7
    await source.close()
    await other_source.close()


async def test_one_question_serves_all_that_are_watched(prometheus, proxies):
    runtime, source = await watching(prometheus)
    for number in range(200):
        runtime.watch("bookinfo", f"service-{number}", 3.0)
    runtime.watch(*HERE, 3.0)
    proxies[0].requests = 5
    await _scraped(prometheus, 5)
    await runtime.attending.once()
    before = prometheus.queries_answered()
    await runtime.attending.once()
    # Requests, latencies, and the edges of those that had no request yet.
    assert prometheus.queries_answered() - before <= 3
    await source.close()


async def _scraped(prometheus, requests):
    client = Client(Server(prometheus.url))
    end = time.monotonic() + 60
    while time.monotonic() < end:
        found = await client.figures("sum(istio_requests_total)", time.time())
        if [float(each) for each in found] == [requests]:
            break
        await asyncio.sleep(0.2)
    await client.close()


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    server = Prometheus(tmp_path_factory.mktemp("alone")).start()
    yield server
    server.stop()


@pytest.fixture
def asking(alone, settings):
    settings.PROMETHEUS_ADDRESSES = {settings.CLUSTERS[0][0]: (alone.url, ())}
    settings.PROMETHEUS_TIMEOUT_SECONDS = 30.0
    return lambda query: instant.value("", query)


TWO = "(label_replace(vector(1), 'a', '1', '', '') or label_replace(vector(2), 'a', '2', '', ''))"


@pytest.mark.parametrize(("query", "value"), [("1 + 1", 2.0), ("vector(3)", 3.0), (f"sum({TWO})", 3.0)])
def test_a_query_has_a_value(asking, query, value):
    assert asking(query) == value


@pytest.mark.parametrize(
    ("query", "code", "words"),
    [
        ("sum(", "unparsable", "parse error"),
        ("foo{", "unparsable", "parse error"),
        ("", "unparsable", "no expression"),
        ("up[5m]", "unparsable", "a range or a text"),
        ('"words"', "unparsable", "a range or a text"),
        (f"{TWO} * on () {TWO}", "unparsable", "many-to-many"),
        ("nothing_of_that_name", "none", "nothing"),
        (TWO, "many", "2 values"),
        ("vector(0) / 0", "nan", "NaN"),
        ("1 / 0", "nan", "infinity"),
    ],
)
def test_a_query_without_a_usable_value_is_refused_with_words(asking, query, code, words):
    with pytest.raises(QueryError) as refused:
        asking(query)
    assert refused.value.code == code
    assert words in refused.value.words


def test_of_several_queries_each_has_its_own_answer(asking):
    found = instant.values("", ["1", "sum(", "1"], 30.0)
    assert found["1"] == 1.0
    assert isinstance(found["sum("], QueryError)


def test_a_prometheus_that_is_away_is_said_to_be(asking, settings):
    settings.PROMETHEUS_ADDRESSES = {settings.CLUSTERS[0][0]: (f"http://127.0.0.1:{free_port()}", ())}
    with pytest.raises(QueryError) as refused:
        asking("1")
    assert (refused.value.code, "cannot be reached" in refused.value.words) == ("away", True)


def test_without_a_prometheus_no_query_is_answered(settings):
    settings.PROMETHEUS_ADDRESSES = {}
    with pytest.raises(QueryError) as refused:
        instant.value("", "1")
    assert refused.value.code == "no_prometheus"
