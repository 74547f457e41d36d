"""Rules on Istio's manifests: what is written, and that nothing else is.

read(render(rule)) is rule
what meshui does not own survives every write
taking a fault back restores the manifest
setting what is set already changes nothing
"""

import copy
import json

import pytest
from hypothesis import assume, given

from routing import diff, istio
from routing.istio import CannotApply, Subsets
from routing.istio.copies import ANNOTATION, is_copy
from routing.istio.splits import default_rule
from routing.rules import Abort, Delay, Fault, HeaderMatch, Split
from tests.routing import generated
from tests.routing.stage import destination_rule, route, to_whole, virtual_service

SUBSETS = istio.read_subsets(generated.SUBSETS_RULE, generated.SERVICE)
EVERYONE = Fault("bookinfo", "reviews", delay=Delay(50.0, "2s"))
JASON = Fault("bookinfo", "reviews", abort=Abort(10.0, 503), match=HeaderMatch("end-user", "jason"))


def split(**weights):
    return Split("bookinfo", "reviews", weights)


def http(manifest):
    return manifest["spec"]["http"]


def weights_of(manifest, index=-1):
    return [
        (item["destination"].get("subset"), item.get("weight"))
        for item in manifest["spec"]["http"][index]["route"]
    ]


def without_weights(manifest):
    """Everything in a VirtualService that a split does not own."""
    bare = copy.deepcopy(manifest)
    for item in default_rule(http(bare)).get("route", []):
        item.pop("weight", None)
        item["destination"].pop("subset", None)
    return bare


def splittable(manifest, rule):
    try:
        return istio.set_split(manifest, rule, SUBSETS)
    except CannotApply:
        assume(False)


@given(generated.virtual_services(), generated.splits())
def test_a_split_is_read_back_as_it_was_written(manifest, rule):
    written = splittable(manifest, rule)
    read = istio.read_split(written, "bookinfo", "reviews", SUBSETS)
    weighted = {version: weight for version, weight in read.weights.items() if weight}
    assert weighted == {version: weight for version, weight in rule.weights.items() if weight}


@given(generated.virtual_services(), generated.splits())
def test_a_split_touches_weights_and_added_destinations_only(manifest, rule):
    written = splittable(manifest, rule)
    before, after = without_weights(manifest), without_weights(written)
    for old, new in zip(http(before), http(after), strict=True):
        assert {**new, "route": None} == {**old, "route": None}
        kept = (new.get("route") or [])[: len(old.get("route") or [])]
        assert kept == (old.get("route") or [])
    assert {**before["spec"], "http": None} == {**after["spec"], "http": None}
    assert before["metadata"] == after["metadata"]


@given(generated.virtual_services(), generated.splits())
def test_a_split_that_is_set_already_changes_nothing(manifest, rule):
    once = splittable(manifest, rule)
    assert istio.set_split(once, rule, SUBSETS) == once


@given(generated.virtual_services(), generated.faults())
def test_a_fault_is_read_back_as_it_was_written(manifest, fault):
    try:
        written, _ = istio.set_fault(manifest, fault)
    except CannotApply:
        assume(False)
    assert istio.read_fault(written, "bookinfo", "reviews") == fault


@given(generated.virtual_services(), generated.faults())
def test_taking_a_fault_back_restores_the_manifest(manifest, fault):
    try:
        written, _ = istio.set_fault(manifest, fault)
    except CannotApply:
        assume(False)
    assert istio.clear_fault(written)[0] == manifest


@given(generated.virtual_services(), generated.faults(), generated.faults())
def test_a_fault_replaces_the_earlier_one(manifest, first, second):
    try:
        written, _ = istio.set_fault(istio.set_fault(manifest, first)[0], second)
    except CannotApply:
        assume(False)
    assert written == istio.set_fault(manifest, second)[0]


@given(generated.virtual_services(), generated.faults(), generated.splits())
def test_a_split_and_a_fault_do_not_mind_their_order(manifest, fault, rule):
    try:
        fault_first = istio.set_split(istio.set_fault(manifest, fault)[0], rule, SUBSETS)
        split_first = istio.set_fault(istio.set_split(manifest, rule, SUBSETS), fault)[0]
    except CannotApply:
        assume(False)
    assert fault_first == split_first


