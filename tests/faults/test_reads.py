"""Reads from an API server that is down, slow or broken: an error in bounded time, never half an answer."""

import pytest

from cluster import errors, kinds, objects, reading
from cluster.identity import Ask, Identity
from cluster.kube import credentials
from cluster.refs import Ref
from tests.cluster.backends import unused
from tests.faults import kinds as faults

SERVICES = "*/services"


@pytest.fixture
def services(backend):
    """Five services, by their names."""
    names = [f"s{number}" for number in range(5)]
    for name in names:
        spec = {"ports": [{"port": 80}], "selector": {"app": name}}
        metadata = {"name": name, "namespace": backend.namespace}
        backend.cluster.create({"apiVersion": "v1", "kind": "Service", "metadata": metadata, "spec": spec})
    return names


@pytest.fixture
def hasty(connect, token):
    """Does not wait for long."""
    return connect(token, timeout=(0.2, 0.2))


def listed(cluster, backend, limit=2):
    found = reading.everything(cluster, kinds.SERVICE, objects.Service, backend.namespace, limit=limit)
    return sorted(service.metadata.name for service in found.items)


def test_what_passes_is_what_the_server_says(cluster, backend, services, proxy):
    assert listed(cluster, backend) == services
    assert {request.status for request in proxy.seen} == {200}


def test_a_server_that_is_down_is_unavailable_and_then_there_again(cluster, backend, services, proxy):
    proxy.refuse()
    with pytest.raises(errors.Unavailable, match="No connection to its API server"):
        listed(cluster, backend)
    proxy.listen()
    assert listed(cluster, backend) == services


NO_ANSWERS = {
    "silence": (faults.Silent(), "did not answer in time"),
    "too late": (faults.Latency(5), "did not answer in time"),
    "closed": (faults.Reset(), "broke"),
    "lost": (faults.Lost(), "broke"),
    "500": (faults.broken(), "etcdserver: request timed out"),
    "a proxy's page": (faults.error_page(), "Bad Gateway"),
    "truncated": (faults.Truncated(150), "not a list of services"),
    "cut": (faults.Cut(), "broke"),
    "half-open": (faults.Stalls(), "did not answer in time"),
    "an empty object": (faults.Replies(200, b"{}"), "not a list of services"),
}


@pytest.mark.usefixtures("services")
@pytest.mark.parametrize("case", NO_ANSWERS)
def test_what_is_no_answer_is_unavailable_and_not_an_empty_list(hasty, cluster, backend, proxy, case):
    fault, words = NO_ANSWERS[case]
    met = proxy.fault(fault, path=SERVICES)
    with pytest.raises(errors.Unavailable, match=words):
        listed(hasty if "in time" in words else cluster, backend)
    assert met.hits == 1
    assert len(listed(cluster, backend)) == 5


def test_a_slow_answer_is_an_answer(cluster, backend, services, proxy):
    proxy.fault(faults.Latency(0.1), path=SERVICES, times=None)
    assert listed(cluster, backend) == services


def test_a_busy_server_says_for_how_long_and_is_not_asked_again_meanwhile(cluster, backend, proxy):
    proxy.fault(faults.busy(seconds=7))
    with pytest.raises(errors.TooManyRequests) as refusal:
        listed(cluster, backend)
    assert refusal.value.retry_after == 7
    assert len(proxy.asked) == 1


def test_a_list_whose_next_page_has_expired_is_begun_anew_and_mixes_nothing(
    cluster, backend, services, proxy
):
    met = proxy.fault(faults.expired(), path=SERVICES, skip=1)
    found = reading.everything(cluster, kinds.SERVICE, objects.Service, backend.namespace, limit=2)
    assert sorted(item.metadata.name for item in found.items) == services
    assert met.hits == 1
    assert [request.query.get("continue") is not None for request in proxy.seen] == [False, False, True, True]


def test_a_list_that_expires_again_and_again_is_given_up(cluster, backend, services, proxy):
    proxy.fault(faults.expired(), path=SERVICES, times=None)
    with pytest.raises(errors.Expired):
        listed(cluster, backend)
    assert len(proxy.asked) == reading.ATTEMPTS


def test_a_rotated_token_is_read_again_and_the_request_sent_once_more(
    backend, connect, token, proxy, tmp_path
):
    file = tmp_path / "token"
    file.write_text("before\n")
    cluster = connect(lambda: credentials.token(proxy.url, file.read_text()))
    proxy.fault(faults.Replies(200, b'{"gitVersion": "v1"}'), path="/version")
    assert cluster.server_version() == "v1"
    file.write_text(token + "\n")
    assert cluster.list(kinds.SERVICE, backend.namespace).items == ()
    assert [request.headers["Authorization"] for request in proxy.asked] == [
        "Bearer before", "Bearer before", f"Bearer {token}",
    ]  # fmt: skip


def test_rights_that_are_denied_in_one_namespace_leave_the_others(cluster, backend, services):
    olga = Identity(unused("olga"))
    backend.allow(olga.user, ["list", "get"], kinds.SERVICE, backend.namespace)
    acting = cluster.acting_as(olga)
    assert listed(acting, backend) == services
    assert acting.get(Ref(kinds.SERVICE, backend.namespace, "s0"))
    for refused in (
        lambda: acting.list(kinds.SERVICE, backend.other),
        lambda: acting.list(kinds.SERVICE),
        lambda: acting.delete(Ref(kinds.SERVICE, backend.namespace, "s0"), "1"),
    ):
        with pytest.raises(errors.Forbidden, match=olga.user):
            refused()
    assert acting.may(Ask("list", kinds.SERVICE, backend.namespace))
    assert not acting.may(Ask("list", kinds.SERVICE, backend.other))


def test_a_question_of_rights_without_an_answer_is_no_yes(cluster, proxy):
    for fault in (faults.broken(), faults.Lost(), faults.Truncated(20), faults.busy()):
        proxy.fault(fault, path="*reviews")
        with pytest.raises(errors.ClusterError):
            cluster.may(Ask("list", kinds.SERVICE))


def test_not_knowing_what_is_served_is_told_and_not_remembered(cluster, proxy):
    proxy.fault(faults.broken(), path="/apis/networking.istio.io/*")
    with pytest.raises(errors.Unavailable):
        cluster.served_version(kinds.VIRTUAL_SERVICE)
    assert cluster.served_version(kinds.VIRTUAL_SERVICE) == "v1"


def test_a_definition_that_is_installed_later_simply_appears(connect, token, proxy):
    now = [0.0]
    cluster = connect(token, clock=lambda: now[0])
    missing = proxy.fault(
        faults.Replies(404, faults.status(404, "NotFound", "not found")),
        path="/apis/networking.istio.io/*",
        times=None,
    )
    assert cluster.served_version(kinds.VIRTUAL_SERVICE) is None
    with pytest.raises(errors.NotFound, match="It serves no version"):
        cluster.list(kinds.VIRTUAL_SERVICE)
    missing.lift()
    now[0] = 30
    assert cluster.served_version(kinds.VIRTUAL_SERVICE) == "v1"
    cluster.list(kinds.VIRTUAL_SERVICE)
