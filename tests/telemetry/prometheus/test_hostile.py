"""A mesh whose names nobody would choose, in a real Prometheus, seen through every REST call."""

import math
import time
import urllib.parse

import pytest
from asgiref.sync import sync_to_async
from django.test import AsyncClient

from cluster import connection
from telemetry import runtime
from telemetry.prometheus.client import Client, Server
from telemetry.prometheus.source import PrometheusSource
from telemetry.runtime import Runtime
from tests.telemetry.builders import labels
from tests.telemetry.prometheus.servers import with_past
from tests.telemetry.viewers import Rights, fake_cluster, owner

pytestmark = pytest.mark.django_db(transaction=True)
NOW = (time.time() - 4 * 3600) // 60 * 60
SINCE = NOW - 600
NAMES = {
    "quotes": "\"a\" 'b' `c`",
    "backslashes": "\\ \\n \\u0000 {x}",
    "lines": "a\nb\r\tc",
    "html": "<script>alert(1)</script><!-- &amp;",
    "long": "n" * 10_240,
    "arrow": "a->workload:b/c:http",
    "slashes": "../a/b//c",
    "colons": "unknown:x:http",
    "percent": "%00 %2F + & ? # =",
    "letters": "日本語 \u202e 🙂 \u0301",
    "regex": ".*|(a+)+$",
    "comma": "a,b;c",
    "hidden": "hidden",
    "outside": "*outside",
    "unknown": "unknown",
    "space": " ",
}


def rising(rps):
    return lambda at: rps * (at - SINCE)


def calls():
    for name in NAMES.values():
        yield labels(destination_workload=name, destination_canonical_service=name)
        yield labels(destination_service_name=name, destination_service=name, destination_workload="")
        yield labels(source_workload_namespace=name, destination_workload_namespace=name)
        yield labels(request_protocol=name, reporter=name)
        yield labels(source_cluster=name, destination_cluster=name)


def series():
    for each in calls():
        named = each._asdict()
        for code in ("200", "", "<b>"):
            yield "istio_requests_total", {**named, "response_code": code, "response_flags": 'a"b'}, rising(2)
        for le in ("10", "+Inf"):
            yield "istio_request_duration_milliseconds_bucket", {**named, "le": le}, rising(2)
    yield "istio_requests_total", {}, rising(1)
    yield "istio_requests_total", {"reporter": "source"}, rising(1)
    yield "istio_tcp_sent_bytes_total", {"destination_workload": "x"}, rising(1)
    yield "istio_tcp_received_bytes_total", labels()._asdict(), lambda at: math.nan


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    server = with_past(tmp_path_factory.mktemp("past"), series(), SINCE, NOW, 15.0).start()
    yield server
    server.stop()


@pytest.fixture
async def client(prometheus, monkeypatch):
    source = PrometheusSource(Client(Server(prometheus.url)), scrape_seconds=15.0, wall=lambda: NOW)
    running = Runtime(source, tick_seconds=5, window_seconds=60)
    await running.collector.tick()
    assert running.collector.state.state == "ok", running.collector.state
    monkeypatch.setattr(runtime, "_runtimes", {"default": running})
    browser = AsyncClient()
    await browser.aforce_login(await sync_to_async(owner)())
    with connection.override(fake_cluster(Rights())):
        yield browser
    await source.close()


async def get(client, path, **query):
    return await client.get(f"/api/v1/{path}?{urllib.parse.urlencode(query)}")


@pytest.mark.parametrize("graph_type", ["workload", "service"])
async def test_whatever_is_drawn_can_be_asked_about(client, graph_type):
    answer = (await get(client, "graph", graph_type=graph_type, unfold="*", idle="true")).json()
    items = {item["id"] for item in answer["edges"]}
    assert len(items) > 2 * len(NAMES)
    for item_id in items:
        query = {"graph_type": graph_type, "id": item_id, "since": SINCE, "until": NOW, "points": 4}
        found = await get(client, "figures", **query)
        if len(item_id) > 1024:
            assert found.status_code == 400
        elif any(  # what separates the parts of an id, and stands in no name of Kubernetes
            name in item_id for key, name in NAMES.items() if key in ("html", "arrow", "slashes")
        ):
            assert found.status_code == 404
        else:
            assert found.status_code == 200, (item_id, found.content)
            assert found.json()["codes"], item_id


async def test_names_arrive_as_they_are(client):
    answer = (await get(client, "graph", graph_type="workload", unfold="*")).json()
    assert set(NAMES.values()) - {"unknown"} <= {node["workload"] for node in answer["nodes"]}
    assert all(node["health"] for node in answer["nodes"])


async def test_a_folded_view_of_them_can_be_compared_with_itself(client):
    assert (await get(client, "graph", fold="bookinfo")).status_code == 200
    same = {"before": NOW, "after": NOW}
    found = (await get(client, "graph/comparison", **same)).json()
    assert found["nodes"]
    assert all(each["before"] == each["after"] for each in (*found["nodes"], *found["edges"]))
    # The later one first is a question, too: what went comes.
    assert (await get(client, "graph/comparison", before=NOW, after=NOW - 300)).status_code == 200
