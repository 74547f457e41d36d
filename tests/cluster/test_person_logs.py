"""Logs as one person may read them: a right of its own, in readable namespaces only."""

import pytest

from cluster import kinds
from cluster.access import Access, NoAccess
from cluster.cache import Cache
from cluster.errors import Forbidden
from cluster.fake import FakeCluster
from cluster.identity import Ask, Identity
from cluster.person import PersonCluster

JANE = Identity("jane")


class Rights:
    """Jane may list services in shop and yard, get pods everywhere, and what a test adds."""

    def __init__(self):
        self.logs = set()

    def __call__(self, identity, ask):
        if identity is None:
            return True
        if ask.subresource:
            return (ask.namespace, ask.subresource) in self.logs
        if ask.kind == kinds.POD:
            return ask.verb == "get"
        return ask.kind == kinds.SERVICE and ask.verb == "list" and ask.namespace in ("shop", "yard")


@pytest.fixture
def rights():
    return Rights()


@pytest.fixture
def cluster(rights):
    cluster = FakeCluster(rights=rights)
    for place in ("shop", "vault"):
        cluster.put({"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "cart", "namespace": place}})
        cluster.write_log(place, "cart", "istio-proxy", b"one\n")
        cluster.end_log(place, "cart", "istio-proxy")
    return cluster


@pytest.fixture(params=["impersonate", "review"])
def jane(cluster, request):
    return PersonCluster("east", cluster, Cache(cluster), Access(cluster, JANE, request.param))


def log(person, namespace="shop"):
    return person.log(namespace, "cart", "istio-proxy", tail_lines=5, silence=5.0)


def test_with_the_right_the_log_is_read(jane, rights):
    rights.logs.add(("shop", "log"))
    followed = log(jane)
    assert next(iter(followed)) == b"one\n"
    assert jane.why_not(Ask("get", kinds.POD, "shop", subresource="log")) == ""


def test_without_it_the_refusal_names_the_log_and_not_the_pod(jane):
    with pytest.raises(Forbidden, match="may not get pods/log 'cart' in shop"):
        log(jane)


def test_who_may_get_pods_everywhere_may_not_read_logs_for_that(jane):
    asked = Ask("get", kinds.POD, "shop", subresource="log")
    assert "may not get pods/log in shop" in jane.why_not(asked)
    assert jane.why_not(Ask("get", kinds.POD, "shop")) == ""


def test_of_a_namespace_that_may_not_be_read_there_is_no_log_whatever_the_right(jane, rights, cluster):
    rights.logs.add(("vault", "log"))
    with pytest.raises(Forbidden):
        log(jane, "vault")
    assert [call for call in cluster.calls if call[0] == "log"] == []


def test_who_has_no_identity_reads_no_log(cluster):
    nobody = PersonCluster("east", cluster, Cache(cluster), NoAccess(cluster))
    with pytest.raises(Forbidden):
        log(nobody)
