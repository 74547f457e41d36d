"""Asking a real Prometheus about what it remembers: nothing here waits for a scrape."""

import itertools
import math
import time

import pytest

from telemetry.past import NoHistory, Past
from telemetry.prometheus.client import Client, Server
from telemetry.prometheus.promql import equal
from telemetry.prometheus.source import PrometheusSource
from telemetry.quantiles import Histogram, quantiles
from telemetry.samples import EdgeLabels, Samples
from telemetry.shortfall import Shortfall
from telemetry.subjects import Matcher, Subject, of
from tests.telemetry.builders import labels, unreached
from tests.telemetry.prometheus.servers import with_past

# Minutes that are over: the blocks of a Prometheus end two hours ago.
NOW = (time.time() - 4 * 3600) // 60 * 60
BEGAN = NOW - 1800
EDGES = (1, 5, 10, 25, 50, 100, 250, 500, 1000)
SCRAPE = 15.0
RATIOS = (0.5, 0.95, 0.99)
NASTY = 'a "quoted"\\name\n<b>' + "x" * 10_240


def rising(rps, begins=BEGAN, ends=math.inf):
    return lambda at: rps * max(0, min(at, ends) - begins) if at >= begins else math.nan


def requests(of_labels: EdgeLabels, value, code="200", flags="-", grpc="", **more):
    named = {
        **of_labels._asdict(),
        "response_code": code,
        "response_flags": flags,
        "grpc_response_status": grpc,
    }
    return "istio_requests_total", {**named, **more}, value


def histogram(of_labels: EdgeLabels, rps, latency_ms):
    """Latencies spread evenly between 0 and `latency_ms`."""
    for edge in (*EDGES, math.inf):
        le = "+Inf" if math.isinf(edge) else str(edge)
        below = min(1, edge / latency_ms)
        named = {**of_labels._asdict(), "response_code": "200", "le": le}
        yield "istio_request_duration_milliseconds_bucket", named, rising(rps * below)


def born(begins):
    """At its first sample it has counted a hundred requests."""
    return lambda at: 100 + 2 * (at - begins) if at >= begins else math.nan


def resetting(when):
    return lambda at: 1000 + at - BEGAN if at < when else 1 * (at - when)


BORN = labels("born-v1", "counted-v2")
SEEN_BY_BOTH = labels("a-v1", "b-v1")
BY_DESTINATION = SEEN_BY_BOTH._replace(reporter="destination", connection_security_policy="mutual_tls")
FROM_OUTSIDE = labels("", "b-v1")._replace(reporter="destination", source_workload="unknown")
ABORTED = unreached("b", "a-v1")
TCP = labels("a-v1", "db-v1", request_protocol="tcp")
GRPC = labels("a-v1", "c-v2", request_protocol="grpc")
MANY = [labels(f"w{n}-v1", f"svc{m}-v{n}") for n in range(6) for m in range(6)]


