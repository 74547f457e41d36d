"""What a rollout is told of its cluster: by a cache that lags, by one that is broken, by nobody at all."""

import threading
from contextlib import contextmanager
from dataclasses import replace

import pytest

from cluster import connection, kinds
from cluster.errors import Unavailable
from cluster.fake import FakeCluster
from cluster.port import Event
from cluster.refs import Ref
from routing.rolling.mesh import pictures
from routing.rolling.mesh.worlds import Worlds
from routing.rolling.mesh.writer import Writer
from routing.rollouts.states import Rule
from tests.people import stranger
from tests.routing.rolling.rows import driven, goes
from tests.routing.rollouts.scenes import spec
from tests.routing.stage import (
    REVIEWS,
    REVIEWS_SUBSETS,
    WORKLOADS,
    bookinfo,
    destination_rule,
    pod,
    route,
    service,
    to_whole,
    virtual_service,
)

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def _without_waiting(settings):
    settings.ROUTING_SETTLE_SECONDS = 0


class Deaf:
    """A watch that stays open, and never tells anything: what a cache knows by it gets old unnoticed."""

    def __init__(self, until_closed):
        self._until_closed = until_closed

    def __iter__(self):
        yield Event("BOOKMARK", "1")
        self._until_closed.wait(30)

    def close(self):
        self._until_closed.set()


class Lagging(FakeCluster):
    """A cluster whose watches tell nothing once they are open."""

    def watch(self, kind, shape, resource_version, **more):
        return Deaf(threading.Event())


def staged(cls=FakeCluster, *more):
    return cls([
        *WORKLOADS,
        virtual_service("reviews", [{"route": route(("v1", 100))}]),
        destination_rule("reviews", ["v1", "v3"]),
        *more,
    ])  # fmt: skip


@contextmanager
def cached(cluster):
    """A cluster behind a running watch cache."""
    with connection.override(cluster):
        cache = connection.get().cache
        cache.start()
        assert cache.wait_until_settled(20)
        yield cluster


class TestWithALaggingCache:
    """It shows the cluster as it was at its start, and counts as current."""

    @pytest.fixture
    def cluster(self):
        with cached(staged(Lagging)) as found:
            yield found

    def test_what_stands_by_the_cache_is_told_without_a_question(self, cluster, olga):
        rollout, worlds = driven(olga, confirmed=Rule(0)), Worlds()
        before = len(cluster.calls)
        world = worlds.world(rollout)
        assert (world.standing, world.baseline, world.canary) == (Rule(0), "ready", "ready")
        assert (world.foreign, world.namespace_gone, world.may) == ("", False, True)
        assert len(cluster.calls) == before

    def test_a_write_of_ours_that_the_cache_has_not_heard_of_is_nobodys_edit(self, cluster, olga):
        rollout = goes(Writer(), driven(olga, confirmed=Rule(0)), Rule(5))
        world = Worlds().world(rollout)
        assert (world.standing, world.foreign) == (Rule(5), "")

    def test_each_of_several_writes_in_a_second_is_seen_at_once(self, cluster, olga):
        rollout, worlds = driven(olga, confirmed=Rule(0)), Worlds()
        for weight in (5, 25, 50, 100):
            rollout = goes(Writer(), rollout, Rule(weight))
            assert worlds.world(rollout).standing == Rule(weight)

    def test_a_subset_that_was_just_added_is_not_missed(self, olga):
        unlisted = destination_rule("reviews", ["v1"])
        with cached(Lagging([*WORKLOADS, unlisted])):
            rollout = goes(Writer(), driven(olga, confirmed=Rule(-1)), Rule(5))
            world = Worlds().world(rollout)
            assert (world.standing, world.foreign) == (Rule(5), "")

    def test_what_seems_gone_is_looked_for_before_it_is_said(self, olga):
        without = [each for each in WORKLOADS if each["metadata"]["name"] != "reviews-v3-a"]
        with cached(Lagging([*without, virtual_service("reviews", [{"route": route(("v1", 100))}])])) as late:
            rollout = driven(olga, confirmed=Rule(0))
            late.put(pod("reviews-v3-a", "reviews", "v3"))
            assert Worlds().world(rollout).canary == "ready"
            late.remove(Ref(kinds.POD, "bookinfo", "reviews-v3-a"))
            pictures.of(connection.get()).wrote()
            assert Worlds().world(rollout).canary == "gone"


class TestForeign:
    @pytest.fixture
    def cluster(self):
        with cached(staged()) as found:
            yield found

    @pytest.fixture
    def rollout(self, cluster, olga):
        return goes(Writer(), driven(olga, confirmed=Rule(0)), Rule(25))

    def test_other_weights_are_told_with_what_they_are(self, cluster, rollout):
        cluster.edit(REVIEWS, _weights(60, 40))
        world = _settled(rollout, lambda world: world.foreign)
        assert world.standing == Rule(40)
        assert "(v1 60 %, v3 40 %)" in world.foreign

    def test_a_deleted_virtual_service_and_destination_rule_are_told(self, cluster, rollout):
        cluster.remove(REVIEWS_SUBSETS)
        world = _settled(rollout, lambda world: world.foreign)
        assert (world.standing, "No DestinationRule" in world.foreign) == (Rule(-1), True)
        cluster.remove(REVIEWS)
        world = _settled(rollout, lambda world: "VirtualService" in world.foreign)
        assert "No VirtualService routes reviews any more" in world.foreign

    def test_a_rival_for_the_host_is_told(self, cluster, rollout):
        cluster.put(virtual_service("other", [{"route": to_whole()}], hosts=["reviews"]))
        world = _settled(rollout, lambda world: world.foreign)
        assert "VirtualService bookinfo/other" in world.foreign
        assert "all claim this host" in world.foreign

    def test_what_is_nobodys_but_others_changes_freely(self, cluster, rollout):
        def timeouts(each):
            each["spec"]["http"][0].update(timeout="9s", retries={"attempts": 2}, xFuture={"a": 1})
            each["spec"]["http"].insert(0, {"match": [{"uri": {"exact": "/a"}}], "route": route(("v2", 100))})

        cluster.edit(REVIEWS, timeouts)
        cluster.edit(
            REVIEWS_SUBSETS, lambda each: each["spec"]["subsets"].append({"name": "x", "labels": {}})
        )
        world = _settled(rollout, lambda _: len(_seen_rules(REVIEWS)) == 2)
        assert (world.standing, world.foreign) == (Rule(25), "")


