"""The real kubectl against the real server.

Each test has objects of its own names, since all share one server.
"""

import json
import select
import time

import pytest
import yaml

from localmesh.apiserver import kinds
from tests.localmesh.apiserver.objects import deployment, virtual_service
from tests.needs import shared


def manifests(*objects):
    return yaml.safe_dump_all(objects)


@pytest.fixture(scope="module")
def bookinfo():
    return shared("bookinfo")


@pytest.mark.parametrize(
    "name",
    [
        "bookinfo.yaml",
        "bookinfo-gateway.yaml",
        "destination-rule-all.yaml",
        "virtual-service-all-v1.yaml",
        "virtual-service-ratings-test-delay.yaml",
        "virtual-service-reviews-50-v3.yaml",
        "virtual-service-reviews-test-v2.yaml",
    ],
)
def test_a_published_manifest_applies_and_a_second_time_changes_nothing(kubectl, bookinfo, name):
    first = kubectl.run("apply", "-f", str(bookinfo / name))
    assert "Warning" not in first
    lines = kubectl.run("apply", "-f", str(bookinfo / name)).splitlines()
    assert lines
    assert all(line.endswith("unchanged") for line in lines), lines
    assert kubectl.run("diff", "-f", str(bookinfo / name)) == ""


def test_kubectl_finds_its_way_around(kubectl):
    resources = kubectl.run("api-resources")
    assert "virtualservices" in resources
    assert "networking.istio.io/v1 " in resources
    assert "v1.32.4+localmesh" in kubectl.run("version")
    assert "security.istio.io/v1beta1" in kubectl.run("api-versions")
    assert kubectl.run("auth", "can-i", "delete", "pods").strip() == "yes"
    assert "admin" in kubectl.run("auth", "whoami")


def test_explain_tells_fields_and_types(kubectl):
    told = kubectl.run("explain", "vs.spec.http.route")
    assert "weight" in told
    assert "<integer>" in told
    assert "FIELD: replicas <integer>" in kubectl.run("explain", "deploy.spec.replicas")


def test_get_prints_the_columns_of_each_kind(kubectl):
    kubectl.run("apply", "-f", "-", text=manifests(virtual_service("columns"), deployment("columns", 2)))
    found = kubectl.run("get", "vs/columns", "deploy/columns")
    assert "GATEWAYS" in found
    assert '["columns"]' in found
    assert "0/2" in found
    assert "reviews:1" in kubectl.run("get", "deploy", "columns", "-o", "wide")
    assert (
        kubectl.run("get", "vs", "columns", "-o", "name").strip()
        == "virtualservice.networking.istio.io/columns"
    )


def test_get_selects_by_labels_and_fields(kubectl, server):
    objects = [
        deployment(f"selected-{version}", app="selected", version=version) for version in ("v1", "v2", "v3")
    ]
    kubectl.run("apply", "-f", "-", text=manifests(*objects))
    names = kubectl.run("get", "deploy", "-l", "app=selected,version in (v1,v3)", "-o", "name").split()
    assert names == ["deployment.apps/selected-v1", "deployment.apps/selected-v3"]
    assert kubectl.run(
        "get", "deploy", "-A", "--field-selector=metadata.name=selected-v2", "-o", "name"
    ).split() == ["deployment.apps/selected-v2"]
    pod = {
        "metadata": {"name": "phased", "namespace": "bookinfo"},
        "spec": {"nodeName": "here", "containers": []},
        "status": {"phase": "Running"},
    }
    server.inside(server.store.create, kinds.PODS, pod)
    selector = "--field-selector=status.phase=Running,spec.nodeName=here"
    assert kubectl.run("get", "pods", selector, "-o", "name").strip() == "pod/phased"


def test_create_speaks_the_protobuf_of_kubectl(kubectl):
    kubectl.run("create", "namespace", "from-protobuf")
    kubectl.run("create", "deployment", "typed", "--image=nginx:1", "--port=80", "--replicas=0")
    kubectl.run("create", "configmap", "typed", "--from-literal=key=value")
    kubectl.run("create", "secret", "generic", "typed", "--from-literal=key=value")
    kubectl.run("create", "service", "clusterip", "typed", "--tcp=80:8080")
    assert kubectl.json("get", "deploy", "typed")["spec"]["replicas"] == 0
    assert kubectl.json("get", "cm", "typed")["data"] == {"key": "value"}
    assert kubectl.json("get", "secret", "typed")["data"] == {"key": "dmFsdWU="}
    assert kubectl.json("get", "svc", "typed")["spec"]["ports"][0]["targetPort"] == 8080
    assert (
        kubectl.run("get", "serviceaccount", "-n", "from-protobuf", "-o", "name").strip()
        == "serviceaccount/default"
    )
    kubectl.run("delete", "namespace", "from-protobuf")
    assert "from-protobuf" not in kubectl.run("get", "ns")


