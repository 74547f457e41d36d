"""Who may do what, on each of the three clusters: RBAC decides, and what it does not allow is Forbidden.

The rights of the servers are RBAC objects, made through their API; those of the fake are its `rights`. A role
in a namespace holds there and nowhere else; a right of a group holds for its members.
"""

import copy
from typing import Any

import pytest

from cluster import kinds
from cluster.errors import Forbidden, NotFound
from cluster.identity import Ask, Identity
from tests.cluster.backends import reviews, unused, virtual_service

READ = ("get", "list", "watch")
WRITE = ("create", "update", "delete")
Manifest = dict[str, Any]


@pytest.fixture
def olga():
    """Somebody whom the cluster knows nothing of yet."""
    return Identity(unused("olga"))


@pytest.fixture
def hers(backend, olga):
    """The cluster, as she may use it."""
    return backend.cluster.acting_as(olga)


@pytest.fixture
def manifest(backend):
    return virtual_service(backend.namespace)


def deeds(backend, cluster, namespace):
    """Everything that can be tried with rules in a namespace, by its verb."""
    manifest = virtual_service(namespace)
    ref = reviews(backend)
    kind = kinds.VIRTUAL_SERVICE
    return {
        "get": lambda: cluster.get(ref),
        "list": lambda: cluster.list(kind, namespace),
        "page": lambda: cluster.page(kind, Manifest, namespace=namespace),
        "watch": lambda: list(cluster.watch(kind, Manifest, "1", namespace=namespace, seconds=1, silence=5)),
        "create": lambda: cluster.create(manifest),
        "try to create": lambda: cluster.create(manifest, dry_run=True),
        "replace": lambda: cluster.replace(
            {**manifest, "metadata": {**manifest["metadata"], "resourceVersion": "1"}}
        ),
        "delete": lambda: cluster.delete(ref, "1"),
    }


def test_whoever_has_no_right_may_do_nothing_and_is_told_who_may_not_do_what(backend, hers, olga, manifest):
    backend.cluster.create(manifest)
    for deed, tried in deeds(backend, hers, backend.namespace).items():
        with pytest.raises(Forbidden) as refusal:
            tried()
        assert f'User "{olga.user}" cannot' in refusal.value.message, deed
        assert "virtualservices" in refusal.value.message, deed
        assert refusal.value.status == 403
    assert backend.cluster.get(reviews(backend))["spec"] == manifest["spec"]


def test_what_is_not_there_is_forbidden_too_so_that_nobody_learns_it(backend, hers):
    with pytest.raises(Forbidden):
        hers.get(reviews(backend))
    with pytest.raises(Forbidden):
        hers.delete(reviews(backend), "1")


def test_a_reader_reads_and_does_not_write(backend, hers, olga, manifest):
    created = backend.cluster.create(manifest)
    backend.allow(olga.user, READ, kinds.VIRTUAL_SERVICE)
    assert hers.get(reviews(backend))["spec"] == manifest["spec"]
    assert len(hers.list(kinds.VIRTUAL_SERVICE, backend.namespace).items) == 1
    assert hers.list(kinds.VIRTUAL_SERVICE).items
    assert hers.page(kinds.VIRTUAL_SERVICE, Manifest, namespace=backend.namespace).items
    with pytest.raises(Forbidden):
        hers.replace({**created, "spec": virtual_service(backend.namespace, subset="v2")["spec"]})
    with pytest.raises(Forbidden):
        hers.delete(reviews(backend), created["metadata"]["resourceVersion"])
    assert backend.cluster.get(reviews(backend))["metadata"] == created["metadata"]


def test_a_role_in_a_namespace_holds_there_and_nowhere_else(backend, hers, olga, manifest):
    backend.allow(olga.user, (*READ, *WRITE), kinds.VIRTUAL_SERVICE, backend.namespace)
    created = hers.create(manifest)
    changed = virtual_service(backend.namespace, subset="v2")["spec"]
    replaced = hers.replace({**copy.deepcopy(created), "spec": changed})
    assert hers.get(reviews(backend))["spec"] == changed
    hers.delete(reviews(backend), replaced["metadata"]["resourceVersion"])
    with pytest.raises(NotFound):
        hers.get(reviews(backend))
    with pytest.raises(Forbidden):
        hers.create(virtual_service(backend.other))
    with pytest.raises(Forbidden):
        hers.list(kinds.VIRTUAL_SERVICE, backend.other)
    with pytest.raises(Forbidden):
        hers.list(kinds.VIRTUAL_SERVICE)
    with pytest.raises(Forbidden):
        hers.list(kinds.SERVICE, backend.namespace)


