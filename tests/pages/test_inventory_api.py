"""GET inventory: the same facts for programs."""

import pytest

from cluster import connection, serializers
from cluster.errors import Unavailable
from tests.pages.inventories import mesh, service
from tests.people import person, stranger
from tests.routing.test_shapes import assert_shape

PATH = "/api/v1/inventory"


@pytest.fixture
def cluster():
    with connection.override(mesh()) as fake:
        yield fake


def asked(client, query="", status=200):
    answer = client.get(PATH + query)
    assert answer.status_code == status, answer.content
    return answer.json()


def named(items, name):
    return next(item for item in items if item["name"] == name)


def test_it_is_for_people_and_tokens_only(client, db):
    assert client.get(PATH).status_code == 401


def test_it_tells_all_of_the_cluster_in_the_documented_shape(signed_in, cluster):
    told = asked(signed_in)
    assert_shape(serializers.InventorySerializer, told)
    assert told["server_version"] == "v1.36.3"
    assert told["istio"]["versions"] == ["1.31.1"]
    assert [item["name"] for item in told["namespaces"]] == ["bookinfo", "istio-system", "shop", "tools"]
    assert {item["version"] for item in told["kinds"]} == {"v1"}
    assert told["left_out"] == {"namespaces": 0, "services": 0, "workloads": 0}
    assert told["problems"] == []


def test_namespaces_narrow_it_but_not_what_istio_is(signed_in, cluster):
    told = asked(signed_in, "?namespaces=shop,tools")
    assert [item["name"] for item in told["namespaces"]] == ["shop", "tools"]
    assert [item["name"] for item in told["services"]] == ["cart", "external"]
    assert [item["name"] for item in told["workloads"]] == ["cart"]
    assert told["istio"]["revisions"] == ["default"]


def test_a_service_tells_its_versions_endpoints_and_waypoint(signed_in, cluster):
    told = asked(signed_in, "?namespaces=bookinfo,shop,tools")["services"]
    ratings = named(told, "ratings")
    assert [(item["version"], item["ready_pods"], item["pods"]) for item in ratings["versions"]] == [
        ("v1", 1, 1), ("v2", 0, 1),
    ]  # fmt: skip
    assert ratings["endpoints"] == {"ready": 1, "not_ready": 1}
    assert named(told, "cart")["waypoint"] == "shop/waypoint"
    assert named(told, "external")["selects"] is False


def test_long_lists_are_cut_and_say_by_how_much(signed_in, cluster):
    for number in range(30):
        cluster.put(service(f"s{number}", "tools"))
    told = asked(signed_in, "?namespaces=tools&limit=10")
    assert (len(told["services"]), told["left_out"]["services"]) == (10, 21)


@pytest.mark.parametrize(
    "query", ["?limit=0", "?limit=x", "?limit=99999999", "?namespaces=A", "?namespaces=../x"]
)
def test_a_question_that_is_none_is_refused(signed_in, cluster, query):
    assert asked(signed_in, query, status=400)["error"]["fields"]


def test_what_may_not_be_listed_is_null_and_named(client, db, cluster):
    cluster.rights = lambda identity, ask: (
        ask.verb == "list" and ask.kind.plural in ("services", "namespaces")
    )
    client.force_login(person("bo", "bo"))
    told = asked(client, "?namespaces=bookinfo")
    assert_shape(serializers.InventorySerializer, told)
    (place,) = told["namespaces"]
    assert (place["pods"], place["workloads"], place["services"]) == (None, None, 4)
    assert "pods" in place["not_listed"]
    assert all(item["endpoints"] is None for item in told["services"])
    assert any(problem.startswith("You may not list pods") for problem in told["problems"])


def test_a_cluster_away_is_a_problem_and_no_error(signed_in, cluster, monkeypatch):
    def away():
        raise Unavailable("connection refused")

    monkeypatch.setattr(cluster, "server_version", away)
    told = asked(signed_in)
    assert told["server_version"] is None
    assert told["kinds"] == []
    assert any("connection refused" in problem for problem in told["problems"])


def test_who_has_no_identity_is_told_nothing_of_the_cluster_but_why(client, db, cluster):
    client.force_login(stranger("nemo"))
    told = asked(client)
    assert_shape(serializers.InventorySerializer, told)
    assert (told["server_version"], told["kinds"], told["namespaces"]) == (None, [], [])
    (problem,) = told["problems"]
    assert "no Kubernetes identity" in problem


def test_the_document_describes_it(signed_in, cluster):
    document = signed_in.get("/api/v1/schema/").json()
    assert document["paths"]["/api/v1/inventory"]["get"]["operationId"] == "inventory"
