"""Which pods are asked, and what happens while the cluster does not answer."""

import asyncio

import pytest

from cluster.errors import Unavailable
from cluster.fake import FakeCluster
from telemetry.direct import DirectSource
from telemetry.scrape import Scraper
from telemetry.source import SourceUnavailable
from telemetry.targets import PodTargets, targets
from tests.telemetry.exporters import Exporter
from tests.telemetry.fakes import Clock


def pod(name="a-v1-1", ip="10.0.0.1", phase="Running", containers=("app", "istio-proxy"), **metadata):
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": "bookinfo", "uid": f"uid-{name}", **metadata},
        "spec": {"containers": [{"name": each, "image": "x"} for each in containers]},
        "status": {"phase": phase, "podIP": ip},
    }


def test_a_running_pod_with_a_sidecar_is_asked_at_envoys_metrics_port():
    (target,) = targets([pod()])
    assert target.pod == "bookinfo/a-v1-1"
    address, _, query = target.url.partition("?")
    assert address == "http://10.0.0.1:15090/stats/prometheus"
    assert query == "usedonly&filter=istio.request(s_total|_duration)"


def test_a_native_sidecar_is_asked_too():
    native = pod(containers=("app",))
    native["spec"]["initContainers"] = [{"name": "istio-proxy", "image": "x"}]
    assert len(targets([native])) == 1


@pytest.mark.parametrize(
    "other",
    [
        pod(phase="Pending"),
        pod(phase="Failed"),
        pod(ip=""),
        pod(ip="metadata.example.com"),
        pod(ip="10.0.0.1@evil"),
        pod(containers=("app",)),
    ],
)
def test_other_pods_are_not_asked(other):
    assert targets([other]) == ()


def test_a_version_six_address_stands_in_brackets():
    (target,) = targets([pod(ip="fd00::1")])
    assert target.url.startswith("http://[fd00::1]:15090/")


def test_an_address_that_two_pods_claim_is_asked_once_for_the_one_that_stays():
    leaving = pod("old", deletionTimestamp="2026-01-01T00:00:00Z")
    for order in ([leaving, pod("new")], [pod("new"), leaving]):
        assert [target.pod for target in targets(order)] == ["bookinfo/new"]


def test_a_pod_made_anew_on_the_same_address_is_another_target():
    (before,), (after,) = targets([pod(uid="1")]), targets([pod(uid="2")])
    assert before.key != after.key


async def settled(listed: PodTargets):
    await listed.close()
    return await listed.current()


async def test_the_list_is_refreshed_every_two_seconds_in_the_background():
    cluster, clock = FakeCluster([pod()]), Clock()
    listed = PodTargets(lambda: cluster, clock)
    assert len(await listed.current()) == 1
    cluster.put(pod("b-v1-1", "10.0.0.2"))
    clock.now += 1
    assert len(await settled(listed)) == 1
    clock.now += 1
    await listed.current()
    assert len(await settled(listed)) == 2
    assert len(cluster.calls) == 2


async def test_while_the_cluster_is_away_the_old_list_stays_and_that_is_said():
    cluster, clock = FakeCluster([pod()]), Clock()
    listed = PodTargets(lambda: cluster, clock)
    await listed.current()
    cluster.fail_next("list", Unavailable("connection refused"))
    clock.now += 2
    await listed.current()
    assert len(await settled(listed)) == 1
    assert "not up to date" in listed.problem
    assert "connection refused" in listed.problem
    clock.now += 2
    await listed.current()
    await settled(listed)
    assert listed.problem == ""


async def test_as_long_as_the_cluster_never_answered_there_are_no_targets():
    cluster, clock = FakeCluster([pod()]), Clock()
    cluster.fail_next("list", Unavailable("connection refused"))
    listed = PodTargets(lambda: cluster, clock)
    with pytest.raises(SourceUnavailable, match="connection refused"):
        await listed.current()
    with pytest.raises(SourceUnavailable, match="connection refused"):
        await listed.current()
    clock.now += 2
    assert len(await listed.current()) == 1


async def test_from_the_cluster_to_rates_over_real_sockets():
    exporter = await Exporter("a-v1", host="127.93.0.7", port=15090).start()
    cluster, clock = FakeCluster([pod(ip="127.93.0.7")]), Clock()
    source = DirectSource(PodTargets(lambda: cluster, clock), Scraper(), window_seconds=10, clock=clock)
    try:
        await source.read()
        exporter.requests = 30
        clock.now += 2
        (rate,) = (await source.read()).requests
        assert rate.requests_per_second == 15
        assert exporter.queries[0] == "usedonly&filter=istio.request(s_total|_duration)"
    finally:
        await source.close()
        await exporter.stop()
        await asyncio.sleep(0)
