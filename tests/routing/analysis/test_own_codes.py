"""Our own codes: each on what it is for, and silent on the nearest thing that is in order."""

import json
import re
from pathlib import Path

import pytest

from routing.analysis.analyzers import ALL
from routing.analysis.engine import analyze
from routing.analysis.objects import Obj
from routing.analysis.own_codes import OWN
from routing.analysis.world import World

ROOT = Path(__file__).resolve().parents[3]
NETWORKING = "networking.istio.io/v1"


def made(kind, name, spec, namespace="shop", api=NETWORKING, **metadata):
    return {
        "apiVersion": api,
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, **metadata},
        "spec": spec,
    }


def routes(*http, name="cart", **spec):
    return made("VirtualService", name, {"hosts": ["cart"], "http": list(http), **spec})


def to(subset="", weight=None, host="cart"):
    destination = {"host": host, **({"subset": subset} if subset else {})}
    return {"destination": destination, **({} if weight is None else {"weight": weight})}


def rule(match=None, *route, **rest):
    return {**({"match": match} if match else {}), "route": list(route) or [to()], **rest}


def policy(name="cart", host="cart", namespace="shop", **spec):
    return made("DestinationRule", name, {"host": host, **spec}, namespace)


def uri(**how):
    return {"uri": how}


def peers(mode, namespace="shop", name="default", **spec):
    spec = {"mtls": {"mode": mode}, **spec}
    return made("PeerAuthentication", name, spec, namespace, "security.istio.io/v1")


def pod(name, version="v1", ready=None):
    found = made("Pod", name, {}, api="v1", labels={"app": "cart", "version": version})
    if ready is not None:
        found["status"] = {"conditions": [{"type": "Ready", "status": "True" if ready else "False"}]}
    return found


def namespace(**labels):
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "shop", "labels": labels}}


CART = made(
    "Service", "cart", {"selector": {"app": "cart"}, "ports": [{"port": 80, "targetPort": 8080}]}, api="v1"
)
V1 = policy(subsets=[{"name": "v1", "labels": {"version": "v1"}}])
ABORT = {"abort": {"percentage": {"value": 10}, "httpStatus": 503}}
ALL_OF_THEM = {"abort": {"percentage": {"value": 100}, "httpStatus": 503}}
JASON = [{"headers": {"end-user": {"exact": "jason"}}}]
AT_EDGE = {"hosts": ["shop.example"], "gateways": ["edge"]}
AMBIENT = {"istio.io/dataplane-mode": "ambient"}
TO_SERVICE = made(
    "HTTPRoute",
    "cart",
    {"parentRefs": [{"kind": "Service", "group": "", "name": "cart"}]},
    api="gateway.networking.k8s.io/v1",
)


def ejecting(**settings):
    return policy(trafficPolicy={"outlierDetection": settings})


def tls(mode):
    return policy(trafficPolicy={"tls": {"mode": mode}})


def in_order(*http, more=()):
    return [routes(*http), *more]


