"""Plans: which writes, in which order, and what speaks against them.

plan(x) applied, then planned again, is empty
a subset is there before a route names it, on every step on the way
a revert of the operations restores what was there
"""

import copy

import pytest
from hypothesis import given, settings

from cluster.fake import FakeCluster
from cluster.refs import Ref
from routing import diff, istio, live, planner, writing
from routing.problems import Problem
from routing.rules import ClearFault, Delay, Fault, HeaderMatch, Split
from tests.people import own
from tests.routing import generated
from tests.routing.stage import (
    WORKLOADS,
    bookinfo,
    destination_rule,
    pod,
    route,
    service,
    to_whole,
    virtual_service,
)

HOST = "reviews.bookinfo.svc.cluster.local"


def split(name="reviews", **weights):
    return Split("bookinfo", name, weights)


def planned(cluster, *rules):
    return planner.plan(rules, live.read(own(cluster), {"bookinfo"}))


def carried_out(cluster, plan):
    for operation in plan.operations:
        writing.write(cluster, operation, live.get(cluster, operation.ref), dry_run=False)


def codes(plan, level=None):
    return [problem.code for problem in plan.problems if level in (None, problem.level)]


def steps(plan):
    return [(item.action, item.ref.kind.kind) for item in plan.operations]


fewer = settings(max_examples=30)


@fewer
@given(generated.virtual_services(), generated.splits(), generated.faults())
def test_a_plan_that_was_carried_out_is_empty_the_next_time(manifest, rule, fault):
    cluster = bookinfo(manifest, destination_rule("reviews", ["v1"]))
    plan = planned(cluster, rule, fault)
    if plan.errors:
        return
    carried_out(cluster, plan)
    assert planned(cluster, rule, fault).operations == ()


@fewer
@given(generated.virtual_services(), generated.splits(), generated.faults())
def test_undone_operations_restore_what_was_there(manifest, rule, fault):
    cluster = bookinfo(manifest, destination_rule("reviews", ["v1"]))
    at_first = dangling(cluster)
    plan = planned(cluster, rule, fault)
    if plan.errors:
        return
    carried_out(cluster, plan)
    back = [planner.operation(live.get(cluster, item.ref), item.before, "back") for item in plan.operations]
    for operation in planner.in_safe_order(back):
        writing.write(cluster, operation, live.get(cluster, operation.ref), dry_run=False)
        assert dangling(cluster) <= at_first
    for item in plan.operations:
        assert diff.same(live.get(cluster, item.ref), item.before)


@fewer
@given(generated.virtual_services(), generated.splits())
def test_no_route_comes_to_name_a_missing_subset_on_any_step(manifest, rule):
    cluster = bookinfo(manifest, destination_rule("reviews", ["v2"]))
    at_first = dangling(cluster)
    for operation in planned(cluster, rule).operations:
        writing.write(cluster, operation, live.get(cluster, operation.ref), dry_run=False)
        assert dangling(cluster) <= at_first


def dangling(cluster):
    """The subsets that routes name and no DestinationRule has."""
    state = live.read(own(cluster), {"bookinfo"})
    names = {subset["name"] for item in state.destination_rules for subset in istio.subsets_of(item)}
    used = {
        part["destination"].get("subset")
        for item in state.virtual_services
        for rule in item["spec"]["http"]
        for part in rule.get("route", [])
    }
    return used - names - {None}


def test_without_any_resource_both_are_created_subsets_first():
    plan = planned(bookinfo(), split(v1=80, v3=20))
    assert steps(plan) == [("create", "DestinationRule"), ("create", "VirtualService")]
    assert plan.operations[0].after["spec"]["subsets"] == [
        {"name": "v1", "labels": {"version": "v1"}},
        {"name": "v3", "labels": {"version": "v3"}},
    ]
    assert plan.operations[1].after["spec"] == {
        "hosts": ["reviews"],
        "http": [{"route": route(("v1", 80), ("v3", 20))}],
    }
    assert planner.settles_between(*plan.operations)
    assert plan.operations[0].why == "Names the pods of v1, v3 so that routes can choose them."
    assert plan.operations[1].why == "Sends 80 % v1, 20 % v3."


