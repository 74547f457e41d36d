"""Who a plan meets, from live traffic: the rules are drafted, and what counts is what would be written."""

from dataclasses import dataclass, field

import pytest

from routing import blast, planner
from routing.planner import Live
from routing.rules import Abort, ClearFault, Delay, Fault, HeaderMatch, Split
from telemetry.live import CallerTraffic, Hop
from tests.routing.stage import destination_rule, pod, route, to_whole, virtual_service
from tests.routing.steering import inventory_of

PRODUCTPAGE = CallerTraffic("bookinfo", "productpage-v1", "productpage", "v1", 10.0, 0.01)
GATEWAY = CallerTraffic("istio-system", "gateway", "gateway", "", 2.0, 0.0)
SUBSETS = destination_rule("reviews", ["v1", "v2", "v3"])
TO_V1 = virtual_service("reviews", [{"route": route(("v1", 100))}])


def hop(caller, called, rps=1.0, *, proxied=True):
    """`hop("productpage-v1", "reviews-v1")`: a call of the service of the answering workload."""
    name = called.rpartition("-")[0]
    return Hop(("bookinfo", caller), ("bookinfo", name), ("bookinfo", called), proxied, rps)


@dataclass
class Measured:
    """Traffic as it is said to be."""

    found: dict = field(default_factory=dict)
    here: bool = True
    parts: dict = field(default_factory=dict)
    failing: dict = field(default_factory=dict)
    ways: list = field(default_factory=list)

    def available(self):
        return self.here

    def age_seconds(self):
        return 0.8

    def callers(self, namespace, service):
        return self.found.get((namespace, service), [])

    def shares(self, namespace, service):
        return self.parts

    def error_ratios(self, namespace, service):
        return self.failing

    def hops(self):
        return self.ways


REVIEWS = Measured({("bookinfo", "reviews"): [PRODUCTPAGE, GATEWAY]})


def state(*resources, pods=()):
    return Live(tuple(inventory_of(pods)), resources or (TO_V1, SUBSETS))


def radius(rules, traffic, live=None):
    live = live or state()
    plan = planner.plan(rules, live)
    return blast.radius([(rule.namespace, rule.service) for rule in rules], plan.operations, live, traffic)


def written(before, after, traffic, *others):
    """The blast radius of a write that no known rule made."""
    live = state(before, SUBSETS, *others)
    operation = planner.operation(before, after, "")
    return blast.radius([], [operation], live, traffic)


def fault(**parts):
    return Fault("bookinfo", "reviews", **parts)


def codes(found):
    return [(problem.level, problem.code) for problem in blast.problems_of(found)]


def test_without_a_measurement_nothing_is_claimed():
    found = radius([fault(delay=Delay(50.0, "2s"))], Measured(here=False))
    assert (found["measured"], found["requests_per_second"], found["added_errors_per_minute"]) == (
        False,
        None,
        None,
    )
    assert found["sentence"] == "There is no current measurement of the traffic."
    assert blast.problems_of(found) == []


def test_a_split_meets_every_caller_and_adds_no_error():
    found = radius([Split("bookinfo", "reviews", {"v1": 80, "v3": 20})], REVIEWS)
    assert found["requests_per_second"] == 12.0
    assert found["requests_per_minute"] == 720
    assert found["added_errors_per_minute"] == 0
    assert [item["workload"] for item in found["callers"]] == ["productpage-v1", "gateway"]
    assert found["sentence"] == ("12 requests a second reach reviews; all of them follow the new weights.")


def test_a_fault_is_counted_by_its_percentage():
    found = radius([fault(delay=Delay(50.0, "2s"), abort=Abort(10.0, 503))], REVIEWS)
    assert (found["delayed_per_minute"], found["added_errors_per_minute"]) == (360.0, 72.0)
    assert found["at_most"] is False
    assert found["sentence"].endswith(
        "of everyone, about 360 a minute wait 2s longer and about 72 a minute are answered 503."
    )


def test_for_a_header_it_is_at_most_that():
    found = radius([fault(abort=Abort(10.0, 503), match=HeaderMatch("end-user", "jason"))], REVIEWS)
    assert (found["added_errors_per_minute"], found["at_most"]) == (72.0, True)
    assert "requests with end-user: jason, at most 72 a minute" in found["sentence"]


def test_an_abort_that_answers_well_is_no_error():
    assert radius([fault(abort=Abort(10.0, 204))], REVIEWS)["added_errors_per_minute"] == 0


def test_a_service_that_nobody_calls_is_told_so():
    found = radius([ClearFault("bookinfo", "ratings")], REVIEWS)
    assert (found["callers"], found["sentence"]) == ([], "Nobody calls ratings at the moment.")


def test_the_callers_of_a_service_count_once_for_two_rules():
    found = radius([Split("bookinfo", "reviews", {"v1": 100}), fault(abort=Abort(1.0, 500))], REVIEWS)
    assert found["requests_per_second"] == 12.0
    assert len(found["callers"]) == 2


def test_moving_requests_to_a_version_that_fails_adds_its_errors():
    failing = Measured(REVIEWS.found, failing={"v1": 0.0, "v3": 0.5}, parts={"v1": 1.0})
    found = radius([Split("bookinfo", "reviews", {"v1": 80, "v3": 20})], failing)
    assert found["added_errors_per_minute"] == 72.0
    back = radius(
        [Split("bookinfo", "reviews", {"v1": 100})],
        failing,
        state(virtual_service("reviews", [{"route": route(("v1", 80), ("v3", 20))}]), SUBSETS),
    )
    assert back["added_errors_per_minute"] == 0


