import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localmesh.apiserver import garbage, kinds
from localmesh.apiserver.errors import AlreadyExists, Conflict, Gone, NotFound
from localmesh.apiserver.store import Preconditions, Store
from tests.localmesh.apiserver.objects import pod


@pytest.fixture
def store():
    found = Store(None)
    yield found
    found.close()


async def taken(watch, count):
    return [await asyncio.wait_for(anext(watch), 5) for _ in range(count)]


def test_a_new_object_gets_uid_time_generation_and_version(store):
    found = store.create(kinds.PODS, pod("a"))
    meta = found["metadata"]
    assert meta["uid"]
    assert meta["creationTimestamp"].endswith("Z")
    assert meta["generation"] == 1
    assert meta["resourceVersion"] == str(store.revision)
    assert (found["apiVersion"], found["kind"]) == ("v1", "Pod")


def test_a_name_is_given_once_per_namespace(store):
    store.create(kinds.PODS, pod("a"))
    store.create(kinds.PODS, pod("a", "other"))
    with pytest.raises(AlreadyExists):
        store.create(kinds.PODS, pod("a"))


def test_what_is_handed_out_is_the_callers_own(store):
    mine = pod("a")
    created = store.create(kinds.PODS, mine)
    mine["spec"]["containers"].clear()
    created["spec"]["containers"].clear()
    store.list(kinds.PODS)[0]["spec"]["containers"].clear()
    assert store.get(kinds.PODS, "bookinfo", "a")["spec"]["containers"]


def test_an_update_of_an_older_version_is_a_conflict(store):
    first = store.create(kinds.PODS, pod("a"))
    store.update(kinds.PODS, {**first, "spec": {"nodeName": "one"}})
    with pytest.raises(Conflict, match="the object has been modified"):
        store.update(kinds.PODS, {**first, "spec": {"nodeName": "two"}})


def test_an_update_without_a_change_writes_nothing(store):
    found = store.create(kinds.PODS, pod("a"))
    before = store.revision
    assert store.update(kinds.PODS, found) == found
    assert store.revision == before


def test_only_a_changed_spec_raises_the_generation(store):
    found = store.create(kinds.PODS, pod("a"))
    found["metadata"]["labels"] = {"app": "a"}
    found = store.update(kinds.PODS, found)
    assert found["metadata"]["generation"] == 1
    found["spec"]["nodeName"] = "one"
    assert store.update(kinds.PODS, found)["metadata"]["generation"] == 2


def test_status_is_written_apart_from_the_rest(store):
    found = store.create(kinds.PODS, pod("a"))
    found["status"] = {"phase": "Running"}
    assert "status" not in store.update(kinds.PODS, found)
    found["spec"] = {}
    written = store.update_status(kinds.PODS, found)
    assert written["status"] == {"phase": "Running"}
    assert written["spec"]["containers"]


def test_what_is_not_there_cannot_be_updated_or_deleted(store):
    with pytest.raises(NotFound):
        store.update(kinds.PODS, pod("a"))
    with pytest.raises(NotFound):
        store.delete(kinds.PODS, "bookinfo", "a")


def test_a_deletion_checks_its_preconditions(store):
    found = store.create(kinds.PODS, pod("a"))
    with pytest.raises(Conflict, match="UID in precondition: other"):
        store.delete(kinds.PODS, "bookinfo", "a", Preconditions(uid="other"))
    version = found["metadata"]["resourceVersion"]
    store.delete(kinds.PODS, "bookinfo", "a", Preconditions(found["metadata"]["uid"], version))
    assert store.get(kinds.PODS, "bookinfo", "a") is None


def test_a_finalizer_holds_an_object_until_it_is_removed(store):
    store.create(kinds.PODS, pod("a", finalizers=["example.com/wait"]))
    held = store.delete(kinds.PODS, "bookinfo", "a")
    assert held["metadata"]["deletionTimestamp"]
    del held["metadata"]["finalizers"]
    store.update(kinds.PODS, held)
    assert store.get(kinds.PODS, "bookinfo", "a") is None


def test_a_dry_run_answers_and_writes_nothing(store):
    store.create(kinds.PODS, pod("a"))
    before = store.revision
    assert store.create(kinds.PODS, pod("b"), dry_run=True)["metadata"]["uid"]
    changed = {**store.get(kinds.PODS, "bookinfo", "a"), "spec": {"nodeName": "one"}}
    assert store.update(kinds.PODS, changed, dry_run=True)["spec"] == {"nodeName": "one"}
    store.delete(kinds.PODS, "bookinfo", "a", dry_run=True)
    assert store.revision == before
    assert len(store.list(kinds.PODS)) == 1