def test_scale_label_annotate_patch_and_restart_change_a_deployment(kubectl):
    kubectl.run("apply", "-f", "-", text=manifests(deployment("changed")))
    kubectl.run("scale", "deploy/changed", "--replicas=3", "--current-replicas=1")
    kubectl.run("label", "deploy/changed", "team=one")
    kubectl.run("annotate", "deploy/changed", "note=two")
    kubectl.run("set", "image", "deploy/changed", "main=reviews:2")
    kubectl.run(
        "patch", "deploy", "changed", "--type=json", "-p", '[{"op":"add","path":"/spec/paused","value":true}]'
    )
    kubectl.run("patch", "deploy", "changed", "--type=merge", "-p", '{"spec":{"paused":null}}')
    kubectl.run("rollout", "restart", "deploy/changed")
    found = kubectl.json("get", "deploy", "changed")
    assert found["spec"]["replicas"] == 3
    assert found["metadata"]["labels"] == {"app": "changed", "team": "one"}
    assert found["metadata"]["annotations"]["note"] == "two"
    assert found["spec"]["template"]["spec"]["containers"][0]["image"] == "reviews:2"
    assert "paused" not in found["spec"]
    assert "kubectl.kubernetes.io/restartedAt" in found["spec"]["template"]["metadata"]["annotations"]


def test_apply_removes_what_the_manifest_no_longer_says(kubectl):
    before = deployment("shrunk")
    before["spec"]["template"]["spec"]["containers"].append({"name": "second", "image": "x:1"})
    before["metadata"]["annotations"] = {"gone": "soon"}
    kubectl.run("apply", "-f", "-", text=manifests(before))
    kubectl.run("apply", "-f", "-", text=manifests(deployment("shrunk")))
    found = kubectl.json("get", "deploy", "shrunk")
    assert [each["name"] for each in found["spec"]["template"]["spec"]["containers"]] == ["main"]
    assert "gone" not in found["metadata"]["annotations"]


def test_server_side_apply_stops_at_anothers_field_unless_forced(kubectl):
    kubectl.run(
        "apply", "--server-side", "--field-manager=one", "-f", "-", text=manifests(virtual_service("owned"))
    )
    changed = manifests(virtual_service("owned", {"redirect": {"uri": "/x"}}))
    refused = kubectl.run("apply", "--server-side", "--field-manager=two", "-f", "-", text=changed, code=1)
    assert 'conflict with "one"' in refused
    assert ".spec.http" in refused
    kubectl.run("apply", "--server-side", "--field-manager=two", "--force-conflicts", "-f", "-", text=changed)
    assert kubectl.json("get", "vs", "owned")["spec"]["http"] == [{"redirect": {"uri": "/x"}}]


def test_edit_and_replace_write_the_whole_object(kubectl, tmp_path, monkeypatch):
    kubectl.run("apply", "-f", "-", text=manifests(virtual_service("edited")))
    monkeypatch.setenv("KUBE_EDITOR", "sed -i s/host:.edited/host:\\ reviews/")
    assert "edited" in kubectl.run("edit", "vs", "edited")
    found = kubectl.json("get", "vs", "edited")
    assert found["spec"]["http"][0]["route"][0]["destination"]["host"] == "reviews"
    found["spec"]["hosts"] = ["another"]
    kubectl.run("replace", "-f", "-", text=json.dumps(found))
    found["spec"]["hosts"] = ["a-third"]
    assert "the object has been modified" in kubectl.run("replace", "-f", "-", text=json.dumps(found), code=1)


def test_an_unknown_field_and_a_bad_weight_are_refused_at_their_fields(kubectl):
    unknown = virtual_service("refused", {"rout": [], "redirect": {"uri": "/"}})
    told = kubectl.run("apply", "-f", "-", text=manifests(unknown), code=1)
    assert 'strict decoding error: unknown field "spec.http[0].rout"' in told
    route = {
        "route": [{"destination": {"host": "a"}, "weight": 10}, {"destination": {"host": "b"}, "weight": -1}]
    }
    told = kubectl.run("apply", "-f", "-", text=manifests(virtual_service("refused", route)), code=1)
    assert 'admission webhook "validation.istio.io" denied the request' in told
    assert "spec.http[0].route[1].weight" in told
    mistyped = virtual_service("refused", {"timeout": 5, "redirect": {"uri": "/"}})
    told = kubectl.run("apply", "-f", "-", text=manifests(mistyped), code=1)
    assert "spec.http[0].timeout in body must be of type string" in told


def test_a_dry_run_shows_the_outcome_and_writes_nothing(kubectl):
    text = manifests(virtual_service("dry"))
    assert "created (server dry run)" in kubectl.run("apply", "--dry-run=server", "-f", "-", text=text)
    assert "NotFound" in kubectl.run("get", "vs", "dry", code=1)


