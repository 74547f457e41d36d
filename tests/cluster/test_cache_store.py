"""What a list and events, in order, late, doubled or of another life of a name, leave in the store."""

import msgspec
import pytest

from cluster import objects
from cluster.port import Event
from cluster.store import REMEMBERED, Change, Store


def pod(name, version, uid="", namespace="shop"):
    metadata = {
        "name": name,
        "namespace": namespace,
        "uid": uid or f"uid-{name}",
        "resourceVersion": str(version),
    }
    return msgspec.convert({"metadata": metadata}, objects.Pod)


def event(kind, item, version=None):
    return Event(kind, version or item.metadata.resource_version, item)


def told(changes):
    return [(change.type, change.object.metadata.name) for change in changes]


@pytest.fixture
def store():
    found = Store()
    found.replace([pod("a", 5), pod("b", 7)], "10")
    return found


def versions(store):
    return {item.metadata.name: item.metadata.resource_version for item in store.read()}


class TestEvents:
    def test_are_applied_in_order(self, store):
        assert told(store.apply(event("ADDED", pod("c", 11)))) == [("ADDED", "c")]
        assert told(store.apply(event("MODIFIED", pod("a", 12)))) == [("MODIFIED", "a")]
        assert told(store.apply(event("DELETED", pod("b", 13)))) == [("DELETED", "b")]
        assert versions(store) == {"a": "12", "c": "11"}
        assert store.resource_version == "13"

    def test_that_come_twice_change_nothing_the_second_time(self, store):
        for one in (
            event("ADDED", pod("c", 11)),
            event("MODIFIED", pod("a", 12)),
            event("DELETED", pod("b", 13)),
        ):
            assert store.apply(one)
            revision = store.revision
            assert store.apply(one) == ()
            assert store.revision == revision

    def test_a_late_one_does_not_turn_an_object_back(self, store):
        store.apply(event("MODIFIED", pod("a", 14)))
        assert store.apply(event("MODIFIED", pod("a", 12))) == ()
        assert versions(store)["a"] == "14"

    def test_a_late_one_of_another_object_still_counts(self, store):
        store.apply(event("MODIFIED", pod("a", 14)))
        assert told(store.apply(event("MODIFIED", pod("b", 12)))) == [("MODIFIED", "b")]

    def test_a_late_one_does_not_turn_the_moment_back(self, store):
        store.apply(event("MODIFIED", pod("a", 14)))
        store.apply(event("MODIFIED", pod("b", 12)))
        assert store.resource_version == "14"

    def test_a_late_one_does_not_bring_a_deleted_object_back(self, store):
        store.apply(event("DELETED", pod("a", 14)))
        assert store.apply(event("MODIFIED", pod("a", 12))) == ()
        assert store.apply(event("ADDED", pod("a", 15))) == ()
        assert "a" not in versions(store)

    def test_one_from_before_the_list_adds_nothing(self, store):
        assert store.apply(event("ADDED", pod("c", 9))) == ()

    def test_the_end_of_an_older_object_leaves_the_newer_one_of_its_name(self, store):
        store.apply(event("ADDED", pod("c", 12, uid="second")))
        assert store.apply(event("DELETED", pod("c", 11, uid="first"))) == ()
        assert versions(store)["c"] == "12"

    def test_a_name_that_was_taken_over_is_an_end_and_a_beginning(self, store):
        assert told(store.apply(event("ADDED", pod("a", 12, uid="second")))) == [
            ("DELETED", "a"),
            ("ADDED", "a"),
        ]
        assert store.apply(event("MODIFIED", pod("a", 13))) == ()
        assert store.read()[0].metadata.uid == "second"

    def test_a_change_of_an_unknown_object_adds_it(self, store):
        assert told(store.apply(event("MODIFIED", pod("c", 11)))) == [("ADDED", "c")]

    def test_versions_that_are_no_numbers_are_only_equal_or_not(self):
        store = Store()
        store.replace([pod("a", "x9")], "x9")
        assert store.apply(event("MODIFIED", pod("a", "x9"))) == ()
        assert told(store.apply(event("MODIFIED", pod("a", "x10")))) == [("MODIFIED", "a")]
        assert store.resource_version == "x10"

    def test_versions_are_compared_as_numbers_not_as_text(self, store):
        assert store.apply(event("MODIFIED", pod("a", 100)))
        assert store.apply(event("MODIFIED", pod("a", 99))) == ()

    def test_a_bookmark_moves_the_moment_and_nothing_else(self, store):
        revision = store.revision
        assert store.apply(Event("BOOKMARK", "40")) == ()
        assert (store.resource_version, store.revision) == ("40", revision)

    def test_only_so_many_ends_are_remembered(self, store):
        for number in range(REMEMBERED + 100):
            store.apply(event("DELETED", pod("x", 11 + number, uid=f"uid-{number}")))
        assert len(store._gone) == REMEMBERED


