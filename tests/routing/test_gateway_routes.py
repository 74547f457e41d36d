"""Routes and splits in the Gateway API's words.

read(render(route)) is the route, wherever nothing is lost
what is lost is said, part by part
an object keeps what the rule does not own
a plan that was carried out is empty the next time, and API servers take what it writes
"""

import copy

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cluster import inventory
from cluster.kinds import GRPC_ROUTE, HTTP_ROUTE
from cluster.refs import Ref
from routing import gatewayapi, live, planner, rules, writing
from routing.gatewayapi import Backends
from routing.rules import (
    Delay,
    Destination,
    DirectResponse,
    GatewayRoute,
    Match,
    Policies,
    Redirect,
    Route,
    RulesError,
    Split,
    StringMatch,
)
from routing.rules.http.headers import HeaderOperations, Headers
from routing.rules.http.policies import Injection, Mirror, Retries, Rewrite
from tests.cluster.servers import localmesh_cluster
from tests.people import own
from tests.routing.stage import WORKLOADS, bookinfo, pod, service, virtual_service

VERSIONS = ("v1", "v2", "v3")
BACKENDS = Backends("reviews", "bookinfo", {name: f"reviews-{name}" for name in VERSIONS}, 9080, "bookinfo")
PER_VERSION = [service(f"reviews-{name}", app="reviews", version=name) for name in VERSIONS]
OBJECT = Ref(HTTP_ROUTE, "bookinfo", "reviews")

texts = st.sampled_from(["jason", "a b", "x"])
strings = st.builds(StringMatch, st.just("exact"), texts) | st.builds(
    StringMatch, st.just("regex"), st.sampled_from([".*", "ja.*n"])
)
paths = st.builds(StringMatch, st.sampled_from(["exact", "prefix", "regex"]), st.sampled_from(["/a", "/a/b"]))
headers = st.dictionaries(st.sampled_from(["end-user", "x-canary"]), strings, max_size=2)
matches = st.builds(
    Match,
    uri=st.none() | paths,
    method=st.none() | st.just(StringMatch("exact", "GET")),
    headers=headers,
    query_params=st.dictionaries(st.just("q"), strings, max_size=1),
).filter(lambda match: match != Match())
changed = st.builds(
    HeaderOperations, st.dictionaries(st.just("x-a"), texts), st.just({}), st.sampled_from([(), ("x-b",)])
).filter(lambda each: each != HeaderOperations())
headers_changed = st.none() | st.builds(Headers, st.none() | changed, changed)
mirrors = st.builds(Mirror, version=st.sampled_from(VERSIONS), percentage=st.sampled_from([0.5, 50.0, 100.0]))
redirects = st.builds(
    Redirect,
    uri=st.none() | st.just("/other"),
    authority=st.none() | st.just("shop.example.org"),
    scheme=st.sampled_from([None, "https"]),
    port=st.sampled_from([None, 8443]),
    redirect_code=st.sampled_from([None, 302]),
).filter(lambda redirect: redirect != Redirect())


@st.composite
def destinations(draw):
    chosen = draw(st.lists(st.sampled_from(VERSIONS), min_size=1, max_size=3, unique=True))
    weights = [None] if len(chosen) == 1 else [100 - len(chosen) + 1, *([1] * (len(chosen) - 1))]
    changed = draw(headers_changed)
    return tuple(
        Destination(version=version, weight=weight, headers=changed)
        for version, weight in zip(chosen, weights, strict=True)
    )


@st.composite
def expressible(draw):
    """A route of which an HTTPRoute can say everything."""
    asked = tuple(draw(st.lists(matches, max_size=2, unique_by=repr)))
    if draw(st.booleans()):
        policies = Policies(headers=draw(headers_changed))
        return Route("bookinfo", "reviews", "a", draw(redirects), asked, None, policies)
    hows = {match.uri.how if match.uri is not None else "" for match in asked}
    one_way = len({how == "prefix" for how in hows}) == 1 and "regex" not in hows
    rewrite = draw(st.none() | st.just(Rewrite(uri="/z", authority="b.org"))) if one_way else None
    policies = Policies(
        headers=draw(headers_changed),
        rewrite=rewrite,
        mirrors=tuple(draw(st.lists(mirrors, max_size=1))),
        timeout=draw(st.sampled_from([None, "2s"])),
    )
    return Route("bookinfo", "reviews", "a", draw(destinations()), asked, None, policies)


