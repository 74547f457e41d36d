"""A Prometheus that misbehaves: bounded in time and size, told in plain words, and never old as new."""

import time

import pytest

from telemetry.prometheus.client import Client, Server
from telemetry.prometheus.source import PrometheusSource
from telemetry.source import SourceUnavailable
from tests.telemetry.builders import labels
from tests.telemetry.prometheus.bad import BadServer, series

EVERYBODY = frozenset()


@pytest.fixture
async def server():
    server = await BadServer().start()
    yield server
    await server.stop()


@pytest.fixture
async def source(server):
    source = source_of(server)
    yield source
    await source.close()


def source_of(server, wall=time.time, timeout_seconds=20.0) -> PrometheusSource:
    place = Server(server.url, timeout_seconds=timeout_seconds, max_body_bytes=2**20)
    return PrometheusSource(Client(place, wall=wall), scrape_seconds=15.0, wall=wall)


def rates(samples) -> dict[str, float]:
    return {each.labels.source_workload: each.requests_per_second for each in samples.requests}


async def test_one_that_is_well_is_read(source):
    samples = await source.read()
    assert rates(samples) == {"productpage-v1": 5}
    assert samples.durations[0].buckets[0] == (20, 2.5)
    assert samples.shortfall.told_to(None) == ""


@pytest.mark.parametrize(
    ("behaviour", "said"),
    [
        ("html", "Prometheus answered with a web page: is there a sign-in in front of it?"),
        ("html_as_json", "Prometheus answered with something else than figures."),
        ("html_error", "Prometheus answered with status 502."),
        ("no_json", "Prometheus answered with something else than figures."),
        ("another_json", "Prometheus answered with something else than figures."),
        ("a_list", "Prometheus answered with something else than figures."),
        ("a_scalar", "Prometheus answered with something else than figures."),
        ("error", "Prometheus could not answer a query."),
        ("error_as_success", "Prometheus could not answer a query."),
        ("unauthorized", "Prometheus refuses the credentials (status 401)."),
        ("missing", "There is no query API of Prometheus at its address (status 404)."),
        ("busy", "Prometheus is asked too often (status 429)."),
        ("elsewhere", "Prometheus answered with a redirect, which is not followed."),
        ("zipped", "Prometheus answered compressed, which was not asked for."),
        ("flood", "Prometheus answered with more than 1 MiB."),
        ("cut_off", "Prometheus cannot be reached."),
        ("yesterday", "Prometheus answered for another moment than it was asked about."),
        ("dead", "The newest samples in Prometheus are 200 s old."),
    ],
)
async def test_one_that_is_not_is_unavailable_and_read_again_when_it_is_well(server, source, behaviour, said):
    server.handler = getattr(server, behaviour)
    with pytest.raises(SourceUnavailable) as caught:
        await source.read()
    # What everybody is told names nothing; what the server itself says only those see who may see all.
    assert caught.value.shortfall.told_to(EVERYBODY) == said
    assert len(caught.value.shortfall.told_to(None)) < 500
    server.handler = server.well
    assert rates(await source.read()) == {"productpage-v1": 5}


@pytest.mark.parametrize("behaviour", ["hang", "drip"])
async def test_one_that_never_comes_to_an_end_is_not_waited_for(server, behaviour):
    server.handler = getattr(server, behaviour)
    source = source_of(server, timeout_seconds=0.5)
    with pytest.raises(SourceUnavailable) as caught:
        await source.read()
    await source.close()
    assert caught.value.shortfall.told_to(EVERYBODY) == "Prometheus did not answer within 0.5 s."


async def test_a_flood_is_not_read_to_its_end(server, source):
    server.handler = server.flood
    with pytest.raises(SourceUnavailable):
        await source.read()
    # 7 questions at once, of each a few megabytes at most are in the pipes.
    assert server.written < 7 * 20


