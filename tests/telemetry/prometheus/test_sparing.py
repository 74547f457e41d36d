"""Latencies are asked once in a scrape interval: what stands between, and for how long at most."""

import json

import pytest

from telemetry.prometheus.answers import NoAnswerError, Vector, vector
from telemetry.prometheus.source import PrometheusSource
from telemetry.source import SourceUnavailable
from tests.telemetry.builders import labels
from tests.telemetry.prometheus.bad import body, series

SCRAPE = 10.0
BEGAN = 1_764_304_500.0
EVERYBODY = frozenset()
WHY = "Prometheus could not answer a query."


class Server:
    """Answers as a Prometheus with one edge does, at the moments of its own clock."""

    skew_seconds = None

    def __init__(self) -> None:
        self.now = BEGAN
        self.latency_ms = 20.0
        self.failing: tuple[str, ...] = ()
        self.asked: list[str] = []
        self.extra = 0

    async def at(self, query: str, moment: float) -> Vector:
        self.asked.append(query)
        if query.startswith(self.failing):
            raise NoAnswerError(WHY)
        return vector(json.dumps(body(*self._found(query, moment))).encode())

    def _found(self, query: str, moment: float):
        if query.startswith("sum by"):
            yield series(labels(), "4", moment, response_code="200")
            for number in range(self.extra):
                yield series(labels(f"job-{moment}-{number}"), "1", moment, response_code="200")
        elif "timestamp(" in query:
            yield {"metric": {}, "value": [moment, str(moment)]}
        elif query.startswith("histogram_quantile"):
            yield series(labels(), str(self.latency_ms), moment)

    def questions_of_latency(self) -> int:
        """How many came since it was asked here."""
        found = sum(query.startswith("histogram_quantile") for query in self.asked)
        self.asked.clear()
        return found


@pytest.fixture
def server():
    return Server()


@pytest.fixture
def source(server):
    return PrometheusSource(server, scrape_seconds=SCRAPE, wall=lambda: server.now)


async def read(server, source, seconds: float):
    """The median latency so many seconds after the beginning (None: unknown), and what everybody is told."""
    server.now = BEGAN + seconds
    samples = await source.read()
    medians = {each.labels: each.buckets[0][0] for each in samples.durations}
    return medians.get(labels()), samples.shortfall.told_to(EVERYBODY)


async def test_between_two_scrapes_the_latencies_of_before_stand(server, source):
    assert await read(server, source, 0) == (20, "")
    server.latency_ms = 99
    assert await read(server, source, 9) == (20, "")
    assert server.questions_of_latency() == 3
    assert await read(server, source, 10) == (99, "")
    assert server.questions_of_latency() == 3


async def test_a_tick_longer_than_a_scrape_asks_each_time(server, source):
    for seconds in (0, 11, 22):
        await read(server, source, seconds)
        assert server.questions_of_latency() == 3


async def test_latencies_go_with_the_requests_of_their_own_tick(server, source):
    await read(server, source, 0)
    (duration,) = (await source.read()).durations
    assert duration.buckets[-1][1] == 4


# Of three quantiles two are none: a failure of one is one of all.
@pytest.mark.parametrize("failing", ["histogram_quantile", "histogram_quantile(0.95"])
async def test_when_newer_ones_fail_the_older_ones_are_told_as_older_and_end_after_two_scrapes(
    server, source, failing
):
    await read(server, source, 5)
    server.failing, server.latency_ms = (failing,), 99
    assert await read(server, source, 10) == (20, f"With latencies of 5 s ago: {WHY}")
    assert await read(server, source, 19) == (20, f"With latencies of 14 s ago: {WHY}")
    assert await read(server, source, 24) == (20, f"With latencies of 19 s ago: {WHY}")
    # 3 each after two scrapes, and none in between.
    assert server.questions_of_latency() == 3 + 3 + 3
    assert await read(server, source, 25) == (None, f"Without latencies: {WHY}")
    server.failing = ()
    assert await read(server, source, 30) == (99, "")


async def test_a_failure_without_older_ones_is_told_until_they_are_asked_again(server, source):
    server.failing = ("histogram_quantile",)
    assert await read(server, source, 0) == (None, f"Without latencies: {WHY}")
    server.failing = ()
    assert await read(server, source, 5) == (None, f"Without latencies: {WHY}")
    assert await read(server, source, 10) == (20, "")


async def test_a_server_that_was_away_is_asked_again_at_once(server, source):
    await read(server, source, 0)
    server.failing = ("",)
    with pytest.raises(SourceUnavailable):
        await read(server, source, 10)
    server.failing, server.latency_ms = (), 99
    assert await read(server, source, 12) == (99, "")


async def test_a_clock_that_is_set_back_asks_anew(server, source):
    await read(server, source, 100)
    server.latency_ms = 99
    assert await read(server, source, 0) == (99, "")


async def test_a_moment_of_the_past_has_latencies_of_its_own(server, source):
    await read(server, source, 0)
    server.latency_ms = 99
    (duration,) = (await source.samples_at(BEGAN - 3)).durations
    assert duration.buckets[0][0] == 99


async def test_labels_that_were_forgotten_take_the_latencies_that_went_with_them_along(server, source):
    await read(server, source, 0)
    server.extra = 11_000
    await read(server, source, 1)
    server.extra, server.latency_ms = 0, 99
    await read(server, source, 2)
    assert await read(server, source, 3) == (99, "")
