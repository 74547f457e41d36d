"""The projections: what they read, and that nothing in an object makes a list unreadable."""

from pathlib import Path

import msgspec
import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from cluster import inventory, kinds, objects
from cluster.inventory import Found

META = {
    "name": "x",
    "namespace": "y",
    "uid": "u",
    "resourceVersion": "1",
    "creationTimestamp": "2026-01-01T00:00:00Z",
    "deletionTimestamp": "2026-01-01T00:00:00Z",
    "labels": {"app": "a", "version": "v1"},
    "annotations": {"ambient.istio.io/redirection": "enabled", "sidecar.istio.io/inject": "false", "x": "y"},
    "ownerReferences": [{"apiVersion": "apps/v1", "kind": "K", "name": "o", "uid": "u", "controller": True}],
    "managedFields": [{"manager": "kubectl"}],
}
POD = {
    "containers": [{"name": "istio-proxy", "image": "proxyv2:1", "ports": [{"containerPort": 1}]}],
    "initContainers": [{"name": "istio-init", "image": "i"}],
    "serviceAccountName": "s",
    "hostNetwork": True,
}
WORKLOAD = {
    "replicas": 2,
    "selector": {"matchLabels": {"app": "a"}},
    "template": {"metadata": {"labels": {"app": "a"}}, "spec": POD},
}
FULL = {
    kinds.NAMESPACE: {"status": {"phase": "Active"}},
    kinds.SERVICE: {
        "spec": {
            "selector": {"app": "a"},
            "type": "ClusterIP",
            "clusterIP": "None",
            "externalName": "e",
            "ports": [
                {"port": 80, "name": "http", "protocol": "TCP", "appProtocol": "x", "targetPort": "web"}
            ],
        }
    },
    kinds.POD: {
        "spec": POD,
        "status": {"phase": "Running", "podIP": "::1", "conditions": [{"type": "Ready", "status": "True"}]},
    },
    kinds.DEPLOYMENT: {"spec": WORKLOAD, "status": {"replicas": 2, "readyReplicas": 1}},
    kinds.ROLLOUT: {"spec": WORKLOAD, "status": {"replicas": 2, "readyReplicas": 1}},
    kinds.JOB: {"spec": WORKLOAD, "status": {"active": 1, "ready": 1}},
    kinds.CRON_JOB: {
        "spec": {"suspend": True, "jobTemplate": {"spec": WORKLOAD}},
        "status": {"active": [{}]},
    },
    kinds.ENDPOINT_SLICE: {
        "endpoints": [
            {
                "addresses": ["10.0.0.1"],
                "conditions": {"ready": True, "serving": True},
                "targetRef": {"kind": "Pod", "name": "x", "namespace": "y"},
            }
        ]
    },
}
NEVER_NULL = {"name", "kind", "type", "port", "namespace", "uid", "resourceVersion", "metadata"}
"""What every object has: the API server sees to it."""


def decoded(kind, manifest):
    return msgspec.json.decode(msgspec.json.encode(manifest), type=objects.shape_of(kind))


def whole(kind):
    return {"metadata": META, **FULL[kind]}


def places(value, path=()):
    """Every place in an object that could be null."""
    if isinstance(value, dict):
        for key, item in value.items():
            if key not in NEVER_NULL:
                yield (*path, key)
            yield from places(item, (*path, key))
    elif isinstance(value, list):
        for index, item in enumerate(value):
            yield from places(item, (*path, index))


def with_null(value, path):
    head, *rest = path
    changed = dict(value) if isinstance(value, dict) else list(value)
    changed[head] = with_null(value[head], rest) if rest else None
    return changed


def everything(item, kind):
    """The inventory of a cluster with just this object: whatever is missing, it can be made."""
    found = {kinds.NAMESPACE: "namespaces", kinds.SERVICE: "services", kinds.POD: "pods"}
    found[kinds.ENDPOINT_SLICE] = "endpoint_slices"
    if kind in found:
        return inventory.derive(Found(**{found[kind]: [item]}))
    return inventory.derive(Found(workloads={kind: [item]}))