async def test_the_words_of_the_server_are_only_for_who_may_see_all(server, source):
    server.handler = server.error
    with pytest.raises(SourceUnavailable) as caught:
        await source.read()
    assert "execution: too many samples in secret/pod-7" in caught.value.shortfall.told_to(None)
    assert "secret" not in caught.value.shortfall.told_to(EVERYBODY)


@pytest.mark.parametrize(
    ("text", "missing"),
    [
        ("histogram_quantile(0.95", "latencies"),
        ("istio_tcp_connections", "TCP traffic"),
        ("istio_request_bytes", "sizes and messages"),
        ("timestamp(", "the age of the samples"),
    ],
)
async def test_what_only_a_part_of_has_no_answer_is_read_without_it(server, source, text, missing):
    server.handler = server.failing_on(text)
    samples = await source.read()
    assert rates(samples) == {"productpage-v1": 5}
    assert samples.shortfall.told_to(EVERYBODY) == (
        f"Without {missing}: Prometheus could not answer a query."
    )
    assert bool(samples.durations) == (missing != "latencies")


async def test_a_warning_is_passed_on(server, source):
    server.handler = server.incomplete
    samples = await source.read()
    assert rates(samples) == {"productpage-v1": 5}
    said = samples.shortfall.told_to(EVERYBODY)
    assert said == "Prometheus says that its answer may be incomplete."
    assert "store secret-3 is away" in samples.shortfall.told_to(None)
    assert len(samples.shortfall.told_to(None)) < 1000


async def test_samples_that_are_late_are_said_to_be(server, source):
    server.handler = server.late
    samples = await source.read()
    assert samples.shortfall.told_to(EVERYBODY) == "The newest samples in Prometheus are 50 s old."


async def test_one_that_knows_nothing_of_the_mesh_has_measured_nothing(server, source):
    server.handler = server.empty
    samples = await source.read()
    assert not samples.measured
    assert samples.shortfall.told_to(EVERYBODY) == (
        "Prometheus has no samples of Istio's metrics from the last minutes."
    )


@pytest.mark.parametrize(("ahead", "word"), [(90, "ahead of"), (-90, "behind")])
async def test_clocks_that_differ_are_told(server, ahead, word):
    source = source_of(server, wall=lambda: time.time() + ahead)
    said = (await source.read()).shortfall.told_to(EVERYBODY)
    await source.close()
    assert said.startswith("This machine's clock is ")
    assert said.endswith(f" s {word} that of Prometheus.")


async def test_one_that_is_not_there_is_unavailable(server):
    source = source_of(server)
    await server.stop()
    with pytest.raises(SourceUnavailable) as caught:
        await source.read()
    await source.close()
    assert caught.value.shortfall.told_to(EVERYBODY) == "Prometheus cannot be reached."


async def test_series_that_are_no_use_are_left_out_and_the_others_read(server, source):
    now = time.time()
    name = "<b>\n\"'\\" + "n" * 10_240
    server.answering(
        series(labels(name), "1", now),
        series(labels("nan-v1"), "NaN", now),
        series(labels("inf-v1"), "+Inf", now),
        series(labels("minus-v1"), "-1", now),
        series(labels("word-v1"), "many", now),
        {"metric": {"reporter": 5}, "value": [now, "3"]},
        {"metric": ["reporter"], "value": [now, "3"]},
        {"metric": {}, "value": [now, "4"]},
        {"metric": {"reporter": "source"}, "histogram": [now, {"count": "1"}]},
        {"metric": {"reporter": "destination", "new_label": "x"}, "value": [now, "2"]},
    )
    samples = await source.read()
    assert rates(samples) == {name: 1, "": 2}
    assert len(samples.requests) == 3
    assert samples.shortfall.told_to(None) == "2 series that Prometheus answers cannot be read."


async def test_bytes_that_are_no_unicode_do_not_stop_the_reading(server, source):
    server.handler = server.no_unicode
    with pytest.raises(SourceUnavailable) as caught:
        await source.read()
    assert caught.value.shortfall.told_to(EVERYBODY) in (
        "Prometheus answered for another moment than it was asked about.",
        "Prometheus answered with something else than figures.",
    )
