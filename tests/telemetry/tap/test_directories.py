"""The directory of a cluster: one for all, and no older than two seconds."""

from cluster.cache import Cache
from cluster.fake import FakeCluster
from telemetry.tap.directories import FRESH_SECONDS, Directories
from tests.telemetry.fakes import Clock
from tests.telemetry.tap.samples import PODS, pod


def test_it_is_made_once_and_again_when_something_has_changed_and_time_has_passed():
    clock, cluster = Clock(), FakeCluster(PODS)
    cache, directories = Cache(cluster), Directories(clock)
    first = directories.of(cache)
    assert first.by_ip["10.0.0.5"].pod == "reviews-1"
    cluster.put(pod("reviews-3", "10.0.0.33"))
    assert directories.of(cache) is first
    clock.now += FRESH_SECONDS
    assert directories.of(cache).by_ip["10.0.0.33"].pod == "reviews-3"


def test_each_cluster_has_its_own():
    directories = Directories()
    one, other = Cache(FakeCluster(PODS)), Cache(FakeCluster())
    assert directories.of(one).by_ip
    assert directories.of(other).by_ip == {}
