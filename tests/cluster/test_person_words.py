"""What is told of the console's own troubles: all to who sees everything, and to others only their sort."""

import pytest

from cluster import kinds, surveying
from cluster.access import Access
from cluster.cache import Cache, Known
from cluster.errors import Forbidden, Unavailable
from cluster.fake import FakeCluster
from cluster.identity import Ask, Identity
from cluster.person import NOT_CURRENT, PersonCluster, nobody

KUBECONFIG = "kubeconfig /root/.kube/config: it has no context 'x', but prod-admin, vault."
ACCOUNT = 'User "system:serviceaccount:vault:meshui" cannot list resource "services".'


class Counted(FakeCluster):
    """Counts the questions; jane may list services in shop, admin everywhere, and each may write."""

    def __init__(self):
        super().__init__(
            {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}
            for name in ("shop", "vault")
        )
        self.asked = []
        self.rights = lambda identity, ask: (
            identity is None or identity.user == "admin" or ask.namespace == "shop"
        )

    def may(self, ask, identity=None):
        self.asked.append(ask)
        return super().may(ask, identity)

    def acting_as(self, identity):
        other = super().acting_as(identity)
        other.asked = self.asked
        return other


@pytest.fixture
def cluster():
    return Counted()


@pytest.fixture
def as_(cluster):
    def of(user, mode="review"):
        identity = Identity(user) if user else None
        return PersonCluster("east", cluster, Cache(cluster), Access(cluster, identity, mode))

    return of


@pytest.mark.parametrize("namespace", ["shop", "vault", None])
@pytest.mark.parametrize(("user", "told"), [("", ACCOUNT), ("admin", ACCOUNT), ("jane", NOT_CURRENT)])
def test_why_a_list_is_not_current(as_, monkeypatch, user, told, namespace):
    person = as_(user)
    read = person._cache.read
    monkeypatch.setattr(
        person._cache,
        "read",
        lambda kind, place=None: Known((), 7.0, ACCOUNT) if kind == kinds.SERVICE else read(kind, place),
    )
    assert person.known(kinds.SERVICE, namespace).problem == told


@pytest.mark.parametrize(("user", "whole"), [("", True), ("admin", True), ("jane", False)])
def test_why_the_server_s_version_is_not_known(as_, cluster, caplog, user, whole):
    def away():
        raise Unavailable(KUBECONFIG)

    cluster.server_version = away
    person = as_(user)
    for _ in range(2):
        told = " ".join(surveying.survey(person).problems)
        assert "The cluster does not answer." in told
        assert ("prod-admin" in told) is whole
    # Who is not told can ask an administrator, whose log has it, once.
    assert caplog.text.count(KUBECONFIG) == (0 if whole else 1)


@pytest.mark.parametrize(("user", "whole"), [("", True), ("admin", True), ("jane", False)])
def test_why_a_write_was_not_made(as_, cluster, user, whole):
    item = {
        "apiVersion": "networking.istio.io/v1",
        "kind": "VirtualService",
        "metadata": {"name": "cart", "namespace": "shop"},
    }
    for error in (Unavailable(KUBECONFIG), Forbidden(ACCOUNT, status=403)):
        cluster.fail_next("create", error)
        with pytest.raises(type(error)) as failed:
            as_(user).create(item)
        assert (error.detail in failed.value.detail) is whole
    cluster.fail_next("create", Unavailable("The webhook of shop failed.", status=500))
    with pytest.raises(Unavailable, match="The webhook of shop failed"):
        as_(user).create(item)


def test_who_has_no_identity_is_told_nothing_of_the_cluster(cluster):
    person = nobody("east", cluster, Cache(cluster))
    for asked in (person.server_version, lambda: person.served_version(kinds.VIRTUAL_SERVICE)):
        with pytest.raises(Forbidden, match="no Kubernetes identity"):
            asked()
    found = surveying.survey(person)
    assert (found.serving.version, found.serving.kinds, len(found.problems)) == ("", (), 1)


@pytest.mark.parametrize("mode", ["impersonate", "review"])
def test_a_hidden_namespace_is_asked_about_as_little_as_one_that_is_not(as_, cluster, mode):
    jane = as_("jane", mode)
    assert jane.readable("shop")
    cluster.asked.clear()
    assert not jane.readable("vault")
    assert not jane.readable("nowhere")
    assert cluster.asked == []


def test_who_may_list_services_everywhere_reads_every_namespace(as_, cluster):
    assert as_("admin").readable("nowhere")
    assert cluster.asked == [Ask("list", kinds.SERVICE)]
