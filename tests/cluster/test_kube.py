"""The adapter to an API server: what it sends, and what it makes of every kind of answer.

The server is a real one on a socket that answers what the test scripts.
"""

import json
import socket
import threading
from contextlib import closing
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import pytest

from cluster import errors, kinds
from cluster.kube import KubeCluster
from cluster.refs import Ref

REVIEWS = Ref(kinds.VIRTUAL_SERVICE, "bookinfo", "reviews")
MANIFEST = {
    "apiVersion": "networking.istio.io/v1",
    "kind": "VirtualService",
    "metadata": {"name": "reviews", "namespace": "bookinfo", "resourceVersion": "7"},
    "spec": {"hosts": ["reviews"]},
}
GROUP = {"kind": "APIGroup", "versions": [{"version": "v1"}, {"version": "v1beta1"}]}


def status(code, reason, message, **details):
    return code, {"kind": "Status", "message": message, "reason": reason, "details": details}


class Script:
    """What a server answers, by (verb, path): (status, body) or bytes; and what it was asked."""

    def __init__(self):
        self.answers = {("GET", "/apis/networking.istio.io"): (200, GROUP)}
        self.asked = []
        self.headers = {}

    def answer(self, handler):
        parts = urlsplit(handler.path)
        length = int(handler.headers.get("Content-Length") or 0)
        body = json.loads(handler.rfile.read(length)) if length else None
        token = handler.headers["Authorization"]
        self.asked.append((handler.command, parts.path, parse_qs(parts.query), body, token))
        code, content = self.answers.get((handler.command, parts.path), status(404, "NotFound", "not found"))
        data = content if isinstance(content, bytes) else json.dumps(content).encode()
        handler.send_response(code)
        for name, value in self.headers.items():
            handler.send_header(name, value)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def log_message(self, *args):
        pass

    def answer(self):
        self.server.script.answer(self)

    do_GET = do_POST = do_PUT = do_DELETE = answer  # noqa: N815


@pytest.fixture
def script():
    return Script()


@pytest.fixture
def url(script):
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        server.block_on_close = False
        server.script = script
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        thread.join()


@pytest.fixture
def cluster(url):
    return KubeCluster.at(url, "secret-token")


ONE = "/apis/networking.istio.io/v1/namespaces/bookinfo/virtualservices/reviews"
ALL = "/apis/networking.istio.io/v1/namespaces/bookinfo/virtualservices"


def test_a_write_is_strict_conditional_and_signed(cluster, script):
    script.answers["PUT", ONE] = (200, MANIFEST)
    cluster.replace(MANIFEST, dry_run=True)
    verb, path, query, body, token = script.asked[-1]
    assert (verb, path) == ("PUT", ONE)
    assert query == {"fieldManager": ["meshui"], "fieldValidation": ["Strict"], "dryRun": ["All"]}
    assert body["metadata"]["resourceVersion"] == "7"
    assert token == "Bearer secret-token"


def test_a_delete_names_the_version_and_the_object_that_it_means(cluster, script):
    script.answers["DELETE", ONE] = (200, {"kind": "Status"})
    cluster.delete(REVIEWS, "7", uid="u-1")
    assert script.asked[-1][3]["preconditions"] == {"resourceVersion": "7", "uid": "u-1"}


