"""HTTPRoute, field by field."""

import pytest

from localmesh import xds
from tests.localmesh.xds.objects import REVIEWS, destination_rule, mesh, routes, to, virtual_service

V = [f"outbound|9080|v{n}|{REVIEWS}" for n in range(4)]
FAULT = "envoy.filters.http.fault"


def route(**fields):
    """The one route of a rule with these fields beside its destination."""
    (found,) = routes({"route": [to(subset="v1")], **fields})
    return found


def forward(**fields):
    return route(**fields)["route"]


def complaint(**fields):
    """What the report says of such a route; the rule then has no usable route left."""
    rule = virtual_service({"route": [to()], **fields})
    (problem,) = xds.report(mesh(rule), rule)
    return problem.path, problem.reason


def test_one_destination_gets_everything_whatever_its_weight():
    assert forward(route=[to(subset="v1", weight=3)])["cluster"] == V[1]


def test_weights_are_relative_and_zero_gets_nothing():
    action = forward(
        route=[to(subset="v1", weight=80), to(subset="v2", weight=0), to(subset="v3", weight=20)]
    )
    members = action["weighted_clusters"]["clusters"]
    assert members == [{"name": V[1], "weight": 80}, {"name": V[3], "weight": 20}]


def test_weights_that_are_all_zero_are_refused_at_their_field():
    path, reason = complaint(route=[to(subset="v1", weight=0), to(subset="v2", weight=0)])
    assert path == "spec.http[0].route"
    assert "somebody has to get the requests" in reason


def test_a_destination_may_name_a_port_and_another_service():
    assert (
        forward(route=[to("ratings", port=9080)])["cluster"]
        == "outbound|9080||ratings.bookinfo.svc.cluster.local"
    )
    assert forward(route=[to("nobody", port=1)])["cluster"] == "outbound|1||nobody.bookinfo.svc.cluster.local"


@pytest.mark.parametrize(
    ("fault", "envoy"),
    [
        (
            {"delay": {"fixedDelay": "7s", "percentage": {"value": 100}}},
            {
                "delay": {
                    "fixed_delay": "7s",
                    "percentage": {"numerator": 1_000_000, "denominator": "MILLION"},
                }
            },
        ),
        (
            {"delay": {"fixedDelay": "1.5s", "percentage": {"value": 0.1}}},
            {"delay": {"fixed_delay": "1.5s", "percentage": {"numerator": 1_000, "denominator": "MILLION"}}},
        ),
        (
            {"delay": {"fixedDelay": "1m30s", "percent": 5}},
            {"delay": {"fixed_delay": "90s", "percentage": {"numerator": 50_000, "denominator": "MILLION"}}},
        ),
        (
            {"abort": {"httpStatus": 503, "percentage": {"value": 50}}},
            {"abort": {"http_status": 503, "percentage": {"numerator": 500_000, "denominator": "MILLION"}}},
        ),
        (
            {"abort": {"grpcStatus": "UNAVAILABLE", "percentage": {"value": 50}}},
            {"abort": {"grpc_status": 14, "percentage": {"numerator": 500_000, "denominator": "MILLION"}}},
        ),
        (
            {"abort": {"httpStatus": 503}},
            {"abort": {"http_status": 503, "percentage": {"numerator": 0, "denominator": "MILLION"}}},
        ),
    ],
    ids=["all", "a thousandth", "the older field", "abort", "grpc", "no percentage hits nobody"],
)
def test_a_fault_becomes_envoys(fault, envoy):
    found = dict(route(fault=fault)["typed_per_filter_config"][FAULT])
    found.pop("@type")
    assert found == envoy


