"""The wire format, request by request."""

import json
import time

import pytest

from localmesh.apiserver import kinds
from tests.localmesh.apiserver.objects import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    PODS,
    SERVICES,
    VIRTUAL_SERVICES,
    deployment,
    pod,
    split,
    virtual_service,
)
from tests.localmesh.apiserver.running import HOST, TOKEN, running

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"


@pytest.fixture(autouse=True)
def _hang_up(server):
    yield
    server.hang_up()


class Watch:
    """A watch under way; each `next` is the next event."""

    def __init__(self, server, path, **headers):
        self.response = server.raw("GET", path, **headers)

    def next(self):
        return json.loads(self.response.readline())

    def seen(self):
        event = self.next()
        return event["type"], event["object"]["metadata"].get("name")


@pytest.fixture
def names(server):
    """A fresh namespace, empty of objects."""
    name = f"ns-{time.monotonic_ns()}"
    server.ask("POST", "/api/v1/namespaces", {"metadata": {"name": name}})
    return f"/api/v1/namespaces/{name}/configmaps"


def config_map(name, **data):
    return {"metadata": {"name": name, "labels": {"of": name}}, "data": data}


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


def test_a_dry_run_is_answered_and_not_written(server):
    path = f"{VIRTUAL_SERVICES}/dry"
    assert server.ask("POST", f"{VIRTUAL_SERVICES}?dryRun=All", virtual_service("dry")).status == 201
    assert server.ask("GET", path).status == 404
    created = server.ask("POST", VIRTUAL_SERVICES, virtual_service("dry")).json
    changed = server.patch(f"{path}?dryRun=All", {"spec": {"hosts": ["other"]}})
    assert changed.json["spec"]["hosts"] == ["other"]
    assert server.ask("DELETE", f"{path}?dryRun=All").status == 200
    assert server.ask("DELETE", path, {"dryRun": ["All"]}).status == 200
    assert server.ask("GET", path).json == created
    assert server.ask("POST", f"{VIRTUAL_SERVICES}?dryRun=Some", virtual_service("b")).status == 400


def test_unknown_and_repeated_fields_are_refused_warned_of_or_ignored(server):
    path, body = f"{VIRTUAL_SERVICES}?dryRun=All", virtual_service("strict", foo=1)
    answer = server.ask("POST", f"{path}&fieldValidation=Strict", body)
    assert answer.status == 400
    assert answer.json["message"].endswith('strict decoding error: unknown field "spec.foo"')
    answer = server.ask("POST", path, body)
    assert answer.headers["Warning"] == '299 - "unknown field \\"spec.foo\\""'
    assert "foo" not in answer.json["spec"]
    assert "Warning" not in server.ask("POST", f"{path}&fieldValidation=Ignore", body).headers
    twice = json.dumps(virtual_service("strict")).replace('"hosts"', '"hosts": ["x"], "hosts"').encode()
    answer = server.ask("POST", f"{path}&fieldValidation=Strict", twice)
    assert 'duplicate field "spec.hosts"' in answer.json["message"]


def test_a_deletion_keeps_to_its_preconditions(server):
    created = server.ask("POST", CONFIG_MAPS, config_map("guarded")).json
    path = f"{CONFIG_MAPS}/guarded"
    assert server.ask("DELETE", path, {"preconditions": {"uid": "another"}}).status == 409
    assert server.ask("DELETE", path, {"preconditions": {"resourceVersion": "1"}}).status == 409
    kept = {key: created["metadata"][key] for key in ("uid", "resourceVersion")}
    answer = server.ask("DELETE", path, {"preconditions": kept}).json
    assert answer["status"] == "Success"
    assert answer["details"]["uid"] == kept["uid"]


def test_a_collection_is_deleted_by_its_selector(server, names):
    for name in ("a", "b", "c"):
        server.ask("POST", names, config_map(name))
    answer = server.ask("DELETE", f"{names}?labelSelector=of+in+(a,b)")
    assert [each["metadata"]["name"] for each in answer.json["items"]] == ["a", "b"]
    assert [each["metadata"]["name"] for each in server.ask("GET", names).json["items"]] == ["c"]