CASES = {
    "MUI0001": (
        [CART, V1, pod("a", ready=False), pod("b", ready=False), routes(rule(None, to("v1")))],
        [CART, V1, pod("a", ready=False), pod("b", ready=True), routes(rule(None, to("v1")))],
    ),
    "MUI0002": (
        [routes(rule(None, to("v1", 80), to("v2", 10)))],
        [routes(rule(None, to("v1", 80), to("v2", 20)))],
    ),
    "MUI0003": ([routes(rule(None, to("v1", 20)))], [routes(rule(None, to("v1", 100)))]),
    "MUI0004": (
        [
            routes(rule([uri(prefix="/a")]), name="one", **AT_EDGE),
            routes(rule([uri(prefix="/b")]), name="two", **AT_EDGE),
        ],
        [
            routes(rule([uri(prefix="/a")]), name="one", **AT_EDGE),
            routes(rule([uri(prefix="/b")]), name="two", hosts=["other.example"], gateways=["edge"]),
        ],
    ),
    "MUI0005": (
        [
            routes(rule([uri(prefix="/a")]), name="one", **AT_EDGE),
            routes(rule([uri(exact="/a/b")]), name="two", **AT_EDGE),
        ],
        [
            routes(rule([uri(prefix="/a")]), name="one", **AT_EDGE),
            routes(rule(), name="two", **AT_EDGE),
        ],
    ),
    "MUI0006": (
        [policy("one"), policy("two", host="cart.shop.svc.cluster.local")],
        [
            policy("one"),
            policy("two", workloadSelector={"matchLabels": {"app": "x"}}),
            policy("three", "pay"),
        ],
    ),
    "MUI0007": (
        in_order(rule([uri(prefix="/")]), rule([uri(prefix="/a")])),
        in_order(rule([uri(prefix="/a")]), rule([uri(prefix="/")])),
    ),
    "MUI0008": (
        in_order(rule([uri(regex="/a/.*")]), rule([uri(exact="/a/b")]), rule()),
        in_order(rule([uri(regex="/a/[0-9]+")]), rule([uri(exact="/a/b")]), rule()),
    ),
    "MUI0009": (in_order(rule([uri(prefix="/a")])), in_order(rule([uri(prefix="/a")]), rule())),
    "MUI0010": (
        in_order(rule(JASON, fault=ABORT, timeout="2s"), rule()),
        in_order(rule(JASON, fault=ABORT), rule(timeout="2s")),
    ),
    "MUI0011": (in_order(rule(fault=ABORT)), in_order(rule(JASON, fault=ABORT), rule())),
    "MUI0012": (
        in_order(rule(JASON, fault=ALL_OF_THEM), rule()),
        in_order(rule(JASON, fault=ABORT), rule()),
    ),
    "MUI0013": (in_order(rule(retries={"attempts": 4})), in_order(rule(retries={"attempts": 3}))),
    "MUI0014": (in_order(rule(retries={"attempts": 10})), in_order(rule(retries={"attempts": 9}))),
    "MUI0015": ([ejecting(maxEjectionPercent=51)], [ejecting(maxEjectionPercent=50)]),
    "MUI0016": (
        [ejecting(maxEjectionPercent=100)],
        [ejecting(maxEjectionPercent=100, minHealthPercent=40)],
    ),
    "MUI0017": (
        [CART, tls("DISABLE"), peers("STRICT", "istio-system")],
        [CART, tls("DISABLE"), peers("STRICT", "istio-system"), peers("PERMISSIVE")],
    ),
    "MUI0018": (
        [CART, namespace(**AMBIENT), routes(rule())],
        [CART, namespace(**AMBIENT, **{"istio.io/use-waypoint": "way"}), routes(rule())],
    ),
}


def codes(manifests):
    return {found.code for found in analyze(World(map(Obj.of, manifests)))}


def test_each_own_code_has_a_case():
    assert set(CASES) == {message.code for message in OWN}


@pytest.mark.parametrize("code", CASES)
def test_it_is_found_where_it_is(code):
    assert code in codes(CASES[code][0])


@pytest.mark.parametrize("code", CASES)
def test_what_is_in_order_is_left_alone(code):
    assert code not in codes(CASES[code][1])


@pytest.mark.parametrize("code", CASES)
def test_it_names_a_field_that_is_there(code):
    for found in analyze(World(map(Obj.of, CASES[code][0]))):
        if found.code == code:
            manifest = next(each for each in CASES[code][0] if Obj.of(each).key == found.subject)
            value = manifest
            for step in found.at:
                value = value[step]


def test_an_analyzer_says_only_the_codes_that_it_announces():
    for analyzer in ALL:
        if analyzer.topic.startswith("meshui."):
            for found in analyze(World(map(Obj.of, json.loads(json.dumps(CASES["MUI0008"][0])))), [analyzer]):
                assert found.code in analyzer.codes
    announced = {code for analyzer in ALL for code in analyzer.codes if code.startswith("MUI")}
    assert announced == set(CASES)