def test_a_right_to_create_is_none_to_replace(backend, hers, olga, manifest):
    backend.allow(olga.user, ("create",), kinds.VIRTUAL_SERVICE, backend.namespace)
    created = hers.create(manifest)
    with pytest.raises(Forbidden, match="cannot update"):
        hers.replace(created)
    with pytest.raises(Forbidden, match="cannot delete"):
        hers.delete(reviews(backend), created["metadata"]["resourceVersion"])
    with pytest.raises(Forbidden, match="cannot get"):
        hers.get(reviews(backend))


def test_a_right_of_a_group_holds_for_its_members(backend, manifest):
    group = unused("group-operators")
    backend.allow(group, ("create",), kinds.VIRTUAL_SERVICE, backend.namespace)
    with pytest.raises(Forbidden):
        backend.cluster.acting_as(Identity(unused("olga"), (unused("group-others"),))).create(manifest)
    member = Identity(unused("olga"), (unused("group-others"), group))
    assert backend.cluster.acting_as(member).create(manifest)


def test_the_console_may_ask_what_somebody_may(backend, olga):
    backend.allow(olga.user, ("list", "update"), kinds.VIRTUAL_SERVICE, backend.namespace)
    may = {
        ask: backend.cluster.may(ask, olga)
        for ask in [
            Ask("list", kinds.VIRTUAL_SERVICE, backend.namespace),
            Ask("update", kinds.VIRTUAL_SERVICE, backend.namespace),
            Ask("update", kinds.VIRTUAL_SERVICE, backend.namespace, "reviews"),
            Ask("delete", kinds.VIRTUAL_SERVICE, backend.namespace),
            Ask("list", kinds.VIRTUAL_SERVICE, backend.other),
            Ask("list", kinds.VIRTUAL_SERVICE),
            Ask("list", kinds.SERVICE, backend.namespace),
            Ask("list", kinds.NAMESPACE),
        ]
    }
    assert list(may.values()) == [True, True, True, False, False, False, False, False]


def test_a_group_counts_in_the_question(backend):
    group = unused("group-viewers")
    backend.allow(group, ("list",), kinds.SERVICE)
    ask = Ask("list", kinds.SERVICE, backend.namespace)
    assert backend.cluster.may(ask, Identity(unused("olga"), (group,)))
    assert not backend.cluster.may(ask, Identity(unused("olga")))


def test_without_a_name_the_question_is_about_these_credentials(backend, hers, olga):
    ask = Ask("list", kinds.SERVICE, backend.namespace)
    assert backend.cluster.may(ask)
    assert not hers.may(ask)
    backend.allow(olga.user, ("list",), kinds.SERVICE, backend.namespace)
    assert hers.may(ask)
    assert not hers.may(Ask("list", kinds.SERVICE))


def test_acting_as_somebody_changes_nothing_for_the_console(backend, hers, manifest):
    with pytest.raises(Forbidden):
        hers.create(manifest)
    assert backend.cluster.create(manifest)
    assert backend.cluster.may(Ask("delete", kinds.VIRTUAL_SERVICE, backend.namespace))


def test_who_may_watch_hears_what_others_write(backend, hers, olga, manifest):
    backend.allow(olga.user, READ, kinds.VIRTUAL_SERVICE, backend.namespace)
    start = hers.list(kinds.VIRTUAL_SERVICE, backend.namespace).resource_version
    watch = hers.watch(
        kinds.VIRTUAL_SERVICE, Manifest, start, namespace=backend.namespace, seconds=60, silence=50
    )
    backend.cluster.create(manifest)
    event = next(event for event in watch if event.type != "BOOKMARK")
    watch.close()
    assert (event.type, event.object["metadata"]["name"]) == ("ADDED", "reviews")
