"""GET explain, and what it may tell whom."""

import pytest

from cluster.errors import Unavailable
from routing.api import explain_shapes
from tests.routing.roles import HIDDEN
from tests.routing.stage import route, virtual_service
from tests.routing.test_shapes import assert_shape

pytestmark = pytest.mark.django_db


def test_a_request_is_explained(api, cluster):
    answer = api.get("explain", host="reviews", namespace="bookinfo", header=["end-user: jason", "x: y"])
    assert answer.status_code == 200
    found = answer.json()
    assert_shape(explain_shapes.ExplanationSerializer, found)
    assert found["resource"] == "VirtualService bookinfo/reviews"
    assert [(each["subset"], each["probability"]) for each in found["destinations"]] == [("v1", 1.0)]
    assert found["request"]["headers"] == [["end-user", "jason"], ["x", "y"]]
    assert (found["whole"], found["problem"]) == (True, "")


@pytest.mark.parametrize(
    "question",
    [
        {"host": "nobody.example", "namespace": "bookinfo"},
        {"host": "reviews", "namespace": "bookinfo", "port": "1"},
        {"host": "a.example", "gateway": "bookinfo/front"},
    ],
)
def test_every_outcome_has_the_shape_of_the_document(api, cluster, question):
    cluster.put(
        virtual_service(
            "ratings",
            [
                {
                    "fault": {"abort": {"httpStatus": 503, "percentage": {"value": 10}}},
                    "route": route(("v9", 1)),
                },
                {"redirect": {"uri": "/"}},
            ],
        )
    )
    for asked in (question, {"host": "ratings", "namespace": "bookinfo"}):
        answer = api.get("explain", **asked)
        assert answer.status_code == 200
        assert_shape(explain_shapes.ExplanationSerializer, answer.json())


def test_a_question_that_cannot_be_read_is_422_with_its_fields(api, cluster):
    answer = api.get("explain", host="a b", namespace="bookinfo", port="x", colour="red")
    assert answer.status_code == 422
    fields = {field["field"]: field["message"] for field in answer.json()["error"]["fields"]}
    assert fields.keys() == {"host", "port", "colour"}
    assert fields["host"] == '"a b" cannot be the name of a host.'


def test_a_cluster_that_does_not_answer_is_503(api, cluster):
    cluster.fail_next("list", Unavailable("timed out"))
    assert api.get("explain", host="reviews", namespace="bookinfo").status_code == 503


def test_a_stranger_to_the_console_is_401(client, db):
    assert client.get("/api/v1/explain?host=a&namespace=b").status_code == 401


def test_who_may_read_a_namespace_gets_its_rules_and_hears_that_there_may_be_more(sign_in, shared_cluster):
    found = sign_in("viewer").get("explain", host="reviews", namespace="bookinfo").json()
    assert (found["resource"], found["whole"]) == ("VirtualService bookinfo/reviews", False)
    assert sign_in("administrator").get("explain", host="reviews", namespace="bookinfo").json()["whole"]


@pytest.mark.parametrize("role", ["viewer", "operator"])
@pytest.mark.parametrize(
    "question",
    [
        {"host": "ledger", "namespace": "vault"},
        {"host": "details", "namespace": "bookinfo", "caller_namespace": "vault"},
        {"host": "ledger.vault", "namespace": "bookinfo"},
        {"host": "a.example", "gateway": "vault/ledger"},
    ],
)
def test_what_may_not_be_read_is_as_what_does_not_exist(sign_in, shared_cluster, role, question):
    """Apart from the names that were asked for, the answer is that about a place that is not there."""
    api = sign_in(role)
    # A rule of the vault would win, and its subset be missing, if it were read.
    absent = {
        name: value.replace("vault", "nowhere").replace("ledger", "nothing")
        for name, value in question.items()
    }
    hidden, other = api.get("explain", **question), api.get("explain", **absent)
    assert (hidden.status_code, other.status_code) == (200, 200)
    told = {key: value for key, value in hidden.json().items() if key != "age_seconds"}
    same = {key: value for key, value in other.json().items() if key != "age_seconds"}
    assert str(told).replace("vault", "nowhere").replace("ledger", "nothing") == str(same)


def test_an_administrator_reads_the_vault(sign_in, shared_cluster):
    found = sign_in("administrator").get("explain", host="ledger", namespace="vault").json()
    assert found["resource"] == "VirtualService vault/ledger"
    assert found["destinations"][0]["pods"] == 2
    assert HIDDEN == ("vault", "ledger")


def test_who_has_no_identity_in_the_cluster_is_403(sign_in, shared_cluster):
    assert sign_in("nobody").get("explain", host="reviews", namespace="bookinfo").status_code == 403


@pytest.mark.parametrize("role", ["viewer", "operator", "nobody"])
def test_no_page_names_what_may_not_be_read(sign_in, shared_cluster, role):
    client = sign_in(role).client
    for question in ("", "host=reviews&namespace=bookinfo", "host=details&namespace=bookinfo&gateway=a/b"):
        told = client.get(f"/routing/explain/?{question}")
        assert told.status_code == 200
        assert not [name for name in HIDDEN if name.encode() in told.content]
