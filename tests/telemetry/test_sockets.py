"""The websocket, by its messages: who may look, what is sent, and what is refused."""

import asyncio

import pytest
from asgiref.sync import sync_to_async

from cluster import connection
from telemetry import person_socket, runtime
from telemetry.sockets import GraphConsumer
from tests.telemetry.browser import EDGE, SUBSCRIBE, socket, tick
from tests.telemetry.fakes import FakeSource
from tests.telemetry.viewers import Rights, SignedIn, fake_cluster, owner

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def rights():
    rights = Rights()
    with connection.override(fake_cluster(rights), west=fake_cluster(rights)):
        yield rights


@pytest.fixture
def person() -> SignedIn:
    return SignedIn(owner())


@pytest.fixture
async def running():
    """A runtime whose loop stands still: the test ticks by hand."""
    started = await runtime.start(FakeSource(None), west=FakeSource(None))
    yield started
    await runtime.stop()


async def test_without_a_sign_in_the_socket_is_closed_with_4401(running):
    async with socket() as browser:
        assert await browser.close_code() == 4401
        await browser.send(SUBSCRIBE)
        assert await browser.hears_nothing()


async def test_subscribe_brings_a_full_frame_and_then_deltas(running, person):
    tick(running, 1)
    async with socket(person.headers) as browser:
        await browser.send(SUBSCRIBE)
        full = await browser.message()
        assert (full["type"], full["seq"], full["namespaces"]) == ("full", 1, ["bookinfo"])
        tick(running, 2, rps=7)
        change = await browser.message()
        assert (change["type"], change["seq"], change["base"]) == ("delta", 2, 1)
        assert change["edges"]["set"][0]["requests_per_second"] == 7


async def test_resync_brings_a_full_frame_again(running, person):
    tick(running, 1)
    async with socket(person.headers) as browser:
        await browser.send(SUBSCRIBE)
        await browser.message()
        await browser.send({"type": "resync"})
        assert (await browser.message())["type"] == "full"


async def test_a_gap_is_seen_by_its_numbers_and_healed_by_resync(running, person):
    """A browser that lost a frame sees a base that is not its own."""
    tick(running, 1)
    async with socket(person.headers) as browser:
        await browser.send(SUBSCRIBE)
        have = (await browser.message())["seq"]
        tick(running, 2)
        await browser.message()  # lost on the way
        tick(running, 3)
        assert (await browser.message())["base"] != have
        await browser.send({"type": "resync"})
        full = await browser.message()
        assert (full["type"], full["seq"]) == ("full", 3)


async def test_watch_brings_figures(running, person):
    tick(running, 1, rps=3)
    async with socket(person.headers) as browser:
        await browser.send(SUBSCRIBE)
        await browser.message()
        await browser.send({"type": "watch", "id": EDGE})
        series = await browser.message()
        assert (series["type"], series["reset"], series["requests"]) == ("series", True, [3])


async def test_before_the_first_reading_the_state_of_the_source_is_sent(running, person):
    async with socket(person.headers) as browser:
        await browser.send(SUBSCRIBE)
        status = await browser.message()
        assert (status["type"], status["source"]["state"]) == ("status", "starting")


@pytest.mark.parametrize(
    ("message", "said"),
    [
        ("nonsense", "not understood"),
        ('{"nested":' + "[" * 10_000, "not understood"),
        ('{"type": "dance"}', "Invalid value 'dance'"),
        ('{"type": "subscribe", "graph_type": "pie"}', "graph_type"),
        ('{"type": "subscribe", "graph_type": "app", "namespaces": ["No Such"]}', "namespaces"),
        ('{"type": "subscribe", "graph_type": "app", "namespaces": "a"}', "namespaces"),
        ('{"type": "subscribe", "graph_type": "app", "fold": ["*"]}', "$.fold[0]"),
        ('{"type": "subscribe", "graph_type": "app", "unfold": ["a", "*other"]}', "$.unfold[1]"),
        ('{"type": "subscribe", "graph_type": "app", "focus": 5}', "$.focus"),
        ('{"type": "subscribe", "graph_type": "app", "depth": 6}', "$.depth"),
        ('{"type": "subscribe", "graph_type": "app", "depth": 0}', "$.depth"),
        ('{"type": "subscribe", "graph_type": "app", "idle": "yes"}', "$.idle"),
        ('{"type": "watch", "id": 5}', "id"),
        ('{"type": "watch", "id": "a"}', "Subscribe to a view first"),
        ('{"type": "resync"}', "Subscribe to a view first"),
        ("[]", "not understood"),
    ],
)
async def test_a_message_that_cannot_be_obeyed_is_answered_with_its_reason(running, person, message, said):
    async with socket(person.headers) as browser:
        await browser.send(message)
        answer = await browser.message()
        assert answer["type"] == "error"
        assert said in answer["message"]


async def test_a_view_is_folded_and_unfolded_by_hand(running, person):
    tick(running, 1)
    async with socket(person.headers) as browser:
        await browser.send({**SUBSCRIBE, "fold": ["bookinfo", "elsewhere"]})
        frame = await browser.message()
        assert (frame["folded"], frame["left_out"]) == (["bookinfo"], {"nodes": 0, "edges": 0})
        assert "namespace:bookinfo" in [node["id"] for node in frame["nodes"]]
        await browser.send({**SUBSCRIBE, "unfold": ["*", "*outside", "bookinfo"]})
        assert (await browser.message())["folded"] == []


