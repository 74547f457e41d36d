"""A console that is set up for some namespaces: nobody reads or writes in the others by it."""

import pytest

from cluster import kinds, objects, surveying
from cluster.access import Access
from cluster.cache import Cache
from cluster.errors import Forbidden
from cluster.fake import FakeCluster
from cluster.identity import Ask, Identity
from cluster.person import PersonCluster
from cluster.refs import Ref

ELSEWHERE = "meshui is not set up to look into the namespace vault."
PEOPLE = [(None, "impersonate"), (Identity("admin"), "impersonate"), (Identity("admin"), "review")]


def manifest(kind, namespace, name):
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": {}}


def names(items):
    return [objects.metadata_of(item).name for item in items]


@pytest.fixture
def cluster():
    return FakeCluster(
        manifest(kind, place, name)
        for place, name in (("shop", "cart"), ("vault", "ledger"))
        for kind in (kinds.SERVICE, kinds.VIRTUAL_SERVICE)
    )


@pytest.fixture(params=[True, False], ids=["watched", "asked"])
def cache(cluster, request):
    cache = Cache(cluster, namespaces=("shop",))
    if request.param:
        cache.start()
        assert cache.wait_until_settled(20)
    yield cache
    cache.stop()


@pytest.fixture(params=PEOPLE, ids=["own", "impersonated", "reviewed"])
def admin(cluster, cache, request):
    """Somebody whom the cluster allows everything."""
    return PersonCluster("east", cluster, cache, Access(cluster, *request.param))


def test_it_shows_those_namespaces_and_no_others(admin, cache):
    assert names(cache.read(kinds.NAMESPACE).items) == ["shop"]
    assert names(admin.known(kinds.NAMESPACE).items) == ["shop"]
    assert cache.read(kinds.NAMESPACE, "vault").items == ()
    found = surveying.survey(admin)
    assert [item.name for item in found.inventory.namespaces] == ["shop"]
    assert not found.whole


def test_nobody_sees_all(admin):
    assert admin.visible() == admin.visible_or_raise() == frozenset({"shop"})
    assert (admin.readable("shop"), admin.readable("vault")) == (True, False)


def test_a_list_of_all_is_of_those(admin):
    assert names(admin.list(kinds.SERVICE).items) == ["cart"]
    assert names(admin.page(kinds.SERVICE, objects.Service).items) == ["cart"]
    assert admin.why_not(Ask("list", kinds.SERVICE)) == "meshui is not set up to look into all namespaces."
    assert admin.why_not(Ask("list", kinds.SERVICE, "shop")) == ""


def test_reads_elsewhere_are_refused_in_plain_words(admin):
    for read in (
        lambda: admin.list(kinds.SERVICE, "vault"),
        lambda: admin.page(kinds.SERVICE, objects.Service, namespace="vault"),
        lambda: admin.get(Ref(kinds.VIRTUAL_SERVICE, "vault", "ledger")),
        lambda: admin.get(Ref(kinds.NAMESPACE, "", "vault")),
        lambda: admin.watch(kinds.SERVICE, objects.Service, "1", namespace="vault", seconds=1, silence=1),
    ):
        with pytest.raises(Forbidden) as refused:
            read()
        assert refused.value.detail == ELSEWHERE
    assert admin.why_not(Ask("get", kinds.SERVICE, "vault")) == ELSEWHERE
    assert not admin.may(Ask("get", kinds.SERVICE, "vault"))
    known = admin.known(kinds.SERVICE, "vault")
    assert (known.items, known.problem) == ((), ELSEWHERE)


@pytest.mark.parametrize("dry_run", [True, False])
def test_writes_elsewhere_are_refused_in_plain_words(admin, cluster, dry_run):
    there = cluster.get(Ref(kinds.VIRTUAL_SERVICE, "vault", "ledger"))
    version = there["metadata"]["resourceVersion"]
    for write in (
        lambda: admin.create(manifest(kinds.VIRTUAL_SERVICE, "vault", "new"), dry_run=dry_run),
        lambda: admin.replace(there, dry_run=dry_run),
        lambda: admin.delete(Ref.of(there), version, dry_run=dry_run),
    ):
        with pytest.raises(Forbidden) as refused:
            write()
        assert refused.value.detail == ELSEWHERE
    assert names(cluster.list(kinds.VIRTUAL_SERVICE, "vault").items) == ["ledger"]


def test_it_writes_within(admin):
    admin.create(manifest(kinds.VIRTUAL_SERVICE, "shop", "new"))
    assert names(admin.list(kinds.VIRTUAL_SERVICE, "shop").items) == ["cart", "new"]


def test_what_was_done_elsewhere_before_is_not_shown(admin):
    wanted = {(kinds.VIRTUAL_SERVICE, "shop"), (kinds.VIRTUAL_SERVICE, "vault")}
    assert admin.may_read(wanted) == {(kinds.VIRTUAL_SERVICE, "shop")}
