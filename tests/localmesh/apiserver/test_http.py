"""The wire format, request by request: who is let in, which paths and bodies are taken, and lists."""

import json

import pytest

from tests.localmesh.apiserver.objects import (
    CONFIG_MAPS,
    VIRTUAL_SERVICES,
    config_map,
    virtual_service,
)
from tests.localmesh.apiserver.running import TOKEN

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


@pytest.fixture(autouse=True)
def _hang_up(server):
    yield
    server.hang_up()


@pytest.mark.parametrize("token", ["", "wrong", TOKEN + "x", "ünïcode"])
def test_nobody_is_let_in_without_the_token(server, token):
    answer = server.raw("GET", "/api/v1/namespaces", Authorization=f"Bearer {token}".encode())
    assert answer.status == 401
    assert json.loads(answer.read())["reason"] == "Unauthorized"
    assert server.ask("GET", "/api/v1/namespaces", token=None).status == 401


def test_the_token_may_stand_in_the_path_for_clients_that_send_no_header(server):
    assert server.ask("GET", f"/with-token/{TOKEN}/api/v1/namespaces", token=None).status == 200
    assert server.ask("GET", "/with-token/wrong/api/v1/namespaces", token=None).status == 401
    assert server.ask("GET", "/with-token/wrong/api/v1/namespaces").status == 401


def test_health_needs_no_token(server):
    for path in ("/healthz", "/livez", "/readyz"):
        assert server.ask("GET", path, token=None).body == b"ok"


@pytest.mark.parametrize(
    "path",
    [
        f"{VIRTUAL_SERVICES}/",
        f"{VIRTUAL_SERVICES}/.",
        f"{VIRTUAL_SERVICES}/..",
        f"{VIRTUAL_SERVICES}/%2e",
        f"{VIRTUAL_SERVICES}/%2e%2e",
        f"{VIRTUAL_SERVICES}/%2E%2e/virtualservices",
        f"{VIRTUAL_SERVICES}/x/..",
        f"{VIRTUAL_SERVICES}//",
        f"{VIRTUAL_SERVICES}/%2f",
        f"{VIRTUAL_SERVICES}/%00",
        f"{VIRTUAL_SERVICES}/a%2fb",
        "/apis/networking.istio.io/v1/namespaces//virtualservices",
        "/apis/networking.istio.io/v1/namespaces/../virtualservices",
        "/apis/networking.istio.io/v1//namespaces/bookinfo/virtualservices",
    ],
)
def test_a_trick_in_the_path_never_deletes_a_collection(server, path):
    server.ask("POST", VIRTUAL_SERVICES, virtual_service("survivor"))
    assert server.raw("DELETE", path).status in (400, 404, 405)
    assert server.ask("GET", f"{VIRTUAL_SERVICES}/survivor").status == 200


def test_a_collection_of_all_namespaces_cannot_be_deleted(server):
    assert server.ask("DELETE", "/apis/networking.istio.io/v1/virtualservices").status == 405


def test_a_missing_object_is_told_as_kubernetes_does(server):
    answer = server.ask("GET", f"{VIRTUAL_SERVICES}/missing")
    assert answer.status == 404
    assert answer.json == {
        "kind": "Status",
        "apiVersion": "v1",
        "metadata": {},
        "status": "Failure",
        "message": 'virtualservices.networking.istio.io "missing" not found',
        "reason": "NotFound",
        "details": {"name": "missing", "group": "networking.istio.io", "kind": "virtualservices"},
        "code": 404,
    }


def test_an_object_needs_a_namespace_that_exists(server):
    path = VIRTUAL_SERVICES.replace("bookinfo", "nowhere")
    answer = server.ask("POST", path, virtual_service("a"))
    assert (answer.status, answer.json["message"]) == (404, 'namespaces "nowhere" not found')


@pytest.mark.parametrize("name", ["Upper", "a_b", "-a", "a" * 254, "ä", "..", ""])
def test_a_name_that_is_no_dns_name_is_refused_at_its_field(server, name):
    answer = server.ask("POST", VIRTUAL_SERVICES, virtual_service(name))
    assert answer.status == 422
    assert answer.json["details"]["causes"][0]["field"] == "metadata.name"


def test_a_generated_name_keeps_its_prefix(server):
    body = {"metadata": {"generateName": "made-"}}
    one, two = (server.ask("POST", CONFIG_MAPS, body).json["metadata"]["name"] for _ in range(2))
    assert one.startswith("made-")
    assert one != two


def test_a_name_that_is_taken_is_a_conflict(server):
    server.ask("POST", CONFIG_MAPS, config_map("taken"))
    answer = server.ask("POST", CONFIG_MAPS, config_map("taken"))
    assert (answer.status, answer.json["reason"]) == (409, "AlreadyExists")


def test_a_body_for_another_path_is_refused(server):
    for body, told in [
        ({"metadata": {"name": "a", "namespace": "other"}}, "does not match the namespace"),
        ({"kind": "Secret", "metadata": {"name": "a"}}, "cannot be handled as a ConfigMap"),
        ({"apiVersion": "apps/v1", "metadata": {"name": "a"}}, "does not match the expected API version"),
    ]:
        answer = server.ask("POST", CONFIG_MAPS, body)
        assert answer.status == 400
        assert told in answer.json["message"]
    server.ask("POST", CONFIG_MAPS, config_map("named"))
    answer = server.ask("PUT", f"{CONFIG_MAPS}/named", config_map("another"))
    assert "does not match the name on the URL" in answer.json["message"]


