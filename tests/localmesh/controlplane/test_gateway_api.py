"""What real Envoys do with routes of the Gateway API, in the mesh and at the gateway."""

import pytest

from localmesh.apiserver import kinds
from tests.localmesh.xds.objects import backend, edge, grpc_route, http_route, k8s_gateway, listener

pytestmark = [pytest.mark.mesh, pytest.mark.asyncio(loop_scope="module")]


def at(path, to="ratings", kind="PathPrefix", **rule):
    return {"matches": [{"path": {"type": kind, "value": path}}], "backendRefs": [backend(to)], **rule}


async def test_a_prefix_ends_with_a_segment(bed):
    await bed.apply(http_route(at("/a"), at("/", "reviews")))
    assert (await bed.call("/a")).who == (await bed.call("/a/b?c")).who == "ratings-v1"
    assert (await bed.call("/ab")).who.startswith("reviews")


async def test_the_more_specific_rule_wins_wherever_it_stands(bed):
    away = {"filters": [{"type": "RequestRedirect", "requestRedirect": {"scheme": "https"}}]}
    await bed.apply(http_route(at("/", "reviews"), at("/a", "reviews", **away), at("/a/b", kind="Exact")))
    assert (await bed.call("/a/b")).who == "ratings-v1"
    assert (await bed.call("/a/c")).status == 302
    assert (await bed.call("/x")).who.startswith("reviews")


async def test_an_invalid_backend_costs_its_share(bed):
    rule = {
        "backendRefs": [
            backend("ratings", 1),
            backend("nobody", 1),
            {"name": "x", "kind": "Bucket", "weight": 1},
        ]
    }
    await bed.apply(http_route(rule))
    statuses = [(await bed.call()).status for _ in range(90)]
    assert set(statuses) == {200, 500}
    assert 40 < statuses.count(500) < 80


async def test_what_filters_do(bed):
    headers = {"set": [{"name": "x-set", "value": "1"}], "remove": ["x-gone"]}
    rule = at(
        "/old/path",
        filters=[
            {"type": "RequestHeaderModifier", "requestHeaderModifier": headers},
            {
                "type": "ResponseHeaderModifier",
                "responseHeaderModifier": {"add": [{"name": "x-back", "value": "2"}]},
            },
            {
                "type": "URLRewrite",
                "urlRewrite": {
                    "hostname": "inner",
                    "path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/"},
                },
            },
            {"type": "RequestMirror", "requestMirror": {"backendRef": backend("reviews")}},
        ],
    )
    await bed.apply(http_route(rule))
    answer = await bed.call("/old/path/x", headers={"x-gone": "1"})
    assert (answer.json["path"], answer.json["host"]) == ("/x", "inner")
    assert answer.headers["x-back"] == "2"
    (request,) = bed.backends["ratings-v1"].requests
    assert (request.headers["x-set"], "x-gone" in request.headers) == ("1", False)
    assert (await bed.call("/old/path")).json["path"] == "/"


async def test_a_redirect_keeps_port_and_path(bed):
    redirect = {"hostname": "x.example", "path": {"type": "ReplacePrefixMatch", "replacePrefixMatch": "/new"}}
    await bed.apply(
        http_route(at("/old", filters=[{"type": "RequestRedirect", "requestRedirect": redirect}]))
    )
    answer = await bed.call("/old/1?q=2")
    assert (answer.status, answer.headers["location"]) == (302, "http://x.example:9080/new/1?q=2")


async def test_a_timeout_and_retries(bed):
    await bed.apply(http_route(at("/", timeouts={"request": "1s"}, retry={"attempts": 2, "codes": [503]})))
    bed.backends["ratings-v1"].statuses = [503, 503]
    assert (await bed.call()).status == 200
    bed.backends["ratings-v1"].delay = 3.0
    assert (await bed.call()).status == 504


async def test_a_grpc_route_finds_a_method(bed):
    rule = {
        "matches": [{"method": {"service": "book.Shop", "method": "Buy"}}],
        "backendRefs": [backend("ratings")],
    }
    await bed.apply(grpc_route(rule))
    assert (await bed.call("/book.Shop/Buy")).who == "ratings-v1"
    assert (await bed.call("/book.Shop/Sell")).status == 404


async def test_a_route_lets_requests_in_at_the_gateway(bed):
    route = http_route(at("/ratings"), parents=[edge()], hostnames=["bookinfo.example.com"])
    await bed.apply(k8s_gateway(listener()), route)
    assert (await bed.enter("/ratings/1")).who == "ratings-v1"
    assert (await bed.enter("/ratings/1", host="other.example")).status == 404
    assert (await bed.enter("/admin")).status == 404


async def test_what_became_of_a_route_is_in_its_status_for_each_parent(bed):
    rule = {"backendRefs": [backend("nobody")]}
    await bed.apply(http_route(rule, parents=["reviews", edge()]))
    parents = bed.store.get(kinds.HTTP_ROUTES, "bookinfo", "route")["status"]["parents"]
    found = [
        {each["type"]: (each["status"], each["reason"]) for each in parent["conditions"]}
        for parent in parents
    ]
    broken = ("False", "BackendNotFound")
    assert found == [
        {"Programmed": ("False", "NotProgrammed"), "Accepted": ("True", "Accepted"), "ResolvedRefs": broken},
        {
            "Programmed": ("False", "NotProgrammed"),
            "Accepted": ("False", "NoMatchingParent"),
            "ResolvedRefs": broken,
        },
    ]


async def test_what_became_of_a_gateway_is_in_its_status_for_each_listener(bed):
    secure = listener("secure", 443, "HTTPS", tls={"certificateRefs": [{"name": "none"}]})
    route = http_route(at("/"), parents=[edge(sectionName="web")])
    await bed.apply(k8s_gateway(listener(), secure, listener("odd", 81, "TCP")), route)
    status = bed.store.get(kinds.K8S_GATEWAYS, "bookinfo", "edge")["status"]
    said = {each["type"]: (each["status"], each["reason"]) for each in status["conditions"]}
    assert said == {"Programmed": ("False", "NotProgrammed"), "Accepted": ("True", "Accepted")}
    found = {
        each["name"]: (
            each["attachedRoutes"],
            {one["type"]: one["reason"] for one in each["conditions"] if one["status"] == "False"},
        )
        for each in status["listeners"]
    }
    assert found == {
        "web": (1, {}),
        "secure": (0, {"Programmed": "NotProgrammed", "ResolvedRefs": "InvalidCertificateRef"}),
        "odd": (0, {"Programmed": "NotProgrammed", "Accepted": "UnsupportedProtocol"}),
    }
    revision = bed.store.revision
    bed.settle()
    assert bed.store.revision == revision