def test_taking_subsets_away_comes_after_the_routes():
    plan = planned(bookinfo(), split(v1=80, v3=20))
    cluster = bookinfo()
    carried_out(cluster, plan)
    back = [planner.operation(live.get(cluster, item.ref), None, "back") for item in plan.operations]
    assert [item.ref.kind.kind for item in planner.in_safe_order(back)] == [
        "VirtualService",
        "DestinationRule",
    ]


def test_several_rules_make_one_plan():
    fault = Fault("bookinfo", "ratings", delay=Delay(50.0, "2s"))
    plan = planned(bookinfo(), split(v1=100), fault)
    assert [str(item.ref) for item in plan.operations] == [
        "DestinationRule bookinfo/reviews", "VirtualService bookinfo/ratings",
        "VirtualService bookinfo/reviews",
    ]  # fmt: skip


def test_a_split_and_a_fault_of_one_service_are_one_write():
    plan = planned(bookinfo(), split(v1=100), Fault("bookinfo", "reviews", delay=Delay(50.0, "2s")))
    assert steps(plan) == [("create", "DestinationRule"), ("create", "VirtualService")]
    assert plan.operations[1].after["spec"]["http"][0]["fault"]


def test_the_hash_stands_for_rules_results_and_the_state_they_are_for():
    cluster = bookinfo(virtual_service("reviews", [{"route": to_whole()}]))
    first = planned(cluster, split(v1=100))
    assert planned(cluster, split(v1=100)).hash == first.hash
    assert planned(cluster, split(v2=100)).hash != first.hash
    cluster.edit(Ref.of(virtual_service("reviews", [])), lambda item: item["spec"].update(x=1))
    assert planned(cluster, split(v1=100)).hash != first.hash


def test_a_cleared_fault_where_none_is_changes_nothing():
    plan = planned(bookinfo(), ClearFault("bookinfo", "reviews"))
    assert (plan.operations, codes(plan)) == ((), ["NOTHING_TO_DO"])


def test_an_unknown_service_is_an_error_at_the_field():
    plan = planned(bookinfo(), split("nothing", v1=100))
    assert plan.errors == (
        Problem(
            "error",
            "UNKNOWN_SERVICE",
            "There is no service nothing in namespace bookinfo.",
            "rules[0].service",
        ),
    )


def test_every_unknown_version_is_an_error_at_its_field():
    plan = planned(bookinfo(), split(v8=50, v9=50))
    assert [(item.code, item.field) for item in plan.errors] == [
        ("UNKNOWN_VERSION", "rules[0].weights.v8"),
        ("UNKNOWN_VERSION", "rules[0].weights.v9"),
    ]
    assert plan.errors[0].message == "Service reviews has no version v8; it has v1, v2, v3."


def test_weight_on_a_version_without_ready_pods_is_an_error():
    cluster = bookinfo(pod("reviews-v4-a", "reviews", "v4", ready=False))
    plan = planned(cluster, split(v1=80, v4=20))
    assert [(item.code, item.field) for item in plan.errors] == [("NO_READY_PODS", "rules[0].weights.v4")]


def test_where_no_version_has_a_ready_pod_no_weight_makes_it_worse():
    asleep = [pod(f"sleepy-{version}", "sleepy", version, ready=False) for version in ("v1", "v2")]
    plan = planned(bookinfo(service("sleepy"), *asleep), split("sleepy", v1=80, v2=20))
    assert codes(plan, "error") == []
    assert codes(plan, "warning") == ["NO_READY_PODS", "NO_READY_PODS"]


def test_less_weight_on_a_version_that_is_down_is_a_warning_only():
    cluster = bookinfo(
        pod("reviews-v4-a", "reviews", "v4", ready=False),
        virtual_service("reviews", [{"route": route(("v1", 50), ("v4", 50))}]),
        destination_rule("reviews", ["v1", "v4"]),
    )
    assert codes(planned(cluster, split(v1=80, v4=20)), "warning") == ["NO_READY_PODS"]


def test_two_virtual_services_for_one_host_are_an_error():
    first, second = (virtual_service(name, [{"route": to_whole()}], hosts=["reviews"]) for name in "ab")
    plan = planned(bookinfo(first, second), split(v1=100))
    assert codes(plan, "error") == ["IST0109"]
    assert "VirtualService bookinfo/a, VirtualService bookinfo/b" in plan.errors[0].message


