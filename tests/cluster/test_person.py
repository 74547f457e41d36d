"""A cluster as one person may use it, in both modes of access: what is read, known and written."""

import pytest

from cluster import kinds, objects, reading
from cluster.access import Access, NoAccess
from cluster.cache import Cache, Known
from cluster.errors import Forbidden, NotFound
from cluster.fake import FakeCluster
from cluster.identity import READ_VERBS, Ask, Identity
from cluster.person import NOT_CURRENT, PersonCluster, acting
from cluster.refs import Ref

JANE = Identity("jane")
SHOP = Ref(kinds.VIRTUAL_SERVICE, "shop", "cart")
VAULT = Ref(kinds.VIRTUAL_SERVICE, "vault", "ledger")


def manifest(kind, namespace, name, **spec):
    metadata = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": kind.api_version, "kind": kind.kind, "metadata": metadata, "spec": spec}


class Rights:
    """Jane may read all of shop and yard, and write VirtualServices in shop; of the vault, only its pods."""

    def __init__(self):
        self.extra = set()
        self.taken = set()

    def __call__(self, identity, ask):
        if identity is None or ask in self.extra:
            return True
        if ask in self.taken or ask.kind == kinds.NAMESPACE:
            return False
        if ask.namespace == "vault":
            return ask.kind == kinds.POD and ask.verb in READ_VERBS
        if ask.namespace in ("shop", "yard") and ask.verb in READ_VERBS:
            return True
        return ask.namespace == "shop" and ask.kind == kinds.VIRTUAL_SERVICE


@pytest.fixture
def rights():
    return Rights()


@pytest.fixture
def cluster(rights):
    made = [
        manifest(kind, place, name)
        for place, name in (("shop", "cart"), ("vault", "ledger"), ("yard", "gate"))
        for kind in (kinds.SERVICE, kinds.POD, kinds.VIRTUAL_SERVICE)
    ]
    return FakeCluster(made, rights=rights)


def as_(cluster, identity, mode="impersonate"):
    return PersonCluster("east", cluster, Cache(cluster), Access(cluster, identity, mode))


@pytest.fixture(params=["impersonate", "review"])
def jane(cluster, request):
    return as_(cluster, JANE, request.param)


@pytest.fixture
def nobody(cluster):
    return PersonCluster("east", cluster, Cache(cluster), NoAccess(cluster))


def names(items):
    return [objects.metadata_of(item).name for item in items]


READABLE = {
    kinds.NAMESPACE: ["shop", "yard"],
    kinds.SERVICE: ["cart", "gate"],
    kinds.POD: ["cart", "gate"],
    kinds.VIRTUAL_SERVICE: ["cart", "gate"],
}


@pytest.mark.parametrize("kind", READABLE, ids=str)
def test_known_is_what_stands_in_readable_namespaces(jane, kind):
    assert names(jane.known(kind).items) == READABLE[kind]
    if kind.namespaced:
        assert names(jane.known(kind, "shop").items) == ["cart"]
        assert jane.known(kind, "vault").items == ()
    assert jane.visible() == frozenset({"shop", "yard"})


def test_a_kind_that_may_not_be_listed_is_not_known_though_the_namespace_is(jane, rights):
    rights.taken.add(Ask("list", kinds.VIRTUAL_SERVICE, "shop"))
    assert names(jane.known(kinds.VIRTUAL_SERVICE).items) == ["gate"]
    assert jane.hidden(kinds.VIRTUAL_SERVICE, ["shop", "yard"]) == {"shop"}


def test_the_console_s_own_account_knows_everything(cluster):
    own = as_(cluster, None)
    assert names(own.known(kinds.SERVICE).items) == ["cart", "ledger", "gate"]
    assert own.visible() is None


def test_the_console_s_own_account_keeps_its_sight_while_the_cluster_is_away(cluster, rights, monkeypatch):
    cache = Cache(cluster)
    own = PersonCluster("east", cluster, cache, Access(cluster, None))
    cache.start()
    try:
        assert cache.wait_until_settled(20)
        monkeypatch.setattr(cluster, "rights", lambda *_: False)
        assert own.visible() is None
        assert own.visible_or_raise() is None
        assert len(own.known(kinds.SERVICE).items) == 3
    finally:
        cache.stop()


