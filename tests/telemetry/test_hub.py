"""One picture for all who look at the same thing; the latest one for whoever is slow."""

import asyncio
import json

import pytest

from telemetry.frames import SourceState
from telemetry.history import History
from telemetry.hub import MAX_LAGS, MAX_WAITING, Hub, TooManySocketsError
from telemetry.memory import Memory
from telemetry.observation import GraphKey, Observation
from telemetry.samples import Samples
from telemetry.shortfall import Shortfall
from telemetry.snapshot import View
from tests.telemetry.builders import gateway, labels, rate, samples

ALL = View("app")
STARTING = SourceState("fake", "starting", 10.0)
OK = SourceState("fake", "ok", 10.0, taken_at=1.0)
STALE = SourceState("fake", "stale", 10.0, since=2.0, shortfall=Shortfall("No proxy answers."), taken_at=1.0)
EDGE = "app:bookinfo/productpage->app:bookinfo/reviews:http"


class World:
    """A hub and the collector's part."""

    def __init__(self, **options) -> None:
        self.history = History(1.0)
        self.hub = Hub(self.history, STARTING, tick_seconds=1.0, **options)
        self.seq = 0

    def tick(self, rps: float = 1.0, target: str = "reviews-v1") -> None:
        self.observe(samples(rate(labels(target=target), rps), rate(gateway(), rps)))

    def observe(self, taken: Samples) -> None:
        self.seq += 1
        observation = Observation(self.seq, 1000.0 + self.seq, self.seq, taken)
        self.history.record(observation.taken_at, observation.graphs)
        self.hub.observed(observation, OK)

    def looking(self, view: View = ALL):
        subscription = self.hub.join()
        subscription.subscribe(view)
        return subscription


@pytest.fixture
def world() -> World:
    return World()


async def taken(subscription) -> list[dict]:
    async with asyncio.timeout(1):
        return [json.loads(frame) for frame in await subscription.take()]


def briefly(messages: list[dict]) -> list[tuple]:
    return [(each["type"], each.get("seq"), each.get("base")) for each in messages]


async def test_a_full_frame_comes_first_and_numbered_deltas_after(world):
    world.tick()
    subscription = world.looking()
    assert briefly(await taken(subscription)) == [("full", 1, None)]
    world.tick(2)
    world.tick(3)
    assert briefly(await taken(subscription)) == [("delta", 2, 1), ("delta", 3, 2)]


async def test_before_the_first_reading_the_state_of_the_source_is_sent(world):
    subscription = world.looking()
    (message,) = await taken(subscription)
    assert (message["type"], message["source"]["state"]) == ("status", "starting")
    world.tick()
    assert briefly(await taken(subscription)) == [("full", 1, None)]


async def test_a_delta_comes_every_tick_even_when_nothing_changed(world):
    world.tick()
    subscription = world.looking()
    await taken(subscription)
    world.tick()
    (message,) = await taken(subscription)
    assert message["nodes"] == message["edges"] == {"set": [], "remove": []}
    assert message["taken_at"] == "1970-01-01T00:16:42.000Z"


async def test_the_same_bytes_go_to_every_socket_of_a_view(world):
    world.tick()
    one, other = world.looking(), world.looking(View("app"))
    (first,), (second,) = await one.take(), await other.take()
    assert first is second
    world.tick(5)
    (first,), (second,) = await one.take(), await other.take()
    assert first is second


async def test_the_rows_of_an_overview_are_written_once_for_all_who_open_it(world):
    world.tick()
    view = View("service", overview=True)
    one, other = world.looking(view), world.looking(view)
    (first,), (second,) = await one.take(), await other.take()
    assert first is second
    world.tick(5)
    late = world.looking(view)
    (row,) = (await taken(late))[0]["services"][:1]
    assert row["requests_per_second"] == 5


async def test_a_slow_socket_gets_the_latest_state_instead_of_a_backlog(world):
    world.tick()
    slow, quick = world.looking(), world.looking()
    await taken(slow)
    for rps in range(2, 30):
        world.tick(rps)
        await taken(quick)
    (message,) = await taken(slow)
    assert (message["type"], message["seq"]) == ("full", 29)
    assert message["edges"][0]["requests_per_second"] == 29
    world.tick()
    assert briefly(await taken(slow)) == [("delta", 30, 29)]


