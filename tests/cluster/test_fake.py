"""What the fake cluster has besides the port: faults by script, and the ways to set the stage."""

import contextlib
import threading

import pytest

from cluster import kinds
from cluster.errors import Conflict, Expired, Forbidden, Invalid, NotFound, Unavailable
from cluster.fake import FakeCluster
from cluster.identity import Ask, Identity
from cluster.refs import Ref
from tests.cluster.backends import virtual_service

REVIEWS = Ref(kinds.VIRTUAL_SERVICE, "shop", "reviews")
OLGA = Identity("olga")


@pytest.fixture
def cluster():
    return FakeCluster([virtual_service("shop")])


def changed(manifest, subset):
    return {**manifest, "spec": virtual_service("shop", subset=subset)["spec"]}


def watching(cluster):
    since = cluster.list(kinds.VIRTUAL_SERVICE).resource_version
    return cluster.watch(kinds.VIRTUAL_SERVICE, dict, since, seconds=20, silence=20)


def test_what_is_put_brings_its_namespace_along(cluster):
    assert cluster.get(Ref(kinds.NAMESPACE, "", "shop"))
    assert cluster.get(REVIEWS)["metadata"]["generation"] == 1


def test_a_scripted_refusal_comes_once_and_does_nothing(cluster):
    manifest = cluster.get(REVIEWS)
    cluster.fail_next("replace", Unavailable("timed out"))
    with pytest.raises(Unavailable):
        cluster.replace(changed(manifest, "v2"))
    assert cluster.get(REVIEWS) == manifest
    assert cluster.replace(changed(manifest, "v2"))["metadata"]["generation"] == 2


def test_a_lost_answer_comes_after_the_write(cluster):
    manifest = cluster.get(REVIEWS)
    cluster.fail_next("replace", Unavailable("timed out"), after=True)
    with pytest.raises(Unavailable):
        cluster.replace(changed(manifest, "v2"))
    manifest = cluster.get(REVIEWS)
    assert manifest["metadata"]["generation"] == 2
    cluster.fail_next("delete", Unavailable("timed out"), after=True)
    with pytest.raises(Unavailable):
        cluster.delete(REVIEWS, manifest["metadata"]["resourceVersion"])
    assert cluster.list(kinds.VIRTUAL_SERVICE).items == ()


def test_calls_go_well_until_it_is_the_scripted_ones_turn(cluster):
    cluster.fail_next("list", Unavailable("gone"), skip=1)
    assert cluster.list(kinds.VIRTUAL_SERVICE).items
    with pytest.raises(Unavailable):
        cluster.page(kinds.VIRTUAL_SERVICE, dict)
    assert cluster.list(kinds.VIRTUAL_SERVICE).items


def test_a_dry_run_is_not_what_a_script_means(cluster):
    manifest = cluster.get(REVIEWS)
    cluster.fail_next("replace", Unavailable("timed out"))
    cluster.replace(changed(manifest, "v2"), dry_run=True)
    with pytest.raises(Unavailable):
        cluster.replace(changed(manifest, "v2"))


def test_a_question_of_rights_can_go_unanswered(cluster):
    cluster.fail_next("may", Unavailable("timed out"))
    with pytest.raises(Unavailable):
        cluster.may(Ask("list", kinds.SERVICE), OLGA)
    assert cluster.may(Ask("list", kinds.SERVICE), OLGA)


def test_rights_and_admission_that_come_later_hold_for_everybody_who_acts(cluster):
    hers = cluster.acting_as(OLGA)
    assert hers.get(REVIEWS)
    cluster.rights = lambda identity, _ask: identity is None
    with pytest.raises(Forbidden, match="olga"):
        hers.get(REVIEWS)
    assert cluster.get(REVIEWS)
    cluster.rights = None

    def no(verb, manifest):
        raise Invalid(f"no {verb} of {manifest['kind']}")

    cluster.admission = no
    with pytest.raises(Invalid, match="no create of VirtualService"):
        hers.create(virtual_service("shop", "ratings"))


