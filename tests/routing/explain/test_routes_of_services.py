"""HTTPRoutes and GRPCRoutes of a Service: whose are in force, which match is asked first, what they do."""

import pytest

from routing import explain
from tests.routing.explain.worlds import ask, reasons, shares, to, verdicts, world
from tests.routing.stage import WORKLOADS, destination_rule, service, virtual_service

V1, V2 = (service(f"reviews-{name}", app="reviews", version=name) for name in ("v1", "v2"))
SHOP = explain.Caller("shop", {"app": "cart"})


def backend(name, weight=None, port=9080, **fields):
    return {"name": name, "port": port, **({} if weight is None else {"weight": weight}), **fields}


def http_route(name, *rules, created=1, namespace="bookinfo", kind="HTTPRoute", **parent):
    return {
        "apiVersion": "gateway.networking.k8s.io/v1",
        "kind": kind,
        "metadata": {
            "name": name,
            "namespace": namespace,
            "creationTimestamp": f"2026-01-{created:02}T00:00:00Z",
        },
        "spec": {
            "parentRefs": [
                {"group": "", "kind": "Service", "name": "reviews", "namespace": "bookinfo", **parent}
            ],
            "rules": list(rules),
        },
    }


def rule(*backends, matches=(), **more):
    return {"backendRefs": list(backends), **({"matches": list(matches)} if matches else {}), **more}


def old_virtual_service(subset="v1", created=1):
    made = virtual_service("old", [{"route": [to(subset)]}], hosts=["reviews.bookinfo.svc.cluster.local"])
    made["metadata"]["creationTimestamp"] = f"2026-01-{created:02}T00:00:00Z"
    return made


def routed(*manifests):
    return world(V1, V2, *manifests, destination_rule("reviews", ["v1", "v2", "v3"]), base=WORKLOADS)


def test_a_split_over_services_is_told_by_its_shares():
    found = ask(routed(http_route("split", rule(backend("reviews-v1", 80), backend("reviews-v2", 20)))))
    assert (found.outcome, found.resource) == ("forwarded", "HTTPRoute bookinfo/split")
    assert shares(found) == {"reviews-v1": 0.8, "reviews-v2": 0.2}
    assert found.destinations[0].versions == {"v1": 1}
    assert found.resource_reason == "has this service as parent: a route of the service's producer"
    assert (found.rules[0].path, found.rules[0].verdict) == ("spec.rules[0]", "taken")


def test_a_route_of_the_callers_own_namespace_comes_before_that_of_the_services():
    producer = http_route("theirs", rule(backend("reviews-v1")), created=1)
    consumer = http_route(
        "ours", rule(backend("reviews-v2", namespace="bookinfo")), created=2, namespace="shop"
    )
    both = routed(producer, consumer)
    found = ask(both, "reviews.bookinfo", caller=SHOP)
    assert found.resource == "HTTPRoute shop/ours"
    words = "HTTPRoute shop/ours, of the caller's own namespace, comes first, and only one counts"
    assert [(each.resource, each.reason) for each in found.rivals] == [("HTTPRoute bookinfo/theirs", words)]
    other = ask(both)
    assert other.resource == "HTTPRoute bookinfo/theirs"
    assert other.rivals[0].reason == "a consumer's route is for callers in its namespace shop, not bookinfo"


@pytest.mark.parametrize(
    ("created", "winner"), [(1, "VirtualService bookinfo/old"), (9, "HTTPRoute bookinfo/new")]
)
def test_against_a_virtual_service_the_older_counts_for_callers_elsewhere(created, winner):
    where = routed(
        http_route("new", rule(backend("reviews-v2")), created=5), old_virtual_service("v1", created)
    )
    assert ask(where, "reviews.bookinfo", caller=SHOP).resource == winner
    # The route's own namespace follows the route in any case.
    assert ask(where).resource == "HTTPRoute bookinfo/new"


def test_the_most_specific_match_is_asked_first_wherever_it_stands():
    where = routed(
        http_route(
            "all",
            rule(backend("reviews-v1"), matches=[{"path": {"type": "PathPrefix", "value": "/a"}}]),
            rule(backend("reviews-v2"), matches=[{"path": {"type": "Exact", "value": "/a"}}]),
        ),
        http_route("more", rule(backend("ratings"), matches=[{"method": "GET"}]), created=2),
    )
    found = ask(where, path="/a")
    assert shares(found) == {"reviews-v2": 1.0}
    assert found.resource == "HTTPRoute bookinfo/all, HTTPRoute bookinfo/more"
    assert [each.path for each in found.rules] == [
        "spec.rules[1].matches[0]", "spec.rules[0].matches[0]", "spec.rules[0].matches[0]",
    ]  # fmt: skip
    assert verdicts(found) == ["taken", "not_reached", "not_reached"]
    below = ask(where, path="/ab")
    assert shares(below) == {"ratings": 1.0}
    assert reasons(below)[1] == 'The path is "/ab"; the rule asks for "/a" or what is below it.'


