"""Lists by pages, on each of the three clusters: all pages of a list show one moment.

a token whose moment the server has forgotten    Expired
a token that was never given out                 Invalid
a namespace that cannot be one                   ValueError, and nothing is sent
"""

from typing import Any

import pytest

from cluster import kinds, reading
from cluster.errors import Expired, Invalid
from cluster.objects import Pod, Service
from cluster.refs import Ref
from tests.cluster.backends import virtual_service

NAMES = ["a", "b", "c", "d", "e", "f", "g"]
Manifest = dict[str, Any]


@pytest.fixture
def cluster(backend):
    return backend.cluster


@pytest.fixture
def seven(backend, cluster):
    """Seven objects; their namespace."""
    for name in NAMES:
        cluster.create(virtual_service(backend.namespace, name))
    return backend.namespace


def pages(cluster, namespace, limit, shape=Manifest, kind=kinds.VIRTUAL_SERVICE):
    """All pages of a list, as they come."""
    token = ""
    while True:
        page = cluster.page(kind, shape, namespace=namespace, limit=limit, continue_token=token)
        yield page
        token = page.continue_token
        if not token:
            return


def names(items):
    return [item["metadata"]["name"] for item in items]


@pytest.mark.parametrize("limit", [1, 2, 3, 6, 7, 8])
def test_all_pages_together_are_the_list(cluster, seven, limit):
    found = list(pages(cluster, seven, limit))
    assert [item for page in found for item in page.items] == list(
        cluster.list(kinds.VIRTUAL_SERVICE, seven).items
    )
    assert [len(page.items) for page in found[:-1]] == [limit] * (len(found) - 1)
    assert 0 < len(found[-1].items) <= limit
    assert len({page.resource_version for page in found}) == 1


def test_a_list_of_nothing_is_one_empty_page(backend, cluster):
    (page,) = pages(cluster, backend.namespace, 2)
    assert page.items == ()
    assert page.resource_version


def test_items_of_a_page_name_their_kind(cluster, seven):
    page = cluster.page(kinds.VIRTUAL_SERVICE, Manifest, namespace=seven, limit=2)
    assert {(item["kind"], item["apiVersion"]) for item in page.items} == {
        ("VirtualService", "networking.istio.io/v1")
    }


def test_writes_between_two_pages_do_not_show(cluster, seven):
    walk = pages(cluster, seven, 3)
    first = next(walk)
    gone = Ref(kinds.VIRTUAL_SERVICE, seven, "f")
    cluster.delete(gone, cluster.get(gone)["metadata"]["resourceVersion"])
    cluster.create(virtual_service(seven, "dd"))
    edited = cluster.get(Ref(kinds.VIRTUAL_SERVICE, seven, "e"))
    cluster.replace({**edited, "spec": virtual_service(seven, "e", subset="v9")["spec"]})
    rest = list(walk)
    items = [*first.items, *(item for page in rest for item in page.items)]
    assert names(items) == NAMES
    assert {page.resource_version for page in rest} == {first.resource_version}
    as_it_was = next(item for item in items if item["metadata"]["name"] == "e")
    assert as_it_was["metadata"]["resourceVersion"] == edited["metadata"]["resourceVersion"]
    assert names(cluster.list(kinds.VIRTUAL_SERVICE, seven).items) == ["a", "b", "c", "d", "dd", "e", "g"]


def test_a_page_may_be_asked_for_twice(cluster, seven):
    token = cluster.page(kinds.VIRTUAL_SERVICE, Manifest, namespace=seven, limit=3).continue_token
    once, twice = (
        cluster.page(kinds.VIRTUAL_SERVICE, Manifest, namespace=seven, limit=3, continue_token=token)
        for _ in range(2)
    )
    assert names(once.items) == names(twice.items) == ["d", "e", "f"]


def test_a_page_of_a_forgotten_moment_is_expired_and_a_new_list_helps(backend, cluster, seven):
    token = cluster.page(kinds.VIRTUAL_SERVICE, Manifest, namespace=seven, limit=3).continue_token
    backend.forget()
    with pytest.raises(Expired):
        cluster.page(kinds.VIRTUAL_SERVICE, Manifest, namespace=seven, limit=3, continue_token=token)
    assert names(item for page in pages(cluster, seven, 3) for item in page.items) == NAMES


def test_a_token_that_is_none_is_invalid(cluster, seven):
    with pytest.raises(Invalid):
        cluster.page(kinds.VIRTUAL_SERVICE, Manifest, namespace=seven, limit=3, continue_token="nonsense")


def test_pages_over_all_namespaces_and_of_one(backend, cluster, seven):
    cluster.create(virtual_service(backend.other, "z"))
    everywhere = [
        (item["metadata"]["namespace"], item["metadata"]["name"])
        for page in pages(cluster, None, 4)
        for item in page.items
    ]
    assert everywhere == sorted(everywhere)
    assert {(seven, "a"), (seven, "g"), (backend.other, "z")} <= set(everywhere)
    assert names(item for page in pages(cluster, backend.other, 4) for item in page.items) == ["z"]


def test_the_pager_reads_everything_as_of_one_moment(cluster, seven):
    listed = reading.everything(cluster, kinds.VIRTUAL_SERVICE, Manifest, seven, limit=2)
    assert names(listed.items) == NAMES
    assert listed.resource_version


def test_projections_hold_what_is_used_and_nothing_else(backend, cluster):
    cluster.create(
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "reviews", "namespace": backend.namespace, "labels": {"app": "reviews"}},
            "spec": {"selector": {"app": "reviews"}, "ports": [{"name": "http", "port": 9080}]},
        }
    )
    cluster.create(
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "reviews-v1", "namespace": backend.namespace},
            "spec": {"containers": [{"name": "reviews", "image": "reviews:v1"}]},
        }
    )
    (page,) = pages(cluster, backend.namespace, 5, Service, kinds.SERVICE)
    (service,) = page.items
    assert (service.metadata.name, service.metadata.namespace) == ("reviews", backend.namespace)
    assert service.metadata.labels == {"app": "reviews"}
    assert service.metadata.uid
    assert service.metadata.resource_version
    assert (service.spec.ports[0].name, service.spec.ports[0].port) == ("http", 9080)
    (page,) = pages(cluster, backend.namespace, 5, Pod, kinds.POD)
    assert [container.image for container in page.items[0].spec.containers] == ["reviews:v1"]


def test_a_namespace_that_is_none_is_not_paged(cluster):
    with pytest.raises(ValueError, match="cannot be the namespace"):
        cluster.page(kinds.VIRTUAL_SERVICE, Manifest, namespace="..")
