"""Two people at one hub: each gets what he may see, and loses it soon after he may not."""

import asyncio
import json

import pytest

from cluster import connection
from telemetry import rights as rights_module
from telemetry import runtime, sockets
from telemetry.rights import LastAnswer, Sight, blind
from telemetry.shortfall import Failure, Shortfall
from telemetry.sockets import GraphConsumer
from tests.telemetry.browser import EDGE, SUBSCRIBE, socket, tick
from tests.telemetry.builders import gateway, rate
from tests.telemetry.fakes import Clock, FakeSource
from tests.telemetry.viewers import Rights, SignedIn, fake_cluster, owner, viewer

pytestmark = pytest.mark.django_db(transaction=True)
EVERYTHING = {**SUBSCRIBE, "namespaces": []}
GATEWAY = "app:istio-system/istio-ingressgateway"


@pytest.fixture
def rights(monkeypatch):
    """What is answered is forgotten at once, so that a test need not wait."""
    monkeypatch.setattr("cluster.access.KEPT_SECONDS", 0.0)
    monkeypatch.setattr("cluster.access.SILENT_SECONDS", 0.0)
    rights = Rights()
    rights.of["lena"] = frozenset({"bookinfo"})
    with connection.override(fake_cluster(rights)):
        yield rights


@pytest.fixture
def lena(rights) -> SignedIn:
    """She may read bookinfo."""
    return SignedIn(viewer("lena"))


@pytest.fixture
def person(rights) -> SignedIn:
    return SignedIn(owner())


@pytest.fixture
async def running(rights):
    started = await runtime.start(FakeSource(None))
    tick(started, 1, 3, rate(gateway(), 4))
    yield started
    await runtime.stop()


async def subscribed(browser) -> dict:
    await browser.send(EVERYTHING)
    return await browser.message()


def kinds(frame) -> list[str]:
    return sorted(node["kind"] for node in frame["nodes"])


async def until(browser, wanted) -> dict:
    """The first message of which something is true."""
    while True:
        message = await browser.message()
        if wanted(message):
            return message


async def test_two_people_look_at_one_hub_and_each_sees_his_part(running, person, lena):
    async with socket(person.headers) as his, socket(lena.headers) as hers:
        assert kinds(await subscribed(his)) == ["app", "app", "app"]
        full = await subscribed(hers)
        assert kinds(full) == ["app", "app", "hidden"]
        tick(running, 2, 3, rate(gateway(), 5))
        assert GATEWAY in await his.text()
        delta = await hers.text()
        assert "istio" not in json.dumps(full) + delta
        (edge,) = json.loads(delta)["edges"]["set"]
        assert (edge["id"], edge["requests_per_second"]) == ("hidden->app:bookinfo/productpage:http", 5)


async def test_whatever_she_asks_for_it_tells_her_nothing_of_other_namespaces(running, lena):
    asked = {"fold": ["istio-system", "secret"], "unfold": ["istio-system", "*"], "idle": True}
    async with socket(lena.headers) as browser:
        for focus in ("", "app:istio-system/istio-ingressgateway", "namespace:istio-system", "hidden"):
            await browser.send({"type": "subscribe", "graph_type": "app", **asked, "focus": focus})
            frame = await browser.text()
            assert ("istio" in frame, "secret" in frame) == (False, False)
            assert json.loads(frame)["folded"] == []


async def test_people_with_the_same_rights_share_a_view_and_its_bytes(running, lena, rights):
    rights.of["max"] = frozenset({"bookinfo"})
    async with socket(lena.headers) as hers, socket(await asyncio.to_thread(headers_of, "max")) as his:
        await subscribed(hers)
        await subscribed(his)
        assert len(running.hub._watched) == 1


def headers_of(name):
    return SignedIn(viewer(name)).headers


async def test_figures_of_another_namespace_are_as_absent_as_what_is_not_there(running, lena):
    async with socket(lena.headers) as browser:
        await subscribed(browser)
        answers = []
        for asked in (GATEWAY, "app:nowhere/nothing", "hidden"):
            await browser.send({"type": "watch", "id": asked})
            answers.append((await browser.text()).replace(asked, "it"))
        assert len(set(answers)) == 1
        await browser.send({"type": "watch", "id": EDGE})
        assert (await browser.message())["requests"] == [3]


async def test_a_right_that_is_given_brings_the_whole_picture(running, lena, rights):
    async with socket(lena.headers, recheck_seconds=0.05) as browser:
        await subscribed(browser)
        rights.of["lena"] = None
        full = await until(browser, lambda message: message["type"] == "full")
        assert (kinds(full), full["notice"]) == (["app", "app", "app"], "")
        tick(running, 2, 9)
        assert (await browser.message())["base"] == full["seq"]


async def test_a_right_that_is_withdrawn_empties_the_graph_and_says_why(running, lena, rights):
    async with socket(lena.headers, recheck_seconds=0.05) as browser:
        await subscribed(browser)
        rights.of["lena"] = frozenset()
        full = await until(browser, lambda message: message["type"] == "full")
        assert (full["nodes"], full["edges"]) == ([], [])
        assert full["notice"] == "You may not read any namespace of this cluster."
        tick(running, 2, 9)
        delta = await browser.message()
        assert delta["nodes"] == delta["edges"] == {"set": [], "remove": []}


