"""Plans, changes and reverts against localmesh's API server: the real wire format, the real schemas."""

import pytest

from cluster import connection, kinds
from cluster.errors import Invalid
from cluster.kube import KubeCluster
from cluster.refs import Ref
from routing import diff
from tests.cluster.servers import TOKEN, api_server
from tests.people import own
from tests.routing.stage import RATINGS, REVIEWS, REVIEWS_SUBSETS, WORKLOADS, published, service
from tests.routing.test_verification import Counting, verified

pytestmark = pytest.mark.django_db

SPLIT = {"kind": "split", "namespace": "bookinfo", "service": "reviews", "weights": {"v1": 80, "v3": 20}}
TARGET = {"kind": "fault", "namespace": "bookinfo", "service": "ratings"}
DELAY = {**TARGET, "delay": {"percentage": 50, "fixed_delay": "2s"}}
ABORT = {
    **TARGET,
    "abort": {"percentage": 0.5, "http_status": 503},
    "match": {"header": "end-user", "value": "jason"},
}
CALM = {"kind": "clear_fault", "namespace": "bookinfo", "service": "ratings"}


@pytest.fixture(scope="module")
def url():
    with api_server() as address:
        yield address


@pytest.fixture
def cluster(url):
    """The adapter on a running server with Bookinfo's workloads and its published subsets."""
    adapter = KubeCluster.at(url, TOKEN)
    if not adapter.list(kinds.SERVICE, "bookinfo").items:
        for manifest in WORKLOADS:
            _run(adapter, manifest)
    for manifest in [*published("destination-rule-all.yaml"), *published("virtual-service-all-v1.yaml")]:
        adapter.create(manifest)
    with connection.override(adapter):
        yield adapter
    for kind in (kinds.VIRTUAL_SERVICE, kinds.DESTINATION_RULE):
        for item in adapter.list(kind, "bookinfo").items:
            adapter.delete(Ref.of(item), item["metadata"]["resourceVersion"])


def _run(adapter, manifest):
    """Creates an object; a pod with the images that a server wants and the status that a kubelet writes."""
    if manifest["kind"] != "Pod":
        adapter.create(manifest)
        return
    named = [{**item, "image": f"local/{item['name']}:1"} for item in manifest["spec"]["containers"]]
    created = adapter.create({**manifest, "spec": {"containers": named}})
    path = f"/api/v1/namespaces/bookinfo/pods/{manifest['metadata']['name']}/status"
    adapter._call("PUT", path, {}, {**created, "status": manifest["status"]})


def contents(cluster):
    return {
        str(Ref.of(item)): diff.content(item)
        for kind in (kinds.VIRTUAL_SERVICE, kinds.DESTINATION_RULE)
        for item in cluster.list(kind, "bookinfo").items
    }


def test_a_split_is_applied_and_taken_back(api, cluster):
    before = contents(cluster)
    change = api.applied(SPLIT)
    route = cluster.get(REVIEWS)["spec"]["http"][0]["route"]
    assert [(item["destination"]["subset"], item["weight"]) for item in route] == [("v1", 80), ("v3", 20)]
    assert api.plan(SPLIT).json()["operations"] == []
    assert api.post(f"changes/{change['id']}/revert").json()["state"] == "applied"
    assert contents(cluster) == before


def test_faults_are_set_replaced_and_cleared_without_a_trace(api, cluster):
    before = contents(cluster)
    api.applied(DELAY)
    assert cluster.get(RATINGS)["spec"]["http"][0]["fault"]["delay"]["fixedDelay"] == "2s"
    assert api.plan(DELAY).json()["operations"] == []
    api.applied(ABORT)
    assert [rule.get("name", "")[:13] for rule in cluster.get(RATINGS)["spec"]["http"]] == [
        "meshui-fault-",
        "",
    ]
    assert api.plan(ABORT).json()["operations"] == []
    api.applied(CALM)
    assert contents(cluster) == before


def test_a_service_without_any_resource_gets_both_and_loses_both(api, cluster):
    for ref in (REVIEWS, REVIEWS_SUBSETS):
        cluster.delete(ref, cluster.get(ref)["metadata"]["resourceVersion"])
    before = contents(cluster)
    change = api.applied(SPLIT)
    assert [(item["action"], item["resource"]["kind"]) for item in change["operations"]] == [
        ("create", "DestinationRule"),
        ("create", "VirtualService"),
    ]
    revert = api.post(f"changes/{change['id']}/revert").json()
    assert [(item["action"], item["resource"]["kind"]) for item in revert["operations"]] == [
        ("delete", "VirtualService"),
        ("delete", "DestinationRule"),
    ]
    assert contents(cluster) == before


def test_a_kubectl_edit_between_preview_and_confirm_is_a_conflict(api, cluster):
    plan = api.plan(SPLIT).json()
    edited = cluster.get(REVIEWS)
    edited["spec"]["http"][0]["timeout"] = "3s"
    cluster.replace(edited)
    answer = api.post(f"plans/{plan['id']}/apply")
    assert answer.status_code == 409
    assert [item["path"] for item in answer.json()["error"]["conflicts"][0]["theirs_diff"]] == [
        "spec.http[0].timeout"
    ]
    assert cluster.get(REVIEWS)["spec"] == edited["spec"]


def test_the_published_fault_is_shown_as_somebody_elses_and_kept(api, cluster):
    (theirs,) = published("virtual-service-ratings-test-delay.yaml")
    live = cluster.get(RATINGS)
    cluster.replace({**live, "spec": theirs["spec"]})
    (fault,) = api.get("services/bookinfo/ratings").json()["faults"]
    assert (fault["owned"], fault["percentage"], fault["fixed_delay"]) == (False, 100.0, "7s")
    assert fault["match"] == {"header": "end-user", "value": "jason"}
    api.applied(DELAY)
    api.applied(CALM)
    assert cluster.get(RATINGS)["spec"] == theirs["spec"]


def test_a_field_that_the_server_does_not_know_is_refused_and_not_dropped(cluster):
    live = cluster.get(REVIEWS)
    live["spec"]["http"][0]["tiemout"] = "3s"
    with pytest.raises(Invalid, match="tiemout"):
        cluster.replace(live)


def test_a_split_by_an_http_route_is_written_and_held_against_the_traffic(api, cluster):
    for version in ("v1", "v3"):
        cluster.create(service(f"reviews-{version}", app="reviews", version=version))
    old = cluster.get(REVIEWS)
    cluster.delete(REVIEWS, old["metadata"]["resourceVersion"])
    asked = {"kind": "gateway_route", "as": "HTTPRoute", "rule": SPLIT}
    try:
        change = api.applied(asked)
        found = verified(change, own(), Counting(v1=800, v3=200))
        assert (found["verdict"], found["service"]) == ("as_intended", "bookinfo/reviews")
        shown = {each["version"]: (each["intended"], each["configured"]) for each in found["versions"]}
        assert shown == {"v1": (80, 80), "v2": (0, 0), "v3": (20, 20)}
    finally:
        for ref in (
            Ref(kinds.HTTP_ROUTE, "bookinfo", "reviews"),
            *(Ref(kinds.SERVICE, "bookinfo", f"reviews-{version}") for version in ("v1", "v3")),
        ):
            cluster.delete(ref, cluster.get(ref)["metadata"]["resourceVersion"])