@pytest.mark.parametrize(
    ("fields", "path"),
    [
        ({"fault": {"delay": {"fixedDelay": "0s"}}}, "spec.http[0].fault.delay.fixedDelay"),
        ({"fault": {"delay": {"fixedDelay": "5 parsecs"}}}, "spec.http[0].fault.delay.fixedDelay"),
        ({"fault": {"delay": {"exponentialDelay": "1s"}}}, "spec.http[0].fault.delay"),
        (
            {"fault": {"delay": {"fixedDelay": "1s", "percentage": {"value": 101}}}},
            "spec.http[0].fault.delay.percentage",
        ),
        ({"fault": {"abort": {"httpStatus": 600}}}, "spec.http[0].fault.abort.httpStatus"),
        ({"fault": {"abort": {"grpcStatus": "SORRY"}}}, "spec.http[0].fault.abort.grpcStatus"),
        ({"timeout": "soon"}, "spec.http[0].timeout"),
        ({"retries": {"attempts": -1}}, "spec.http[0].retries.attempts"),
        ({"retries": {"attempts": 1, "retryOn": "tuesday"}}, "spec.http[0].retries.retryOn"),
        ({"match": [{"uri": {"regex": "(("}}]}, "spec.http[0].match[0].uri.regex"),
        ({"match": [{"headers": {"@request.auth.claims.a": {}}}]}, "spec.http[0].match[0].headers[@request"),
        ({"match": [{"headers": {"a b": {"exact": "b"}}}]}, "spec.http[0].match[0].headers[a b]"),
        ({"mirror": {"host": "ratings"}, "mirrorPercentage": {"value": -1}}, "spec.http[0].mirrorPercentage"),
        ({"redirect": {"redirectCode": 200}}, "spec.http[0].redirect.redirectCode"),
        ({"directResponse": {"status": 99}}, "spec.http[0].directResponse.status"),
        ({"directResponse": {"status": 200, "body": {"bytes": "ä"}}}, "spec.http[0].directResponse.body"),
        ({"rewrite": {"uriRegexRewrite": {"match": "a", "rewrite": "\\1"}}}, "spec.http[0].rewrite.uriRegex"),
        ({"headers": {"request": {"set": {"x": "100%"}}}}, "spec.http[0].headers.request.set[x]"),
        ({"headers": {"request": {"set": {":path": "/"}}}}, "spec.http[0].headers.request.set[:path]"),
        ({"route": []}, "spec.http[0]"),
        ({"route": [to("")]}, "spec.http[0].route[0].destination.host"),
    ],
)  # fmt: skip
def test_what_envoy_would_refuse_is_reported_at_its_field(fields, path):
    rule = virtual_service({"route": [to()], **fields})
    assert [problem.path for problem in xds.report(mesh(rule), rule) if problem.path.startswith(path)]


def test_a_route_that_cannot_be_used_leaves_the_others_standing():
    bad = {"match": [{"uri": {"regex": "(("}}], "route": [to(subset="v2")]}
    (found,) = routes(bad, {"name": "good", "route": [to(subset="v1")]})
    assert found["name"] == "good"


def test_without_a_timeout_nothing_ends_a_request():
    assert forward()["timeout"] == "0s"
    assert forward(timeout="500ms")["timeout"] == "0.5s"


def test_istios_retries_are_there_unless_switched_off():
    policy = forward()["retry_policy"]
    assert policy["num_retries"] == 2
    assert policy["retry_on"].startswith("connect-failure,refused-stream,unavailable,cancelled")
    assert "retry_policy" not in forward(retries={"attempts": 0})


def test_retries_say_how_often_how_long_and_on_what():
    policy = forward(
        retries={"attempts": 3, "perTryTimeout": "250ms", "retryOn": "5xx, 429", "backoff": "10ms"}
    )["retry_policy"]
    assert policy["num_retries"] == 3
    assert policy["per_try_timeout"] == "0.25s"
    assert policy["retry_on"] == "5xx,retriable-status-codes"
    assert policy["retriable_status_codes"] == [429]
    assert policy["retry_back_off"] == {"base_interval": "0.01s"}


def test_a_consistent_hash_is_not_given_up_by_a_retry():
    hashed = destination_rule(trafficPolicy={"loadBalancer": {"consistentHash": {"httpHeaderName": "user"}}})
    (found,) = routes({"route": [to()]}, rules=[hashed])
    assert found["route"]["hash_policy"] == [{"header": {"header_name": "user"}}]
    assert "retry_host_predicate" not in found["route"]["retry_policy"]


@pytest.mark.parametrize(
    ("fields", "shares"),
    [
        ({"mirror": {"host": "reviews", "subset": "v2"}}, [(V[2], 1_000_000)]),
        (
            {"mirror": {"host": "reviews", "subset": "v2"}, "mirrorPercentage": {"value": 10}},
            [(V[2], 100_000)],
        ),
        ({"mirror": {"host": "reviews", "subset": "v2"}, "mirrorPercentage": {"value": 0}}, []),
        ({"mirror": {"host": "reviews", "subset": "v2"}, "mirrorPercent": 5}, [(V[2], 50_000)]),
        (
            {
                "mirrors": [
                    {"destination": {"host": "reviews", "subset": "v2"}},
                    {"destination": {"host": "reviews", "subset": "v3"}, "percentage": {"value": 50}},
                ]
            },
            [(V[2], 1_000_000), (V[3], 500_000)],
        ),
    ],
)
def test_a_share_of_requests_is_mirrored(fields, shares):
    policies = forward(**fields).get("request_mirror_policies", [])
    found = [(each["cluster"], each["runtime_fraction"]["default_value"]["numerator"]) for each in policies]
    assert found == shares


