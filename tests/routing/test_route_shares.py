"""Splits that an HTTPRoute makes: who is met, whether traffic follows, and what is said of the service."""

import pytest

from cluster import connection
from cluster.kinds import HTTP_ROUTE
from cluster.refs import Ref
from routing import blast, planner, rules, shares
from routing.planner import Live
from routing.sample_ratio import Range
from routing.verification import setting
from tests.routing.explain.test_routes_of_services import backend, http_route, rule
from tests.routing.stage import bookinfo, destination_rule, route, service, virtual_service
from tests.routing.steering import inventory_of
from tests.routing.test_blast import REVIEWS as MEASURED
from tests.routing.test_verification import Counting, verified

PER_VERSION = [service(f"reviews-{name}", app="reviews", version=name) for name in ("v1", "v2", "v3")]
SERVICES = tuple(inventory_of(PER_VERSION))
REVIEWS = next(each for each in SERVICES if each.name == "reviews")
SPLIT = {
    "kind": "gateway_route",
    "as": "HTTPRoute",
    "rule": {"kind": "split", "namespace": "bookinfo", "service": "reviews", "weights": {"v1": 80, "v3": 20}},
}
EVERYTHING = [{"path": {"type": "PathPrefix", "value": "/"}}]
EIGHTY = rule(backend("reviews-v1", 80), backend("reviews-v3", 20), matches=EVERYTHING)
TO_V2 = rule(backend("reviews-v2", namespace="bookinfo"))
OBJECT = Ref(HTTP_ROUTE, "bookinfo", "reviews")


def steered(*resources):
    return shares.steered(resources, REVIEWS, SERVICES)


def older(subset="v2"):
    made = virtual_service("old", [{"route": route((subset, 100))}], hosts=["reviews"])
    made["metadata"]["creationTimestamp"] = "2025-01-01T00:00:00Z"
    return made


SUBSETS = destination_rule("reviews", ["v1", "v2", "v3"])


@pytest.fixture
def cluster():
    with connection.override(bookinfo(*PER_VERSION)) as staged:
        yield staged


def test_weights_over_services_are_weights_over_versions():
    found = setting(steered(http_route("split", EIGHTY)))
    assert found.weights == {"v1": 80.0, "v3": 20.0}
    assert found.ranges == {"v1": Range(0.8, 0.8), "v2": Range(0, 0), "v3": Range(0.2, 0.2)}
    assert (found.routed_by, found.rivals) == ("HTTPRoute bookinfo/split", ())


def test_a_route_for_some_requests_makes_ranges_of_the_shares():
    testers = rule(backend("reviews-v2"), matches=[{"headers": [{"name": "end-user", "value": "jason"}]}])
    found = setting(steered(http_route("split", EIGHTY), http_route("testers", testers, created=2)))
    assert found.weights == {"v1": 80.0, "v3": 20.0}
    assert found.ranges == {"v1": Range(0, 0.8), "v2": Range(0, 1), "v3": Range(0, 0.2)}
    assert found.fed_elsewhere == {"v2"}


def test_a_consumers_route_is_no_weight_of_the_service_and_opens_the_shares_of_its_owner():
    consumer = http_route("ours", TO_V2, namespace="shop")
    assert setting(steered(consumer)).weights is None
    both = setting(steered(consumer, http_route("split", EIGHTY)))
    assert both.weights == {"v1": 80.0, "v3": 20.0}
    assert both.fed_elsewhere == {"v2"}


def test_an_older_virtual_service_is_named_as_a_rival_and_a_younger_one_counts_for_nobody():
    found = setting(steered(http_route("split", EIGHTY), older(), SUBSETS))
    assert (found.rivals, found.fed_elsewhere) == (("VirtualService bookinfo/old",), {"v2"})
    young = older()
    young["metadata"]["creationTimestamp"] = "2027-01-01T00:00:00Z"
    found = setting(steered(http_route("split", EIGHTY), young, SUBSETS))
    assert (found.rivals, found.fed_elsewhere) == ((), frozenset())