@pytest.mark.parametrize("kind", FULL, ids=str)
def test_an_object_may_be_null_wherever_kubernetes_reads_null_as_absent(kind):
    # The label values of a Rollout's template are among them: nobody checks those.
    for path in places(whole(kind)):
        if path[:2] in {("metadata", "labels"), ("spec", "selector")} and len(path) > 2:
            continue
        if kind != kinds.ROLLOUT and "labels" in path[:-1]:
            continue
        everything(decoded(kind, with_null(whole(kind), path)), kind)


@pytest.mark.parametrize("kind", FULL, ids=str)
def test_an_object_may_have_nothing_but_a_name(kind):
    everything(decoded(kind, {"metadata": {"name": "x"}}), kind)


def test_a_label_of_a_rollout_that_is_no_text_is_passed_over():
    manifest = {"metadata": META, "spec": {"template": {"metadata": {"labels": {"app": "a", "version": 2}}}}}
    assert decoded(kinds.ROLLOUT, manifest).spec.template.metadata.labels == {"app": "a"}


def test_what_is_used_is_read():
    pod = decoded(kinds.POD, whole(kinds.POD))
    assert (pod.metadata.name, pod.metadata.namespace, pod.metadata.labels["version"]) == ("x", "y", "v1")
    assert pod.metadata.owner.name == "o"
    assert pod.metadata.annotations.redirection == "enabled"
    assert (pod.status.pod_ip, pod.spec.host_network) == ("::1", True)
    assert [each.image for each in (*pod.spec.containers, *pod.spec.init_containers)] == ["proxyv2:1", "i"]
    service = decoded(kinds.SERVICE, whole(kinds.SERVICE)).spec
    assert (service.selector, service.cluster_ip) == ({"app": "a"}, "None")
    assert service.ports[0].app_protocol == "x"
    jobs = decoded(kinds.CRON_JOB, whole(kinds.CRON_JOB)).spec
    assert (jobs.suspend, jobs.template.metadata.labels) == (True, {"app": "a"})
    (endpoint,) = decoded(kinds.ENDPOINT_SLICE, whole(kinds.ENDPOINT_SLICE)).endpoints
    assert (endpoint.addresses, endpoint.ready, endpoint.target_ref.name) == (("10.0.0.1",), True, "x")


def test_metadata_is_read_from_a_manifest_as_from_a_projection():
    manifest = {"metadata": META, "spec": {}}
    assert objects.metadata_of(manifest) == objects.metadata_of(decoded(kinds.POD, manifest))
    assert objects.metadata_of({}).name == ""


@given(st.text(max_size=300), st.dictionaries(st.text(max_size=70), st.text(max_size=70), max_size=3))
def test_any_text_can_be_a_name_or_a_label(name, labels):
    manifest = {"metadata": {"name": name, "namespace": name, "labels": labels}, "spec": {"selector": labels}}
    everything(decoded(kinds.SERVICE, manifest), kinds.SERVICE)
    everything(decoded(kinds.POD, {"metadata": manifest["metadata"]}), kinds.POD)


def test_the_demo_s_own_manifests_are_read():
    root = Path(__file__).resolve().parent.parent.parent
    manifests = yaml.safe_load_all((root / "localmesh/manifests/3-bookinfo.yaml").read_text())
    read = {}
    for manifest in manifests:
        if manifest["kind"] in ("Service", "Deployment"):
            kind = kinds.of(manifest)
            read.setdefault(kind, []).append(decoded(kind, manifest))
    found = inventory.derive(
        Found(services=read[kinds.SERVICE], workloads={kinds.DEPLOYMENT: read[kinds.DEPLOYMENT]})
    )
    reviews = next(service for service in found.services if service.name == "reviews")
    assert [version.version for version in reviews.versions] == ["v1", "v2", "v3"]