@given(generated.virtual_services(), generated.faults())
def test_a_fault_leaves_every_rule_of_others_as_it_is(manifest, fault):
    try:
        written, _ = istio.set_fault(manifest, fault)
    except CannotApply:
        assume(False)
    others = [rule for rule in http(written) if not is_copy(rule)]
    for old, new in zip(http(manifest), others, strict=True):
        assert {**new, "fault": None} == {**old, "fault": None}
        assert "fault" not in old or new["fault"] == old["fault"]


def test_a_split_of_two_versions_keeps_a_third_at_0():
    manifest = virtual_service("reviews", [{"route": route(("v1", 50), ("v2", 50))}])
    written = istio.set_split(manifest, split(v1=80, v3=20), SUBSETS)
    assert weights_of(written) == [("v1", 80), ("v2", 0), ("v3", 20)]


def test_a_version_of_0_that_has_no_destination_gets_none():
    manifest = virtual_service("reviews", [{"route": route(("v1", 100))}])
    assert istio.set_split(manifest, split(v1=100, v2=0, v3=0), SUBSETS) == manifest


def test_a_destination_of_the_whole_service_becomes_that_of_a_version_with_all_its_fields():
    whole = [{"destination": {"host": "reviews", "port": {"number": 9080}}, "headers": {"request": {}}}]
    written = istio.set_split(virtual_service("reviews", [{"route": whole}]), split(v1=80, v3=20), SUBSETS)
    assert http(written)[0]["route"] == [
        {
            "destination": {"host": "reviews", "port": {"number": 9080}, "subset": "v1"},
            "headers": {"request": {}},
            "weight": 80,
        },
        {"destination": {"host": "reviews", "port": {"number": 9080}, "subset": "v3"}, "weight": 20},
    ]


def test_a_virtual_service_without_a_default_route_is_refused_with_the_reason():
    manifest = virtual_service("reviews", [{"match": [{"uri": {"prefix": "/a"}}], "route": to_whole()}])
    with pytest.raises(CannotApply, match="has no default route") as refusal:
        istio.set_split(manifest, split(v1=100), SUBSETS)
    assert refusal.value.code == "NO_DEFAULT_ROUTE"


def test_a_default_route_that_redirects_is_refused():
    manifest = virtual_service("reviews", [{"redirect": {"uri": "/"}}])
    with pytest.raises(CannotApply, match="redirects"):
        istio.set_split(manifest, split(v1=100), SUBSETS)


def test_a_default_route_that_goes_to_another_host_is_refused_by_its_name():
    mixed = [*route(("v1", 90), ("v2", 0)), {"destination": {"host": "ratings"}, "weight": 10}]
    with pytest.raises(CannotApply, match="10 % of the default route to ratings"):
        istio.set_split(virtual_service("reviews", [{"route": mixed}]), split(v1=50, v2=50), SUBSETS)


def test_another_host_without_weight_stays():
    mixed = [*route(("v1", 90), ("v2", 10)), {"destination": {"host": "ratings"}, "weight": 0}]
    written = istio.set_split(virtual_service("reviews", [{"route": mixed}]), split(v2=100), SUBSETS)
    assert weights_of(written) == [("v1", 0), ("v2", 100), (None, 0)]


def test_the_rules_before_the_default_route_keep_their_weights():
    first = {"match": [{"headers": {"end-user": {"exact": "jason"}}}], "route": route(("v2", 100))}
    manifest = virtual_service("reviews", [first, {"route": route(("v1", 100))}])
    written = istio.set_split(manifest, split(v3=100), SUBSETS)
    assert http(written)[0] == first
    assert weights_of(written) == [("v1", 0), ("v3", 100)]


def test_a_prefix_of_everything_is_a_default_route():
    manifest = virtual_service(
        "reviews", [{"match": [{"uri": {"prefix": "/"}}], "route": route(("v1", 100))}]
    )
    assert weights_of(istio.set_split(manifest, split(v3=100), SUBSETS)) == [("v1", 0), ("v3", 100)]


