"""What every adapter of the cluster's port must do with objects, run on each of the three clusters.

                    missing   exists         changed   no namespace   bad name    dry run
get                 NotFound                                          ValueError
create                        AlreadyExists            NotFound       ValueError  keeps nothing
replace             NotFound                 Conflict                 ValueError  keeps nothing
delete              NotFound                 Conflict                 ValueError  keeps nothing

The server alone writes uid, creationTimestamp, resourceVersion, generation (which moves with the spec only)
and, where it is a resource of its own, the status.
"""

import copy

import pytest

from cluster import kinds
from cluster.errors import AlreadyExists, Conflict, NotFound
from cluster.refs import Ref
from tests.cluster.backends import reviews, virtual_service

OTHER_UID = "11111111-1111-4111-8111-111111111111"


@pytest.fixture
def cluster(backend):
    return backend.cluster


@pytest.fixture
def ref(backend):
    return reviews(backend)


@pytest.fixture
def manifest(backend):
    return virtual_service(backend.namespace)


@pytest.fixture
def changed(backend):
    """The manifest's spec, with another subset."""
    return virtual_service(backend.namespace, subset="v2")["spec"]


def test_what_is_created_can_be_read_and_listed(cluster, ref, manifest):
    created = cluster.create(manifest)
    assert created["metadata"]["uid"]
    assert created["metadata"]["resourceVersion"]
    assert created["metadata"]["creationTimestamp"]
    read = cluster.get(ref)
    assert read["spec"] == manifest["spec"]
    assert (read["kind"], read["apiVersion"]) == ("VirtualService", "networking.istio.io/v1")
    listed = cluster.list(kinds.VIRTUAL_SERVICE, ref.namespace)
    assert [Ref.of(item) for item in listed.items] == [ref]
    assert listed.resource_version


def test_a_list_over_all_namespaces_and_one_of_an_empty_namespace(cluster, ref, manifest):
    cluster.create(manifest)
    assert ref in [Ref.of(item) for item in cluster.list(kinds.VIRTUAL_SERVICE).items]
    assert cluster.list(kinds.VIRTUAL_SERVICE, "no-such-namespace").items == ()


def test_items_of_a_list_name_their_kind(cluster):
    found = cluster.list(kinds.NAMESPACE).items
    assert {(item["apiVersion"], item["kind"]) for item in found} == {("v1", "Namespace")}


def test_a_label_selector_chooses(backend, cluster):
    cluster.create(virtual_service(backend.namespace, "reviews", team="red", tier="web"))
    cluster.create(virtual_service(backend.namespace, "ratings", team="red"))
    cluster.create(virtual_service(backend.namespace, "details", team="blue"))

    def chosen(selector):
        found = cluster.list(kinds.VIRTUAL_SERVICE, backend.namespace, selector).items
        return [item["metadata"]["name"] for item in found]

    assert chosen("team=red") == ["ratings", "reviews"]
    assert chosen("team==red,tier=web") == ["reviews"]
    assert chosen("team=green") == []


def test_a_missing_object_is_not_found(cluster, ref):
    with pytest.raises(NotFound, match="reviews"):
        cluster.get(ref)
    with pytest.raises(NotFound):
        cluster.delete(ref, "1")


def test_replacing_a_missing_object_is_not_found(cluster, manifest):
    manifest["metadata"]["resourceVersion"] = "1"
    with pytest.raises(NotFound):
        cluster.replace(manifest)


def test_a_second_create_is_refused(cluster, ref, manifest, changed):
    cluster.create(manifest)
    with pytest.raises(AlreadyExists, match="reviews"):
        cluster.create({**manifest, "spec": changed})
    assert cluster.get(ref)["spec"] == manifest["spec"]


def test_a_namespace_that_is_missing_is_not_found(cluster):
    with pytest.raises(NotFound, match="nowhere"):
        cluster.create(virtual_service("nowhere"))