def test_the_blast_radius_of_a_split_by_routes_is_measured():
    state = Live(SERVICES, ())
    [asked] = rules.parse([SPLIT])
    plan = planner.plan([asked], state)
    assert [each.ref for each in plan.operations] == [OBJECT]
    failing = type(MEASURED)(MEASURED.found, failing={"v3": 0.5})
    found = blast.radius([("bookinfo", "reviews")], plan.operations, state, failing)
    assert found["sentence"] == "12 requests a second reach reviews; all of them follow the new weights."
    # A third of them met v3 before, by its pods; a fifth do now.
    assert found["added_errors_per_minute"] == 0
    parts = {each["version"]: each["share_after"] for each in found["versions"]}
    assert parts == {"v1": 0.8, "v2": 0.0, "v3": 0.2}


def test_a_split_to_a_version_that_fails_costs_its_share():
    to_v3 = {**SPLIT, "rule": {**SPLIT["rule"], "weights": {"v3": 100}}}
    state = Live(SERVICES, (http_route("reviews", EIGHTY),))
    plan = planner.plan(rules.parse([to_v3]), state)
    failing = type(MEASURED)(MEASURED.found, failing={"v3": 0.5})
    found = blast.radius([("bookinfo", "reviews")], plan.operations, state, failing)
    # Of 720 a minute 20 % went to v3 and half of these failed; now it is all of them.
    assert found["added_errors_per_minute"] == pytest.approx(720 * 0.8 * 0.5)


@pytest.mark.django_db
def test_an_applied_split_by_routes_is_held_against_the_traffic(api, acting, cluster):
    change = api.applied(SPLIT)
    found = verified(change, acting, Counting(v1=800, v3=200))
    assert (found["verdict"], found["service"]) == ("as_intended", "bookinfo/reviews")
    shown = {
        each["version"]: (each["intended"], each["configured"], each["observed"])
        for each in found["versions"]
    }
    assert shown == {"v1": (80, 80, 80), "v2": (0, 0, 0), "v3": (20, 20, 20)}
    assert verified(change, acting, Counting(v1=950, v3=50))["verdict"] == "differs"


@pytest.mark.django_db
def test_weights_that_somebody_changed_in_the_route_are_told(api, acting, cluster):
    change = api.applied(SPLIT)
    cluster.edit(OBJECT, lambda made: made["spec"]["rules"][0]["backendRefs"].__delitem__(1))
    found = verified(change, acting, Counting(v1=800, v3=200))
    assert (found["verdict"], found["diagnosis"][0]["code"]) == ("differs", "SUPERSEDED")


@pytest.mark.django_db
def test_weights_of_a_virtual_service_that_a_route_overrules_are_not_in_force(api, acting, cluster):
    weights = {
        "kind": "split",
        "namespace": "bookinfo",
        "service": "reviews",
        "weights": {"v1": 50, "v2": 50},
    }
    change = api.applied(weights)
    cluster.create(http_route("reviews", EIGHTY))
    found = verified(change, acting, Counting(v1=800, v3=200))
    assert (found["verdict"], found["diagnosis"][0]["code"]) == ("differs", "SUPERSEDED")
    assert "v1 is at 80 %, this change set 50 %" in found["sentence"]


@pytest.mark.django_db
def test_a_service_names_the_route_in_force(api, cluster):
    cluster.create(http_route("reviews", EIGHTY))
    [found] = [each for each in api.get("services").json()["services"] if each["name"] == "reviews"]
    assert found["routing"]["sentence"] == "HTTPRoute bookinfo/reviews: 80 % v1, 20 % v3; everyone"
    assert found["routing"]["virtual_service"] is None
    assert {each["version"]: each["weight"] for each in found["versions"]} == {"v1": 80, "v2": None, "v3": 20}
