"""Faults at the caller's proxy, and what Istio's metrics say of requests."""

import asyncio
from math import sqrt

import pytest

from tests.localmesh.controlplane.bed import eventually
from tests.localmesh.xds.objects import REVIEWS, destination_rule, gateway, to, virtual_service

pytestmark = [pytest.mark.mesh, pytest.mark.asyncio(loop_scope="module")]

RATINGS = "ratings.bookinfo.svc.cluster.local"


def faulty(**fault):
    return virtual_service({"route": [to("ratings")], "fault": fault}, hosts=["ratings"], name="ratings")


class Counter:
    """What a proxy's counter has grown by since it was made."""

    def __init__(self, bed, proxy, before):
        self._bed, self._proxy, self._before = bed, proxy, before

    @classmethod
    async def of(cls, bed, proxy):
        return cls(bed, proxy, dict(await _samples(bed, proxy)))

    async def grown(self, **labels):
        """The sum over samples with these labels."""
        return sum(
            value - self._before.get(sample, 0)
            for sample, value in await _samples(self._bed, self._proxy)
            if labels.items() <= dict(sample).items()
        )

    async def reaches(self, count, **labels):
        """Wait: a proxy counts a request when it is over, which may be after its answer has arrived."""

        async def enough():
            return await self.grown(**labels) >= count

        await eventually(enough)
        assert await self.grown(**labels) == count

    async def sample(self, **labels):
        """The labels of the one sample with these labels that has grown."""
        (found,) = [
            dict(sample)
            for sample, value in await _samples(self._bed, self._proxy)
            if labels.items() <= dict(sample).items() and value > self._before.get(sample, 0)
        ]
        return found


async def _samples(bed, proxy):
    return [(tuple(sorted(labels.items())), value) for labels, value in await bed.metrics(proxy)]


async def test_a_delay_holds_back_a_share_of_requests(bed):
    await bed.apply(faulty(delay={"fixedDelay": "150ms", "percentage": {"value": 50}}))
    counter = await Counter.of(bed, "productpage-v1")
    answers = await asyncio.gather(*(bed.call(host="ratings:9080") for _ in range(100)))
    assert {answer.status for answer in answers} == {200}
    await counter.reaches(100, destination_service=RATINGS, response_code="200")
    delayed = await counter.grown(response_flags="DI", destination_workload="ratings-v1", response_code="200")
    assert abs(delayed / 100 - 0.5) < 5 * sqrt(0.25 / 100)
    # On a busy machine others may take as long, so this is a lower bound.
    assert sum(answer.seconds > 0.14 for answer in answers) >= delayed


async def test_an_abort_answers_a_share_of_requests_itself(bed):
    await bed.apply(faulty(abort={"httpStatus": 418, "percentage": {"value": 50}}))
    source, destination = await Counter.of(bed, "productpage-v1"), await Counter.of(bed, "ratings-v1")
    answers = [await bed.call(host="ratings:9080") for _ in range(200)]
    aborted = sum(answer.status == 418 for answer in answers)
    assert abs(aborted / 200 - 0.5) < 5 * sqrt(0.25 / 200)
    await source.reaches(aborted, response_flags="FI", response_code="418")
    labels = await source.sample(response_flags="FI")
    assert (labels["destination_service"], labels["destination_workload"]) == (RATINGS, "unknown")
    assert (labels["source_workload"], labels["reporter"]) == ("productpage-v1", "source")
    # What was aborted never reached ratings.
    await destination.reaches(200 - aborted, reporter="destination")


async def test_a_fault_without_a_percentage_hits_nobody(bed):
    await bed.apply(faulty(abort={"httpStatus": 418}))
    assert {(await bed.call(host="ratings:9080")).status for _ in range(20)} == {200}


async def test_a_fault_for_one_user_spares_the_others(bed):
    rule = virtual_service(
        {
            "match": [{"headers": {"end-user": {"exact": "jason"}}}],
            "fault": {"abort": {"httpStatus": 500, "percentage": {"value": 100}}},
            "route": [to("ratings")],
        },
        {"route": [to("ratings")]},
        hosts=["ratings"],
        name="ratings",
    )
    await bed.apply(rule)
    assert (await bed.call(host="ratings", headers={"end-user": "jason"})).status == 500
    assert (await bed.call(host="ratings")).status == 200


