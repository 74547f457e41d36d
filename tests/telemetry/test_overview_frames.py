"""The Overview over the socket and over REST: pushed with each reading, and of what one may see only."""

import json

import pytest

from cluster import connection
from telemetry import runtime
from telemetry.sparks import STEP_SECONDS
from tests.telemetry.browser import socket, tick
from tests.telemetry.builders import labels, rate
from tests.telemetry.fakes import FakeSource
from tests.telemetry.viewers import Rights, SignedIn, fake_cluster, owner, viewer

pytestmark = pytest.mark.django_db(transaction=True)
OVERVIEW = {"type": "overview"}
SECRET = labels(
    "vault-v1",
    "safe-v1",
    source_workload_namespace="secret",
    destination_service_namespace="secret",
    destination_workload_namespace="secret",
    destination_service="safe.secret.svc.cluster.local",
)


@pytest.fixture(autouse=True)
def rights(monkeypatch):
    rights = Rights()
    rights.of["lena"] = frozenset({"bookinfo"})
    with connection.override(fake_cluster(rights)):
        yield rights


@pytest.fixture
def person() -> SignedIn:
    return SignedIn(owner())


@pytest.fixture
def lena() -> SignedIn:
    return SignedIn(viewer("lena"))


@pytest.fixture
async def running():
    started = await runtime.start(FakeSource(None))
    yield started
    await runtime.stop()


async def test_each_reading_brings_all_rows_and_each_step_the_sparklines(running, person):
    tick(running, 1, 3)
    async with socket(person.headers) as browser:
        await browser.send(OVERVIEW)
        first = await browser.message()
        assert first["type"] == "overview"
        assert first["services"][0]["service"] == "reviews"
        assert first["sparks"]["services"][first["services"][0]["id"]]["requests"] == [3]
        assert first["sparks"]["namespaces"]["bookinfo"]["requests"] == [3]
        tick(running, 2, 5)
        second = await browser.message()
        assert (second["seq"], second["services"][0]["requests_per_second"]) == (2, 5)
        assert (await stepped(running, browser))["sparks"]["namespaces"]["bookinfo"]["requests"][-1] == 6


async def stepped(running, browser) -> dict:
    """The frame of the reading that begins the next step."""
    tick(running, round(2 + STEP_SECONDS), 6)
    return await browser.message()


async def test_between_two_steps_the_sparklines_are_not_sent_again(running, person):
    tick(running, 1, 3)
    async with socket(person.headers) as browser:
        await browser.send(OVERVIEW)
        await browser.message()
        tick(running, 2)
        await browser.message()
        tick(running, 3)
        assert (await browser.message())["sparks"] is None


async def test_a_page_may_go_from_the_overview_to_the_graph_and_back(running, person):
    tick(running, 1)
    async with socket(person.headers) as browser:
        await browser.send({"type": "subscribe", "graph_type": "app"})
        assert (await browser.message())["type"] == "full"
        await browser.send(OVERVIEW)
        assert (await browser.message())["type"] == "overview"
        tick(running, 2)
        assert (await browser.message())["type"] == "overview"


async def test_while_the_source_is_silent_the_overview_is_told_so(running, person):
    async with socket(person.headers) as browser:
        await browser.send(OVERVIEW)
        assert (await browser.message())["type"] == "status"
        tick(running, 1)
        assert (await browser.message())["type"] == "overview"
        running.silent(running.collector.state)
        assert (await browser.message())["type"] == "status"


async def test_who_may_not_read_a_namespace_gets_not_a_byte_of_it(running, person, lena):
    tick(running, 1, 3, rate(SECRET, 9))
    async with socket(person.headers) as his, socket(lena.headers) as hers:
        await his.send(OVERVIEW)
        assert "safe" in await his.text()
        await hers.send(OVERVIEW)
        first = await hers.text()
        tick(running, round(1 + STEP_SECONDS), 3, rate(SECRET, 9))
        for text in (first, await hers.text()):
            assert json.loads(text)["type"] == "overview"
            assert "reviews" in text
            assert "secret" not in text
            assert "safe" not in text
            assert "vault" not in text


def test_the_same_is_answered_by_rest(person, lena, monkeypatch):
    running = runtime.Runtime(FakeSource(), tick_seconds=1.0, window_seconds=10.0)
    tick(running, 1, 3, rate(SECRET, 9, "500"))
    running.collector.latest = running.hub._latest
    monkeypatch.setattr(runtime, "_runtimes", {"default": running})
    answer = person.client.get("/api/v1/overview").json()
    assert [row["service"] for row in answer["services"]] == ["safe", "reviews"]
    assert [row["namespace"] for row in answer["namespaces"]] == ["secret", "bookinfo"]
    assert answer["sparks"]["namespaces"]["secret"] == {"requests": [9.0], "error_ratios": [1.0]}
    chosen = person.client.get("/api/v1/overview?namespaces=bookinfo").json()
    assert [row["service"] for row in chosen["services"]] == ["reviews"]
    assert b"safe" not in lena.client.get("/api/v1/overview").content


def test_a_namespace_that_is_none_is_refused_at_its_field(person):
    error = person.client.get("/api/v1/overview?namespaces=No!").json()["error"]
    assert [field["field"] for field in error["fields"]] == ["namespaces"]
