"""The loop: it ticks on time, tells silence from news, and never dies of a source."""

import asyncio
import contextlib

import pytest

from telemetry.collector import Collector
from telemetry.frames import SourceState
from telemetry.observation import Observation
from telemetry.shortfall import Shortfall
from telemetry.source import SourceUnavailable
from tests.telemetry.builders import labels, rate, samples
from tests.telemetry.fakes import Clock, FakeSource

EDGE = "app:bookinfo/productpage->app:bookinfo/reviews:http"
SOME = samples(rate(labels(), 2))
NOTHING = samples()
AWAY = SourceUnavailable("No proxy answers.")


class Ear:
    """Writes down what the collector tells."""

    def __init__(self) -> None:
        self.heard: list[Observation | SourceState] = []
        self.states: list[SourceState] = []

    def wanted(self) -> set:
        return {("app", frozenset({"bookinfo"}))}

    def observed(self, observation: Observation, source: SourceState) -> None:
        self.heard.append(observation)
        self.states.append(source)

    def silent(self, source: SourceState) -> None:
        self.heard.append(source)
        self.states.append(source)


class World:
    def __init__(self, *answers) -> None:
        self.clock = Clock()
        self.ear = Ear()
        self.source = FakeSource(*answers)
        self.collector = Collector(
            self.source,
            self.ear,
            tick_seconds=1.0,
            window_seconds=10.0,
            read_timeout_seconds=0.05,
            clock=self.clock,
            wall=lambda: 5e8 + self.clock.now,
            sleep=self.clock.sleep,
        )

    async def ticks(self, count: int) -> None:
        for _ in range(count):
            await self.collector.tick()
            self.clock.now += 1


async def test_a_reading_becomes_numbered_graphs_of_all_types():
    world = World(SOME, SOME)
    await world.ticks(2)
    first, second = world.ear.heard
    assert (first.seq, second.seq) == (1, 2)
    assert set(first.graphs) == {"versioned_app", "app", "workload", "service"}
    assert first.graphs["app"].edges[EDGE].requests_per_second == 2


async def test_graphs_that_somebody_looks_at_with_fewer_rights_are_built_in_the_tick(monkeypatch):
    world = World(SOME)
    await world.ticks(1)
    (heard,) = world.ear.heard
    monkeypatch.setattr("telemetry.observation.build", None)
    assert heard.graph("app", frozenset({"bookinfo"})).edges[EDGE].requests_per_second == 2


async def test_the_source_is_starting_until_it_answers():
    world = World(SOME)
    assert (world.collector.state.state, world.collector.latest, world.collector.age_seconds()) == (
        "starting", None, None,
    )  # fmt: skip
    await world.ticks(1)
    assert world.collector.state == SourceState("fake", "ok", 10.0, taken_at=1000.0)


async def test_a_source_that_does_not_answer_is_said_with_the_time_since_when():
    world = World(SOME, AWAY, AWAY, SOME)
    await world.ticks(4)
    ok, first, second, again = world.ear.states
    assert [first.state, second.state] == ["stale", "stale"]
    assert first.since == second.since == 5e8 + 1001
    assert (first.shortfall.told_to(None), first.taken_at) == ("No proxy answers.", ok.taken_at)
    assert (again.state, again.since) == ("ok", None)


async def test_old_numbers_are_never_passed_on_as_new():
    world = World(SOME, AWAY, AWAY)
    await world.ticks(3)
    assert [type(heard) for heard in world.ear.heard] == [Observation, SourceState, SourceState]
    assert world.collector.latest.seq == 1
    assert world.collector.age_seconds() == 3


async def test_a_source_that_hangs_is_given_up_and_read_again():
    world = World(SOME, None, SOME)
    await world.ticks(3)
    assert [state.state for state in world.ear.states] == ["ok", "stale", "ok"]
    assert world.ear.states[1].shortfall.told_to(None) == "No answer within 0.05 s."


async def test_an_error_that_nobody_expected_is_logged_and_survived(caplog):
    world = World(ZeroDivisionError("oops"), SOME)
    await world.ticks(2)
    assert [state.state for state in world.ear.states] == ["stale", "ok"]
    assert "oops" in caplog.text
    assert "oops" not in world.ear.states[0].shortfall.told_to(None)


async def test_what_is_missing_from_a_reading_is_said_although_the_source_answers():
    world = World(samples(shortfall=Shortfall("1 of 2 proxies cannot be read.")))
    await world.ticks(1)
    assert (world.ear.states[0].state, world.ear.states[0].shortfall.common) == (
        "ok",
        "1 of 2 proxies cannot be read.",
    )


async def test_an_edge_without_requests_is_idle_for_a_minute_and_then_leaves():
    world = World(SOME, *[NOTHING] * 62)
    await world.ticks(63)
    seen = [heard.graphs["app"].edges.get(EDGE) for heard in world.ear.heard]
    assert seen[0].health == "ok"
    assert {edge.health for edge in seen[1:61]} == {"idle"}
    assert seen[61:] == [None, None]


async def run_until_read(world: World, reads: int) -> None:
    task = asyncio.create_task(world.collector.run())
    await world.source.asked(reads)
    task.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await task


async def test_the_loop_sleeps_what_is_left_of_each_tick():
    world = World(*[SOME] * 10)
    await run_until_read(world, 5)
    assert world.clock.slept[:4] == pytest.approx([1.0] * 4)


async def test_a_tick_that_took_too_long_is_not_made_up_for():
    class Slow(FakeSource):
        async def read(self):
            world.clock.now += 0.25 if self.reads else 3.5
            return await super().read()

    world = World()
    world.collector._source = world.source = Slow(*[SOME] * 10)
    await run_until_read(world, 4)
    assert world.clock.slept[:3] == pytest.approx([0, 0.75, 0.75])
