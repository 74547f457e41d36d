"""The adapter to an API server: what it sends, and what it makes of every kind of answer."""

import socket
from contextlib import closing

import pytest

from cluster import errors, kinds, objects
from cluster.kube import KubeCluster
from cluster.kube.wire import Wire
from cluster.refs import Ref
from tests.cluster.scripted import (
    ALL,
    MANIFEST,
    NAMESPACES,
    NEW,
    NOTHING,
    ONE,
    REVIEWS,
    VERSION,
    status,
    streamed,
)


@pytest.fixture
def cluster(url):
    return KubeCluster.at(url, "secret-token")


def test_a_write_is_strict_conditional_and_signed(cluster, script):
    script.answers["PUT", ONE] = (200, MANIFEST)
    cluster.replace(MANIFEST, dry_run=True)
    asked = script.asked[-1]
    assert (asked.method, asked.path) == ("PUT", ONE)
    assert asked.query == {"fieldManager": "meshui", "fieldValidation": "Strict", "dryRun": "All"}
    assert asked.body["metadata"]["resourceVersion"] == "7"
    assert asked.token == "Bearer secret-token"


def test_a_delete_names_the_version_and_the_object_that_it_means(cluster, script):
    script.answers["DELETE", ONE] = (200, {"kind": "Status"})
    cluster.delete(REVIEWS, "7", uid="u-1")
    assert script.asked[-1].body["preconditions"] == {"resourceVersion": "7", "uid": "u-1"}


ANSWERS = {
    "unauthorized": (status(401, "Unauthorized", "Unauthorized"), errors.Unauthorized),
    "forbidden": (status(403, "Forbidden", "olga cannot get it"), errors.Forbidden),
    "not found": (status(404, "NotFound", "not found"), errors.NotFound),
    "exists": (status(409, "AlreadyExists", "already exists"), errors.AlreadyExists),
    "conflict": (status(409, "Conflict", "the object has been modified"), errors.Conflict),
    "gone": (status(410, "Expired", "too old"), errors.Expired),
    "invalid": (status(422, "Invalid", "spec.hosts is required"), errors.Invalid),
    "bad request": (status(400, "BadRequest", 'unknown field "spec.x"'), errors.Invalid),
    "too large": (status(413, "RequestEntityTooLarge", "too large"), errors.Invalid),
    "busy": (status(429, "TooManyRequests", "slow down"), errors.TooManyRequests),
    "broken": (status(500, "InternalError", "etcd"), errors.Unavailable),
    "a proxy's page": ((502, b"<html>Bad Gateway</html>"), errors.Unavailable),
    "a teapot": ((418, b""), errors.ClusterError),
    "no JSON": ((200, b"<html>"), errors.Unavailable),
    "no object": ((200, b"[]"), errors.Unavailable),
}


@pytest.mark.parametrize(("answer", "expected"), ANSWERS.values(), ids=ANSWERS)
def test_every_refusal_becomes_one_of_the_family(cluster, script, answer, expected):
    script.answers["GET", ONE] = answer
    with pytest.raises(errors.ClusterError) as refusal:
        cluster.get(REVIEWS)
    assert type(refusal.value) is expected
    assert refusal.value.message.startswith(expected.summary)
    assert "secret-token" not in str(refusal.value)


def test_the_servers_own_words_are_kept_but_cut(cluster, script):
    script.answers["GET", ONE] = status(403, "Forbidden", "no\r\nway " + "x" * 10_000)
    with pytest.raises(errors.Forbidden) as refusal:
        cluster.get(REVIEWS)
    assert "no way xxx" in refusal.value.message
    assert len(refusal.value.message) < 600


def test_causes_name_their_fields(cluster, script):
    causes = [{"field": "spec.http[0]", "message": "required"}, {"message": "also"}, "nonsense"]
    script.answers["POST", ALL] = status(422, "Invalid", "invalid", causes=causes)
    with pytest.raises(errors.Invalid) as refusal:
        cluster.create(NEW)
    assert refusal.value.causes == (errors.Cause("spec.http[0]", "required"), errors.Cause("", "also"))