def test_every_version_of_a_kind_shows_the_same_objects(kubectl):
    kubectl.run(
        "apply",
        "-f",
        "-",
        text=manifests({**virtual_service("old"), "apiVersion": "networking.istio.io/v1alpha3"}),
    )
    for version in ("v1", "v1beta1", "v1alpha3"):
        found = kubectl.json("get", f"virtualservices.{version}.networking.istio.io", "old")
        assert found["apiVersion"] == f"networking.istio.io/{version}"


def test_deletions_by_name_label_and_all(kubectl):
    names = ("doomed-1", "doomed-2", "doomed-3")
    objects = [{**deployment(name, fate="doomed"), "kind": "StatefulSet"} for name in names]
    kubectl.run("apply", "-f", "-", text=manifests(*objects))
    kubectl.run("delete", "sts", "doomed-1")
    kubectl.run("delete", "sts", "-l", "fate=doomed,fate!=other")
    assert "No resources found" in kubectl.run("get", "sts")
    kubectl.run("apply", "-f", "-", text=manifests(*objects))
    kubectl.run("delete", "sts", "--all")
    assert "No resources found" in kubectl.run("get", "sts")


def test_a_watch_shows_changes_as_they_happen(kubectl, server):
    server.inside(
        server.store.create, kinds.CONFIG_MAPS, {"metadata": {"name": "seen", "namespace": "bookinfo"}}
    )
    watching = kubectl.start(
        "get", "cm", "--field-selector=metadata.name=seen", "-w", "--no-headers", "--output-watch-events"
    )
    try:
        assert line(watching).split()[:3] == ["ADDED", "seen", "0"]
        server.inside(
            server.store.update,
            kinds.CONFIG_MAPS,
            {"metadata": {"name": "seen", "namespace": "bookinfo"}, "data": {"a": "b"}},
        )
        assert line(watching).split()[:3] == ["MODIFIED", "seen", "1"]
        server.inside(server.store.delete, kinds.CONFIG_MAPS, "bookinfo", "seen")
        assert line(watching).split()[:3] == ["DELETED", "seen", "1"]
    finally:
        watching.terminate()
        watching.communicate(timeout=10)


def line(process, patience=10):
    assert select.select([process.stdout], [], [], patience)[0], "nothing came"
    return process.stdout.readline()


def test_rollout_status_waits_for_the_controller(kubectl, server):
    kubectl.run("apply", "-f", "-", text=manifests(deployment("rolled")))
    waiting = kubectl.start("rollout", "status", "deploy/rolled", "--timeout=20s")
    found = server.inside(server.store.get, kinds.DEPLOYMENTS, "bookinfo", "rolled")
    counts = dict.fromkeys(("replicas", "updatedReplicas", "readyReplicas", "availableReplicas"), 1)
    found["status"] = {"observedGeneration": found["metadata"]["generation"], **counts}
    server.inside(server.store.update_status, kinds.DEPLOYMENTS, found)
    said, _ = waiting.communicate(timeout=20)
    assert "successfully rolled out" in said


def test_describe_tells_a_service_and_its_endpoints(kubectl, server):
    kubectl.run("create", "service", "clusterip", "described", "--tcp=9080")
    endpoint_slice = {
        "metadata": {
            "name": "described-1",
            "namespace": "bookinfo",
            "labels": {"kubernetes.io/service-name": "described"},
        },
        "addressType": "IPv4",
        "endpoints": [{"addresses": ["127.9.1.1"], "conditions": {"ready": True}}],
        "ports": [{"name": "9080", "port": 9080, "protocol": "TCP"}],
    }
    server.inside(server.store.create, kinds.ENDPOINT_SLICES, endpoint_slice)
    told = kubectl.run("describe", "svc", "described")
    assert "127.9.1.1:9080" in told
    assert "127.240.0." in told


def test_an_owner_takes_its_dependents_along_unless_they_are_orphaned(kubectl, server):
    for policy, left in (("background", 0), ("orphan", 1)):
        kubectl.run("apply", "-f", "-", text=manifests(deployment("owner")))
        uid = kubectl.json("get", "deploy", "owner")["metadata"]["uid"]
        reference = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "owner", "uid": uid}
        child = deployment("child")
        child["metadata"] |= {"namespace": "bookinfo", "ownerReferences": [reference]}
        server.inside(server.store.create, kinds.REPLICA_SETS, child)
        kubectl.run("delete", "deploy", "owner", f"--cascade={policy}")
        assert len(server.inside(server.store.list, kinds.REPLICA_SETS)) == left
    (orphan,) = server.inside(server.store.list, kinds.REPLICA_SETS)
    assert "ownerReferences" not in orphan["metadata"]


def test_a_watch_ends_at_once_when_the_server_stops(tmp_path):
    from tests.localmesh.apiserver.running import Kubectl, running
    from tests.needs import program

    with running() as server:
        kubectl = Kubectl(program("kubectl"), server, tmp_path)
        watching = kubectl.start("get", "ns", "-w", "-o", "name")
        line(watching)
        begin = time.monotonic()
    assert time.monotonic() - begin < 15  # without being ended it would last for half an hour
    watching.terminate()
    watching.communicate(timeout=10)
