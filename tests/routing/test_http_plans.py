"""Plans of http routes and policies: what is written, and what is said of it.

                      subsets  pods   ports  reach            fault
route                 added    ready  named  IST0130, IST0131 kept in step
http_policy           added           named                   kept in step
remove_route                                                  kept in step
"""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from localmesh.apiserver.kinds import DESTINATION_RULES, NAMESPACES, VIRTUAL_SERVICES
from localmesh.apiserver.requests import Options, Target
from localmesh.apiserver.store import Store
from localmesh.apiserver.writes import Body, Writes
from routing import diff, planner
from routing.rules import (
    Abort,
    Delay,
    Destination,
    Fault,
    HttpPolicy,
    Match,
    Policies,
    Position,
    RemoveRoute,
    Route,
    Split,
    StringMatch,
)
from routing.rules.http.policies import Injection, Mirror, Retries
from tests.routing import generated
from tests.routing import generated_http as drawn
from tests.routing.stage import bookinfo, destination_rule, pod, route, service, to_whole, virtual_service
from tests.routing.test_planner import carried_out, codes, planned, steps

JASON = (Match(headers={"end-user": StringMatch("exact", "jason")}),)
ANNA = (Match(headers={"end-user": StringMatch("exact", "anna")}),)
REST = {"route": to_whole()}


def to(version="v2", match=JASON, name="jason", **parts):
    action = parts.pop("action", (Destination(version=version),))
    position = parts.pop("position", None)
    return Route("bookinfo", "reviews", name, action, match, position, Policies(**parts))


def policy(name, **changes):
    return HttpPolicy("bookinfo", "reviews", name, changes)


def reviews(*rules):
    return virtual_service("reviews", list(rules))


def written(plan):
    (found,) = [item.after for item in plan.operations if item.ref.kind.kind == "VirtualService"]
    return found["spec"]["http"]


def level_of(plan, code):
    return [problem.level for problem in plan.problems if problem.code == code]


fewer = settings(max_examples=25)


@fewer
@given(drawn.virtual_services(), drawn.routes(), drawn.http_policies())
def test_a_plan_that_was_carried_out_is_empty_the_next_time(manifest, rule, policies):
    cluster = bookinfo(manifest, destination_rule("reviews", ["v1"]))
    plan = planned(cluster, rule, policies)
    if plan.errors:
        return
    carried_out(cluster, plan)
    assert planned(cluster, policies).operations == ()
    again = planned(cluster, rule, policies)
    assert again.operations == () or "UNKNOWN_FIELDS_REMOVED" in codes(again)


@fewer
@given(drawn.virtual_services(), drawn.routes())
def test_undone_operations_restore_what_was_there(manifest, rule):
    cluster = bookinfo(manifest, destination_rule("reviews", ["v1"]))
    plan = planned(cluster, rule)
    if plan.errors:
        return
    carried_out(cluster, plan)
    assert planned(cluster, rule).operations == ()
    for item in plan.operations:
        back = planner.operation(item.after, item.before, "back")
        assert diff.same(back.after, item.before)


@pytest.fixture(scope="module")
def server():
    store = Store(None)
    store.create(NAMESPACES, {"metadata": {"name": "bookinfo"}})
    yield Writes(store, store._clock)
    store.close()


@fewer
@given(drawn.routes(position=st.none()), drawn.http_policies(), generated.faults())
def test_whatever_is_planned_is_taken_by_istios_own_checks(server, rule, policies, fault):
    plan = planned(bookinfo(), rule, policies, fault)
    for item in [] if plan.errors else plan.operations:
        resource = {"VirtualService": VIRTUAL_SERVICES, "DestinationRule": DESTINATION_RULES}[
            item.ref.kind.kind
        ]
        body = {**item.after, "metadata": {"generateName": "a-"}}
        server.create(
            Target(resource, resource.version, "bookinfo"), Body(body), Options(field_validation="Strict")
        )


def test_a_route_of_a_service_without_any_gets_a_subset_and_a_default_route_behind():
    plan = planned(bookinfo(), to())
    assert steps(plan) == [("create", "DestinationRule"), ("create", "VirtualService")]
    match = [{"headers": {"end-user": {"exact": "jason"}}}]
    assert written(plan) == [{"name": "jason", "match": match, "route": route(("v2", 100))}, REST]
    assert plan.operations[1].why == "Sets route jason: requests with end-user: jason to v2."
    assert codes(plan) == []


