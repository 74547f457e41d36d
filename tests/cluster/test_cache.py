"""The watch cache as the pages see it: what it knows, how old that is, what is wrong, what differs."""

import logging
import threading

import msgspec
import pytest

from cluster import checking, kinds
from cluster.cache import Cache, Known
from cluster.checking import Difference
from cluster.errors import Forbidden, Unavailable
from cluster.fake import FakeCluster
from cluster.port import Event
from cluster.reflector import Pace
from tests.cluster.watched import rule, service, service_ref

SOON = 20.0
KINDS = (kinds.NAMESPACE, kinds.SERVICE, kinds.VIRTUAL_SERVICE)
QUICK = Pace(backoff=(0.01, 0.02), steady=0.01, slow=0.02, silence=20.0, check_again=0.01)


@pytest.fixture
def cluster():
    return FakeCluster([service("a"), service("b"), service("c", "other"), rule("r")])


@pytest.fixture
def running():
    """Starts a cache, and stops it when the test is over."""
    started = []

    def start(cluster, kinds=KINDS, **options):
        cache = Cache(cluster, kinds, pace=options.pop("pace", QUICK), **options)
        started.append(cache)
        cache.start()
        assert cache.wait_until_settled(SOON)
        return cache

    yield start
    for cache in started:
        cache.stop()


def names(known):
    return [it["metadata"]["name"] if isinstance(it, dict) else it.metadata.name for it in known.items]


def until(cache, kind, holds):
    """Waits for changes of a kind until something holds of what is known."""
    for _ in range(2000):
        revision = cache.revision(kind)
        if holds(cache.read(kind)):
            return
        cache.wait(kind, revision, 0.02)
    pytest.fail(f"never came: {cache.read(kind)}")


class TestRunning:
    def test_shows_what_there_is_and_then_what_changes(self, cluster, running):
        cache = running(cluster)
        assert names(cache.read(kinds.SERVICE)) == ["c", "a", "b"]
        assert names(cache.read(kinds.SERVICE, "shop")) == ["a", "b"]
        assert cache.read(kinds.VIRTUAL_SERVICE).items[0]["spec"]["hosts"] == ["reviews"]
        cluster.put(service("d"))
        cluster.remove(service_ref("a"))
        until(cache, kinds.SERVICE, lambda known: names(known) == ["c", "b", "d"])

    def test_answers_the_same_items_until_one_changes(self, cluster, running):
        cache = running(cluster)
        assert cache.read(kinds.SERVICE).items is cache.read(kinds.SERVICE).items
        assert cache.read(kinds.SERVICE, "shop").items is cache.read(kinds.SERVICE, "shop").items

    def test_is_no_older_than_now(self, cluster, running):
        cache = running(cluster)
        until(cache, kinds.SERVICE, lambda known: known == Known(known.items, 0.0, "", served=True))

    def test_survives_cuts_and_forgotten_moments(self, cluster, running):
        cache = running(cluster)
        cluster.cut_watches()
        cluster.forget()
        cluster.put(service("d"))
        until(cache, kinds.SERVICE, lambda known: names(known) == ["c", "a", "b", "d"])

    def test_counts_what_it_did(self, cluster, running):
        cache = running(cluster)
        cluster.put(service("d"))
        until(cache, kinds.SERVICE, lambda known: "d" in names(known))
        status = {each.kind: each for each in cache.status()}[kinds.SERVICE]
        assert (status.synced, status.objects, status.lists, status.events) == (True, 4, 1, 1)
        assert (status.namespace, status.problem) == (None, "")
        assert int(status.resource_version) > 4

    def test_reads_a_kind_that_it_does_not_watch_from_the_cluster(self, cluster, running):
        cache = running(cluster, (kinds.NAMESPACE,))
        assert names(cache.read(kinds.SERVICE)) == ["c", "a", "b"]

    def test_tells_listeners_once_a_change_can_be_read(self, cluster, running):
        cache = running(cluster)
        seen, done = [], threading.Event()

        def listener(kind, changes):
            seen.append((kind, changes[0].type, "d" in names(cache.read(kind))))
            done.set()

        forget = cache.subscribe(listener)
        cluster.put(service("d"))
        assert done.wait(SOON)
        assert seen == [(kinds.SERVICE, "ADDED", True)]
        forget()
        cluster.put(service("e"))
        until(cache, kinds.SERVICE, lambda known: "e" in names(known))
        assert len(seen) == 1

    def test_outlives_a_listener_that_fails(self, cluster, running, caplog):
        cache = running(cluster)
        cache.subscribe(lambda _kind, _changes: 1 / 0)
        with caplog.at_level(logging.ERROR, "cluster.cache"):
            cluster.put(service("d"))
            cluster.put(service("e"))
            until(cache, kinds.SERVICE, lambda known: "e" in names(known))
        assert cache.read(kinds.SERVICE).problem == ""

    def test_waits_for_a_change_and_not_for_ever(self, cluster, running):
        cache = running(cluster)
        revision = cache.revision(kinds.SERVICE)
        assert cache.wait(kinds.SERVICE, revision, 0.01) == revision
        cluster.put(service("d"))
        assert cache.wait(kinds.SERVICE, revision, SOON) > revision

    def test_ends_all_its_threads_when_it_stops(self, cluster, running):
        before = set(threading.enumerate())
        cache = running(cluster)
        assert len(set(threading.enumerate()) - before) == len(KINDS) + 1
        cache.stop()
        assert set(threading.enumerate()) <= before
        assert not cache.running
        assert names(cache.read(kinds.SERVICE)) == ["c", "a", "b"]

    def test_can_be_started_twice_and_again(self, cluster, running):
        cache = running(cluster)
        cache.start()
        assert len(cache.status()) == len(KINDS)
        cache.stop()
        cache.stop()
        cache.start()
        assert cache.wait_until_settled(SOON)
        assert cache.read(kinds.SERVICE).age_seconds == 0.0