@given(expressible())
def test_what_is_rendered_is_read_again(route):
    rendered, lost = gatewayapi.render(route, "HTTPRoute", BACKENDS)
    assert lost == ()
    assert gatewayapi.read(rendered, "HTTPRoute", "a", BACKENDS) == (route, ())


@given(expressible(), st.sampled_from(["HTTPRoute", "GRPCRoute"]), st.none() | st.just("shop"))
def test_a_rule_is_read_as_it_is_written(route, written_as, consumer):
    rule = GatewayRoute(route, written_as, consumer or "")
    assert rules.parse([rules.to_json(rule)]) == (rule,)


def lost_of(route, kind="HTTPRoute", backends=BACKENDS):
    return {loss.path for loss in gatewayapi.render(route, kind, backends)[1]}


TO_V1 = (Destination(version="v1"),)


def route(*asked, to=TO_V1, **policies):
    return Route("bookinfo", "reviews", "a", to, tuple(asked), None, Policies(**policies))


def exact(text):
    return StringMatch("exact", text)


@pytest.mark.parametrize(
    ("said", "path"),
    [
        (route(Match(source_labels={"app": "x"})), "match[0].source_labels"),
        (route(Match(source_namespace="shop")), "match[0].source_namespace"),
        (route(Match(without_headers={"a": exact("b")})), "match[0].without_headers"),
        (route(Match(authority=exact("a.org"))), "match[0].authority"),
        (route(Match(port=80)), "match[0].port"),
        (route(Match(uri=exact("/a"), ignore_uri_case=True)), "match[0].ignore_uri_case"),
        (route(Match(method=StringMatch("regex", "G.*"))), "match[0].method"),
        (route(Match(headers={"a": StringMatch("prefix", "b")})), "match[0].headers.a.prefix"),
        (route(Match(headers={"a": StringMatch("present")})), "match[0].headers.a.present"),
        (route(fault=Injection(Delay(50, "2s"))), "fault"),
        (route(retries=Retries(2)), "retries"),
        (route(rewrite=Rewrite(uri="/z")), "rewrite.uri"),
        (route(to=DirectResponse(503)), "direct_response"),
        (route(to=Redirect(uri="/a", derive_port="FROM_REQUEST_PORT")), "redirect.derive_port"),
        (route(to=(Destination(subset="x"),)), "destinations[0].subset"),
        (route(to=(Destination(host="api.example.org"),)), "destinations[0].host"),
        (route(mirrors=(Mirror(version="v9"),)), "mirrors[0].version"),
    ],
)
def test_what_an_http_route_cannot_say_is_named(said, path):
    assert lost_of(said) == {path}


def test_what_a_grpc_route_cannot_say_is_named():
    said = route(
        Match(uri=exact("/a/b/c"), method=exact("POST")), timeout="2s", rewrite=Rewrite(authority="b.org")
    )
    assert lost_of(said, "GRPCRoute") == {"match[0].uri", "match[0].method", "timeout", "rewrite"}
    called = route(Match(uri=exact("/shop.Cart/Add")), Match(uri=StringMatch("prefix", "/shop.Cart/")))
    rendered, lost = gatewayapi.render(called, "GRPCRoute", BACKENDS)
    assert lost == ()
    assert gatewayapi.read(rendered, "GRPCRoute", "a", BACKENDS) == (called, ())


def test_a_version_without_a_service_of_its_own_cannot_be_a_backend():
    assert lost_of(route(), backends=Backends("reviews", "bookinfo", {}, 9080, "bookinfo")) == {
        "destinations[0].version"
    }