def mesh():
    yield "up", {}, lambda at: 1 if at >= BEGAN else math.nan
    # Counters that are born: one while its target is scraped, one of a target that nobody knew.
    yield requests(BORN, born(NOW - 300))
    yield requests(BORN, born(NOW - 300), instance="new")
    yield requests(BORN, resetting(NOW - 300), code="500", instance="restarted")
    yield requests(SEEN_BY_BOTH, rising(10))
    yield requests(SEEN_BY_BOTH, rising(10), pod="another")
    yield requests(SEEN_BY_BOTH, rising(5), code="503", flags="UF,URX")
    yield requests(BY_DESTINATION, rising(25))
    yield requests(FROM_OUTSIDE, rising(4))
    yield requests(ABORTED, rising(1), code="500", flags="FI")
    yield requests(GRPC, rising(2), grpc="14")
    yield requests(labels("a-v1", "idle-v1"), lambda at: 7.0)
    yield requests(labels("old-v1", "b-v1"), rising(3, ends=BEGAN + 600))
    yield requests(labels(NASTY, "b-v1")._replace(source_canonical_service="x"), rising(6))
    yield "istio_requests_total", {"reporter": "source", "destination_workload": "bare"}, rising(8)
    yield from histogram(SEEN_BY_BOTH, 25, 100)
    yield from histogram(BY_DESTINATION, 25, 40)
    yield from histogram(FROM_OUTSIDE, 4, 100)
    for of_labels in MANY:
        yield requests(of_labels, rising(1))
        yield from histogram(of_labels, 1, 50)
    tcp, grpc = TCP._asdict(), GRPC._asdict()
    yield "istio_tcp_received_bytes_total", tcp, rising(1000)
    yield "istio_tcp_sent_bytes_total", tcp, rising(50_000)
    yield "istio_tcp_connections_opened_total", tcp, rising(3)
    yield "istio_tcp_connections_closed_total", tcp, rising(2)
    yield "istio_request_messages_total", grpc, rising(20)
    yield "istio_response_messages_total", grpc, rising(30)
    yield "istio_request_bytes_sum", grpc, rising(400)
    yield "istio_response_bytes_sum", grpc, rising(900)


@pytest.fixture(scope="module")
def prometheus(tmp_path_factory):
    server = with_past(tmp_path_factory.mktemp("past"), mesh(), BEGAN - 300, NOW, SCRAPE).start()
    yield server
    server.stop()


@pytest.fixture
async def source(prometheus):
    source = source_of(prometheus)
    yield source
    await source.close()


def source_of(prometheus, **more) -> PrometheusSource:
    options = {"scrape_seconds": SCRAPE, "wall": lambda: NOW, **more}
    return PrometheusSource(Client(Server(prometheus.url), wall=time.time), **options)


def rates(samples: Samples) -> dict:
    found = {}
    for each in samples.requests:
        ends = each.labels.source_workload, each.labels.destination_workload
        codes = each.response_code, each.response_flags, each.grpc_response_status
        if each.labels not in (*MANY, BORN):
            found[(*ends, *codes, each.labels.reporter)] = pytest.approx(each.requests_per_second)
    return found


async def test_what_flows_is_read_with_codes_flags_and_statuses(source):
    samples = await source.read()
    assert rates(samples) == {
        ("a-v1", "b-v1", "200", "", "", "source"): 20,
        ("a-v1", "b-v1", "503", "UF,URX", "", "source"): 5,
        ("a-v1", "b-v1", "200", "", "", "destination"): 25,
        ("", "b-v1", "200", "", "", "destination"): 4,
        ("a-v1", "", "500", "FI", "", "source"): 1,
        ("a-v1", "c-v2", "200", "", "14", "source"): 2,
        (NASTY, "b-v1", "200", "", "", "source"): 6,
        ("", "bare", "", "", "", "source"): 8,
    }
    assert (samples.taken_at, samples.window_seconds, samples.shortfall) == (NOW, 60, Shortfall())
    assert samples.measured


async def test_all_labels_arrive(source):
    samples = await source.read()
    assert {SEEN_BY_BOTH, BY_DESTINATION, GRPC, ABORTED} <= {each.labels for each in samples.requests}
    assert FROM_OUTSIDE._replace(source_workload="") in {each.labels for each in samples.requests}


async def test_quantiles_come_back_as_the_server_computes_them(source):
    samples = await source.read()
    of_edge = {each.labels: each for each in samples.durations}
    every = (*EDGES, math.inf)
    for edge, latency in ((SEEN_BY_BOTH, 100), (BY_DESTINATION, 40)):
        exact = quantiles(RATIOS, Histogram(every, [25 * min(1, edge / latency) for edge in every]))
        edges, counts = zip(*of_edge[edge].buckets, strict=True)
        assert quantiles(RATIOS, Histogram(edges, counts)) == pytest.approx(exact)
        assert counts[-1] == pytest.approx(25)