@pytest.mark.parametrize(
    ("body", "told"),
    [
        (b"{", "not JSON"),
        (b"[1]", "must be an object"),
        (b'{"a": NaN}', "not JSON"),
        (b"[" * 5000, "nested"),
        (b"", "must be an object"),
    ],
)
def test_a_body_that_is_no_object_is_a_bad_request(server, body, told):
    answer = server.ask("POST", CONFIG_MAPS, body)
    assert answer.status == 400
    assert told in answer.json["message"]


def test_a_body_of_more_than_three_megabytes_is_too_large(server):
    answer = server.raw(
        "POST", CONFIG_MAPS, b" " * (3 * 1024 * 1024 + 1), **{"Content-Type": "application/json"}
    )
    assert answer.status == 413
    assert json.loads(answer.read())["reason"] == "RequestEntityTooLarge"


def test_yaml_is_taken_and_its_aliases_are_not(server):
    plain = b"metadata: {name: from-yaml}\ndata: {a: b}"
    assert server.ask("POST", CONFIG_MAPS, plain, Content_Type="application/yaml").status == 201
    answer = server.ask(
        "POST", CONFIG_MAPS, b"metadata: &m {name: x}\nother: *m", Content_Type="application/yaml"
    )
    assert answer.status == 400
    assert "aliases are not accepted" in answer.json["message"]


def test_unknown_media_types_are_told_apart(server):
    assert server.ask("POST", CONFIG_MAPS, b"x", Content_Type="text/plain").status == 415
    unknown = b"k8s\x00\x0a\x05\x12\x03Foo"
    assert (
        server.ask("POST", CONFIG_MAPS, unknown, Content_Type="application/vnd.kubernetes.protobuf").status
        == 415
    )
    assert server.ask("GET", CONFIG_MAPS, Accept="application/vnd.kubernetes.protobuf").status == 406
    assert server.patch(f"{VIRTUAL_SERVICES}/x", {}, "x+json").status == 415


def test_a_strategic_patch_of_a_custom_resource_is_not_spoken(server):
    server.ask("POST", VIRTUAL_SERVICES, virtual_service("custom"))
    assert server.patch(f"{VIRTUAL_SERVICES}/custom", {}, "strategic-merge-patch+json").status == 415


def test_an_update_with_an_old_version_is_a_conflict(server):
    first = server.ask("POST", CONFIG_MAPS, config_map("versioned")).json
    path = f"{CONFIG_MAPS}/versioned"
    assert server.ask("PUT", path, {**first, "data": {"a": "1"}}).status == 200
    answer = server.ask("PUT", path, {**first, "data": {"a": "2"}})
    assert (answer.status, answer.json["reason"]) == (409, "Conflict")
    version = {"metadata": {"resourceVersion": first["metadata"]["resourceVersion"]}, "data": {"a": "3"}}
    assert server.patch(path, version).status == 409


def test_a_put_of_another_object_of_that_name_is_a_conflict(server):
    server.ask("POST", CONFIG_MAPS, config_map("uid"))
    body = config_map("uid")
    body["metadata"]["uid"] = "another"
    assert server.ask("PUT", f"{CONFIG_MAPS}/uid", body).status == 409


def test_a_patch_that_changes_nothing_writes_nothing(server):
    before = server.ask("POST", VIRTUAL_SERVICES, virtual_service("same")).json
    after = server.patch(f"{VIRTUAL_SERVICES}/same", {"spec": {"hosts": ["same"]}}).json
    assert after == before


def test_a_long_list_comes_in_pages(server, names):
    for number in range(5):
        server.ask("POST", names, config_map(f"n{number}"))
    seen, token = [], ""
    while True:
        found = server.ask("GET", f"{names}?limit=2&continue={token}").json
        seen.extend(each["metadata"]["name"] for each in found["items"])
        token = found["metadata"].get("continue", "")
        if not token:
            break
        assert found["metadata"]["remainingItemCount"] == 5 - len(seen)
    assert seen == ["n0", "n1", "n2", "n3", "n4"]
    assert server.ask("GET", f"{names}?limit=2&continue=nonsense").status == 400


def test_a_list_of_a_version_that_is_not_there_yet_is_a_timeout(server):
    answer = server.ask("GET", f"{CONFIG_MAPS}?resourceVersion=99999999")
    assert answer.status == 504
    assert "Too large resource version" in answer.json["message"]
    assert server.ask("GET", f"{CONFIG_MAPS}?resourceVersion=1&resourceVersionMatch=Exact").status == 410


def test_selectors_that_mean_nothing_are_refused(server):
    for query in (
        "labelSelector=a+in",
        "labelSelector=a%3D%3D%3Db",
        "fieldSelector=spec.foo%3Dx",
        "limit=-1",
        "limit=x",
    ):
        assert server.ask("GET", f"{CONFIG_MAPS}?{query}").status == 400
