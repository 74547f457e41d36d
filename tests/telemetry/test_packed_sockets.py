"""What goes over the wire: packed for who can unpack it, and nothing more to who does not read."""

import asyncio
import json
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster import connection
from telemetry import runtime
from telemetry.hub import MAX_LAGS, MAX_WAITING
from telemetry.packing import PACKED_FROM_BYTES, Frame
from telemetry.sockets import TOO_SLOW, GraphConsumer
from tests.telemetry.browser import SUBSCRIBE, socket, tick
from tests.telemetry.builders import labels, rate
from tests.telemetry.fakes import FakeSource
from tests.telemetry.viewers import Rights, SignedIn, fake_cluster, owner

pytestmark = pytest.mark.django_db(transaction=True)


class Stalling(GraphConsumer):
    """A socket whose line takes a message only when there is room: its browser has stopped reading."""

    room = asyncio.Semaphore(0)
    stuck = asyncio.Event()

    async def send(self, *given, **options):
        self.stuck.set()
        await self.room.acquire()
        await super().send(*given, **options)


@pytest.fixture(autouse=True)
def fake():
    with connection.override(fake_cluster(Rights())):
        yield


@pytest.fixture
def person() -> SignedIn:
    return SignedIn(owner())


@pytest.fixture
async def running():
    started = await runtime.start(FakeSource(None))
    yield started
    await runtime.stop()


def many_calls() -> list:
    return [rate(labels(target=f"service{number}-v1"), 1) for number in range(20)]


@given(st.text(max_size=5000))
def test_a_packed_frame_is_the_same_text(text):
    frame = Frame(text.encode())
    assert zlib.decompress(frame.packed, -zlib.MAX_WBITS).decode() == frame.words == text


def test_a_frame_is_packed_once():
    frame = Frame(b"x" * PACKED_FROM_BYTES)
    assert frame.packed is frame.packed
    assert frame.is_worth_packing


async def test_who_can_unpack_gets_large_frames_packed_and_small_ones_plain(running, person):
    tick(running, 1, 1, *many_calls())
    async with socket(person.headers, query="packed=deflate") as browser:
        await browser.send(SUBSCRIBE)
        packed = (await browser.receive())["bytes"]
        full = json.loads(zlib.decompress(packed, -zlib.MAX_WBITS))
        assert (full["type"], len(full["edges"])) == ("full", 21)
        tick(running, 2, 1, *many_calls())
        assert (await browser.message())["type"] == "delta"


async def test_who_does_not_say_so_gets_text(running, person):
    tick(running, 1, 1, *many_calls())
    async with socket(person.headers) as browser:
        await browser.send(SUBSCRIBE)
        assert (await browser.message())["type"] == "full"


async def test_a_socket_that_stays_behind_gets_the_latest_then_a_word_and_is_closed(running, person):
    Stalling.room, Stalling.stuck = asyncio.Semaphore(0), asyncio.Event()
    tick(running, seq := 1)
    async with socket(person.headers, Stalling) as browser:
        await browser.send(SUBSCRIBE)
        for _ in range(MAX_LAGS):
            await Stalling.stuck.wait()
            Stalling.stuck.clear()
            for _ in range(2 * MAX_WAITING + 2):
                tick(running, seq := seq + 1)
            Stalling.room.release()
            assert (await browser.message())["type"] == "full"
        Stalling.room.release()
        Stalling.room.release()
        latest, word = await browser.message(), await browser.message()
        assert (latest["type"], latest["seq"], word["type"]) == ("full", seq, "error")
        assert await browser.close_code() == TOO_SLOW
    assert running.hub.sockets == 0


async def test_a_socket_that_stalls_holds_up_nobody(running, person):
    Stalling.room, Stalling.stuck = asyncio.Semaphore(0), asyncio.Event()
    tick(running, 1)
    async with socket(person.headers, Stalling) as stalled, socket(person.headers) as other:
        await stalled.send(SUBSCRIBE)
        await other.send(SUBSCRIBE)
        assert (await other.message())["seq"] == 1
        for seq in range(2, 200):
            tick(running, seq)
            assert (await other.message())["seq"] == seq
        assert await stalled.hears_nothing()