@pytest.mark.parametrize(
    ("header", "details", "pause"),
    [("3", {}, 3), (None, {"retryAfterSeconds": 4}, 4), (None, {}, 1), ("soon", {}, 1), ("86400", {}, 60)],
)
def test_a_busy_server_says_for_how_long(cluster, script, header, details, pause):
    script.answers["GET", ONE] = status(429, "TooManyRequests", "slow down", **details)
    script.headers |= {"Retry-After": header} if header else {}
    with pytest.raises(errors.TooManyRequests) as refusal:
        cluster.get(REVIEWS)
    assert refusal.value.retry_after == pause


@pytest.mark.parametrize(("header", "pause"), [("3", 3), (None, 0), ("soon", 0), ("86400", 60)])
@pytest.mark.parametrize("answer", [status(503, "ServiceUnavailable", "starting"), (502, b"<html>")], ids=str)
def test_a_server_that_is_away_may_say_for_how_long(cluster, script, answer, header, pause):
    script.answers["GET", ONE] = answer
    script.headers |= {"Retry-After": header} if header else {}
    with pytest.raises(errors.Unavailable) as refusal:
        cluster.get(REVIEWS)
    assert refusal.value.retry_after == pause


def test_nobody_listening_is_unavailable_at_once():
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{free.getsockname()[1]}"
    with pytest.raises(errors.Unavailable, match="No connection to its API server"):
        KubeCluster.at(address, "t").get(REVIEWS)


def test_a_server_that_never_answers_is_unavailable_after_the_timeout_and_asked_once():
    with closing(socket.create_server(("127.0.0.1", 0))) as silent:
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        adapter = KubeCluster.at(address, "t", timeout=(0.2, 0.2))
        with pytest.raises(errors.Unavailable, match="did not answer in time"):
            adapter.delete(Ref(kinds.POD, "bookinfo", "a"), "1")
        silent.accept()[0].close()
        silent.settimeout(0.1)
        with pytest.raises(TimeoutError):
            silent.accept()


def test_a_redirect_is_not_followed_with_the_token(cluster, script):
    script.answers["GET", ONE] = (307, b"")
    script.headers["Location"] = "/elsewhere"
    with pytest.raises(errors.ClusterError, match="It answered 307"):
        cluster.get(REVIEWS)
    assert script.asked_for("/elsewhere") == []


def test_an_answer_that_drips_is_given_up(url, script):
    ticks = iter(range(0, 10_000, 20))
    script.answers["GET", NAMESPACES] = streamed(*[b" "] * 50)
    adapter = KubeCluster.at(url, "t")
    adapter._wire = Wire(adapter._wire._source, (1, 1), clock=lambda: next(ticks))
    with pytest.raises(errors.Unavailable, match="did not come to the end"):
        adapter.list(kinds.NAMESPACE)


def test_an_answer_without_end_is_given_up(cluster, script, monkeypatch):
    monkeypatch.setattr("cluster.kube.wire.MAX_BYTES", 1000)
    script.answers["GET", NAMESPACES] = (200, b" " * 2000)
    with pytest.raises(errors.Unavailable, match="longer than"):
        cluster.list(kinds.NAMESPACE)


def test_a_page_is_asked_for_by_its_token_and_decoded_into_its_shape(cluster, script):
    pods = [{"metadata": {"name": name}, "spec": {"nodeName": "n"}} for name in "ab"]
    metadata = {"resourceVersion": "9", "continue": "more"}
    script.answers["GET", "/api/v1/pods"] = (200, {"metadata": metadata, "items": pods})
    page = cluster.page(kinds.POD, objects.Pod, limit=2, continue_token="before")
    assert script.asked[-1].query == {"limit": "2", "continue": "before"}
    assert [pod.metadata.name for pod in page.items] == ["a", "b"]
    assert (page.resource_version, page.continue_token) == ("9", "more")


def test_whole_manifests_of_a_page_name_their_kind(cluster, script):
    script.answers["GET", ALL] = (200, {"metadata": {"resourceVersion": "9"}, "items": [{"metadata": {}}]})
    (item,) = cluster.page(kinds.VIRTUAL_SERVICE, dict, namespace="bookinfo").items
    assert (item["apiVersion"], item["kind"]) == ("networking.istio.io/v1", "VirtualService")


def test_a_list_of_nothing_may_say_null(cluster, script):
    script.answers["GET", NAMESPACES] = (200, {**NOTHING, "items": None})
    assert cluster.page(kinds.NAMESPACE, objects.Namespace).items == ()
    assert cluster.list(kinds.NAMESPACE).items == ()