def test_what_the_server_says_of_an_object_cannot_be_dictated(cluster, manifest):
    manifest["metadata"].update(uid=OTHER_UID, generation=9, creationTimestamp="2020-01-01T00:00:00Z")
    made = cluster.create(manifest)["metadata"]
    assert made["uid"] != OTHER_UID
    assert made["generation"] == 1
    assert made["creationTimestamp"] != "2020-01-01T00:00:00Z"


def test_a_replace_keeps_identity_and_moves_the_version(cluster, ref, manifest, changed):
    created = cluster.create(manifest)
    replaced = cluster.replace({**created, "spec": changed})
    for name in ("uid", "creationTimestamp"):
        assert replaced["metadata"][name] == created["metadata"][name]
    assert replaced["metadata"]["resourceVersion"] != created["metadata"]["resourceVersion"]
    assert cluster.get(ref)["spec"] == changed


def test_a_replace_that_changes_nothing_keeps_the_version(cluster, ref, manifest):
    created = cluster.create(manifest)
    assert (
        cluster.replace(copy.deepcopy(created))["metadata"]["resourceVersion"]
        == (created["metadata"]["resourceVersion"])
    )


def test_a_replace_with_an_old_version_is_a_conflict_and_changes_nothing(cluster, ref, manifest, changed):
    created = cluster.create(manifest)
    cluster.replace({**copy.deepcopy(created), "spec": changed})
    with pytest.raises(Conflict):
        cluster.replace({**created, "spec": virtual_service(ref.namespace, subset="v3")["spec"]})
    assert cluster.get(ref)["spec"] == changed


def test_a_replace_of_another_object_of_the_same_name_is_a_conflict(cluster, ref, manifest, changed):
    created = cluster.create(manifest)
    created["metadata"]["uid"] = OTHER_UID
    with pytest.raises(Conflict):
        cluster.replace({**created, "spec": changed})
    assert cluster.get(ref)["spec"] == manifest["spec"]


def test_a_replace_without_a_version_is_refused_before_anything_is_sent(cluster, manifest):
    cluster.create(manifest)
    with pytest.raises(ValueError, match="resourceVersion"):
        cluster.replace(manifest)


def test_the_generation_moves_with_the_spec_only(backend, cluster, ref, manifest, changed):
    created = cluster.create(manifest)
    assert created["metadata"]["generation"] == 1
    labelled = copy.deepcopy(created)
    labelled["metadata"]["labels"] = {"team": "red"}
    labelled = cluster.replace(labelled)
    assert labelled["metadata"]["generation"] == 1
    assert cluster.replace({**labelled, "spec": changed})["metadata"]["generation"] == 2
    assert backend.set_status(ref, {"observedGeneration": "2"})["metadata"]["generation"] == 2


def test_the_status_is_not_the_writers_but_the_controllers(backend, cluster, ref, manifest, changed):
    created = cluster.create({**manifest, "status": {"observedGeneration": "7"}})
    assert "status" not in created
    with_status = backend.set_status(ref, {"observedGeneration": "1"})
    assert with_status["status"] == {"observedGeneration": "1"}
    replaced = cluster.replace({**with_status, "status": {"observedGeneration": "8"}, "spec": changed})
    assert replaced["status"] == {"observedGeneration": "1"}
    del replaced["status"]
    same = cluster.replace(replaced)
    assert same["status"] == {"observedGeneration": "1"}
    assert same["metadata"]["resourceVersion"] == replaced["metadata"]["resourceVersion"]


def test_a_delete_needs_the_version_that_was_read(cluster, ref, manifest, changed):
    created = cluster.create(manifest)
    current = cluster.replace({**copy.deepcopy(created), "spec": changed})["metadata"]
    with pytest.raises(Conflict):
        cluster.delete(ref, created["metadata"]["resourceVersion"])
    with pytest.raises(ValueError, match="resourceVersion"):
        cluster.delete(ref, "")
    cluster.delete(ref, current["resourceVersion"], uid=current["uid"])
    with pytest.raises(NotFound):
        cluster.get(ref)