def test_what_is_filtered_once_is_not_filtered_again_until_it_changes(jane, monkeypatch):
    items = tuple(jane._cache.read(kinds.SERVICE).items)
    monkeypatch.setattr(
        jane._cache, "read", lambda kind, _=None: Known(items) if kind == kinds.SERVICE else KNOWN_PLACES
    )
    first = jane.known(kinds.SERVICE).items
    assert jane.known(kinds.SERVICE).items is first
    items = items[:1]
    assert names(jane.known(kinds.SERVICE).items) == ["cart"]


KNOWN_PLACES = Known(
    tuple(objects.Namespace(metadata=objects.Meta(name=name)) for name in ("shop", "vault", "yard"))
)


def test_a_problem_with_what_may_not_be_read_is_told_without_its_name(jane, monkeypatch):
    read = jane._cache.read

    def troubled(kind, namespace=None):
        found = read(kind, namespace)
        return (
            Known(found.items, 7.0, "meshui cannot read services in vault")
            if kind == kinds.SERVICE
            else found
        )

    monkeypatch.setattr(jane._cache, "read", troubled)
    known = jane.known(kinds.SERVICE)
    assert (known.problem, known.age_seconds) == (NOT_CURRENT, 7.0)


def test_a_list_of_all_is_the_lists_of_where_one_may(jane):
    assert names(jane.list(kinds.VIRTUAL_SERVICE).items) == ["cart", "gate"]
    assert names(jane.list(kinds.POD).items) == ["cart", "gate"]
    assert jane.list(kinds.POD).resource_version == ""


def test_a_list_of_one_namespace_is_the_cluster_s(jane):
    found = jane.list(kinds.POD, "shop")
    assert names(found.items) == ["cart"]
    assert found.resource_version


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_pages_lead_through_the_readable_namespaces(jane, cluster, limit):
    for number in range(3):
        cluster.put(manifest(kinds.POD, "shop", f"more-{number}"))
    listed = reading.everything(jane, kinds.POD, objects.Pod, limit=limit)
    assert names(listed.items) == ["cart", "more-0", "more-1", "more-2", "gate"]


def test_a_namespace_that_is_lost_between_two_pages_is_left_out(jane, cluster, rights):
    first = jane.page(kinds.POD, objects.Pod, limit=1)
    jane.access._kept.clear()
    rights.taken |= {Ask("list", kind, "yard") for kind in kinds.ALL}
    following = jane.page(kinds.POD, objects.Pod, continue_token=first.continue_token)
    assert (following.items, following.continue_token) == ((), "")


@pytest.mark.parametrize("place", ["vault", "nowhere"])
def test_an_unreadable_namespace_is_refused_whether_it_exists_or_not(jane, place):
    for read in (
        lambda: jane.list(kinds.POD, place),
        lambda: jane.page(kinds.POD, objects.Pod, namespace=place),
        lambda: jane.get(Ref(kinds.POD, place, "ledger")),
        lambda: jane.get(Ref(kinds.NAMESPACE, "", place)),
        lambda: jane.watch(kinds.POD, objects.Pod, "1", namespace=place, seconds=1, silence=1),
    ):
        with pytest.raises(Forbidden, match="User jane may not") as refused:
            read()
        assert "ledger" not in str(refused.value).replace("'ledger'", "")


def test_where_one_may_nowhere_a_list_is_refused(jane, rights):
    rights.taken |= {Ask("list", kinds.VIRTUAL_SERVICE, place) for place in ("shop", "yard")}
    with pytest.raises(Forbidden, match="User jane may not list virtualservices in all namespaces"):
        jane.list(kinds.VIRTUAL_SERVICE)


def test_one_object_is_read(jane):
    assert jane.get(SHOP)["metadata"]["name"] == "cart"
    with pytest.raises(NotFound):
        jane.get(Ref(kinds.VIRTUAL_SERVICE, "shop", "nothing"))


