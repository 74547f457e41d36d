"""Watches, on each of the three clusters: every change after a moment, in order, once.

the time that was agreed on is over      the iteration ends
`close`, from any thread                 the iteration ends, at once
not a word for the agreed `silence`      Unavailable
a moment that the server has forgotten   Expired, at once or in the iteration
a namespace that cannot be one           ValueError, and nothing is sent

Bookmarks come when the server likes, about once a minute on the real one; the fake sends them when told to.
They carry a moment and no object.
"""

import threading
from typing import Any

import pytest

from cluster import kinds
from cluster.errors import Expired, Unavailable
from cluster.objects import Service
from cluster.refs import Ref
from tests.cluster.backends import virtual_service

Manifest = dict[str, Any]
LONG = {"seconds": 60.0, "silence": 50.0}


@pytest.fixture
def cluster(backend):
    return backend.cluster


class Stage:
    """Changes to the objects of one namespace, made by their names."""

    def __init__(self, cluster, namespace):
        self.cluster = cluster
        self.namespace = namespace

    def ref(self, name):
        return Ref(kinds.VIRTUAL_SERVICE, self.namespace, name)

    def make(self, name):
        return self.cluster.create(virtual_service(self.namespace, name))

    def change(self, name, subset):
        manifest = self.cluster.get(self.ref(name))
        return self.cluster.replace(
            {**manifest, "spec": virtual_service(self.namespace, name, subset)["spec"]}
        )

    def remove(self, name):
        self.cluster.delete(self.ref(name), self.cluster.get(self.ref(name))["metadata"]["resourceVersion"])

    def now(self):
        return self.cluster.list(kinds.VIRTUAL_SERVICE, self.namespace).resource_version

    def watch(self, since, **options):
        options = {**LONG, "namespace": self.namespace, **options}
        return self.cluster.watch(kinds.VIRTUAL_SERVICE, Manifest, since, **options)

    def seen(self, since, number, **options):
        """The first changes after a moment, bookmarks left out."""
        return taken(self.watch(since, **options), number)


@pytest.fixture
def stage(backend):
    return Stage(backend.cluster, backend.namespace)


def taken(watch, number):
    found = []
    for event in watch:
        if event.type != "BOOKMARK":
            found.append(event)
        if len(found) == number:
            watch.close()
    assert len(found) == number
    return found


def told(events):
    return [(event.type, event.object["metadata"]["name"]) for event in events]


def test_every_change_is_told_in_order_with_the_object_as_it_was_then(stage):
    start = stage.now()
    made = stage.make("a")
    stage.make("b")
    changed = stage.change("a", "v2")
    stage.remove("b")
    events = stage.seen(start, 4)
    assert told(events) == [("ADDED", "a"), ("ADDED", "b"), ("MODIFIED", "a"), ("DELETED", "b")]
    assert events[0].object["spec"] == made["spec"]
    assert events[2].object["spec"] == changed["spec"]
    assert [event.resource_version for event in events[0:3:2]] == [
        item["metadata"]["resourceVersion"] for item in (made, changed)
    ]
    assert {(event.object["kind"], event.object["apiVersion"]) for event in events} == {
        ("VirtualService", "networking.istio.io/v1")
    }
    versions = [int(event.resource_version) for event in events]
    assert versions == sorted(set(versions))


def test_what_is_gone_is_told_as_it_last_stood_with_the_version_of_its_end(stage):
    made = stage.make("a")
    start = stage.now()
    stage.remove("a")
    (gone,) = stage.seen(start, 1)
    assert gone.object["spec"] == made["spec"]
    assert gone.object["metadata"]["uid"] == made["metadata"]["uid"]
    assert gone.object["metadata"]["resourceVersion"] == gone.resource_version
    assert gone.resource_version != made["metadata"]["resourceVersion"]


def test_changes_come_while_the_watch_is_open(stage):
    found = []
    watch = stage.watch(stage.now())
    thread = threading.Thread(target=lambda: found.extend(taken(watch, 2)))
    thread.start()
    stage.make("a")
    stage.change("a", "v2")
    thread.join(20)
    assert told(found) == [("ADDED", "a"), ("MODIFIED", "a")]


def test_a_watch_goes_on_from_every_version_without_loss_or_repetition(stage):
    start = stage.now()
    stage.make("a")
    stage.make("b")
    stage.change("a", "v2")
    stage.remove("a")
    stage.make("a")
    stage.change("b", "v2")
    events = stage.seen(start, 6)
    for place, event in enumerate(events[:-1]):
        rest = stage.seen(event.resource_version, len(events) - place - 1)
        assert [one.resource_version for one in rest] == [one.resource_version for one in events[place + 1 :]]
        assert told(rest) == told(events[place + 1 :])