def test_calls_are_recorded_whoever_makes_them(cluster):
    cluster.acting_as(OLGA).get(REVIEWS)
    cluster.create(virtual_service("shop", "ratings"), dry_run=True)
    assert cluster.calls == [
        ("get", "VirtualService shop/reviews", False),
        ("create", "VirtualService shop/ratings", True),
    ]


def test_a_field_that_somebody_elses_object_has_is_one_of_the_definitions(cluster):
    manifest = cluster.edit(REVIEWS, lambda item: item["spec"]["http"][0].update(future="10s"))
    manifest["spec"]["http"].append({"future": "1s", "route": []})
    assert cluster.replace(manifest)["spec"]["http"][1]["future"] == "1s"
    with pytest.raises(Invalid, match=r"spec\.future"):
        cluster.replace({**cluster.get(REVIEWS), "spec": {"future": 1}})


def test_what_is_cut_breaks_and_a_new_watch_goes_on(cluster):
    watch = watching(cluster)
    cluster.cut_watches()
    with pytest.raises(Unavailable):
        next(iter(watch))
    again = watching(cluster)
    cluster.put(virtual_service("shop", "ratings"))
    assert next(iter(again)).type == "ADDED"


def test_a_bookmark_reaches_the_open_watches_of_its_kind_only(cluster):
    cluster.bookmark(kinds.VIRTUAL_SERVICE)
    watch = watching(cluster)
    cluster.bookmark(kinds.SERVICE)
    cluster.put({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "later"}})
    cluster.bookmark(kinds.VIRTUAL_SERVICE)
    event = next(iter(watch))
    assert (event.type, event.object) == ("BOOKMARK", None)
    assert event.resource_version == cluster.list(kinds.VIRTUAL_SERVICE).resource_version


def test_what_is_forgotten_is_expired_for_pages_and_watches_to_come(cluster):
    cluster.put(virtual_service("shop", "ratings"))
    token = cluster.page(kinds.VIRTUAL_SERVICE, dict, limit=1).continue_token
    cluster.forget()
    with pytest.raises(Expired):
        cluster.page(kinds.VIRTUAL_SERVICE, dict, limit=1, continue_token=token)
    with pytest.raises(Expired):
        cluster.watch(kinds.VIRTUAL_SERVICE, dict, "1", seconds=1, silence=1)


def test_with_a_namespace_goes_what_is_in_it_and_watches_hear_of_it(cluster):
    watch = watching(cluster)
    cluster.remove(Ref(kinds.NAMESPACE, "", "shop"))
    assert next(iter(watch)).type == "DELETED"
    with pytest.raises(NotFound):
        cluster.get(REVIEWS)
    with pytest.raises(NotFound):
        cluster.remove(REVIEWS)


def test_what_was_handed_out_is_nobody_elses(cluster):
    cluster.get(REVIEWS)["spec"]["hosts"].append("elsewhere")
    cluster.list(kinds.VIRTUAL_SERVICE).items[0]["spec"]["hosts"].append("elsewhere")
    cluster.page(kinds.VIRTUAL_SERVICE, dict).items[0]["spec"]["hosts"].append("elsewhere")
    assert cluster.get(REVIEWS)["spec"]["hosts"] == ["reviews"]


def test_of_many_threads_that_write_the_same_version_one_wins_each_round(cluster):
    won, rounds, writers = [], 20, 4
    barrier = threading.Barrier(writers)

    def write(number):
        for turn in range(rounds):
            manifest = cluster.get(REVIEWS)
            manifest["metadata"]["labels"] = {"writer": f"w{number}", "turn": str(turn)}
            barrier.wait(20)
            with contextlib.suppress(Conflict):
                won.append(cluster.replace(manifest)["metadata"]["resourceVersion"])
            barrier.wait(20)

    watch = watching(cluster)
    threads = [threading.Thread(target=write, args=(number,)) for number in range(writers)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == rounds
    events = iter(watch)
    assert [next(events).resource_version for _ in range(rounds)] == sorted(won, key=int)