async def test_a_timeout_runs_after_an_injected_delay(bed):
    rule = faulty(delay={"fixedDelay": "150ms", "percentage": {"value": 100}})
    rule["spec"]["http"][0]["timeout"] = "100ms"
    await bed.apply(rule)
    answer = await bed.call(host="ratings")
    assert (answer.status, answer.seconds > 0.14) == (200, True)


async def test_both_ends_report_a_request_with_each_others_names(bed):
    await bed.apply()
    source, destination = await Counter.of(bed, "productpage-v1"), await Counter.of(bed, "ratings-v1")
    await bed.call(host="ratings", headers={"x-localmesh-source-name": "forged"})
    await source.reaches(1, destination_service=RATINGS)
    await destination.reaches(1, destination_service=RATINGS)
    theirs, ours = await destination.sample(), await source.sample()
    assert (ours.pop("reporter"), theirs.pop("reporter")) == ("source", "destination")
    assert ours == theirs
    assert (ours["source_workload"], ours["destination_workload"]) == ("productpage-v1", "ratings-v1")
    assert (ours["request_protocol"], ours["grpc_response_status"]) == ("http", "")
    assert ours["connection_security_policy"] == "none"


async def test_the_application_does_not_see_the_callers_headers(bed):
    await bed.apply()
    await bed.call(host="ratings")
    (seen,) = bed.backends["ratings-v1"].requests
    assert not [name for name in seen.headers if name.lower().startswith("x-localmesh")]


async def test_a_caller_without_a_proxy_is_unknown(bed):
    await bed.apply()
    counter = await Counter.of(bed, "ratings-v1")
    await bed.direct("ratings-v1")
    await counter.reaches(1)
    labels = await counter.sample()
    sources = [
        value for label, value in labels.items() if label.startswith("source_") and label != "source_cluster"
    ]
    assert set(sources) == {"unknown"}


async def test_grpc_is_told_from_http(bed):
    await bed.apply()
    source, destination = await Counter.of(bed, "productpage-v1"), await Counter.of(bed, "ratings-v1")
    for content_type in ("application/grpc+proto", "application/json", "text/plain"):
        await bed.call(host="ratings", method="POST", headers={"content-type": content_type}, data=b"x")
    for counter in (source, destination):
        await counter.reaches(1, request_protocol="grpc")
        await counter.reaches(2, request_protocol="http")
        assert (await counter.sample(request_protocol="grpc"))["grpc_response_status"] != ""


async def test_a_request_that_reaches_nobody_still_names_its_service(bed):
    await bed.apply(virtual_service({"route": [to(subset="v9")]}))
    counter = await Counter.of(bed, "productpage-v1")
    await bed.call()
    await counter.reaches(1, response_flags="NC")
    labels = await counter.sample(response_flags="NC")
    assert (labels["destination_service"], labels["destination_service_name"]) == (REVIEWS, "reviews")
    assert labels["destination_workload"] == "unknown"


async def test_durations_and_sizes_are_counted_in_histograms(bed):
    await bed.apply(destination_rule("reviews", "v1"), virtual_service({"route": [to(subset="v1")]}))
    bed.backends["reviews-v1"].delay = 0.2
    before = await _sum(bed, "istio_request_duration_milliseconds_sum")
    await bed.call(method="POST", data=b"x" * 5000)

    async def grown():
        return await _sum(bed, "istio_request_duration_milliseconds_sum") - before

    # Envoy merges histograms when it flushes its statistics: once a second.
    assert 150 < await eventually(grown) < 10_000
    assert await _sum(bed, "istio_request_bytes_sum") > 4000
    assert await _sum(bed, "istio_response_bytes_count") > 0


async def _sum(bed, name):
    samples = await bed.metrics("productpage-v1", name)
    return sum(value for labels, value in samples if labels["destination_workload"] == "reviews-v1")


async def test_a_gateway_reports_as_the_source(bed):
    bound = virtual_service({"route": [to("ratings")]}, hosts=["*"], name="in", gateways=["bookinfo-gateway"])
    await bed.apply(gateway(), bound)
    source, destination = await Counter.of(bed, "gateway"), await Counter.of(bed, "ratings-v1")
    assert (await bed.enter()).status == 200
    await source.reaches(1, reporter="source", source_workload="istio-ingressgateway")
    await destination.reaches(
        1, source_workload="istio-ingressgateway", source_workload_namespace="istio-system"
    )