def test_a_single_destination_gets_everything_whatever_its_weight_says():
    manifest = virtual_service("reviews", [{"route": [{**route(("v1", 1))[0], "weight": 30}]}])
    assert istio.read_weights(manifest, "bookinfo", "reviews", SUBSETS) == {"v1": 100.0}


def test_weights_that_do_not_add_up_to_100_are_read_as_shares():
    manifest = virtual_service("reviews", [{"route": route(("v1", 30), ("v2", 10))}])
    assert istio.read_weights(manifest, "bookinfo", "reviews", SUBSETS) == {"v1": 75.0, "v2": 25.0}


def test_two_destinations_of_one_version_carry_its_weight_on_the_first():
    manifest = virtual_service("reviews", [{"route": route(("v1", 40), ("v1", 40), ("v2", 20))}])
    written = istio.set_split(manifest, split(v1=50, v2=50), SUBSETS)
    assert weights_of(written) == [("v1", 50), ("v1", 0), ("v2", 50)]
    assert istio.set_split(manifest, split(v1=80, v2=20), SUBSETS) == manifest


def test_a_fault_for_everyone_is_on_every_rule_with_a_destination_and_noted():
    first = {"match": [{"uri": {"prefix": "/a"}}], "route": to_whole()}
    rules = [first, {"match": [{"uri": {"exact": "/b"}}], "redirect": {"uri": "/"}}, {"route": to_whole()}]
    written, notices = istio.set_fault(virtual_service("reviews", rules), EVERYONE)
    rendered = {"delay": {"percentage": {"value": 50}, "fixedDelay": "2s"}}
    assert [rule.get("fault") for rule in http(written)] == [rendered, None, rendered]
    assert json.loads(written["metadata"]["annotations"][ANNOTATION]) == {"fault": rendered}
    assert notices == ()


def test_a_fault_for_a_header_is_on_a_copy_before_each_rule():
    first = {"match": [{"uri": {"prefix": "/a"}}], "route": to_whole()}
    written, _ = istio.set_fault(virtual_service("reviews", [first, {"route": to_whole()}]), JASON)
    names = [rule.get("name", "") for rule in http(written)]
    assert [name.startswith("meshui-fault-") for name in names] == [True, False, True, False]
    assert len(set(names)) == 3
    jason = {"end-user": {"exact": "jason"}}
    assert http(written)[0]["match"] == [{"uri": {"prefix": "/a"}, "headers": jason}]
    assert http(written)[2]["match"] == [{"headers": jason}]
    assert http(written)[1:4:2] == [first, {"route": to_whole()}]


def test_a_rule_that_asks_for_another_value_of_the_header_gets_no_copy():
    first = {"match": [{"headers": {"End-User": {"exact": "anna"}}}], "route": to_whole()}
    written, _ = istio.set_fault(virtual_service("reviews", [first, {"route": to_whole()}]), JASON)
    assert [is_copy(rule) for rule in http(written)] == [False, True, False]


@pytest.mark.parametrize(
    ("asked", "copied"),
    [
        ({"prefix": "ja"}, True), ({"prefix": "an"}, False), ({"regex": "j.*"}, True),
        ({"regex": "j"}, False), ({"regex": "("}, False), ({}, True), ({"exact": "jason"}, True),
    ],
)  # fmt: skip
def test_a_copy_is_made_where_the_header_can_match(asked, copied):
    rules = [{"match": [{"headers": {"end-user": asked}}], "route": to_whole()}, {"route": to_whole()}]
    written, _ = istio.set_fault(virtual_service("reviews", rules), JASON)
    assert is_copy(http(written)[0]) is copied


def test_a_rule_for_those_without_the_header_gets_no_copy():
    rules = [{"match": [{"withoutHeaders": {"end-user": {}}}], "route": to_whole()}]
    with pytest.raises(CannotApply, match="No http rule") as refusal:
        istio.set_fault(virtual_service("reviews", rules), JASON)
    assert refusal.value.code == "NO_ROUTE_FOR_FAULT"


