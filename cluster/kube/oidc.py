"""Renews the token of a kubeconfig's OIDC provider.

Sources: OpenID Connect Discovery 1.0, RFC 6749 (6, and 2.3.1 for the client's own name); k8s.io/client-go,
plugin/pkg/client/auth/oidc. The client library's own renewal waits for ever, asks a provider for which the
kubeconfig names no authority without verifying it, and fails where no new refresh token is given.
"""

import base64
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

import msgspec
import urllib3

from cluster import decoding
from cluster.errors import Unavailable

PROVIDER_SECONDS: Final = 10.0
_TIMEOUT: Final = urllib3.Timeout(connect=3.0, read=PROVIDER_SECONDS)


class _Discovered(msgspec.Struct):
    token_endpoint: str


class _Renewed(msgspec.Struct):
    id_token: str
    refresh_token: str | None = None


class _Refused(msgspec.Struct):
    error: str


def renew(config: Mapping[str, str], folder: Path) -> dict[str, str]:
    """What replaces the `id-token` and the `refresh-token` of an auth-provider's `config`.

    Paths in it are relative to `folder`. Raises Unavailable, in words that hold no secret; KeyError for a
    config that lacks something.
    """
    issuer, refresh_token = config["idp-issuer-url"].rstrip("/"), config["refresh-token"]
    headers, client = _client(config["client-id"], config.get("client-secret", ""))
    form = {"grant_type": "refresh_token", "refresh_token": refresh_token, **client}
    try:
        with _pool(config, folder) as pool:
            about = _asked(pool, "GET", f"{issuer}/.well-known/openid-configuration")
            endpoint = decoding.decode(about, _Discovered).token_endpoint
            answer = _asked(pool, "POST", endpoint, headers, urlencode(form))
        renewed = decoding.decode(answer, _Renewed)
    except (urllib3.exceptions.HTTPError, OSError) as error:
        raise _problem(f"it cannot be reached, or not be trusted ({type(error).__name__})") from None
    except msgspec.DecodeError:
        raise _problem("its answer cannot be read") from None
    return {"id-token": renewed.id_token, "refresh-token": renewed.refresh_token or refresh_token}


def _asked(
    pool: urllib3.PoolManager,
    method: str,
    url: str,
    headers: Mapping[str, str] | None = None,
    body: str | None = None,
) -> bytes:
    if not url.startswith("https://"):
        raise _problem("it has an address without TLS")
    answer = pool.request(method, url, headers=headers, body=body, retries=False, timeout=_TIMEOUT)
    if answer.status == 200:
        return answer.data
    try:
        reason = decoding.decode(answer.data, _Refused).error
    except msgspec.DecodeError:
        reason = f"it answered {answer.status}"
    raise _problem(reason[:40])


def _client(name: str, secret: str) -> tuple[dict[str, str], dict[str, str]]:
    """The headers and the fields of the form by which a client says who it is."""
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    if not secret:
        return form, {"client_id": name}
    basic = base64.b64encode(f"{quote_plus(name)}:{quote_plus(secret)}".encode()).decode()
    return {**form, "Authorization": f"Basic {basic}"}, {}


def _pool(config: Mapping[str, Any], folder: Path) -> urllib3.PoolManager:
    if data := config.get("idp-certificate-authority-data"):
        return urllib3.PoolManager(ca_cert_data=base64.b64decode(data).decode())
    if file := config.get("idp-certificate-authority"):
        return urllib3.PoolManager(ca_certs=str(folder / file))
    return urllib3.PoolManager()  # those that this machine trusts


def _problem(why: str) -> Unavailable:
    return Unavailable(f"The OIDC provider of the kubeconfig did not renew the token: {why}.")
