"""Every way in which a kubeconfig or a pod can say who calls, and how each is kept fresh."""

import base64
import json
import uuid
from pathlib import Path

import pytest

from cluster import errors, kinds
from cluster.kube import KubeCluster, credentials
from cluster.kube.wire import VAIN_SECONDS
from tests.cluster.kubeconfigs import Clock, Plugin, kubeconfig
from tests.cluster.scripted import NAMESPACES, NOTHING, status


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def plugin(tmp_path):
    return Plugin(tmp_path)


@pytest.fixture
def connect(tmp_path, url, script, clock):
    """Connects by a kubeconfig of one context whose user says who calls."""
    script.answers["GET", NAMESPACES] = (200, NOTHING)

    def connected(user, context="", **more):
        path = kubeconfig(tmp_path / "kubeconfig", url, user, **more)
        return KubeCluster(credentials.Kubeconfig(path, context, clock.wall), clock=clock)

    return connected


def only(script, *tokens):
    """Makes the server refuse every other token."""

    def answer(handler):
        good = handler.headers["Authorization"] in [f"Bearer {token}" for token in tokens]
        code, body = (200, NOTHING) if good else status(401, "Unauthorized", "Unauthorized")
        data = json.dumps(body).encode()
        handler.send_response(code)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    script.answers["GET", NAMESPACES] = answer


def sent(script):
    return [each.token for each in script.asked]


def test_a_token_is_sent(connect, script):
    connect({"token": "t-1"}).list(kinds.NAMESPACE)
    assert sent(script) == ["Bearer t-1"]


def test_a_name_and_a_password_are_sent(connect, script):
    connect({"username": "olga", "password": "p"}).list(kinds.NAMESPACE)
    assert sent(script) == ["Basic " + base64.b64encode(b"olga:p").decode()]


def test_a_proxy_on_the_same_machine_needs_no_credentials(connect, script):
    connect({}).list(kinds.NAMESPACE)
    assert sent(script) == [None]


def test_any_context_of_several_can_be_chosen(connect, script, url):
    users = [{"name": name, "user": {"token": f"t-{name}"}} for name in ("u", "w")]
    contexts = [{"name": name, "context": {"cluster": "c", "user": name}} for name in ("u", "w")]
    several = {"users": users, "contexts": contexts, "current_context": "u"}
    connect(None, **several).list(kinds.NAMESPACE)
    connect(None, "w", **several).list(kinds.NAMESPACE)
    assert sent(script) == ["Bearer t-u", "Bearer t-w"]


def test_files_separated_by_colons_are_read_as_one(tmp_path, url, script):
    script.answers["GET", NAMESPACES] = (200, NOTHING)
    first = kubeconfig(tmp_path / "a", url, users=[])
    second = kubeconfig(tmp_path / "b", url, {"token": "t-1"}, contexts=[], clusters=[])
    KubeCluster.connect(f"{first}:{tmp_path / 'none'}:{second}").list(kinds.NAMESPACE)
    assert sent(script) == ["Bearer t-1"]


def test_a_token_file_is_read_again_when_its_token_is_refused(connect, script, tmp_path):
    (tmp_path / "token").write_text("old\n")
    cluster = connect({"tokenFile": "token"})  # relative to the kubeconfig
    only(script, "old")
    cluster.list(kinds.NAMESPACE)
    (tmp_path / "token").write_text("new\n")
    only(script, "new")
    cluster.list(kinds.NAMESPACE)
    cluster.list(kinds.NAMESPACE)
    assert sent(script) == ["Bearer old", "Bearer old", "Bearer new", "Bearer new"]


def test_a_token_file_is_read_again_every_minute(connect, script, tmp_path, clock):
    (tmp_path / "token").write_text("old")
    cluster = connect({"tokenFile": str(tmp_path / "token")})
    cluster.list(kinds.NAMESPACE)
    (tmp_path / "token").write_text("new")
    clock.now = 59.9
    cluster.list(kinds.NAMESPACE)
    clock.now = 60
    cluster.list(kinds.NAMESPACE)
    assert sent(script) == ["Bearer old", "Bearer old", "Bearer new"]


def test_a_token_file_that_is_away_for_a_moment_changes_nothing(connect, script, tmp_path, clock):
    (tmp_path / "token").write_text("old")
    cluster = connect({"tokenFile": str(tmp_path / "token")})
    cluster.list(kinds.NAMESPACE)
    (tmp_path / "token").unlink()
    clock.now = 61
    cluster.list(kinds.NAMESPACE)
    assert sent(script) == ["Bearer old", "Bearer old"]


def test_a_refused_write_is_sent_once_more_with_the_new_token_and_no_more(connect, script, tmp_path):
    (tmp_path / "token").write_text("old")
    cluster = connect({"tokenFile": str(tmp_path / "token")})
    cluster.list(kinds.NAMESPACE)
    script.asked.clear()
    script.answers["POST", NAMESPACES] = status(401, "Unauthorized", "Unauthorized")
    (tmp_path / "token").write_text("new")
    with pytest.raises(errors.Unauthorized):
        cluster.create({"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x"}})
    assert sent(script) == ["Bearer old", "Bearer new"]


def test_an_exec_plugin_is_run_again_before_its_token_ends(connect, script, plugin, clock):
    plugin.says(token="one", seconds=600)
    cluster = connect(plugin.user(args=["a"], env=[{"name": "X", "value": "y"}]))
    cluster.list(kinds.NAMESPACE)
    plugin.says(token="two", seconds=600)
    clock.now = 500
    cluster.list(kinds.NAMESPACE)
    clock.now = 595
    cluster.list(kinds.NAMESPACE)
    assert sent(script) == ["Bearer one", "Bearer one", "Bearer two"]
    assert [run["spec"]["interactive"] for run in plugin.runs] == [False, False]