@pytest.mark.parametrize(
    ("earlier", "later", "shadowed"),
    [
        (uri(prefix="/a"), uri(exact="/a/b"), True),
        (uri(prefix="/a"), uri(exact="/b"), False),
        (uri(exact="/a"), {**uri(exact="/a"), "method": {"exact": "GET"}}, True),
        ({**uri(exact="/a"), "method": {"exact": "GET"}}, uri(exact="/a"), False),
        ({**uri(prefix="/A"), "ignoreUriCase": True}, uri(exact="/a/b"), True),
        (uri(prefix="/a"), {**uri(exact="/a/b"), "ignoreUriCase": True}, False),
        ({"headers": {"x": {}}}, {"headers": {"x": {"exact": "1"}}}, True),
        ({"headers": {"x": {"exact": "1"}}}, {"headers": {"x": {}}}, False),
        ({"withoutHeaders": {"x": {}}}, uri(exact="/a"), False),
        ({"port": 80}, {"port": 80, **uri(exact="/a")}, True),
        ({"port": 80}, {"port": 81, **uri(exact="/a")}, False),
        ({"sourceLabels": {"app": "a"}}, {"sourceLabels": {"app": "a", "x": "y"}}, True),
        ({"sourceNamespace": "a"}, {"sourceNamespace": "b"}, False),
        ({**uri(prefix="/a"), "gateways": ["edge"]}, uri(exact="/a"), False),
        (uri(regex="("), uri(exact="("), False),
    ],
)
def test_a_match_is_shadowed_only_where_every_request_of_it_is_taken(earlier, later, shadowed):
    found = codes(in_order(rule([earlier]), rule([later]), rule()))
    assert ("MUI0008" in found) == shadowed


def test_what_istioctl_tells_is_not_told_twice():
    twice = in_order(rule([uri(prefix="/a")]), rule([uri(prefix="/a/b")]), rule())
    assert codes(twice) & {"IST0131", "MUI0008"} == {"IST0131"}
    behind = in_order(rule(), rule([uri(prefix="/a")]))
    assert codes(behind) & {"IST0130", "MUI0007", "MUI0008"} == {"IST0130"}


@pytest.mark.parametrize(
    ("more", "found"),
    [
        ([peers("STRICT")], True),
        ([peers("STRICT", portLevelMtls={"8080": {"mode": "DISABLE"}})], False),
        (
            [
                peers("STRICT"),
                pod("a"),
                peers("DISABLE", name="a", selector={"matchLabels": {"app": "cart"}}),
            ],
            False,
        ),
        ([peers("UNSET"), peers("STRICT", "istio-system")], True),
        ([], False),
    ],
)
def test_the_narrowest_peer_authentication_counts(more, found):
    assert ("MUI0017" in codes([CART, tls("DISABLE"), *more])) == found


def test_mutual_tls_to_pods_that_refuse_it_fails_as_well():
    assert "MUI0017" in codes([CART, tls("ISTIO_MUTUAL"), peers("DISABLE")])
    assert "MUI0017" not in codes([CART, tls("ISTIO_MUTUAL"), peers("STRICT")])


def test_tcp_routes_of_one_gateway_are_told_apart_by_their_ports():
    tcp = [{"match": [{"port": 80}], "route": [to()]}], [{"match": [{"port": 81}], "route": [to()]}]
    every = {"hosts": ["*"], "gateways": ["edge"]}
    found = codes(
        [made("VirtualService", name, {**every, "tcp": each}) for name, each in zip("ab", tcp, strict=True)]
    )
    assert not found & {"MUI0004", "MUI0005"}


def test_a_route_of_the_gateway_api_needs_a_waypoint_too():
    assert "MUI0018" in codes([CART, namespace(**AMBIENT), TO_SERVICE])
    assert "MUI0018" not in codes([CART, namespace(), TO_SERVICE])


@pytest.mark.parametrize("broken", [None, [], "x", 7, {"route": None}, {"match": [None], "route": [None, 3]}])
def test_fields_of_any_type_break_no_check(broken):
    manifests = [
        routes(broken, {"match": broken}, {"fault": broken, "retries": broken, "route": broken}),
        policy("two", trafficPolicy=broken, subsets=broken),
        routes({"match": [{"uri": broken, "headers": broken, "port": broken}]}, name="two", **AT_EDGE),
        peers(broken, selector=broken, portLevelMtls=broken),
    ]
    assert "IST0001" not in codes(manifests)


def test_each_code_has_its_heading_with_cause_and_cure_in_the_documents():
    text = (ROOT / "docs" / "analysis.md").read_text()
    parts = dict(re.findall(r"^### `(MUI\d{4})`[^\n]*\n(.*?)(?=^#|\Z)", text, re.MULTILINE | re.DOTALL))
    assert set(parts) == set(CASES)
    assert all("Cure:" in part for part in parts.values())
