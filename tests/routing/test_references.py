"""Subsets that routes name: they do not go, and are there before.

gone      by a change, a delete, another host, an exact rule before a wildcard's
missing   what a route comes to name
order     first the subset, then the route; the reverse to take it away
"""

import copy

from routing import live, planner, rules
from tests.people import own
from tests.routing.stage import bookinfo, destination_rule, route, virtual_service
from tests.routing.test_objects import ROUTE, SUBSETS, gone, planned, put
from tests.routing.test_planner import codes, steps


def test_a_subset_that_a_route_names_cannot_go():
    cluster = bookinfo(ROUTE, SUBSETS)
    (problem,) = planned(cluster, put(destination_rule("reviews", ["v1"]))).errors
    assert problem.code == "SUBSET_IN_USE"
    assert problem.message == (
        "Subset v3 of reviews.bookinfo.svc.cluster.local cannot go: VirtualService bookinfo/reviews still "
        "names it."
    )
    assert codes(planned(cluster, gone(SUBSETS)), "error") == ["SUBSET_IN_USE", "SUBSET_IN_USE"]


def test_a_subset_that_a_tcp_route_names_cannot_go():
    tcp = virtual_service("db", [], hosts=["ratings"], tcp=[{"route": route(("v3", 100))}])
    plan = planned(bookinfo(tcp, SUBSETS), put(destination_rule("reviews", ["v1"])))
    assert codes(plan, "error") == ["SUBSET_IN_USE"]


def test_a_subset_cannot_go_to_another_host_under_the_same_name():
    moved = destination_rule("reviews", ["v1", "v2", "v3"], host="ratings")
    assert codes(planned(bookinfo(ROUTE, SUBSETS), put(moved)), "error") == ["SUBSET_IN_USE"] * 2


def test_a_rule_that_puts_a_wildcards_subsets_out_of_force_is_refused():
    every = destination_rule("every", ["v1", "v3"], host="*.bookinfo.svc.cluster.local")
    plan = planned(bookinfo(ROUTE, every), put(destination_rule("reviews", ["v1"])))
    assert [item.code for item in plan.errors] == ["SUBSET_IN_USE"]
    assert "Subset v3" in plan.errors[0].message


def test_a_route_to_a_subset_that_nobody_has_is_refused():
    (problem,) = planned(bookinfo(), put(ROUTE), put(destination_rule("reviews", ["v1"]))).errors
    assert problem.code == "SUBSET_MISSING"
    assert problem.message == (
        "VirtualService bookinfo/reviews sends requests to subset v3 of reviews.bookinfo.svc.cluster.local, "
        "which nobody has."
    )


def test_a_subset_that_was_missing_before_is_not_the_plans_fault():
    timed = copy.deepcopy(ROUTE)
    timed["spec"]["http"][0]["timeout"] = "3s"
    assert codes(planned(bookinfo(ROUTE), put(timed))) == []


def test_a_subset_of_the_routes_own_namespace_is_there():
    host = "reviews.bookinfo.svc.cluster.local"
    theirs = destination_rule("mine", ["v1"], "shop", host)
    route_there = virtual_service("mine", [{"route": route(("v1", 100), host=host)}], "shop", [host])
    wanted = rules.parse([put(route_there)])
    state = live.read(own(bookinfo(theirs)), {"bookinfo", "shop"}, rules.kinds_read(wanted))
    assert planner.plan(wanted, state).errors == ()


def test_a_subset_that_another_rule_of_the_host_has_can_go():
    second = destination_rule("reviews-more", ["v1", "v3"], host="reviews")
    assert codes(planned(bookinfo(ROUTE, SUBSETS, second), gone(SUBSETS)), "error") == []


def test_the_route_leaves_the_subset_before_it_goes():
    plan = planned(
        bookinfo(ROUTE, SUBSETS),
        put(virtual_service("reviews", [{"route": route(("v1", 100))}])),
        put(destination_rule("reviews", ["v1", "v2"])),
    )
    assert (codes(plan, "error"), steps(plan)) == (
        [],
        [("update", "VirtualService"), ("update", "DestinationRule")],
    )
    assert planner.settles_between(*plan.operations)


def test_a_subset_is_there_before_the_route_names_it():
    plan = planned(bookinfo(), put(ROUTE), put(SUBSETS))
    assert steps(plan) == [("create", "DestinationRule"), ("create", "VirtualService")]


def test_subsets_that_change_places_become_two_writes_around_the_route():
    first = virtual_service("reviews", [{"route": route(("v1", 100))}])
    plan = planned(
        bookinfo(first, destination_rule("reviews", ["v1"])),
        put(virtual_service("reviews", [{"route": route(("v3", 100))}])),
        put(destination_rule("reviews", ["v3"])),
    )  # fmt: skip
    assert (codes(plan), [kind for _, kind in steps(plan)]) == (
        [],
        ["DestinationRule", "VirtualService", "DestinationRule"],
    )