async def test_a_view_of_the_neighbourhood_of_a_node(running, person):
    tick(running, 1)
    async with socket(person.headers) as browser:
        await browser.send({**SUBSCRIBE, "focus": "no such node", "depth": 5})
        frame = await browser.message()
        assert (frame["nodes"], frame["edges"]) == ([], [])
        await browser.send({**SUBSCRIBE, "focus": EDGE.partition("->")[0]})
        assert EDGE in [edge["id"] for edge in (await browser.message())["edges"]]


async def test_more_than_a_hundred_namespaces_are_refused(running, person):
    async with socket(person.headers) as browser:
        await browser.send({**SUBSCRIBE, "namespaces": [f"n{n}" for n in range(101)]})
        assert (await browser.message())["type"] == "error"


async def test_a_message_that_is_too_big_ends_the_socket(running, person):
    async with socket(person.headers) as browser:
        await browser.send('{"type": "watch", "id": "' + "a" * person_socket.MAX_MESSAGE_BYTES + '"}')
        assert "32768 bytes" in (await browser.message())["message"]
        assert await browser.close_code() == 1009


async def test_a_flood_of_messages_ends_the_socket(running, person):
    async with socket(person.headers) as browser:
        for _ in range(person_socket.MAX_MESSAGES + 1):
            await browser.send("{}")
        assert await browser.close_code() == 4429


async def test_signing_out_ends_an_open_socket(running, person):
    async with socket(person.headers, recheck_seconds=0.05) as browser:
        assert await browser.hears_nothing(0.15)
        await sync_to_async(person.client.logout)()
        assert await browser.close_code() == 4401


async def test_a_person_who_may_no_longer_sign_in_is_disconnected(running, person):
    async with socket(person.headers, recheck_seconds=0.05) as browser:
        person.user.is_active = False
        await person.user.asave()
        assert await browser.close_code() == 4401


@pytest.mark.parametrize("part", ["_is_signed_in", "_look_at_rights", "_pump", "_obey"])
async def test_a_part_that_fails_ends_the_socket_and_what_is_sent(running, person, caplog, part):
    """Of who is not watched over any more, nobody knows whether he is still signed in."""
    tick(running, 1)
    broken = asyncio.Event()

    async def fail(*_):
        raise LookupError("the store of the sessions is away")

    class Failing(GraphConsumer):
        def __getattribute__(self, name):
            return fail if name == part and broken.is_set() else super().__getattribute__(name)

    if part == "_pump":
        broken.set()
    async with socket(person.headers, Failing, recheck_seconds=0.05) as browser:
        if part != "_pump":
            await browser.send(SUBSCRIBE)
            await browser.message()
        broken.set()
        if part == "_obey":
            await browser.send(SUBSCRIBE)
        assert await browser.close_code() == person_socket.INTERNAL_ERROR
        assert running.hub._subscriptions == set()
        await browser.send(SUBSCRIBE)
        tick(running, 2, rps=9)
        assert await browser.hears_nothing()
    assert "the store of the sessions is away" in caplog.text


async def test_rights_that_cannot_be_looked_at_when_it_opens_end_the_socket(running, person, monkeypatch):
    def fail(*_):
        raise LookupError

    monkeypatch.setattr(person_socket.people, "of", fail)
    async with socket(person.headers) as browser:
        assert await browser.close_code() == person_socket.INTERNAL_ERROR
        assert running.hub._subscriptions == set()


async def test_when_there_is_no_room_the_reason_is_sent(running, person):
    running.hub._max_sockets = 0
    async with socket(person.headers) as browser:
        assert "at most" in (await browser.message())["message"]
        assert await browser.close_code() == 4503


async def test_a_cluster_that_is_not_configured_ends_the_socket(running, person):
    async with socket(person.headers, cluster="nowhere") as browser:
        assert "No cluster of this name" in (await browser.message())["message"]
        assert await browser.close_code() == 4404


async def test_each_cluster_has_its_own_socket(running, person):
    tick(running, 1, rps=3)
    tick(runtime.of("west"), 1, rps=30)
    for cluster, rps in (("", 3), ("default", 3), ("west", 30)):
        async with socket(person.headers, cluster=cluster) as browser:
            await browser.send(SUBSCRIBE)
            assert (await browser.message())["edges"][0]["requests_per_second"] == rps


async def test_a_process_without_a_collector_says_so(person):
    async with socket(person.headers) as browser:
        assert "not running" in (await browser.message())["message"]
        assert await browser.close_code() == 1013


async def test_a_socket_that_does_not_read_is_sent_one_full_frame_when_it_does(running, person):
    """The pump waits in send(); meanwhile the hub keeps no more than a handful of frames."""
    tick(running, 1)
    blocked, gate = asyncio.Event(), asyncio.Event()

    class Stuck(GraphConsumer):
        async def _send(self, frame):
            blocked.set()
            await gate.wait()
            await super()._send(frame)

    async with socket(person.headers, Stuck) as browser:
        await browser.send(SUBSCRIBE)
        await blocked.wait()
        for seq in range(2, 40):
            tick(running, seq)
        (subscription,) = running.hub._subscriptions
        assert len(subscription._waiting) < 10
        gate.set()
        assert (await browser.message())["seq"] == 1
        latest = await browser.message()
        assert (latest["type"], latest["seq"]) == ("full", 39)
    assert running.hub._subscriptions == set()
