"""What every adapter of the cluster's port must do, run on each of them.

                    missing   exists   changed   no namespace   bad name   dry run
get                 NotFound                                    ValueError
create                        AlreadyExists      NotFound       ValueError  keeps nothing
replace             NotFound           Conflict                 ValueError  keeps nothing
delete              NotFound           Conflict                 ValueError  keeps nothing
"""

import contextlib
import copy

import pytest

from cluster import kinds
from cluster.errors import AlreadyExists, Conflict, NotFound
from cluster.fake import FakeCluster
from cluster.refs import Ref
from tests.cluster.servers import localmesh_cluster

REF = Ref(kinds.VIRTUAL_SERVICE, "bookinfo", "reviews")
OTHER_UID = "11111111-1111-4111-8111-111111111111"
NAMESPACE = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "bookinfo"}}


def virtual_service(name="reviews", subset="v1", namespace="bookinfo", **labels):
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": name, "namespace": namespace, **({"labels": labels} if labels else {})},
        "spec": {
            "hosts": [name],
            "http": [{"route": [{"destination": {"host": name, "subset": subset}}]}],
        },
    }


@pytest.fixture(
    params=[pytest.param("fake", id="contract-fake"), pytest.param("localmesh", id="contract-localmesh")]
)
def cluster(request):
    if request.param == "fake":
        yield FakeCluster([NAMESPACE])
        return
    with localmesh_cluster() as adapter:
        with contextlib.suppress(AlreadyExists):
            adapter.create(NAMESPACE)
        yield adapter


def test_what_is_created_can_be_read_and_listed(cluster):
    created = cluster.create(virtual_service())
    assert created["metadata"]["uid"]
    assert created["metadata"]["resourceVersion"]
    assert created["metadata"]["creationTimestamp"]
    read = cluster.get(REF)
    assert read["spec"] == virtual_service()["spec"]
    assert (read["kind"], read["apiVersion"]) == ("VirtualService", "networking.istio.io/v1")
    listed = cluster.list(kinds.VIRTUAL_SERVICE, "bookinfo")
    assert [Ref.of(item) for item in listed.items] == [REF]
    assert listed.resource_version


def test_a_list_over_all_namespaces_and_one_of_an_empty_namespace(cluster):
    cluster.create(virtual_service())
    assert [Ref.of(item) for item in cluster.list(kinds.VIRTUAL_SERVICE).items] == [REF]
    assert cluster.list(kinds.VIRTUAL_SERVICE, "elsewhere").items == ()


def test_items_of_a_list_name_their_kind(cluster):
    found = cluster.list(kinds.NAMESPACE).items
    assert {(item["apiVersion"], item["kind"]) for item in found} == {("v1", "Namespace")}


def test_a_label_selector_chooses(cluster):
    cluster.create(virtual_service("reviews", team="red"))
    cluster.create(virtual_service("ratings", team="blue"))
    found = cluster.list(kinds.VIRTUAL_SERVICE, "bookinfo", "team=red").items
    assert [item["metadata"]["name"] for item in found] == ["reviews"]


def test_a_missing_object_is_not_found(cluster):
    with pytest.raises(NotFound, match="reviews"):
        cluster.get(REF)
    with pytest.raises(NotFound):
        cluster.delete(REF, "1")


def test_replacing_a_missing_object_is_not_found(cluster):
    manifest = virtual_service()
    manifest["metadata"]["resourceVersion"] = "1"
    with pytest.raises(NotFound):
        cluster.replace(manifest)


def test_a_second_create_is_refused(cluster):
    cluster.create(virtual_service())
    with pytest.raises(AlreadyExists, match="reviews"):
        cluster.create(virtual_service(subset="v2"))
    assert cluster.get(REF)["spec"] == virtual_service()["spec"]


def test_a_namespace_that_is_missing_is_not_found(cluster):
    with pytest.raises(NotFound, match="nowhere"):
        cluster.create(virtual_service(namespace="nowhere"))


def test_a_replace_keeps_identity_and_moves_the_version(cluster):
    created = cluster.create(virtual_service())
    replaced = cluster.replace({**created, "spec": virtual_service(subset="v2")["spec"]})
    assert replaced["metadata"]["uid"] == created["metadata"]["uid"]
    assert replaced["metadata"]["resourceVersion"] != created["metadata"]["resourceVersion"]
    assert cluster.get(REF)["spec"] == virtual_service(subset="v2")["spec"]


