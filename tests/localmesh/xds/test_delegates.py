"""VirtualServices that delegate: whose routes are in force, and with which matches."""

import pytest

from localmesh import xds
from tests.localmesh.xds.objects import PODS, REVIEWS, gateway, mesh, outbound, pod, to, virtual_service


def delegate(*http, name="leaf", **how):
    return virtual_service(*http, hosts=[], name=name, **how)


def root(*matches, **route):
    match = {"match": list(matches)} if matches else {}
    return virtual_service({**match, "delegate": {"name": "leaf"}, **route}, {"route": [to("ratings")]})


def found(*rules, **how):
    return outbound(mesh(*rules, **how))


def paths(*rules):
    return [each["match"].get("path") or each["match"].get("prefix") for each in found(*rules)]


def test_the_delegates_routes_stand_in_the_place_of_the_delegation():
    leaf = delegate({"name": "a", "match": [{"uri": {"exact": "/a"}}], "route": [to()]}, {"route": [to()]})
    rules = found(root({"uri": {"prefix": "/"}}), leaf)
    assert [each.get("name") for each in rules] == ["a", None, None]
    assert rules[-1]["route"]["cluster"].endswith("ratings.bookinfo.svc.cluster.local")


def test_a_match_within_the_delegating_one_is_kept_and_others_lose_the_route():
    inside = {"match": [{"uri": {"prefix": "/a/b"}}], "route": [to()]}
    outside = {"match": [{"uri": {"prefix": "/c"}}], "route": [to()]}
    rules = [root({"uri": {"prefix": "/a"}}), delegate(inside, outside)]
    assert paths(*rules) == ["/a/b", "/"]
    (problem,) = xds.report(mesh(*rules), rules[0])
    assert problem.path == "spec.http[0].delegate"
    assert "spec.http[1] of bookinfo/leaf" in problem.reason


@pytest.mark.parametrize(
    ("outer", "inner", "within"),
    [
        ({"uri": {"exact": "/a"}}, {"uri": {"exact": "/a"}}, True),
        ({"uri": {"exact": "/a"}}, {"uri": {"prefix": "/a"}}, False),
        ({"uri": {"prefix": "/a"}}, {"uri": {"exact": "/a/b"}}, True),
        ({"uri": {"regex": "/a"}}, {"uri": {"exact": "/a"}}, False),
        ({"uri": {"regex": "/a"}}, {"method": {"exact": "GET"}}, True),
        ({"headers": {"x": {"exact": "1"}}}, {"headers": {"y": {"exact": "2"}}}, True),
        ({"headers": {"x": {"exact": "1"}}}, {"headers": {"x": {"exact": "2"}}}, False),
        ({"port": 9080}, {"port": 80}, False),
        ({"ignoreUriCase": True}, {"uri": {"exact": "/a"}}, False),
        ({"sourceNamespace": "bookinfo"}, {"uri": {"exact": "/a"}}, False),
        ({"sourceLabels": {"app": "productpage"}}, {"sourceLabels": {"version": "v1"}}, True),
        ({"gateways": ["mesh"]}, {"gateways": ["mesh", "other"]}, False),
    ],
)
def test_what_lies_within_what(outer, inner, within):
    rules = [root(outer), delegate({"match": [inner], "route": [to()]})]
    assert (len(found(*rules)) == 2) == within


def test_conditions_of_both_hold_together():
    inner = {"headers": {"y": {"exact": "2"}}, "queryParams": {"q": {"exact": "3"}}}
    rules = [
        root({"uri": {"prefix": "/a"}, "headers": {"x": {"exact": "1"}}}),
        delegate({"match": [inner], "route": [to()]}),
    ]
    first = found(*rules)[0]["match"]
    assert first["prefix"] == "/a"
    assert [each["name"] for each in first["headers"]] == ["x", "y"]
    assert [each["name"] for each in first["query_parameters"]] == ["q"]


def test_every_inner_match_is_joined_with_every_outer_one_it_fits():
    inner = {"match": [{"headers": {"x": {"exact": "1"}}}], "route": [to()]}
    assert paths(root({"uri": {"prefix": "/a"}}, {"uri": {"prefix": "/b"}}), delegate(inner)) == [
        "/a",
        "/b",
        "/",
    ]


def test_a_delegate_takes_over_what_it_does_not_say():
    first, *_ = found(
        root(timeout="3s", retries={"attempts": 7}), delegate({"route": [to()], "timeout": "1s"})
    )
    assert first["route"]["timeout"] == "1s"
    assert first["route"]["retry_policy"]["num_retries"] == 7


def test_names_are_joined():
    named = virtual_service({"name": "outer", "delegate": {"name": "leaf"}})
    (only,) = found(named, delegate({"name": "inner", "route": [to()]}))
    assert only["name"] == "outer-inner"


def test_short_names_are_read_where_they_are_written():
    there = virtual_service({"delegate": {"name": "leaf", "namespace": "shop"}})
    (only,) = found(there, delegate({"route": [to("cart")]}, namespace="shop"))
    assert only["route"]["cluster"] == "outbound|9080||cart.shop.svc.cluster.local"


@pytest.mark.parametrize(
    ("leaf", "reason"),
    [
        ([], "there is no VirtualService bookinfo/leaf"),
        (
            [virtual_service({"route": [to()]}, name="leaf", hosts=["x.example"])],
            "VirtualService without hosts",
        ),
        ([delegate({"route": [to()]}, exportTo=["shop"])], "is not exported to bookinfo"),
    ],
)
def test_a_delegation_that_leads_nowhere_loses_only_its_own_route(leaf, reason):
    rule = root()
    assert len(found(rule, *leaf)) == 1
    (problem,) = xds.report(mesh(rule, *leaf), rule)
    assert problem.path == "spec.http[0].delegate"
    assert reason in problem.reason


def test_a_delegate_that_nobody_names_says_so():
    leaf = delegate({"route": [to()]})
    assert [each.path for each in xds.report(mesh(leaf), leaf)] == ["spec.hosts"]
    assert xds.report(mesh(leaf, root()), leaf) == []


def test_delegation_ends_after_one_level():
    leaf = delegate({"delegate": {"name": "other"}})
    assert len(found(root(), leaf, delegate({"route": [to()]}, name="other"))) == 1


def test_a_delegate_knows_its_callers_by_their_labels():
    inner = {"match": [{"sourceLabels": {"app": "curl"}}], "route": [to(subset="v9")]}
    made = mesh(root(), delegate(inner), pods=[*PODS, pod("curl", "127.9.1.7", app="curl")])
    assert len(outbound(made, start="curl")) == 2
    assert len(outbound(made)) == 1


def test_delegates_serve_gateways_too():
    outer = virtual_service({"delegate": {"name": "leaf"}}, hosts=["*"], gateways=["bookinfo-gateway"])
    made = mesh(outer, delegate({"route": [to(REVIEWS)]}), gateway())
    router = next(each for each in made.proxies if each.kind == "router")
    (configuration,) = xds.configure(made, router).routes
    assert configuration["virtual_hosts"][0]["routes"][0]["route"]["cluster"] == f"outbound|9080||{REVIEWS}"