def test_namespaces_that_a_cluster_needs_stay(server):
    assert server.ask("DELETE", "/api/v1/namespaces/kube-system").status == 403


def test_a_namespace_takes_its_contents_along(server, names):
    server.ask("POST", names, config_map("a"))
    assert server.ask("DELETE", names.removesuffix("/configmaps")).status == 200
    assert server.ask("GET", f"{names}/a").status == 404
    assert server.ask("POST", names, config_map("b")).status == 404


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


def test_a_watch_starts_with_what_is_there_and_goes_on(server, names):
    server.ask("POST", names, config_map("there"))
    watch = Watch(server, f"{names}?watch=1")
    assert watch.seen() == ("ADDED", "there")
    server.ask("POST", names, config_map("new"))
    server.patch(f"{names}/new", {"data": {"a": "b"}})
    server.ask("DELETE", f"{names}/new")
    assert [watch.seen() for _ in range(3)] == [("ADDED", "new"), ("MODIFIED", "new"), ("DELETED", "new")]


def test_a_watch_from_a_version_sees_exactly_what_came_later(server, names):
    server.ask("POST", names, config_map("before"))
    version = server.ask("GET", names).json["metadata"]["resourceVersion"]
    server.ask("POST", names, config_map("after"))
    watch = Watch(
        server, f"{names}?watch=1&resourceVersion={version}&timeoutSeconds=1&allowWatchBookmarks=true"
    )
    assert watch.seen() == ("ADDED", "after")
    last = watch.next()
    assert last["type"] == "BOOKMARK"
    assert int(last["object"]["metadata"]["resourceVersion"]) > int(version)
    assert watch.response.read() == b""


def test_an_object_that_leaves_the_selection_of_a_watch_is_deleted_for_it(server, names):
    watch = Watch(server, f"{names}?watch=1&labelSelector=of%3Dchosen")
    server.ask("POST", names, config_map("other"))
    server.patch(f"{names}/other", {"metadata": {"labels": {"of": "chosen"}}})
    server.patch(f"{names}/other", {"data": {"a": "b"}})
    server.patch(f"{names}/other", {"metadata": {"labels": {"of": None}}})
    assert [watch.seen()[0] for _ in range(3)] == ["ADDED", "MODIFIED", "DELETED"]


def test_initial_events_end_with_a_bookmark(server, names):
    server.ask("POST", names, config_map("there"))
    query = "watch=1&sendInitialEvents=true&allowWatchBookmarks=true&resourceVersionMatch=NotOlderThan"
    watch = Watch(server, f"{names}?{query}")
    assert watch.seen() == ("ADDED", "there")
    assert watch.next()["object"]["metadata"]["annotations"] == {"k8s.io/initial-events-end": "true"}


def test_a_watch_of_tables_carries_rows(server, names):
    server.ask("POST", names, config_map("row", a="1"))
    event = Watch(server, f"{names}?watch=1", Accept=TABLE).next()
    assert event["object"]["kind"] == "Table"
    assert event["object"]["rows"][0]["cells"][:2] == ["row", 1]


def test_a_quiet_watch_gets_bookmarks_and_too_old_a_one_is_told_to_list_again():
    with running(bookmark_seconds=0.05) as server:
        watch = Watch(
            server, f"{CONFIG_MAPS}?watch=1&allowWatchBookmarks=true&resourceVersion={server.store.revision}"
        )
        assert [watch.next()["type"] for _ in range(2)] == ["BOOKMARK", "BOOKMARK"]
    # The history starts with the process, so version 1 of an older one is gone after a restart.


def test_a_version_that_is_no_longer_kept_is_gone(tmp_path):
    with running(tmp_path / "db") as server:
        revision = server.store.revision
    with running(tmp_path / "db") as server:
        event = Watch(server, f"{CONFIG_MAPS}?watch=1&resourceVersion={revision - 1}").next()
    assert event["type"] == "ERROR"
    assert (event["object"]["code"], event["object"]["reason"]) == (410, "Expired")