async def test_a_socket_that_falls_behind_again_and_again_has_got_the_latest_and_is_too_slow(world):
    world.tick()
    slow = world.looking()
    await taken(slow)
    for _ in range(MAX_LAGS):
        assert not slow.is_too_slow
        for _ in range(2 * MAX_WAITING + 1):
            world.tick()
        assert briefly(await taken(slow)) == [("full", world.seq, None)]
    assert slow.is_too_slow


async def test_a_socket_that_catches_up_once_is_not_too_slow(world):
    world.tick()
    subscription = world.looking()
    await taken(subscription)
    for _ in range(2 * MAX_LAGS):
        for _ in range(2 * MAX_WAITING + 1):
            world.tick()
        await taken(subscription)
        waiting = asyncio.create_task(taken(subscription))
        await asyncio.sleep(0)
        world.tick()
        await waiting
    assert not subscription.is_too_slow


async def test_a_socket_that_is_a_little_late_gets_every_delta(world):
    world.tick()
    subscription = world.looking()
    await taken(subscription)
    for _ in range(MAX_WAITING):
        world.tick()
    assert briefly(await taken(subscription)) == [
        ("delta", seq, seq - 1) for seq in range(2, MAX_WAITING + 2)
    ]


async def test_resync_brings_a_full_frame_and_drops_what_waited(world):
    world.tick()
    subscription = world.looking()
    await taken(subscription)
    world.tick()
    subscription.resync()
    assert briefly(await taken(subscription)) == [("full", 2, None)]


async def test_another_view_starts_with_a_full_frame_of_its_own(world):
    world.tick()
    subscription = world.looking()
    await taken(subscription)
    subscription.subscribe(View("workload", ("istio-system",)))
    (message,) = await taken(subscription)
    assert (message["graph_type"], message["namespaces"]) == ("workload", ["istio-system"])
    assert len(message["edges"]) == 1
    world.tick(2)
    assert briefly(await taken(subscription)) == [("delta", 2, 1)]


async def test_a_view_that_nobody_looks_at_is_not_kept(world):
    world.tick()
    subscription = world.looking()
    subscription.subscribe(View("service"))
    assert list(world.hub._watched) == [View("service")]
    subscription.close()
    assert world.hub._watched == {}


async def test_a_graph_is_built_once_for_all_who_may_see_the_same_and_only_if_somebody_looks(
    world, monkeypatch
):
    built = []

    real = Memory.layout

    def layout(memory, table, rows, plan):
        built.append((plan.graph_type, plan.visible))
        return real(memory, table, rows, plan)

    monkeypatch.setattr("telemetry.memory.Memory.layout", layout)
    mine, everywhere = frozenset({"bookinfo"}), View("app", (), frozenset({"bookinfo"}))
    looking = [world.looking(view) for view in (everywhere, everywhere, View("app", ("bookinfo",), mine))]
    assert world.hub.wanted() == {GraphKey("app", mine)}
    world.tick()
    assert [each for each in built if each[1] is not None] == [("app", mine)]
    for subscription in looking:
        subscription.close()
    assert world.hub.wanted() == set()


async def test_other_rights_bring_a_full_frame_and_nothing_of_what_waited(world):
    world.tick()
    subscription = world.looking()
    await taken(subscription)
    world.tick(2)
    world.hub.silent(STALE)
    subscription.see(frozenset({"istio-system"}), "")
    (message,) = await taken(subscription)
    assert (message["type"], message["source"]["state"]) == ("full", "stale")
    assert [node["kind"] for node in message["nodes"]] == ["app", "hidden"]
    assert list(world.hub._watched) == [View("app", (), frozenset({"istio-system"}))]


async def test_the_same_rights_again_are_no_news(world):
    world.tick()
    subscription = world.looking(View("app", (), frozenset()))
    await taken(subscription)
    subscription.see(frozenset(), "")
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.05):
            await subscription.take()


async def test_who_looks_at_nothing_yet_may_be_told_of_his_rights(world):
    subscription = world.hub.join()
    subscription.see(frozenset(), "")
    assert subscription.view is None


async def test_other_rights_keep_what_is_watched(world):
    world.tick()
    subscription = world.looking()
    subscription.watch(EDGE)
    await taken(subscription)
    subscription.see(frozenset({"bookinfo"}), "")
    full, series = await taken(subscription)
    assert (full["type"], series["reset"], series["requests"]) == ("full", True, [1])
    subscription.see(frozenset({"istio-system"}), "")
    full, series = await taken(subscription)
    assert (full["type"], series["reset"], series["requests"]) == ("full", True, [])