async def test_a_watch_sees_what_comes_after_its_start(store):
    first = store.create(kinds.PODS, pod("a"))
    watch = store.watch(kinds.PODS, int(first["metadata"]["resourceVersion"]))
    store.create(kinds.SERVICES, {"metadata": {"name": "s", "namespace": "bookinfo"}})
    store.update(kinds.PODS, {**first, "spec": {}})
    store.delete(kinds.PODS, "bookinfo", "a")
    events = await taken(watch, 2)
    assert [each.type for each in events] == ["MODIFIED", "DELETED"]
    assert events[1].object["metadata"]["resourceVersion"] == str(store.revision)


async def test_a_watch_without_a_start_begins_with_the_call_and_not_with_its_first_step(store):
    watch = store.watch(kinds.PODS)
    store.create(kinds.PODS, pod("a"))
    assert (await taken(watch, 1))[0].type == "ADDED"


async def test_a_waiting_watch_ends_when_the_store_closes(store):
    watch = store.watch()
    waiting = asyncio.create_task(anext(watch, None))
    await asyncio.sleep(0)
    store.close()
    assert await asyncio.wait_for(waiting, 5) is None


async def test_a_watch_from_too_far_back_is_gone():
    store = Store(None, history=3)
    start = store.revision
    slow = store.watch(kinds.PODS)
    for number in range(5):
        store.create(kinds.PODS, pod(f"p{number}"))
    with pytest.raises(Gone):
        store.watch(kinds.PODS, start)
    with pytest.raises(Gone):
        await anext(slow)
    assert len(await taken(store.watch(kinds.PODS, store.revision - 3), 3)) == 3
    store.close()


def test_a_restart_keeps_objects_and_revision(tmp_path):
    path = tmp_path / "state" / "mesh.db"
    store = Store(path)
    kept = store.create(kinds.PODS, pod("a"))
    store.create(kinds.PODS, pod("b"))
    store.delete(kinds.PODS, "bookinfo", "b")
    revision = store.revision
    store.close()
    again = Store(path)
    assert again.list(kinds.PODS) == [kept]
    assert again.revision == revision
    with pytest.raises(Gone):
        again.watch(kinds.PODS, revision - 1)
    assert int(again.create(kinds.PODS, pod("c"))["metadata"]["resourceVersion"]) > revision
    again.close()


def test_a_killed_process_loses_nothing(tmp_path):
    path = tmp_path / "mesh.db"
    store = Store(path)
    store.create(kinds.PODS, pod("a"))
    second = Store(path)  # the first was not closed, as after kill -9
    assert len(second.list(kinds.PODS)) == 1
    second.close()
    store.close()


def test_dependents_go_with_their_owner_and_stay_with_another(store):
    one, two = (store.create(kinds.REPLICA_SETS, pod(name)) for name in ("one", "two"))

    def owner(obj):
        named = {"apiVersion": "apps/v1", "kind": "ReplicaSet", "name": obj["metadata"]["name"]}
        return {**named, "uid": obj["metadata"]["uid"]}

    store.create(kinds.PODS, pod("of-one", ownerReferences=[owner(one)]))
    store.create(kinds.PODS, pod("of-both", ownerReferences=[owner(one), owner(two)]))
    store.delete(kinds.REPLICA_SETS, "bookinfo", "one")
    garbage.delete_dependents(store, one["metadata"]["uid"])
    (left,) = store.list(kinds.PODS)
    assert left["metadata"]["ownerReferences"] == [owner(two)]


OPERATIONS = st.lists(
    st.tuples(st.sampled_from(["create", "update", "delete"]), st.sampled_from("abc"), st.integers(0, 3)),
    max_size=25,
)


def perform(store, what, name, number):
    obj = {**pod(name), "spec": {"number": number}}
    try:
        if what == "delete":
            store.delete(kinds.PODS, "bookinfo", name)
        else:
            (store.create if what == "create" else store.update)(kinds.PODS, obj)
    except (AlreadyExists, NotFound):
        pass


@settings(max_examples=60, deadline=None)
@given(OPERATIONS, st.integers(0, 25))
def test_a_list_and_the_events_after_it_make_the_next_list(operations, start):
    async def follow():
        store = Store(None)
        for operation in operations[:start]:
            perform(store, *operation)
        seen = {each["metadata"]["name"]: each for each in store.list(kinds.PODS)}
        watch = store.watch(kinds.PODS, store.revision)
        since, count = store.revision, store.revision
        for operation in operations[start:]:
            perform(store, *operation)
        count = store.revision - since
        for event in await taken(watch, count):
            assert event.resource_version > since
            since = event.resource_version
            name = event.object["metadata"]["name"]
            if event.type == "DELETED":
                del seen[name]
            else:
                assert (name in seen) == (event.type == "MODIFIED")
                seen[name] = event.object
        assert seen == {each["metadata"]["name"]: each for each in store.list(kinds.PODS)}
        store.close()

    asyncio.run(follow())