async def test_a_person_without_an_identity_is_told_so(running, django_user_model):
    stranger = await asyncio.to_thread(
        lambda: SignedIn(django_user_model.objects.create_user("stranger")).headers
    )
    async with socket(stranger) as browser:
        full = await subscribed(browser)
        assert full["nodes"] == []
        assert "no Kubernetes identity" in full["notice"]


async def test_while_rights_cannot_be_asked_for_the_last_answer_stands_for_a_while(running, lena, rights):
    async with socket(lena.headers, recheck_seconds=0.05) as browser:
        await subscribed(browser)
        rights.away = True
        assert await browser.hears_nothing(0.3)
        tick(running, 2, 9)
        assert (await browser.message())["type"] == "delta"


async def test_after_the_grace_the_graph_goes_blank_and_says_why(running, lena, rights, monkeypatch):
    monkeypatch.setattr(sockets, "LastAnswer", lambda: LastAnswer(grace_seconds=0.1))
    async with socket(lena.headers, recheck_seconds=0.05) as browser:
        await subscribed(browser)
        rights.away = True
        full = await until(browser, lambda message: message["type"] == "full")
        assert full["nodes"] == []
        assert "could not be asked" in full["notice"]
        rights.away = False
        full = await until(browser, lambda message: message["type"] == "full")
        assert (len(full["nodes"]), full["notice"]) == (3, "")


async def test_who_comes_while_rights_cannot_be_asked_for_sees_nothing(running, lena, rights):
    rights.away = True
    async with socket(lena.headers) as browser:
        full = await subscribed(browser)
        assert full["nodes"] == []
        # "connection refused" is the console's own business.
        assert full["notice"] == "What you may see could not be asked: The cluster does not answer."


async def test_a_cluster_that_never_answers_about_rights_is_not_waited_for(running, lena, monkeypatch):
    asked, answer = asyncio.Event(), asyncio.Event()
    loop = asyncio.get_running_loop()

    def hang(_person):
        loop.call_soon_threadsafe(asked.set)
        asyncio.run_coroutine_threadsafe(answer.wait(), loop).result(5)
        return Sight(None)

    monkeypatch.setattr(rights_module, "ask", hang)
    monkeypatch.setattr(sockets, "ASK_SECONDS", 0.2)
    async with socket(lena.headers) as browser:
        full = await subscribed(browser)
        assert (full["nodes"], asked.is_set()) == ([], True)
        assert "does not answer" in full["notice"]
    answer.set()


async def test_what_waits_for_a_slow_browser_is_not_sent_after_rights_are_withdrawn(running, lena, rights):
    reads, blocked = asyncio.Event(), asyncio.Event()
    reads.set()

    class Slow(GraphConsumer):
        async def _send(self, frame):
            if not reads.is_set():
                blocked.set()
            await reads.wait()
            await super()._send(frame)

    async with socket(lena.headers, Slow, recheck_seconds=0.05) as browser:
        await subscribed(browser)
        reads.clear()
        for seq in (2, 3, 4):
            tick(running, seq, 9)
        await blocked.wait()
        (subscription,) = running.hub._subscriptions
        before = subscription.view
        rights.of["lena"] = frozenset()
        async with asyncio.timeout(2):
            while subscription.view is before:  # noqa: ASYNC110  no event tells of it
                await asyncio.sleep(0.02)
        reads.set()
        first, second = await browser.message(), await browser.message()
        # The first one was on its way already; of what waited behind it, nothing comes.
        assert (first["seq"], second["type"], second["nodes"]) == (2, "full", [])


async def test_pods_that_did_not_answer_are_named_to_who_may_see_them(running, person, lena):
    failures = (Failure("bookinfo", "a", "hangs"), Failure("secret", "b", "hangs"))
    running.collector._miss(Shortfall("", "", {"bookinfo": 1, "secret": 1}, failures), 1000.0)
    async with socket(person.headers) as his, socket(lena.headers) as hers:
        assert "2 of 2 proxies" in (await subscribed(his))["source"]["message"]
        message = (await subscribed(hers))["source"]["message"]
        assert message == "1 of 1 proxies cannot be read in full: bookinfo/a hangs."
        running.collector._miss(Shortfall("", "", {"secret": 1}, failures[1:]), 1000.0)
        status = await hers.message()
        assert (status["type"], status["source"]["message"]) == ("status", "")


async def test_who_leaves_leaves_nothing_behind(running, lena):
    before = asyncio.all_tasks()
    async with socket(lena.headers, recheck_seconds=0.05) as browser:
        await subscribed(browser)
        await asyncio.sleep(0.1)
        assert len(running.hub._subscriptions) == len(running.hub._watched) == 1
    assert asyncio.all_tasks() == before
    assert (running.hub._subscriptions, running.hub._watched, running.hub.wanted()) == (set(), {}, set())


def test_an_answer_stands_in_for_fifteen_seconds_and_no_longer():
    clock = Clock()
    last = LastAnswer(clock=clock)
    assert last.or_else(blind("away")) == blind("away")
    said = Sight(frozenset({"bookinfo"}))
    assert last.or_else(said) == said
    clock.now += 14.9
    assert last.or_else(blind("away")) == said
    clock.now += 0.2
    assert last.or_else(blind("away")) == blind("away")


def test_a_no_takes_the_place_of_an_earlier_yes():
    last = LastAnswer(clock=Clock())
    last.or_else(Sight(None))
    last.or_else(Sight(frozenset()))
    assert last.or_else(blind("away")).visible == frozenset()
