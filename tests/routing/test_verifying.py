"""The verdict on a change: what is said of the traffic, and why."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from routing import shares
from routing.sample_ratio import Range
from routing.verification import moments, setting
from routing.verifying import Counted, Facts, Setting, judge
from tests.routing.stage import destination_rule, route, to_whole, virtual_service
from tests.routing.steering import inventory_of

EIGHTY = Setting({"v1": 80.0, "v3": 20.0}, {"v1": Range(0.8, 0.8), "v2": Range(0, 0), "v3": Range(0.2, 0.2)})
REVIEWS = next(service for service in inventory_of() if service.name == "reviews")
SUBSETS = destination_rule("reviews", ["v1", "v2", "v3"])


def counted(v1, v3, *, v2=0, since=1005.0, **rest):
    return Counted(since, {"v1": v1, "v2": v2, "v3": v3}, **rest)


def facts(counts, *, lately=None, **changed):
    told = Facts(
        intended=EIGHTY,
        configured=EIGHTY,
        counted=counts,
        lately=lately,
        observed={"v1": 0.8, "v3": 0.2},
        requests_per_second=10.0,
        seconds_since=60.0,
    )
    return replace(told, **changed)


def codes(found):
    return [each["code"] for each in found.diagnosis]


def test_enough_requests_in_the_intended_shares_are_as_intended():
    found = judge(facts(counted(800, 200)))
    assert found.verdict == "as_intended"
    assert found.sentence == (
        "Traffic follows the weights: 1,000 requests, every share within 10 points of what was intended."
    )
    assert found.evidence < 1
    assert found.versions[0] == {
        "version": "v1",
        "intended": 80.0,
        "configured": 80.0,
        "observed": 80.0,
        "requests": 800,
        "share": 80.0,
    }


def test_other_shares_differ_and_the_sentence_says_which():
    found = judge(facts(counted(950, 50)))
    assert (found.verdict, found.evidence >= 1000) == ("differs", True)
    assert found.sentence.startswith("Traffic does not follow the weights: ")
    assert "v3 got 5 %, intended are 20 %" in found.sentence
    assert codes(found) == ["NOT_TAKEN"]


def test_too_few_requests_tell_nothing_and_it_is_said_how_long_it_takes():
    found = judge(facts(counted(8, 2)))
    assert (found.verdict, codes(found)) == ("not_yet_known", ["TOO_LITTLE"])
    assert 10 < found.seconds_until_enough < 60
    assert "at the present rate" in found.diagnosis[0]["message"]


def test_without_traffic_it_is_not_known_when():
    found = judge(facts(counted(0, 0), requests_per_second=0.0, observed={}))
    assert (found.verdict, found.seconds_until_enough, codes(found)) == (
        "not_yet_known",
        None,
        ["NO_TRAFFIC"],
    )
    assert found.versions[0]["observed"] is None


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"unavailable": "There is no current measurement of the traffic."}, "no current measurement"),
        ({"counted": None}, "counts no requests"),
        ({"intended": Setting(None)}, "sets no weights"),
        ({"intended": Setting({"v1": 100.0}, {"v1": Range(0, 1), "v2": Range(0, 1)})}, "Other routes"),
    ],
)
def test_what_is_not_measured_is_said_to_be_so(changed, words):
    found = judge(
        facts(counted(800, 200), configured=None, **changed) if "counted" not in changed else facts(None)
    )
    assert found.verdict == "not_measured"
    assert words in found.sentence


def test_another_configuration_is_a_difference_whatever_the_traffic_says():
    now = replace(EIGHTY, weights={"v1": 100.0}, rivals=("VirtualService shop/reviews",))
    found = judge(facts(counted(800, 200), configured=now))
    assert (found.verdict, codes(found)) == ("differs", ["SUPERSEDED", "OTHER_VIRTUAL_SERVICE"])
    assert "v1 is at 100 %, this change set 80 %" in found.sentence


@pytest.mark.parametrize(
    ("counts", "configured", "code"),
    [
        (counted(500, 500, unproxied=600.0), EIGHTY, "CALLER_WITHOUT_PROXY"),
        (counted(500, 500), replace(EIGHTY, gateway_only=("VirtualService edge/all",)), "GATEWAY_ONLY"),
        (counted(500, 500), replace(EIGHTY, rivals=("VirtualService b/reviews",)), "OTHER_VIRTUAL_SERVICE"),
        (counted(500, 500), replace(EIGHTY, affinity=True), "AFFINITY"),
        (counted(500, 500), replace(EIGHTY, unacknowledged="1/2 proxies."), "NOT_ACKNOWLEDGED"),
        (counted(950, 50, errors={"v3": 25.0}), replace(EIGHTY, retries=True), "RETRIES"),
    ],
)
def test_a_difference_comes_with_what_may_cause_it(counts, configured, code):
    found = judge(facts(counts, configured=configured))
    assert found.verdict == "differs"
    assert codes(found) == [code]


def test_proxies_that_took_it_late_are_no_difference_for_ever():
    all_of_it, later = counted(4000, 500), counted(800, 200, since=1100.0)
    found = judge(facts(all_of_it, lately=later))
    assert (found.verdict, codes(found), found.since) == ("as_intended", ["LATE"], 1100.0)
    still = judge(facts(all_of_it, lately=counted(8, 2, since=1100.0)))
    assert (still.verdict, codes(still)[0]) == ("not_yet_known", "LATE")


def test_the_moment_to_count_from_stays_and_the_later_one_steps_on():
    assert moments(1000.0, 3.0) == (1005.0, None)
    assert {moments(1000.0, elapsed)[0] for elapsed in range(3, 3600, 7)} == {1005.0}
    later = [moments(1000.0, elapsed)[1] for elapsed in (20.0, 39.0, 40.0, 81.0)]
    assert later == [1010.0, 1010.0, 1020.0, 1040.0]
    assert moments(1000.0, 5400.0)[0] == 1005.0 + 2 * 1800.0


def read(*resources):
    return setting(shares.steered([*resources, SUBSETS], REVIEWS))


def test_a_split_is_read_from_the_manifests():
    found = read(virtual_service("reviews", [{"route": route(("v1", 80), ("v3", 20))}]))
    assert found.weights == {"v1": 80.0, "v3": 20.0}
    assert found.ranges == EIGHTY.ranges
    assert (found.retries, found.affinity, found.rivals) == (True, False, ())


def test_a_match_that_sends_others_elsewhere_makes_ranges_of_the_shares():
    testers = {"match": [{"headers": {"end-user": {"exact": "jason"}}}], "route": route(("v2", 100))}
    found = read(virtual_service("reviews", [testers, {"route": route(("v1", 80), ("v3", 20))}]))
    assert found.ranges == {"v1": Range(0, 0.8), "v2": Range(0, 1), "v3": Range(0, 0.2)}


BESIDE = Setting(
    {"v1": 80.0, "v3": 20.0},
    {"v1": Range(0, 0.8), "v2": Range(0, 1), "v3": Range(0, 0.2)},
    fed_elsewhere=frozenset({"v2"}),
)


def test_versions_that_other_routes_feed_are_told_apart():
    testers = {"match": [{"headers": {"end-user": {"exact": "jason"}}}], "route": route(("v2", 100))}
    found = read(virtual_service("reviews", [testers, {"route": route(("v1", 80), ("v3", 20))}]))
    assert found.fed_elsewhere == {"v2"}
    everywhere = {"match": testers["match"], "route": to_whole()}
    found = read(virtual_service("reviews", [everywhere, {"route": route(("v1", 80), ("v3", 20))}]))
    assert found.fed_elsewhere == {"v1", "v2", "v3"}


@pytest.mark.parametrize("testers", [0, 10, 500, 100_000])
def test_the_ratio_of_the_others_is_verified_whatever_part_takes_another_route(testers):
    told = {"intended": BESIDE, "configured": BESIDE}
    found = judge(facts(counted(800, 200, v2=testers), **told))
    assert found.verdict == "as_intended"
    assert found.sentence == (
        "Traffic follows the weights: 1,000 requests to v1 and v3 (other routes send to v2, too), every "
        "share within 10 points of what was intended."
    )
    found = judge(facts(counted(950, 50, v2=testers), **told))
    assert found.verdict == "differs"
    assert judge(facts(counted(8, 2, v2=testers), **told)).verdict == "not_yet_known"


def test_a_rule_for_the_whole_service_leaves_its_part_to_the_pods():
    whole = [*to_whole(), *route(("v3", 1), ("v2", 0))]
    whole[0]["weight"], whole[1]["weight"], whole[2]["weight"] = 60, 40, 0
    found = read(virtual_service("reviews", [{"route": whole}]))
    assert found.ranges["v3"] == Range(0.4, 1.0)
    assert found.ranges["v1"] == Range(0.0, 0.6)


def test_a_service_that_nothing_routes_has_no_weights():
    assert read().weights is None
    assert read(virtual_service("reviews", [{"route": to_whole()}])).weights is None


def test_what_the_status_says_of_the_proxies_is_read():
    distributing = {"type": "Reconciled", "status": "False", "message": "1/2 proxies up to date."}
    manifest = virtual_service("reviews", [{"route": route(("v1", 100))}])
    assert read(manifest).unacknowledged == ""
    found = read({**manifest, "status": {"conditions": [distributing]}})
    assert found.unacknowledged == "VirtualService bookinfo/reviews: 1/2 proxies up to date."
    told = judge(facts(counted(8, 2), configured=replace(EIGHTY, unacknowledged=found.unacknowledged)))
    assert codes(told)[0] == "NOT_ACKNOWLEDGED"


def test_what_may_turn_requests_away_is_read_too():
    sticky = {"loadBalancer": {"consistentHash": {"httpHeaderName": "x-user"}}}
    found = setting(
        shares.steered(
            [
                virtual_service("reviews", [{"route": route(("v1", 100)), "retries": {"attempts": 0}}]),
                virtual_service("edge", [{"route": to_whole()}], hosts=["shop.example"], gateways=["edge"]),
                virtual_service("second", [{"route": to_whole()}], hosts=["reviews"]),
                {**SUBSETS, "spec": {**SUBSETS["spec"], "trafficPolicy": sticky}},
            ],
            REVIEWS,
        )
    )
    assert (found.retries, found.affinity) == (False, True)
    assert found.gateway_only == ("VirtualService bookinfo/edge",)
    assert found.rivals == ("VirtualService bookinfo/second",)


def test_each_diagnosis_has_its_heading_in_the_documents():
    root = Path(__file__).resolve().parents[2]
    codes = set(re.findall(r'_finding\(\s*"([A-Z_]+)"', (root / "routing" / "verifying.py").read_text()))
    headings = set(re.findall(r"^## `(\w+)`", (root / "docs" / "verification.md").read_text(), re.MULTILINE))
    assert len(codes) > 8
    assert codes == headings
