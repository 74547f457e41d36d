"""What a rollout counts of real Envoys: each request in one look, injected faults in none."""

import asyncio
import json
import time

import pytest

from telemetry.counting import Ledger
from telemetry.direct import DirectSource
from telemetry.scrape import Scraper
from telemetry.targets import Target
from telemetry.watching import Seen
from tests.mesh import until
from tests.telemetry.fakes import FakeTargets

HERE = ("bookinfo", "reviews")
TIMES = "envoy_istio_request_duration_milliseconds_count"
DELAYED = {
    "apiVersion": "networking.istio.io/v1",
    "kind": "VirtualService",
    "metadata": {"name": "reviews", "namespace": "bookinfo"},
    "spec": {
        "hosts": ["reviews"],
        "http": [
            {
                "fault": {"delay": {"percentage": {"value": 100}, "fixedDelay": "60ms"}},
                "route": [{"destination": {"host": "reviews"}}],
            }
        ],
    },
}


def targets(mesh):
    for pod in mesh.pods():
        name, address = pod["metadata"]["name"], pod["status"]["podIP"]
        url = f"http://{address}:15090/stats/prometheus?usedonly&filter=istio.request(s_total|_duration)"
        yield Target(name, "bookinfo", name, url)


class Looker:
    """Reads the proxies, and looks after some of the readings."""

    def __init__(self, mesh):
        self.source = DirectSource(FakeTargets(*targets(mesh)), Scraper(), window_seconds=10)
        self.ledger = Ledger()
        self.watch = self.ledger.watch(*HERE, 50.0)
        self.source.time({HERE})
        self.cursor, self.total, self.looks = -1.0, Seen(), 0

    async def reads(self):
        self.ledger.add(await self.source.read())

    def looks_on(self):
        found = self.watch.looked(self.cursor)
        self.cursor, self.looks = found.cursor, self.looks + 1
        for seen in found.versions.values():
            self.total = Seen(*(a + b for a, b in zip(self.total, seen, strict=True)))

    async def until(self, requests, seconds=60):
        end = time.monotonic() + seconds
        while self.total.requests < requests and time.monotonic() < end:
            await self.reads()
            self.looks_on()
            await asyncio.sleep(0.3)


def counted(mesh, name="envoy_istio_requests_total"):
    """How many requests of reviews its callers' proxies tell of."""
    told = [each for pod in mesh.pods("app=productpage") for each in mesh.metrics(pod, name)]
    return sum(value for labels, value in told if labels["destination_service_name"] == "reviews")


async def are_told(mesh, requests):
    """Until so many are counted and timed: Envoy merges its histograms later than its counters."""
    await asyncio.to_thread(until, lambda: counted(mesh) == counted(mesh, TIMES) == requests)


async def fetch(mesh, pages):
    for _ in range(pages):
        await asyncio.to_thread(mesh.fetch)


@pytest.mark.timeout(300)
async def test_each_request_to_real_envoys_is_in_one_look_and_injected_delays_are_in_none(mesh):
    told = counted(mesh)
    await fetch(mesh, 12)
    await are_told(mesh, told + 12)
    looker = Looker(mesh)
    try:
        await looker.reads()
        looker.looks_on()
        fetching = asyncio.create_task(fetch(mesh, 40))
        await looker.until(40)
        await fetching
        await are_told(mesh, told + 52)
        await looker.until(41, seconds=2)
        assert looker.total.requests == 40
        assert looker.total.timed == 40
        assert looker.total.slow <= 40
        assert looker.watch.looked(looker.cursor).edge_ms == 50
        assert looker.looks > 1
        mesh.kubectl("apply", "-f", "-", stdin=json.dumps(DELAYED))
        await _delayed(mesh)
        await looker.until(10**6, seconds=2)
        before = looker.total
        await fetch(mesh, 10)
        await looker.until(before.requests + 1, seconds=3)
        assert looker.total == before
        assert delayed(mesh) >= 10
    finally:
        mesh.kubectl("delete", "virtualservice", "reviews", "-n", "bookinfo", "--ignore-not-found")
        await looker.source.close()


def delayed(mesh):
    """How many requests the callers' proxies have delayed, as they say."""
    told = [each for pod in mesh.pods("app=productpage") for each in mesh.metrics(pod)]
    return sum(value for labels, value in told if "DI" in labels["response_flags"].split(","))


async def _delayed(mesh):
    """Until all pages take as long as the delay."""
    quick, end = 1, time.monotonic() + 60
    while quick and time.monotonic() < end:
        quick = 0
        for _ in range(5):
            began = time.monotonic()
            await fetch(mesh, 1)
            quick += time.monotonic() - began < 0.06
