"""HTTPRoutes and GRPCRoutes of a Service: whose requests they route, in which order, and what they do."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from localmesh import xds
from localmesh.xds import routeconversion
from tests.localmesh.xds.objects import (
    PODS,
    RATINGS,
    REVIEWS,
    backend,
    cluster,
    destination_rule,
    grpc_route,
    http_route,
    mesh,
    outbound,
    pod,
    service,
    service_entry,
    to,
    virtual_service,
)  # fmt: skip

CURL = pod("curl", "127.9.1.7", namespace="shop", app="curl")
RATINGS_CLUSTER, REVIEWS_CLUSTER = f"outbound|9080||{RATINGS}", f"outbound|9080||{REVIEWS}"


def at(*matches, to="ratings", **rule):
    return {**({"matches": list(matches)} if matches else {}), "backendRefs": [backend(to)], **rule}


def path(value, kind="PathPrefix"):
    return {"path": {"type": kind, "value": value}}


def only(*rules, **how):
    (found,) = outbound(mesh(http_route(*rules, **how)))
    return found


def named(*objects, start="productpage", **how):
    return [each["name"] for each in outbound(mesh(*objects, **how), start=start)]


def problems(route, *others, **how):
    return [(each.path, each.code) for each in xds.report(mesh(route, *others, **how), route)]


def test_a_route_of_a_service_holds_in_the_mesh():
    found = only(at())
    assert found["name"] == "bookinfo.route.0"
    assert found["route"]["cluster"] == RATINGS_CLUSTER
    assert found["route"]["cluster_not_found_response_code"] == "INTERNAL_SERVER_ERROR"
    assert problems(http_route(at())) == []


@pytest.mark.parametrize(
    ("given", "match"),
    [
        (path("/a"), {"path_separated_prefix": "/a"}),
        (path("/a/"), {"path_separated_prefix": "/a"}),
        (path("/"), {"prefix": "/"}),
        (path("/a", "Exact"), {"path": "/a"}),
        (path("/a\\d", "RegularExpression"), {"safe_regex": {"regex": "/a\\d"}}),
        (
            {"method": "PUT"},
            {"prefix": "/", "headers": [{"name": ":method", "string_match": {"exact": "PUT"}}]},
        ),
        (
            {"headers": [{"name": "X", "value": "1"}, {"name": "x", "value": "2"}]},
            {"prefix": "/", "headers": [{"name": "x", "string_match": {"exact": "1"}}]},
        ),
        (
            {"queryParams": [{"name": "q", "type": "RegularExpression", "value": "a+"}]},
            {
                "prefix": "/",
                "query_parameters": [{"name": "q", "string_match": {"safe_regex": {"regex": "a+"}}}],
            },
        ),
    ],
)  # fmt: skip
def test_a_match_becomes_envoys(given, match):
    assert only(at(given))["match"] == match


def test_each_match_is_a_route_of_its_own_and_the_more_specific_comes_first():
    found = outbound(mesh(http_route(at(path("/"), path("/a/b"), path("/x", "Exact")), at(path("/a")))))
    assert [next(iter(each["match"].values())) for each in found] == ["/x", "/a/b", "/a", "/"]


def test_of_equal_paths_a_method_then_headers_then_parameters_decide():
    header, parameter = {"name": "h", "value": "1"}, {"name": "q", "value": "1"}
    rules = [
        at(path("/a"), name="plain"), at({**path("/a"), "queryParams": [parameter]}, name="parameter"),
        at({**path("/a"), "headers": [header]}, name="header"),
        at({**path("/a"), "method": "GET"}, name="method"),
    ]  # fmt: skip
    assert named(http_route(*rules)) == ["method", "header", "parameter", "plain"]


def test_routes_of_several_objects_stand_together_the_older_first_among_equals():
    young, old = (
        http_route(at(path("/a")), name="young"),
        http_route(at(path("/a")), name="old", created="2020"),
    )
    longer = http_route(at(path("/a/b")), name="longer")
    assert named(young, old, longer) == ["bookinfo.longer.0", "bookinfo.old.0", "bookinfo.young.0"]


paths = st.builds(
    path, st.sampled_from(["/", "/a", "/a/b", "/a/b/c"]), st.sampled_from(["PathPrefix", "Exact"])
)


@given(st.lists(paths, min_size=1, max_size=6))
def test_the_order_is_a_matter_of_the_routes_alone(matches):
    def order(given):
        made = routeconversion.converted(
            "HTTPRoute", "n", {"rules": [{"matches": given}]}, lambda *_: ("", None)
        )
        return [each["match"][0]["uri"] for each in routeconversion.in_order([spec for _, spec in made.http])]

    assert order(matches) == order(matches[::-1])


def test_a_consumers_route_holds_in_its_own_namespace_only_and_overrules_the_producers():
    producer = http_route(at(), name="producer")
    consumer = http_route(
        {"backendRefs": [backend("reviews", namespace="bookinfo")]}, name="consumer", namespace="shop",
        parents=[{"group": "", "kind": "Service", "name": "reviews", "namespace": "bookinfo"}],
    )  # fmt: skip
    assert named(producer, consumer, pods=[*PODS, CURL]) == ["bookinfo.producer.0"]
    assert named(producer, consumer, pods=[*PODS, CURL], start="curl") == ["shop.consumer.0"]


def test_of_a_route_and_a_virtual_service_the_older_is_in_force_and_the_other_says_so():
    route = http_route(at(), created="2026-01-02T00:00:00Z")
    rule = virtual_service({"name": "vs", "route": [to()]}, created="2026-01-01T00:00:00Z")
    assert named(route, rule, pods=[*PODS, CURL], start="curl") == ["vs"]
    other = http_route(at(), created="2025-01-01T00:00:00Z")
    assert named(other, rule, pods=[*PODS, CURL], start="curl") == ["bookinfo.route.0"]
    (problem,) = xds.report(mesh(other, rule), rule)
    assert (problem.conflict, "HTTPRoute bookinfo/route" in problem.reason) == (True, True)


def test_in_its_own_namespace_a_route_comes_before_any_virtual_service():
    route = http_route(at(), created="2026-01-02T00:00:00Z")
    rule = virtual_service({"name": "vs", "route": [to()]}, created="2026-01-01T00:00:00Z")
    assert named(route, rule) == ["bookinfo.route.0"]


def test_a_port_of_the_service_can_be_meant():
    services = [
        service("reviews", {"port": 80, "name": "http-a"}, {"port": 9080, "name": "http-b"}),
        service("ratings"),
    ]
    parent = {"group": "", "kind": "Service", "name": "reviews", "port": 80}
    made = mesh(http_route(at(), parents=[parent]), services=services)
    assert [each["name"] for each in outbound(made, f"{REVIEWS}:80")] == ["bookinfo.route.0"]
    assert [each["name"] for each in outbound(made, f"{REVIEWS}:9080")] == ["default"]


def test_weights_and_what_happens_to_invalid_backends():
    rule = {
        "backendRefs": [
            backend("reviews", 3),
            backend("nobody", 1),
            {"name": "x", "kind": "Bucket", "weight": 2},
        ]
    }
    clusters = only(rule)["route"]["weighted_clusters"]["clusters"]
    assert [(each["name"], each["weight"]) for each in clusters] == [
        (REVIEWS_CLUSTER, 3), ("outbound|9080||nobody.bookinfo.svc.cluster.local", 1), ("UnknownService", 2),
    ]  # fmt: skip
    assert problems(http_route(rule)) == [
        ("spec.rules[0].backendRefs[1]", "BackendNotFound"), ("spec.rules[0].backendRefs[2]", "InvalidKind"),
    ]  # fmt: skip


@pytest.mark.parametrize("refs", [[], [backend(weight=0)]])
def test_nobody_to_send_to_is_500(refs):
    assert only({"backendRefs": refs})["direct_response"] == {"status": 500}


def test_a_backend_has_its_traffic_policy():
    balanced = destination_rule(
        "ratings", trafficPolicy={"loadBalancer": {"consistentHash": {"useSourceIp": True}}}
    )
    (found,) = outbound(mesh(http_route(at()), balanced))
    assert found["route"]["hash_policy"] == [{"connection_properties": {"source_ip": True}}]


def modifier(side):
    return {
        "type": f"{side.capitalize()}HeaderModifier",
        f"{side}HeaderModifier": {
            "set": [{"name": "s", "value": "1"}], "add": [{"name": "a", "value": "2"}], "remove": ["r"],
        },
    }  # fmt: skip


@pytest.mark.parametrize("side", ["request", "response"])
def test_headers_are_changed_for_a_rule_and_for_a_backend(side):
    found = only(at(filters=[modifier(side)]))
    assert [each["header"]["key"] for each in found[f"{side}_headers_to_add"]] == ["s", "a"]
    assert found[f"{side}_headers_to_remove"] == ["r"]
    found = only({"backendRefs": [backend(filters=[modifier(side)])]})
    assert found[f"{side}_headers_to_remove"] == ["r"]


def redirect(**spec):
    return only(at(path("/a"), filters=[{"type": "RequestRedirect", "requestRedirect": spec}]))["redirect"]


@pytest.mark.parametrize(
    ("spec", "envoy"),
    [
        ({}, {"response_code": "FOUND", "port_redirect": 9080}),
        (
            {"scheme": "https", "hostname": "x", "statusCode": 301},
            {"response_code": "MOVED_PERMANENTLY", "scheme_redirect": "https", "host_redirect": "x"},
        ),
        ({"port": 8443}, {"response_code": "FOUND", "port_redirect": 8443}),
        (
            {"port": 80, "path": {"type": "ReplaceFullPath", "replaceFullPath": "/z"}},
            {"response_code": "FOUND", "path_redirect": "/z"},
        ),
        (
            {"port": 80, "path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/z"}},
            {"response_code": "FOUND", "prefix_rewrite": "/z"},
        ),
    ],
)
def test_a_redirect_keeps_what_it_does_not_name(spec, envoy):
    assert redirect(**spec) == envoy


def rewrite(**spec):
    return only(at(path("/a.b"), filters=[{"type": "URLRewrite", "urlRewrite": spec}]))["route"]


def test_rewrites():
    assert rewrite(hostname="x")["host_rewrite_literal"] == "x"
    assert rewrite(path={"type": "ReplacePrefixMatch", "replacePrefixMatch": "/z/"})["prefix_rewrite"] == "/z"
    whole = rewrite(path={"type": "ReplaceFullPath", "replaceFullPath": "/z"})["regex_rewrite"]
    assert (whole["pattern"]["regex"], whole["substitution"]) == ("/.*", "/z")
    away = rewrite(path={"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"})["regex_rewrite"]
    assert (away["pattern"]["regex"], away["substitution"]) == (r"^/a\.b(/?)(.*)", r"/\2")


@pytest.mark.parametrize(
    ("share", "millionths"),
    [({}, 1_000_000), ({"percent": 5}, 50_000), ({"fraction": {"numerator": 1, "denominator": 8}}, 125_000)],
)
def test_a_share_is_mirrored(share, millionths):
    mirror = {"type": "RequestMirror", "requestMirror": {"backendRef": backend("ratings"), **share}}
    (found,) = only(at(to="reviews", filters=[mirror]))["route"]["request_mirror_policies"]
    assert found["cluster"] == RATINGS_CLUSTER
    assert found["runtime_fraction"]["default_value"]["numerator"] == millionths


@pytest.mark.parametrize(
    ("rule", "timeout", "per_try"),
    [
        ({}, "0s", None),
        ({"timeouts": {"request": "3s"}}, "3s", None),
        ({"timeouts": {"request": "3s", "backendRequest": "1s"}}, "1s", None),
        ({"timeouts": {"request": "0s"}}, "0s", None),
        ({"timeouts": {"request": "3s", "backendRequest": "1s"}, "retry": {"attempts": 5}}, "3s", "1s"),
    ],
)
def test_timeouts(rule, timeout, per_try):
    route = only(at(**rule))["route"]
    assert route["timeout"] == timeout
    assert route["retry_policy"].get("per_try_timeout") == per_try


def test_retries():
    policy = only(at(retry={"attempts": 5, "codes": [500, 503], "backoff": "10ms"}))["route"]["retry_policy"]
    assert policy["num_retries"] == 5
    assert policy["retriable_status_codes"] == [500, 503]
    assert policy["retry_back_off"] == {"base_interval": "0.01s"}
    assert "retry_policy" not in only(at(retry={"attempts": 0}))["route"]


def test_a_filter_that_is_not_known_costs_the_whole_route():
    extension = {"type": "ExtensionRef", "extensionRef": {"group": "x", "kind": "y", "name": "z"}}
    route = http_route(at(), at(filters=[extension]))
    assert named(route) == ["default"]
    assert ("spec.rules[1].filters[0]", "UnsupportedValue") in problems(route)


def test_a_value_that_envoy_would_not_take_costs_its_rule():
    route = http_route(at(path("((", "RegularExpression")), at())
    assert named(route) == ["bookinfo.route.1"]
    assert problems(route) == [("spec.rules[0]", "")]


@pytest.mark.parametrize(
    ("parent", "code"),
    [
        ({"group": "", "kind": "Service", "name": "nobody"}, "NoMatchingParent"),
        ({"group": "", "kind": "Service", "name": "reviews", "port": 1}, "NoMatchingParent"),
        ({"name": "nowhere"}, "NoMatchingParent"),
        ({"group": "x", "kind": "Bucket", "name": "b"}, "InvalidKind"),
    ],
)
def test_a_parent_that_does_not_take_the_route(parent, code):
    route = http_route(at(), parents=["ratings", parent])
    assert problems(route) == [("spec.parentRefs[1]", code)]


@pytest.mark.parametrize(
    ("method", "match"),
    [
        ({"service": "a.B", "method": "C"}, {"path": "/a.B/C"}),
        ({"service": "a.B"}, {"path_separated_prefix": "/a.B"}),
        ({"method": "C"}, {"safe_regex": {"regex": "/[^/]+/C"}}),
        ({"type": "RegularExpression", "service": "a.*"}, {"safe_regex": {"regex": "/a.*/[^/]+"}}),
    ],
)
def test_a_grpc_route_matches_service_and_method(method, match):
    (found,) = outbound(mesh(grpc_route(at({"method": method}))))
    assert found["match"] == match


def test_every_cluster_of_a_route_is_there():
    made = mesh(http_route(at()))
    assert cluster(made, RATINGS_CLUSTER)


def test_a_route_of_a_service_entry_holds_for_its_hosts():
    parent = {"group": "networking.istio.io", "kind": "ServiceEntry", "name": "entry"}
    route = http_route(at(), parents=[parent])
    made = mesh(route, service_entry("10.0.0.1"))
    assert [each["name"] for each in outbound(made, "ext.example:80")] == ["bookinfo.route.0"]
    assert problems(route) == [("spec.parentRefs[0]", "NoMatchingParent")]
