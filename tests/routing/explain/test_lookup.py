"""Which VirtualService is in force, for whom, and what is said of its rivals."""

import pytest

from routing import explain
from tests.routing.explain.worlds import HOST, PRODUCTPAGE, ask, gateway, shares, to, verdicts, world
from tests.routing.stage import destination_rule, service, virtual_service

SUBSETS = destination_rule("reviews", ["v1", "v2", "v3"])


def named(name, subset, created, namespace="bookinfo", hosts=("reviews",), **spec):
    made = virtual_service(name, [{"route": [to(subset, host=HOST)]}], namespace, list(hosts), **spec)
    made["metadata"]["creationTimestamp"] = f"2026-01-{created:02}T00:00:00Z"
    return made


def rivals(found):
    return {each.resource: each.reason for each in found.rivals}


def test_without_a_virtual_service_the_service_gets_it_with_all_its_pods():
    found = ask(world())
    assert (found.outcome, found.resource, shares(found)) == ("forwarded", "", {"reviews": 1.0})
    assert (found.destinations[0].pods, found.destinations[0].versions) == (3, {"v1": 1, "v2": 1, "v3": 1})


def test_of_two_for_the_same_host_the_older_counts_and_the_other_is_named():
    found = ask(world(named("new", "v2", 2), named("old", "v1", 1), SUBSETS))
    assert found.resource == "VirtualService bookinfo/old"
    assert found.resource_reason == "names exactly this host, and is the oldest of 2"
    assert rivals(found) == {
        "VirtualService bookinfo/new": "VirtualService bookinfo/old is older, and only one counts"
    }


def test_a_plain_name_goes_before_an_older_wildcard():
    wide = named("wide", "v2", 1, hosts=["*.bookinfo.svc.cluster.local"])
    found = ask(world(wide, named("plain", "v1", 2), SUBSETS))
    assert found.resource == "VirtualService bookinfo/plain"
    assert rivals(found) == {"VirtualService bookinfo/wide": "its host is less specific"}
    assert ask(world(wide, SUBSETS)).resource == "VirtualService bookinfo/wide"


def test_one_that_is_not_exported_to_the_caller_does_not_count():
    found = ask(world(named("own", "v2", 1, "shop", hosts=[HOST], exportTo=["."]), SUBSETS))
    assert found.resource == ""
    words = "it is exported to . only, not to namespace bookinfo"
    assert rivals(found) == {"VirtualService shop/own": words}
    shop = explain.Caller("shop")
    assert ask(world(named("own", "v2", 1, "shop", hosts=[HOST], exportTo=["."])), caller=shop).resource


def test_one_of_a_gateway_only_does_not_count_in_the_mesh():
    found = ask(world(named("edge", "v1", 1, gateways=["front"]), SUBSETS))
    words = "it is bound to bookinfo/front only, not to the mesh"
    assert rivals(found) == {"VirtualService bookinfo/edge": words}


def test_one_that_has_no_rule_for_the_caller_leaves_its_place_to_the_next():
    for_others = {"match": [{"sourceLabels": {"app": "other"}}], "route": [to("v3")]}
    old = virtual_service("old", [for_others], hosts=["reviews"])
    old["metadata"]["creationTimestamp"] = "2026-01-01T00:00:00Z"
    found = ask(world(old, named("new", "v2", 2), SUBSETS))
    assert shares(found) == {"v2": 1.0}
    assert rivals(found) == {"VirtualService bookinfo/old": "none of its rules is for this caller"}
    alone = ask(world(old, SUBSETS))
    assert shares(alone) == {"reviews": 1.0}
    assert verdicts(alone) == ["not_matched"]
    assert alone.sentence.startswith("No rule of VirtualService bookinfo/old is for this caller")


@pytest.mark.parametrize("host", ["reviews", "reviews.bookinfo", "reviews.bookinfo.svc", HOST])
def test_a_service_is_known_by_each_of_its_names(host):
    assert ask(world(named("one", "v1", 1), SUBSETS), host).host == HOST


def test_a_host_that_nobody_knows_leaves_the_mesh_as_it_is():
    found = ask(world(), "nobody.example")
    assert (found.outcome, found.destinations) == ("unknown_host", ())
    assert "by what you may read" in ask(world(whole=False), "nobody.example").sentence


def test_a_host_that_exists_only_by_its_rule_is_routed_at_port_80():
    rule = named("out", "v1", 1, hosts=["api.example"])
    assert shares(ask(world(rule, SUBSETS), "api.example")) == {"v1": 1.0}
    elsewhere = ask(world(rule, SUBSETS), "api.example", port=8080)
    assert elsewhere.outcome == "unknown_host"
    assert "port 80 only" in elsewhere.sentence


def test_a_port_that_the_service_has_not_is_nobodys():
    found = ask(world(named("one", "v1", 1), SUBSETS), port=1)
    assert found.outcome == "no_listener"
    assert "has no port 1 (its ports: 9080)" in found.sentence