class TestAList:
    def test_takes_the_place_of_what_was_known(self, store):
        changes = store.replace([pod("a", 5), pod("b", 20), pod("c", 18)], "21")
        assert sorted(told(changes)) == [("ADDED", "c"), ("MODIFIED", "b")]
        assert told(store.replace([pod("c", 18)], "25")) == [("DELETED", "a"), ("DELETED", "b")]
        assert versions(store) == {"c": "18"}
        assert store.resource_version == "25"

    def test_of_the_same_objects_changes_nothing_that_can_be_seen(self, store):
        before, revision = store.read(), store.revision
        assert store.replace([pod("a", 5), pod("b", 7)], "30") == ()
        assert store.read() is before
        assert store.revision == revision

    def test_with_another_object_of_the_same_name_tells_of_both(self, store):
        changes = store.replace([pod("a", 20, uid="second"), pod("b", 7)], "21")
        assert [(change.type, change.object.metadata.uid) for change in changes] == [
            ("DELETED", "uid-a"),
            ("ADDED", "second"),
        ]

    def test_buries_what_it_lacks(self, store):
        store.replace([pod("b", 7)], "x")
        assert store.apply(event("MODIFIED", pod("a", 26))) == ()

    def test_is_right_even_about_what_was_buried(self, store):
        store.apply(event("DELETED", pod("a", 14)))
        store.replace([pod("a", 5)], "6")
        assert told(store.apply(event("MODIFIED", pod("a", 8)))) == [("MODIFIED", "a")]

    def test_counts_as_a_change_when_it_is_the_first_even_if_it_is_empty(self):
        store = Store()
        assert store.revision == 0
        store.replace([], "3")
        assert store.revision == 1
        store.replace([], "4")
        assert store.revision == 1


class TestReading:
    def test_is_by_namespace_and_name(self, store):
        store.apply(event("ADDED", pod("z", 11, namespace="alpha")))
        store.apply(event("ADDED", pod("aa", 12)))
        assert [item.metadata.name for item in store.read()] == ["z", "a", "aa", "b"]
        assert [item.metadata.name for item in store.read("shop")] == ["a", "aa", "b"]
        assert store.read("nowhere") == ()
        assert len(store) == 4

    def test_answers_the_same_tuple_until_something_changes(self, store):
        whole, shop = store.read(), store.read("shop")
        store.apply(Event("BOOKMARK", "40"))
        assert store.read() is whole
        store.apply(event("ADDED", pod("z", 41, namespace="alpha")))
        assert store.read() is not whole
        assert store.read("shop") is shop

    def test_what_was_read_stays_as_it_was(self, store):
        before = store.read()
        store.apply(event("DELETED", pod("a", 12)))
        store.replace([], "20")
        assert [item.metadata.name for item in before] == ["a", "b"]

    def test_manifests_are_kept_like_shapes(self):
        store = Store()
        item = {
            "metadata": {"name": "r", "namespace": "shop", "uid": "u", "resourceVersion": "3"},
            "spec": {},
        }
        assert store.replace([item], "3") == (Change("ADDED", item),)
        assert store.read("shop") == (item,)
