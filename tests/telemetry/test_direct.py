"""The direct source on real HTTP servers: what is well, and everything that can be wrong with a proxy."""

import asyncio

import pytest

from telemetry.direct import DirectSource
from telemetry.scrape import Scraper
from telemetry.source import SourceUnavailable
from tests.telemetry.exporters import Exporter
from tests.telemetry.fakes import Clock, FakeTargets


class World:
    """A source, its proxies, and time."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.targets = FakeTargets()
        self.exporters: list[Exporter] = []
        self.scraper = Scraper(timeout_seconds=0.4, round_seconds=1.0)
        self.source = DirectSource(
            self.targets, self.scraper, window_seconds=10, clock=self.clock, wall=lambda: 5e8 + self.clock.now
        )

    async def exporter(self, pod: str) -> Exporter:
        exporter = await Exporter(pod).start()
        self.exporters.append(exporter)
        self.show(*self.exporters)
        return exporter

    def show(self, *exporters: Exporter) -> None:
        self.targets.targets = tuple(exporter.target for exporter in exporters)

    async def read(self, after: float = 1.0):
        self.clock.now += after
        return await self.source.read()

    async def rates(self) -> dict[str, float]:
        samples = await self.read()
        return {rate.labels.source_workload: rate.requests_per_second for rate in samples.requests}


def told(samples) -> str:
    return samples.shortfall.told_to(None)


@pytest.fixture
async def world():
    world = World()
    yield world
    await world.source.close()
    for exporter in world.exporters:
        await exporter.stop()


async def test_rates_of_several_proxies_are_read_at_once(world):
    one, other = await world.exporter("a-v1"), await world.exporter("b-v1")
    await world.read()
    one.requests, other.requests = 5, 7
    assert await world.rates() == {"a-v1": 5, "b-v1": 7}


async def test_the_time_and_the_window_are_told(world):
    await world.exporter("a-v1")
    samples = await world.read()
    assert (samples.taken_at, samples.window_seconds, told(samples)) == (5e8 + 1001, 10, "")


async def test_a_proxy_that_restarts_counts_from_zero(world):
    one = await world.exporter("a-v1")
    one.requests = 1000
    await world.read()
    one.requests = 3
    assert await world.rates() == {"a-v1": 3}


async def test_a_proxy_that_disappears_is_not_named_and_fades(world):
    one, other = await world.exporter("a-v1"), await world.exporter("b-v1")
    await world.read()
    one.requests, other.requests = 10, 10
    await world.read()
    await other.stop()
    world.show(one)
    assert world.source._shortfall(world.targets.targets).told_to(None) == ""
    assert set(await world.rates()) == {"a-v1", "b-v1"}
    for _ in range(10):
        rates = await world.rates()
    assert "b-v1" not in rates


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        ("html", "answered with something else than metrics"),
        ("plain_page", "answered with something else than metrics"),
        ("zipped", "answered with something else than metrics"),
        ("broken", "answered with status 500"),
        ("elsewhere", "answered with status 302"),
        ("hang", "did not answer within 0.4 s"),
        ("cut_off", "cannot be reached"),
        ("flood", "answered with more than 4 MiB"),
    ],
)
async def test_a_proxy_that_misbehaves_is_named_and_the_others_are_read(world, behaviour, said):
    good, bad = await world.exporter("good-v1"), await world.exporter("bad-v1")
    await world.read()
    bad.handler = getattr(bad, behaviour)
    good.requests = 4
    samples = await world.read()
    assert [rate.labels.source_workload for rate in samples.requests] == ["good-v1"]
    assert told(samples).startswith(f"1 of 2 proxies cannot be read in full: bookinfo/bad-v1 {said}")
    bad.handler = bad.metrics
    assert told(await world.read(6)) == ""


async def test_a_flood_is_cut_off_early(world):
    bad = await world.exporter("bad-v1")
    bad.handler = bad.flood
    with pytest.raises(SourceUnavailable, match="more than 4 MiB"):
        await world.read()
    assert bad.flooded < 20


async def test_when_no_proxy_answers_the_source_is_unavailable_and_says_why(world):
    one = await world.exporter("a-v1")
    await world.read()
    await one.stop()
    with pytest.raises(
        SourceUnavailable, match="1 of 1 proxies cannot be read in full: bookinfo/a-v1 cannot be reached"
    ):
        await world.read()


async def test_a_mesh_without_proxies_is_empty_and_no_failure(world):
    samples = await world.read()
    assert (samples.requests, told(samples)) == ((), "")


async def test_a_proxy_that_hangs_is_asked_less_and_less_often(world):
    await world.exporter("good-v1")
    bad = await world.exporter("bad-v1")
    bad.handler = bad.hang
    for _ in range(12):
        await world.read()
    assert len(bad.queries) == 5  # at 1, 2, 3, 5, 9 s: each pause twice as long, at most 5 s
    assert "bad-v1" in told(await world.read())


async def test_many_failures_are_counted_and_three_are_named(world):
    await world.exporter("a-v1")
    for name in "bcdef":
        exporter = await world.exporter(f"{name}-v1")
        exporter.handler = exporter.broken
    message = told(await world.read())
    assert message.startswith("5 of 6 proxies")
    assert message.endswith("bookinfo/d-v1 answered with status 500; and 2 more.")


async def test_lines_that_cannot_be_read_are_said(world):
    one = await world.exporter("a-v1")

    async def damaged(request):
        response = await one.metrics(request)
        response.text += 'istio_requests_total{reporter="source"} many\n'
        return response

    one.handler = damaged
    message = told(await world.read())
    assert "bookinfo/a-v1 has 1 metric lines that cannot be read" in message
    one.handler = one.metrics
    assert told(await world.read()) == ""


async def test_hundreds_of_hanging_proxies_do_not_hold_up_a_round(world):
    hanging = await world.exporter("bad-v1")
    hanging.handler = hanging.hang
    good = await world.exporter("good-v1")
    many = [hanging.target._replace(key=f"k{n}", url=f"{hanging.target.url}&n={n}") for n in range(200)]
    world.targets.targets = (good.target, *many)
    began = asyncio.get_running_loop().time()
    samples = await world.read()
    assert asyncio.get_running_loop().time() - began < 2.5
    assert told(samples).startswith("200 of 201")
