"""The HTTP client on real sockets: so many requests at once and no more, in order, within a round."""

import asyncio
from collections import Counter

import pytest
from aiohttp import web

from telemetry.scrape import Answer, Scraper
from tests.telemetry.exporters import Exporter

# Nobody listens there.
REFUSING = "http://127.0.0.1:1/"


class Heard:
    """What was handed over, and how many tasks there were at the most."""

    def __init__(self) -> None:
        self.answers: list[tuple[str, Answer]] = []
        self.tasks = 0

    def __call__(self, url: str, answer: Answer) -> None:
        self.answers.append((url, answer))
        self.tasks = max(self.tasks, len(asyncio.all_tasks()))


@pytest.fixture
async def exporter():
    exporter = await Exporter("a-v1").start()
    yield exporter
    await exporter.stop()


@pytest.fixture
async def scraper():
    scraper = Scraper(timeout_seconds=0.2, round_seconds=0.5, max_concurrent=4)
    yield scraper
    await scraper.close()


@pytest.fixture
def heard() -> Heard:
    return Heard()


async def test_ten_thousand_addresses_make_no_more_tasks_than_requests_at_once(scraper, heard):
    given = Counter()

    def urls():
        for n in range(10_000):
            given["urls"] += 1
            yield f"{REFUSING}?n={n}"

    others = len(asyncio.all_tasks())
    await scraper.fetch(urls(), heard)
    assert 0 < heard.tasks <= others + 2 * 4  # a worker and, at the most, what aiohttp needs to connect
    assert len(heard.answers) <= given["urls"] <= len(heard.answers) + 4
    assert all(answer.failure.startswith("cannot be reached") for _, answer in heard.answers)
    assert len(asyncio.all_tasks()) == others


async def test_each_address_is_asked_once_and_in_order(scraper, heard, exporter):
    urls = [f"{exporter.target.url}&n={n}" for n in range(20)]
    await scraper.fetch(urls, heard)
    assert sorted(url for url, _ in heard.answers) == sorted(urls)
    assert all(answer.text and not answer.failure for _, answer in heard.answers)
    began = [int(query.rpartition("=")[2]) for query in exporter.queries]
    # Four at a time: none is further from its place than that.
    assert all(abs(n - place) <= 4 for place, n in enumerate(began))


async def test_no_more_are_asked_at_once_than_there_are_places(heard, exporter):
    # With time for all of them on a slow machine, too.
    scraper = Scraper(timeout_seconds=10, round_seconds=30, max_concurrent=4)
    now, most = 0, 0

    async def slow(_request):
        nonlocal now, most
        now += 1
        most = max(most, now)
        await asyncio.sleep(0.01)
        now -= 1
        return web.Response()

    exporter.handler = slow
    await scraper.fetch([f"{exporter.target.url}&n={n}" for n in range(20)], heard)
    await scraper.close()
    assert (len(heard.answers), most) == (20, 4)


async def test_a_client_that_calls_the_end_of_the_round_a_timeout_asks_nobody_else(heard):
    asked = []

    class Mistaken(Scraper):
        async def _text(self, url):
            asked.append(url)
            try:
                await asyncio.sleep(0.5)
            except asyncio.CancelledError:
                raise TimeoutError from None

    scraper = Mistaken(timeout_seconds=0.05, round_seconds=0.1, max_concurrent=4)
    async with asyncio.timeout(5):
        await scraper.fetch([f"{REFUSING}?n={n}" for n in range(20)], heard)
    await scraper.close()
    assert (len(asked), heard.answers) == (4, [])


async def test_what_had_not_its_whole_time_is_not_handed_over_as_a_failure(scraper, heard, exporter):
    exporter.handler = exporter.hang
    urls = [f"{exporter.target.url}&n={n}" for n in range(100)]
    await scraper.fetch(urls, heard)
    # Two spans of 0.2 s fit in the round of 0.5 s; the third is cut off.
    assert {url for url, _ in heard.answers} <= set(urls[:8])
    assert set(urls[:4]) <= {url for url, _ in heard.answers}
    assert {answer.failure for _, answer in heard.answers} == {"did not answer within 0.2 s"}


async def test_without_addresses_nothing_happens(scraper, heard):
    await scraper.fetch((), heard)
    assert heard.answers == []


async def test_an_error_of_who_takes_the_answers_is_not_swallowed(scraper, exporter):
    def take(_url, _answer):
        raise LookupError("oops")

    with pytest.raises(ExceptionGroup) as raised:
        await scraper.fetch([exporter.target.url], take)
    assert raised.group_contains(LookupError)


async def test_a_round_too_short_for_one_target_is_refused():
    with pytest.raises(ValueError, match="whole time"):
        Scraper(timeout_seconds=1, round_seconds=1)
