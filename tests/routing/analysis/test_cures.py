"""A cure takes its finding away, and brings no other along."""

import copy

import pytest

from routing.analysis.analyzers import ALL
from routing.analysis.cures import CURABLE, cured
from routing.analysis.engine import analyze
from routing.analysis.objects import Obj
from routing.analysis.world import World
from tests.routing.analysis.build import world
from tests.routing.analysis.samples import BAD_AND_GOOD
from tests.routing.analysis.test_own_codes import (
    ABORT,
    CART,
    CASES,
    V1,
    in_order,
    policy,
    routes,
    rule,
    to,
    uri,
)

BAD = {
    **{code: tuple(bad) for code, (bad, _) in BAD_AND_GOOD.items()},
    **{code: tuple(map(Obj.of, bad)) for code, (bad, _) in CASES.items()},
}


def of(*manifests):
    return World(map(Obj.of, manifests))


def cure(manifests, code):
    """The object of the first finding of a code, cured; None when there is no cure."""
    here = of(*manifests)
    found = next(each for each in analyze(here) if each.code == code)
    return cured(here, found)


@pytest.mark.parametrize("code", sorted(CURABLE))
def test_a_cured_object_has_the_finding_no_more_and_no_new_error(code):
    here = world(*BAD[code]) if code.startswith("IST") else World(BAD[code])
    before = analyze(here, ALL)
    tried = 0
    for found in before:
        manifest = cured(here, found) if found.code == code else None
        if manifest is None:
            continue
        tried += 1
        after = analyze(here.changed((), (Obj.of(manifest, found.subject.namespace),))[0], ALL)
        assert found not in after
        mine = [each for each in after if each.subject == found.subject]
        known = [each for each in before if each.subject == found.subject]
        assert {each.code for each in mine} <= {each.code for each in known}
    assert tried or code in ("IST0101", "IST0112")


def test_a_cure_leaves_the_object_of_the_world_alone():
    manifests = CASES["MUI0002"][0]
    saved = copy.deepcopy(manifests)
    assert cure(manifests, "MUI0002") != manifests[0]
    assert manifests == saved


@pytest.mark.parametrize(
    ("weights", "after"), [((80, 10), (89, 11)), ((1, 1, 1), (34, 33, 33)), ((40, 20), (67, 33))]
)
def test_weights_keep_their_proportions(weights, after):
    destinations = [to(f"v{number}", weight) for number, weight in enumerate(weights)]
    found = cure([routes(rule(None, *destinations))], "MUI0002")
    assert tuple(each["weight"] for each in found["spec"]["http"][0]["route"]) == after


def test_a_weight_that_would_vanish_is_left_to_a_person():
    assert cure([routes(rule(None, to("v1", 9999), to("v2", 1)))], "MUI0002") is None


def test_the_catch_all_goes_last_and_the_others_keep_their_order():
    everything, first, second = rule([uri(prefix="/")]), rule([uri(prefix="/a")]), rule([uri(prefix="/b")])
    found = cure(in_order(everything, first, second), "MUI0007")
    assert found["spec"]["http"] == [first, second, everything]


def test_a_rule_whose_last_match_goes_goes_with_it():
    found = cure(CASES["MUI0008"][0], "MUI0008")
    assert len(found["spec"]["http"]) == 2
    both = in_order(rule([uri(regex="/a/.*")]), rule([uri(exact="/a/b"), uri(exact="/c")]), rule())
    assert cure(both, "MUI0008")["spec"]["http"][1]["match"] == [uri(exact="/c")]


def test_two_rules_without_a_match_are_left_to_a_person():
    assert cure(in_order(rule(), rule(), rule([uri(prefix="/a")])), "IST0130") is None


def test_the_port_for_http_is_added_where_there_is_one():
    named = [{"name": "http", "port": 80}, {"name": "tcp-admin", "port": 90}]
    service = {**CART, "spec": {**CART["spec"], "ports": named}}
    found = cure([service, routes(rule(None, to()))], "IST0112")
    assert found["spec"]["http"][0]["route"][0]["destination"]["port"] == {"number": 80}
    both = {**CART, "spec": {**CART["spec"], "ports": [named[0], {"name": "http-2", "port": 81}]}}
    assert cure([both, routes(rule(None, to()))], "IST0112") is None


def test_only_a_subset_that_no_route_names_is_removed():
    stale = policy(subsets=[{"name": "v9", "labels": {"version": "v9"}}])
    assert cure([CART, stale], "IST0173")["spec"]["subsets"] == []
    assert cure([CART, stale, routes(rule(None, to("v9")))], "IST0173") is None


def test_only_a_destination_that_gets_nothing_is_removed():
    nothing = routes(rule(None, to("v1", 100), to("v9", 0)))
    found = cure([CART, V1, nothing], "IST0101")
    assert found["spec"]["http"][0]["route"] == [to("v1")]
    assert cure([CART, V1, routes(rule(None, to("v1", 90), to("v9", 10)))], "IST0101") is None


def test_a_fault_is_no_mistake_to_be_cured():
    assert cure(in_order(rule(fault=ABORT)), "MUI0011") is None


@pytest.mark.parametrize("broken", [None, "x", 7, [None], [{"weight": "x"}]])
def test_fields_of_other_types_get_no_cure(broken):
    here = of(*CASES["MUI0002"][0])
    found = next(each for each in analyze(here) if each.code == "MUI0002")
    other = of(routes({"route": broken}))
    assert cured(other, found) is None