def test_the_service_named_like_the_version_is_its_backend():
    version = inventory.Version("v1", "version", 1, 1, 1, {})
    both = inventory.Service("bookinfo", "reviews", "reviews", (), (version,), 0)

    def other(name, app="reviews"):
        return inventory.Service("bookinfo", name, app, (), (version,), 0)

    found = gatewayapi.backends_of(
        both, [both, other("a"), other("reviews-v1"), other("b", app="else")], "bookinfo"
    )
    assert found.by_version == {"v1": "reviews-v1"}


def planned(cluster, *wanted):
    touched = rules.kinds_read(wanted)
    return planner.plan(wanted, live.read(own(cluster), {rule.namespace for rule in wanted}, touched))


def carried_out(cluster, plan):
    assert not plan.errors
    for operation in plan.operations:
        writing.write(cluster, operation, live.get(cluster, operation.ref), dry_run=False)


SPLIT = GatewayRoute(Split("bookinfo", "reviews", {"v1": 80, "v3": 20}))
JASON = GatewayRoute(
    Route(
        "bookinfo",
        "reviews",
        "jason",
        (Destination(version="v2"),),
        (Match(headers={"end-user": exact("jason")}),),
    )
)


def test_a_split_is_written_as_an_http_route_of_the_service_and_then_there_is_nothing_to_do():
    cluster = bookinfo(*PER_VERSION)
    carried_out(cluster, planned(cluster, SPLIT, JASON))
    spec = cluster.get(OBJECT)["spec"]
    assert spec["parentRefs"] == [{"group": "", "kind": "Service", "name": "reviews"}]
    assert spec["rules"] == [
        {
            "backendRefs": [
                {"name": "reviews-v1", "port": 9080, "weight": 80},
                {"name": "reviews-v3", "port": 9080, "weight": 20},
            ]
        }
    ]
    assert cluster.get(Ref(HTTP_ROUTE, "bookinfo", "reviews-jason"))["spec"]["rules"][0]["matches"]
    assert planned(cluster, SPLIT, JASON).operations == ()


def test_a_consumers_route_stands_in_the_callers_namespace():
    cluster = bookinfo(*PER_VERSION, {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop"}})
    plan = planned(cluster, GatewayRoute(SPLIT.rule, consumer="shop"))
    [operation] = plan.operations
    assert operation.ref == Ref(HTTP_ROUTE, "shop", "reviews")
    [parent] = operation.after["spec"]["parentRefs"]
    assert parent["namespace"] == "bookinfo"
    assert {ref["namespace"] for ref in operation.after["spec"]["rules"][0]["backendRefs"]} == {"bookinfo"}


def test_what_the_rule_does_not_own_survives():
    cluster = bookinfo(*PER_VERSION)
    carried_out(cluster, planned(cluster, SPLIT))
    standing = cluster.get(OBJECT)
    standing["metadata"]["annotations"] = {"team": "books"}
    standing["spec"]["rules"][0] |= {"name": "main", "sessionPersistence": {"type": "Cookie"}}
    theirs = {
        "matches": [{"path": {"type": "Exact", "value": "/x"}}],
        "backendRefs": [{"name": "x", "port": 1}],
    }
    standing["spec"]["rules"].insert(0, copy.deepcopy(theirs))
    cluster.replace(standing)
    carried_out(cluster, planned(cluster, GatewayRoute(Split("bookinfo", "reviews", {"v2": 100}))))
    after = cluster.get(OBJECT)
    assert after["metadata"]["annotations"] == {"team": "books"}
    assert after["spec"]["rules"] == [
        theirs,
        {
            "name": "main",
            "sessionPersistence": {"type": "Cookie"},
            "backendRefs": [{"name": "reviews-v2", "port": 9080}],
        },
    ]


def test_what_cannot_be_said_is_an_error_at_the_rule_and_nothing_is_planned():
    cluster = bookinfo(*PER_VERSION)
    plan = planned(cluster, GatewayRoute(route(fault=Injection(Delay(50, "2s")))))
    assert plan.operations == ()
    [problem] = plan.errors
    assert (problem.code, problem.field) == ("NOT_EXPRESSIBLE", "rules[0].rule")
    assert "fault" in problem.message


def test_a_virtual_service_for_the_same_service_is_warned_of():
    cluster = bookinfo(
        *PER_VERSION, virtual_service("reviews", [{"route": [{"destination": {"host": "reviews"}}]}])
    )
    assert "TWO_ROUTERS" in {problem.code for problem in planned(cluster, SPLIT).problems}


def test_that_a_prefix_means_whole_parts_is_said():
    cluster = bookinfo(*PER_VERSION)
    rule = GatewayRoute(route(Match(uri=StringMatch("prefix", "/api"))))
    assert "PREFIX_OF_PARTS" in {problem.code for problem in planned(cluster, rule).problems}


def test_a_version_without_a_ready_pod_is_warned_of():
    down = [item for item in WORKLOADS if item["metadata"]["name"] != "reviews-v3-a"]
    cluster = bookinfo()
    cluster = type(cluster)([*down, pod("reviews-v3-a", "reviews", "v3", ready=False), *PER_VERSION])
    assert "NO_READY_PODS" in {problem.code for problem in planned(cluster, SPLIT).problems}


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"as": "TCPRoute"}, "as"),
        ({"consumer": "UPPER"}, "consumer"),
        ({"rule": {"kind": "clear_fault"}}, "rule"),
        ({"rule": None}, "rule"),
        ({"rule": {**rules.to_json(SPLIT.rule), "protocol": "tcp"}}, "rule.protocol"),
        ({"rule": {**rules.to_json(SPLIT.rule), "weights": {"v1": 1}}}, "rule.weights"),
    ],
)
def test_a_wrong_rule_is_refused_at_its_field(wrong, field):
    with pytest.raises(RulesError) as refusal:
        rules.parse([{**rules.to_json(SPLIT), **wrong}])
    assert {error.field for error in refusal.value.errors} == {f"rules[0].{field}"}