async def test_while_the_source_is_silent_its_state_is_sent_and_no_numbers(world):
    world.tick()
    subscription = world.looking()
    await taken(subscription)
    world.hub.silent(STALE)
    world.hub.silent(STALE)
    (message,) = await taken(subscription)
    assert (message["type"], message["source"]["state"]) == ("status", "stale")
    assert message["source"]["since"] == "1970-01-01T00:00:02.000Z"


async def test_who_comes_while_the_source_is_silent_sees_old_numbers_marked_as_old(world):
    world.tick()
    first = world.looking()
    await taken(first)
    world.hub.silent(STALE)
    (message,) = await taken(world.looking())
    assert (message["type"], message["seq"], message["source"]["state"]) == ("full", 1, "stale")
    assert message["taken_at"] == "1970-01-01T00:16:41.000Z"


async def test_after_a_silence_the_numbers_go_on_with_a_delta(world):
    world.tick()
    subscription = world.looking()
    await taken(subscription)
    world.hub.silent(STALE)
    await taken(subscription)
    world.tick()
    (message,) = await taken(subscription)
    assert (message["type"], message["seq"], message["source"]["state"]) == ("delta", 2, "ok")


async def test_watching_brings_all_figures_once_and_the_newest_each_tick(world):
    world.tick(1)
    world.tick(2)
    subscription = world.looking()
    await taken(subscription)
    subscription.watch(EDGE)
    (message,) = await taken(subscription)
    assert (message["type"], message["id"], message["reset"]) == ("series", EDGE, True)
    assert message["requests"] == [1, 2]
    world.tick(3)
    _, message = await taken(subscription)
    assert (message["reset"], message["t"], message["requests"]) == (False, [1003], [3])
    subscription.watch(None)
    await taken(subscription)
    world.tick(4)
    assert len(await taken(subscription)) == 1


async def test_watching_what_is_not_there_brings_empty_figures(world):
    world.tick()
    subscription = world.looking()
    await taken(subscription)
    subscription.watch("nothing")
    (message,) = await taken(subscription)
    assert (message["id"], message["t"]) == ("nothing", [])


async def test_a_slow_socket_that_watches_gets_its_figures_anew(world):
    world.tick()
    subscription = world.looking()
    subscription.watch(EDGE)
    await taken(subscription)
    for _ in range(20):
        world.tick()
    full, series = await taken(subscription)
    assert (full["type"], series["reset"], len(series["t"])) == ("full", True, 21)


async def test_there_is_room_for_so_many_sockets_and_no_more():
    world = World(max_sockets=2)
    first = world.looking()
    world.looking()
    with pytest.raises(TooManySocketsError, match="2 pages at most"):
        world.hub.join()
    first.close()
    world.hub.join()


def crowd(count: int) -> Samples:
    """So many apps of bookinfo, all called by one, which stands in another namespace."""
    return samples(*(rate(gateway(destination_canonical_service=f"app{each}"), 1) for each in range(count)))


async def test_a_view_that_grows_too_large_folds_within_its_deltas(world):
    world.observe(crowd(298))
    subscription = world.looking()
    (first,) = await taken(subscription)
    assert (first["folded"], len(first["nodes"])) == ([], 299)
    world.observe(crowd(300))
    (folding,) = await taken(subscription)
    assert (folding["type"], folding["folded"]) == ("delta", ["bookinfo", "istio-system"])
    assert [node["id"] for node in folding["nodes"]["set"]] == [
        "namespace:bookinfo",
        "namespace:istio-system",
    ]
    assert len(folding["nodes"]["remove"]) == 299
    world.observe(crowd(295))
    (still,) = await taken(subscription)
    assert "folded" not in still
    assert [node["members"] for node in still["nodes"]["set"]] == [295, 1]


async def test_sockets_that_ask_for_the_same_in_other_words_share_a_view(world):
    world.tick()
    one = world.looking(View.asked("app", fold=["b", "a"], unfold=["a", "c"], depth=4))
    other = world.looking(View.asked("app", fold=["a", "b", "a"], unfold=["c"]))
    assert one.view == other.view
