"""Every field that is declared as handled makes a difference: without it the configuration is another one."""

from collections.abc import Iterator
from functools import cache

import pytest

from localmesh import xds
from localmesh.xds import coverage
from tests.localmesh.xds.objects import (
    PODS,
    destination_rule,
    gateway,
    mesh,
    pod,
    proxy,
    router,
    server,
    service,
    to,
    virtual_service,
)  # fmt: skip

#: Names that people give; nothing depends on them.
_WITHOUT_EFFECT = {"servers.port.name", "servers.name"}

_OPERATIONS = {"set": {"a": "1"}, "add": {"b": "2"}, "remove": ["c"]}
_HEADERS = {"request": _OPERATIONS, "response": _OPERATIONS}
_MATCH = {
    "name": "m", "uri": {"exact": "/a"}, "ignoreUriCase": True, "headers": {"a": {"exact": "b"}},
    "withoutHeaders": {"c": {"exact": "d"}}, "method": {"exact": "GET"}, "queryParams": {"q": {"exact": "1"}},
    "authority": {"exact": "x"}, "scheme": {"exact": "http"}, "port": 9080, "sourceNamespace": "bookinfo",
    "sourceLabels": {"app": "productpage"},
}  # fmt: skip
_PERCENTAGE = {"value": 50}
_DESTINATION = {"host": "ratings", "subset": "v1", "port": {"number": 80}}
_FORWARD = {
    "name": "r",
    "match": [
        _MATCH, {"gateways": ["elsewhere"]}, {"port": 1}, {"sourceLabels": {"app": "x"}},
        {"sourceNamespace": "x"},
    ],
    "route": [{"destination": _DESTINATION, "weight": 3, "headers": _HEADERS}, to("reviews", weight=2)],
    "rewrite": {"uri": "/b", "authority": "y"},
    "timeout": "1s",
    "retries": {
        "attempts": 3, "perTryTimeout": "1s", "retryOn": "5xx", "retryIgnorePreviousHosts": False,
        "backoff": "1s",
    },
    "fault": {
        "delay": {"fixedDelay": "1s", "percentage": _PERCENTAGE},
        "abort": {"httpStatus": 503, "percentage": _PERCENTAGE},
    },
    "mirror": _DESTINATION, "mirrorPercentage": _PERCENTAGE,
    "mirrors": [{"destination": _DESTINATION, "percentage": _PERCENTAGE}],
    "headers": _HEADERS,
}  # fmt: skip
_OTHERS = [
    {
        "route": [to("reviews")],
        "rewrite": {"uriRegexRewrite": {"match": "a", "rewrite": "b"}},
        "fault": {"delay": {"fixedDelay": "1s", "percent": 5}, "abort": {"grpcStatus": "UNAVAILABLE"}},
        "mirror": {"host": "reviews"},
        "mirrorPercent": 5,
    },
    {"redirect": {"uri": "/x", "authority": "y", "port": 81, "scheme": "https", "redirectCode": 302}},
    {"redirect": {"derivePort": "FROM_REQUEST_PORT"}},
    {"directResponse": {"status": 503, "body": {"string": "x"}}},
    {"directResponse": {"status": 503, "body": {"bytes": "eA=="}}},
]


def _balancing(**consistent_hash):
    return {"loadBalancer": {"consistentHash": consistent_hash}}


_BALANCERS = [
    {"loadBalancer": {"simple": "RANDOM"}},
    _balancing(httpHeaderName="a", ringHash={"minimumRingSize": 7}),
    _balancing(httpCookie={"name": "a", "path": "/", "ttl": "1s"}, minimumRingSize=8),
    _balancing(httpQueryParameterName="a", maglev={"tableSize": 7}),
    _balancing(useSourceIp=True),
]
_POLICIES = [
    policy
    for balancer in _BALANCERS
    for policy in (balancer, {"portLevelSettings": [{"port": {"number": 9080}, **balancer}]})
]
_EXAMPLES = [
    *(
        virtual_service(route, {"route": [to("reviews")]}, gateways=["mesh"], exportTo=["bookinfo"])
        for route in (_FORWARD, *_OTHERS)
    ),
    virtual_service({"route": [to("ratings")]}, gateways=["bookinfo-gateway"], exportTo=["shop"]),
    *(destination_rule("reviews", "v1", exportTo=["bookinfo"], trafficPolicy=policy) for policy in _POLICIES),
    *(
        destination_rule(
            "reviews", subsets=[{"name": "v1", "labels": {"version": "v1"}, "trafficPolicy": policy}]
        )
        for policy in _POLICIES
    ),
    destination_rule("reviews", "v1", exportTo=["shop"]),
    gateway({**server("a.example", port=8080), "name": "x"}),
    gateway(selector={"istio": "elsewhere"}),
]
_KINDS = {kind: handled for (_, kind), handled in coverage._KINDS.items()}


def leaves(handled, path="") -> Iterator[str]:
    """The declared fields, without the places in lists."""
    if handled is coverage.ALL:
        yield path.removeprefix(".")
    elif isinstance(handled, list):
        yield from leaves(handled[0], path)
    else:
        for key, each in handled.items():
            yield from leaves(each, f"{path}.{key}")


def without(value, steps) -> Iterator[object]:
    """Copies of a value, each lacking the field in one place."""
    if isinstance(value, list):
        for index, each in enumerate(value):
            for changed in without(each, steps):
                yield [*value[:index], changed, *value[index + 1 :]]
    elif isinstance(value, dict) and steps[0] in value:
        if len(steps) == 1:
            yield {key: each for key, each in value.items() if key != steps[0]}
        else:
            for changed in without(value[steps[0]], steps[1:]):
                yield {**value, steps[0]: changed}


def outcome(rule):
    """Everything that follows from a rule: configuration at three proxies, and what is said of it."""
    bound = virtual_service({"route": [to()]}, hosts=["*"], name="bound", gateways=["bookinfo-gateway"])
    subset = virtual_service({"route": [to(subset="v1")]}, name="subset")
    around = {"VirtualService": [gateway()], "DestinationRule": [gateway(), subset], "Gateway": []}[
        rule["kind"]
    ]
    ports = [{"port": 9080, "name": "http"}]
    services = [service(name, *ports) for name in ("reviews", "ratings", "productpage")]
    made = mesh(
        rule, bound, *around, services=services, pods=[*PODS, pod("curl", "127.9.1.7", namespace="shop")]
    )
    proxies = [proxy(made), proxy(made, "curl"), router(made)]
    return [xds.configure(made, each) for each in proxies], xds.report(made, rule)


@pytest.mark.parametrize(
    ("kind", "field"), [(kind, field) for kind, handled in _KINDS.items() for field in leaves(handled)]
)
def test_a_handled_field_makes_a_difference(kind, field):
    if field in _WITHOUT_EFFECT:
        return
    changed = [
        (index, {**example, "spec": spec})
        for index, example in enumerate(_EXAMPLES)
        if example["kind"] == kind
        for spec in without(example["spec"], field.split("."))
    ]
    assert changed, "no example has this field"
    assert any(unchanged(index) != outcome(after) for index, after in changed)


@cache
def unchanged(index):
    return outcome(_EXAMPLES[index])