def test_a_backend_that_does_not_exist_costs_its_share_500():
    found = ask(routed(http_route("split", rule(backend("reviews-v1", 3), backend("nobody", 1)))))
    assert shares(found) == {"reviews-v1": 0.75, "nobody": 0.25}
    assert [(each.status, each.flag, each.probability) for each in found.answers] == [(500, "NC", 0.25)]
    none = ask(routed(http_route("none", rule())))
    assert (none.outcome, none.answers[0].status) == ("answered", 500)


def test_filters_and_timeouts_are_told():
    filters = [
        {
            "type": "URLRewrite",
            "urlRewrite": {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"}},
        },
        {"type": "RequestMirror", "requestMirror": {"backendRef": backend("reviews-v2"), "percent": 10}},
        {"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": [{"name": "x-a", "value": "1"}]}},
    ]
    matches = [{"path": {"type": "PathPrefix", "value": "/a"}}]
    made = rule(backend("reviews-v1"), matches=matches, filters=filters, timeouts={"request": "2s"})
    found = ask(routed(http_route("one", made)), path="/a/b?c=1")
    assert found.destinations[0].sent.path == "/b?c=1"
    assert ("x-a", "1") in found.destinations[0].sent.headers
    assert found.policies.timeout_seconds == 2.0
    mirror = found.policies.mirrors[0]
    assert (mirror.host, mirror.probability) == ("reviews-v2.bookinfo.svc.cluster.local", 0.1)


def test_a_redirect_replaces_the_prefix_that_was_matched():
    redirect = {"path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/new"}, "statusCode": 301}
    made = {
        "matches": [{"path": {"type": "PathPrefix", "value": "/old"}}],
        "filters": [{"type": "RequestRedirect", "requestRedirect": redirect}],
    }
    found = ask(routed(http_route("moved", made)), path="/old/x?y=1")
    assert found.answers[0].status == 301
    assert found.answers[0].location.endswith("/new/x?y=1")


def test_a_route_with_a_filter_that_nobody_need_know_is_not_used_as_a_whole():
    odd = http_route(
        "odd", rule(backend("reviews-v1")), rule(backend("reviews-v2"), filters=[{"type": "ExtensionRef"}])
    )
    found = ask(routed(odd, old_virtual_service("v3", 20)))
    assert found.resource == "VirtualService bookinfo/old"
    assert found.rivals[0].reason == "none of its rules is for this caller"
    assert "ExtensionRef" in reasons(ask(routed(odd)))[0]


def test_a_route_for_one_port_leaves_the_others_alone():
    two = {**service("reviews"), "spec": {"selector": {"app": "reviews"}, "ports": [
        {"port": 9080, "name": "http"}, {"port": 8080, "name": "http-alt"},
    ]}}  # fmt: skip
    where = world(V1, two, http_route("one", rule(backend("reviews-v1")), port=8080))
    assert shares(ask(where, port=8080)) == {"reviews-v1": 1.0}
    assert shares(ask(where, port=9080)) == {"reviews": 1.0}


def test_a_grpc_route_is_asked_by_service_and_method():
    made = http_route(
        "calls",
        rule(backend("reviews-v1"), matches=[{"method": {"service": "shop.Cart", "method": "Add"}}]),
        rule(backend("reviews-v2"), matches=[{"method": {"service": "shop.Cart"}}]),
        kind="GRPCRoute",
    )
    assert shares(ask(routed(made), path="/shop.Cart/Add", method="POST")) == {"reviews-v1": 1.0}
    assert shares(ask(routed(made), path="/shop.Cart/Drop", method="POST")) == {"reviews-v2": 1.0}
    assert ask(routed(made), path="/shop.Other/Add", method="POST").outcome == "no_route"


@pytest.mark.parametrize(
    "spec", [None, [], {"parentRefs": 1}, {"rules": "x"}, {"parentRefs": [3], "rules": [4]}]
)
def test_what_is_no_route_is_no_route(spec):
    odd = {**http_route("odd"), "spec": spec}
    assert shares(ask(routed(odd))) == {"reviews": 1.0}


@pytest.mark.parametrize(
    "odd",
    [
        {"matches": "x"},
        {"matches": [3], "backendRefs": [4]},
        {"filters": [{"type": "URLRewrite", "urlRewrite": 3}], "backendRefs": {}},
        {"filters": [{"type": "RequestRedirect", "requestRedirect": {"statusCode": "x", "path": 3}}]},
        {"filters": [{"type": "RequestHeaderModifier", "requestHeaderModifier": {"set": 3, "remove": {}}}]},
        {"backendRefs": [{"name": 3, "port": "x", "weight": True}], "timeouts": {"request": 3}, "retry": 4},
        {"retry": {"attempts": "x", "codes": 3}, "timeouts": {"request": "soon", "backendRequest": []}},
    ],
)
def test_no_rule_of_whatever_shape_trips_the_explainer(odd):
    assert ask(routed(http_route("odd", odd))).resource in ("", "HTTPRoute bookinfo/odd")
