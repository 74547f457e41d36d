"""Many objects at once into the store, and what compacting forgets."""

import asyncio

import pytest

from localmesh.apiserver import kinds
from localmesh.apiserver.errors import AlreadyExists, Gone
from localmesh.apiserver.store import Store
from tests.localmesh.apiserver.objects import pod


@pytest.fixture
def store():
    found = Store(None)
    yield found
    found.close()


def pods(count):
    return [(kinds.PODS, {**pod(f"p{number}"), "status": {"phase": "Running"}}) for number in range(count)]


def test_a_load_stores_what_single_creations_would(tmp_path):
    store = Store(tmp_path / "db")
    before = store.revision
    assert store.load(pods(3)) == 3
    assert store.revision == before + 3
    one = store.get(kinds.PODS, "bookinfo", "p1")
    assert one["status"] == {"phase": "Running"}
    assert one["metadata"]["uid"]
    assert one["metadata"]["resourceVersion"] == str(before + 2)
    store.close()
    again = Store(tmp_path / "db")
    assert again.get(kinds.PODS, "bookinfo", "p1") == one
    assert again.revision == before + 3
    again.close()


async def test_a_load_is_told_to_watchers(store):
    watch = store.watch(kinds.PODS)
    store.load(pods(3))
    assert [(each.type, each.record.name) for each in await watch.batch()] == [
        ("ADDED", "p0"),
        ("ADDED", "p1"),
        ("ADDED", "p2"),
    ]


def test_a_load_with_a_name_that_is_taken_stores_nothing(tmp_path):
    for extra in (pod("there"), pod("p1")):
        store = Store(tmp_path / extra["metadata"]["name"])
        store.create(kinds.PODS, pod("there"))
        before = store.revision
        with pytest.raises(AlreadyExists):
            store.load([*pods(2), (kinds.PODS, extra)])
        assert (store.revision, len(store.list(kinds.PODS))) == (before, 1)
        store.close()
        again = Store(tmp_path / extra["metadata"]["name"])
        assert len(again.list(kinds.PODS)) == 1
        again.close()


def test_a_watch_from_before_a_compaction_is_gone_and_one_from_then_is_not(store):
    start = store.revision
    store.load(pods(2))
    store.compact()
    with pytest.raises(Gone):
        store.watch(kinds.PODS, start)
    store.watch(kinds.PODS, store.revision).close()


async def test_a_watch_under_way_goes_on_over_a_compaction_and_misses_nothing(store):
    watch = store.watch(kinds.PODS)
    store.load(pods(2))
    store.compact()
    store.create(kinds.PODS, pod("later"))
    found = []
    while len(found) < 3:
        found += await asyncio.wait_for(watch.batch(), 5)
    assert [each.record.name for each in found] == ["p0", "p1", "later"]


async def test_a_batch_of_an_ended_watch_is_empty(store):
    watch = store.watch(kinds.PODS)
    watch.close()
    assert await watch.batch() == []


def test_what_changed_last_is_known_by_resource(store):
    assert store.changed(kinds.PODS) == 0
    store.create(kinds.PODS, pod("a"))
    first = store.changed(kinds.PODS)
    store.create(kinds.CONFIG_MAPS, pod("a"))
    assert store.changed(kinds.PODS) == first
    store.delete(kinds.PODS, "bookinfo", "a")
    assert store.changed(kinds.PODS) == store.revision
