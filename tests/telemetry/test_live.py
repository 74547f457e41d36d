"""What the acting side is told of the traffic, and the life of the runtime."""

import asyncio

import pytest

from cluster import connection
from cluster.connection import UnknownClusterError
from cluster.fake import FakeCluster
from telemetry import live, runtime
from telemetry.samples import RequestCount
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


def traffic(visible=None):
    return live.of("", visible)


async def test_callers_are_told_by_workload_the_busiest_first(observing):
    assert traffic().callers("bookinfo", "reviews") == [
        live.CallerTraffic("bookinfo", "productpage-v1", "productpage", "v1", 10, 0.2),
        live.CallerTraffic("bookinfo", "other-v2", "other", "v2", 2, 0.5),
    ]


async def test_callers_in_other_namespaces_are_one_without_a_name():
    hidden = {"source_workload_namespace": "secret"}
    mixed = samples(
        rate(labels(), 2),
        rate(labels("a-v1", "reviews-v1", **hidden), 3),
        rate(labels("b-v1", "reviews-v1", **hidden), 1, "500"),
        rate(labels("", "reviews-v1", reporter="destination"), 1),
    )
    await started(mixed, None)
    try:
        assert traffic(frozenset({"bookinfo"})).callers("bookinfo", "reviews") == [
            live.CallerTraffic("", "another namespace", "", "", 4, 0.25),
            live.CallerTraffic("bookinfo", "productpage-v1", "productpage", "v1", 2, 0),
            live.CallerTraffic("", "", "", "", 1, 0),
        ]
    finally:
        await runtime.stop()


async def test_of_a_service_in_another_namespace_nothing_is_told(observing):
    blind = traffic(frozenset({"istio-system"}))
    assert (blind.callers("bookinfo", "reviews"), blind.shares("bookinfo", "reviews")) == ([], {})
    assert blind.available()


async def test_shares_are_of_the_requests_that_reached_a_version(observing):
    assert traffic().shares("bookinfo", "reviews") == {"v1": 0.8, "v3": 0.2}
    assert traffic(frozenset({"bookinfo"})).shares("bookinfo", "reviews") == {"v1": 0.8, "v3": 0.2}


async def test_a_version_in_another_namespace_has_no_share_of_its_own():
    elsewhere = rate(labels(target="reviews-v9", destination_workload_namespace="secret"), 1)
    await started(samples(rate(labels(), 3), elsewhere), None)
    try:
        assert traffic(frozenset({"bookinfo"})).shares("bookinfo", "reviews") == {"v1": 0.75}
    finally:
        await runtime.stop()


async def test_a_service_that_nobody_calls_has_neither(observing):
    assert traffic().callers("bookinfo", "nobody") == []
    assert traffic().shares("other", "reviews") == {}


async def test_it_may_be_asked_in_any_thread(observing):
    assert len(await asyncio.to_thread(traffic().callers, "bookinfo", "reviews")) == 2


async def test_it_says_whether_and_how_fresh_it_is(observing):
    assert traffic().available()
    assert runtime.source_is_live()
    assert 0 <= traffic().age_seconds() < 60


@pytest.mark.parametrize("cluster_name", ["", "nowhere"])
async def test_where_nothing_is_observed_there_is_nothing_to_tell(cluster_name):
    nothing = live.of(cluster_name, None)
    assert not nothing.available()
    assert (nothing.callers("a", "b"), nothing.shares("a", "b"), nothing.age_seconds()) == ([], {}, None)


async def test_a_source_that_never_answered_is_not_available():
    await started(SourceUnavailable("away"), None)
    try:
        assert not traffic().available()
        assert traffic().callers("bookinfo", "reviews") == []
        assert traffic().age_seconds() is None
    finally:
        await runtime.stop()


async def test_outside_a_server_nothing_runs():
    with pytest.raises(runtime.NotRunningError):
        runtime.of()
    assert not runtime.source_is_live()


async def test_the_runtime_starts_once_and_stops_cleanly():
    before = asyncio.all_tasks()
    first = await runtime.start(FakeSource(None))
    assert await runtime.start(FakeSource(None)) is first is runtime.of()
    await runtime.stop()
    assert first.source.closed
    assert asyncio.all_tasks() == before
    await runtime.stop()


async def test_each_cluster_is_observed_by_itself():
    with connection.override(FakeCluster(), west=FakeCluster()):
        await runtime.start(FakeSource(TRAFFIC, None), west=FakeSource(samples(rate(labels(), 5)), None))
        try:
            east, west = runtime.of(), runtime.of("west")
            await east.source.asked(2)
            await west.source.asked(2)
            assert live.of("", None).callers("bookinfo", "reviews")[0].requests_per_second == 10
            assert live.of("west", None).callers("bookinfo", "reviews")[0].requests_per_second == 5
            with pytest.raises(UnknownClusterError):
                runtime.of("south")
        finally:
            await runtime.stop()
        assert (east.source.closed, west.source.closed) == (True, True)


async def test_a_cluster_that_is_away_does_not_keep_the_others_from_being_observed():
    with connection.override(FakeCluster(), west=FakeCluster()):
        await runtime.start(FakeSource(TRAFFIC, None), west=FakeSource(SourceUnavailable("away"), None))
        try:
            await runtime.of().source.asked(2)
            await runtime.of("west").source.asked(2)
            assert runtime.source_is_live()
            assert live.of("", None).available()
            assert not live.of("west", None).available()
        finally:
            await runtime.stop()


async def test_traffic_that_was_read_only_once_is_unknown_and_not_nothing():
    await started(samples(measured=False), None)
    try:
        assert not traffic().available()
    finally:
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


async def test_hops_tell_who_calls_what_and_who_answers(observing):
    hops = {(each.caller[1], each.service[1], each.answered_by[1]): each for each in traffic().hops()}
    assert hops["istio-ingressgateway", "productpage", "productpage-v1"].requests_per_second == 10
    assert hops["productpage-v1", "reviews", "reviews-v1"].proxied
    assert ("productpage-v1", "reviews", "") in hops
    assert traffic(frozenset({"vault"})).hops() == []


async def test_counts_are_by_version_and_hide_what_may_not_be_seen():
    hidden = labels(target="reviews-v9", destination_workload_namespace="secret")
    counted = (
        RequestCount(labels(target="reviews-v1"), "200", "", 30.0),
        RequestCount(labels(target="reviews-v3"), "503", "", 10.0),
        RequestCount(labels("", "reviews-v1", reporter="destination"), "200", "", 5.0),
        RequestCount(hidden, "200", "", 2.0),
    )
    await started(samples(rate(labels(), 3), counts=counted, counted_from=999.0), None)
    try:
        found = traffic(frozenset({"bookinfo"})).counts("bookinfo", "reviews", 990.0)
        assert found.requests == {"v1": 35.0, "v3": 10.0, "": 2.0}
        assert (found.errors["v3"], found.unproxied, found.since) == (10.0, 5.0, 999.0)
        assert traffic().counts("bookinfo", "reviews", 1000.0).requests == {}
        assert traffic(frozenset({"other"})).counts("bookinfo", "reviews", 0.0) is None
    finally:
        await runtime.stop()
