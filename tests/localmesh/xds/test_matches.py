"""HTTPMatchRequest, field by field.

| field | here |
|---|---|
| uri exact, prefix, regex; ignoreUriCase | one row each |
| headers, withoutHeaders, queryParams, method, authority, scheme | one row each |
| sourceLabels, sourceNamespace, gateways, port | decided for the proxy, further below |
"""

import pytest

from tests.localmesh.xds.objects import mesh, outbound, routes, service, to, virtual_service

ANY = {"prefix": "/"}


@pytest.mark.parametrize(
    ("match", "envoy"),
    [
        ({"uri": {"exact": "/a"}}, {"path": "/a"}),
        ({"uri": {"prefix": "/a"}}, {"prefix": "/a"}),
        ({"uri": {"prefix": "/a"}, "ignoreUriCase": True}, {"prefix": "/a", "case_sensitive": False}),
        ({"uri": {"regex": "/a/\\d+"}}, {"safe_regex": {"regex": "/a/\\d+"}}),
        ({}, ANY),
        (
            {"headers": {"end-user": {"exact": "jason"}}},
            {**ANY, "headers": [{"name": "end-user", "string_match": {"exact": "jason"}}]},
        ),
        (
            {"headers": {"cookie": {"regex": ".*beta.*"}, "a": {"prefix": "b"}}},
            {
                **ANY,
                "headers": [
                    {"name": "a", "string_match": {"prefix": "b"}},
                    {"name": "cookie", "string_match": {"safe_regex": {"regex": ".*beta.*"}}},
                ],
            },
        ),
        ({"headers": {"beta": {}}}, {**ANY, "headers": [{"name": "beta", "present_match": True}]}),
        (
            {"withoutHeaders": {"beta": {}}},
            {**ANY, "headers": [{"name": "beta", "present_match": True, "invert_match": True}]},
        ),
        (
            {"withoutHeaders": {"user": {"exact": "x"}}},
            {
                **ANY,
                "headers": [
                    {
                        "name": "user",
                        "string_match": {"exact": "x"},
                        "invert_match": True,
                        "treat_missing_header_as_empty": True,
                    }
                ],
            },
        ),
        (
            {"method": {"exact": "PUT"}},
            {**ANY, "headers": [{"name": ":method", "string_match": {"exact": "PUT"}}]},
        ),
        (
            {"authority": {"prefix": "rev"}},
            {**ANY, "headers": [{"name": ":authority", "string_match": {"prefix": "rev"}}]},
        ),
        (
            {"scheme": {"exact": "http"}},
            {**ANY, "headers": [{"name": ":scheme", "string_match": {"exact": "http"}}]},
        ),
        (
            {"queryParams": {"v": {"exact": "2"}, "debug": {}}},
            {
                **ANY,
                "query_parameters": [
                    {"name": "debug", "present_match": True},
                    {"name": "v", "string_match": {"exact": "2"}},
                ],
            },
        ),
    ],
)
def test_a_match_becomes_envoys(match, envoy):
    (route,) = routes({"match": [match], "route": [to()]})
    assert route["match"] == envoy


def test_conditions_of_one_match_hold_together_and_matches_are_alternatives():
    first = {"uri": {"prefix": "/a"}, "headers": {"x": {"exact": "1"}}}
    found = routes({"match": [first, {"uri": {"exact": "/b"}}], "route": [to()]})
    assert [sorted(route["match"]) for route in found] == [["headers", "prefix"], ["path"]]


def test_routes_keep_their_order():
    found = routes({"match": [{"uri": {"prefix": "/a"}}], "route": [to()]}, {"route": [to(subset="v1")]})
    assert [route["match"] for route in found] == [{"prefix": "/a"}, ANY]


@pytest.mark.parametrize(
    ("match", "applies"),
    [
        ({"sourceLabels": {"app": "productpage"}}, True),
        ({"sourceLabels": {"app": "productpage", "version": "v2"}}, False),
        ({"sourceNamespace": "bookinfo"}, True),
        ({"sourceNamespace": "shop"}, False),
        ({"gateways": ["mesh"]}, True),
        ({"gateways": ["bookinfo-gateway"]}, False),
        ({"port": 9080}, True),
        ({"port": 80}, False),
    ],
)
def test_whom_a_match_is_for_is_decided_for_each_proxy(match, applies):
    found = routes({"name": "ours", "match": [match], "route": [to(subset="v1")]})
    # Where no route of the rule is for this client, it has the default one, as in Istio.
    assert [route["name"] for route in found] == (["ours"] if applies else ["default"])


def test_a_match_on_the_port_is_for_that_port_of_the_service():
    ports = [{"port": 80, "name": "http"}, {"port": 8080, "name": "http-alt"}]
    rule = virtual_service({"name": "ours", "match": [{"port": 8080}], "route": [to(port=80)]})
    made = mesh(rule, services=[service("reviews", *ports)])
    host = "reviews.bookinfo.svc.cluster.local"
    assert [each["name"] for each in outbound(made, f"{host}:8080")] == ["ours"]
    assert [each["name"] for each in outbound(made, f"{host}:80")] == ["default"]
