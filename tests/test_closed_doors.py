"""Nothing is readable or writable without a sign-in or a token: every address of the console is tried."""

import json
import re

import pytest
from django.urls import URLPattern, URLResolver, get_resolver

OPEN = {"login/", "login/once/x/", "healthz", "readyz"}
SAMPLES = {"str": "x", "slug": "x", "int": "1", "uuid": "11111111-1111-1111-1111-111111111111", "path": "x"}


def addresses(resolver: URLResolver, prefix: str = ""):
    for pattern in resolver.url_patterns:
        route = prefix + re.sub(r"<(?:(\w+):)?\w+>", lambda m: SAMPLES[m[1] or "str"], str(pattern.pattern))
        if isinstance(pattern, URLPattern):
            yield route
        else:
            yield from addresses(pattern, route)


ALL = sorted(set(addresses(get_resolver())))


def test_the_list_of_addresses_is_not_empty():
    assert "graph/" in ALL
    assert "api/v1/plans" in ALL


@pytest.mark.django_db
@pytest.mark.parametrize("address", [address for address in ALL if address not in OPEN])
@pytest.mark.parametrize("method", ["get", "post", "put", "patch", "delete"])
def test_a_stranger_gets_nothing(client, address, method):
    answer = getattr(client, method)(f"/{address}")
    if address.startswith("api/") or address == "metrics":
        assert answer.status_code == 401
        assert json.loads(answer.content)["error"]["code"] == "unauthorized"
    else:
        assert answer.status_code == 302
        assert answer.headers["Location"].startswith(("/login/", "/graph/"))


@pytest.mark.django_db
def test_a_wrong_token_is_not_a_sign_in(client):
    assert client.get("/api/v1/graph", headers={"Authorization": "Bearer nonsense"}).status_code == 401


@pytest.mark.django_db
def test_the_process_says_that_it_lives(client):
    assert client.get("/healthz").text == "ok\n"


@pytest.mark.django_db
def test_a_process_without_a_source_is_not_ready_and_says_which_part(client):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"checks": {"database": True, "source": False}}