def test_a_replace_with_an_old_version_is_a_conflict_and_changes_nothing(cluster):
    created = cluster.create(virtual_service())
    cluster.replace({**copy.deepcopy(created), "spec": virtual_service(subset="v2")["spec"]})
    with pytest.raises(Conflict):
        cluster.replace({**created, "spec": virtual_service(subset="v3")["spec"]})
    assert cluster.get(REF)["spec"] == virtual_service(subset="v2")["spec"]


def test_a_replace_without_a_version_is_refused_before_anything_is_sent(cluster):
    cluster.create(virtual_service())
    with pytest.raises(ValueError, match="resourceVersion"):
        cluster.replace(virtual_service(subset="v2"))


def test_a_delete_needs_the_version_that_was_read(cluster):
    created = cluster.create(virtual_service())
    with pytest.raises(Conflict):
        cluster.delete(REF, "1" + created["metadata"]["resourceVersion"])
    cluster.delete(REF, created["metadata"]["resourceVersion"], uid=created["metadata"]["uid"])
    with pytest.raises(NotFound):
        cluster.get(REF)


def test_a_delete_of_another_object_of_the_same_name_is_a_conflict(cluster):
    created = cluster.create(virtual_service())
    with pytest.raises(Conflict):
        cluster.delete(REF, created["metadata"]["resourceVersion"], uid=OTHER_UID)
    assert cluster.get(REF)


def test_a_dry_run_answers_and_keeps_nothing(cluster):
    assert cluster.create(virtual_service(), dry_run=True)["spec"] == virtual_service()["spec"]
    assert cluster.list(kinds.VIRTUAL_SERVICE, "bookinfo").items == ()
    created = cluster.create(virtual_service())
    changed = {**created, "spec": virtual_service(subset="v2")["spec"]}
    assert cluster.replace(changed, dry_run=True)["spec"] == changed["spec"]
    cluster.delete(REF, created["metadata"]["resourceVersion"], dry_run=True)
    assert cluster.get(REF)["spec"] == virtual_service()["spec"]


def test_a_dry_run_refuses_what_the_write_would_refuse(cluster):
    created = cluster.create(virtual_service())
    with pytest.raises(AlreadyExists):
        cluster.create(virtual_service(), dry_run=True)
    cluster.replace({**copy.deepcopy(created), "spec": virtual_service(subset="v2")["spec"]})
    with pytest.raises(Conflict):
        cluster.replace(created, dry_run=True)
    with pytest.raises(Conflict):
        cluster.delete(REF, created["metadata"]["resourceVersion"], dry_run=True)


NO_NAMES = [
    ("bookinfo", ""), ("bookinfo", "."), ("bookinfo", ".."), ("bookinfo", "%2e"), ("bookinfo", "a/b"),
    ("bookinfo", "a\x00"), ("bookinfo", "a" * 254), ("bookinfo", "Reviews"), ("bookinfo", "reviews?dryRun"),
    ("", "reviews"), ("..", "reviews"), ("a/b", "reviews"), ("a" * 64, "reviews"), ("a.b", "reviews"),
]  # fmt: skip


@pytest.mark.parametrize(("namespace", "name"), NO_NAMES)
def test_a_name_that_is_none_never_reaches_the_server(cluster, namespace, name):
    created = cluster.create(virtual_service())
    impossible = Ref(kinds.VIRTUAL_SERVICE, namespace, name)
    manifest = virtual_service()
    manifest["metadata"].update(name=name, namespace=namespace, resourceVersion="1")
    with pytest.raises(ValueError, match="cannot be"):
        cluster.get(impossible)
    with pytest.raises(ValueError, match="cannot be"):
        cluster.delete(impossible, created["metadata"]["resourceVersion"])
    with pytest.raises(ValueError, match="cannot be"):
        cluster.create(manifest)
    with pytest.raises(ValueError, match="cannot be"):
        cluster.replace(manifest)
    assert cluster.get(REF)["metadata"]["uid"] == created["metadata"]["uid"]


def test_a_namespace_that_is_none_is_not_listed(cluster):
    with pytest.raises(ValueError, match="cannot be the namespace"):
        cluster.list(kinds.VIRTUAL_SERVICE, "..")