def test_a_watch_of_one_namespace_hears_of_no_other_and_one_of_all_hears_of_both(backend, stage):
    elsewhere = Stage(backend.cluster, backend.other)
    start = stage.now()
    elsewhere.make("x")
    stage.make("a")
    elsewhere.make("y")
    stage.make("b")
    assert told(stage.seen(start, 2)) == [("ADDED", "a"), ("ADDED", "b")]
    everywhere = taken(backend.cluster.watch(kinds.VIRTUAL_SERVICE, Manifest, start, **LONG), 4)
    assert told(everywhere) == [("ADDED", "x"), ("ADDED", "a"), ("ADDED", "y"), ("ADDED", "b")]


def test_a_watch_hears_of_its_kind_only(backend, cluster, stage):
    start = stage.now()
    cluster.create(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "reviews", "namespace": backend.namespace, "labels": {"app": "reviews"}},
            "spec": {"ports": [{"port": 80}]},
        }
    )
    stage.make("a")
    assert told(stage.seen(start, 1)) == [("ADDED", "a")]
    watch = cluster.watch(kinds.SERVICE, Service, start, namespace=backend.namespace, **LONG)
    (event,) = taken(watch, 1)
    assert event.object.metadata.labels == {"app": "reviews"}
    assert event.object.metadata.resource_version == event.resource_version


def test_a_dry_run_is_no_change(stage, backend):
    start = stage.now()
    backend.cluster.create(virtual_service(backend.namespace, "tried"), dry_run=True)
    stage.make("a")
    assert told(stage.seen(start, 1)) == [("ADDED", "a")]


def test_a_watch_ends_in_good_order_when_its_time_is_over(stage):
    start = stage.now()
    stage.make("a")
    events = list(stage.watch(start, seconds=1.0, silence=30.0))
    assert told(event for event in events if event.type != "BOOKMARK") == [("ADDED", "a")]


def test_bookmarks_carry_a_moment_and_no_object(backend, stage):
    start = stage.now()
    events = list(stage.watch(start, seconds=1.0, silence=30.0))
    assert {event.type for event in events} <= {"BOOKMARK"}
    assert all(event.object is None for event in events)
    assert all(int(event.resource_version) >= int(start) for event in events)


def test_closing_from_another_thread_ends_it(stage):
    start = stage.now()
    stage.make("a")
    watch = stage.watch(start)
    heard, ended = threading.Event(), threading.Event()
    found = []

    def listen():
        for event in watch:
            found.append(event)
            heard.set()
        ended.set()

    thread = threading.Thread(target=listen, daemon=True)
    thread.start()
    assert heard.wait(20)
    watch.close()
    assert ended.wait(20), "the watch went on for its whole time"
    assert told(found) == [("ADDED", "a")]
    thread.join()


def test_a_watch_that_is_closed_before_it_is_read_tells_nothing(stage):
    start = stage.now()
    stage.make("a")
    watch = stage.watch(start)
    watch.close()
    watch.close()
    assert list(watch) == []


def test_silence_counts_as_a_broken_connection(stage):
    with pytest.raises(Unavailable):
        list(stage.watch(stage.now(), seconds=60.0, silence=0.3))


def test_a_forgotten_moment_is_expired_and_a_new_list_helps(backend, stage):
    stage.make("a")
    too_old = backend.forget()
    with pytest.raises(Expired):
        list(stage.watch(too_old, seconds=5.0))
    start = stage.now()
    stage.make("b")
    assert told(stage.seen(start, 1)) == [("ADDED", "b")]


def test_an_open_watch_outlives_what_the_server_forgets(backend, stage):
    watch = stage.watch(stage.now())
    stage.make("a")
    walk = iter(watch)
    first = next(event for event in walk if event.type != "BOOKMARK")
    backend.forget()
    stage.make("b")
    second = next(event for event in walk if event.type != "BOOKMARK")
    watch.close()
    assert told([first, second]) == [("ADDED", "a"), ("ADDED", "b")]


def test_a_namespace_that_is_none_is_not_watched(cluster):
    with pytest.raises(ValueError, match="cannot be the namespace"):
        cluster.watch(kinds.VIRTUAL_SERVICE, Manifest, "1", namespace="..", **LONG)
