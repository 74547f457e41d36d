"""Services and changes over REST, and who may call anything at all."""

import pytest
from django.test import Client
from knox.models import AuthToken

from tests.routing.stage import CALM, DELAY, SPLIT

pytestmark = pytest.mark.django_db


def test_a_fault_is_set_and_taken_back_by_a_rule(api, cluster):
    api.applied(DELAY)
    (fault,) = api.get("services/bookinfo/ratings").json()["faults"]
    assert (fault["kind"], fault["percentage"], fault["fixed_delay"]) == ("delay", 50.0, "2s")
    assert (fault["match"], fault["owned"]) == (None, True)
    api.applied(CALM)
    assert api.get("services/bookinfo/ratings").json()["faults"] == []


def test_services_tell_versions_weights_and_the_routing_in_a_sentence(api, cluster):
    api.applied(SPLIT)
    service = api.get("services/bookinfo/reviews").json()
    (default,) = service.pop("routes")
    assert default["sentence"] == "everything else to 80 % v1, 20 % v3"
    assert service["host"] == "reviews.bookinfo.svc.cluster.local"
    assert service["ports"] == [{"name": "http", "number": 9080, "protocol": "http"}]
    assert [(item["version"], item["subset"], item["weight"]) for item in service["versions"]] == [
        ("v1", "v1", 80), ("v2", "v2", None), ("v3", "v3", 20),
    ]  # fmt: skip
    assert {(item["pods"], item["ready_pods"], item["observed_share"]) for item in service["versions"]} == {
        (1, 1, None)
    }
    assert service["routing"] == {
        "virtual_service": {"namespace": "bookinfo", "name": "reviews"},
        "sentence": "80 % v1, 20 % v3; everyone",
        "editable": True,
        "reason": "",
    }
    listed = api.get("services", namespaces="bookinfo").json()["services"]
    assert [item["name"] for item in listed] == ["details", "productpage", "ratings", "reviews"]
    assert service.pop("policies") == []
    assert {**listed[3], "age_seconds": 0.0, "problem": ""} == service
    assert api.get("services", namespaces="elsewhere").json()["services"] == []
    assert len(api.get("services").json()["services"]) == 4


@pytest.mark.parametrize(
    "path", ["services/bookinfo/nothing", "services/nowhere/reviews", "services/../reviews"]
)
def test_a_service_that_is_none_is_404(api, cluster, path):
    answer = api.get(path)
    assert answer.status_code == 404


def test_namespaces_that_are_none_are_refused(api, cluster):
    answer = api.get("services", namespaces="book_info")
    assert answer.status_code == 400
    assert [item["field"] for item in answer.json()["error"]["fields"]] == ["namespaces"]


def test_changes_come_newest_first_in_pages(api, cluster):
    ids = [api.applied(rule)["id"] for rule in (SPLIT, DELAY, CALM)]
    first = api.get("changes", limit=2).json()
    assert [item["id"] for item in first["changes"]] == [ids[2], ids[1]]
    assert first["next"] == ids[1]
    second = api.get("changes", limit=2, before=first["next"]).json()
    assert ([item["id"] for item in second["changes"]], second["next"]) == ([ids[0]], None)
    assert api.get("changes", limit=0).status_code == 400


CALLS = [
    ("get", "services"), ("get", "services/bookinfo/reviews"), ("post", "plans"), ("get", "changes"),
    ("get", "plans/00000000-0000-4000-8000-000000000000"), ("get", "changes/1"),
    ("post", "plans/00000000-0000-4000-8000-000000000000/apply"), ("post", "changes/1/revert"),
]  # fmt: skip


@pytest.mark.parametrize(("verb", "path"), CALLS)
def test_nothing_answers_to_nobody(client, cluster, verb, path, db):
    answer = getattr(client, verb)(f"/api/v1/{path}", content_type="application/json")
    assert answer.status_code == 401
    assert answer.json()["error"]["code"] == "unauthorized"
    assert answer["WWW-Authenticate"]
    assert cluster.calls == []


def test_a_post_with_a_session_needs_the_csrf_token(cluster, olga):
    strict = Client(enforce_csrf_checks=True)
    strict.force_login(olga)
    answer = strict.post("/api/v1/plans", {"rules": [SPLIT]}, content_type="application/json")
    assert (answer.status_code, answer.json()["error"]["code"]) == (403, "forbidden")


def test_a_token_needs_no_session(client, cluster, olga):
    _, token = AuthToken.objects.create(olga)
    answer = client.get("/api/v1/changes", headers={"Authorization": f"Bearer {token}"})
    assert answer.json() == {"changes": [], "next": None}


@pytest.mark.parametrize(
    ("path", "status"), [("plans/00000000-0000-4000-8000-000000000000", 404), ("changes/7", 404)]
)
def test_what_does_not_exist_is_404(api, cluster, path, status):
    answer = api.get(path)
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, "not_found")


def test_a_wrong_method_is_405(api, cluster):
    answer = api.post("changes")
    assert (answer.status_code, answer.json()["error"]["code"]) == (405, "method_not_allowed")
