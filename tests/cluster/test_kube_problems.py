"""What is wrong with a kubeconfig is told in plain words, and no secret of it is ever told at all."""

import logging
import re
import traceback

import pytest

from cluster import errors, kinds
from cluster.kube import KubeCluster, credentials, plugin
from tests.cluster.kubeconfigs import Plugin, kubeconfig
from tests.cluster.scripted import NAMESPACES, NOTHING, status

CANARY = "canary-5f2b1c"


def told(source):
    """What is told of a cluster that cannot be read, everything that a log could show of it among it."""
    with pytest.raises(errors.Unavailable) as problem:
        KubeCluster(source).list(kinds.NAMESPACE)
    assert CANARY not in "".join(traceback.format_exception(problem.value))
    return problem.value.message


@pytest.fixture(autouse=True)
def quiet(caplog, capfd):
    """Nothing that is logged or printed, at whatever level, holds the secret."""
    caplog.set_level(logging.DEBUG)
    yield
    assert CANARY not in caplog.text
    printed = capfd.readouterr()
    assert CANARY not in printed.out + printed.err


BROKEN = {
    "a context that is not there": ({"current_context": "prod"}, r"no context 'prod', but it$"),
    "no current context": ({"current_context": ""}, "names no current-context"),
    "no contexts": ({"contexts": []}, "no context 'it', but none"),
    "a cluster that is not there": ({"clusters": []}, "names the cluster 'c', which it has not"),
    "a user that is not there": ({"users": []}, "names the user 'u', which it has not"),
    "a cluster without a server": ({"clusters": [{"name": "c", "cluster": {"x": 1}}]}, "has no server"),
    "a cluster that is nothing": ({"clusters": [{"name": "c"}]}, "lacks 'cluster'|not the form"),
    "users that are no list": ({"users": {"u": CANARY}}, "lacks 'name'"),
    "contexts that are text": ({"contexts": CANARY}, "lacks 'name'"),
}


@pytest.mark.parametrize(("parts", "words"), BROKEN.values(), ids=BROKEN)
def test_what_a_kubeconfig_lacks_is_told(tmp_path, parts, words):
    path = kubeconfig(tmp_path / "kubeconfig", "http://127.0.0.1:1", {"token": CANARY}, **parts)
    message = told(credentials.Kubeconfig(path)).removesuffix(".")
    assert path in message
    assert re.search(words, message), message


USERS = {
    "an OIDC provider without a token": {
        "auth-provider": {"name": "oidc", "config": {"refresh-token": CANARY}}
    },
    "an OIDC token that is none": {"auth-provider": {"name": "oidc", "config": {"id-token": CANARY}}},
    "a provider that nobody knows": {"auth-provider": {"name": "azure", "config": {"access-token": CANARY}}},
    "a plugin without a version": {"exec": {"command": "x", "args": [CANARY]}},
    "a plugin that is not there": {"exec": {"command": "/no/such", "apiVersion": "v1", "args": [CANARY]}},
    "a plugin that wants a terminal": {
        "exec": {"command": "x", "apiVersion": "v1", "args": [CANARY], "interactiveMode": "Always"}
    },
    "a token file that is not there": {"tokenFile": "/no/such", "password": CANARY},
    "a token with a line in it": {"token": f"{CANARY}\r\nX: y"},
    "a token of other letters": {"token": f"{CANARY}ä"},
}


@pytest.mark.parametrize("user", USERS.values(), ids=USERS)
def test_a_user_that_cannot_be_used_is_told_without_his_secrets(tmp_path, user):
    path = kubeconfig(tmp_path / "kubeconfig", "http://127.0.0.1:1", user)
    assert told(credentials.Kubeconfig(path))


@pytest.mark.parametrize(
    "text", [f"users: [{CANARY}", f"\t{CANARY}", f"- {CANARY}", CANARY, "", "{}", "\x00"]
)
def test_a_file_that_is_no_kubeconfig_is_told_without_its_content(tmp_path, text):
    (tmp_path / "kubeconfig").write_text(text)
    assert "kubeconfig" in told(credentials.Kubeconfig(str(tmp_path / "kubeconfig")))


CLUSTERS = {
    "an authority that is not there": ({"certificate-authority": "/no/such"}, "there is no file /no/such"),
    "a proxy of no known kind": ({"proxy-url": "gopher://127.0.0.1:1"}, "address .* cannot be read"),
    "a proxy at no port": (
        {"proxy-url": f"http://joe:{CANARY}@127.0.0.1:99999"},
        "address of its API server, or of the proxy before it, cannot be read",
    ),
    "a server at no port": ({"server": f"https://joe:{CANARY}@127.0.0.1:99999"}, "address .* cannot be read"),
    "a proxy that nobody is": ({"proxy-url": "http://127.0.0.1:1"}, "proxy before its API server"),
}


@pytest.mark.parametrize(("parts", "words"), CLUSTERS.values(), ids=CLUSTERS)
def test_an_address_that_cannot_be_used_is_told(tmp_path, parts, words):
    clusters = [{"name": "c", "cluster": {"server": "https://127.0.0.1:1", **parts}}]
    path = kubeconfig(tmp_path / "kubeconfig", "", {"token": CANARY}, clusters=clusters)
    message = told(credentials.Kubeconfig(path))
    assert re.search(words, message), message