def test_of_several_ports_the_one_asked_for_counts():
    two = service("pair")
    two["spec"]["ports"] = [{"port": 8080, "name": "http"}, {"port": 9090, "name": "http-admin"}]
    rules = [{"match": [{"port": 9090}], "route": [to(host="ratings")]}, {"route": [to(host="pair")]}]
    where = world(two, virtual_service("pair", rules))
    assert ask(where, "pair", port=9090).destinations[0].host.startswith("ratings")
    given = ask(where, "pair")
    assert (given.destinations[0].host.partition(".")[0], given.destinations[0].port) == ("pair", 8080)
    assert given.notes == (
        "Service bookinfo/pair has the ports 8080, 9090; no port was given, so this is about 8080.",
    )


def delegating(*rules, **root):
    delegate = virtual_service("part", list(rules))
    del delegate["spec"]["hosts"]
    first = {"delegate": {"name": "part", "namespace": "bookinfo"}, **root}
    return virtual_service("reviews", [first, {"route": [to("v1")]}]), delegate


def test_a_delegates_rules_stand_in_the_place_of_the_rule_that_names_it():
    rules = {"match": [{"uri": {"prefix": "/a/b"}}], "route": [to("v2")]}, {"route": [to("v3")]}
    root, delegate = delegating(*rules, match=[{"uri": {"prefix": "/a"}}], timeout="3s")
    where = world(root, delegate, SUBSETS)
    assert [shares(ask(where, path=path)) for path in ("/a/b", "/a/c", "/b")] == [
        {"v2": 1.0},
        {"v3": 1.0},
        {"v1": 1.0},
    ]
    taken = ask(where, path="/a/b")
    assert taken.taken.resource == "VirtualService bookinfo/part"
    assert taken.taken.via == "VirtualService bookinfo/reviews spec.http[0]"
    assert taken.policies.timeout_seconds == 3


def test_a_delegates_rule_that_contradicts_the_one_above_it_is_left_out():
    root, delegate = delegating(
        {"match": [{"uri": {"prefix": "/b"}}], "route": [to("v2")]}, match=[{"uri": {"prefix": "/a"}}]
    )
    found = ask(world(root, delegate, SUBSETS), path="/b")
    assert shares(found) == {"v1": 1.0}
    assert "its conditions contradict those of" in found.rules[0].reason


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"hosts": ["x"]}, "has hosts of its own"),
        ({"exportTo": ["shop"]}, "is not exported to namespace bookinfo"),
        (None, "does not exist"),
    ],
)
def test_a_delegate_that_cannot_be_used_says_why(change, words):
    root, delegate = delegating({"route": [to("v2")]})
    delegate["spec"] |= change or {}
    found = ask(world(root, *([] if change is None else [delegate]), SUBSETS))
    assert verdicts(found) == ["unusable", "taken"]
    assert words in found.rules[0].reason


FRONT = explain.Caller(gateway="bookinfo/front")


def edge(name, subset, created, hosts=("*",), match=None, **spec):
    made = named(name, subset, created, hosts=hosts, gateways=["front"], **spec)
    if match:
        made["spec"]["http"][0]["match"] = [match]
    return made


def test_a_gateway_lets_in_what_a_bound_rule_is_for():
    where = world(gateway("*.example"), edge("one", "v1", 1, ["a.example"]), SUBSETS)
    assert shares(ask(where, "a.example", caller=FRONT)) == {"v1": 1.0}
    assert ask(where, "b.example", caller=FRONT).answers[0].status == 404
    assert ask(where, "elsewhere", caller=FRONT).answers[0].status == 404
    assert ask(where, "a.example", caller=explain.Caller(gateway="bookinfo/back")).answers[0].status == 404


def test_at_a_gateway_rules_of_one_host_follow_each_other_with_the_catch_all_last():
    where = world(
        gateway("*"), edge("all", "v1", 1), edge("some", "v2", 2, match={"uri": {"prefix": "/b"}}), SUBSETS
    )
    found = ask(where, "a.example", caller=FRONT, path="/b")
    assert (shares(found), verdicts(found)) == ({"v2": 1.0}, ["not_reached", "taken"])
    assert found.resource == "VirtualService bookinfo/all, VirtualService bookinfo/some"


def test_at_a_gateway_the_more_specific_host_is_asked_alone():
    some = edge("some", "v2", 2, ["a.example"], match={"uri": {"prefix": "/b"}})
    where = world(gateway("*"), edge("all", "v1", 1), some, SUBSETS)
    found = ask(where, "a.example", caller=FRONT, path="/c")
    assert found.answers[0].status == 404
    assert rivals(found) == {"VirtualService bookinfo/all": "its host * is less specific"}


def test_a_gateway_that_sends_to_https_redirects_first():
    where = world(gateway("*", tls={"httpsRedirect": True}), edge("all", "v1", 1), SUBSETS)
    (answer,) = ask(where, "a.example", caller=FRONT, path="/b?c").answers
    assert (answer.status, answer.location) == (301, "https://a.example/b?c")


def test_at_a_gateway_the_destination_rule_is_the_gateways():
    found = ask(world(gateway("*"), edge("all", "v1", 1), SUBSETS), "a.example", caller=FRONT)
    assert found.destinations[0].rule.resource == "DestinationRule bookinfo/reviews"
    assert found.caller.labels == {"istio": "ingressgateway"}
    assert PRODUCTPAGE.place == "mesh"
