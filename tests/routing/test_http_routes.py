"""Http routes on Istio's manifests: read as rules, written, and nothing else touched.

read(render(rule)) is the rule
what the vocabulary does not know stays, on the route and everywhere else
setting what is set already changes nothing
a fault that meshui set earlier is on the routes as they are now, as if it had been set last
"""

import copy
from dataclasses import replace

import pytest
from hypothesis import assume, given

from routing import istio
from routing.istio import CannotApply
from routing.istio.copies import is_copy
from routing.istio.http.routes import read_routes, remove_route, removed, set_http_policy, set_route
from routing.istio.splits import default_rule
from routing.rules import (
    Abort,
    Delay,
    Destination,
    Fault,
    HeaderMatch,
    HttpPolicy,
    Match,
    Policies,
    Position,
    Redirect,
    RemoveRoute,
    Route,
    StringMatch,
)
from routing.rules.http.policies import Rewrite
from tests.routing import generated
from tests.routing import generated_http as drawn
from tests.routing.stage import route, to_whole, virtual_service

HOME = drawn.HOME
OWNED = {
    "match", "route", "redirect", "directResponse", "headers", "rewrite", "corsPolicy", "mirrors", "timeout",
    "retries", "fault",
}  # fmt: skip


def http(manifest):
    return manifest["spec"]["http"]


def read(manifest):
    return read_routes(manifest, "bookinfo", "reviews", HOME.subsets)


def tried(change, *args):
    try:
        return change(*args)
    except CannotApply:
        assume(False)


def elsewhere(manifest, name):
    """Everything but the routes of a name (or the default one), with each of the others by itself."""
    default = default_rule(http(manifest))
    mine = [rule for rule in http(manifest) if (rule is default if not name else rule.get("name") == name)]
    others = [rule for rule in http(manifest) if not any(rule is item for item in mine)]
    return {**manifest, "spec": {**manifest["spec"], "http": others}}, mine


@given(drawn.virtual_services(), drawn.routes())
def test_a_route_is_read_back_as_it_was_written(manifest, rule):
    written = tried(set_route, manifest, rule, HOME)
    (found,) = [item for item in read(written) if (item.default if not rule.name else item.name == rule.name)]
    assert found.rule == replace(rule, position=None)


@given(drawn.virtual_services(), drawn.routes())
def test_a_route_leaves_everything_that_it_does_not_own(manifest, rule):
    written = tried(set_route, manifest, rule, HOME)
    (before, mine), (after, now) = elsewhere(manifest, rule.name), elsewhere(written, rule.name)
    assert after == before
    for old, new in zip(mine, now, strict=False):
        unknown = {key: value for key, value in old.items() if key not in OWNED}
        assert {key: value for key, value in new.items() if key not in OWNED} == unknown


@given(drawn.virtual_services())
def test_a_route_as_it_was_read_changes_nothing(manifest):
    for found in read(manifest):
        if found.rule is not None:
            assert set_route(manifest, found.rule, HOME) is manifest


@given(drawn.virtual_services(), drawn.routes())
def test_a_route_that_is_set_already_changes_nothing(manifest, rule):
    once = tried(set_route, manifest, rule, HOME)
    assert set_route(once, rule, HOME) is once


@given(generated.virtual_services(), drawn.routes())
def test_a_route_on_a_manifest_full_of_surprises_is_set_or_refused(manifest, rule):
    written = tried(set_route, manifest, rule, HOME)
    assert elsewhere(written, rule.name)[0] == elsewhere(manifest, rule.name)[0]
    assert set_route(written, rule, HOME) is written


@given(drawn.virtual_services(), drawn.http_policies())
def test_a_policy_changes_the_fields_that_it_names_and_no_other(manifest, rule):
    written, _ = tried(set_http_policy, manifest, rule, HOME)
    names = {"cors": "corsPolicy"}
    changed = {names.get(name, name) for name in rule.changes}
    for old, new in zip(http(manifest), http(written), strict=True):
        assert {**old, **dict.fromkeys(changed)} == {**new, **dict.fromkeys(changed)}
    for old, new in zip(read(manifest), read(written), strict=True):
        if new.rule is None or new.said == old.said:
            continue
        for name, value in rule.changes.items():
            assert (getattr(new.rule.policies, name) or None) == value
    assert set_http_policy(written, rule, HOME)[0] is written


