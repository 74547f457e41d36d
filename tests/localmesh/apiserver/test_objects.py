"""What becomes of objects that are written over HTTP."""

import json

import pytest

from localmesh.apiserver import kinds
from tests.localmesh.apiserver.objects import (
    CONFIG_MAPS,
    DEPLOYMENTS,
    PODS,
    SERVICES,
    VIRTUAL_SERVICES,
    config_map,
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


def test_the_query_of_a_deletion_counts_only_where_it_has_no_body(server, names):
    for name in ("one", "two"):
        server.ask("POST", names, config_map(name))
    assert server.ask("DELETE", f"{names}/one?dryRun=All").status == 200
    assert server.ask("GET", f"{names}/one").status == 200
    assert server.ask("DELETE", f"{names}/two?dryRun=All", {"kind": "DeleteOptions"}).status == 200
    assert server.ask("GET", f"{names}/two").status == 404
    assert server.ask("DELETE", f"{names}/one?dryRun=Some").status == 422
    assert server.ask("DELETE", f"{names}/one", {"dryRun": "All"}).status == 422


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
    assert server.ask("POST", path, {"spec": {}}).status == 422
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


def test_a_port_in_use_is_an_error_at_the_start(server):
    from localmesh.apiserver.server import ApiServer

    second = ApiServer(server.store, TOKEN)
    with pytest.raises(OSError, match="address already in use"):
        server.run(second.start(HOST, server.server.port))


def test_unknown_fields_of_a_custom_resource_are_named_in_order(server):
    path = f"{VIRTUAL_SERVICES}?fieldValidation=Strict"
    answer = server.ask("POST", path, virtual_service("unknown", zebra=1, ant=2))
    assert answer.json["message"].endswith('unknown field "spec.ant", unknown field "spec.zebra"')