@pytest.mark.parametrize(
    ("rewrite", "envoy"),
    [
        ({"uri": "/v2"}, {"prefix_rewrite": "/v2"}),
        ({"authority": "x.example"}, {"host_rewrite_literal": "x.example"}),
        (
            {"uriRegexRewrite": {"match": "^/a/(.*)$", "rewrite": "/b/\\1"}},
            {"regex_rewrite": {"pattern": {"regex": "^/a/(.*)$"}, "substitution": "/b/\\1"}},
        ),
    ],
)
def test_a_rewrite_becomes_envoys(rewrite, envoy):
    assert envoy.items() <= forward(rewrite=rewrite).items()


@pytest.mark.parametrize(
    ("redirect", "envoy"),
    [
        ({"uri": "/new"}, {"response_code": "MOVED_PERMANENTLY", "path_redirect": "/new"}),
        ({"uri": "%PREFIX()%/new"}, {"response_code": "MOVED_PERMANENTLY", "prefix_rewrite": "/new"}),
        ({"authority": "a", "redirectCode": 302}, {"response_code": "FOUND", "host_redirect": "a"}),
        (
            {"scheme": "https", "port": 8443, "redirectCode": 308},
            {"response_code": "PERMANENT_REDIRECT", "scheme_redirect": "https", "port_redirect": 8443},
        ),
        (
            {"scheme": "https", "port": 443},
            {"response_code": "MOVED_PERMANENTLY", "scheme_redirect": "https"},
        ),
        ({"derivePort": "FROM_REQUEST_PORT"}, {"response_code": "MOVED_PERMANENTLY", "port_redirect": 9080}),
    ],
)
def test_a_redirect_becomes_envoys(redirect, envoy):
    (found,) = routes({"redirect": redirect})
    assert found["redirect"] == envoy
    assert "route" not in found


def test_a_direct_response_carries_its_body():
    (found,) = routes({"directResponse": {"status": 503, "body": {"string": "closed"}}})
    assert found["direct_response"] == {"status": 503, "body": {"inline_string": "closed"}}


def test_headers_are_set_added_and_removed_on_the_route():
    operations = {
        "request": {"set": {"a": "1"}, "add": {"b": "2"}, "remove": ["c", ":path"]},
        "response": {"set": {"d": "3"}},
    }
    found = route(headers=operations)
    assert found["request_headers_to_add"] == [
        {"header": {"key": "a", "value": "1"}, "append_action": "OVERWRITE_IF_EXISTS_OR_ADD"},
        {"header": {"key": "b", "value": "2"}, "append_action": "APPEND_IF_EXISTS_OR_ADD"},
    ]
    assert found["request_headers_to_remove"] == ["c"]
    assert [each["header"]["key"] for each in found["response_headers_to_add"]] == ["d"]


def test_headers_of_a_destination_are_changed_for_its_share_only():
    with_header = {**to(subset="v1", weight=1), "headers": {"request": {"set": {"x": "v1"}}}}
    one, other = forward(route=[with_header, to(subset="v2", weight=1)])["weighted_clusters"]["clusters"]
    assert one["request_headers_to_add"][0]["header"] == {"key": "x", "value": "v1"}
    assert "request_headers_to_add" not in other


def test_the_only_destination_has_the_last_word_on_headers():
    theirs = {**to(subset="v1"), "headers": {"request": {"set": {"x": "theirs"}, "remove": ["b"]}}}
    found = route(route=[theirs], headers={"request": {"set": {"x": "own"}, "remove": ["a"]}})
    assert [each["header"]["value"] for each in found["request_headers_to_add"]] == ["own", "theirs"]
    assert found["request_headers_to_remove"] == ["a", "b"]
    assert "weighted_clusters" not in found["route"]


def test_setting_the_host_header_rewrites_the_host():
    found = route(headers={"request": {"set": {"Host": "x.example"}}})
    assert found["route"]["host_rewrite_literal"] == "x.example"
    assert "request_headers_to_add" not in found