@given(drawn.virtual_services(), generated.faults(), drawn.routes())
def test_a_fault_is_on_the_routes_as_they_are_now(manifest, fault, rule):
    fault_first = tried(set_route, tried(istio.set_fault, manifest, fault)[0], rule, HOME)
    route_first = tried(istio.set_fault, tried(set_route, manifest, rule, HOME), fault)[0]
    assert fault_first == route_first
    assert istio.clear_fault(fault_first)[0] == set_route(manifest, rule, HOME)


@given(drawn.virtual_services(), generated.faults(), drawn.http_policies())
def test_a_policy_is_on_the_copies_of_a_fault_as_well(manifest, fault, rule):
    fault_first = tried(set_http_policy, tried(istio.set_fault, manifest, fault)[0], rule, HOME)[0]
    policy_first = tried(istio.set_fault, tried(set_http_policy, manifest, rule, HOME)[0], fault)[0]
    assert fault_first == policy_first


def jason(**parts):
    match = (Match(headers={"end-user": StringMatch("exact", "jason")}),)
    return Route("bookinfo", "reviews", "jason", (Destination(version="v2"),), match, **parts)


JASON = [{"headers": {"end-user": {"exact": "jason"}}}]
TO_V2 = {"name": "jason", "match": JASON, "route": route(("v2", 100))}


def test_a_new_route_stands_before_the_default_route():
    rest = {"route": to_whole()}
    assert http(set_route(virtual_service("reviews", [rest]), jason(), HOME)) == [TO_V2, rest]


PLACES = {
    "nowhere said": (None, ["a", "b", "jason", None]),
    "first": (Position("first"), ["jason", "a", "b", None]),
    "last": (Position("last"), ["a", "b", "jason", None]),
    "before": (Position("before", "b"), ["a", "jason", "b", None]),
    "after": (Position("after", "a"), ["a", "jason", "b", None]),
}


@pytest.mark.parametrize(("position", "names"), PLACES.values(), ids=PLACES)
def test_a_route_stands_where_it_is_put_and_stays_there(position, names):
    uri = [{"uri": {"prefix": "/a"}}]
    rules = [{"name": name, "match": uri, "route": to_whole()} for name in "ab"] + [{"route": to_whole()}]
    written = set_route(virtual_service("reviews", rules), jason(position=position), HOME)
    assert [rule.get("name") for rule in http(written)] == names
    assert [rule.get("name") for rule in http(set_route(written, jason(), HOME))] == names


def test_a_place_beside_a_route_that_is_none_is_refused_at_the_position():
    manifest = virtual_service("reviews", [{"route": to_whole()}])
    with pytest.raises(CannotApply, match="no other route named x") as refusal:
        set_route(manifest, jason(position=Position("before", "x")), HOME)
    assert (refusal.value.code, refusal.value.field) == ("NO_SUCH_ROUTE", "position.before")


def test_of_two_routes_with_one_name_none_is_taken_for_the_one_meant():
    manifest = virtual_service("reviews", [TO_V2, TO_V2, {"route": to_whole()}])
    with pytest.raises(CannotApply, match="2 routes named jason"):
        set_route(manifest, jason(), HOME)


def test_what_a_rule_leaves_out_goes_and_what_no_rule_can_say_stays():
    theirs = {**TO_V2, "timeout": "3s", "statPrefix": "x", "retries": {"attempts": 2, "xFuture": 1}}
    theirs["match"] = [{**JASON[0], "statPrefix": "y"}]
    manifest = virtual_service("reviews", [theirs, {"route": to_whole()}])
    written = set_route(manifest, jason(), HOME)
    assert http(written)[0] == {**TO_V2, "match": theirs["match"], "statPrefix": "x"}
    assert removed(manifest, written, HOME) == ["retries.xFuture"]


def test_what_is_written_otherwise_and_means_the_same_is_not_written_anew():
    full = {"host": "reviews.bookinfo.svc.cluster.local", "subset": "v2"}
    theirs = {
        "name": "jason",
        "match": [{"headers": {"End-User": {"exact": "jason"}}, "ignoreUriCase": False}],
        "route": [{"destination": full, "weight": 30}],
        "timeout": "1m30s",
        "mirror": {"host": "reviews", "subset": "v3"},
        "mirrorPercentage": {"value": 50.0},
    }
    manifest = virtual_service("reviews", [theirs, {"route": to_whole()}])
    found = read(manifest)[0].rule
    assert (found.policies.timeout, found.policies.mirrors[0].percentage) == ("90s", 50.0)
    assert set_route(manifest, found, HOME) is manifest
    slower = replace(found, policies=replace(found.policies, timeout="2s"))
    assert http(set_route(manifest, slower, HOME))[0] == {**theirs, "timeout": "2s"}