class TestPresence:
    def test_versions_are_ready_not_ready_or_gone(self, olga):
        with cached(staged()) as cluster:
            rollout = driven(olga, confirmed=Rule(0))
            cluster.put(pod("reviews-v3-a", "reviews", "v3", ready=False))
            assert _settled(rollout, lambda world: world.canary != "ready").canary == "not_ready"
            cluster.remove(Ref(kinds.POD, "bookinfo", "reviews-v3-a"))
            assert _settled(rollout, lambda world: world.canary != "not_ready").canary == "gone"
            cluster.remove(Ref(kinds.SERVICE, "bookinfo", "reviews"))
            assert _settled(rollout, lambda world: world.baseline == "gone").canary == "gone"

    def test_a_namespace_that_ends_is_gone(self, olga):
        with cached(staged()) as cluster:
            rollout = driven(olga, confirmed=Rule(0))
            there = Ref(kinds.NAMESPACE, "", "bookinfo")
            cluster.edit(there, lambda each: each.update(status={"phase": "Terminating"}))
            assert _settled(rollout, lambda world: world.namespace_gone).namespace_gone
            cluster.remove(there)
            assert Worlds().world(rollout).namespace_gone


class TestAway:
    """A cluster that does not answer: nothing is known, and nothing is raised."""

    def test_nothing_stands_as_far_as_anybody_knows(self, olga):
        with connection.override(staged()) as cluster:
            rollout = driven(olga, confirmed=Rule(0))
            for _ in range(20):
                cluster.fail_next("list", Unavailable("away"))
            world = Worlds().world(rollout)
            assert (world.standing, world.foreign, world.canary) == (None, "", "unknown")

    def test_a_cluster_that_is_not_configured_any_more_is_one(self, olga):
        with connection.override(staged()):
            assert Worlds().world(driven(olga, cluster="elsewhere")).standing is None

    def test_it_is_waited_for_once_and_not_by_each_rollout(self, olga):
        cluster = staged()
        asked = []

        def hangs(*_args, **_more):
            asked.append(1)
            raise Unavailable("no answer")

        with connection.override(cluster):
            picture = pictures.of(connection.get())
            cluster.list = cluster.page = hangs
            for _ in range(200):
                assert picture.fresh("bookinfo", "reviews") is None
            assert len(asked) < 10


def test_two_hundred_rollouts_at_a_look_read_nothing_from_the_api(olga):
    names = [f"svc-{number}" for number in range(200)]
    more = [
        item
        for name in names
        for item in (
            service(name),
            pod(f"{name}-v1", name, "v1"),
            pod(f"{name}-v3", name, "v3"),
            virtual_service(name, [{"route": route(("v1", 95), ("v3", 5), host=name)}]),
            destination_rule(name, ["v1", "v3"]),
        )
    ]
    with cached(bookinfo(*more)) as cluster:
        rollouts = [driven(olga, spec_of(name), confirmed=Rule(5)) for name in names]
        worlds = Worlds()
        worlds.world(rollouts[0])
        before = len(cluster.calls)
        found = [worlds.world(each) for each in rollouts]
        assert {each.standing for each in found} == {Rule(5)}
        assert {each.may for each in found} == {True}
        assert len(cluster.calls) == before


def test_an_initiator_whose_rights_nobody_can_tell_is_neither_allowed_nor_not(shared_cluster, people):
    oscar = people["operator"]
    rollout = driven(oscar, confirmed=Rule(0))

    def away(identity, ask):
        raise Unavailable("no answer")

    shared_cluster.rights = away
    world = Worlds().world(rollout)
    assert world.may is None


def test_somebody_without_an_identity_may_not(cluster):
    assert Worlds().world(driven(stranger("nemo"), confirmed=Rule(0))).may is False


def spec_of(name):
    return replace(spec(), service=name)


def _weights(one, other):
    def edit(manifest):
        first, second = manifest["spec"]["http"][-1]["route"]
        first["weight"], second["weight"] = one, other

    return edit


def _seen_rules(ref):
    items = connection.get().cache.read(ref.kind).items
    return next(each["spec"]["http"] for each in items if each["metadata"]["name"] == ref.name)


def _settled(rollout, holds):
    """The world once something holds of it: watches bring it in a moment."""
    cache = connection.get().cache
    for _ in range(2000):
        revision = cache.revision(kinds.VIRTUAL_SERVICE)
        world = Worlds().world(rollout)
        if holds(world):
            return world
        cache.wait(kinds.VIRTUAL_SERVICE, revision, 0.01)
    pytest.fail(f"never came: {world}")