def test_a_policy_of_a_service_without_any_stands_on_a_default_route():
    plan = planned(bookinfo(), policy("", timeout="2s", retries=Retries(3, "500ms", ("5xx",))))
    retries = {"attempts": 3, "perTryTimeout": "500ms", "retryOn": "5xx"}
    assert written(plan) == [{**REST, "timeout": "2s", "retries": retries}]
    assert plan.operations[0].why == "Sets the default route: timeout 2s, 3 retries of 500ms on 5xx."


def test_a_version_that_is_none_is_an_error_at_its_destination():
    plan = planned(bookinfo(), to("v9"))
    assert [(item.code, item.field) for item in plan.errors] == [
        ("UNKNOWN_VERSION", "rules[0].destinations[0].version")
    ]


def test_a_version_that_only_a_subset_still_knows_is_no_unknown_one():
    rules = reviews({"name": "jason", "match": [{"uri": {"exact": "/a"}}], "route": route(("v9", 100))}, REST)
    cluster = bookinfo(rules, destination_rule("reviews", ["v9"]))
    plan = planned(cluster, to("v9"))
    assert codes(plan, "error") == []
    assert level_of(plan, "NO_READY_PODS") == ["warning"]


def test_requests_to_a_version_without_ready_pods_are_an_error_at_the_destination():
    cluster = bookinfo(pod("reviews-v4-a", "reviews", "v4", ready=False))
    split = (Destination(version="v1", weight=80), Destination(version="v4", weight=20))
    plan = planned(cluster, to(action=split))
    assert [(item.code, item.field) for item in plan.errors] == [
        ("NO_READY_PODS", "rules[0].destinations[1].version")
    ]


def test_a_mirror_without_ready_pods_harms_nobody_and_is_told():
    cluster = bookinfo(pod("reviews-v4-a", "reviews", "v4", ready=False))
    plan = planned(cluster, to(mirrors=(Mirror(version="v4"),)))
    assert codes(plan) == ["MIRROR_NOT_READY"]
    assert [item["name"] for item in plan.operations[0].after["spec"]["subsets"]] == ["v2", "v4"]


def several_ports(*names):
    manifest = service("reviews")
    manifest["spec"]["ports"] = [{"name": name, "port": 9080 + n} for n, name in enumerate(names)]
    return bookinfo(manifest)


def test_of_several_ports_the_only_one_of_http_is_named():
    plan = planned(several_ports("tcp-a", "http-b"), to())
    assert written(plan)[0]["route"][0]["destination"]["port"] == {"number": 9081}


def test_several_http_ports_are_for_the_rule_to_choose():
    plan = planned(several_ports("http-a", "http-b"), to())
    assert [(item.code, item.field) for item in plan.errors] == [("IST0112", "rules[0].destinations[0].port")]
    chosen = planned(several_ports("http-a", "http-b"), to(action=(Destination(version="v2", port=9081),)))
    assert codes(chosen, "error") == []


def test_a_port_that_the_service_does_not_have_is_an_error():
    plan = planned(bookinfo(), to(action=(Destination(version="v2", port=1),)))
    assert [(item.code, item.field) for item in plan.errors] == [
        ("UNKNOWN_PORT", "rules[0].destinations[0].port")
    ]


def test_a_route_behind_one_that_takes_its_requests_is_told():
    earlier = {"name": "all", "match": [{"uri": {"prefix": "/a"}}], "route": to_whole()}
    match = (Match(uri=StringMatch("exact", "/a/b")),)
    plan = planned(bookinfo(reviews(earlier, REST)), to(match=match))
    assert level_of(plan, "IST0130") == ["warning"]
    assert "route jason of VirtualService bookinfo/reviews is never reached" in plan.problems[0].message
    partly = (*match, Match(uri=StringMatch("exact", "/b")))
    assert codes(planned(bookinfo(reviews(earlier, REST)), to(match=partly))) == ["IST0131"]


def test_a_route_that_takes_the_requests_of_one_behind_it_is_told():
    behind = {"name": "b", "match": [{"uri": {"exact": "/a/b"}}], "route": to_whole()}
    match = (Match(uri=StringMatch("prefix", "/a")),)
    plan = planned(bookinfo(reviews(behind, REST)), to(match=match, position=Position("first")))
    assert "route b of VirtualService bookinfo/reviews is never reached" in plan.problems[0].message