async def test_bytes_messages_and_connections_are_told_from_the_callers_point_of_view(source):
    found = {each.labels: each[1:] for each in (await source.read()).volumes}
    assert found == {
        TCP: pytest.approx((1000, 50_000, 0, 0, 3, 2)),
        GRPC: pytest.approx((400, 900, 20, 30, 0, 0)),
    }


@pytest.mark.parametrize("count", [2, 8])
async def test_shards_together_answer_what_one_query_answers(prometheus, source, count):
    whole = await source.read()
    sharded = source_of(prometheus, shard_count=count)
    joined = await sharded.read()
    await sharded.close()
    assert sorted(joined.requests) == sorted(whole.requests)
    assert sorted(joined.durations) == sorted(whole.durations)
    assert sorted(joined.volumes) == sorted(whole.volumes)
    assert len(whole.requests) == len(set(whole.requests)) > len(MANY)


async def test_a_scope_leaves_out_everything_else(prometheus):
    narrowed = source_of(prometheus, scope=(equal("pod", "another"),))
    samples = await narrowed.read()
    await narrowed.close()
    assert [(each.labels, each.requests_per_second) for each in samples.requests] == [
        (SEEN_BY_BOTH, pytest.approx(10))
    ]


async def test_a_moment_of_the_past_is_read_as_it_was(source):
    samples = await source.samples_at(BEGAN + 300)
    assert ("old-v1", "b-v1", "200", "", "", "source") in rates(samples)
    assert samples.taken_at == BEGAN + 300
    assert ("old-v1", "b-v1", "200", "", "", "source") not in rates(await source.samples_at(BEGAN + 900))


# 100 s after its end the last samples are still there for a selector, but no rate could be taken.
@pytest.mark.parametrize("moment", [BEGAN - 3600, NOW + 100, NOW + 7200])
async def test_of_a_time_that_is_not_kept_it_says_so(prometheus, moment):
    later = source_of(prometheus, wall=lambda: NOW + 3600)
    with pytest.raises(NoHistory):
        await later.samples_at(moment)
    await later.close()


async def test_after_its_last_sample_nothing_is_known_of_a_subject(prometheus):
    later = source_of(prometheus, wall=lambda: NOW + 3600)
    item = "workload:bookinfo/a-v1->workload:bookinfo/b-v1:http"
    found = await between(later, item, since=NOW - 120, until=NOW + 600)
    await later.close()
    assert NOW <= found[-1].taken_at <= NOW + 60


async def test_it_knows_how_far_it_reaches(source):
    reach = await source.reach()
    assert reach.latest == NOW
    assert reach.earliest == pytest.approx(BEGAN, abs=600)
    assert reach.step_seconds == SCRAPE
    assert isinstance(source, Past)


def requests_of(reading: Samples) -> dict:
    return {(each.response_code, each.response_flags): each.requests_per_second for each in reading.requests}


async def between(source, item, since=BEGAN + 600, until=BEGAN + 1200, step=60.0):
    (subject, *_) = of("workload", item)
    return await source.samples_between(subject, since, until, step)


async def test_an_edge_over_time_counts_each_request_once(source):
    found = await between(source, "workload:bookinfo/a-v1->workload:bookinfo/b-v1:http")
    assert [each.taken_at for each in found] == [BEGAN + 660 + 60 * n for n in range(10)]
    for reading in found:
        # The caller's word counts, not the 25 that the destination reports beside it.
        assert requests_of(reading) == pytest.approx({("200", ""): 20, ("503", "UF,URX"): 5})
        edges, counts = zip(*reading.durations[0].buckets, strict=True)
        assert edges == (*EDGES, math.inf)
        assert counts[-1] == pytest.approx(25)
        assert quantiles([0.5], Histogram(edges, counts)) == [pytest.approx(50)]


