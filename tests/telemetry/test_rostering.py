"""The roster follows the cluster, is made anew only when something changed, and stays while it is away."""

from cluster import kinds
from cluster.cache import Cache, Known
from cluster.errors import Unavailable
from cluster.fake import FakeCluster
from telemetry.rostering import Rosters


def named(kind, name: str):
    return {
        "apiVersion": kind.api_version,
        "kind": kind.kind,
        "metadata": {"name": name, "namespace": "shop"},
    }


class ToldCache:
    """A cache that answers what it is told."""

    def __init__(self) -> None:
        self.known = {}
        self.reads = 0

    def read(self, kind) -> Known:
        self.reads += 1
        return self.known.get(kind, Known((), 0.0))


def services(rosters: Rosters) -> list[str]:
    return [each.name for each in rosters.current().services]


def test_it_knows_nobody_before_it_looked_and_then_what_runs():
    cluster = FakeCluster([named(kinds.SERVICE, "reviews")])
    rosters = Rosters(lambda: Cache(cluster))
    assert services(rosters) == []
    rosters.look()
    assert services(rosters) == ["reviews"]


def test_it_is_the_same_roster_until_something_changes():
    cluster, cache = FakeCluster([named(kinds.SERVICE, "reviews")]), ToldCache()
    cache.known[kinds.SERVICE] = Cache(cluster).read(kinds.SERVICE)
    rosters = Rosters(lambda: cache)
    rosters.look()
    first = rosters.current()
    rosters.look()
    assert rosters.current() is first
    cluster.create(named(kinds.SERVICE, "ratings"))
    cache.known[kinds.SERVICE] = Cache(cluster).read(kinds.SERVICE)
    rosters.look()
    assert services(rosters) == ["ratings", "reviews"]


def test_what_is_known_stays_while_the_cluster_is_away():
    cache = ToldCache()
    cache.known[kinds.SERVICE] = Cache(FakeCluster([named(kinds.SERVICE, "reviews")])).read(kinds.SERVICE)
    away = [False]

    def of_now():
        if away[0]:
            raise Unavailable("connection refused")
        return cache

    rosters = Rosters(of_now)
    rosters.look()
    away[0] = True
    rosters.look()
    assert services(rosters) == ["reviews"]
    away[0] = False
    cache.known[kinds.SERVICE] = Known((), None, "away")
    rosters.look()
    assert services(rosters) == ["reviews"]


async def test_it_looks_again_and_again_whatever_goes_wrong():
    class EndError(Exception):
        pass

    looks = []

    def failing():
        looks.append(1)
        raise ZeroDivisionError

    async def sleep(seconds: float) -> None:
        assert seconds == 7
        if len(looks) == 3:
            raise EndError

    try:
        await Rosters(failing, look_seconds=7, sleep=sleep).run()
    except EndError:
        assert len(looks) == 3