class TestTrouble:
    def test_before_the_first_list_says_that_nothing_is_known(self, cluster, running):
        cluster.rights = lambda _identity, ask: ask.kind is not kinds.SERVICE
        known = running(cluster).read(kinds.SERVICE)
        assert (known.items, known.age_seconds) == ((), None)
        assert known.problem.startswith("meshui cannot read services: The cluster does not allow this.")

    def test_leaves_the_last_known_objects_with_their_age(self, cluster, running):
        cache = running(cluster)
        cluster.rights = lambda _identity, _ask: False
        cluster.cut_watches()
        until(cache, kinds.SERVICE, lambda known: known.problem and known.age_seconds)
        assert names(cache.read(kinds.SERVICE)) == ["c", "a", "b"]

    def test_a_kind_that_is_not_served_is_none(self, cluster, running):
        cluster.unserved.add(kinds.VIRTUAL_SERVICE)
        cache = running(cluster)
        assert cache.read(kinds.VIRTUAL_SERVICE) == Known((), 0.0, "", served=False)
        problems = {each.kind: each.problem for each in cache.status()}
        assert problems[kinds.VIRTUAL_SERVICE] == "The cluster does not serve virtualservices."
        cluster.unserved.clear()
        until(cache, kinds.VIRTUAL_SERVICE, lambda known: known.served and names(known) == ["r"])


class TestSomeNamespaces:
    @pytest.fixture
    def cluster(self, cluster):
        cluster.put(service("d", "third"))
        cluster.rights = lambda _identity, ask: ask.namespace in {"shop", "other"}
        return cluster

    def test_are_watched_each_on_its_own(self, cluster, running):
        cache = running(cluster, namespaces=("shop", "other"))
        assert names(cache.read(kinds.SERVICE)) == ["c", "a", "b"]
        assert cache.read(kinds.SERVICE).items is cache.read(kinds.SERVICE).items
        assert names(cache.read(kinds.SERVICE, "other")) == ["c"]
        cluster.put(service("e", "other"))
        until(cache, kinds.SERVICE, lambda known: names(known) == ["c", "e", "a", "b"])

    def test_that_are_denied_are_named_while_the_others_work(self, cluster, running):
        cache = running(cluster, namespaces=("shop", "third", "fourth"))
        until(cache, kinds.SERVICE, lambda known: known.age_seconds == 0.0)
        known = cache.read(kinds.SERVICE)
        assert names(known) == ["a", "b"]
        assert known.problem.startswith("meshui cannot read services in fourth, third: ")
        assert cache.read(kinds.SERVICE, "shop").problem == ""
        assert cache.read(kinds.SERVICE, "third").age_seconds is None

    def test_that_are_not_among_the_configured_ones_are_unknown(self, cluster, running):
        known = running(cluster, namespaces=("shop",)).read(kinds.SERVICE, "other")
        assert (known.items, known.age_seconds) == ((), None)
        assert "other" in known.problem

    def test_that_are_not_among_the_configured_ones_are_not_told_of(self, cluster, running):
        cluster.rights = lambda _identity, _ask: True
        cache = running(cluster, namespaces=("shop", "nowhere"))
        assert names(cache.read(kinds.NAMESPACE)) == ["shop"]
        assert cache.read(kinds.NAMESPACE).items is cache.read(kinds.NAMESPACE).items
        fresh = Cache(cluster, namespaces=("shop", "nowhere"))
        assert names(fresh.read(kinds.NAMESPACE)) == ["shop"]
        assert fresh.read(kinds.SERVICE, "other") == cache.read(kinds.SERVICE, "other")

    def test_are_the_known_ones_where_they_cannot_be_listed(self, cluster, running):
        known = running(cluster, namespaces=("shop", "third")).read(kinds.NAMESPACE)
        assert (names(known), known.problem) == (["shop", "third"], "")
        assert names(Cache(cluster, namespaces=("shop", "third")).read(kinds.NAMESPACE)) == ["shop", "third"]

    def test_are_asked_one_by_one_where_it_does_not_run(self, cluster):
        known = Cache(cluster, namespaces=("shop", "third")).read(kinds.SERVICE)
        assert (names(known), known.age_seconds) == (["a", "b"], 0.0)
        assert known.problem.startswith("meshui cannot read services in third: ")


