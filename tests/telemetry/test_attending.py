"""What rollouts watch is asked for again and again, of a source that counts nothing by itself."""

import asyncio

import pytest

from telemetry.attending import Attending
from telemetry.counting import Ledger
from telemetry.live import Traffic
from telemetry.runtime import Runtime
from telemetry.samples import RequestCount, Samples
from telemetry.source import SourceUnavailable
from tests.telemetry.builders import labels
from tests.telemetry.fakes import Clock, FakeSource

HERE = ("bookinfo", "reviews")


class WatchedSource(FakeSource):
    """Tells ten requests a time, or what keeps it from that."""

    scrape_seconds = 1.0

    def __init__(self, *answers):
        super().__init__(*answers)
        self.time, self.trouble, self.asked_for = 1000.0, None, []

    async def watched(self, services):
        self.asked_for.append(dict(services))
        if self.trouble:
            raise self.trouble
        self.time += 5
        counts = (RequestCount(labels(), "200", "", 10.0),)
        return Samples(self.time, 0.0, counts=counts, counted_from=self.time - 5) if services else None

    async def counted(self, namespace, service, since):
        raise AssertionError("Nobody verifies a change here.")


@pytest.fixture
def source():
    return WatchedSource()


@pytest.fixture
def clock():
    return Clock()


def attending(source, clock):
    ledger = Ledger()
    return ledger, Attending(source, ledger, tick_seconds=5, timeout_seconds=0.05, clock=clock)


async def test_where_nobody_watches_nothing_is_counted_and_all_is_well(source, clock):
    ledger, following = attending(source, clock)
    await following.once()
    assert (source.asked_for, ledger.began, following.is_current()) == ([{}], None, True)


async def test_who_begins_to_watch_counts_from_the_first_answer_on(source, clock):
    ledger, following = attending(source, clock)
    watch = ledger.watch(*HERE, 250.0)
    watch.looked(-1.0)
    for _ in range(3):
        await following.once()
    assert source.asked_for[0][HERE] == (None, 250.0)
    assert watch.looked(-1.0).versions["v1"].requests == 20


async def test_who_watched_in_another_process_goes_on_where_that_one_ended(source, clock):
    ledger, following = attending(source, clock)
    watch = ledger.watch(*HERE)
    watch.looked(990.0)
    await following.once()
    assert source.asked_for[0][HERE].since == 990.0
    found = watch.looked(990.0)
    assert (found.versions["v1"].requests, found.seconds) == (10, 15)
    await following.once()
    assert source.asked_for[1][HERE].since is None


async def test_a_source_that_does_not_answer_is_old_news_after_a_while(source, clock):
    _, following = attending(source, clock)
    source.trouble = SourceUnavailable("away")
    clock.now += 14
    assert following.is_current()
    with pytest.raises(SourceUnavailable):
        await following.once()
    clock.now += 2
    assert not following.is_current()
    source.trouble = None
    await following.once()
    assert following.is_current()


@pytest.mark.parametrize("trouble", [SourceUnavailable("away"), RuntimeError("odd"), TimeoutError()])
async def test_whatever_goes_wrong_it_asks_again(source, trouble):
    ledger = Ledger()
    following = Attending(source, ledger, tick_seconds=0.001, timeout_seconds=5)
    watch = ledger.watch(*HERE)
    source.trouble = trouble
    running = asyncio.create_task(following.run())
    try:
        async with asyncio.timeout(30):
            while len(source.asked_for) < 3:  # noqa: ASYNC110  it is another task that asks
                await asyncio.sleep(0.001)
            source.trouble = None
            while watch.newest is None:  # noqa: ASYNC110
                await asyncio.sleep(0.001)
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def test_traffic_of_such_a_source_is_looked_at_only_while_both_answer():
    source = WatchedSource(Samples(1000.0, 60.0), SourceUnavailable("away"))
    runtime = Runtime(source, tick_seconds=1, window_seconds=60)
    traffic = Traffic(runtime, None)
    assert not traffic.is_watching()
    await runtime.collector.tick()
    assert traffic.is_watching()
    assert traffic.newest() == 1000.0
    await runtime.collector.tick()
    assert not traffic.is_watching()
    assert traffic.newest() is None


def test_who_may_not_see_a_namespace_looks_at_nothing_there(source):
    runtime = Runtime(source, tick_seconds=1, window_seconds=60)
    blind = Traffic(runtime, frozenset({"elsewhere"}))
    assert blind.looked(*HERE, -1.0) is None
    assert blind.shared(*HERE, 0.0) is None
    assert runtime.ledger.watched == {}
    assert Traffic(None, None).looked(*HERE, -1.0) is None