def test_a_delete_of_another_object_of_the_same_name_is_a_conflict(cluster, ref, manifest):
    created = cluster.create(manifest)
    with pytest.raises(Conflict):
        cluster.delete(ref, created["metadata"]["resourceVersion"], uid=OTHER_UID)
    assert cluster.get(ref)


def test_what_is_made_anew_under_the_same_name_is_another_object(cluster, ref, manifest):
    first = cluster.create(copy.deepcopy(manifest))["metadata"]
    cluster.delete(ref, first["resourceVersion"])
    second = cluster.create(manifest)["metadata"]
    assert second["uid"] != first["uid"]
    assert second["resourceVersion"] != first["resourceVersion"]


def test_a_dry_run_answers_and_keeps_nothing(cluster, ref, manifest, changed):
    tried = cluster.create(manifest, dry_run=True)
    assert tried["spec"] == manifest["spec"]
    assert "resourceVersion" not in tried["metadata"]
    assert cluster.list(kinds.VIRTUAL_SERVICE, ref.namespace).items == ()
    created = cluster.create(manifest)
    tried = cluster.replace({**created, "spec": changed}, dry_run=True)
    assert tried["spec"] == changed
    assert tried["metadata"]["resourceVersion"] == created["metadata"]["resourceVersion"]
    assert tried["metadata"]["generation"] == 2
    cluster.delete(ref, created["metadata"]["resourceVersion"], dry_run=True)
    assert cluster.get(ref)["spec"] == manifest["spec"]
    assert cluster.get(ref)["metadata"]["resourceVersion"] == created["metadata"]["resourceVersion"]


def test_a_dry_run_refuses_what_the_write_would_refuse(cluster, ref, manifest, changed):
    created = cluster.create(manifest)
    with pytest.raises(AlreadyExists):
        cluster.create(manifest, dry_run=True)
    cluster.replace({**copy.deepcopy(created), "spec": changed})
    with pytest.raises(Conflict):
        cluster.replace(created, dry_run=True)
    with pytest.raises(Conflict):
        cluster.delete(ref, created["metadata"]["resourceVersion"], dry_run=True)


NO_NAMES = [
    ("bookinfo", ""), ("bookinfo", "."), ("bookinfo", ".."), ("bookinfo", "%2e"), ("bookinfo", "a/b"),
    ("bookinfo", "a\x00"), ("bookinfo", "a" * 254), ("bookinfo", "Reviews"), ("bookinfo", "reviews?dryRun"),
    ("", "reviews"), ("..", "reviews"), ("a/b", "reviews"), ("a" * 64, "reviews"), ("a.b", "reviews"),
]  # fmt: skip


@pytest.mark.parametrize(("namespace", "name"), NO_NAMES)
def test_a_name_that_is_none_never_reaches_the_server(cluster, ref, manifest, namespace, name):
    created = cluster.create(manifest)
    impossible = Ref(kinds.VIRTUAL_SERVICE, namespace, name)
    bad = virtual_service(namespace, name)
    bad["metadata"]["resourceVersion"] = "1"
    with pytest.raises(ValueError, match="cannot be"):
        cluster.get(impossible)
    with pytest.raises(ValueError, match="cannot be"):
        cluster.delete(impossible, created["metadata"]["resourceVersion"])
    with pytest.raises(ValueError, match="cannot be"):
        cluster.create(bad)
    with pytest.raises(ValueError, match="cannot be"):
        cluster.replace(bad)
    assert cluster.get(ref)["metadata"]["uid"] == created["metadata"]["uid"]


def test_a_namespace_that_is_none_is_not_listed(cluster):
    with pytest.raises(ValueError, match="cannot be the namespace"):
        cluster.list(kinds.VIRTUAL_SERVICE, "..")
