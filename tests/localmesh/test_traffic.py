import asyncio
import random
from collections import Counter

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from localmesh.traffic.generator import Generator
from tests.localmesh.waiting import until


class Shop:
    """A target that counts who asked."""

    def __init__(self):
        self.users = Counter()
        self.times = []

    async def answer(self, request):
        self.users[request.headers.get("end-user", "")] += 1
        self.times.append(asyncio.get_running_loop().time())
        return web.Response(text="page")


@pytest.fixture
async def shop():
    made = Shop()
    application = web.Application()
    application.router.add_get("/productpage", made.answer)
    server = TestServer(application)
    await server.start_server()
    made.url = str(server.make_url("/productpage"))
    yield made
    await server.close()


@pytest.fixture
async def generator():
    made = Generator(rng=random.Random(3))
    task = asyncio.create_task(made.run())
    yield made
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


async def test_requests_come_at_the_rate_with_a_tenth_signed_in(generator, shop):
    generator.apply({"requests_per_second": 400, "targets": [shop.url]})
    await until(lambda: shop.users.total() >= 400)
    # 400 requests at 400 a second; a busy machine may take longer, but never much shorter.
    assert shop.times[399] - shop.times[0] > 0.7
    assert 15 <= shop.users["jason"] <= 75
    assert set(shop.users) == {"", "jason"}


async def test_nothing_is_sent_without_a_target_or_at_rate_zero(generator, shop):
    generator.apply({"requests_per_second": 0, "targets": [shop.url]})
    await asyncio.sleep(0)
    assert generator.figures()["in_flight"] == 0
    generator.apply({"requests_per_second": 200, "targets": [shop.url]})
    await until(lambda: shop.users.total() >= 3)


async def test_a_change_of_the_rate_takes_effect_at_once(generator, shop):
    generator.apply({"requests_per_second": 0.001, "targets": [shop.url]})
    await asyncio.sleep(0)
    generator.apply({"requests_per_second": 500, "targets": [shop.url]})
    await until(lambda: shop.users.total() >= 5)


async def test_answers_are_counted_by_status_and_failures_by_kind(generator, shop):
    generator.apply(
        {"requests_per_second": 300, "targets": [shop.url, shop.url + "x", "http://127.0.0.1:1/"]}
    )
    await until(lambda: {"200", "404", "unreachable"} <= generator.figures()["answers"].keys())


@pytest.mark.parametrize("rate", [-1, "many", float("nan"), float("inf"), None])
async def test_a_bad_rate_is_refused_and_changes_nothing(generator, rate):
    with pytest.raises((ValueError, TypeError)):
        generator.apply({"requests_per_second": rate})
    assert generator.requests_per_second == 20