def test_a_fault_that_stays_is_not_counted_as_added():
    aborted = {"abort": {"percentage": {"value": 100}, "httpStatus": 503}}
    before = virtual_service(
        "reviews",
        [
            {"match": [{"uri": {"prefix": "/slow"}}], "fault": aborted, "route": route(("v1", 100))},
            {"route": route(("v1", 100))},
        ],
    )
    found = radius([Split("bookinfo", "reviews", {"v1": 100})], REVIEWS, state(before, SUBSETS))
    assert (found["added_errors_per_minute"], found["at_most"]) == (0, False)


def test_a_write_of_any_kind_is_read_from_its_manifests():
    after = virtual_service("reviews", [{"directResponse": {"status": 503}}])
    found = written(TO_V1, after, REVIEWS)
    assert (found["requests_per_second"], found["added_errors_per_minute"]) == (12.0, 720.0)


def test_a_write_to_a_version_without_a_ready_pod_adds_failures():
    found = radius(
        [Split("bookinfo", "reviews", {"v1": 50, "v3": 50})],
        REVIEWS,
        state(
            virtual_service("reviews", [{"route": route(("v1", 50), ("v3", 50))}]),
            SUBSETS,
            pods=[pod("reviews-v3-a", "reviews", "v3", ready=False)],
        ),
    )
    assert found["added_errors_per_minute"] == 0, "those failed before, too"


def test_pods_that_would_bear_far_more_than_any_does_are_warned_of():
    many = [pod(f"reviews-v1-{number}", "reviews", "v1") for number in range(9)]
    live = state(TO_V1, SUBSETS, pods=many)
    busy = Measured(REVIEWS.found, parts={"v1": 1.0})
    found = radius([Split("bookinfo", "reviews", {"v1": 50, "v3": 50})], busy, live)
    v3 = next(each for each in found["versions"] if each["version"] == "v3")
    assert (v3["ready_pods"], v3["per_pod_after"], v3["ratio"]) == (1, 6.0, 5.0)
    assert codes(found) == [("warning", "CANARY_CAPACITY")]
    small = radius([Split("bookinfo", "reviews", {"v1": 85, "v3": 15})], busy, live)
    assert codes(small) == []


def test_what_the_pods_bear_today_is_no_reason_to_warn():
    unequal = Measured(REVIEWS.found, parts={"v1": 0.1, "v3": 0.9})
    rule = virtual_service("reviews", [{"route": route(("v1", 10), ("v3", 90))}])
    assert codes(radius([fault(delay=Delay(1.0, "1s"))], unequal, state(rule, SUBSETS))) == []


CHAIN = [
    hop("gateway", "productpage-v1"),
    hop("productpage-v1", "reviews-v1"),
    hop("reviews-v1", "ratings-v1"),
]


def retried(name, attempts):
    return virtual_service(name, [{"route": to_whole(name), "retries": {"attempts": attempts}}])


def test_retries_multiply_along_the_callers():
    quiet = [retried("productpage", 0), retried("reviews", 1)]
    traffic = Measured({("bookinfo", "ratings"): [PRODUCTPAGE]}, ways=CHAIN)
    found = written(retried("ratings", 0), retried("ratings", 3), traffic, *quiet)
    assert found["amplification"] == [
        {
            "namespace": "bookinfo",
            "service": "ratings",
            "before": 2,
            "after": 8,
            "path": [
                {"namespace": "bookinfo", "service": "reviews", "attempts": 1},
                {"namespace": "bookinfo", "service": "ratings", "attempts": 3},
            ],
        }
    ]
    assert codes(found) == [("warning", "RETRY_AMPLIFICATION")]


@pytest.mark.parametrize(
    ("attempts", "expected"), [(1, []), (2, ["warning"]), (4, ["warning"]), (5, ["error"])]
)
def test_more_than_ten_requests_for_one_are_refused(attempts, expected):
    quiet = [retried("productpage", 0), retried("reviews", 1)]
    traffic = Measured({("bookinfo", "ratings"): [PRODUCTPAGE]}, ways=CHAIN)
    found = written(retried("ratings", 0), retried("ratings", attempts), traffic, *quiet)
    assert [level for level, _ in codes(found)] == expected


def test_without_a_rule_istio_tries_twice_more_and_that_alone_stops_nobody():
    found = radius([Split("bookinfo", "reviews", {"v1": 50, "v3": 50})], Measured(REVIEWS.found, ways=CHAIN))
    assert (found["amplification"][0]["before"], found["amplification"][0]["after"]) == (9, 9)
    assert codes(found) == []


def test_a_caller_without_a_proxy_tries_nothing_again():
    alone = Measured(REVIEWS.found, ways=[hop("", "reviews-v1", proxied=False)])
    found = radius([Split("bookinfo", "reviews", {"v1": 50, "v3": 50})], alone)
    assert found["amplification"][0]["after"] == 1


def test_services_that_call_each_other_are_counted_once():
    ring = [hop("reviews-v1", "ratings-v1"), hop("ratings-v1", "reviews-v1")]
    found = radius([Split("bookinfo", "reviews", {"v1": 50, "v3": 50})], Measured(REVIEWS.found, ways=ring))
    assert found["amplification"][0]["after"] == 9


def test_who_may_not_read_a_namespace_is_told_nothing_of_it():
    kept = radius([Split("bookinfo", "reviews", {"v1": 50, "v3": 50})], Measured(REVIEWS.found, ways=CHAIN))
    kept["amplification"][0]["path"][0]["namespace"] = "vault"
    seen = blast.shown(kept, lambda namespace: namespace == "bookinfo")
    assert seen["amplification"][0]["path"][0]["service"] == "another namespace"
    assert blast.shown(kept, lambda namespace: False)["versions"] == []