IMPERSONATING = {
    "as": "olga", "as-uid": "7", "as-groups": ["system:masters"], "as-user-extra": {"reason": ["x"]},
}  # fmt: skip


@pytest.mark.parametrize(("field", "value"), IMPERSONATING.items(), ids=IMPERSONATING)
def test_a_user_that_impersonates_is_refused_before_anything_is_run(tmp_path, field, value):
    given = Plugin(tmp_path)
    given.says(token=CANARY)
    path = kubeconfig(tmp_path / "kubeconfig", "http://127.0.0.1:1", {**given.user(), field: value})
    message = told(credentials.Kubeconfig(path))
    assert "the user of its context 'it' impersonates, which meshui does not do" in message
    assert given.runs == []


def test_a_user_whose_impersonation_is_empty_acts_as_himself(tmp_path, url, script):
    script.answers["GET", NAMESPACES] = (200, NOTHING)
    user = {"token": CANARY, "as": "", "as-groups": [], "as-user-extra": None}
    path = kubeconfig(tmp_path / "kubeconfig", url, user)
    assert KubeCluster.connect(path).list(kinds.NAMESPACE).items == ()


def test_a_line_that_is_no_yaml_is_named_by_its_number(tmp_path):
    (tmp_path / "kubeconfig").write_text("a: b\nc: [\n")
    assert "it is not YAML (line 3, column 1)" in told(credentials.Kubeconfig(str(tmp_path / "kubeconfig")))


def test_a_file_that_is_not_there_and_a_folder_are_told(tmp_path):
    assert "there is no such file" in told(credentials.Kubeconfig(str(tmp_path / "none")))
    assert "Is a directory" in told(credentials.Kubeconfig(str(tmp_path)))


def test_no_kubeconfig_and_no_pod_is_told(tmp_path):
    outside = credentials.InCluster(environ={})
    assert "KUBECONFIG is not set, and this is no pod" in told(outside)


def test_a_kubeconfig_that_appears_later_is_used(tmp_path, url, script):
    script.answers["GET", NAMESPACES] = (200, NOTHING)
    now = [0.0]
    cluster = KubeCluster(credentials.Kubeconfig(str(tmp_path / "kubeconfig")), clock=lambda: now[0])
    with pytest.raises(errors.Unavailable, match="no such file"):
        cluster.list(kinds.NAMESPACE)
    kubeconfig(tmp_path / "kubeconfig", url, {"token": "t"})
    now[0] = 5
    assert cluster.list(kinds.NAMESPACE).items == ()


PLUGINS = {
    "fails": ({"CODE": "3"}, "", "ended with 3"),
    "prints something else": ({}, f"{{{CANARY}", "printed no ExecCredential"),
    "speaks another version": (
        {},
        f'{{"apiVersion": "v0", "status": {{"token": "{CANARY}"}}}}',
        "does not speak client.authentication.k8s.io/v1",
    ),
    "says null": ({}, '{"apiVersion": "client.authentication.k8s.io/v1", "status": null}', "neither a token"),
    "says null of all": (
        {},
        '{"apiVersion": "client.authentication.k8s.io/v1", "status": {"token": null, "clientKeyData": null}}',
        "neither a token",
    ),
    "gives no credential": (
        {},
        f'{{"apiVersion": "client.authentication.k8s.io/v1", "status": {{"clientKeyData": "{CANARY}"}}}}',
        "neither a token nor a certificate",
    ),
}


@pytest.mark.parametrize(("env", "printed", "words"), PLUGINS.values(), ids=PLUGINS)
def test_a_plugin_that_fails_is_told_without_what_it_says(tmp_path, env, printed, words):
    given = Plugin(tmp_path)
    given.prints(printed)
    env = [{"name": name, "value": value} for name, value in {"WORDS": CANARY, **env}.items()]
    path = kubeconfig(tmp_path / "kubeconfig", "http://127.0.0.1:1", given.user(env=env))
    assert words in told(credentials.Kubeconfig(path))


def test_a_plugin_that_never_ends_is_ended(tmp_path, monkeypatch):
    monkeypatch.setattr(plugin, "PLUGIN_SECONDS", 0.2)
    user = {"exec": {"command": "sleep", "args": ["60"], "apiVersion": "v1"}}
    path = kubeconfig(tmp_path / "kubeconfig", "http://127.0.0.1:1", user)
    assert "did not end within 0.2 s" in told(credentials.Kubeconfig(path))


@pytest.mark.parametrize("code", [200, 401, 500])
def test_requests_are_logged_without_their_token(url, script, code):
    script.answers["GET", NAMESPACES] = (200, NOTHING) if code == 200 else status(code, "", "no")
    cluster = KubeCluster.at(url, CANARY)
    if code == 200:
        cluster.list(kinds.NAMESPACE)
        return
    with pytest.raises(errors.ClusterError) as refusal:
        cluster.list(kinds.NAMESPACE)
    assert CANARY not in refusal.value.message


def test_a_server_that_cannot_be_reached_is_told_without_the_token():
    with pytest.raises(errors.Unavailable) as problem:
        KubeCluster.at("http://127.0.0.1:1", CANARY).list(kinds.NAMESPACE)
    assert CANARY not in f"{problem.value.message} {problem.value.__cause__!r}"