def test_a_restart_keeps_the_objects(tmp_path):
    with running(tmp_path / "db") as server:
        before = server.ask("POST", VIRTUAL_SERVICES, virtual_service("kept")).json
    with running(tmp_path / "db") as server:
        assert server.ask("GET", f"{VIRTUAL_SERVICES}/kept").json == before


def test_status_and_spec_are_written_apart(server):
    created = server.ask(
        "POST", VIRTUAL_SERVICES, {**virtual_service("apart"), "status": {"conditions": []}}
    ).json
    assert "status" not in created
    path = f"{VIRTUAL_SERVICES}/apart"
    condition = {"type": "Programmed", "status": "True"}
    server.patch(f"{path}/status", {"spec": {"hosts": ["x"]}, "status": {"conditions": [condition]}})
    found = server.patch(path, {"spec": {"hosts": ["y"]}, "status": {"conditions": []}}).json
    assert found["spec"]["hosts"] == ["y"]
    assert found["status"]["conditions"] == [condition]
    assert found["metadata"]["generation"] == 2


def test_scale_reads_and_sets_replicas(server):
    server.ask("POST", DEPLOYMENTS, deployment("scaled", 2))
    path = f"{DEPLOYMENTS}/scaled/scale"
    scale = server.ask("GET", path).json
    assert (scale["kind"], scale["spec"]["replicas"]) == ("Scale", 2)
    assert scale["status"]["selector"] == "app=scaled"
    scale["spec"]["replicas"] = 5
    assert server.ask("PUT", path, scale).json["spec"]["replicas"] == 5
    assert server.ask("PUT", path, scale).status == 409
    assert server.patch(path, {"spec": {"replicas": -1}}).status == 422
    assert server.ask("GET", f"{DEPLOYMENTS}/scaled").json["spec"]["replicas"] == 5


def test_a_service_gets_an_address_and_defaults_and_keeps_them(server):
    spec = {"selector": {"app": "a"}, "ports": [{"port": 80}]}
    made = server.ask("POST", SERVICES, {"metadata": {"name": "addressed"}, "spec": spec}).json["spec"]
    assert made["clusterIP"].startswith("127.240.")
    assert made["type"] == "ClusterIP"
    assert made["ports"] == [{"port": 80, "protocol": "TCP", "targetPort": 80}]
    again = server.ask("PUT", f"{SERVICES}/addressed", {"metadata": {"name": "addressed"}, "spec": spec}).json
    assert again["spec"]["clusterIP"] == made["clusterIP"]
    refused = server.patch(f"{SERVICES}/addressed", {"spec": {"clusterIP": "127.240.9.9"}})
    assert refused.status == 422
    assert "may not change once set" in refused.json["message"]


def test_a_deployment_is_checked_in_kubernetes_own_words(server):
    body = deployment("wrong")
    body["spec"]["template"]["metadata"]["labels"] = {"app": "other"}
    body["spec"]["template"]["spec"]["containers"] = [{"image": "x"}, {"name": "b"}]
    answer = server.ask("POST", DEPLOYMENTS, body).json
    assert answer["message"].startswith('Deployment.apps "wrong" is invalid: ')
    told = {each["field"]: each["message"] for each in answer["details"]["causes"]}
    assert told["spec.template.metadata.labels"].endswith("`selector` does not match template `labels`")
    assert told["spec.template.spec.containers[0].name"] == "Required value"
    assert told["spec.template.spec.containers[1].image"] == "Required value"


def test_a_deployments_selector_is_immutable(server):
    server.ask("POST", DEPLOYMENTS, deployment("fixed"))
    answer = server.ask("PUT", f"{DEPLOYMENTS}/fixed", deployment("fixed", app="other"))
    assert answer.status == 422
    assert "field is immutable" in answer.json["message"]


def test_a_mistyped_field_of_a_deployment_cannot_be_decoded(server):
    body = deployment("typed")
    body["spec"]["replicas"] = "three"
    answer = server.ask("POST", DEPLOYMENTS, body)
    assert answer.status == 400
    assert 'Deployment in version "v1" cannot be handled as a Deployment' in answer.json["message"]
    assert "spec.replicas" in answer.json["message"]