def test_a_fault_of_others_stays_and_is_told():
    theirs = {"abort": {"percentage": {"value": 1}, "httpStatus": 500}}
    rules = [
        {"match": [{"uri": {"exact": "/a"}}], "fault": theirs, "route": to_whole()},
        {"route": to_whole()},
    ]
    written, notices = istio.set_fault(virtual_service("reviews", rules), EVERYONE)
    assert http(written)[0]["fault"] == theirs
    assert [notice.code for notice in notices] == ["FOREIGN_FAULT"]


def test_a_fault_exactly_like_that_of_others_is_refused():
    theirs = {"delay": {"percentage": {"value": 50}, "fixedDelay": "2s"}}
    rules = [
        {"match": [{"uri": {"exact": "/a"}}], "fault": theirs, "route": to_whole()},
        {"route": to_whole()},
    ]
    with pytest.raises(CannotApply, match="exactly this fault"):
        istio.set_fault(virtual_service("reviews", rules), EVERYONE)


def test_a_fault_that_somebody_edited_is_theirs():
    written, _ = istio.set_fault(virtual_service("reviews", [{"route": to_whole()}]), EVERYONE)
    http(written)[0]["fault"]["delay"]["fixedDelay"] = "5s"
    cleared, notices = istio.clear_fault(written)
    assert http(cleared)[0]["fault"]["delay"]["fixedDelay"] == "5s"
    assert ANNOTATION not in cleared["metadata"].get("annotations", {})
    assert [notice.code for notice in notices] == ["FOREIGN_FAULT"]


def test_a_note_that_cannot_be_read_owns_nothing():
    manifest = virtual_service("reviews", [{"fault": {"abort": {"httpStatus": 500}}, "route": to_whole()}])
    manifest["metadata"]["annotations"] = {ANNOTATION: "{", "owner": "books"}
    cleared, _ = istio.clear_fault(manifest)
    assert http(cleared) == http(manifest)
    assert cleared["metadata"]["annotations"] == {"owner": "books"}


def test_retries_and_timeouts_that_a_fault_switches_off_are_told():
    rules = [{"route": to_whole(), "retries": {"attempts": 3}, "timeout": "5s"}]
    _, notices = istio.set_fault(virtual_service("reviews", rules), EVERYONE)
    assert [notice.message for notice in notices] == [
        "Istio does not apply retries and timeout on a rule that has a fault, as long as it has one."
    ]


def test_the_copy_that_somebody_extended_keeps_the_extension_on_a_split():
    written, _ = istio.set_fault(virtual_service("reviews", [{"route": route(("v1", 100))}]), JASON)
    http(written)[0]["rewrite"] = {"uri": "/x"}
    changed = istio.set_split(written, split(v1=70, v3=30), SUBSETS)
    assert http(changed)[0]["rewrite"] == {"uri": "/x"}
    assert http(changed)[0]["route"] == http(changed)[1]["route"]
    assert weights_of(changed) == [("v1", 70), ("v3", 30)]


def test_faults_of_others_are_observed_with_whom_they_meet():
    theirs = {"delay": {"percentage": {"value": 100.0}, "fixedDelay": "7s"}}
    jason = [{"headers": {"end-user": {"exact": "jason"}}}]
    manifest = virtual_service("ratings", [{"match": jason, "fault": theirs, "route": to_whole("ratings")}])
    (observed,) = istio.observed_faults(manifest)
    assert (observed.delay, observed.abort, observed.owned) == (Delay(100.0, "7s"), None, False)
    assert observed.match == HeaderMatch("end-user", "jason")


def test_a_subset_is_found_by_its_labels_and_preferred_by_its_name():
    rule = destination_rule("reviews", [])
    rule["spec"]["subsets"] = [
        {"name": "canary", "labels": {"version": "v3"}},
        {"name": "v3", "labels": {"version": "v3", "app": "reviews"}},
        {"name": "other", "labels": {"version": "v2", "app": "ratings"}},
        {"name": "all", "labels": {}},
    ]
    found = istio.read_subsets(rule, generated.SERVICE)
    assert found == Subsets({"v3": "v3"}, {"canary": "v3", "v3": "v3"})