def test_what_only_the_old_action_made_unsayable_goes_with_it():
    theirs = {"redirect": {"uri": "/"}, "retries": {"attempts": 3}, "timeout": "2s"}
    manifest = virtual_service("reviews", [theirs])
    assert read(manifest)[0].lost == ("retries", "timeout")
    assert set_route(manifest, read(manifest)[0].rule, HOME) is manifest
    forwarded = Route("bookinfo", "reviews", "", (Destination(version="v3"),))
    written = set_route(manifest, forwarded, HOME)
    assert http(written) == [{"route": route(("v3", 100))}]
    assert set_route(written, forwarded, HOME) is written


def test_the_default_route_of_others_keeps_its_match_and_its_name():
    theirs = {"name": "primary", "match": [{"uri": {"prefix": "/"}}], "route": route(("v1", 100)), "x": 1}
    manifest = virtual_service("reviews", [theirs])
    everything = Route(
        "bookinfo", "reviews", "", (Destination(version="v3"),), policies=Policies(timeout="2s")
    )
    written = set_route(manifest, everything, HOME)
    assert http(written) == [{**theirs, "route": route(("v3", 100)), "timeout": "2s"}]


def test_the_default_route_does_not_become_one_for_some_requests():
    manifest = virtual_service("reviews", [{"name": "jason", "route": to_whole()}])
    with pytest.raises(CannotApply, match="would get 404"):
        set_route(manifest, jason(), HOME)


def test_a_route_that_is_delegated_is_left_alone():
    theirs = {"name": "jason", "match": JASON, "delegate": {"name": "other"}}
    manifest = virtual_service("reviews", [theirs, {"route": to_whole()}])
    with pytest.raises(CannotApply, match="VirtualService other carries this route"):
        set_route(manifest, jason(), HOME)
    (found, _) = read(manifest)
    assert (found.rule, found.delegate, found.lost) == (None, True, ("delegate",))


def test_a_route_is_removed_by_its_name_and_the_default_route_is_not():
    rest = {"name": "rest", "route": to_whole()}
    manifest = virtual_service("reviews", [TO_V2, rest])
    assert http(remove_route(manifest, RemoveRoute("bookinfo", "reviews", "jason"))) == [rest]
    assert remove_route(manifest, RemoveRoute("bookinfo", "reviews", "other")) is manifest
    with pytest.raises(CannotApply, match="would get 404") as refusal:
        remove_route(manifest, RemoveRoute("bookinfo", "reviews", "rest"))
    assert refusal.value.code == "NO_DEFAULT_ROUTE"


def test_the_last_route_is_not_removed():
    manifest = virtual_service("reviews", [TO_V2])
    with pytest.raises(CannotApply, match="needs at least one"):
        remove_route(manifest, RemoveRoute("bookinfo", "reviews", "jason"))


def test_a_policy_on_all_routes_passes_those_by_that_forward_nothing():
    rules = [{"name": "old", "match": JASON, "redirect": {"uri": "/"}}, TO_V2, {"route": to_whole()}]
    written, notices = set_http_policy(
        virtual_service("reviews", rules), HttpPolicy("bookinfo", "reviews", "*", {"timeout": "2s"}), HOME
    )
    assert [rule.get("timeout") for rule in http(written)] == [None, "2s", "2s"]
    assert [notice.code for notice in notices] == ["NOT_ON_EVERY_ROUTE"]
    with pytest.raises(CannotApply, match="nothing is forwarded"):
        set_http_policy(written, HttpPolicy("bookinfo", "reviews", "old", {"timeout": "2s"}), HOME)


def test_a_prefix_is_not_rewritten_where_paths_are_matched_by_a_regex():
    rules = [
        {"name": "re", "match": [{"uri": {"regex": "/a.*"}}], "route": to_whole()},
        {"route": to_whole()},
    ]
    with pytest.raises(CannotApply, match="matches paths by a regex"):
        set_http_policy(
            virtual_service("reviews", rules),
            HttpPolicy("bookinfo", "reviews", "re", {"rewrite": Rewrite("/b")}),
            HOME,
        )


