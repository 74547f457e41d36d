"""What somebody watches: the past of it once, then a point a tick, and never more than he may see."""

import asyncio
import json

import pytest
from asgiref.sync import sync_to_async

from cluster import connection
from telemetry import lookback, runtime
from telemetry.frames import SourceState
from telemetry.history import Columns, History
from telemetry.hub import Hub
from telemetry.observation import Observation
from telemetry.past import NoHistory, Reach
from telemetry.runtime import FEW_CALLS, Runtime
from telemetry.samples import Samples
from telemetry.snapshot import View
from telemetry.source import SourceUnavailable
from telemetry.trails import KEEP_SECONDS, Row, Trail
from tests.telemetry.browser import SUBSCRIBE, socket, tick
from tests.telemetry.builders import durations, gateway, labels, rate, samples, unreached
from tests.telemetry.fakes import FakeSource
from tests.telemetry.viewers import Rights, SignedIn, fake_cluster, owner

EDGE = "app:bookinfo/productpage->app:bookinfo/reviews:http"
FROM_GATEWAY = "app:istio-system/istio-ingressgateway->app:bookinfo/productpage:http"
ALL, MINE = View("app"), View("app", visible=frozenset({"bookinfo"}))
OUTSIDE = unreached(
    "x", destination_service="httpbin.org", destination_service_name="", destination_service_namespace=""
)


class World:
    """A hub whose history has nothing, as in a large mesh."""

    def __init__(self) -> None:
        self.hub = Hub(History(1.0), SourceState("fake", "ok", 10.0), tick_seconds=1.0)
        self.seq = 0

    def tick(self, rps: float = 1.0) -> None:
        self.seq += 1
        latency = (durations(labels(), 0, rps, rps, rps, rps, rps),)
        taken = samples(rate(labels(), rps), rate(gateway(), rps), rate(OUTSIDE, rps), durations=latency)
        observation = Observation(self.seq, 1000.0 + self.seq, self.seq, taken)
        self.hub.observed(observation, SourceState("fake", "ok", 10.0))

    def watching(self, series_id: str, view: View = ALL):
        subscription = self.hub.join()
        subscription.subscribe(view)
        subscription.watch(series_id)
        return subscription


@pytest.fixture
def world() -> World:
    world = World()
    world.tick()
    return world


async def series(subscription) -> list[dict]:
    async with asyncio.timeout(1):
        messages = [json.loads(frame) for frame in await subscription.take()]
    return [each for each in messages if each["type"] == "series"]


def past(*moments: float) -> Columns:
    numbers = [float(each) for each in moments]
    return Columns(5.0, numbers, [7.0] * len(numbers), numbers, *([[None] * len(numbers)] * 3))


async def test_a_tick_brings_the_newest_point_of_what_is_watched(world):
    subscription = world.watching(EDGE)
    await series(subscription)
    world.tick(4)
    (news,) = await series(subscription)
    assert (news["reset"], news["t"], news["requests"], news["errors"]) == (False, [1002], [4], [0])
    assert (news["p50"], news["p99"]) == ([3], [4.96])


@pytest.mark.parametrize("watched", [EDGE, "app:bookinfo/reviews", "namespace:bookinfo"])
async def test_nodes_edges_and_folded_namespaces_can_be_watched(world, watched):
    view = View("app", fold=("bookinfo",)) if watched.startswith("namespace:") else ALL
    subscription = world.watching(watched, view)
    world.tick(4)
    await series(subscription)
    world.tick(5)
    (news,) = await series(subscription)
    assert news["requests"] == [10 if watched.startswith("namespace:") else 5]


async def test_the_past_is_fetched_once_for_all_who_watch_the_same(world):
    first, second, other = world.watching(EDGE), world.watching(EDGE), world.watching(FROM_GATEWAY)
    assert [each.lacks_past() for each in (first, second, other, first)] == [True, False, True, False]
    for each in (first, second, other):
        await series(each)
    world.tick(2)
    world.hub.tell_past(ALL, EDGE, past(990, 995, 1002, 1003))
    for each in (first, second):
        (told,) = [each for each in await series(each) if each["reset"]]
        assert (told["t"], told["requests"]) == ([990, 995, 1002], [7, 7, 2])
    assert [each["reset"] for each in await series(other)] == [False]


async def test_who_comes_later_is_told_what_is_known(world):
    assert world.watching(EDGE).lacks_past()
    world.tick(2)
    later = world.watching(EDGE)
    (told,) = await series(later)
    assert (told["t"], told["requests"]) == ([1002], [2])


async def test_the_past_of_what_nobody_watches_any_more_is_forgotten(world):
    subscription = world.watching(EDGE)
    assert subscription.lacks_past()
    subscription.watch(None)
    world.tick()
    world.hub.tell_past(ALL, EDGE, past(990))
    subscription.watch(EDGE)
    assert subscription.lacks_past()


async def test_other_rights_begin_anew_and_what_was_fetched_with_the_old_ones_is_dropped(world):
    subscription = world.watching(FROM_GATEWAY)
    assert subscription.lacks_past()
    subscription.see(frozenset({"bookinfo"}), "")
    assert subscription.lacks_past()
    world.hub.tell_past(ALL, FROM_GATEWAY, past(990))
    world.tick()
    assert [each["t"] for each in await series(subscription)] == [[]]


