"""What a rollout writes stands afterwards, whatever was there, and leaves all else as it was."""

import copy

from hypothesis import assume, given
from hypothesis import strategies as st

from routing import diff
from routing.istio import clear_fault, set_fault
from routing.istio.http.mirrors import modern
from routing.rollouts.standing import PREFIX, foreign, standing
from routing.rollouts.states import Rule
from routing.rollouts.wanted import not_carried
from routing.rules import Delay, Fault
from tests.routing.generated import SUBSETS_RULE, virtual_services
from tests.routing.rollouts.scenes import (
    STRATEGIES,
    all_rules,
    planned,
    seen,
    spec,
    with_subsets,
    written,
)
from tests.routing.stage import route, virtual_service

HEADER = next(each for each in STRATEGIES if each.kind == "header")
AUDIT = "audit.bookinfo.svc.cluster.local"
strategies = st.sampled_from(STRATEGIES)


def mirrored(manifest, draw):
    """Gives some http rules mirrors of somebody's, in the new form or the old one."""
    to = [{"host": "audit"}, {"host": "reviews", "subset": "v2"}, {"host": "ratings", "subset": "x"}]
    for rule in manifest["spec"]["http"]:
        places = draw(st.lists(st.sampled_from(to), max_size=2, unique_by=str)) if "route" in rule else []
        if len(places) == 1 and draw(st.booleans()):
            rule.update(mirror=places[0], mirrorPercentage={"value": 5})
        elif places:
            rule["mirrors"] = [{"destination": each, "percentage": {"value": 5}} for each in places]


@st.composite
def started(draw):
    """Resources of somebody's, and a rollout that could start there."""
    resources = with_subsets(draw(virtual_services()))
    mirrored(resources[0], draw)
    asked = spec(draw(strategies))
    assume(not planned(resources, asked, Rule()).errors)
    return resources, asked


@given(started(), st.data())
def test_what_was_wanted_stands_after_it_was_written_and_nothing_is_foreign(start, data):
    resources, asked = start
    for rule in data.draw(st.lists(st.sampled_from(all_rules(asked)), min_size=1, max_size=3)):
        resources = written(resources, asked, rule)
        assert standing(seen(resources), asked) == rule
        assert foreign(seen(resources), asked, rule) == ""
        assert not planned(resources, asked, rule).operations


def route_of(manifest):
    return manifest["spec"]["http"]


def without_ours(resources, asked):
    """What is not the rollout's, as text: weights of the two versions, its mirror and its route left out."""
    found = copy.deepcopy(resources)
    (virtual,) = (item for item in found if item["kind"] == "VirtualService")
    kept = [modern(rule) for rule in route_of(virtual) if not str(rule.get("name", "")).startswith(PREFIX)]
    for rule in kept:
        for item in rule.get("route") or ():
            item.pop("weight", None)
    virtual["spec"]["http"] = kept
    return diff.canonical(found)


@given(started(), st.sampled_from([Rule(), Rule(100)]))
def test_what_is_of_others_is_byte_for_byte_the_same_at_the_end(start, end):
    resources, asked = start
    # The first write may narrow the whole service to a version, and add the one that lacks.
    first = written(resources, asked, Rule(50))
    before = without_ours(first, asked)
    after = first
    for rule in [*all_rules(asked), end]:
        after = written(after, asked, rule)
    assert without_ours(after, asked) == before
    (virtual,) = (item for item in after if item["kind"] == "VirtualService")
    assert not [rule for rule in route_of(virtual) if str(rule.get("name", "")).startswith(PREFIX)]


@given(started())
def test_a_way_back_is_one_write_from_wherever_it_stands(start):
    resources, asked = start
    for rule in all_rules(asked):
        there = written(resources, asked, rule)
        back = planned(there, asked, Rule())
        assert [item.ref.kind.kind for item in back.operations] in (["VirtualService"], [])


def own_route_of(default, **more):
    """The rollout's own route where this is the default route."""
    start = [virtual_service("reviews", [default], **more), copy.deepcopy(SUBSETS_RULE)]
    first, *_ = route_of(written(start, spec(HEADER), Rule(0, match=True))[0])
    return first


class TestOwnRoute:
    """Requests of the canary's own route are treated as those of the default route are."""

    def test_it_has_the_policies_of_the_default_route_but_no_fault(self):
        policies = {
            "timeout": "4s",
            "retries": {"attempts": 2, "perTryTimeout": "1s", "retryOn": "5xx,reset"},
            "headers": {"request": {"set": {"x-from": "mesh"}}},
            "corsPolicy": {"allowOrigins": [{"exact": "https://shop.example"}], "maxAge": "86400s"},
            "rewrite": {"uri": "/v1"},
            "mirrors": [{"destination": {"host": AUDIT}, "percentage": {"value": 5}}],
        }
        fault = {"abort": {"percentage": {"value": 1}, "httpStatus": 503}}
        own = own_route_of({"route": route(("v1", 100)), **policies, "fault": fault, "xFuture": True})
        assert {key: own[key] for key in policies} == policies
        assert not {"fault", "xFuture"} & set(own)

    def test_it_goes_to_the_port_that_the_default_route_names(self):
        places = [{"destination": {"host": "reviews", "subset": "v1", "port": {"number": 9080}}}]
        (place,) = own_route_of({"route": places})["route"]
        assert place["destination"]["port"] == {"number": 9080}

    def test_it_does_to_headers_what_the_canarys_destination_does(self):
        places = route(("v1", 95), ("v3", 5))
        places[0]["headers"] = {"response": {"set": {"x-version": "one"}}}
        places[1]["headers"] = {"response": {"set": {"x-version": "three"}}}
        (place,) = own_route_of({"route": places})["route"]
        assert place["headers"] == places[1]["headers"]

    def test_it_is_for_callers_in_the_mesh_only_where_the_default_route_is(self):
        default = {"match": [{"gateways": ["mesh"]}], "route": route(("v1", 100))}
        own = own_route_of(default, gateways=["mesh", "edge"])
        assert own["match"] == [{"headers": {"x-canary": {"exact": "always"}}, "gateways": ["mesh"]}]

    def test_what_it_cannot_have_is_named_before_the_start(self):
        fault = {"abort": {"percentage": {"value": 1}, "httpStatus": 503}}
        default = {"route": route(("v1", 100)), "timeout": "0.5ms", "fault": fault, "statPrefix": "x"}
        start = [virtual_service("reviews", [default]), copy.deepcopy(SUBSETS_RULE)]
        assert set(not_carried(seen(start))) == {"timeout", "fault", "statPrefix"}


def test_meshuis_own_fault_meets_the_rollouts_route_too_and_goes_with_its_end():
    fault = Fault("bookinfo", "reviews", Delay(50, "2s"), None, None)
    start = [virtual_service("reviews", [{"route": route(("v1", 100))}]), copy.deepcopy(SUBSETS_RULE)]
    start[0] = set_fault(start[0], fault)[0]
    there = written(start, spec(HEADER), Rule(5, match=True))
    assert ["fault" in rule for rule in route_of(there[0])] == [True, True]
    back = written(there, spec(HEADER), Rule())[0]
    (rule,) = route_of(clear_fault(back)[0])
    assert "fault" not in rule
