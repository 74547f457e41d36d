"""Routes and policies typed in the YAML come back as the rules of the forms."""

import copy

import pytest

from routing import expressing
from routing.rules import RemoveRoute, parse
from tests.routing.generated import SERVICE
from tests.routing.stage import destination_rule, route, virtual_service
from tests.yaml.test_expressing import SUBSETS, WEIGHTED, edited, live, planned

ABOUT = {"namespace": "bookinfo", "service": "reviews"}
JASON = {
    "kind": "route", **ABOUT, "name": "jason",
    "match": [{"headers": {"end-user": {"exact": "jason"}}}], "destinations": [{"version": "v2"}],
}  # fmt: skip
BETA = {**JASON, "name": "beta", "match": [{"uri": {"prefix": "/beta"}}], "timeout": "2s"}
POLICIES = [
    {"kind": "http_policy", **ABOUT, "default": True, "timeout": "3s", "retries": {"attempts": 2}},
    {"kind": "destination_policy", **ABOUT, "outlier_detection": {"consecutive_5xx_errors": 5}},
    {"kind": "destination_policy", **ABOUT, "version": "v2", "load_balancer": {"simple": "RANDOM"}},
]


def rules_of(*asked):
    return tuple(parse(list(asked)))


def with_routes():
    return planned(rules_of(JASON, BETA), live(WEIGHTED, SUBSETS))["VirtualService"]


@pytest.mark.parametrize("asked", [JASON, BETA, *POLICIES], ids=lambda rule: rule.get("name", rule["kind"]))
def test_what_a_form_writes_is_read_as_what_it_asked_for(asked):
    state = live(WEIGHTED, SUBSETS)
    after = planned(rules_of(asked), state)
    found = expressing.expressed(SERVICE, state, [after["VirtualService"], after["DestinationRule"]])
    assert found.rest == ()
    again = planned(found.rules, state)
    assert (again["VirtualService"], again["DestinationRule"]) == (
        after["VirtualService"],
        after["DestinationRule"],
    )
    assert {type(rule) for rule in found.rules} == {type(rule) for rule in rules_of(asked)}


def test_a_route_that_is_gone_from_the_text_is_removed():
    state = live(with_routes(), SUBSETS)
    text = edited(lambda item: item["spec"]["http"].pop(0), with_routes())
    found = expressing.expressed(SERVICE, state, [text])
    assert found == expressing.Expressed((RemoveRoute("bookinfo", "reviews", "jason"),), ())


def test_a_route_that_moved_is_read_with_its_place():
    def swap(item):
        http = item["spec"]["http"]
        http[0], http[1] = http[1], http[0]

    text = edited(swap, with_routes())
    found = expressing.expressed(SERVICE, live(with_routes(), SUBSETS), [text])
    assert found.rest == ()
    assert [rule.name for rule in found.rules] == ["beta"]


def test_a_policy_that_is_gone_from_the_text_is_cleared():
    rule = destination_rule("reviews", ["v1", "v2", "v3"])
    rule["spec"]["trafficPolicy"] = {"outlierDetection": {"consecutive5xxErrors": 5}}
    text = copy.deepcopy(rule)
    del text["spec"]["trafficPolicy"]
    found = expressing.expressed(SERVICE, live(WEIGHTED, rule), [text])
    cleared = {"kind": "destination_policy", **ABOUT, "outlier_detection": None}
    assert found == expressing.Expressed(rules_of(cleared), ())


def test_what_no_form_has_beside_a_route_is_told():
    def change(item):
        item["spec"]["http"].insert(0, {
            "name": "new",
            "match": [{"uri": {"exact": "/x"}, "statPrefix": "x"}],
            "route": route(("v1", 100)),
        })  # fmt: skip

    found = expressing.expressed(SERVICE, live(WEIGHTED, SUBSETS), [edited(change)])
    assert [rule.name for rule in found.rules] == ["new"]
    assert found.rest


def test_routes_of_one_name_are_left_to_the_yaml():
    http = [
        {"name": "a", "match": [{"uri": {"exact": f"/{at}"}}], "route": route(("v1", 100))} for at in (1, 2)
    ]
    text = virtual_service("reviews", [*http, {"route": route(("v1", 80), ("v2", 20))}])
    found = expressing.expressed(SERVICE, live(WEIGHTED, SUBSETS), [text])
    assert found.rules == ()
    assert found.rest
