"""What real Envoys do under a traffic policy: limits, ejection, nearness, warm-up."""

import asyncio

import pytest

from localmesh.apiserver import kinds
from tests.localmesh.controlplane.bed import eventually
from tests.localmesh.xds.objects import destination_rule, to, virtual_service

pytestmark = [pytest.mark.mesh, pytest.mark.asyncio(loop_scope="module")]

NO_RETRIES = virtual_service({"route": [to()], "retries": {"attempts": 0}})


def policy(**parts):
    return destination_rule(trafficPolicy=parts)


async def test_every_field_of_a_policy_is_taken_by_envoy(bed):
    tcp = {
        "maxConnections": 10, "connectTimeout": "1s", "idleTimeout": "2s", "maxConnectionDuration": "30s",
        "tcpKeepalive": {"probes": 3, "time": "60s", "interval": "60s"},
    }  # fmt: skip
    http = {
        "http1MaxPendingRequests": 10, "http2MaxRequests": 20, "maxRequestsPerConnection": 5, "maxRetries": 4,
        "idleTimeout": "3s", "maxConcurrentStreams": 50,
    }  # fmt: skip
    outliers = {
        "splitExternalLocalOriginErrors": True, "consecutiveLocalOriginFailures": 5,
        "consecutiveGatewayErrors": 5, "consecutive5xxErrors": 7, "interval": "5s", "baseEjectionTime": "5s",
        "maxEjectionPercent": 50, "minHealthPercent": 10,
    }  # fmt: skip
    balancer = {"localityLbSetting": {"failoverPriority": ["version"]}, "warmup": {"duration": "1s"}}
    await bed.apply(
        policy(
            connectionPool={"tcp": tcp, "http": http}, outlierDetection=outliers, loadBalancer=balancer,
            retryBudget={"percent": 50, "minRetryConcurrency": 2},
        )
    )  # fmt: skip
    assert (await bed.call()).status == 200


async def test_more_requests_than_a_pool_allows_are_refused(bed):
    limited = {"tcp": {"maxConnections": 1}, "http": {"http1MaxPendingRequests": 1}}
    await bed.apply(policy(connectionPool=limited), NO_RETRIES)
    for name in ("reviews-v1", "reviews-v2", "reviews-v3"):
        bed.backends[name].delay = 0.3
    statuses = [each.status for each in await asyncio.gather(*(bed.call() for _ in range(12)))]
    assert set(statuses) == {200, 503}
    await bed.apply()
    statuses = [each.status for each in await asyncio.gather(*(bed.call() for _ in range(12)))]
    assert set(statuses) == {200}


async def test_an_endpoint_that_fails_is_left_alone_for_a_while(bed):
    outliers = {
        "consecutive5xxErrors": 2, "interval": "0.1s", "baseEjectionTime": "60s", "maxEjectionPercent": 100,
    }  # fmt: skip
    await bed.apply(policy(outlierDetection=outliers, loadBalancer={"simple": "ROUND_ROBIN"}), NO_RETRIES)
    bed.backends["reviews-v2"].statuses = [500] * 100
    answers = [await bed.call() for _ in range(30)]
    # Two, and those that came before Envoy's workers had heard of it: a third of thirty is its fair share.
    assert 2 <= [each.status for each in answers].count(500) <= 5
    assert {each.who for each in answers[-9:]} == {"reviews-v1", "reviews-v3"}


async def test_every_endpoint_ejected_means_no_answer(bed):
    outliers = {
        "consecutive5xxErrors": 1, "interval": "0.1s", "baseEjectionTime": "60s", "maxEjectionPercent": 100,
    }  # fmt: skip
    await bed.apply(policy(outlierDetection=outliers, loadBalancer={"simple": "ROUND_ROBIN"}), NO_RETRIES)
    for name in ("reviews-v1", "reviews-v2", "reviews-v3"):
        bed.backends[name].statuses = [500] * 1000

    async def nobody_is_left():
        return (await bed.call()).status == 503

    await eventually(nobody_is_left)
    assert (await bed.call()).body == b"no healthy upstream"


async def put(bed, name, locality):
    """The pod in another locality; none with None."""
    pod = next(each for each in bed.store.list(kinds.PODS) if each["metadata"]["name"].startswith(name))
    labels = {key: value for key, value in pod["metadata"]["labels"].items() if key != "istio-locality"}
    pod["metadata"]["labels"] = labels | ({"istio-locality": locality} if locality else {})
    bed.store.update(kinds.PODS, pod)


async def test_the_nearest_endpoints_come_first_and_others_when_they_fail(bed):
    places = {
        "productpage-v1": "eu.west",
        "reviews-v1": "eu.west",
        "reviews-v2": "eu.east",
        "reviews-v3": "us",
    }
    for name, place in places.items():
        await put(bed, name, place)
    try:
        outliers = {
            "consecutive5xxErrors": 1,
            "interval": "0.1s",
            "baseEjectionTime": "60s",
            "maxEjectionPercent": 100,
        }
        await bed.apply(policy(outlierDetection=outliers), NO_RETRIES)
        assert await bed.callers(9) == {"reviews-v1": 9}
        bed.backends["reviews-v1"].statuses = [500]
        assert (await bed.call()).status == 500
        assert await bed.callers(9) == {"reviews-v2": 9}
        shares = {"distribute": [{"from": "eu/west", "to": {"us": 100}}]}
        await bed.apply(policy(loadBalancer={"localityLbSetting": shares}))
        assert await bed.callers(9) == {"reviews-v3": 9}
    finally:
        for name in places:
            await put(bed, name, None)
        await bed.apply()


async def test_a_new_endpoint_takes_its_share_slowly(bed):
    everyone = [bed.pods[name] for name in ("reviews-v1", "reviews-v2", "reviews-v3")]

    async def behind(*addresses):
        found = next(
            each
            for each in bed.store.list(kinds.ENDPOINT_SLICES)
            if each["metadata"]["name"].startswith("reviews")
        )
        found["endpoints"] = [{"addresses": [each], "conditions": {"ready": True}} for each in addresses]
        bed.store.update(kinds.ENDPOINT_SLICES, found)
        bed.settle()
        await bed.configured(at_least=3)

    try:
        await behind(*everyone[:2])
        warmup = {"duration": "2s", "minimumPercent": 1}
        await bed.apply(policy(loadBalancer={"simple": "ROUND_ROBIN", "warmup": warmup}))
        # Envoy's clock, not ours: the two have to be older than their two seconds.
        await asyncio.sleep(2.1)
        await behind(*everyone)
        found = await bed.callers(60)
        # Its fair share were 20; after half a second of two it has a quarter of that.
        assert found.get("reviews-v3", 0) < 12
        assert found["reviews-v1"] > 18
    finally:
        await behind(*everyone)


async def test_proxies_speak_http2_with_each_other_when_told_and_the_application_hears_nothing_of_it(bed):
    http = {"h2UpgradePolicy": "UPGRADE"}
    await bed.apply(destination_rule("ratings", trafficPolicy={"connectionPool": {"http": http}}))
    assert (await bed.call(host="ratings:9080")).who == "ratings-v1"
    (request,) = bed.backends["ratings-v1"].requests
    assert request.version == (1, 1)
