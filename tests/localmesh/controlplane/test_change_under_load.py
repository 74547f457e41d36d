"""No request fails while rules change; no generated rule is refused by Envoy."""

import asyncio
from contextlib import suppress

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from localmesh.apiserver import kinds
from tests.localmesh.xds import rules
from tests.localmesh.xds.objects import destination_rule, to, virtual_service

pytestmark = [pytest.mark.mesh, pytest.mark.asyncio(loop_scope="module")]


class Load:
    """Constant requests, and what became of them."""

    def __init__(self, bed, callers=8):
        self._bed, self._callers = bed, callers
        self.statuses: dict[int, int] = {}
        self._tasks: list[asyncio.Task[None]] = []

    async def __aenter__(self):
        self._tasks = [asyncio.create_task(self._call()) for _ in range(self._callers)]
        return self

    async def __aexit__(self, *_):
        for task in self._tasks:
            task.cancel()
        for task in self._tasks:
            with suppress(asyncio.CancelledError):
                await task

    async def _call(self):
        while True:
            status = (await self._bed.call()).status
            self.statuses[status] = self.statuses.get(status, 0) + 1
            await asyncio.sleep(0.005)


async def test_switching_weights_and_subsets_30_times_fails_no_request(bed):
    """Each step removes the subset in use and routes to a new one: the worst order for a proxy."""
    await bed.apply(destination_rule("reviews", "v1"), virtual_service({"route": [to(subset="v1")]}))
    async with Load(bed) as load:
        for step in range(30):
            version = f"v{step % 3 + 1}"
            name = f"{version}-{step}"
            subset = {"name": name, "labels": {"version": version}}
            bed.store.update(kinds.DESTINATION_RULES, destination_rule("reviews", subsets=[subset]))
            weights = [to(subset=name, weight=step + 1), to(weight=30 - step)]
            bed.store.update(kinds.VIRTUAL_SERVICES, virtual_service({"route": weights}))
            # Some steps wait for the proxy, others overtake it.
            if step % 2:
                bed.settle()
                await bed.configured(at_least=3)
            else:
                await asyncio.sleep(0.02)
        bed.settle()
        await bed.configured(at_least=3)
    assert load.statuses.keys() == {200}
    assert load.statuses[200] > 100
    assert set(await bed.callers(30)) <= {"reviews-v1", "reviews-v2", "reviews-v3"}


async def test_a_delayed_request_survives_the_removal_of_its_cluster(bed):
    """It chose its route before the delay and looks up the cluster after it."""
    delay = {"delay": {"fixedDelay": "400ms", "percentage": {"value": 100}}}
    await bed.apply(
        destination_rule("reviews", "v1"), virtual_service({"route": [to(subset="v1")], "fault": delay})
    )
    request = asyncio.create_task(bed.call())
    await asyncio.sleep(0.1)
    bed.store.update(kinds.VIRTUAL_SERVICES, virtual_service({"route": [to()]}))
    bed.store.delete(kinds.DESTINATION_RULES, "bookinfo", "reviews")
    bed.settle()
    await bed.configured(at_least=3)
    assert not request.done()
    assert (await request).who == "reviews-v1"


@settings(
    max_examples=25,
    deadline=None,
    # Shrinking asks a real proxy hundreds of times, and its refusal names the culprit already.
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(
    st.lists(
        rules.virtual_services(), min_size=4, max_size=6, unique_by=lambda rule: rule["metadata"]["name"]
    ),
    rules.destination_rules(),
    rules.gateways(),
)
async def test_envoy_accepts_whatever_the_rules_say(bed, some, destinations, entrance):
    # `configured` fails on a refusal.
    await bed.apply(*some, destinations, entrance)