def test_a_refused_write_leaves_nothing(server):
    before = server.store.revision
    for route in (split(50, -1), split(0, 0), {"fault": {"abort": {"httpStatus": 700}}, **split(1, 1)}, {}):
        assert server.ask("POST", VIRTUAL_SERVICES, virtual_service("never", route)).status == 400
    assert server.store.revision == before


def test_conflicting_managers_are_told_over_http(server):
    path = f"{VIRTUAL_SERVICES}/managed?fieldManager="
    body = {**virtual_service("managed"), "kind": "VirtualService"}
    assert server.patch(path + "one", body, "apply-patch+yaml").status == 201
    body["spec"]["hosts"] = ["other"]
    answer = server.patch(path + "two", body, "apply-patch+yaml")
    assert answer.status == 409
    assert answer.json["details"]["causes"][0]["field"] == ".spec.hosts"
    assert server.patch(path + "two&force=true", body, "apply-patch+yaml").status == 200


def test_logs_come_from_the_injected_reader():
    asked = []

    async def reader(namespace, name, options):
        asked.append((namespace, name, options.container, options.tail_lines, options.follow))
        for piece in (b"one\n", b"two\n"):
            yield piece

    with running(log_reader=reader) as server:
        server.inside(server.store.create, kinds.PODS, pod("spoken"))
        answer = server.ask("GET", f"{PODS}/spoken/log?container=main&tailLines=5&follow=true")
        assert (answer.status, answer.body) == (200, b"one\ntwo\n")
        assert server.ask("GET", f"{PODS}/spoken/log?limitBytes=6").body == b"one\ntw"
        assert server.ask("GET", f"{PODS}/silent/log").status == 404
        assert server.ask("DELETE", f"{PODS}/spoken/log").status == 405
    assert asked[0] == ("bookinfo", "spoken", "main", 5, True)


def test_reviews_say_yes_and_who_asks(server):
    spec = {"resourceAttributes": {"verb": "delete", "resource": "pods"}}
    path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
    assert server.ask("POST", path, {"spec": spec}).json["status"]["allowed"] is True
    assert server.ask("POST", path, {"spec": {}}).status == 400
    assert server.ask("GET", path).status == 405


def test_definitions_carry_schemas_and_cannot_be_changed(server):
    path = "/apis/apiextensions.k8s.io/v1/customresourcedefinitions"
    found = server.ask("GET", f"{path}/virtualservices.networking.istio.io").json
    assert [each["name"] for each in found["spec"]["versions"]] == ["v1", "v1beta1", "v1alpha3"]
    assert found["spec"]["versions"][0]["schema"]["openAPIV3Schema"]["properties"]["spec"]["properties"][
        "http"
    ]
    assert server.ask("DELETE", f"{path}/virtualservices.networking.istio.io").status == 405
    assert server.ask("DELETE", path).status == 405


def test_everything_that_discovery_names_can_be_listed(server):
    for group in server.ask("GET", "/apis").json["groups"]:
        for version in group["versions"]:
            base = f"/apis/{version['groupVersion']}"
            for resource in server.ask("GET", base).json["resources"]:
                if "list" in resource["verbs"] and "/" not in resource["name"]:
                    assert (
                        server.ask("GET", f"{base}/{resource['name']}").json["kind"]
                        == f"{resource['kind']}List"
                    )
            assert server.ask("GET", f"/openapi/v3{base}").json["components"]["schemas"]
    assert server.ask("GET", "/openapi/v2").json["definitions"]


def test_stopping_ends_watches_at_once(tmp_path):
    with running() as server:
        watch = Watch(server, f"{CONFIG_MAPS}?watch=1&allowWatchBookmarks=true")
        begin = time.monotonic()
    assert time.monotonic() - begin < 2
    watch.response.close()


def test_a_port_in_use_is_an_error_at_the_start(server):
    from localmesh.apiserver.server import ApiServer

    second = ApiServer(server.store, TOKEN)
    with pytest.raises(OSError, match="address already in use"):
        server.run(second.start(HOST, server.server.port))
