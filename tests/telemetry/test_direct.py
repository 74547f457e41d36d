"""The direct source on real HTTP servers: what is well, and everything that can be wrong with a proxy."""

import asyncio

import pytest

from telemetry.direct import DirectSource
from telemetry.scrape import Answer, Scraper
from telemetry.source import SourceUnavailable
from telemetry.targets import Target
from tests.telemetry.builders import metrics
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


async def test_before_a_proxy_was_read_twice_nothing_is_measured(world):
    one = await world.exporter("a-v1")
    assert not (await world.read()).measured
    one.requests = 5
    assert (await world.read()).measured


async def test_a_mesh_without_proxies_is_measured_at_once(world):
    assert (await world.read()).measured


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
    assert " of 201 proxies cannot be read in full: bookinfo/bad-v1 did not answer" in told(samples)

    def asked():
        return {query for query in hanging.queries if "&n=" in query}

    rounds = 1
    while len(asked()) < 200 and rounds < 12:
        # How many find time in a round depends on the machine; all have their turn.
        await world.read()
        rounds += 1
    assert len(asked()) == 200
    assert len(good.queries) > 1


class Few:
    """A client that in each round has time for a few addresses only. Each proxy makes 7 requests a second."""

    def __init__(self, clock: Clock, places: int) -> None:
        self.clock = clock
        self.places = places
        self.rounds: list[list[str]] = []
        self.refusing: set[str] = set()

    async def fetch(self, urls, take) -> None:
        self.rounds.append(list(urls)[: self.places])
        for url in self.rounds[-1]:
            refused = Answer(failure="cannot be reached")
            said = Answer(text=metrics(url, int(7 * self.clock.now)))
            take(url, refused if url in self.refusing else said)

    async def close(self) -> None:
        pass


class Large:
    """A mesh with more proxies than can be asked in a round of a second."""

    def __init__(self, proxies: int, places: int) -> None:
        self.clock = Clock()
        self.targets = FakeTargets(*(Target(f"k{n}", "shop", f"p{n}", f"u{n}") for n in range(proxies)))
        self.few = Few(self.clock, places)
        self.source = DirectSource(self.targets, self.few, window_seconds=10, clock=self.clock)

    async def read(self, rounds: int = 1):
        for _ in range(rounds):
            self.clock.now += 1
            samples = await self.source.read()
        return samples


def rates(samples) -> list[float]:
    return [rate.requests_per_second for rate in samples.requests]


@pytest.mark.parametrize(("proxies", "places"), [(10, 3), (60, 2), (7, 6)])
async def test_every_proxy_is_asked_in_turn_and_none_twice_before_all_were(proxies, places):
    mesh = Large(proxies, places)
    await mesh.read(3 * proxies)
    asked = [url for urls in mesh.few.rounds for url in urls]
    assert asked == [f"u{n % proxies}" for n in range(len(asked))]


@pytest.mark.parametrize(("proxies", "places"), [(10, 3), (60, 2), (7, 6), (5, 5)])
async def test_a_proxy_whose_turn_has_not_come_keeps_its_rate_neither_zero_nor_double(proxies, places):
    """Also when a turn takes longer than the window, and than the 3 s for which a proxy may be late."""
    mesh = Large(proxies, places)
    await mesh.read(2 * proxies)
    for _ in range(2 * proxies):
        samples = await mesh.read()
        assert rates(samples) == [7] * proxies
        assert samples.shortfall.failures == ()


async def test_that_not_all_can_be_asked_and_how_often_each_is_asked_is_said():
    mesh = Large(60, 2)
    samples = await mesh.read(90)
    assert told(samples) == (
        "The mesh has more proxies than can be asked every time: each of these 60 is asked about every 30 s."
    )
    assert samples.window_seconds == 60


async def test_when_all_can_be_asked_again_nothing_is_said_and_the_window_is_as_it_was():
    mesh = Large(60, 2)
    await mesh.read(60)
    mesh.few.places = 60
    await mesh.read()
    samples = await mesh.read()
    assert (told(samples), samples.window_seconds, rates(samples)) == ("", 10, [7] * 60)


async def test_a_proxy_that_fails_while_others_wait_is_named_and_loses_its_rate():
    mesh = Large(10, 2)
    await mesh.read(20)
    mesh.few.refusing = {"u4"}
    samples = await mesh.read(30)
    assert rates(samples) == [7] * 9
    assert told(samples).endswith("1 of 10 proxies cannot be read in full: shop/p4 cannot be reached.")


async def test_a_round_in_which_only_failing_proxies_had_their_turn_is_no_outage():
    mesh = Large(4, 2)
    await mesh.read(4)
    mesh.few.refusing = {"u0", "u1"}
    assert rates(await mesh.read())[2:] == [7, 7]
    mesh.few.refusing = {"u0", "u1", "u2", "u3"}
    with pytest.raises(SourceUnavailable, match=r"No proxy answers.*every 2 s.*4 of 4 proxies"):
        await mesh.read()


async def test_what_disappears_takes_its_turn_along_and_what_is_new_waits_for_its_own():
    mesh = Large(6, 2)
    await mesh.read(2)
    mesh.targets.targets = (Target("new", "shop", "new", "new"), *mesh.targets.targets[1:])
    await mesh.read(3)
    assert mesh.few.rounds[2:] == [["u4", "u5"], ["u1", "u2"], ["u3", "new"]]
    assert mesh.source._turns._asked_at.keys() == {target.key for target in mesh.targets.targets}