def test_a_watch_is_of_what_may_be_read_and_watched(jane, cluster):
    since = cluster.list(kinds.POD).resource_version
    watch = jane.watch(kinds.POD, objects.Pod, since, namespace="shop", seconds=0.05, silence=1)
    assert list(watch) == []
    with pytest.raises(Forbidden, match="may not watch pods in all namespaces"):
        jane.watch(kinds.POD, objects.Pod, since, seconds=1, silence=1)


def test_writes_go_where_one_may(jane, cluster):
    created = jane.create(manifest(kinds.VIRTUAL_SERVICE, "shop", "new"))
    replaced = jane.replace({**created, "spec": {"hosts": ["new"]}})
    jane.delete(Ref.of(replaced), replaced["metadata"]["resourceVersion"], uid=replaced["metadata"]["uid"])
    with pytest.raises(NotFound):
        cluster.get(Ref.of(created))


@pytest.mark.parametrize("dry_run", [True, False])
@pytest.mark.parametrize("place", ["yard", "vault", "nowhere"])
def test_writes_are_refused_elsewhere_in_plain_words(jane, cluster, place, dry_run):
    item = manifest(kinds.VIRTUAL_SERVICE, place, "new")
    with pytest.raises(Forbidden, match=f"User jane may not create virtualservices in {place}"):
        jane.create(item, dry_run=dry_run)
    item["metadata"]["resourceVersion"] = "1"
    with pytest.raises(Forbidden, match=f"User jane may not update virtualservices 'new' in {place}"):
        jane.replace(item, dry_run=dry_run)
    with pytest.raises(Forbidden, match=f"User jane may not delete virtualservices 'new' in {place}"):
        jane.delete(Ref.of(item), "1", dry_run=dry_run)


def test_a_right_that_is_taken_away_is_missed_at_once_by_a_write(jane, rights):
    ref = Ref(kinds.VIRTUAL_SERVICE, "shop", "cart")
    ask = Ask("update", ref.kind, ref.namespace, ref.name)
    found = jane.get(ref)
    assert jane.why_not(ask) == ""
    rights.taken.add(ask)
    assert jane.why_not(ask) == ""
    with pytest.raises(Forbidden):
        jane.replace(found)


def test_rights_are_one_s_own_business(jane):
    assert jane.may(Ask("list", kinds.POD, "shop"))
    assert not jane.may(Ask("list", kinds.POD))
    with pytest.raises(Forbidden, match="the rights of others"):
        jane.may(Ask("list", kinds.POD), Identity("amina"))
    with pytest.raises(Forbidden, match="may not act as"):
        jane.acting_as(Identity("amina"))


def test_what_may_be_shown_of_a_history(jane):
    wanted = {(kinds.VIRTUAL_SERVICE, "shop"), (kinds.VIRTUAL_SERVICE, "vault"), (kinds.POD, "vault")}
    assert jane.may_read(wanted) == {(kinds.VIRTUAL_SERVICE, "shop")}


def test_the_cluster_s_versions_are_no_secret(jane):
    assert jane.server_version() == "v1.36.3"
    assert jane.served_version(kinds.VIRTUAL_SERVICE) == "v1"


def test_nobody_sees_and_does_nothing_and_is_told_why(nobody, cluster):
    assert nobody.is_nobody
    assert nobody.visible() == frozenset()
    for kind in READABLE:
        assert nobody.known(kind).items == ()
    for deed in (
        lambda: nobody.list(kinds.POD),
        lambda: nobody.get(SHOP),
        lambda: nobody.create(manifest(kinds.VIRTUAL_SERVICE, "shop", "new")),
        lambda: nobody.delete(VAULT, "1"),
    ):
        with pytest.raises(Forbidden, match="no Kubernetes identity"):
            deed()
    assert nobody.why_not(Ask("get", kinds.POD, "shop")).startswith("Your account has no Kubernetes identity")


def test_one_identity_is_one_person_for_all_requests(cluster):
    cache = Cache(cluster)
    one = acting("east", cluster, cache, Identity("jane", ("dev",)))
    assert acting("east", cluster, cache, Identity("jane", ("dev",))) is one
    assert acting("east", cluster, cache, Identity("jane")) is not one
    assert acting("east", cluster, cache, None) is not one
    assert acting("east", cluster, cache, Identity("jane", ("dev",)), "review") is not one
