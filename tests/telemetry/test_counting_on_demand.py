"""A source that does not count with every reading is asked when somebody wants to know."""

import pytest

from telemetry.live import Counts, Traffic
from telemetry.runtime import Runtime
from telemetry.samples import RequestCount, Samples
from telemetry.shortfall import Shortfall
from telemetry.source import SourceUnavailable
from tests.telemetry.builders import labels
from tests.telemetry.fakes import FakeSource

SINCE = 1000.0


class CountingSource(FakeSource):
    """Knows the counts of reviews from 1000 s on."""

    def __init__(self) -> None:
        super().__init__()
        self.away = False
        self.asked_for: list[tuple[str, str, float]] = []

    async def counted(self, namespace: str, service: str, since: float) -> Samples:
        self.asked_for.append((namespace, service, since))
        if self.away:
            raise SourceUnavailable(Shortfall("Prometheus cannot be reached."))
        seen_twice = labels(target="reviews-v3", reporter="destination")
        counts = (
            RequestCount(labels(target="reviews-v1"), "200", "", 90.0),
            RequestCount(labels(target="reviews-v3"), "200", "", 8.0),
            RequestCount(labels(target="reviews-v3"), "503", "UF", 2.0),
            RequestCount(seen_twice, "200", "", 9.0),
            RequestCount(labels("", "reviews-v3", reporter="destination"), "200", "", 5.0),
        )
        return Samples(1600.0, 600.0, counts=counts, counted_from=max(since, SINCE))


@pytest.fixture
def source() -> CountingSource:
    return CountingSource()


def traffic(source: CountingSource, visible=None) -> Traffic:
    return Traffic(Runtime(source, tick_seconds=5, window_seconds=60), visible)


def test_the_counts_of_a_service_are_asked_for_and_each_request_counts_once(source):
    found = traffic(source).counts("bookinfo", "reviews", SINCE)
    assert found == Counts(SINCE, {"v1": 90.0, "v3": 15.0}, {"v1": 0.0, "v3": 2.0}, 5.0)
    assert source.asked_for == [("bookinfo", "reviews", SINCE)]


def test_counts_that_do_not_reach_so_far_say_since_when_they_are(source):
    found = traffic(source).counts("bookinfo", "reviews", SINCE - 500)
    assert found
    assert found.since == SINCE
    assert sum(found.requests.values()) == 105


def test_while_the_source_is_away_nothing_is_counted(source):
    source.away = True
    assert traffic(source).counts("bookinfo", "reviews", SINCE) is None


def test_nobody_is_asked_about_what_may_not_be_seen(source):
    assert traffic(source, frozenset({"other"})).counts("bookinfo", "reviews", SINCE) is None
    assert source.asked_for == []
