"""What the acting side is told of the traffic, and the life of the runtime."""

import asyncio

import pytest

from telemetry import live, runtime
from telemetry.source import SourceUnavailable
from tests.telemetry.builders import gateway, labels, rate, samples, unreached
from tests.telemetry.fakes import FakeSource

TRAFFIC = samples(
    rate(gateway(), 10),
    rate(labels(target="reviews-v1"), 6),
    rate(labels(target="reviews-v3"), 2),
    rate(labels("other-v2", "reviews-v1"), 1),
    rate(labels("other-v2", "reviews-v1"), 1, "500"),
    rate(labels(target="reviews-v1", reporter="destination"), 6),
    rate(unreached("reviews", "productpage-v1"), 2, "503", "FI"),
)


@pytest.fixture(autouse=True)
def quick_ticks(settings):
    settings.TELEMETRY_TICK_SECONDS = 0.01


async def started(*answers):
    running = await runtime.start(FakeSource(*answers))
    # The second question comes after the first answer was taken in.
    await running.source.asked(2)
    return running


@pytest.fixture
async def observing():
    yield await started(TRAFFIC, None)
    await runtime.stop()


async def test_callers_are_told_by_workload_the_busiest_first(observing):
    assert live.callers("bookinfo", "reviews") == [
        live.CallerTraffic("bookinfo", "productpage-v1", "productpage", "v1", 10, 0.2),
        live.CallerTraffic("bookinfo", "other-v2", "other", "v2", 2, 0.5),
    ]


async def test_shares_are_of_the_requests_that_reached_a_version(observing):
    assert live.shares("bookinfo", "reviews") == {"v1": 0.8, "v3": 0.2}


async def test_a_service_that_nobody_calls_has_neither(observing):
    assert live.callers("bookinfo", "nobody") == []
    assert live.shares("other", "reviews") == {}


async def test_it_may_be_asked_in_any_thread(observing):
    assert len(await asyncio.to_thread(live.callers, "bookinfo", "reviews")) == 2


async def test_it_says_whether_and_how_fresh_it_is(observing):
    assert live.available()
    assert runtime.source_is_live()
    assert 0 <= live.age_seconds() < 60


async def test_without_a_runtime_there_is_nothing_to_tell():
    assert not live.available()
    assert (live.callers("a", "b"), live.shares("a", "b"), live.age_seconds()) == ([], {}, None)
    with pytest.raises(runtime.NotRunningError):
        runtime.current()


async def test_a_source_that_never_answered_is_not_available():
    await started(SourceUnavailable("away"), None)
    try:
        assert not live.available()
        assert live.callers("bookinfo", "reviews") == []
        assert live.age_seconds() is None
    finally:
        await runtime.stop()


async def test_the_runtime_starts_once_and_stops_cleanly():
    first = await runtime.start(FakeSource(None))
    assert await runtime.start(FakeSource(None)) is first is runtime.current()
    await runtime.stop()
    assert first.source.closed
    await runtime.stop()


async def test_the_window_holds_two_readings_at_least(settings):
    settings.TELEMETRY_TICK_SECONDS, settings.TELEMETRY_WINDOW_SECONDS = 60, 10
    running = await runtime.start(FakeSource(None))
    assert running.collector.state.window_seconds == 120
    await runtime.stop()


async def test_the_default_source_is_the_direct_one():
    running = await runtime.start()
    assert running.source.name == "direct"
    await runtime.stop()
