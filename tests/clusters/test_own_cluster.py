"""`make run KUBECONFIG=...` on a real API server: the inventory, a plan, and writes that it accepts."""

import pytest
import yaml

from tests.clusters.people import split
from tests.console import ROOT, Console, until

MANIFESTS = ROOT / "localmesh" / "manifests" / "3-bookinfo.yaml"
PLURALS = {
    "Service": "/api/v1/namespaces/{}/services",
    "ServiceAccount": "/api/v1/namespaces/{}/serviceaccounts",
    "Deployment": "/apis/apps/v1/namespaces/{}/deployments",
}
APPS = {"details", "ratings", "reviews", "productpage"}
WORKLOADS = {"details-v1", "ratings-v1", "reviews-v1", "reviews-v2", "reviews-v3", "productpage-v1"}


@pytest.fixture(scope="module")
def bookinfo(kube_apiserver):
    """The namespace that Bookinfo's manifests stand in, by a name of its own."""
    namespace = kube_apiserver.namespace()
    for manifest in yaml.safe_load_all(MANIFESTS.read_text()):
        manifest["metadata"]["namespace"] = namespace
        kube_apiserver.admin.must("POST", PLURALS[manifest["kind"]].format(namespace), manifest)
    return namespace


@pytest.fixture(scope="module")
def console(kube_apiserver, tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    kubeconfig = kube_apiserver.kubeconfig(folder / "kubeconfig", token=kube_apiserver.admin_token)
    running = Console(folder / "state", "run", {"KUBECONFIG": kubeconfig})
    try:
        running.wait_until_ready()
        yield running
    finally:
        running.stop()


def istio(kube_apiserver, namespace, plural, name):
    path = f"/apis/networking.istio.io/v1/namespaces/{namespace}/{plural}/{name}"
    return kube_apiserver.admin.request("GET", path)


def test_the_inventory_shows_what_the_manifests_say(console, bookinfo):
    def found():
        status, inventory = console.get(f"api/v1/inventory?namespaces={bookinfo}")
        assert status == 200, inventory
        return inventory if inventory["services"] else None

    inventory = until(found, "the inventory has the services")
    assert {each["name"] for each in inventory["services"]} == {
        "details",
        "ratings",
        "reviews",
        "productpage",
    }
    reviews = next(each for each in inventory["services"] if each["name"] == "reviews")
    assert [version["version"] for version in reviews["versions"]] == ["v1", "v2", "v3"]
    assert {each["name"] for each in inventory["workloads"]} == WORKLOADS
    served = {(kind["group"], kind["kind"]): kind["version"] for kind in inventory["kinds"]}
    assert served["networking.istio.io", "VirtualService"] == "v1"
    assert served["gateway.networking.k8s.io", "HTTPRoute"] == "v1"
    assert inventory["server_version"].startswith("v1.")


def test_a_split_is_planned_applied_as_the_server_wants_it_and_taken_back(console, bookinfo, kube_apiserver):
    status, plan = console.post("api/v1/plans", split(bookinfo, "reviews", v1=80, v3=20))
    assert status == 201, plan
    assert [each["resource"]["kind"] for each in plan["operations"]] == ["DestinationRule", "VirtualService"]
    assert istio(kube_apiserver, bookinfo, "virtualservices", "reviews")[0] == 404

    status, change = console.post(f"api/v1/plans/{plan['id']}/apply", {"hash": plan["hash"]})
    assert (status, change["state"]) == (200, "applied"), change
    virtual_service = istio(kube_apiserver, bookinfo, "virtualservices", "reviews")[1]
    (route,) = virtual_service["spec"]["http"]
    assert {each["destination"]["subset"]: each["weight"] for each in route["route"]} == {"v1": 80, "v3": 20}
    for plural in ("virtualservices", "destinationrules"):
        written = istio(kube_apiserver, bookinfo, plural, "reviews")[1]
        assert {entry["manager"] for entry in written["metadata"]["managedFields"]} == {"meshui"}

    status, undone = console.post(f"api/v1/changes/{change['id']}/revert", {})
    assert (status, undone["state"]) == (200, "applied"), undone
    assert istio(kube_apiserver, bookinfo, "virtualservices", "reviews")[0] == 404
    assert istio(kube_apiserver, bookinfo, "destinationrules", "reviews")[0] == 404


def test_what_a_policy_of_the_cluster_refuses_is_told_in_its_words_and_not_written(
    console, bookinfo, kube_apiserver
):
    policy = _refusing("meshui-test-no-ratings", bookinfo, "ratings stay as they are")
    for path, manifest in policy:
        kube_apiserver.admin.must("POST", path, manifest)
    try:
        status, plan = console.post("api/v1/plans", split(bookinfo, "ratings", v1=100))
        assert status == 201, plan

        def refused():
            # A policy takes effect some moments after it is made.
            status, answer = console.post(f"api/v1/plans/{plan['id']}/apply", {"hash": plan["hash"]})
            if status == 200:
                console.post(f"api/v1/changes/{answer['id']}/revert", {})
                plan.update(console.post("api/v1/plans", split(bookinfo, "ratings", v1=100))[1])
                return None
            return status, answer["error"]

        status, error = until(refused, "the policy is in force")
        assert status in (403, 422)
        assert "ratings stay as they are" in error["message"]
        assert istio(kube_apiserver, bookinfo, "virtualservices", "ratings")[0] == 404
    finally:
        for path, manifest in reversed(policy):
            kube_apiserver.admin.must("DELETE", f"{path}/{manifest['metadata']['name']}")


def _refusing(name, namespace, message):
    """A ValidatingAdmissionPolicy, and its binding to one namespace, that refuses every VirtualService."""
    root = "/apis/admissionregistration.k8s.io/v1"
    rule = {
        "apiGroups": ["networking.istio.io"], "apiVersions": ["*"],
        "operations": ["CREATE", "UPDATE"], "resources": ["virtualservices"],
    }  # fmt: skip
    here = {"namespaceSelector": {"matchLabels": {"kubernetes.io/metadata.name": namespace}}}
    policy = {
        "metadata": {"name": name},
        "spec": {
            "matchConstraints": {"resourceRules": [rule]},
            "validations": [{"expression": "object.metadata.name != 'ratings'", "message": message}],
        },
    }
    binding = {
        "metadata": {"name": name},
        "spec": {"policyName": name, "validationActions": ["Deny"], "matchResources": here},
    }
    return [
        (f"{root}/validatingadmissionpolicies", policy),
        (f"{root}/validatingadmissionpolicybindings", binding),
    ]