def test_a_missing_subset_is_added_under_a_name_that_is_free():
    rule = destination_rule("reviews", ["v1"])
    rule["spec"]["subsets"].append({"name": "v3", "labels": {"version": "v1"}, "trafficPolicy": {"x": 1}})
    rule["spec"]["trafficPolicy"] = {"tls": {"mode": "ISTIO_MUTUAL"}}
    changed = istio.ensure_subsets(rule, generated.SERVICE, ["v1", "v3"])
    assert changed["spec"]["subsets"][2] == {"name": "v3-2", "labels": {"version": "v3"}}
    assert diff.fields(rule, changed)[0].path == "spec.subsets[2]"
    assert len(diff.fields(rule, changed)) == 1


def test_a_new_destination_rule_takes_over_the_policy_of_the_one_it_puts_out_of_force():
    mutual = destination_rule("default", [], namespace="istio-system", host="*.local")
    mutual["spec"]["trafficPolicy"] = {"tls": {"mode": "ISTIO_MUTUAL"}}
    changed = istio.ensure_subsets(None, generated.SERVICE, ["v1"], taken={"reviews"}, template=mutual)
    assert changed["metadata"] == {"name": "reviews-2", "namespace": "bookinfo"}
    assert changed["spec"]["host"] == "reviews"
    assert changed["spec"]["trafficPolicy"] == {"tls": {"mode": "ISTIO_MUTUAL"}}


HOST = "reviews.bookinfo.svc.cluster.local"
LOOKUP = {
    "a short name in the same namespace": (["reviews"], None, "bookinfo", True),
    "a short name elsewhere": (["reviews"], None, "other", False),
    "the full name elsewhere": ([HOST], None, "other", True),
    "bound to the mesh and a gateway": (["reviews"], ["mesh", "gw"], "bookinfo", True),
    "bound to a gateway only": (["reviews"], ["gw"], "bookinfo", False),
    "a wildcard": (["*.bookinfo.svc.cluster.local"], None, "bookinfo", False),
}


@pytest.mark.parametrize(("hosts", "gateways", "namespace", "found"), LOOKUP.values(), ids=LOOKUP)
def test_the_virtual_service_of_a_host(hosts, gateways, namespace, found):
    manifest = virtual_service("a", [{"route": to_whole(HOST)}], namespace, hosts, gateways)
    virtual = istio.virtual_services_of([manifest], "bookinfo", "reviews")
    assert (virtual.main == manifest) is found


def test_of_two_for_one_host_the_second_is_a_rival():
    first, second = (virtual_service(name, [], hosts=["reviews"]) for name in ("a", "b"))
    assert istio.virtual_services_of([second, first], "bookinfo", "reviews").rivals == (second,)


def test_one_that_is_kept_to_another_namespace_is_no_rival():
    mine = virtual_service("reviews", [])
    theirs = virtual_service("reviews", [], "shop", [HOST], exportTo=["."])
    found = istio.virtual_services_of([theirs, mine], "bookinfo", "reviews")
    assert (found.main, found.rivals) == (mine, ())


def test_the_destination_rule_of_the_service_wins_over_that_of_the_root_namespace():
    mine = destination_rule("reviews", ["v1"])
    root = destination_rule("all", [], "istio-system", "*.local")
    callers = destination_rule("reviews", [], "shop", HOST)
    found = istio.destination_rules_of([root, callers, mine], "bookinfo", "reviews")
    assert (found.main, found.elsewhere) == (mine, (callers,))
    assert istio.destination_rules_of([root], "bookinfo", "reviews").effective == root


def test_a_destination_rule_for_chosen_workloads_does_not_count():
    chosen = destination_rule("reviews", ["v1"], workloadSelector={"matchLabels": {"app": "x"}})
    assert istio.destination_rules_of([chosen], "bookinfo", "reviews").effective is None