class TestNotRunning:
    def test_asks_the_cluster_each_time(self, cluster):
        cache = Cache(cluster)
        assert names(cache.read(kinds.SERVICE, "shop")) == ["a", "b"]
        cluster.put(service("d"))
        assert cache.read(kinds.SERVICE, "shop") == Known(cache.read(kinds.SERVICE, "shop").items)
        assert names(cache.read(kinds.SERVICE, "shop")) == ["a", "b", "d"]
        assert (cache.running, cache.status(), cache.check(), cache.revision(kinds.SERVICE)) == (
            False,
            (),
            (),
            0,
        )

    @pytest.mark.parametrize("error", [Unavailable("No connection."), Forbidden("No.")])
    def test_never_raises_for_a_cluster_that_is_away(self, cluster, error):
        cluster.fail_next("list", error)
        known = Cache(cluster).read(kinds.SERVICE)
        assert known == Known((), None, f"meshui cannot read services: {error.message}")

    def test_has_nothing_of_a_kind_that_is_not_served(self, cluster):
        cluster.unserved.add(kinds.VIRTUAL_SERVICE)
        assert Cache(cluster).read(kinds.VIRTUAL_SERVICE) == Known((), 0.0, "", served=False)


class TestTheConsistencyCheck:
    def spoil(self, cache):
        """Takes an object out of the cache behind the watch's back."""
        store = cache._reflectors[kinds.SERVICE][0].store
        lost = store.read("shop")[0]
        store.apply(Event("DELETED", "1", lost))
        return lost.metadata

    def watching(self, cache):
        until(cache, kinds.SERVICE, lambda _known: all(each.watching for each in cache._every()))

    def test_finds_nothing_where_all_is_well(self, cluster, running):
        cache = running(cluster)
        self.watching(cache)
        assert cache.check() == ()

    def test_finds_what_is_missing_what_is_another_and_what_should_be_gone(self, cluster, running):
        cache = running(cluster)
        self.watching(cache)
        lost = self.spoil(cache)
        store = cache._reflectors[kinds.SERVICE][0].store
        (other,) = store.read("shop")
        meta = msgspec.structs.replace(other.metadata, resource_version="x9")
        store.apply(Event("MODIFIED", "1", msgspec.structs.replace(other, metadata=meta)))
        ghost = msgspec.structs.replace(meta, name="ghost", uid="ghost")
        store.apply(Event("ADDED", "1", msgspec.structs.replace(other, metadata=ghost)))
        assert cache.check() == (
            Difference(kinds.SERVICE, "shop", "a", "", lost.resource_version),
            Difference(kinds.SERVICE, "shop", "b", "x9", other.metadata.resource_version),
            Difference(kinds.SERVICE, "shop", "ghost", "x9", ""),
        )
        assert str(cache.check()[0]) == f"Service shop/a (cached not, listed {lost.resource_version})"

    def test_does_not_count_what_the_watch_brings_in_a_moment(self, cluster, running):
        cache = running(cluster)
        self.watching(cache)
        reflector = cache._reflectors[kinds.SERVICE][0]
        whole = reflector.store.read()
        self.spoil(cache)
        assert checking.compare(cluster, reflector, lambda: None) != ()
        assert checking.compare(cluster, reflector, lambda: reflector.store.replace(whole, "1")) == ()

    def test_does_not_count_what_has_changed_again_meanwhile(self, cluster, running):
        cache = running(cluster)
        self.watching(cache)
        self.spoil(cache)
        reflector = cache._reflectors[kinds.SERVICE][0]
        assert checking.compare(cluster, reflector, lambda: cluster.remove(service_ref("a"))) == ()

    def test_says_nothing_while_the_cluster_does_not_answer(self, cluster, running):
        cache = running(cluster)
        self.watching(cache)
        self.spoil(cache)
        cluster.fail_next("list", Unavailable("No connection."))
        cluster.fail_next("list", Unavailable("No connection."))
        assert cache._compare(cache._reflectors[kinds.SERVICE][0]) == ()

    def test_runs_by_itself_says_so_and_mends(self, cluster, running, caplog):
        pace = Pace(backoff=(0.01, 0.02), steady=0.01, silence=20.0, check_every=0.05, check_again=0.01)
        cache = running(cluster, pace=pace)
        self.watching(cache)
        with caplog.at_level(logging.ERROR, "cluster.cache"):
            self.spoil(cache)
            until(cache, kinds.SERVICE, lambda known: names(known) == ["c", "a", "b"])
        assert "the cache differs from a list: Service shop/a" in caplog.text

    def test_names_a_few_differences_and_counts_the_rest(self):
        found = [Difference(kinds.SERVICE, "shop", f"s-{number}", "1", "2") for number in range(8)]
        assert checking.summary(found).endswith("Service shop/s-4 (cached 1, listed 2) and 3 more")