def test_a_virtual_service_for_a_gateway_only_is_left_alone_and_told():
    edge = virtual_service("edge", [{"route": to_whole()}], hosts=["*"], gateways=["gw"])
    plan = planned(bookinfo(edge), split(v1=100))
    assert codes(plan) == ["GATEWAY_ONLY"]
    assert "VirtualService bookinfo/edge" not in [str(item.ref) for item in plan.operations]


def test_several_hosts_on_one_virtual_service_are_told():
    both = virtual_service("both", [{"route": to_whole()}], hosts=["reviews", "ratings"])
    assert codes(planned(bookinfo(both), split(v1=100))) == ["SHARED_HOSTS"]


def test_a_rule_for_exactly_the_host_replaces_a_wildcard_and_that_is_told():
    every = virtual_service("every", [{"route": to_whole()}], hosts=["*.bookinfo.svc.cluster.local"])
    plan = planned(bookinfo(every), split(v1=100))
    assert codes(plan) == ["WILDCARD_REPLACED"]
    assert ("create", "VirtualService") in steps(plan)


def test_a_second_destination_rule_for_the_host_is_told():
    cluster = bookinfo(
        destination_rule("reviews", ["v1"]), destination_rule("reviews-b", ["v2"], host="reviews")
    )
    assert codes(planned(cluster, split(v1=100))) == ["DUPLICATE_DESTINATION_RULE"]


def test_callers_with_a_destination_rule_of_their_own_are_told():
    cluster = bookinfo(destination_rule("reviews", ["v1"], "shop", HOST))
    plan = planned(cluster, split(v1=50, v3=50))
    assert codes(plan) == ["SUBSET_MISSING_ELSEWHERE"]
    assert "no subset for v3" in plan.problems[0].message


def test_a_fault_for_every_request_is_told():
    everyone = Fault("bookinfo", "ratings", delay=Delay(100.0, "2s"))
    assert codes(planned(bookinfo(), everyone)) == ["FAULT_FOR_EVERYONE"]
    jason = Fault("bookinfo", "ratings", delay=Delay(100.0, "2s"), match=HeaderMatch("end-user", "jason"))
    assert codes(planned(bookinfo(), jason)) == []


def test_what_cannot_be_applied_leaves_the_other_rules_of_the_plan_to_be_judged():
    gone = virtual_service("reviews", [{"match": [{"uri": {"exact": "/a"}}], "route": to_whole()}])
    plan = planned(bookinfo(gone), split(v1=100), split("ratings", v9=100))
    assert [(item.code, item.field) for item in plan.errors] == [
        ("NO_DEFAULT_ROUTE", "rules[0]"),
        ("UNKNOWN_VERSION", "rules[1].weights.v9"),
    ]


def test_a_name_that_is_taken_is_not_taken_again():
    edge = virtual_service("reviews", [{"route": to_whole()}], hosts=["*"], gateways=["gw"])
    other = destination_rule("reviews", [], host="ratings")
    plan = planned(bookinfo(edge, other), split(v1=100))
    assert [str(item.ref) for item in plan.operations] == [
        "DestinationRule bookinfo/reviews-2", "VirtualService bookinfo/reviews-2",
    ]  # fmt: skip


def test_a_version_with_a_dot_gets_a_subset_with_a_name_that_istio_takes():
    cluster = FakeCluster([*WORKLOADS, service("shop"), pod("shop-1", "shop", "1.2.0")])
    plan = planned(cluster, Split("bookinfo", "shop", {"1.2.0": 100}))
    assert plan.operations[0].after["spec"]["subsets"] == [{"name": "1-2-0", "labels": {"version": "1.2.0"}}]


def test_planning_changes_nothing_that_it_was_given():
    manifests = (virtual_service("reviews", [{"route": to_whole()}]), destination_rule("reviews", ["v1"]))
    state = live.read(own(bookinfo(*manifests)), {"bookinfo"})
    before = copy.deepcopy(state)
    planner.plan([split(v1=80, v3=20), Fault("bookinfo", "reviews", delay=Delay(50.0, "2s"))], state)
    assert state == before


@pytest.mark.parametrize("rules", [[], [split(v1=100)]])
def test_a_cluster_without_istio_can_be_planned_for(rules):
    assert planner.plan(rules, live.read(own(bookinfo()), {"bookinfo"})).errors == ()