NO_LISTS = [
    {}, [], {"items": []}, {"metadata": {}, "items": []}, {"metadata": {"resourceVersion": "1"}}, "<html>",
]  # fmt: skip


@pytest.mark.parametrize("answer", NO_LISTS, ids=str)
def test_what_is_no_list_is_never_taken_for_an_empty_one(cluster, script, answer):
    script.answers["GET", NAMESPACES] = (200, answer)
    with pytest.raises(errors.Unavailable, match="not a list of namespaces"):
        cluster.page(kinds.NAMESPACE, objects.Namespace)
    with pytest.raises(errors.Unavailable, match="not a list of namespaces"):
        cluster.list(kinds.NAMESPACE)


def test_a_page_that_is_too_old_is_expired(cluster, script):
    script.answers["GET", NAMESPACES] = status(410, "Expired", "The provided continue parameter is too old")
    with pytest.raises(errors.Expired, match="too old"):
        cluster.page(kinds.NAMESPACE, dict, continue_token="x")


def test_an_older_cluster_is_spoken_to_in_its_own_version(cluster, script):
    del script.answers["GET", VERSION]
    script.answers["GET", VERSION + "beta1"] = (200, {"resources": [{"name": "virtualservices"}]})
    old = ALL.replace("/v1/", "/v1beta1/")
    listed = {"metadata": {"resourceVersion": "3"}, "items": [{"metadata": {}}]}
    script.answers["GET", old] = (200, listed)
    script.answers["POST", old] = (201, MANIFEST)
    assert cluster.served_version(kinds.VIRTUAL_SERVICE) == "v1beta1"
    assert cluster.list(kinds.VIRTUAL_SERVICE, "bookinfo").items[0]["apiVersion"].endswith("/v1beta1")
    cluster.create(NEW)
    assert script.asked[-1].body["apiVersion"] == "networking.istio.io/v1beta1"


def test_a_kind_that_a_new_version_lacks_is_spoken_to_in_the_one_that_has_it(cluster, script):
    script.answers["GET", VERSION + "beta1"] = (200, {"resources": [{"name": "sidecars"}]})
    assert cluster.served_version(kinds.SIDECAR) == "v1beta1"
    assert cluster.served_version(kinds.GATEWAY) == "v1"


def test_a_cluster_without_istio_is_told_so(cluster, script):
    del script.answers["GET", VERSION]
    assert cluster.served_version(kinds.VIRTUAL_SERVICE) is None
    with pytest.raises(errors.NotFound, match=r"no version of networking\.istio\.io VirtualService"):
        cluster.list(kinds.VIRTUAL_SERVICE)


def test_not_knowing_what_is_served_is_not_the_same_as_nothing(cluster, script):
    script.answers["GET", VERSION] = status(503, "ServiceUnavailable", "starting")
    with pytest.raises(errors.Unavailable, match="starting"):
        cluster.served_version(kinds.VIRTUAL_SERVICE)
    with pytest.raises(errors.Unavailable, match="starting"):
        cluster.list(kinds.VIRTUAL_SERVICE)


def test_what_is_served_is_asked_again_after_half_a_minute(url, script):
    now = [0.0]
    adapter = KubeCluster(KubeCluster.at(url, "t")._wire._source, clock=lambda: now[0])
    del script.answers["GET", VERSION]
    assert adapter.served_version(kinds.VIRTUAL_SERVICE) is None
    script.answers["GET", VERSION] = (200, {"resources": [{"name": "virtualservices"}]})
    now[0] = 29.9
    assert adapter.served_version(kinds.VIRTUAL_SERVICE) is None
    now[0] = 30
    assert adapter.served_version(kinds.VIRTUAL_SERVICE) == "v1"
    assert len(script.asked_for(VERSION)) == 2


def test_the_core_group_is_not_asked_for(cluster, script):
    assert cluster.served_version(kinds.POD) == "v1"
    assert script.asked == []


def test_the_server_tells_its_version(cluster, script):
    script.answers["GET", "/version"] = (200, {"gitVersion": "v1.36.3", "major": "1"})
    assert cluster.server_version() == "v1.36.3"
