"""Whose logs are followed for a node or an edge, and which of their requests belong to it."""

import pytest

from telemetry.tap import looking
from telemetry.tap.lines import parse
from telemetry.tap.looking import MAX_PODS, Look, Wanted, belongs, choose, code_class
from tests.telemetry.tap.samples import IN, directory, line, place, pod

ALL = frozenset({"bookinfo", "istio-system", "secret"})
PRODUCTPAGE = Wanted("app", "bookinfo", app="productpage", version="v1")
REVIEWS = Wanted("app", "bookinfo", app="reviews")
REVIEWS_V2 = Wanted("app", "bookinfo", app="reviews", version="v2")
SERVICE = Wanted("service", "bookinfo", service="reviews")
UNKNOWN = Wanted("unknown")
HIDDEN = Wanted("hidden")


def look(target, source=None, graph_type="versioned_app", codes=()):
    return Look(graph_type, target, source, frozenset(codes))


def followed(wanted, allowed=ALL):
    choice = choose(wanted, directory(), allowed)
    return [each.pod for each in choice.pods], choice.side


def held(wanted, name, *given, side="caller", visible=None, **fields):
    known = directory()
    return belongs(wanted, side, known.seen(place(name), parse(line(*given, **fields))), known, visible)


@pytest.mark.parametrize(
    ("target", "pods"),
    [
        (REVIEWS, ["reviews-1", "reviews-2"]),
        (REVIEWS_V2, ["reviews-2"]),
        (Wanted("workload", "bookinfo", workload="reviews-v1"), ["reviews-1"]),
        (SERVICE, ["reviews-1", "reviews-2"]),
        (Wanted("namespace", "bookinfo"), ["productpage-0", "reviews-1", "reviews-2"]),
        (Wanted("app", "bookinfo", app="plain"), []),
        (Wanted("service", "bookinfo", service="api.example.org"), []),
        (UNKNOWN, []),
        (HIDDEN, []),
    ],
)
def test_of_a_node_its_own_pods_with_a_proxy_are_followed(target, pods):
    assert followed(look(target)) == (pods, "node")


def test_of_an_edge_the_callers_are_followed_or_else_the_called_ones():
    assert followed(look(REVIEWS, PRODUCTPAGE)) == (["productpage-0"], "caller")
    assert followed(look(REVIEWS_V2, UNKNOWN)) == (["reviews-2"], "target")
    assert followed(look(REVIEWS_V2, HIDDEN)) == (["reviews-2"], "target")


def test_nothing_is_followed_where_logs_may_not_be_read():
    assert followed(look(REVIEWS), frozenset({"secret"})) == ([], "node")
    gateway = Wanted("app", "istio-system", app="ingress")
    chosen = followed(look(PRODUCTPAGE, gateway), frozenset({"bookinfo"}))
    assert chosen == (["productpage-0"], "target")


def test_of_many_pods_some_are_followed_the_ready_ones_first_and_the_same_the_next_time():
    pods = [pod(f"reviews-{n:02}", f"10.0.1.{n}") for n in range(20)]
    pods[0]["status"]["conditions"] = []
    chosen = choose(look(REVIEWS), directory(pods), ALL)
    assert [each.pod for each in chosen.pods] == [f"reviews-{n:02}" for n in range(1, MAX_PODS + 1)]
    assert chosen.of == 20
    assert choose(look(REVIEWS), directory(pods[::-1]), ALL).pods == chosen.pods


def test_the_namespaces_that_logs_are_asked_for_are_those_of_both_ends():
    assert looking.namespaces(look(REVIEWS)) == ("bookinfo",)
    gateway = Wanted("app", "istio-system", app="ingress")
    assert looking.namespaces(look(REVIEWS, gateway)) == ("istio-system", "bookinfo")
    assert looking.namespaces(look(UNKNOWN, HIDDEN)) == ()


def test_to_a_node_belongs_what_comes_and_what_goes():
    assert held(look(REVIEWS), "reviews-1", IN, side="node")
    assert held(look(PRODUCTPAGE), "productpage-0", side="node")


def test_to_an_edge_belongs_what_its_caller_sent_to_its_target():
    assert held(look(REVIEWS, PRODUCTPAGE), "productpage-0")
    assert not held(look(REVIEWS_V2, PRODUCTPAGE), "productpage-0")
    assert held(look(REVIEWS_V2, PRODUCTPAGE), "productpage-0", upstream_host="10.0.0.6:9080")
    assert not held(look(REVIEWS, PRODUCTPAGE), "productpage-0", IN)


def test_to_a_service_that_no_workload_answered_for_belongs_what_reached_nobody():
    edge = look(SERVICE, PRODUCTPAGE)
    assert held(edge, "productpage-0", upstream_host=None)
    assert not held(edge, "productpage-0")
    assert not held(edge, "productpage-0", upstream_host=None, upstream_cluster=None, authority="details")


def test_in_the_graph_of_services_all_calls_to_it_belong_to_a_service():
    assert held(look(SERVICE, PRODUCTPAGE, "service"), "productpage-0")


def test_a_host_outside_is_a_service_of_no_namespace():
    outside = {"upstream_cluster": "outbound|443||api.example.org", "upstream_host": "203.0.113.7:443"}
    wanted = Wanted("service", "bookinfo", service="api.example.org")
    assert held(look(wanted, PRODUCTPAGE), "productpage-0", **outside)


def test_by_the_called_ones_log_an_edge_is_told_by_the_caller():
    by = {"side": "target"}
    stranger = {"downstream_remote_address": "203.0.113.7:9"}
    assert held(look(REVIEWS, PRODUCTPAGE), "reviews-1", IN, **by)
    assert not held(look(REVIEWS, REVIEWS_V2), "reviews-1", IN, **by)
    assert held(look(REVIEWS, UNKNOWN), "reviews-1", IN, **by, **stranger)
    assert not held(look(REVIEWS, UNKNOWN), "reviews-1", IN, **by)


def test_what_may_not_be_seen_is_hidden_and_nothing_else():
    vault = {"downstream_remote_address": "10.0.0.8:9"}
    seen = {"side": "target", "visible": frozenset({"bookinfo"})}
    assert held(look(REVIEWS, HIDDEN), "reviews-1", IN, **seen, **vault)
    assert not held(look(REVIEWS, HIDDEN), "reviews-1", IN, **seen)
    wanted = Wanted("app", "secret", app="vault")
    assert not held(look(REVIEWS, wanted), "reviews-1", IN, **seen, **vault)


@pytest.mark.parametrize(
    ("code", "found"), [(200, "2xx"), (302, "3xx"), (404, "4xx"), (503, "5xx"), (0, "none")]
)
def test_codes_have_classes(code, found):
    assert code_class(code) == found
    wanted = look(PRODUCTPAGE, codes=[found])
    assert held(wanted, "productpage-0", side="node", response_code=code)
    assert not held(look(PRODUCTPAGE, codes=["1xx"]), "productpage-0", side="node", response_code=code)