def test_an_exec_plugin_whose_token_is_over_at_once_is_not_run_for_every_request(connect, plugin):
    plugin.says(token="one", seconds=-5)
    cluster = connect(plugin.user())
    for _ in range(5):
        cluster.list(kinds.NAMESPACE)
    assert len(plugin.runs) == 1


def test_a_plugin_is_told_of_the_cluster_when_it_wants_to_know(connect, plugin, url):
    plugin.says(token="one")
    connect(plugin.user(provideClusterInfo=True)).list(kinds.NAMESPACE)
    assert plugin.runs[0]["spec"]["cluster"]["server"] == url


def test_a_plugin_that_fails_is_not_run_for_every_request(connect, plugin, clock):
    plugin.prints("")
    cluster = connect(plugin.user())
    for _ in range(5):
        with pytest.raises(errors.Unavailable, match="printed no ExecCredential"):
            cluster.list(kinds.NAMESPACE)
    assert len(plugin.runs) == 1
    plugin.says(token="one")
    clock.now = VAIN_SECONDS
    cluster.list(kinds.NAMESPACE)


def test_a_plugin_whose_tokens_are_refused_is_not_run_for_every_request(connect, script, plugin, clock):
    plugin.says(token="one")
    only(script)
    cluster = connect(plugin.user())
    for _ in range(5):
        with pytest.raises(errors.Unauthorized):
            cluster.list(kinds.NAMESPACE)
    assert len(plugin.runs) == 2
    only(script, "one")
    cluster.list(kinds.NAMESPACE)


@pytest.fixture
def pod(tmp_path, kube_apiserver):
    """What a pod finds in its environment and its files."""
    host, port = kube_apiserver.url.removeprefix("https://").split(":")
    (tmp_path / "ca.crt").write_bytes(Path(kube_apiserver.ca_file).read_bytes())
    environ = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}
    return str(tmp_path / "token"), str(tmp_path / "ca.crt"), environ


def test_a_pod_calls_with_its_service_account_and_reads_its_token_again(kube_apiserver, pod, tmp_path, clock):
    (tmp_path / "token").write_text(kube_apiserver.admin_token)
    cluster = KubeCluster(credentials.InCluster(*pod), clock=clock)
    assert cluster.list(kinds.NAMESPACE).items
    (tmp_path / "token").write_text(kube_apiserver.user(f"nobody-{uuid.uuid4().hex}"))
    clock.now = 61
    with pytest.raises(errors.Forbidden, match="nobody-"):
        cluster.list(kinds.NAMESPACE)


def test_a_client_certificate_says_who_calls(kube_apiserver, tmp_path):
    pair = kube_apiserver.client_certificate("olga", ("system:masters",))
    by_file = {"client_certificate": str(pair.certificate), "client_key": str(pair.key)}
    by_data = {
        "client_certificate_data": base64.b64encode(pair.certificate.read_bytes()).decode(),
        "client_key_data": base64.b64encode(pair.key.read_bytes()).decode(),
    }
    for user in (by_file, by_data):
        path = kube_apiserver.kubeconfig(tmp_path / "kubeconfig", **user)
        assert KubeCluster.connect(path).list(kinds.NAMESPACE).items


def test_a_plugin_may_give_a_certificate(kube_apiserver, tmp_path, plugin):
    pair = kube_apiserver.client_certificate("olga", ("system:masters",))
    plugin.says(clientCertificateData=pair.certificate.read_text(), clientKeyData=pair.key.read_text())
    path = kube_apiserver.kubeconfig(tmp_path / "kubeconfig", **plugin.user())
    assert KubeCluster.connect(path).list(kinds.NAMESPACE).items


def test_a_server_of_another_authority_is_not_trusted(kube_apiserver, tmp_path):
    path = kube_apiserver.kubeconfig(tmp_path / "kubeconfig", kube_apiserver.admin_token)
    text = (tmp_path / "kubeconfig").read_text()
    (tmp_path / "kubeconfig").write_text(
        text.replace(f"certificate-authority: {kube_apiserver.ca_file}", "x: y")
    )
    with pytest.raises(errors.Unavailable, match="No trusted connection"):
        KubeCluster.connect(path).list(kinds.NAMESPACE)


def test_connections_are_kept_while_only_the_token_is_another(connect, script, tmp_path, clock):
    (tmp_path / "token").write_text("old")
    cluster = connect({"tokenFile": str(tmp_path / "token")})
    cluster.list(kinds.NAMESPACE)
    before = cluster._wire._session.pool
    (tmp_path / "token").write_text("new")
    clock.now = 61
    cluster.list(kinds.NAMESPACE)
    assert cluster._wire._session.pool is before


def test_what_a_plugin_or_its_config_says_of_nothing_may_be_null(connect, script, plugin):
    plugin.says(token="one", clientCertificateData=None, clientKeyData=None, expirationTimestamp=None)
    nothing = {"args": None, "provideClusterInfo": None, "interactiveMode": None}
    connect(plugin.user(env=[{"name": "WORDS", "value": None}], **nothing)).list(kinds.NAMESPACE)
    assert sent(script) == ["Bearer one"]


def test_a_plugin_that_is_null_is_none(connect, script):
    connect({"exec": None, "username": "olga", "password": "p"}).list(kinds.NAMESPACE)
    assert sent(script)[0].startswith("Basic ")