FULL = GatewayRoute(
    Route(
        "bookinfo",
        "reviews",
        "full",
        (Destination(version="v1", weight=99), Destination(version="v2", weight=1)),
        (Match(uri=StringMatch("prefix", "/a"), method=exact("GET"), query_params={"q": exact("1")}),),
        None,
        Policies(
            Headers(HeaderOperations({"x-a": "1"}, {"x-b": "2"}, ("x-c",)), None),
            Rewrite(uri="/b", authority="b.org"),
            None,
            (Mirror(version="v3", percentage=0.5),),
            "2s",
        ),
    )
)
CALLED = GatewayRoute(route(Match(uri=exact("/shop.Cart/Add"))), GRPC_ROUTE.kind)
MOVED = GatewayRoute(
    Route(
        "bookinfo",
        "reviews",
        "moved",
        Redirect(uri="/x", scheme="https", port=8443),
        (Match(uri=exact("/y")),),
    )
)


@pytest.fixture(params=["localmesh", "kube-apiserver"])
def strict(request):
    """An API server that knows the Gateway API's schemas, and a namespace there."""
    if request.param == "localmesh":
        with localmesh_cluster() as cluster:
            yield cluster, "default"
        return
    server = request.getfixturevalue("kube_apiserver")
    yield server.cluster(server.admin_token), server.namespace()


def test_api_servers_take_what_is_rendered(strict):
    cluster, namespace = strict
    for index, rule in enumerate((FULL, CALLED, MOVED, SPLIT)):
        kind = GRPC_ROUTE if rule.written_as == GRPC_ROUTE.kind else HTTP_ROUTE
        asked = rule.rule
        if isinstance(asked, Split):
            asked = Route("bookinfo", "reviews", "", (Destination(version="v1"),))
        rendered, lost = gatewayapi.render(asked, kind.kind, BACKENDS)
        assert lost == ()
        made = gatewayapi.new_object(kind, namespace, "reviews", namespace, f"made-{index}")
        made = gatewayapi.with_rule(made, rendered, (), default=True)
        answer = cluster.create(made)
        [kept] = answer["spec"]["rules"]
        # What the server fills in (types, defaults) changes nothing of what is read.
        assert gatewayapi.read(kept, kind.kind, asked.name, BACKENDS) == (asked, ())