def test_a_policy_of_null_clears_its_field_and_leaves_the_others():
    rules = [{"route": to_whole(), "timeout": "2s", "retries": {"attempts": 2}}]
    written, _ = set_http_policy(
        virtual_service("reviews", rules), HttpPolicy("bookinfo", "reviews", "", {"timeout": None}), HOME
    )
    assert http(written) == [{"route": to_whole(), "retries": {"attempts": 2}}]


def test_a_policy_for_a_route_that_is_none_is_refused():
    with pytest.raises(CannotApply, match="has no route x"):
        set_http_policy(
            virtual_service("reviews", [{"route": to_whole()}]),
            HttpPolicy("bookinfo", "reviews", "x", {"timeout": None}),
            HOME,
        )


FOR_ANNA = Fault("bookinfo", "reviews", abort=Abort(10.0, 503), match=HeaderMatch("user", "anna"))


def test_a_new_route_has_the_fault_that_is_in_force_and_removing_it_takes_its_copy_along():
    manifest = istio.set_fault(virtual_service("reviews", [{"route": to_whole()}]), FOR_ANNA)[0]
    written = set_route(manifest, jason(), HOME)
    assert [is_copy(rule) for rule in http(written)] == [True, False, True, False]
    both = {"end-user": {"exact": "jason"}, "user": {"exact": "anna"}}
    assert http(written)[0]["match"] == [{"headers": both}]
    assert remove_route(written, RemoveRoute("bookinfo", "reviews", "jason")) == manifest


def test_what_somebody_did_to_a_copy_outlives_a_change_of_its_route():
    rules = [{"match": [{"uri": {"prefix": "/a"}}], "route": to_whole()}, {"route": to_whole()}]
    manifest = istio.set_fault(virtual_service("reviews", rules), FOR_ANNA)[0]
    http(manifest)[2]["rewrite"] = {"uri": "/x"}
    http(manifest)[2]["fault"]["abort"]["httpStatus"] = 500
    written, _ = set_http_policy(manifest, HttpPolicy("bookinfo", "reviews", "*", {"timeout": "2s"}), HOME)
    assert [rule.get("timeout") for rule in http(written)] == ["2s"] * 4
    assert http(written)[2] == {**http(manifest)[2], "timeout": "2s"}
    assert http(written)[0]["fault"] == http(manifest)[0]["fault"]


def test_a_rule_that_somebody_freed_of_the_fault_stays_free_of_it():
    rules = [{"match": [{"uri": {"prefix": "/a"}}], "route": to_whole()}, {"route": to_whole()}]
    everyone = Fault("bookinfo", "reviews", delay=Delay(50.0, "2s"))
    manifest = istio.set_fault(virtual_service("reviews", rules), everyone)[0]
    del http(manifest)[0]["fault"]
    written = set_route(manifest, jason(), HOME)
    assert ["fault" in rule for rule in http(written)] == [False, True, True]
    some = istio.set_fault(virtual_service("reviews", rules), FOR_ANNA)[0]
    del http(some)[0]
    written = set_route(some, jason(), HOME)
    assert [is_copy(rule) for rule in http(written)] == [False, True, False, True, False]


def test_a_change_that_leaves_a_fault_no_place_is_refused():
    manifest = istio.set_fault(virtual_service("reviews", [{"route": to_whole()}]), FOR_ANNA)[0]
    away = Route("bookinfo", "reviews", "", Redirect(uri="/"))
    with pytest.raises(CannotApply, match="take it back first"):
        set_route(manifest, away, HOME)


def test_what_a_form_cannot_express_is_said_before():
    rules = [
        {"match": [{"uri": {"regex": "("}}], "name": "bad", "route": to_whole()},
        {"match": [{"uri": {"exact": "/a"}}], "route": to_whole()},
        {
            "route": route(("v1", 30), ("v2", 10)),
            "retries": {"attempts": 99},
            "corsPolicy": {"allowOrigin": ["*"]},
        },
    ]
    manifest = virtual_service("reviews", rules)
    before = copy.deepcopy(manifest)
    bad, unnamed, rest = read(manifest)
    assert (bad.rule, bad.lost) == (None, ("match",))
    assert (unnamed.rule, unnamed.lost, unnamed.name) == (None, (), "")
    assert (rest.rule, set(rest.lost)) == (None, {"route", "retries", "corsPolicy.allowOrigin"})
    assert manifest == before
