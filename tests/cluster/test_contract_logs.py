"""The logs of containers, on each of the three clusters.

the last lines, and then those to come   in order, once, as bytes
the container ends                       the iteration ends
`close`, from any thread                 the iteration ends, at once
a pod that is not there                  NotFound
a container that is not there            Invalid
without `get pods/log`                   Forbidden, also for who may get the pod itself

A kube-apiserver alone has no kubelet: of a pod that is on no node it has nothing to tell, and of one on a
node that does not answer an error.
"""

import threading

import pytest

from cluster import kinds
from cluster.errors import ClusterError, Forbidden, Invalid, NotFound
from cluster.identity import Ask, Identity
from cluster.refs import Ref
from tests.cluster.backends import unused
from tests.cluster.conftest import only

WRITTEN = only("fake", "localmesh")


def pod(namespace, **spec):
    containers = [{"name": name, "image": "example/web:1"} for name in ("web", "istio-proxy")]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web-0", "namespace": namespace},
        "spec": {"containers": containers, **spec},
    }


@pytest.fixture(autouse=True)
def web(backend):
    """A pod with two containers."""
    return backend.cluster.create(pod(backend.namespace))


def log(backend, *, cluster=None, name="web-0", container="istio-proxy", tail_lines=10, silence=20.0):
    cluster = cluster or backend.cluster
    return cluster.log(backend.namespace, name, container, tail_lines=tail_lines, silence=silence)


def lines(followed, number):
    found = b""
    for piece in followed:
        found += piece
        if found.count(b"\n") >= number:
            followed.close()
    return found.splitlines()


@WRITTEN
def test_the_last_lines_come_and_then_those_that_are_written(backend):
    backend.write_log("web-0", "istio-proxy", b"one\n", b"two\n", b"three\n")
    followed = log(backend, tail_lines=2)
    writer = threading.Timer(0.05, backend.write_log, ("web-0", "istio-proxy", b"four\n"))
    writer.start()
    assert lines(followed, 3) == [b"two", b"three", b"four"]
    writer.join()


@WRITTEN
def test_of_no_last_lines_only_what_is_written_from_now_on_comes(backend):
    backend.write_log("web-0", "istio-proxy", b"one\n")
    followed = log(backend, tail_lines=0)
    backend.write_log("web-0", "istio-proxy", b"two\n")
    assert lines(followed, 1) == [b"two"]


@WRITTEN
def test_each_container_has_its_own_log(backend):
    backend.write_log("web-0", "web", b"listens\n")
    backend.write_log("web-0", "istio-proxy", b"proxy\n")
    assert lines(log(backend, container="web"), 1) == [b"listens"]


@WRITTEN
def test_a_log_ends_with_its_container(backend):
    backend.write_log("web-0", "istio-proxy", b"one\n")
    followed = log(backend)
    backend.end_log("web-0", "istio-proxy")
    assert b"".join(followed) == b"one\n"


@WRITTEN
def test_closing_ends_a_log_that_is_being_waited_for(backend):
    backend.write_log("web-0", "istio-proxy", b"one\n")
    followed = log(backend)
    closer = threading.Timer(0.1, followed.close)
    closer.start()
    assert b"".join(followed) == b"one\n"
    closer.join()


@WRITTEN
def test_a_log_that_falls_silent_is_over(backend):
    backend.write_log("web-0", "istio-proxy", b"one\n")
    with pytest.raises(ClusterError) as error:
        list(log(backend, silence=0.2))
    assert error.value.summary == "The cluster does not answer."


def test_a_pod_that_is_not_there_has_no_log(backend):
    with pytest.raises(NotFound):
        list(log(backend, name="nobody"))


@pytest.mark.parametrize("name", ["../secrets", "a/b", "", "A"])
def test_a_name_that_cannot_be_one_is_not_sent(backend, name):
    with pytest.raises(ValueError, match="name"):
        log(backend, name=name)


def test_a_container_that_is_not_there_is_refused(backend):
    with pytest.raises(Invalid, match="nobody"):
        list(log(backend, container="nobody"))


@only("kube-apiserver")
def test_a_pod_on_no_node_has_written_nothing(backend):
    assert list(log(backend)) == []


@only("kube-apiserver")
def test_a_node_without_a_kubelet_is_an_error_and_no_empty_log(backend):
    backend.cluster.delete(Ref(kinds.POD, backend.namespace, "web-0"), version(backend), uid="")
    backend.cluster.create(pod(backend.namespace, nodeName="nowhere"))
    with pytest.raises(ClusterError) as error:
        list(log(backend))
    assert not isinstance(error.value, Forbidden)


def version(backend):
    return backend.cluster.get(Ref(kinds.POD, backend.namespace, "web-0"))["metadata"]["resourceVersion"]


def test_who_may_get_pods_may_not_read_their_logs_for_that(backend):
    olga = Identity(unused("olga"))
    backend.allow(olga.user, ("get", "list", "watch"), kinds.POD, backend.namespace)
    assert not backend.cluster.may(Ask("get", kinds.POD, backend.namespace, subresource="log"), olga)
    with pytest.raises(Forbidden, match="pods/log"):
        list(log(backend, cluster=backend.cluster.acting_as(olga)))


def test_the_right_to_logs_is_one_of_its_own_and_holds_in_its_namespace(backend):
    olga = Identity(unused("olga"))
    backend.allow(olga.user, ("get",), kinds.POD, backend.namespace, subresource="log")
    hers = backend.cluster.acting_as(olga)
    assert backend.cluster.may(Ask("get", kinds.POD, backend.namespace, subresource="log"), olga)
    assert hers.may(Ask("get", kinds.POD, backend.namespace, subresource="log"))
    assert not backend.cluster.may(Ask("get", kinds.POD, backend.other, subresource="log"), olga)
    assert not backend.cluster.may(Ask("get", kinds.POD, backend.namespace), olga)
    if backend.name != "kube-apiserver":
        backend.write_log("web-0", "istio-proxy", b"one\n")
        assert lines(log(backend, cluster=hers), 1) == [b"one"]
