"""Which pods are asked, and what happens while the cluster does not answer."""

import asyncio

import msgspec
import pytest

from cluster import connection, objects
from cluster.cache import Cache, Known
from cluster.errors import Unavailable
from cluster.fake import FakeCluster
from telemetry.direct import DirectSource
from telemetry.scrape import Scraper
from telemetry.source import SourceUnavailable
from telemetry.targets import PodTargets
from telemetry.targets import targets as targets_of
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


def targets(pods):
    return targets_of(msgspec.convert(pods, list[objects.Pod]))


def test_a_running_pod_with_a_sidecar_is_asked_at_envoys_metrics_port():
    (target,) = targets([pod()])
    assert (target.namespace, target.pod) == ("bookinfo", "a-v1-1")
    address, _, query = target.url.partition("?")
    assert address == "http://10.0.0.1:15090/stats/prometheus"
    assert query == "usedonly&filter=istio.request(s_total|_duration)"


def test_a_native_sidecar_is_asked_too():
    native = pod(containers=("app",))
    native["spec"]["initContainers"] = [{"name": "istio-proxy", "image": "x"}]
    assert len(targets([native])) == 1


def test_a_gateway_is_asked_too():
    assert len(targets([pod(containers=("istio-proxy",))])) == 1


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
        assert [target.pod for target in targets(order)] == ["new"]


def test_a_pod_made_anew_on_the_same_address_is_another_target():
    (before,), (after,) = targets([pod(uid="1")]), targets([pod(uid="2")])
    assert before.key != after.key


class Pods:
    """The watch cache's answer about pods, told by the test."""

    def __init__(self, *pods) -> None:
        self.known = Known(self.of(*pods))

    @staticmethod
    def of(*pods) -> tuple[objects.Pod, ...]:
        return msgspec.convert(pods, tuple[objects.Pod, ...])

    def read(self, kind) -> Known:
        return self.known


def listed(cache) -> PodTargets:
    return PodTargets(lambda: cache)


async def test_a_pod_that_comes_is_asked_from_the_next_reading_on():
    cluster = FakeCluster([pod()])
    proxies = listed(Cache(cluster))
    assert [target.pod for target in await proxies.current()] == ["a-v1-1"]
    cluster.put(pod("b-v1-1", "10.0.0.2"))
    assert [target.pod for target in await proxies.current()] == ["a-v1-1", "b-v1-1"]


async def test_the_pods_are_gone_through_only_when_one_has_changed():
    pods = Pods(pod())
    proxies = listed(pods)
    first = await proxies.current()
    assert await proxies.current() is first
    pods.known = Known(pods.of(pod()))
    assert await proxies.current() is not first


async def test_only_pods_that_have_changed_are_looked_at_again():
    pods = Pods(pod(), pod("b-v1-1", "10.0.0.2"))
    proxies = listed(pods)
    (a, b) = await proxies.current()
    pods.known = Known((pods.known.items[0], *pods.of(pod("b-v1-1", "10.0.0.3"))))
    (same, moved) = await proxies.current()
    assert same is a
    assert moved.url == b.url.replace("10.0.0.2", "10.0.0.3")


async def test_while_the_cluster_is_away_the_old_list_stays_and_that_is_said():
    pods = Pods(pod())
    proxies = listed(pods)
    await proxies.current()
    pods.known = Known(pods.known.items, 12.0, "The cluster does not answer. connection refused")
    assert len(await proxies.current()) == 1
    assert "not up to date" in proxies.problem.told_to(None)
    assert "connection refused" in proxies.problem.told_to(None)
    assert proxies.problem.told_to(frozenset({"bookinfo"})) == "The list of pods is not up to date."
    pods.known = Known(pods.known.items)
    await proxies.current()
    assert proxies.problem.told_to(None) == ""


async def test_a_cache_that_forgets_its_pods_does_not_make_the_console_forget_them():
    pods = Pods(pod())
    proxies = listed(pods)
    await proxies.current()
    pods.known = Known((), None, "The cluster does not answer.")
    assert len(await proxies.current()) == 1


async def test_as_long_as_no_pods_were_ever_listed_there_is_no_source():
    pods = Pods()
    pods.known = Known((), None, "The cluster does not answer. connection refused")
    proxies = listed(pods)
    with pytest.raises(SourceUnavailable, match="connection refused"):
        await proxies.current()
    pods.known = Known(pods.of(pod()))
    assert len(await proxies.current()) == 1


async def test_without_a_way_to_the_cluster_there_is_no_source():
    def nowhere():
        raise Unavailable("no kubeconfig")

    with pytest.raises(SourceUnavailable, match="no kubeconfig"):
        await PodTargets(nowhere).current()


async def test_from_the_cluster_to_rates_over_real_sockets():
    exporter = await Exporter("a-v1", host="127.93.0.7", port=15090).start()
    clock = Clock()
    with connection.override(FakeCluster([pod(ip="127.93.0.7")])):
        proxies = PodTargets(lambda: connection.get().cache)
        source = DirectSource(proxies, Scraper(), window_seconds=10, clock=clock)
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