async def test_a_node_over_time_adds_callers_without_a_proxy(source):
    found = await between(source, "workload:bookinfo/b-v1")
    total = sum(requests_of(found[-1]).values())
    assert total == pytest.approx(20 + 5 + 4 + 6)
    assert found[-1].durations[0].buckets[-1][1] == pytest.approx(29)


async def test_bytes_over_time_are_those_of_the_subject(source):
    (*_, last) = await between(source, "workload:bookinfo/a-v1->workload:bookinfo/db-v1:tcp")
    assert last.volumes[0][1:] == pytest.approx((1000, 50_000, 0, 0, 3, 2))
    (*_, last) = await between(source, "workload:bookinfo/a-v1->workload:bookinfo/c-v2:grpc")
    assert last.volumes[0][1:] == pytest.approx((400, 900, 20, 30, 0, 0))
    assert [each.grpc_response_status for each in last.requests] == ["14"]


async def test_a_subject_without_traffic_has_empty_steps_where_others_have_some(source):
    found = await between(source, "workload:bookinfo/a-v1->workload:bookinfo/idle-v1:http")
    assert len(found) == 10
    assert {(each.requests, each.durations, each.volumes) for each in found} == {((), (), ())}


async def test_steps_before_the_first_sample_are_missing(source):
    item = "workload:bookinfo/a-v1->workload:bookinfo/b-v1:http"
    found = await between(source, item, since=BEGAN - 300, until=BEGAN + 300)
    assert found[0].taken_at >= BEGAN
    with pytest.raises(NoHistory):
        await between(source, item, since=BEGAN - 7200, until=BEGAN - 3600)


async def test_a_range_has_no_more_points_than_can_be_drawn(source):
    item = "workload:bookinfo/a-v1->workload:bookinfo/b-v1:http"
    found = await between(source, item, since=BEGAN, until=NOW, step=1.0)
    assert 600 < len(found) <= 720
    assert all(0 < after.taken_at - before.taken_at < 4 for before, after in itertools.pairwise(found))


async def test_a_name_with_everything_in_it_can_be_asked_for(source):
    found = await source.samples_between(
        Subject("edge", (), ())._replace(alternatives=(edge_from(NASTY),)), NOW - 600, NOW, 60.0
    )
    assert requests_of(found[-1]) == {("200", ""): pytest.approx(6)}


def edge_from(workload):
    return (Matcher("source_workload", (workload,)), Matcher("destination_workload", ("", "b-v1")))


async def counts(source, service, seconds) -> dict:
    samples = await source.counted("bookinfo", service, NOW - seconds)
    assert (samples.taken_at, samples.counted_from) == (NOW, NOW - seconds)
    return {
        (each.labels.source_workload, each.labels.reporter, each.response_code): each.requests
        for each in samples.counts
    }


async def test_every_request_since_a_moment_is_counted_once(source):
    assert await counts(source, "b", 600) == {
        ("a-v1", "source", "200"): 12_000,
        ("a-v1", "source", "503"): 3_000,
        ("a-v1", "source", "500"): 600,
        ("a-v1", "destination", "200"): 15_000,
        ("", "destination", "200"): 2_400,
        (NASTY, "source", "200"): 3_600,
    }


async def test_what_began_before_the_moment_is_left_out(source):
    # Samples are 15 s apart: the first that is wholly after the moment is 10 s later.
    assert (await counts(source, "b", 595))["a-v1", "source", "503"] == 5 * 585


async def test_a_counter_that_is_born_counts_from_0_where_its_target_was_known(source):
    found = await counts(source, "counted", 600)
    # Of the one whose target is new nobody knows since when it counts: from its first sample on.
    assert found["born-v1", "source", "200"] == (100 + 600) + 600


async def test_a_counter_that_is_reset_loses_only_what_nobody_saw(source):
    # 285 until the last sample before the reset, and 300 after it.
    assert (await counts(source, "counted", 600))["born-v1", "source", "500"] == 285 + 300


async def test_of_a_service_that_is_not_there_nothing_is_counted(source):
    assert await counts(source, "no such", 600) == {}