ANSWERS = {
    "unauthorized": (status(401, "Unauthorized", "Unauthorized"), errors.Unauthorized),
    "forbidden": (status(403, "Forbidden", "olga cannot get it"), errors.Forbidden),
    "not found": (status(404, "NotFound", "not found"), errors.NotFound),
    "exists": (status(409, "AlreadyExists", "already exists"), errors.AlreadyExists),
    "conflict": (status(409, "Conflict", "the object has been modified"), errors.Conflict),
    "gone": (status(410, "Expired", "too old"), errors.Conflict),
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
        cluster.create(MANIFEST)
    assert refusal.value.causes == (errors.Cause("spec.http[0]", "required"), errors.Cause("", "also"))


def test_a_busy_server_says_for_how_long(cluster, script):
    script.answers["GET", ONE] = status(429, "TooManyRequests", "slow down")
    script.headers["Retry-After"] = "3"
    with pytest.raises(errors.TooManyRequests) as refusal:
        cluster.get(REVIEWS)
    assert refusal.value.retry_after == 3


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


def test_an_older_cluster_is_spoken_to_in_its_own_version(cluster, script):
    script.answers["GET", "/apis/networking.istio.io"] = (
        200,
        {"versions": [{"version": "v1alpha3"}, {"version": "v1beta1"}]},
    )
    old = ALL.replace("/v1/", "/v1beta1/")
    script.answers["GET", old] = (200, {"metadata": {"resourceVersion": "3"}, "items": [{"metadata": {}}]})
    script.answers["POST", old] = (201, MANIFEST)
    assert cluster.list(kinds.VIRTUAL_SERVICE, "bookinfo").items[0]["apiVersion"].endswith("/v1beta1")
    cluster.create(MANIFEST)
    assert script.asked[-1][3]["apiVersion"] == "networking.istio.io/v1beta1"


def test_a_cluster_without_istio_is_told_so(cluster, script):
    del script.answers["GET", "/apis/networking.istio.io"]
    with pytest.raises(errors.NotFound):
        cluster.list(kinds.VIRTUAL_SERVICE)
    script.answers["GET", "/apis/networking.istio.io"] = (200, {"versions": [{"version": "v9"}]})
    with pytest.raises(errors.NotFound, match="It serves no version"):
        cluster.list(kinds.VIRTUAL_SERVICE)


def test_what_is_served_is_asked_once_a_minute(url, script):
    from cluster import kube

    now = [0.0]
    adapter = kube.KubeCluster(
        lambda: kube._token_configuration(url, "t"), timeout=(1, 1), clock=lambda: now[0]
    )
    script.answers["GET", ONE] = (200, MANIFEST)
    for at in (0, 59, 61):
        now[0] = at
        adapter.get(REVIEWS)
    discovered = [path for _, path, *_ in script.asked if path == "/apis/networking.istio.io"]
    assert len(discovered) == 2


def test_a_rotated_token_is_read_again_once(url, script, tmp_path):
    tokens = iter(["old", "new"])
    from cluster import kube

    adapter = kube.KubeCluster(lambda: kube._token_configuration(url, next(tokens)), timeout=(1, 1))
    wanted = script.answer

    def only_new(handler):
        if handler.headers["Authorization"] != "Bearer new":
            script.answers["GET", "/api/v1/namespaces"] = status(401, "Unauthorized", "Unauthorized")
        else:
            script.answers["GET", "/api/v1/namespaces"] = (200, {"items": [], "metadata": {}})
        wanted(handler)

    script.answer = only_new
    assert adapter.list(kinds.NAMESPACE).items == ()
    assert [item[4] for item in script.asked] == ["Bearer old", "Bearer new"]


def test_a_kubeconfig_is_read_and_a_missing_one_is_told(tmp_path, url, script, monkeypatch):
    from cluster import connection

    config = {
        "apiVersion": "v1", "kind": "Config", "current-context": "c",
        "clusters": [{"name": "c", "cluster": {"server": url}}],
        "users": [{"name": "u", "user": {"token": "from-the-file"}}],
        "contexts": [{"name": "c", "context": {"cluster": "c", "user": "u"}}],
    }  # fmt: skip
    path = tmp_path / "kubeconfig"
    path.write_text(json.dumps(config))
    script.answers["GET", "/api/v1/namespaces"] = (200, {"items": [], "metadata": {}})
    KubeCluster.connect(str(path)).list(kinds.NAMESPACE)
    assert script.asked[-1][4] == "Bearer from-the-file"
    with pytest.raises(errors.Unavailable, match="nothing-here"):
        KubeCluster.connect(str(tmp_path / "nothing-here"))
    monkeypatch.setenv("KUBECONFIG", "")
    monkeypatch.delenv("KUBERNETES_SERVICE_HOST", raising=False)
    with pytest.raises(errors.Unavailable, match="KUBECONFIG"):
        connection.current()
