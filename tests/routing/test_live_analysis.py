"""The analysis of a cluster as it stands: kept current, shown to who may read it, with cures to plan."""

import pytest

from cluster import connection, kinds
from cluster.refs import Ref
from routing import live_analysis
from routing.analysis.engine import analyze
from routing.analysis.world import World
from tests.people import own
from tests.routing.stage import REVIEWS, bookinfo, destination_rule, route, virtual_service

pytestmark = pytest.mark.django_db
UNEVEN = virtual_service("reviews", [{"route": route(("v1", 80), ("v2", 10))}])
SUBSETS = destination_rule("reviews", ["v1", "v2"])


@pytest.fixture
def cluster():
    with connection.override(bookinfo(UNEVEN, SUBSETS)) as staged:
        yield staged


def codes(person, resource="VirtualService bookinfo/reviews"):
    return [each.code for each in live_analysis.findings(person) if each.resource == resource]


def whole():
    """What a whole analysis says of what the cache holds."""
    sources = live_analysis._sources(connection.get("").cache)
    return analyze(World(live_analysis._objects(sources)), live_analysis._checks())


def test_it_follows_what_happens_in_the_cluster(cluster):
    person = own()
    assert codes(person) == ["MUI0002"]
    cluster.edit(REVIEWS, lambda manifest: manifest["spec"]["http"][0]["route"][1].update(weight=20))
    assert codes(person) == []
    cluster.put(virtual_service("reviews-2", [{"route": route(("v1", 100))}], hosts=["reviews"]))
    assert codes(person) == ["IST0109"]
    cluster.delete(Ref(kinds.VIRTUAL_SERVICE, "bookinfo", "reviews-2"), _version(cluster, "reviews-2"))
    assert codes(person) == []
    assert live_analysis.findings(person) == whole()


def _version(cluster, name):
    return cluster.get(Ref(kinds.VIRTUAL_SERVICE, "bookinfo", name))["metadata"]["resourceVersion"]


def test_a_pod_that_is_not_ready_is_a_problem_of_the_route_to_it(cluster):
    person = own()
    pod = Ref(kinds.POD, "bookinfo", "reviews-v2-a")
    cluster.edit(pod, lambda manifest: manifest["status"]["conditions"][0].update(status="False"))
    assert codes(person) == ["MUI0002", "MUI0001"]
    assert live_analysis.findings(person) == whole()


def test_problems_are_told_with_cause_and_cure_and_the_cure_can_be_planned(api, cluster):
    found = api.get("problems").json()["problems"]
    assert [(each["code"], each["resource"]) for each in found] == [
        ("MUI0002", "VirtualService bookinfo/reviews")
    ]
    assert (found[0]["name"], found[0]["path"]) == ("WeightsAreNotHundred", "spec.http[0].route")
    change = api.applied(found[0]["cure"])
    assert change["state"] == "applied"
    written = cluster.get(REVIEWS)["spec"]["http"][0]["route"]
    assert [each["weight"] for each in written] == [89, 11]
    assert api.get("problems").json() == {"problems": []}


def test_a_cure_is_refused_once_somebody_changed_the_object(api, cluster):
    cure = api.get("problems").json()["problems"][0]["cure"]
    cluster.edit(REVIEWS, lambda manifest: manifest["spec"]["http"][0].update(timeout="3s"))
    answer = api.plan(cure)
    assert answer.status_code == 422
    assert cluster.get(REVIEWS)["spec"]["http"][0]["timeout"] == "3s"


def test_a_plan_tells_what_the_analysis_would_say_then(api, cluster, client):
    harsh = {
        **UNEVEN,
        "spec": {**UNEVEN["spec"], "http": [{**UNEVEN["spec"]["http"][0], "retries": {"attempts": 9}}]},
    }
    plan = api.plan({"kind": "object", "manifest": harsh}).json()
    found = api.get(f"plans/{plan['id']}/problems").json()["problems"]
    assert [(each["code"], each["cure"]) for each in found] == [("MUI0013", None)]
    page = client.get(f"/plans/{plan['id']}/").content.decode()
    assert "What the analysis would say then" in page
    assert "MUI0013 ManyRetries" in page
    assert api.post(f"plans/{plan['id']}/apply").status_code == 200
    assert api.get(f"plans/{plan['id']}/problems").json() == {"problems": []}


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ({"namespaces": "bookinfo"}, 1),
        ({"namespaces": "shop"}, 0),
        ({"resource": "VirtualService bookinfo/reviews"}, 1),
        ({"resource": "DestinationRule bookinfo/reviews"}, 0),
        ({"service": "bookinfo/reviews"}, 1),
        ({"service": "bookinfo/ratings"}, 0),
    ],
)
def test_problems_can_be_asked_for_by_place_resource_and_service(api, cluster, query, number):
    assert len(api.get("problems", **query).json()["problems"]) == number


def test_a_wrong_question_is_answered_with_what_is_wrong(api, cluster):
    answer = api.get("problems", service="reviews")
    assert answer.status_code == 400
    assert answer.json()["error"]["fields"][0]["field"] == "service"


def test_who_may_not_read_an_object_is_not_told_of_it(sign_in, shared_cluster):
    shared_cluster.put(
        virtual_service("ledger", [{"route": route(("v1", 60), ("v2", 20), host="ledger")}], "vault")
    )
    administrators = sign_in("administrator").get("problems").json()["problems"]
    assert "VirtualService vault/ledger" in {each["resource"] for each in administrators}
    answer = sign_in("operator").get("problems")
    assert answer.status_code == 200
    assert not any(name in answer.content.decode() for name in ("vault", "ledger"))
    assert sign_in("nobody").get("problems").status_code == 403


def test_the_page_of_a_resource_offers_the_cure(client, olga, cluster):
    client.force_login(olga)
    page = client.get("/config/virtualservices.networking.istio.io/bookinfo/reviews/").content.decode()
    assert "Plan the cure" in page
    assert '"weight": 89' in page
