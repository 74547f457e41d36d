"""An OIDC provider in a kubeconfig: it renews the token, and nobody else gets the secrets."""

import base64
import json
import time
from urllib.parse import parse_qs

import pytest

from cluster import errors, kinds
from cluster.kube import KubeCluster, credentials
from tests.cluster.kubeconfigs import kubeconfig
from tests.cluster.scripted import NAMESPACES, NOTHING, Script, serving
from tests.envtest.certificates import Authority

CONFIGURATION = "/.well-known/openid-configuration"


def id_token(name, seconds):
    """A token that ends in so many seconds; its signature is the API server's to judge."""
    claims = json.dumps({"sub": name, "exp": int(time.time() + seconds)})
    parts = (
        base64.urlsafe_b64encode(part.encode()).decode().rstrip("=") for part in ("{}", claims, "signed")
    )
    return ".".join(parts)


class Provider:
    """A provider that gives each refresh token once, and names its tokens after the one it was given."""

    def __init__(self, authority, script, url):
        self.ca_file, self.script, self.url = str(authority.certificate), script, url
        self.good = "refresh-0"
        self.lasts = 3600
        self.given = []
        script.answers["GET", CONFIGURATION] = (200, {"token_endpoint": url + "/token"})
        script.answers["POST", "/token"] = self.renew

    def renew(self, handler):
        asked = parse_qs(self.script.asked[-1].body)
        code, answer = 400, {"error": "invalid_grant"}
        if asked["refresh_token"] == [self.good]:
            self.good = f"refresh-{len(self.given) + 1}"
            self.given.append(id_token(self.good, self.lasts))
            answer = {"access_token": "a", "token_type": "Bearer", "id_token": self.given[-1]}
            code, answer = 200, {**answer, "refresh_token": self.good}
        data = json.dumps(answer).encode()
        handler.send_response(code)
        handler.send_header("Content-Length", str(len(data)))
        handler.end_headers()
        handler.wfile.write(data)

    def user(self, token, **more):
        config = {
            "idp-issuer-url": self.url, "client-id": "meshui", "client-secret": "s",
            "refresh-token": "refresh-0", "id-token": token, **more,
        }  # fmt: skip
        return {"auth-provider": {"name": "oidc", "config": config}}


@pytest.fixture
def provider(tmp_path):
    authority = Authority(tmp_path)
    script = Script()
    with serving(script, authority.server("127.0.0.1")) as url:
        yield Provider(authority, script, url)


@pytest.fixture
def connect(tmp_path, url, script):
    script.answers["GET", NAMESPACES] = (200, NOTHING)
    now = [0.0]

    def connected(user):
        path = kubeconfig(tmp_path / "kubeconfig", url, user)
        return KubeCluster(credentials.Kubeconfig(path), clock=lambda: now[0]), now

    return connected


def test_a_token_that_is_good_is_sent_without_asking_the_provider(provider, connect, script):
    good = id_token("olga", 3600)
    cluster, _ = connect(provider.user(good))
    cluster.list(kinds.NAMESPACE)
    assert script.asked[-1].token == f"Bearer {good}"
    assert provider.script.asked == []


def test_a_token_that_is_over_is_renewed_each_time_with_the_newest_refresh_token(
    provider, connect, script, tmp_path
):
    provider.lasts = 1
    cluster, now = connect(
        provider.user(id_token("olga", -1), **{"idp-certificate-authority": provider.ca_file})
    )
    before = (tmp_path / "kubeconfig").read_text()
    cluster.list(kinds.NAMESPACE)
    now[0] = 61
    cluster.list(kinds.NAMESPACE)
    assert [each.token for each in script.asked] == [f"Bearer {token}" for token in provider.given]
    assert len(provider.given) == 2
    assert (tmp_path / "kubeconfig").read_text() == before


def test_a_provider_that_refuses_is_told(provider, connect):
    provider.good = "another"
    cluster, _ = connect(
        provider.user(id_token("olga", -1), **{"idp-certificate-authority": provider.ca_file})
    )
    with pytest.raises(errors.Unavailable, match="did not renew the token: invalid_grant"):
        cluster.list(kinds.NAMESPACE)


def test_a_provider_that_nobody_vouches_for_gets_no_secret(provider, connect):
    cluster, _ = connect(provider.user(id_token("olga", -1)))
    with pytest.raises(errors.Unavailable, match="not be trusted"):
        cluster.list(kinds.NAMESPACE)
    assert provider.script.asked == []


def test_a_provider_that_names_an_address_without_tls_gets_no_secret(provider, connect):
    provider.script.answers["GET", CONFIGURATION] = (200, {"token_endpoint": "http://127.0.0.1:1/token"})
    cluster, _ = connect(
        provider.user(id_token("olga", -1), **{"idp-certificate-authority": provider.ca_file})
    )
    with pytest.raises(errors.Unavailable, match="without TLS"):
        cluster.list(kinds.NAMESPACE)


def test_a_renewal_is_signed_with_the_clients_own_name(provider, connect):
    user = provider.user(id_token("olga", -1), **{"idp-certificate-authority": provider.ca_file})
    connect(user)[0].list(kinds.NAMESPACE)
    asked = provider.script.asked[-1]
    assert asked.token == "Basic " + base64.b64encode(b"meshui:s").decode()
    assert "client_id" not in asked.body
    del user["auth-provider"]["config"]["client-secret"]
    provider.good = "refresh-0"
    connect(user)[0].list(kinds.NAMESPACE)
    assert "client_id=meshui" in provider.script.asked[-1].body
