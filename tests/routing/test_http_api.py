"""HTTP routes over REST: read from what others wrote, sent back, applied, and undone."""

import pytest

from cluster import connection
from routing import serializers as shapes
from tests.routing.stage import REVIEWS, bookinfo, destination_rule, route, to_whole, virtual_service
from tests.routing.test_shapes import assert_shape

pytestmark = pytest.mark.django_db

JASON = {
    "kind": "route",
    "namespace": "bookinfo",
    "service": "reviews",
    "name": "jason",
    "match": [{"headers": {"end-user": {"exact": "jason"}}}],
    "destinations": [{"version": "v2"}],
    "timeout": "2s",
}
THEIRS = {
    "name": "old",
    "match": [{"uri": {"prefix": "/old"}, "statPrefix": "old"}],
    "route": [{**to_whole()[0], "xFuture": 1}],
    "retries": {"attempts": 99},
    "corsPolicy": {"allowOrigin": ["*"], "maxAge": "1m"},
}


@pytest.fixture
def theirs():
    """What somebody wrote with kubectl."""
    staged = bookinfo(
        virtual_service("reviews", [THEIRS, {"route": route(("v1", 100)), "statPrefix": "rest"}])
    )
    with connection.override(staged):
        yield staged


def routes(api):
    return api.get("services/bookinfo/reviews").json()["routes"]


def test_the_routes_of_others_are_told_with_what_no_rule_can_say(api, theirs):
    old, rest = routes(api)
    assert (old["index"], old["name"], old["default"]) == (0, "old", False)
    assert old["match"] == [{"uri": {"prefix": "/old"}}]
    assert old["action"] == {"destinations": [{}]}
    assert old["policies"] == {"retries": {"attempts": 99}, "cors": {"max_age": "60s"}}
    assert set(old["not_expressible"]) == {
        "match[0].statPrefix", "route[0].xFuture", "retries", "corsPolicy.allowOrigin",
    }  # fmt: skip
    assert old["rule"]["cors"] == {"max_age": "60s"}
    assert "retries" not in old["rule"]
    assert (rest["default"], rest["not_expressible"]) == (True, ["statPrefix"])
    assert rest["rule"]["destinations"] == [{"subset": "v1"}]


def test_a_route_that_is_sent_back_as_it_was_read_changes_nothing(api, theirs):
    for found in routes(api):
        plan = api.plan(found["rule"]).json()
        assert (plan["operations"], [item["code"] for item in plan["problems"]]) == ([], ["NOTHING_TO_DO"])


def test_a_route_of_others_is_edited_and_their_fields_are_there_afterwards(api, theirs):
    rule = {**routes(api)[0]["rule"], "timeout": "3s"}
    change = api.applied(rule)
    assert (
        change["summary"]
        == "reviews: route old: requests to /old* to all versions, CORS for no origin, timeout 3s"
    )
    assert theirs.get(REVIEWS)["spec"]["http"][0] == {**THEIRS, "timeout": "3s"}
    api.post(f"changes/{change['id']}/revert")
    assert theirs.get(REVIEWS)["spec"]["http"][0] == THEIRS


def test_a_route_is_set_read_back_and_removed(api, cluster):
    plan = api.plan(JASON).json()
    assert_shape(shapes.PlanSerializer, plan)
    api.applied(JASON)
    service = api.get("services/bookinfo/reviews").json()
    assert_shape(shapes.OneServiceSerializer, service)
    assert service["routes"][0]["rule"] == JASON
    assert service["routes"][0]["sentence"] == "route jason: requests with end-user: jason to v2, timeout 2s"
    api.applied({key: JASON[key] for key in ("namespace", "service", "name")} | {"kind": "remove_route"})
    assert [item["name"] for item in routes(api)] == [""]


def test_a_policy_on_the_default_route_and_a_fault_by_grpc_status(api, cluster):
    target = {"namespace": "bookinfo", "service": "reviews"}
    policy = {"kind": "http_policy", **target, "default": True, "timeout": "2s", "retries": None}
    fault = {
        "kind": "fault",
        **target,
        "abort": {"percentage": 10, "grpc_status": "UNAVAILABLE"},
        "match": {"uri": {"prefix": "/a"}},
    }
    assert_shape(shapes.PlanSerializer, api.plan(policy, fault).json())
    api.applied(policy, fault)
    service = api.get("services/bookinfo/reviews").json()
    assert_shape(shapes.OneServiceSerializer, service)
    (found,) = service["faults"]
    assert (found["http_status"], found["grpc_status"], found["match"]) == (None, "UNAVAILABLE", None)
    assert found["whom"] == "requests to /a*"
    assert [item["index"] for item in service["routes"]] == [1]
    assert service["routes"][0]["policies"] == {"timeout": "2s"}


def test_what_is_wrong_with_a_route_is_said_at_its_field(api, cluster):
    answer = api.plan({**JASON, "match": [{"uri": {"regex": "("}}]})
    assert answer.status_code == 422
    assert [item["field"] for item in answer.json()["error"]["fields"]] == ["rules[0].match[0].uri.regex"]


def test_the_policies_in_force_are_told_as_rules_that_change_nothing(api):
    rule = destination_rule("reviews", ["v1", "v2", "v3"])
    rule["spec"]["trafficPolicy"] = {
        "outlierDetection": {"consecutive5xxErrors": 5},
        "portLevelSettings": [{"port": {"number": 9080}, "tls": {"mode": "SIMPLE"}}],
    }
    rule["spec"]["subsets"][1]["trafficPolicy"] = {"loadBalancer": {"simple": "RANDOM"}}
    with connection.override(bookinfo(rule)):
        found = api.get("services/bookinfo/reviews").json()["policies"]
        drafted = api.post("drafts", {"rules": found}).json()
    about = {"kind": "destination_policy", "namespace": "bookinfo", "service": "reviews"}
    assert found == [
        {**about, "outlier_detection": {"consecutive_5xx_errors": 5}},
        {**about, "port": 9080, "tls": {"mode": "SIMPLE"}},
        {**about, "version": "v2", "load_balancer": {"simple": "RANDOM"}},
    ]
    assert (drafted["valid"], drafted["operations"]) == (True, [])