def test_a_route_that_is_moved_in_front_is_told_of_what_it_takes():
    wide = {"name": "jason", "match": [{"headers": {"end-user": {"exact": "jason"}}}], "route": to_whole()}
    narrow = {"name": "b", "match": [{**wide["match"][0], "uri": {"exact": "/b"}}], "route": to_whole()}
    there = to(action=(Destination(),), position=Position("first"))
    plan = planned(bookinfo(reviews(narrow, wide, REST)), there)
    assert [rule.get("name") for rule in written(plan)] == ["jason", "b", None]
    assert codes(plan) == ["IST0130"]


def test_a_match_of_everything_is_an_error_unless_it_is_the_default_route():
    plan = planned(bookinfo(reviews(REST)), to(match=(Match(uri=StringMatch("prefix", "/")),)))
    assert [(item.code, item.field) for item in plan.errors] == [("IST0130", "rules[0].match")]


def test_a_virtual_service_without_a_default_route_is_a_warning():
    only = {"name": "a", "match": [{"uri": {"exact": "/a"}}], "route": to_whole()}
    assert level_of(planned(bookinfo(reviews(only)), to()), "NO_DEFAULT_ROUTE") == ["warning"]
    plan = planned(bookinfo(reviews(only)), to(name="", match=()))
    assert codes(plan) == []
    assert len(written(plan)) == 2


def test_a_fault_with_retries_on_one_route_is_told():
    fault = Injection(Delay(50.0, "2s"), Abort(1.0, None, "UNAVAILABLE"))
    plan = planned(bookinfo(reviews(REST)), to(fault=fault, timeout="2s"))
    assert codes(plan) == ["FAULT_DISABLES_RETRIES"]
    assert written(plan)[0]["fault"]["abort"] == {"percentage": {"value": 1}, "grpcStatus": "UNAVAILABLE"}


def test_a_try_that_may_take_longer_than_the_request_is_told():
    plan = planned(bookinfo(reviews(REST)), policy("", timeout="1s", retries=Retries(2, "2s")))
    assert codes(plan) == ["TRY_LONGER_THAN_TIMEOUT"]
    assert codes(planned(bookinfo(reviews(REST)), policy("", timeout="4s", retries=Retries(2, "2s")))) == []


def test_what_goes_along_with_a_policy_and_is_not_known_is_told():
    rules = reviews({**REST, "retries": {"attempts": 2, "xFuture": 1}})
    plan = planned(bookinfo(rules), policy("", retries=None))
    assert codes(plan) == ["UNKNOWN_FIELDS_REMOVED"]
    assert "retries.xFuture" in plan.problems[0].message


def test_a_removed_route_is_gone_and_a_second_time_there_is_nothing_to_do():
    rules = reviews({"name": "jason", "match": [{"uri": {"exact": "/a"}}], "route": to_whole()}, REST)
    cluster = bookinfo(rules)
    remove = RemoveRoute("bookinfo", "reviews", "jason")
    plan = planned(cluster, remove)
    assert written(plan) == [REST]
    carried_out(cluster, plan)
    assert codes(planned(cluster, remove)) == ["NO_SUCH_ROUTE", "NOTHING_TO_DO"]
    assert codes(planned(bookinfo(), remove)) == ["NO_SUCH_ROUTE", "NOTHING_TO_DO"]


def test_a_plan_can_hold_routes_a_split_and_a_fault_together():
    fault = Fault("bookinfo", "reviews", abort=Abort(10.0, None, "INTERNAL"), match=JASON[0])
    split = Split("bookinfo", "reviews", {"v1": 50, "v3": 50})
    plan = planned(bookinfo(), fault, to(match=ANNA, name="anna"), split)
    assert [rule.get("name") for rule in written(plan)] == ["anna", "meshui-fault-2", None]
    assert codes(plan, "error") == []


@pytest.mark.parametrize(
    "rule", [to(), policy("", timeout="2s"), RemoveRoute("bookinfo", "reviews", "jason")]
)
def test_rules_on_what_is_rivalled_are_refused(rule):
    first, second = (virtual_service(name, [REST], hosts=["reviews"]) for name in "ab")
    assert codes(planned(bookinfo(first, second), rule), "error") == ["IST0109"]