@pytest.mark.parametrize(
    "watched",
    ["hidden", "hidden->app:bookinfo/productpage:http", FROM_GATEWAY, "unknown",
     "app:bookinfo/reviews->unknown:http", "service:/httpbin.org", "namespace:istio-system"],
)  # fmt: skip
async def test_of_what_one_may_not_see_there_are_no_points(world, watched):
    subscription = world.watching(watched, MINE)
    await series(subscription)
    world.tick(3)
    assert await series(subscription) == []


async def test_what_one_may_see_has_the_same_points_for_everybody(world):
    watching = [world.watching("app:bookinfo/productpage", view) for view in (ALL, MINE)]
    for each in watching:
        await series(each)
    world.tick(3)
    one, other = [await series(each) for each in watching]
    assert one == other
    assert one[0]["requests"] == [3]


async def test_a_history_that_reaches_back_is_enough_and_a_shorter_one_is_not():
    for seconds, lacks in ((400, False), (20, True)):
        made = running(FakeSource())
        for second in range(1, seconds):
            see(made, 1000.0 + second, rate(labels(), 1))
        subscription = made.hub.join()
        subscription.subscribe(ALL)
        subscription.watch(EDGE)
        assert subscription.lacks_past() is lacks
        assert not subscription.lacks_past()


def test_a_trail_keeps_five_minutes():
    trail = Trail(1.0)
    for second in range(1000):
        trail.append(Row(float(second), 1.0, 0.0, None, None, None))
    assert trail.columns.t == [float(second) for second in range(999 - int(KEEP_SECONDS), 1000)]


def test_a_reading_twice_is_one_point():
    trail = Trail(1.0)
    for _ in range(2):
        trail.append(Row(1.0, 1.0, 0.0, None, None, None))
    assert trail.columns.t == [1.0]


class Remembering(FakeSource):
    """A source with a memory of its own."""

    def __init__(self, *answers):
        super().__init__()
        self.past = list(answers)

    async def reach(self):
        return Reach(0.0, 2000.0, 15.0)

    async def samples_at(self, moment):
        raise NoHistory("Not asked.")

    async def samples_between(self, subject, since, until, step_seconds):
        answer = self.past.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


def running(source) -> Runtime:
    made = Runtime(source, tick_seconds=1.0, window_seconds=10.0)
    see(made, 1000.0, rate(labels(), 1))
    return made


def see(made, taken_at, *rates):
    made.collector.latest = made.collector.look_back(Samples(taken_at, 10.0, tuple(rates)))
    made.observed(made.collector.latest, made.collector.state)


async def test_the_past_of_a_source_that_remembers_is_told_to_who_watches():
    made = running(Remembering((Samples(900.0, 10.0, (rate(labels(), 4), rate(labels(), 1, "503"))),)))
    subscription = made.hub.join()
    subscription.subscribe(ALL)
    subscription.watch("app:bookinfo/productpage->app:bookinfo/gone:http")
    assert subscription.lacks_past()
    await lookback.tell_past(made, ALL, subscription.watched_id)
    (told,) = await series(subscription)
    assert (told["t"], told["requests"], told["errors"]) == ([900], [5], [1])


@pytest.mark.parametrize("trouble", [NoHistory("too far"), SourceUnavailable("away"), TimeoutError()])
async def test_without_a_past_the_figures_of_now_come_all_the_same(trouble):
    made = running(Remembering(trouble, trouble))
    subscription = made.hub.join()
    subscription.subscribe(ALL)
    subscription.watch(EDGE)
    await lookback.tell_past(made, ALL, EDGE)
    see(made, 1001.0, rate(labels(), 2))
    assert [each["requests"] for each in await series(subscription)][-1][-1] == 2


def test_of_a_large_mesh_only_what_somebody_looks_at_is_built_and_kept():
    made = running(FakeSource())
    assert len(made.history) > 0
    assert {key.graph_type for key in made.wanted()} == {"versioned_app", "app", "workload", "service"}
    see(made, 1001.0, *(rate(labels(target=f"app{n}-v1"), 1) for n in range(FEW_CALLS + 1)))
    assert made.wanted() == set()
    see(made, 1002.0, *(rate(labels(target=f"app{n}-v1"), 1) for n in range(FEW_CALLS + 1)))
    assert len(made.history) == 0
    subscription = made.hub.join()
    subscription.subscribe(ALL)
    assert {key.graph_type for key in made.wanted()} == {"app"}


@pytest.mark.django_db(transaction=True)
async def test_the_socket_fetches_the_past_of_what_is_watched():
    """The rest of a socket's way is in tests/telemetry/test_sockets.py."""
    source = Remembering((Samples(900.0, 10.0, (rate(labels(), 4),)),))
    source.answers.append(None)
    with connection.override(fake_cluster(Rights())):
        started = await runtime.start(source)
        try:
            tick(started, 1, rps=3)
            person = await sync_to_async(lambda: SignedIn(owner()))()
            async with socket(person.headers) as browser:
                await browser.send(SUBSCRIBE)
                await browser.message()
                see(started, 1002.0)
                started.history.clear()
                await browser.message()
                await browser.send({"type": "watch", "id": EDGE})
                while (told := await browser.message())["type"] != "series" or not told["t"]:
                    pass
                assert (told["reset"], told["t"], told["requests"]) == (True, [900], [4])
        finally:
            await runtime.stop()
