"""What steers the services of rollouts, read once for as long as nothing changes."""

import pytest

from cluster import connection
from cluster.kinds import VIRTUAL_SERVICE
from routing import live, shares
from routing.rolling.mesh.steering import Steerings
from routing.verification import setting
from tests.people import own
from tests.routing.explain.test_routes_of_services import http_route
from tests.routing.stage import bookinfo, destination_rule, route, service, virtual_service
from tests.routing.test_route_shares import EIGHTY, PER_VERSION, TO_V2

MATCH = [{"headers": {"end-user": {"exact": "jason"}}}]
DELAY = {"delay": {"percentage": {"value": 5}, "fixedDelay": "1s"}}
SPLIT = route(("v1", 75), ("v3", 25))
RULES = [
    virtual_service("reviews", [{"route": SPLIT}]),
    virtual_service("rival", [{"route": route(("v2", 100))}], hosts=["reviews.bookinfo.svc.cluster.local"]),
    virtual_service("edge", [{"route": SPLIT}], hosts=["shop.example"], gateways=["shop"]),
    virtual_service("any", [{"route": route(("v2", 100))}], hosts=["*"]),
    virtual_service("some", [{"route": route(("v2", 100))}], hosts=["*.bookinfo.svc.cluster.local"]),
    virtual_service("ratings", [{"route": route(("v1", 100), host="ratings")}]),
    virtual_service(
        "matched", [{"match": MATCH, "route": route(("v3", 100))}, {"route": SPLIT}], hosts=["reviews"]
    ),
    destination_rule("reviews", ["v1", "v2", "v3"]),
    destination_rule("wild", ["v1"], host="*.bookinfo.svc.cluster.local"),
    http_route("split", EIGHTY),
    http_route("elsewhere", TO_V2, namespace="other"),
]


def whole(name):
    """The same, by all rules of the mesh."""
    seen = live.seen(own(), "bookinfo").live
    found = seen.service("bookinfo", name)
    return setting(shares.steered(seen.resources, found, seen.services))


@pytest.mark.parametrize("left_out", [None, *range(len(RULES))])
def test_the_rules_that_name_a_service_say_what_all_rules_do(left_out):
    rules = [each for place, each in enumerate(RULES) if place != left_out]
    with connection.override(bookinfo(*PER_VERSION, service("details"), *rules)):
        for name in ("reviews", "ratings", "details", "reviews-v1"):
            assert Steerings().of("", "bookinfo", name).setting == whole(name)


def test_a_service_that_is_not_there_and_a_cluster_that_is_not_configured_are_not_known():
    with connection.override(bookinfo()):
        assert Steerings().of("", "bookinfo", "nobody") is None
        assert Steerings().of("", "nowhere", "reviews") is None
        assert Steerings().of("west", "bookinfo", "reviews") is None


@pytest.mark.parametrize(
    ("rules", "injected"),
    [
        ([{"route": SPLIT}], False),
        ([{"fault": DELAY, "route": SPLIT}], True),
        ([{"match": MATCH, "fault": DELAY, "route": SPLIT}, {"route": SPLIT}], False),
        ([{"match": MATCH, "route": SPLIT}, {"fault": DELAY, "route": SPLIT}], True),
    ],
)
def test_a_fault_on_the_route_that_all_take_is_told(rules, injected):
    subsets = destination_rule("reviews", ["v1", "v3"])
    with connection.override(bookinfo(virtual_service("reviews", rules), subsets)):
        assert Steerings().of("", "bookinfo", "reviews").injected is injected


def test_while_the_watch_cache_is_the_same_nothing_is_read_again_and_a_change_is_seen():
    staged = bookinfo(
        virtual_service("reviews", [{"route": SPLIT}]), destination_rule("reviews", ["v1", "v3"])
    )
    with connection.override(staged):
        cache = connection.get("").cache
        cache.start()
        try:
            assert cache.wait_until_settled(30)
            steerings = Steerings()
            first = steerings.of("", "bookinfo", "reviews")
            assert steerings.of("", "bookinfo", "reviews") is first
            revision = cache.revision(VIRTUAL_SERVICE)
            staged.create(virtual_service("other", [{"route": route(("v1", 100))}], hosts=["reviews"]))
            cache.wait(VIRTUAL_SERVICE, revision, 30)
            assert len(steerings.of("", "bookinfo", "reviews").setting.rivals) == 1
        finally:
            cache.stop()
